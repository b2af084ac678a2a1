// A partition of a table and one of its global index, each on a bench: what is written, queued, delivered and taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import { collectionRange, decodeCollectionSize } from "@azimuth/storage/keys/collection-key.ts";
import { indexQueueRange } from "@azimuth/storage/keys/index-queue-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { partitionStatisticsKey } from "@azimuth/storage/keys/partition-statistics-key.ts";
import type { IndexWriteCommand } from "../src/index-writes.ts";
import { queuedChangesForSweepMax, queuedChangesMax } from "../src/limits.ts";
import { emptyStatistics, encodeStatistics } from "../src/statistics.ts";
import { checkCollectionSize } from "../src/table-writes.ts";
import { PartitionBench, table as plainTable } from "./partition-bench.ts";

const ready = { status: "ACTIVE", backfilling: false, throughput: { readUnits: 0, writeUnits: 0 } } as const;
const byGroup: IndexDefinition = {
  ...ready, indexId: 8, name: "byGroup", kind: "global", projection: { kind: "ALL" },
  key: { partition: [{ name: "group", type: "S" }], sort: [] },
};
const table: TableDefinition = { ...plainTable, indexes: [byGroup], indexVersion: 1 };

interface Sent {
  readonly command: IndexWriteCommand;
  readonly done: (taken: boolean) => void;
}

class Pair {
  readonly sent: Sent[] = [];
  base: PartitionBench;
  index: PartitionBench;
  readonly #create: () => readonly [PartitionBench, PartitionBench];

  constructor(definition = table) {
    const indexes = {
      locate: () => 2,
      deliver: (_partition: number, command: IndexWriteCommand, done: (taken: boolean) => void) =>
        void this.sent.push({ command, done }),
    };
    this.#create = () => [
      new PartitionBench({ table: definition, indexes }),
      new PartitionBench({ table: definition, tableId: 8, partition: 2 }),
    ];
    [this.base, this.index] = this.#create();
  }

  /** Replicas that begin with a snapshot take over. */
  replace(): void {
    const [base, index] = this.#create();
    this.base.loseLeadership();
    this.base.giveSnapshotTo(base);
    this.index.giveSnapshotTo(index);
    [this.base, this.index] = [base, index];
  }

  put(id: string, group?: string, more: object = {}): void {
    const indexed = group === undefined ? {} : { group: { S: group } };
    this.base.send("PutItem", { Item: { id: { S: id }, ...indexed, ...more } });
    this.base.settle();
    this.base.apply();
  }

  /** The index partition takes a batch, now or again. */
  take(command: IndexWriteCommand): void {
    this.index.partition.writeIndex(command, 1, (reply) => assert.equal(reply.status, "ok"));
    this.index.settle();
    this.index.apply();
  }

  /** Delivers until nothing is on its way. */
  deliverAll(): void {
    for (let next = this.sent.shift(); next !== undefined; next = this.sent.shift()) {
      this.take(next.command);
      next.done(true);
      this.base.settle();
      this.base.apply();
    }
  }

  entries(): readonly string[] {
    return this.index.stored(partitionRange(8, firstToken, lastToken)).map(({ value }) => {
      const item = decodeItem(value);
      return `${String(item.get("id")?.value)}:${String(item.get("group")?.value)}`;
    }).sort();
  }

  queued(): number {
    return this.base.stored(indexQueueRange(1)).length;
  }
}

test("a write queues its change with the item, and the index has it once it is delivered", () => {
  const pair = new Pair();
  pair.put("a", "red");
  pair.put("b");
  assert.equal(pair.queued(), 1);
  assert.equal(pair.base.partition.statistics.queued, 1);
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["a:red"]);
  assert.equal(pair.queued(), 0);
  assert.equal(pair.base.partition.statistics.queued, 0);
  assert.equal(pair.index.partition.statistics.items, 1);
});

test("an entry moves with its item, and goes with it", () => {
  const pair = new Pair();
  pair.put("a", "red");
  pair.put("a", "blue");
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["a:blue"]);
  pair.base.send("DeleteItem", { Key: { id: { S: "a" } } });
  pair.base.settle();
  pair.base.apply();
  pair.deliverAll();
  assert.deepEqual(pair.entries(), []);
  assert.equal(pair.index.partition.statistics.items, 0);
});

/** An entry that changed its place, and the batch that had put it to the first. */
function turnedBlue(): { readonly pair: Pair; readonly old: IndexWriteCommand } {
  const pair = new Pair();
  pair.put("a", "red");
  const old = pair.sent[0]!.command;
  pair.deliverAll();
  pair.put("a", "blue");
  pair.deliverAll();
  return { pair, old };
}

test("an old batch that arrives again, late, undoes nothing", () => {
  const { pair, old } = turnedBlue();
  pair.take(old);
  assert.deepEqual(pair.entries(), ["a:blue"]);
});

