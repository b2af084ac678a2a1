// A partition that divides: what both halves have and count, what waits meanwhile, and what keeps it from dividing.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import type { WriteCommand } from "@azimuth/operations/operation.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { nextToken, previousToken } from "@azimuth/placement/token.ts";
import type { EngineSnapshot, WriteOperation } from "@azimuth/storage/engine.ts";
import { indexMarkRange, sourceOfIndexMark } from "@azimuth/storage/keys/index-mark-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { Partition } from "../src/partition.ts";
import { encodeEntry } from "../src/entry-codec.ts";
import type { IndexWriteCommand } from "../src/index-writes.ts";
import { queuedChangesForSplitMax, sealedInVainPauseMs, writesInFlightMax } from "../src/limits.ts";
import { SplitMeasure } from "../src/split-measure.ts";
import type { IndexSize } from "../src/statistics.ts";
import { type Answer, PartitionBench, table as plainTable } from "./partition-bench.ts";

const ids = Array.from({ length: 40 }, (_, number) => `item-${number}`);
const child = 9;

function tokenOfId(id: string): string {
  const context = { findTable: () => plainTable, region: "us-east-1", accountId: "000000000000" };
  const plan = routerOperations.get("PutItem")!.parse({ TableName: "users", Item: { id: { S: id } } }, context);
  return (plan as unknown as { readonly command: WriteCommand }).command.position.token;
}

const inOrder = ids.toSorted((left, right) => (tokenOfId(left) < tokenOfId(right) ? -1 : 1));
const middle = inOrder[20] as string;
const at = tokenOfId(middle);
const [firstId, lastId] = [inOrder[0] as string, inOrder.at(-1) as string];

function put(bench: PartitionBench, id: string, more: object = {}, epoch = 1): Answer {
  return bench.send("PutItem", { Item: { id: { S: id }, ...more } }, { epoch });
}

function filled(): PartitionBench {
  const bench = new PartitionBench();
  for (const id of ids) put(bench, id);
  bench.settle();
  bench.apply();
  return bench;
}

/** Until the entry is proposed. */
function beginSplit(bench: PartitionBench): void {
  assert.ok(bench.partition.split({ child, at }));
  bench.settle();
}

/** The child as its node would open it. */
function openChild(bench: PartitionBench): Partition {
  const [birth] = bench.births;
  assert.ok(birth !== undefined, "a child was born");
  const opened = new Partition(bench.doors, birth.descriptor);
  opened.load(() => {});
  bench.settle();
  return opened;
}

function assertCounts(bench: PartitionBench, partition: Partition): void {
  const { tableId, firstToken, lastToken } = partition.descriptor;
  const there = bench.stored(partitionRange(tableId, firstToken, lastToken));
  assert.equal(partition.statistics.items, there.length);
  assert.equal(partition.statistics.bytes, there.reduce((sum, { value }) => sum + value.length, 0));
}

test("a split gives the second half to a child with the same voters, and no item moves or is lost", () => {
  const bench = filled();
  beginSplit(bench);
  bench.apply();
  const { descriptor, statistics } = bench.partition;
  assert.equal(descriptor.lastToken, previousToken(at));
  assert.equal(descriptor.epoch, 2);
  assert.deepEqual(bench.births.map(({ voters }) => voters), [[4097, 4098, 4099]]);
  const second = openChild(bench);
  const { partition, firstToken, lastToken, epoch } = second.descriptor;
  assert.deepEqual({ partition, firstToken, lastToken, epoch },
    { partition: child, firstToken: at, lastToken: "f".repeat(16), epoch: 2 });
  assert.equal(statistics.items + second.statistics.items, ids.length);
  assert.equal(second.statistics.items, 20);
  assertCounts(bench, bench.partition);
  assertCounts(bench, second);
});

test("what is written while the child's part is counted is counted, too", () => {
  const bench = filled();
  bench.partition.split({ child, at });
  put(bench, lastId, { grown: { S: "x".repeat(100) } });
  put(bench, `${lastId}-new`);
  bench.send("DeleteItem", { Key: { id: { S: middle } } });
  put(bench, firstId, { grown: { S: "y".repeat(50) } });
  bench.settle();
  bench.apply();
  bench.settle();
  bench.apply();
  assert.equal(bench.births.length, 1);
  assertCounts(bench, bench.partition);
  assertCounts(bench, openChild(bench));
});

