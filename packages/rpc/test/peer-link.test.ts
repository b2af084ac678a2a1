// The queue, the back-pressure and the retries of one peer, with connections made by the test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { decodeFrame } from "@azimuth/rpc/decode-frame.ts";
import { defaultTransportLimits } from "@azimuth/rpc/limits.ts";
import { type Connection, PeerLink } from "@azimuth/rpc/peer-link.ts";
import { ManualClock } from "./manual-clock.ts";
import { append, notice, request } from "./sample-messages.ts";

const limits = {
  ...defaultTransportLimits,
  frameBytes: 1000,
  unwrittenBytesMax: 3000,
  queueBytesForRaftMax: 10_000,
  queueBytesMax: 20_000,
};

class TestConnection implements Connection {
  readonly opener: string;
  readonly incarnation: string;
  readonly frames: Buffer[] = [];
  readonly written: (() => void)[] = [];
  destroyed = false;

  constructor(opener: string, incarnation = "run 1") {
    this.opener = opener;
    this.incarnation = incarnation;
  }

  write(frame: Buffer, written: () => void): void {
    this.frames.push(frame);
    this.written.push(written);
  }

  destroy(): void {
    this.destroyed = true;
  }

  ids(): (number | string)[] {
    return this.frames.flatMap((frame) =>
      (decodeFrame(frame) ?? []).map((message) => (message.kind === "request" ? message.id : message.kind)),
    );
  }
}

function createWorld() {
  const clock = new ManualClock();
  const events: string[] = [];
  const link = new PeerLink({
    peer: "node-2",
    clock,
    log: silentLogger,
    limits,
    dial: (endpoint) => events.push(`dial ${endpoint}`),
    up: () => events.push("up"),
    down: () => events.push("down"),
  });
  return { clock, events, link };
}

test("all messages of a turn travel in one frame", () => {
  const { clock, link } = createWorld();
  const connection = new TestConnection("node-1");
  link.attach(connection);
  for (let id = 1; id <= 5; id++) link.send(request(id));
  assert.equal(connection.frames.length, 0);
  clock.turn();
  assert.equal(connection.frames.length, 1);
  assert.deepEqual(connection.ids(), [1, 2, 3, 4, 5]);
});

test("what is sent while dialing is sent in order once connected", () => {
  const { clock, events, link } = createWorld();
  link.setRoute("there:1");
  link.send(request(1));
  link.send(request(2));
  clock.turn();
  const connection = new TestConnection("node-1");
  link.attach(connection);
  assert.deepEqual(events, ["dial there:1", "up"]);
  assert.deepEqual(connection.ids(), [1, 2]);
});

test("a slow connection gets no more than a window, the rest is gathered and follows as it is written", () => {
  const { clock, link } = createWorld();
  const connection = new TestConnection("node-1");
  link.attach(connection);
  for (let id = 1; id <= 8; id++) {
    link.send(request(id, Buffer.alloc(1000)));
    clock.turn();
  }
  assert.deepEqual(connection.ids(), [1, 2, 3]);
  for (let written = 0; written < 8; written++) connection.written.shift()?.();
  assert.deepEqual(connection.ids(), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(link.queuedBytes, 0);
});

test("when the queue is long Raft messages are dropped and requests are not", () => {
  const { clock, link } = createWorld();
  const connection = new TestConnection("node-1");
  link.attach(connection);
  for (let id = 1; id <= 10; id++) link.send(request(id, Buffer.alloc(1000)));
  link.send(append(1, 1000));
  link.send(request(11));
  clock.turn();
  while (connection.written.length > 0) connection.written.shift()?.();
  assert.deepEqual(connection.ids(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  link.send(append(1, 1000));
  clock.turn();
  assert.equal(connection.ids().at(-1), "raft");
});

test("when the queue is far too long the connection is broken and the queue dropped", () => {
  const { events, link } = createWorld();
  const connection = new TestConnection("node-1");
  link.attach(connection);
  for (let id = 1; id <= 30; id++) link.send(request(id, Buffer.alloc(1000)));
  assert.equal(connection.destroyed, true);
  assert.deepEqual(events.slice(0, 2), ["up", "down"]);
  assert.ok(link.queuedBytes < limits.queueBytesMax);
  assert.equal(link.isConnected, false);
});

test("failed dials are followed by pauses that double, and only while something is to be sent", () => {
  const { clock, events, link } = createWorld();
  link.setRoute("there:1");
  const dials = (): number => events.filter((event) => event.startsWith("dial")).length;
  link.send(request(1));
  assert.equal(dials(), 1);
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    const before = dials();
    link.dialFailed();
    link.send(request(2));
    const start = clock.now();
    while (dials() === before) clock.advance(10);
    pauses.push(clock.now() - start);
  }
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
  link.dialFailed();
  clock.advance(60_000);
  assert.equal(dials(), 8);
});

test("a request that is lost for want of a connection is reported at the end of the turn, once", () => {
  const { clock, events, link } = createWorld();
  link.send(request(1));
  link.send(request(2));
  assert.deepEqual(events, []);
  clock.turn();
  assert.deepEqual(events, ["down"]);
  link.send(notice("nobody waits for this"));
  clock.turn();
  assert.deepEqual(events, ["down"]);
});

test("of two connections both sides use the one that the smaller name opened", () => {
  const { clock, events, link } = createWorld();
  const theirs = new TestConnection("node-2");
  const ours = new TestConnection("node-1");
  link.attach(theirs);
  link.send(request(1));
  clock.turn();
  link.attach(ours);
  link.send(request(2));
  clock.turn();
  assert.deepEqual([theirs.ids(), ours.ids()], [[1], [2]]);
  link.detach(ours);
  assert.deepEqual(events, ["up", "down", "up"]);
  link.send(request(3));
  clock.turn();
  assert.deepEqual(theirs.ids(), [1, 3]);
});

test("what was queued for a broken connection is not sent on the next one", () => {
  const { clock, events, link } = createWorld();
  const first = new TestConnection("node-2", "run 1");
  link.attach(first);
  link.send(request(1));
  link.detach(first);
  const second = new TestConnection("node-2", "run 2");
  link.attach(second);
  clock.turn();
  assert.deepEqual([first.ids(), second.ids(), events], [[], [], ["up", "down", "up"]]);
});

test("what was on its way over another connection does not count against the preferred one", () => {
  const { clock, link } = createWorld();
  const first = new TestConnection("node-2");
  link.attach(first);
  for (let id = 1; id <= 4; id++) {
    link.send(request(id, Buffer.alloc(1000)));
    clock.turn();
  }
  assert.deepEqual(first.ids(), [1, 2, 3], "its window is full");
  const preferred = new TestConnection("node-1");
  link.attach(preferred);
  for (const written of first.written) written();
  clock.turn();
  for (let id = 5; id <= 9; id++) {
    link.send(request(id, Buffer.alloc(1000)));
    clock.turn();
    preferred.written.shift()?.();
  }
  while (preferred.written.length > 0) preferred.written.shift()?.();
  assert.deepEqual(preferred.ids(), [4, 5, 6, 7, 8, 9]);
  assert.equal(link.queuedBytes, 0);
});
