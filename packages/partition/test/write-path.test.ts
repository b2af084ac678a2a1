import assert from "node:assert/strict";
import { test } from "node:test";
import { firstToken } from "@azimuth/placement/token.ts";
import { idempotencyKey } from "@azimuth/storage/keys/idempotency-key.ts";
import { generationLastsMs, recordsKeptMs } from "../src/limits.ts";
import { Partition } from "../src/partition.ts";
import { PartitionBench, table } from "./partition-bench.ts";

const key = { Key: { id: { S: "a" } } };
const addOne = {
  ...key,
  UpdateExpression: "ADD amount :one",
  ExpressionAttributeValues: { ":one": { N: "1" } },
};
const createOnly = { Item: { id: { S: "a" } }, ConditionExpression: "attribute_not_exists(id)" };

function countOf(bench: PartitionBench): number {
  return bench.partition.statistics.items;
}

test("a write is answered after its entry is applied, not before", () => {
  const bench = new PartitionBench();
  const put = bench.send("PutItem", { Item: { id: { S: "a" } } });
  bench.settle();
  assert.equal(bench.proposals.length, 1);
  assert.equal(put.status(), undefined);
  bench.apply();
  assert.equal(put.status(), "ok");
  assert.equal(countOf(bench), 1);
});

test("a decision sees the decisions before it that are not applied yet", () => {
  const bench = new PartitionBench();
  const first = bench.send("PutItem", createOnly);
  const second = bench.send("PutItem", createOnly);
  bench.settle();
  assert.equal(bench.proposals.length, 1, "the second finds the first in the overlay");
  assert.equal(second.status(), undefined, "a refusal waits for what it saw");
  bench.apply();
  assert.equal(first.status(), "ok");
  assert.equal(second.refusal(), "ConditionalCheckFailedException");
});

test("a refusal on the strength of a write that is lost is not answered as a refusal", () => {
  const bench = new PartitionBench();
  const first = bench.send("PutItem", createOnly);
  const second = bench.send("PutItem", createOnly);
  bench.settle();
  bench.lose();
  assert.deepEqual(first.reply, { status: "unknown" });
  assert.deepEqual(second.reply, { status: "not-leader", leader: 0 });
});

test("a refusal is not answered because others have committed what it saw: they may have gone on from there", () => {
  const bench = new PartitionBench();
  bench.autoConfirm = false;
  bench.send("PutItem", createOnly);
  const refused = bench.send("PutItem", createOnly);
  const deleted = bench.send("DeleteItem", { Key: { id: { S: "b" } } });
  bench.settle();
  bench.loseLeadership();
  bench.apply();
  assert.deepEqual([refused.status(), deleted.status()], [undefined, undefined]);
  bench.confirmReads({ kind: "not-leader", leader: 4098 });
  assert.deepEqual(refused.reply, { status: "not-leader", leader: 2 });
  assert.deepEqual(deleted.reply, { status: "not-leader", leader: 2 });
});

test("a refusal of what is applied is answered only once leadership is confirmed", () => {
  const bench = new PartitionBench();
  bench.send("PutItem", createOnly);
  bench.settle();
  bench.apply();
  bench.autoConfirm = false;
  const refused = bench.send("PutItem", createOnly);
  bench.settle();
  assert.equal(refused.status(), undefined);
  bench.confirmReads({ kind: "not-leader", leader: 4098 });
  assert.deepEqual(refused.reply, { status: "not-leader", leader: 2 });
});

test("a retry answers with the outcome of the attempt that was applied, and applies nothing", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", { ...addOne, ReturnValues: "UPDATED_NEW" }, { token: "t" });
  bench.settle();
  bench.apply();
  const retry = bench.send("UpdateItem", { ...addOne, ReturnValues: "UPDATED_NEW" }, { token: "t", attempt: 1 });
  bench.settle();
  assert.equal(bench.proposals.length, 0);
  assert.equal(retry.status(), "ok");
});

test("a retry that finds its earlier attempt under way waits for it", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t" });
  const retry = bench.send("UpdateItem", addOne, { token: "t", attempt: 1 });
  bench.settle();
  assert.equal(bench.proposals.length, 1);
  assert.equal(retry.status(), undefined);
  bench.apply();
  assert.equal(retry.status(), "ok");
});

test("a retry finds its earlier attempt under way also when the minute of their records has passed", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t" });
  bench.settle();
  bench.now += generationLastsMs;
  const retry = bench.send("UpdateItem", addOne, { token: "t", attempt: 1 });
  bench.settle();
  assert.equal(bench.proposals.length, 1);
  bench.apply();
  assert.equal(retry.status(), "ok");
});

