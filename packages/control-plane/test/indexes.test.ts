import { test } from "node:test";
import assert from "node:assert/strict";
import type { NewIndex, TableDefinition } from "@azimuth/model/table.ts";
import type { ControlOutcome, IndexUpdate } from "../src/commands.ts";
import { FakeCluster, newTable } from "./fake-cluster.ts";

const three = { a: 1, b: 1, c: 1 };
const newIndex = (name: string, kind: NewIndex["kind"]): NewIndex => ({
  name, kind,
  key: { partition: [{ name: "group", type: "S" }], sort: [] },
  projection: { kind: "ALL" },
  throughput: { readUnits: 0, writeUnits: 0 },
});
const create = (name: string): IndexUpdate =>
  ({ kind: "create", index: newIndex(name, "global"), attributes: [{ name: "group", type: "S" }] });

function describe(cluster: FakeCluster): TableDefinition {
  return cluster.outcome({ operation: "DescribeTable", name: "orders" }).table as TableDefinition;
}

function update(cluster: FakeCluster, indexUpdate: IndexUpdate): ControlOutcome {
  return cluster.outcome({ operation: "UpdateTable", name: "orders", change: {}, indexUpdate });
}

function states(table: TableDefinition): readonly string[] {
  return [table.status, ...(table.indexes ?? []).map((index) =>
    `${index.name} ${index.status}${index.backfilling ? " backfilling" : ""}`)];
}

test("indexes made with a table are ACTIVE with it; global ones have partitions of their own", () => {
  const cluster = new FakeCluster({ seed: 1, zones: three, partitionsPerTable: 2 });
  const newIndexes = [newIndex("near", "local"), newIndex("far", "global")];
  cluster.outcome({ operation: "CreateTable", definition: newTable("orders", { newIndexes }) });
  assert.deepEqual(states(describe(cluster)), ["CREATING", "near CREATING", "far CREATING"]);
  cluster.run(1000);
  const table = describe(cluster);
  assert.deepEqual(states(table), ["ACTIVE", "near ACTIVE", "far ACTIVE"]);
  const [near, far] = table.indexes!;
  cluster.localIndexes = [{ indexId: near!.indexId, items: 3, bytes: 40 }];
  cluster.run(1000);
  const ids = cluster.map.partitions.map((partition) => partition.tableId);
  assert.deepEqual(ids.filter((id) => id === far!.indexId).length, 2);
  assert.equal(ids.includes(near!.indexId), false);
  const { sizes } = cluster.outcome({ operation: "DescribeTable", name: "orders" });
  assert.deepEqual(sizes?.indexes, { near: { itemCount: 6, bytes: 80 }, far: { itemCount: 14, bytes: 200 } });
});

