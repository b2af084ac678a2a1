// What every Transport must do, as one suite that each implementation runs. A world is one network; processes
// are created in it by name, and each knows the routes to those created before it and after it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import { append, notice, request } from "./sample-messages.ts";

export interface World {
  /** A started process. Peers reach it by its name. */
  start(name: string): Promise<TestProcess>;
  /** Ends the process without farewell. */
  kill(process: TestProcess): Promise<void>;
  close(): Promise<void>;
}

export class TestProcess {
  readonly transport: Transport;
  readonly received: { readonly from: string; readonly message: WireMessage }[] = [];
  readonly events: string[] = [];
  onMessage: (from: string, message: WireMessage) => void = () => {};
  #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
    transport.start({
      message: (from, message) => {
        this.received.push({ from, message });
        this.onMessage(from, message);
        this.#wake();
      },
      peerUp: (peer) => this.#event(`up ${peer}`),
      peerDown: (peer) => this.#event(`down ${peer}`),
    });
  }

  /** Resolves as soon as `holds` does, looked at after every message and event. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ holds, resolve }));
  }

  untilEvent(event: string): Promise<void> {
    return this.until(() => this.events.includes(event));
  }

  topics(): string[] {
    return this.received.map(({ message }) => (message.kind === "notice" ? message.topic : message.kind));
  }

  #event(event: string): void {
    this.events.push(event);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ holds }) => !holds());
    for (const one of waiting) if (!this.#waiting.includes(one)) one.resolve();
  }
}

export function testTransport(kind: string, createWorld: () => World): void {
  const inWorld = (sentence: string, body: (world: World) => Promise<void>): void => {
    test(`${kind}: ${sentence}`, { timeout: 20_000 }, async () => {
      const world = createWorld();
      try {
        await body(world);
      } finally {
        await world.close();
      }
    });
  };

  inWorld("messages arrive in order, with the name of their sender", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    for (let number = 0; number < 1000; number++) one.transport.send("node-2", notice(String(number)));
    await two.until(() => two.received.length === 1000);
    assert.deepEqual(two.topics(), Array.from({ length: 1000 }, (_, number) => String(number)));
    assert.ok(two.received.every(({ from }) => from === "node-1"));
  });

  inWorld("one connection serves both directions", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    two.onMessage = (from, message) => {
      assert.ok(message.kind === "request");
      const { id, body } = message;
      two.transport.send(from, { kind: "response", id, status: "ok", body, replica: 0, leads: false });
    };
    one.transport.send("node-2", request(41, Buffer.from("echo")));
    await one.until(() => one.received.length === 1);
    const { from, message } = one.received[0] as (typeof one.received)[number];
    assert.equal(from, "node-2");
    assert.ok(message.kind === "response");
    assert.deepEqual([message.id, message.status, Buffer.from(message.body).toString()], [41, "ok", "echo"]);
    assert.deepEqual([one.events, two.events], [["up node-2"], ["up node-1"]]);
    assert.deepEqual([one.transport.isConnected("node-2"), two.transport.isConnected("node-1")], [true, true]);
  });

  inWorld("messages of many megabytes arrive whole and in order", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    const body = Buffer.alloc(3_000_000, 1);
    for (let id = 0; id < 8; id++) one.transport.send("node-2", request(id, body));
    one.transport.send("node-2", append(3, 100_000));
    await two.until(() => two.received.length === 9);
    const ids = two.received.map(({ message }) => (message.kind === "request" ? message.id : message.kind));
    assert.deepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7, "raft"]);
    for (const { message } of two.received) {
      if (message.kind === "request") assert.equal(message.body.length, body.length);
    }
  });

  inWorld("processes that call each other at the same moment both get through", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    one.transport.send("node-2", notice("from one"));
    two.transport.send("node-1", notice("from two"));
    await Promise.all([one.until(() => one.received.length === 1), two.until(() => two.received.length === 1)]);
    assert.deepEqual([one.topics(), two.topics()], [["from two"], ["from one"]]);
    assert.deepEqual([one.events[0], two.events[0]], ["up node-2", "up node-1"]);
  });

  inWorld("a message to a process without a route is lost and the peer reported down", async (world) => {
    const one = await world.start("node-1");
    one.transport.send("nowhere", request(1));
    await one.untilEvent("down nowhere");
    assert.equal(one.transport.isConnected("nowhere"), false);
  });

  inWorld("a killed peer is reported down, and up again once it is back", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    one.transport.send("node-2", notice("first"));
    await two.until(() => two.received.length === 1);
    await world.kill(two);
    await one.untilEvent("down node-2");
    assert.equal(one.transport.isConnected("node-2"), false);
    const reborn = await world.start("node-2");
    one.events.length = 0;
    one.transport.send("node-2", notice("second"));
    await reborn.until(() => reborn.received.length === 1);
    assert.deepEqual(reborn.topics(), ["second"]);
    assert.equal(one.events.at(-1), "up node-2");
  });

  inWorld("a process can send to itself", async (world) => {
    const one = await world.start("node-1");
    one.transport.send("node-1", notice("to myself"));
    assert.deepEqual(one.topics(), []);
    await one.until(() => one.received.length === 1);
    assert.deepEqual([one.topics(), one.received[0]?.from], [["to myself"], "node-1"]);
  });

  inWorld("a closed transport sends and receives nothing and its peers notice", async (world) => {
    const one = await world.start("node-1");
    const two = await world.start("node-2");
    one.transport.send("node-2", notice("before"));
    await two.until(() => two.received.length === 1);
    await world.kill(one);
    await two.untilEvent("down node-1");
    one.transport.send("node-2", notice("after"));
    assert.deepEqual(two.topics(), ["before"]);
    assert.deepEqual(one.events, ["up node-2"]);
  });
}
