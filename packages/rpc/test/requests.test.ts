import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { RequestMessage } from "@azimuth/rpc/messages.ts";
import { createRequester, type RequestFields, type RequestResult } from "@azimuth/rpc/requests.ts";
import type { Transport } from "@azimuth/rpc/transport.ts";
import { ManualClock } from "./manual-clock.ts";

const fields: RequestFields = {
  method: "read",
  group: 1,
  epoch: 2,
  trace: "T",
  token: Buffer.alloc(0),
  attempt: 0,
  body: Buffer.from("body"),
};

function createWorld() {
  const clock = new ManualClock();
  const sent: { to: string; message: RequestMessage }[] = [];
  const transport = {
    self: "router-1",
    send: (to: string, message: RequestMessage) => sent.push({ to, message }),
  } as unknown as Transport;
  const requester = createRequester({ transport, clock, random: createSeededRandom(1) });
  const results: (readonly [string, RequestResult["kind"], string?])[] = [];
  const ask = (name: string, to: string, timeoutMs = 1000): void =>
    requester.request(to, fields, timeoutMs, (result) => {
      results.push(result.kind === "response" ? [name, result.kind, result.status] : [name, result.kind]);
    });
  const answer = (position: number, status: string, from = sent[position]?.to as string): void =>
    requester.handleResponse(from, {
      kind: "response",
      id: (sent[position] as (typeof sent)[number]).message.id,
      status,
      body: Buffer.alloc(0),
      replica: 0,
      leads: false,
    });
  return { clock, sent, requester, results, ask, answer };
}

test("each response reaches the request it answers, in whatever order", () => {
  const { sent, results, ask, answer, requester } = createWorld();
  ask("a", "node-1");
  ask("b", "node-2");
  assert.deepEqual({ ...sent[0]?.message, id: 0 }, { kind: "request", id: 0, ...fields });
  assert.notEqual(sent[0]?.message.id, sent[1]?.message.id);
  answer(1, "ok");
  answer(0, "not-leader");
  assert.deepEqual(results, [["b", "response", "ok"], ["a", "response", "not-leader"]]);
  assert.equal(requester.outstanding, 0);
});

test("a second response, and one from another peer, are ignored", () => {
  const { results, ask, answer } = createWorld();
  ask("a", "node-1");
  answer(0, "forged", "node-2");
  assert.deepEqual(results, []);
  answer(0, "ok");
  answer(0, "ok");
  assert.deepEqual(results, [["a", "response", "ok"]]);
});

test("a request times out within a period after its time, and only once", () => {
  const { clock, results, ask, answer } = createWorld();
  ask("short", "node-1", 100);
  ask("long", "node-1", 1000);
  clock.advance(99);
  assert.deepEqual(results, []);
  clock.advance(26);
  assert.deepEqual(results, [["short", "timeout"]]);
  answer(0, "late");
  clock.advance(1000);
  assert.deepEqual(results, [["short", "timeout"], ["long", "timeout"]]);
  assert.equal(clock.timerCount, 0);
});

test("when a peer goes down everything outstanding there ends at once, and nothing elsewhere", () => {
  const { results, ask, requester } = createWorld();
  ask("a", "node-1");
  ask("b", "node-2");
  ask("c", "node-1");
  requester.handlePeerDown("node-1");
  assert.deepEqual(results, [["a", "disconnected"], ["c", "disconnected"]]);
  assert.equal(requester.outstanding, 1);
});

test("a request made while others are being ended is not ended with them", () => {
  const { sent, requester } = createWorld();
  requester.request("node-1", fields, 1000, () => {
    requester.request("node-1", fields, 1000, () => assert.fail("ended with the first"));
  });
  requester.handlePeerDown("node-1");
  assert.equal(sent.length, 2);
  assert.equal(requester.outstanding, 1);
});

test("closing ends everything and leaves no timer", () => {
  const { clock, results, ask, requester } = createWorld();
  ask("a", "node-1");
  requester.close();
  assert.deepEqual(results, [["a", "disconnected"]]);
  assert.equal(clock.timerCount, 0);
});