test("what is not acknowledged stays in the queue and is sent again", () => {
  const pair = new Pair();
  pair.put("a", "red");
  const lost = pair.sent.shift()!;
  lost.done(false);
  pair.base.settle();
  assert.equal(pair.queued(), 1);
  pair.base.elapse();
  assert.equal(pair.sent.length, 1);
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["a:red"]);
  assert.equal(pair.queued(), 0);
});

test("a new leader begins with the oldest change that is still in the queue", () => {
  const pair = new Pair();
  pair.put("a", "red");
  const underWay = pair.sent.shift()!;
  pair.take(underWay.command);
  pair.base.loseLeadership();
  underWay.done(true);
  pair.base.lead(2);
  assert.deepEqual(pair.sent.map(({ command }) => command.changes.length), [1], "the acknowledgement came too late");
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["a:red"]);
  assert.equal(pair.queued(), 0);
});

test("who begins with a snapshot goes on with the queue, and drops what was taken before", () => {
  const { pair, old } = turnedBlue();
  pair.put("b", "red");
  pair.sent.length = 0;
  pair.replace();
  assert.equal(pair.queued(), 1);
  pair.take(old);
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["a:blue", "b:red"]);
});

test("changes of an index that is being deleted are taken out unsent", () => {
  const pair = new Pair();
  pair.put("a", "red");
  pair.sent.shift()!.done(false);
  pair.base.table = { ...table, indexes: [{ ...byGroup, status: "DELETING" }], indexVersion: 2 };
  pair.base.elapse();
  pair.base.apply();
  assert.equal(pair.sent.length, 0);
  assert.equal(pair.queued(), 0);
});

test("changes wait while the map is older than what was decided here: their index may be a new one", () => {
  for (const older of [plainTable, undefined]) {
    const pair = new Pair();
    pair.put("a", "red");
    pair.sent.shift()!.done(false);
    pair.base.loseLeadership();
    pair.base.table = older;
    pair.base.lead(3);
    pair.base.elapse();
    pair.base.table = table;
    for (let round = 0; round < 2; round++) {
      pair.base.elapse();
      pair.base.apply();
    }
    pair.deliverAll();
    assert.deepEqual(pair.entries(), ["a:red"]);
    assert.equal(pair.queued(), 0);
  }
});

test("a leader whose map is older than what was decided here decides nothing", () => {
  const pair = new Pair();
  pair.put("a", "red");
  pair.base.table = plainTable;
  const refused = pair.base.send("PutItem", { Item: { id: { S: "b" } } });
  pair.base.settle();
  assert.equal(refused.status(), "unavailable");
});

test("changes outside the index partition's range are sent back whole", () => {
  const pair = new Pair();
  pair.put("a", "red");
  const { command } = pair.sent[0]!;
  const foreign = { ...command, indexId: 9 };
  pair.index.partition.writeIndex(foreign, 1, (reply) => assert.equal(reply.status, "wrong-epoch"));
});

test("an index added to a live table is filled in order with the writes, and reported as built once it has it all", () => {
  const pair = new Pair(plainTable);
  pair.put("a", "red");
  pair.put("b", "blue");
  const creating: TableDefinition = { ...table, indexes: [{ ...byGroup, status: "CREATING", backfilling: true }] };
  pair.base.table = creating;
  pair.index.table = creating;
  pair.base.partition.buildIndexes();
  pair.base.settle();
  // Decided behind the entry that begins the building, not applied yet when the sweep finds the item red.
  pair.base.send("PutItem", { Item: { id: { S: "a" }, group: { S: "green" } } });
  pair.base.settle();
  pair.base.apply(1);
  for (let round = 0; round < 5; round++) {
    pair.base.apply();
    pair.base.elapse();
    assert.deepEqual(pair.base.partition.statistics.builtIndexes, [], "nothing is acknowledged yet");
  }
  for (let round = 0; round < 10; round++) {
    if (pair.queued() > 0) assert.deepEqual(pair.base.partition.statistics.builtIndexes, [], "not all is there yet");
    pair.base.settle();
    pair.base.apply();
    pair.deliverAll();
    pair.base.elapse();
    pair.base.apply();
  }
  assert.deepEqual(pair.entries(), ["a:green", "b:blue"]);
  assert.deepEqual(pair.base.partition.statistics.builtIndexes, [8]);
});

test("writes are throttled while too many changes wait, but a retry is looked up", () => {
  const pair = new Pair();
  const full = encodeStatistics({ ...emptyStatistics, queued: queuedChangesMax });
  pair.base.engine.write([{ kind: "put", key: partitionStatisticsKey(1), value: full }], () => {});
  pair.base.partition.load(() => {});
  pair.base.settle();
  const first = pair.base.send("PutItem", { Item: { id: { S: "a" } } }, { token: "t" });
  pair.base.settle();
  assert.equal(first.refusal(), "ThrottlingException");
  const retry = pair.base.send("PutItem", { Item: { id: { S: "a" } } }, { token: "t", attempt: 1 });
  pair.base.settle();
  pair.base.apply();
  assert.equal(retry.status(), "ok");
  assert.equal(retry.refusal(), undefined);
});