test("keys written while the child's part is counted are looked up before writes have to wait for that", () => {
  const bench = filled();
  const lookUps: number[] = [];
  const engine = {
    snapshot(): EngineSnapshot {
      const snapshot = bench.engine.snapshot();
      return { ...snapshot, get: (keys, done) => snapshot.get(keys, (found) => {
        lookUps.push(keys.length);
        done(found);
      }) };
    },
  };
  const measure = new SplitMeasure([7], at, "f".repeat(16));
  const keyOf = ({ key }: { readonly key: Uint8Array }): Uint8Array => Buffer.concat([key, Buffer.of(1)]);
  const stored = bench.stored(partitionRange(7, at, "f".repeat(16)));
  const [first, second] = stored.map(keyOf) as [Uint8Array, Uint8Array];
  let isWalked = false;
  measure.walk(engine, () => (isWalked = true));
  measure.touched({ kind: "put", key: first, value: Buffer.from("new") });
  bench.settle();
  assert.ok(isWalked);
  assert.deepEqual(lookUps, [1]);
  measure.touched({ kind: "delete", key: first });
  measure.touched({ kind: "put", key: second, value: Buffer.from("newer") });
  let sizes: readonly IndexSize[] = [];
  measure.finish((measured) => (sizes = measured));
  bench.settle();
  assert.deepEqual(lookUps, [1, 1]);
  const bytes = stored.reduce((sum, { value }) => sum + value.length, 0);
  assert.deepEqual(sizes, [{ indexId: 7, items: stored.length + 1, bytes: bytes + 5 }]);
  measure.close();
});

test("writes wait while the split is under way, and are then told that the range has changed", () => {
  const bench = filled();
  beginSplit(bench);
  assert.equal(bench.proposals.length, 1);
  const waiting = put(bench, firstId, { late: { BOOL: true } });
  bench.settle();
  assert.equal(bench.proposals.length, 1, "nothing is decided on what the split changes");
  assert.equal(waiting.status(), undefined);
  bench.apply();
  assert.equal(waiting.status(), "wrong-epoch");
  const again = put(bench, firstId, { late: { BOOL: true } }, 2);
  bench.settle();
  bench.apply();
  assert.equal(again.status(), "ok");
  assert.equal(put(bench, lastId, {}, 2).status(), "wrong-epoch", "that item is the child's");
});

test("a leader that loses its leadership with a split under way lets go", () => {
  const bench = filled();
  beginSplit(bench);
  const waiting = put(bench, firstId);
  bench.loseLeadership();
  bench.lose();
  assert.equal(waiting.status(), "not-leader");
  bench.lead(100);
  const again = put(bench, firstId);
  bench.settle();
  bench.apply();
  assert.equal(again.status(), "ok");
  assert.equal(bench.births.length, 0);
});

test("a sweep that has just read what a split gives away leaves it to the child", () => {
  const bench = new PartitionBench({ table: { ...plainTable, timeToLive: "expires" } });
  for (const id of ids) put(bench, id, { expires: { N: String(bench.wallNow / 1000 - 60) } });
  bench.settle();
  bench.apply();
  beginSplit(bench);
  bench.partition.sweepExpired();
  bench.apply();
  bench.apply();
  assert.equal(bench.partition.statistics.items, 20);
  assertCounts(bench, openChild(bench));
  bench.partition.sweepExpired();
  bench.settle();
  bench.apply();
  assert.equal(bench.partition.statistics.items, 0, "the next sweep deletes what is still here");
  assertCounts(bench, openChild(bench));
});

test("a read that a split overtakes is not answered: the child's replica may have gone from this node meanwhile", () => {
  const bench = filled();
  beginSplit(bench);
  const read = bench.send("GetItem", { Key: { id: { S: lastId } }, ConsistentRead: true });
  bench.apply();
  assert.equal(read.status(), "wrong-epoch");
});

test("a split changes nothing when an entry came between, or when the membership is not the one it was prepared on", () => {
  const split = { child, at, voters: [4097, 4098, 4099], preparedAt: 40, items: 1, bytes: 1, localIndexes: [] };
  const settled = filled().config;
  const cases = [
    { split: { ...split, preparedAt: 39 }, config: settled },
    { split, config: { ...settled, learners: [8193] } },
    { split, config: { ...settled, votersOutgoing: [4097, 4098] } },
    { split, config: { ...settled, voters: [4097, 4098, 8195] } },
    { split: { ...split, at: "0".repeat(16) }, config: settled },
  ];
  for (const each of cases) {
    const bench = filled();
    const data = encodeEntry({
      epoch: 1, generation: 0, expires: false, itemCountDelta: 0, itemBytesDelta: 0, record: undefined,
      split: each.split, effects: [],
    });
    const batch: WriteOperation[] = [];
    assert.equal(bench.partition.apply({ index: 41, term: 2, data }, batch, each.config), "not-split");
    assert.deepEqual(batch, []);
    assert.equal(bench.partition.descriptor.epoch, 1);
  }
});