test("a wall clock that jumps, either way and more than once, costs no record", () => {
  const bench = new PartitionBench();
  for (const [number, jumpMs] of [10 * 60_000, -60 * 60_000, 24 * 3_600_000, 0].entries()) {
    const token = `t${number}`;
    bench.send("UpdateItem", addOne, { token });
    bench.settle();
    bench.apply();
    bench.wallNow += jumpMs;
    bench.partition.expireRecords();
    bench.apply();
    const retry = bench.send("UpdateItem", addOne, { token, attempt: 1 });
    bench.settle();
    assert.equal(bench.proposals.length, 0, `nothing is applied twice after a jump of ${jumpMs}`);
    assert.equal(retry.status(), "ok");
  }
});

test("records go with their generation, once the last of it is old enough", () => {
  const bench = new PartitionBench();
  const sweepAt = (now: number): readonly number[] => {
    bench.now = now;
    bench.partition.expireRecords();
    bench.apply();
    return bench.partition.statistics.generations;
  };
  const writeAt = (now: number): void => {
    bench.now = now;
    bench.send("UpdateItem", addOne, { token: `at ${now}` });
    bench.settle();
    bench.apply();
  };
  writeAt(0);
  writeAt(generationLastsMs - 1);
  assert.deepEqual(sweepAt(recordsKeptMs), [1], "its last record is younger than its first");
  writeAt(generationLastsMs + recordsKeptMs - 2);
  assert.deepEqual(sweepAt(generationLastsMs + recordsKeptMs - 2), [1, 2]);
  assert.deepEqual(sweepAt(generationLastsMs + recordsKeptMs - 1), [2]);
  assert.deepEqual(sweepAt(generationLastsMs + 3 * recordsKeptMs), []);
});

test("records of a state that was loaded are as young as the loading", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t" });
  bench.settle();
  bench.apply();
  bench.now = recordsKeptMs;
  bench.partition.load(() => {});
  bench.settle();
  bench.lead(3);
  bench.partition.expireRecords();
  bench.apply();
  assert.deepEqual(bench.partition.statistics.generations, [1]);
  bench.now += recordsKeptMs;
  bench.partition.expireRecords();
  bench.apply();
  assert.deepEqual(bench.partition.statistics.generations, []);
});

test("what a replica holds is found whole when its state is not loaded, and nobody else's with it", () => {
  const bench = new PartitionBench();
  for (let minute = 0; minute < 3; minute++) {
    bench.now = minute * generationLastsMs;
    bench.send("UpdateItem", addOne, { token: `at ${minute}` });
    bench.settle();
    bench.apply();
  }
  assert.deepEqual(bench.partition.statistics.generations, [1, 2, 3]);
  const other = idempotencyKey(table.tableId + 1, 2, firstToken, new Uint8Array(16));
  bench.engine.write([{ kind: "put", key: other, value: Buffer.of(1) }], () => {});
  const closed = new Partition(bench.doors, bench.partition.descriptor);
  closed.remainsIn(bench.engine, (ranges) => {
    bench.engine.write(ranges.map((range) => ({ kind: "delete-range", ...range })), () => {});
  });
  bench.settle();
  const left = bench.stored({ start: Buffer.of(0), end: Buffer.of(255) });
  assert.deepEqual(left.map(({ key }) => Buffer.from(key)), [Buffer.from(other)]);
});

test("a record that is still under way counts as one when its generation is to go", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "a" });
  bench.settle();
  bench.apply();
  bench.now = generationLastsMs - 1;
  bench.send("UpdateItem", addOne, { token: "b" });
  bench.settle();
  bench.now = recordsKeptMs;
  bench.partition.expireRecords();
  assert.equal(bench.proposals.length, 1, "nothing is to be dropped");
  bench.apply();
  assert.deepEqual(bench.partition.statistics.generations, [1]);
});

test("a first attempt that arrives behind its retry is not applied again", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t", attempt: 1 });
  bench.settle();
  bench.apply();
  const late = bench.send("UpdateItem", addOne, { token: "t" });
  bench.settle();
  assert.equal(bench.proposals.length, 0);
  assert.equal(late.status(), "ok");
});

test("a first attempt that arrives behind its retry is not applied again by who began with a snapshot", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t", attempt: 1 });
  bench.settle();
  bench.apply();
  const other = new PartitionBench();
  bench.giveSnapshotTo(other);
  const late = other.send("UpdateItem", addOne, { token: "t" });
  other.settle();
  assert.equal(other.proposals.length, 0);
  assert.equal(late.status(), "ok");
});