test("expired items are deleted like any other, their entries with them; others stay", () => {
  const pair = new Pair({ ...table, timeToLive: "expires" });
  const now = pair.base.wallNow / 1000;
  pair.put("past", "red", { expires: { N: String(now - 1) } });
  pair.put("future", "red", { expires: { N: String(now + 1) } });
  pair.put("ancient", "red", { expires: { N: String(now - 6 * 365 * 86_400) } });
  pair.put("text", "red", { expires: { S: String(now - 1) } });
  pair.base.partition.sweepExpired();
  pair.base.settle();
  pair.base.apply();
  pair.deliverAll();
  assert.deepEqual(pair.entries(), ["ancient:red", "future:red", "text:red"]);
  assert.equal(pair.base.partition.statistics.items, 3);
});

test("expired items stay as long as many changes wait for an index", () => {
  const pair = new Pair({ ...table, timeToLive: "expires" });
  const many = encodeStatistics({ ...emptyStatistics, queued: queuedChangesForSweepMax });
  pair.base.engine.write([{ kind: "put", key: partitionStatisticsKey(1), value: many }], () => {});
  pair.base.partition.load(() => {});
  pair.base.settle();
  pair.put("past", undefined, { expires: { N: String(pair.base.wallNow / 1000 - 1) } });
  pair.base.partition.sweepExpired();
  pair.base.settle();
  pair.base.apply();
  assert.equal(pair.base.partition.statistics.items, 1);
});

test("an item whose time is prolonged while the sweep comes by stays", () => {
  const pair = new Pair({ ...table, timeToLive: "expires" });
  const now = pair.base.wallNow / 1000;
  pair.put("a", "red", { expires: { N: String(now - 1) } });
  pair.base.send("PutItem", { Item: { id: { S: "a" }, expires: { N: String(now + 1) } } });
  pair.base.settle();
  pair.base.partition.sweepExpired();
  pair.base.settle();
  pair.base.apply();
  assert.equal(pair.base.partition.statistics.items, 1);
});

const withLocal: TableDefinition = {
  ...plainTable,
  key: { partition: { name: "id", type: "S" }, sort: { name: "at", type: "N" } },
  indexes: [{
    ...ready, indexId: 9, name: "byAmount", kind: "local", projection: { kind: "KEYS_ONLY" },
    key: { partition: [{ name: "id", type: "S" }], sort: [{ name: "amount", type: "N" }] },
  }],
};

test("entries of a local index are written by the entry of their item, and its collection is counted", () => {
  const bench = new PartitionBench({ table: withLocal });
  const put = (at: string, amount: string): void => {
    bench.send("PutItem", { Item: { id: { S: "a" }, at: { N: at }, amount: { N: amount } } });
    bench.settle();
    assert.equal(bench.proposals.length, 1);
    bench.apply();
  };
  put("1", "5");
  put("2", "3");
  put("2", "9");
  const entries = bench.stored(partitionRange(9, firstToken, lastToken));
  assert.deepEqual(entries.map(({ value }) => decodeItem(value).get("amount")?.value), ["5", "9"]);
  const [collection] = bench.stored(collectionRange(7, firstToken, lastToken));
  // Two items and two entries of the same three attributes: names 2 + 2 + 6, values 1 + 2 + 2 bytes.
  assert.equal(decodeCollectionSize(collection!.value), 4 * 15);
});

test("what a local index holds is counted, through changes of its key and its loss, and over a restart", () => {
  const bench = new PartitionBench({ table: withLocal });
  const put = (at: string, rest: object): void => {
    bench.send("PutItem", { Item: { id: { S: "a" }, at: { N: at }, ...rest } });
    bench.settle();
    bench.apply();
  };
  const counted = () => bench.partition.statistics.localIndexes;
  const held = () => bench.stored(partitionRange(9, firstToken, lastToken));
  put("1", { amount: { N: "5" } });
  put("2", { amount: { N: "5" } });
  put("3", {});
  put("2", { amount: { N: "70" }, note: { S: "not projected" } });
  assert.deepEqual(counted(), [{
    indexId: 9, items: 2, bytes: held().reduce((sum, { value }) => sum + value.length, 0),
  }]);
  put("1", {});
  assert.equal(counted()[0]?.items, 1);
  const before = counted();
  bench.partition.load(() => {});
  bench.settle();
  assert.deepEqual(counted(), before);
  put("2", {});
  assert.deepEqual(counted(), [{ indexId: 9, items: 0, bytes: 0 }]);
});

test("a collection that is too large may shrink but not grow", () => {
  const limit = 10 * 2 ** 30;
  checkCollectionSize(limit, 5);
  checkCollectionSize(limit + 10, -5);
  assert.throws(() => checkCollectionSize(limit + 1, 5), { type: "ItemCollectionSizeLimitExceededException" });
});