test("a split does not begin while the membership changes, so that no writes wait for nothing", () => {
  const bench = filled();
  const settled = bench.config;
  for (const change of [{ learners: [8193] }, { votersOutgoing: [4097, 4098] }]) {
    bench.config = { ...settled, ...change };
    assert.equal(bench.partition.split({ child, at }), false);
  }
  bench.config = settled;
  assert.ok(bench.partition.split({ child, at }));
});

test("locks of transactions go with their items", () => {
  const bench = filled();
  for (const id of [firstId, lastId]) {
    const position = positionOf(id);
    const command = {
      kind: "write", operation: "TransactionPrepare", tableId: 7, position, id: Buffer.alloc(16, 1), run: "r1", ledger: 99,
      marker: Buffer.alloc(16, id === firstId ? 2 : 3), part: { ...deletionOf(id), position },
    } as unknown as WriteCommand;
    bench.partition.write({ command, epoch: 1, requestToken: new Uint8Array(0), attempt: 0 }, () => {});
  }
  bench.settle();
  bench.apply();
  assert.equal(bench.partition.locks.size, 2);
  beginSplit(bench);
  bench.apply();
  assert.equal(bench.partition.locks.size, 1);
  assert.equal(openChild(bench).locks.size, 1);
});

function deletionOf(id: string): WriteCommand {
  const context = { findTable: () => plainTable, region: "us-east-1", accountId: "000000000000" };
  const plan = routerOperations.get("DeleteItem")!.parse({ TableName: "users", Key: { id: { S: id } } }, context);
  return (plan as unknown as { readonly command: WriteCommand }).command;
}

function positionOf(id: string): WriteCommand["position"] {
  return deletionOf(id).position;
}

const byGroup: IndexDefinition = {
  status: "ACTIVE", backfilling: false, throughput: { readUnits: 0, writeUnits: 0 },
  indexId: 8, name: "byGroup", kind: "global", projection: { kind: "ALL" },
  key: { partition: [{ name: "group", type: "S" }], sort: [] },
};
const indexed: TableDefinition = { ...plainTable, indexes: [byGroup], indexVersion: 1 };

/** A partition whose index takes what is queued when the test calls what is noted in `sent`. */
function withSlowIndex(queued: readonly string[]) {
  const sent: ((taken: boolean) => void)[] = [];
  const indexes = {
    locate: () => 2,
    deliver: (_partition: number, _command: IndexWriteCommand, done: (taken: boolean) => void) => void sent.push(done),
  };
  const bench = new PartitionBench({ table: indexed, indexes });
  for (const id of queued) put(bench, id, { group: { S: "g" } });
  bench.settle();
  bench.apply();
  assert.equal(bench.partition.statistics.queued, queued.length);
  return { bench, sent };
}

test("a split waits until the indexes have what was queued for them, and not for ever", () => {
  const { bench, sent } = withSlowIndex([firstId, lastId]);
  beginSplit(bench);
  assert.equal(bench.proposals.length, 0, "the index has not answered");
  const waiting = put(bench, firstId);
  bench.settle();
  bench.elapse();
  bench.apply();
  assert.equal(waiting.status(), "ok", "it was held back too long: writes go on");
  assert.equal(bench.births.length, 0);
  assert.equal(bench.partition.split({ child, at }), false, "nor are they held back again at once");
  assert.ok(bench.partition.splitRests);
  bench.now += sealedInVainPauseMs;
  beginSplit(bench);
  while (bench.births.length === 0) {
    for (const done of sent.splice(0)) done(true);
    bench.settle();
    assert.notEqual(bench.proposals.length + sent.length, 0, "it goes on");
    bench.apply();
  }
  assert.equal(openChild(bench).statistics.queued, 0);
});

test("a split holds nothing back while too much is queued for the indexes", () => {
  const { bench } = withSlowIndex(Array.from({ length: queuedChangesForSplitMax }, (_, number) => `queued-${number}`));
  put(bench, firstId, { group: { S: "g" } });
  bench.settle();
  assert.ok(bench.partition.split({ child, at }));
  bench.apply();
  put(bench, lastId);
  bench.settle();
  assert.equal(bench.proposals.length, 1, "that write does not wait");
  assert.equal(bench.partition.split({ child, at }), false, "nor is anything counted now");
});

test("a split holds nothing back while an index does not take what it is sent", () => {
  const { bench, sent } = withSlowIndex([firstId]);
  for (const done of sent.splice(0)) done(false);
  assert.ok(bench.partition.splitRests);
  assert.equal(bench.partition.split({ child, at }), false);
  bench.elapse();
  for (const done of sent.splice(0)) done(true);
  assert.equal(bench.partition.splitRests, false);
  assert.ok(bench.partition.split({ child, at }));
});

