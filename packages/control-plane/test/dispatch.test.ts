// Attempts of one write: all carry the same token, and each after the first says that it is not the first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { WriteCommand } from "@azimuth/operations/operation.ts";
import { encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { RequestFields, Requester, RequestResult } from "@azimuth/rpc/requests.ts";
import { createDispatcher, type DispatchResult } from "../src/dispatch.ts";
import { MapFollower } from "../src/map-follower.ts";
import { wholeMap } from "../src/watch.ts";
import { ManualClock } from "./manual-clock.ts";

interface Sent extends RequestFields {
  readonly to: string;
  readonly answer: (result: RequestResult) => void;
}

function response(status: string, body: object = {}, by = { replica: 0, leads: false }): RequestResult {
  return { kind: "response", status, body: encodeBody(body), ...by };
}

test("a leader whose node was forgotten is not looked for again", () => {
  const clock = new ManualClock();
  const sent: string[] = [];
  let leader = 2;
  const requester = {
    request(to: string, _fields: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) {
      sent.push(to);
      if (to === `node-${leader}`) return answer(response("ok"));
      answer(response("not-leader", { leader }));
    },
  } as unknown as Requester;
  const follower = {
    partitionFor: () => ({ partition: 1, epoch: 1, voters: [4097, 4099] }),
    node: (number: number) => (leader === 3 && number === 2 ? undefined : { name: `node-${number}`, zone: "az-1" }),
  } as unknown as MapFollower;
  const random = createSeededRandom(1);
  const dispatcher = createDispatcher({
    clock, random, requester, follower, zone: "az-1", isSilent: () => false, refreshMap: (done) => done(),
  });
  const results: string[] = [];
  const command = { kind: "write", tableId: 1, position: { token: "0".repeat(16) } } as unknown as WriteCommand;
  const write = (): void => {
    const context = { trace: "t", deadline: clock.now() + 1000, requestToken: new Uint8Array(16), firstAttempt: 0 };
    dispatcher.write(command, context, ({ kind }) => results.push(kind));
    clock.advance(2000);
  };
  write();
  leader = 3;
  write();
  assert.deepEqual(results, ["ok", "ok"]);
  assert.equal(sent.at(-1), "node-3");
});

/** A write on its way to three replicas whose answers the test gives. */
function sendWrite() {
  const clock = new ManualClock();
  const sent: Sent[] = [];
  const requester = {
    request: (to: string, fields: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) =>
      void sent.push({ ...fields, to, answer }),
  } as unknown as Requester;
  const map = { lastToken: "f".repeat(16), isGone: false };
  const partition = { partition: 1, epoch: 1, voters: [4097, 4098, 4099] };
  const follower = {
    partitionFor: () => (map.isGone ? undefined : { ...partition, lastToken: map.lastToken }),
    node: (number: number) => ({ name: `node-${number}`, zone: `az-${number}` }),
  } as unknown as MapFollower;
  const random = createSeededRandom(1);
  const dispatcher = createDispatcher({
    clock, random, requester, follower, zone: "az-1", isSilent: () => false, refreshMap: (done) => done(),
  });
  const results: DispatchResult[] = [];
  const command = { kind: "write", tableId: 1, position: { token: "0".repeat(16) } } as unknown as WriteCommand;
  const context = { trace: "t", deadline: 5000, requestToken: Buffer.from("sixteen bytes ok"), firstAttempt: 0 };
  dispatcher.write(command, context, (result) => results.push(result));
  return { clock, sent, results, map, requestToken: context.requestToken };
}

test("an answer names the range that was asked, though the partition was split meanwhile", () => {
  const { sent, results, map } = sendWrite();
  map.lastToken = `7${"f".repeat(15)}`;
  sent[0]?.answer(response("ok", {}, { replica: 4097, leads: true }));
  assert.deepEqual(results.map((result) => (result.kind === "ok" ? result.lastToken : "")), ["f".repeat(16)]);
});

test("a write that was lost is sent again as a later attempt of the same write", () => {
  const { clock, sent, results, requestToken } = sendWrite();
  sent[0]?.answer({ kind: "disconnected" });
  clock.advance(100);
  sent[1]?.answer(response("unknown"));
  clock.advance(100);
  sent[2]?.answer(response("ok", {}, { replica: 8195, leads: true }));
  assert.deepEqual(sent.map(({ attempt }) => attempt), [0, 1, 2]);
  for (const { token } of sent) assert.deepEqual(token, requestToken);
  const answeredBy = { node: sent[2]?.to, partition: 1, replica: 8195, leads: true };
  assert.deepEqual(results, [{ kind: "ok", outcome: {}, answeredBy, lastToken: "f".repeat(16) }]);
});

test("a write of which an attempt was lost may have happened; one that nobody took has not", () => {
  for (const first of ["unknown", "unavailable"]) {
    const { clock, sent, results } = sendWrite();
    const refuse = (status: string): void => {
      sent.shift()?.answer(response(status));
      clock.advance(100);
    };
    refuse(first);
    while (sent.length > 0) refuse("unavailable");
    assert.deepEqual(results.map(({ kind }) => kind), [first]);
  }
});

test("a write to a table that is gone has not happened, unless an attempt was lost while it was there", () => {
  for (const [first, expected] of [["unknown", "unknown"], ["unknown-partition", "gone"]] as const) {
    const { clock, sent, results, map } = sendWrite();
    map.isGone = true;
    sent[0]?.answer(response(first));
    clock.advance(1000);
    assert.deepEqual(results.map(({ kind }) => kind), [expected]);
  }
});

test("a router that is told of a split goes to the half that has the item, without waiting for group 0", () => {
  const sent: Sent[] = [];
  const requester = {
    request: (to: string, fields: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) =>
      void sent.push({ ...fields, to, answer }),
  } as unknown as Requester;
  const follower = new MapFollower();
  const voters = [1, 2, 3];
  follower.applyDelta(wholeMap({
    clusterId: "one", revision: 1, nextTable: 9, nextPartition: 9, control: undefined, tables: [], credentials: [],
    nodes: voters.map((number) => ({
      number, name: `node-${number}`, zone: `az-${number}`, endpoint: "", incarnation: "", state: "up" as const,
    })),
    partitions: [{
      partition: 1, tableId: 1, firstToken: "0".repeat(16), lastToken: "f".repeat(16), epoch: 1, configEpoch: 0,
      voters, learners: [], bootstrap: voters, replacing: undefined,
    }],
  }));
  const dispatcher = createDispatcher({
    clock: new ManualClock(), random: createSeededRandom(1), requester, follower, zone: "az-1", isSilent: () => false,
    refreshMap: () => assert.fail("group 0 does not answer"),
    learnSplit: (partition, split) => follower.learnSplit(partition, split),
  });
  const command = { kind: "write", tableId: 1, position: { token: `9${"0".repeat(15)}` } } as unknown as WriteCommand;
  const context = { trace: "t", deadline: 5000, requestToken: new Uint8Array(16), firstAttempt: 0 };
  for (let each = 0; each < 2; each++) dispatcher.write(command, context, () => {});
  const told = { epoch: 2, child: 9, at: `8${"0".repeat(15)}`, voters };
  for (const { answer } of sent.slice(0, 2)) answer(response("wrong-epoch", told));
  assert.deepEqual(sent.map(({ group, epoch, attempt }) => [group, epoch, attempt]),
    [[1, 1, 0], [1, 1, 0], [9, 2, 0], [9, 2, 0]], "nothing was done, so the first attempt goes on");
  assert.equal(sent[2]?.to, sent[0]?.to, "who led the whole leads the half, most likely");
});
