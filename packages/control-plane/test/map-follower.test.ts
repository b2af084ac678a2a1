import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { firstToken, lastToken, numberToToken, splitTokenRange } from "@azimuth/placement/token.ts";
import type { PartitionRecord } from "../src/cluster-map.ts";
import { MapFollower } from "../src/map-follower.ts";
import { mustDestroy, reconcile, replicaOn } from "../src/replica-fate.ts";
import { createWatchServer, type MapDelta, type MapSource } from "../src/watch.ts";
import { newTable } from "./fake-cluster.ts";

const nothing = { nodes: [], tables: [], partitions: [], credentials: [] };

function delta(change: Partial<MapDelta>): MapDelta {
  return {
    clusterId: "one", revision: 1, since: 0, full: false, nextTable: 1, nextPartition: 1, control: undefined, ...nothing,
    deleted: nothing, ...change,
  };
}

function partition(id: number, change: Partial<PartitionRecord> = {}): PartitionRecord {
  return {
    partition: id, tableId: 1, firstToken, lastToken, epoch: 1, configEpoch: 0,
    voters: [1, 2, 3], learners: [], bootstrap: [1, 2, 3], replacing: undefined, ...change,
  };
}

function follower(partitions: readonly PartitionRecord[], nextPartition = 100): MapFollower {
  const created = new MapFollower();
  created.applyDelta(delta({ partitions, nextPartition }));
  return created;
}

test("every token finds the one partition whose range holds it", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 40 }), fc.bigInt(0n, (1n << 64n) - 1n), (count, position) => {
      const ranges = splitTokenRange(firstToken, lastToken, count);
      const map = follower(ranges.map(({ first, last }, i) => partition(i + 1, { firstToken: first, lastToken: last })).reverse());
      const token = numberToToken(position);
      const found = map.partitionFor(1, token);
      assert.ok(found && found.firstToken <= token && token <= found.lastToken);
      assert.deepEqual(map.partitionsOf(1).map((each) => each.firstToken), ranges.map((range) => range.first));
    }));
});

test("a table without partitions has none for any token", () => {
  assert.equal(follower([]).partitionFor(7, firstToken), undefined);
});

test("a split that a replica told of shows until group 0 says the same, or that the table is gone", () => {
  const at = `8${"0".repeat(15)}`;
  const told = { epoch: 2, child: 7, at, voters: [1, 2, 3] };
  const ranges = (map: MapFollower) => map.partitionsOf(1).map(({ partition: id, firstToken: first, lastToken: last }) =>
    [id, first, last]);
  const halves = [[1, firstToken, `7${"f".repeat(15)}`], [7, at, lastToken]];
  const map = follower([partition(1)]);
  assert.equal(map.learnSplit(1, { ...told, epoch: 3 }), false, "a split before it is not known");
  assert.equal(map.learnSplit(1, { ...told, at: firstToken }), false);
  assert.equal(map.learnSplit(2, told), false);
  assert.equal(map.learnSplit(1, told), true);
  assert.equal(map.learnSplit(1, told), false, "it is known");
  assert.deepEqual(ranges(map), halves);
  const recorded = [partition(1, { lastToken: `7${"f".repeat(15)}`, epoch: 2 }), partition(7, { firstToken: at, epoch: 2 })];
  map.applyDelta(delta({ revision: 2, since: 1, partitions: recorded }));
  assert.deepEqual(ranges(map), halves);
  const dropped = follower([partition(1)]);
  dropped.learnSplit(1, told);
  dropped.applyDelta(delta({ revision: 2, since: 1, deleted: { ...nothing, partitions: [1] } }));
  assert.deepEqual(ranges(dropped), [], "what came from it goes with it");
});

test("what group 0 says of a partition holds until its split is told again", () => {
  const at = `8${"0".repeat(15)}`;
  const told = { epoch: 2, child: 7, at, voters: [1, 2, 3] };
  const map = follower([partition(1)]);
  map.learnSplit(1, told);
  const replacing = { remove: 3, add: 4099 };
  map.applyDelta(delta({ revision: 2, since: 1, partitions: [partition(1, { configEpoch: 1, replacing, learners: [4099] })] }));
  assert.deepEqual(map.partitionsOf(1).map((each) => each.partition), [1], "no two ranges overlap");
  assert.equal(map.learnSplit(1, told), true);
  assert.deepEqual(map.partitionsOf(1).map((each) => each.partition), [1, 7]);
});

test("a mirror follows the copy it was made from, which hears nothing of what it learns", () => {
  const map = new MapFollower();
  const mirror = map.mirror();
  let seen = 0;
  map.onChange(() => (seen = mirror.revision));
  map.applyDelta(delta({ partitions: [partition(1)], nextPartition: 100 }));
  assert.equal(seen, 1, "and is not behind it");
  mirror.learnSplit(1, { epoch: 2, child: 7, at: `8${"0".repeat(15)}`, voters: [1, 2, 3] });
  assert.deepEqual([mirror, map].map((each) => each.partitionsOf(1).length), [2, 1]);
  map.applyDelta(delta({ revision: 2, since: 1, deleted: { ...nothing, partitions: [1] } }));
  assert.equal(mirror.partitionsOf(1).length, 0);
});