test("as many writes as may be under way, held back, do not keep out what they wait for", () => {
  const { bench, sent } = withSlowIndex([firstId]);
  beginSplit(bench);
  for (let number = 0; number < writesInFlightMax; number++) put(bench, lastId);
  bench.settle();
  assert.equal(put(bench, lastId).status(), "unavailable");
  for (const done of sent.splice(0)) done(true);
  bench.settle();
  assert.equal(bench.proposals.length, 1, "the queue is emptied");
  bench.apply();
  bench.apply();
  assert.equal(bench.births.length, 1);
});

test("a partition of an index gives its child the marks, so that a repeated batch is dropped there as well", () => {
  const bench = new PartitionBench({ table: indexed, tableId: 8 });
  const change = { index: 5, ordinal: 0, token: "f".repeat(16), key: Buffer.from("entry"), value: Buffer.from("value") };
  bench.partition.writeIndex({ indexId: 8, source: 77, changes: [change] }, 1, () => {});
  bench.settle();
  bench.apply();
  beginSplit(bench);
  bench.apply();
  const marks = bench.stored(indexMarkRange(child));
  assert.deepEqual(marks.map(({ key }) => sourceOfIndexMark(key)), [77]);
  assert.deepEqual(marks.map(({ value }) => value), bench.stored(indexMarkRange(1)).map(({ value }) => value));
});

test("a snapshot taken before a split is whole, and no replica takes it that knows of the split", () => {
  const bench = filled();
  const before = bench.engine.snapshot();
  beginSplit(bench);
  bench.apply();
  let extent = "";
  bench.partition.stateIn(before, (state) => {
    extent = state.extent;
    const [items] = state.ranges;
    assert.deepEqual(items, partitionRange(7, "0".repeat(16), "f".repeat(16)));
  });
  bench.settle();
  assert.equal(extent, "f".repeat(16));
  assert.equal(bench.partition.mayReceive(extent), false);
  assert.equal(filled().partition.mayReceive(extent), true);
});

test("a partition that comes back from its engine has the range it was split to", () => {
  const bench = filled();
  const { descriptor } = bench.partition;
  beginSplit(bench);
  bench.apply();
  const again = new Partition(bench.doors, descriptor);
  again.load(() => {});
  bench.settle();
  assert.deepEqual(again.descriptor, bench.partition.descriptor);
  assert.deepEqual(again.statistics.lastSplit, { child, at, voters: [4097, 4098, 4099] });
});

test("splits that are applied together all bear their children", () => {
  const bench = filled();
  const twice = new Partition(bench.doors, bench.partition.descriptor);
  const batch: WriteOperation[] = [];
  const third = nextToken(tokenOfId(inOrder[9] as string)) as string;
  const entry = (epoch: number, number: number, where: string, index: number) => ({
    index, term: 2, data: encodeEntry({
      epoch, generation: 0, expires: false, itemCountDelta: 0, itemBytesDelta: 0, record: undefined, effects: [],
      split: { child: number, at: where, voters: [4097, 4098, 4099], preparedAt: index - 1, items: 0, bytes: 0, localIndexes: [] },
    }),
  });
  assert.equal(twice.apply(entry(1, 20, at, 41), batch, bench.config), "applied");
  assert.equal(twice.apply(entry(2, 21, third, 42), batch, bench.config), "applied");
  const { lastToken } = twice.descriptor;
  assert.equal(twice.mayReceive(lastToken), false, "its node has not noted the children");
  twice.appliedThrough(42);
  assert.equal(twice.mayReceive(lastToken), true);
  assert.deepEqual(bench.births.map(({ descriptor: { partition, firstToken, lastToken } }) => [partition, firstToken, lastToken]),
    [[20, at, "f".repeat(16)], [21, third, previousToken(at)]]);
});

test("a partition that is too large is divided where half of its bytes are, and one of a single key not at all", () => {
  const bench = filled();
  assert.equal(bench.partition.splitPoint(1 << 20), undefined, "it is not too large");
  assert.equal(bench.partition.splitPoint(10), undefined, "it is being looked for");
  bench.settle();
  const found = bench.partition.splitPoint(10) as string;
  const part = inOrder.filter((id) => tokenOfId(id) < found).length;
  assert.ok(part >= 19 && part <= 21, `${part} of 40 items are before it`);
  put(bench, inOrder[0] as string, { much: { S: "x".repeat(bench.partition.statistics.bytes) } });
  bench.settle();
  bench.apply();
  assert.equal(bench.partition.splitPoint(10), found, "it holds while another is looked for");
  bench.settle();
  assert.notEqual(bench.partition.splitPoint(10), found, "the half is elsewhere now");
  const single = new PartitionBench();
  put(single, firstId, { much: { S: "x".repeat(1000) } });
  single.settle();
  single.apply();
  single.partition.splitPoint(10);
  single.settle();
  assert.equal(single.partition.splitPoint(10), undefined);
});
