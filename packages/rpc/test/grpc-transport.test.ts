import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createGrpcTransport } from "@azimuth/rpc/grpc-transport.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import { notice, request } from "./sample-messages.ts";
import { TestProcess, testTransport, type World } from "./transport-conformance.ts";

const clock = createRealClock();

class GrpcWorld implements World {
  readonly endpointByName = new Map<string, string>();
  readonly #running = new Set<TestProcess>();

  async start(name: string, options: { clusterId?: string; listen?: boolean } = {}): Promise<TestProcess> {
    const { clusterId = "test", listen = true } = options;
    const { promise: listening, resolve: onListening } = Promise.withResolvers<number>();
    const transport = createGrpcTransport({
      self: name,
      clusterId,
      listen: listen ? "127.0.0.1:0" : undefined,
      clock,
      log: silentLogger,
      onListening,
    });
    const process = new TestProcess(transport);
    this.#running.add(process);
    if (listen) this.endpointByName.set(name, `127.0.0.1:${await listening}`);
    for (const running of this.#running) {
      for (const [peer, endpoint] of this.endpointByName) running.transport.setRoute(peer, endpoint);
    }
    return process;
  }

  async kill(process: TestProcess): Promise<void> {
    this.#running.delete(process);
    await new Promise<void>((resolve) => process.transport.close(resolve));
  }

  async close(): Promise<void> {
    for (const process of [...this.#running]) await this.kill(process);
  }
}

testTransport("grpc", () => new GrpcWorld());

function inWorld(sentence: string, body: (world: GrpcWorld) => Promise<void>): void {
  test(`grpc: ${sentence}`, { timeout: 20_000 }, async () => {
    const world = new GrpcWorld();
    try {
      await body(world);
    } finally {
      await world.close();
    }
  });
}

inWorld("a process that does not listen is answered on the stream it opened", async (world) => {
  const node = await world.start("node-1");
  const router = await world.start("router-1", { listen: false });
  router.transport.send("node-1", notice("hello"));
  await node.until(() => node.received.length === 1);
  node.transport.send("router-1", notice("welcome"));
  await router.until(() => router.received.length === 1);
  assert.deepEqual(router.topics(), ["welcome"]);
});

inWorld("a process of another cluster is refused", async (world) => {
  const node = await world.start("node-1");
  const stranger = await world.start("node-2", { clusterId: "another" });
  stranger.transport.send("node-1", request(1));
  await stranger.untilEvent("down node-1");
  assert.deepEqual([node.events, node.received, stranger.events], [[], [], ["down node-1"]]);
});

inWorld("a process that answers under another name than was meant is not talked to", async (world) => {
  const one = await world.start("node-1");
  const two = await world.start("node-2");
  one.transport.setRoute("node-3", world.endpointByName.get("node-2") as string);
  one.transport.send("node-3", request(1));
  await one.untilEvent("down node-3");
  assert.deepEqual(two.received, []);
});

inWorld("dials are repeated while something is to be sent, until the peer listens", async (world) => {
  const one = await world.start("node-1");
  const reserved = await world.start("node-2");
  await world.kill(reserved);
  one.transport.send("node-2", request(1));
  await one.untilEvent("down node-2");
  const two = await world.start("node-2");
  const repeat = clock.every(10, () => one.transport.send("node-2", notice("again")));
  await two.until(() => two.received.length > 0);
  repeat.cancel();
});

inWorld("random bytes on the port harm nobody", async (world) => {
  const one = await world.start("node-1");
  const two = await world.start("node-2");
  const port = Number((world.endpointByName.get("node-1") as string).split(":")[1]);
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const garbage = [Buffer.alloc(5000, 0xa7), Buffer.concat([preface, Buffer.alloc(300, 0xff)]), Buffer.from("GET /\r\n\r\n")];
  for (const bytes of garbage) {
    const socket = connect(port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => {});
    socket.end(bytes);
    socket.resume();
    await closed;
  }
  two.transport.send("node-1", notice("still there"));
  await one.until(() => one.received.length === 1);
});

inWorld("a frame that cannot be decoded breaks its connection and no more", async (world) => {
  const one = await world.start("node-1");
  const two = await world.start("node-2");
  const status = await sendRaw(world.endpointByName.get("node-1") as string, Buffer.from([0x0a, 200, 1]));
  assert.equal(status.code, grpc.status.ABORTED);
  assert.deepEqual([one.events, one.received], [["up broken", "down broken"], []]);
  two.transport.send("node-1", notice("still there"));
  await one.until(() => one.received.length === 1);
});

function sendRaw(endpoint: string, frame: Buffer): Promise<grpc.StatusObject> {
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
  const metadata = new grpc.Metadata();
  metadata.set("azimuth-process", "broken");
  metadata.set("azimuth-cluster", "test");
  const asIs = (bytes: Buffer): Buffer => bytes;
  const stream = client.makeBidiStreamRequest("/azimuth.Peer/Channel", asIs, asIs, metadata);
  stream.on("error", () => {});
  stream.resume();
  stream.write(frame);
  return new Promise((resolve) => {
    stream.on("status", (status) => {
      client.close();
      resolve(status);
    });
  });
}

inWorld("a new run of a process replaces the connection of the old one", async (world) => {
  const one = await world.start("node-1");
  const old = await world.start("node-2", { listen: false });
  old.transport.send("node-1", notice("old"));
  await one.until(() => one.received.length === 1);
  const young: Transport = (await world.start("node-2", { listen: false })).transport;
  young.send("node-1", notice("young"));
  await one.until(() => one.received.length === 2);
  assert.deepEqual(one.events, ["up node-2", "down node-2", "up node-2"]);
  await old.untilEvent("down node-1");
});
