import assert from "node:assert/strict";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { test, type TestContext } from "node:test";
import { createBalancer, parseTarget } from "../balancer.ts";

const host = "127.0.0.1";

function listen(context: TestContext, server: Server): Promise<number> {
  context.after(() => void server.close());
  return new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as AddressInfo).port)));
}

/** A server that says its name, then repeats what it hears. */
function named(name: string): Server {
  return createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write(`${name};`);
    socket.pipe(socket);
  });
}

/** Sends a text and gathers everything until the other side ends. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.end(text));
    let heard = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (heard += chunk));
    socket.once("end", () => resolve(heard));
    socket.once("error", reject);
  });
}

async function setUp(context: TestContext, servers: readonly Server[], patienceMs = 0) {
  const ports = await Promise.all(servers.map((server) => listen(context, server)));
  const ill = new Set<number>();
  const { server, checkHealth } = createBalancer({
    targets: ports.map((port) => ({ host, port, healthPort: 1 })), connectLimitMs: 10_000, patienceMs,
    isWell: async (target) => !ill.has(ports.indexOf(target.port)),
  });
  return { port: await listen(context, server), checkHealth, ill };
}

test("connections are dealt out in turn and carried both ways", async (context) => {
  const { port } = await setUp(context, [named("one"), named("two")]);
  const big = "x".repeat(300_000);
  const heard = [await talk(port, big), await talk(port, "a"), await talk(port, "b")];
  assert.deepEqual(heard, [`one;${big}`, "two;a", "one;b"]);
});

test("when a router is gone every connection reaches another one", async (context) => {
  const gone = named("one");
  const { port } = await setUp(context, [gone, named("two")]);
  await new Promise((resolve) => gone.close(resolve));
  for (let round = 0; round < 4; round++) assert.equal(await talk(port, "?"), "two;?");
});

test("a router that is ill twice in a row loses its connections and gets no new ones until it is well", async (context) => {
  const { port, checkHealth, ill } = await setUp(context, [named("one"), named("two")]);
  const held = connect(port, host);
  await new Promise((resolve) => held.once("data", resolve));
  const lost = new Promise<void>((resolve) => held.on("error", () => undefined).on("close", () => resolve()));
  ill.add(0);
  await checkHealth();
  assert.equal(held.destroyed, false, "once is no proof");
  await checkHealth();
  await lost;
  assert.deepEqual([await talk(port, ""), await talk(port, "")], ["two;", "two;"]);
  ill.clear();
  await checkHealth();
  assert.deepEqual([await talk(port, ""), await talk(port, "")].toSorted(), ["one;", "two;"]);
});

test("when every router is ill connections are passed on all the same", async (context) => {
  const { port, checkHealth, ill } = await setUp(context, [named("one")]);
  ill.add(0);
  await checkHealth();
  await checkHealth();
  const held = connect(port, host);
  await new Promise((resolve) => held.once("data", resolve));
  await checkHealth();
  assert.equal(await talk(port, "?"), "one;?");
  const echo = new Promise((resolve) => held.once("data", resolve));
  held.write("still here");
  assert.equal(String(await echo), "still here", "a connection made meanwhile is left alone");
  held.destroy();
});

test("with no router left a connection is closed once patience ends", async (context) => {
  const gone = named("one");
  const { port } = await setUp(context, [gone]);
  await new Promise((resolve) => gone.close(resolve));
  await assert.rejects(talk(port, "?").then((heard) => assert.equal(heard, "") ?? Promise.reject(new Error("ended"))));
});

test("a client that comes while no router accepts is held until one does", async (context) => {
  const gone = named("one");
  const { port } = await setUp(context, [gone], 10_000);
  const { port: before } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const heard = talk(port, "?");
  const other = connect(port, host);
  await new Promise((resolve) => other.once("connect", resolve));
  other.destroy();
  const back = named("back");
  context.after(() => void back.close());
  back.listen(before, host);
  assert.equal(await heard, "back;?");
});

test("a router that breaks off breaks off its client", async (context) => {
  const breaking = createServer((socket) => socket.destroy());
  const { port } = await setUp(context, [breaking]);
  const socket = connect(port, host);
  await new Promise<void>((resolve) => socket.on("error", () => undefined).on("close", () => resolve()));
});

test("a target is a host, a port and a health port", () => {
  assert.deepEqual(parseTarget(" router-1:8000/7400"), { host: "router-1", port: 8000, healthPort: 7400 });
  for (const bad of ["router-1", ":80/1", "a:b/1", "a:80", ""]) assert.throws(() => parseTarget(bad), RangeError);
});