test("a follower takes what is new, once, and tells its listeners", () => {
  const map = new MapFollower();
  let changes = 0;
  const stop = map.onChange(() => changes++);
  const table = { ...newTable("orders"), tableId: 1, uuid: "u", status: "ACTIVE" as const, createdAt: 0 };
  assert.equal(map.applyDelta(delta({ revision: 5, tables: [table] })), "applied");
  assert.equal(map.applyDelta(delta({ revision: 5, tables: [] })), "old");
  assert.equal(map.applyDelta(delta({ revision: 4, full: true })), "old", "what another replica had earlier");
  assert.equal(map.applyDelta(delta({ revision: 9, since: 6 })), "gap");
  assert.equal(map.applyDelta(delta({ revision: 9, clusterId: "other" })), "foreign");
  assert.equal(map.tableByName("orders")?.tableId, 1);
  assert.equal(map.applyDelta(delta({ revision: 9, since: 3, deleted: { ...nothing, tables: [1] } })), "applied");
  assert.equal(map.tableByName("orders"), undefined);
  stop();
  assert.equal(map.applyDelta(delta({ revision: 12, full: true })), "applied");
  assert.equal(changes, 2);
  assert.equal(map.revision, 12);
});

test("a table is known to be deleted by a map that knows of its id and shows it going or not at all", () => {
  const map = new MapFollower();
  const table = (tableId: number) =>
    ({ ...newTable(`orders-${tableId}`), tableId, uuid: "u", status: "ACTIVE" as const, createdAt: 0 });
  map.applyDelta(delta({ revision: 5, tables: [table(1), table(3)], nextTable: 4 }));
  assert.equal(map.wasDeleted(3), false);
  assert.equal(map.wasDeleted(2), true);
  assert.equal(map.wasDeleted(4), false, "it may have been made since");
  map.applyDelta(delta({ revision: 6, tables: [{ ...table(1), status: "DELETING" }], nextTable: 4 }));
  assert.equal(map.wasDeleted(1), true, "nothing can stop it");
  map.applyDelta(delta({ revision: 7, nextTable: 4, deleted: { ...nothing, tables: [1, 3] } }));
  assert.equal(map.wasDeleted(3), true, "though there is no later one");
});

test("a whole map forgets what it does not list", () => {
  const map = follower([partition(1), partition(2)]);
  map.applyDelta(delta({ revision: 8, full: true, partitions: [partition(2)], nextPartition: 3 }));
  assert.equal(map.group(1), undefined);
  assert.ok(map.group(2));
});

test("a replica is destroyed only on proof that no later map can undo", () => {
  const generation = (number: number, node: number): number => number * 4096 + node;
  const newer = follower([partition(1, { configEpoch: 4, voters: [1, 2, generation(3, 5)] })]);
  const cases: readonly (readonly [string, MapFollower, number, number, boolean])[] = [
    ["listed", newer, 1, 2, false],
    ["replaced", newer, 1, 3, true],
    ["named later than this map", newer, 1, generation(5, 6), false],
    ["its partition was deleted", newer, 99, 1, true],
    ["its partition is newer than this map", newer, 100, 1, false],
  ];
  for (const [what, map, group, replica, expected] of cases) {
    assert.equal(mustDestroy(map, { group, replica }), expected, what);
  }
});

test("a node creates what the map gives it, unless it has the group or had this very replica", () => {
  const records = [partition(1), partition(2), partition(3, { voters: [1, 2], learners: [4099], configEpoch: 1 })];
  const map = follower(records);
  const { create, destroy } = reconcile(map, 3, [{ group: 1, replica: 3 }], (group) => group === 2);
  assert.deepEqual(create.map(({ group, replica, bootstraps }) => ({ group, replica, bootstraps })),
    [{ group: 3, replica: 4099, bootstraps: false }]);
  assert.deepEqual(destroy, []);
  assert.equal(replicaOn(records[2] as PartitionRecord, 9), undefined);
});

test("each watcher is sent what it lacks, once", () => {
  let revision = 3;
  const listeners = new Set<() => void>();
  const source = {
    changesSince: (since: number) => (since >= revision ? undefined : delta({ since, revision })),
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as MapSource;
  const sent: string[] = [];
  const server = createWatchServer(source, (watcher, { since, revision: to }) => sent.push(`${watcher} ${since}-${to}`));
  const change = (): void => {
    revision++;
    for (const listener of listeners) listener();
  };
  assert.equal(server.add("router-1", 0)?.revision, 3);
  assert.equal(server.add("router-2", 9), undefined);
  change();
  server.remove("router-1");
  change();
  assert.deepEqual(sent, ["router-1 3-4"]);
  server.close();
  assert.equal(listeners.size, 0);
});