test("an index of a live table is made while the table is ACTIVE, and ACTIVE once all partitions have filled it", () => {
  const cluster = new FakeCluster({ seed: 2, zones: three, partitionsPerTable: 2 });
  cluster.createTable("orders");
  const { table } = update(cluster, create("far"));
  assert.deepEqual(states(table!), ["UPDATING", "far CREATING"]);
  assert.equal(table!.indexVersion, 1);
  assert.deepEqual(table!.attributes.map(({ name }) => name), ["id", "group"]);
  const second = update(cluster, create("other"));
  assert.deepEqual([second.refused?.type, second.refused?.message], ["LimitExceededException",
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"]);
  cluster.run(2000);
  assert.deepEqual(states(describe(cluster)), ["ACTIVE", "far CREATING backfilling"]);
  assert.equal(update(cluster, create("other")).refused?.type, "LimitExceededException");
  cluster.builtIndexes = [table!.indexes![0]!.indexId];
  cluster.run(2000);
  assert.deepEqual(states(describe(cluster)), ["ACTIVE", "far ACTIVE"]);
});

test("a deleted index goes with its partitions and the attribute that only it used", () => {
  const cluster = new FakeCluster({ seed: 3, zones: three, partitionsPerTable: 2 });
  const definition = newTable("orders", {
    attributes: [{ name: "id", type: "S" }, { name: "group", type: "S" }], newIndexes: [newIndex("far", "global")],
  });
  cluster.outcome({ operation: "CreateTable", definition });
  cluster.run(1000);
  const { table } = update(cluster, { kind: "delete", name: "far" });
  assert.deepEqual(states(table!), ["UPDATING", "far DELETING"]);
  cluster.run(2000);
  assert.deepEqual(states(describe(cluster)), ["ACTIVE"]);
  assert.deepEqual(describe(cluster).attributes.map(({ name }) => name), ["id"]);
  assert.equal(cluster.map.partitions.length, 2);
  assert.equal(update(cluster, { kind: "delete", name: "far" }).refused?.type, "ResourceNotFoundException");
});

test("an index that is being filled can be given up", () => {
  const cluster = new FakeCluster({ seed: 4, zones: three, partitionsPerTable: 1 });
  cluster.createTable("orders");
  update(cluster, create("far"));
  assert.match(update(cluster, { kind: "delete", name: "far" }).refused?.message ?? "",
    /Index creation is in resource allocation phase\. .* Table: orders Index: far$/);
  cluster.run(2000);
  assert.match(cluster.outcome({ operation: "DeleteTable", name: "orders" }).refused?.message ?? "",
    /Cannot delete table while indexes are being created, updated, or deleted\.$/);
  assert.deepEqual(states(update(cluster, { kind: "delete", name: "far" }).table!), ["UPDATING", "far DELETING"]);
});

test("a deleted table takes the partitions of its indexes along", () => {
  const cluster = new FakeCluster({ seed: 5, zones: three, partitionsPerTable: 2 });
  const definition = newTable("orders", { newIndexes: [newIndex("far", "global")] });
  cluster.outcome({ operation: "CreateTable", definition });
  cluster.run(1000);
  cluster.outcome({ operation: "DeleteTable", name: "orders" });
  cluster.run(2000);
  assert.deepEqual(cluster.map.partitions, []);
  assert.deepEqual(cluster.map.tables, []);
  assert.deepEqual(cluster.nodes.map((node) => node.held.size), [0, 0, 0]);
});

test("time to live is switched on for one attribute and off again", () => {
  const cluster = new FakeCluster({ seed: 6, zones: three, partitionsPerTable: 1 });
  cluster.createTable("orders");
  const change = (attribute: string, enabled: boolean): ControlOutcome =>
    cluster.outcome({ operation: "UpdateTimeToLive", name: "orders", attribute, enabled });
  assert.equal(change("expires", false).refused?.message, "TimeToLive is already disabled");
  assert.equal(change("expires", true).table?.timeToLive, "expires");
  assert.equal(change("expires", true).refused?.message, "TimeToLive is already enabled");
  assert.equal(change("other", true).refused?.message,
    "TimeToLive is active on a different AttributeName: current AttributeName is expires");
  assert.equal(change("expires", false).table?.timeToLive, undefined);
});

test("a cluster that was told so refuses to change the time to live of a table again too soon", () => {
  const cluster = new FakeCluster({ seed: 6, zones: three, partitionsPerTable: 1, timeToLiveIntervalMs: 10_000 });
  for (const name of ["orders", "others"]) cluster.createTable(name);
  const change = (name: string, enabled: boolean) =>
    cluster.outcome({ operation: "UpdateTimeToLive", name, attribute: "expires", enabled }).refused?.message;
  assert.equal(change("orders", true), undefined);
  assert.equal(change("orders", true), "TimeToLive is already enabled", "what is the case is said first");
  assert.equal(change("orders", false), "Time to live has been modified multiple times within a fixed interval");
  assert.equal(change("others", true), undefined, "each table has its own interval");
  cluster.run(10_000);
  assert.equal(change("orders", false), undefined);
});