test("a first attempt in the same batch as its retry is not applied again", () => {
  const bench = new PartitionBench();
  bench.send("UpdateItem", addOne, { token: "t", attempt: 1 });
  const late = bench.send("UpdateItem", addOne, { token: "t" });
  bench.settle();
  assert.equal(bench.proposals.length, 1);
  bench.apply();
  assert.equal(late.status(), "ok");
  assert.equal(bench.proposals.length, 0);
});

test("a refused retry is recorded, so that an earlier attempt cannot be applied behind it", () => {
  const bench = new PartitionBench();
  bench.send("PutItem", createOnly);
  bench.settle();
  bench.apply();
  const refused = bench.send("PutItem", createOnly, { token: "t", attempt: 1 });
  bench.settle();
  assert.equal(bench.proposals.length, 1, "the refusal goes through the log");
  bench.apply();
  assert.equal(refused.refusal(), "ConditionalCheckFailedException");
  bench.send("DeleteItem", key);
  bench.settle();
  bench.apply();
  const late = bench.send("PutItem", createOnly, { token: "t" });
  bench.settle();
  assert.equal(bench.proposals.length, 0);
  assert.equal(late.refusal(), "ConditionalCheckFailedException");
});

test("nothing is decided by a replica that does not lead", () => {
  const bench = new PartitionBench();
  bench.loseLeadership();
  const put = bench.send("PutItem", createOnly);
  assert.deepEqual(put.reply, { status: "not-leader", leader: 2 });
});

test("what was read under an earlier leadership is not decided in a later one", () => {
  const bench = new PartitionBench();
  const put = bench.send("PutItem", createOnly);
  bench.partition.roleChanged("follower", 4098, 3);
  bench.settle();
  assert.equal(put.status(), "not-leader");
  assert.equal(bench.proposals.length, 0);
});

test("a request routed by another epoch is sent back", () => {
  const bench = new PartitionBench();
  assert.deepEqual(bench.send("PutItem", createOnly, { epoch: 2 }).reply, { status: "wrong-epoch" });
  assert.deepEqual(bench.send("GetItem", key, { epoch: 2 }).reply, { status: "wrong-epoch" });
});

test("items and bytes are counted through puts, overwrites and deletes", () => {
  const bench = new PartitionBench();
  for (const id of ["a", "b", "a"]) {
    bench.send("PutItem", { Item: { id: { S: id }, text: { S: "some text" } } });
    bench.settle();
  }
  bench.apply();
  assert.equal(countOf(bench), 2);
  bench.send("DeleteItem", key);
  bench.send("DeleteItem", { Key: { id: { S: "b" } } });
  bench.settle();
  bench.apply();
  assert.deepEqual([bench.partition.statistics.items, bench.partition.statistics.bytes], [0, 0]);
});

test("a strong read waits for confirmation; an eventual one answers from what is applied", () => {
  const bench = new PartitionBench();
  bench.send("PutItem", { Item: { id: { S: "a" } } });
  bench.settle();
  bench.apply();
  bench.autoConfirm = false;
  const strong = bench.send("GetItem", { ...key, ConsistentRead: true });
  const eventual = bench.send("GetItem", key);
  bench.settle();
  assert.equal(strong.status(), undefined);
  assert.equal(eventual.status(), "ok");
  bench.confirmReads();
  bench.settle();
  assert.equal(strong.status(), "ok");
});

test("an eventual read is not answered by a replica that is behind what it knew to be committed before its restart", () => {
  const bench = new PartitionBench();
  bench.replaying = true;
  const early = bench.send("GetItem", key);
  bench.replaying = false;
  const late = bench.send("GetItem", key);
  bench.settle();
  assert.deepEqual([early.status(), late.status()], ["unavailable", "ok"]);
});

test("a read during which the replica loses its state is not answered with what is left", () => {
  const changes: Readonly<Record<string, (bench: PartitionBench) => void>> = {
    "a snapshot begins to arrive": (bench) => (bench.initialised = false),
    "another state was loaded": (bench) => bench.partition.load(() => {}),
    "the replica leaves": (bench) => bench.partition.close(),
  };
  for (const [name, change] of Object.entries(changes)) {
    const bench = new PartitionBench();
    const before = bench.send("GetItem", key);
    bench.settle();
    assert.equal(before.status(), "ok");
    const during = bench.send("GetItem", key);
    change(bench);
    bench.settle();
    assert.equal(during.status(), "unavailable", name);
  }
});
