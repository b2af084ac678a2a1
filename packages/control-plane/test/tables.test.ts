import { test } from "node:test";
import assert from "node:assert/strict";
import type { NewIndex } from "@azimuth/model/table.ts";
import type { ControlOutcome } from "../src/commands.ts";
import { initialPartitionCount } from "../src/partition-count.ts";
import { FakeCluster, newTable } from "./fake-cluster.ts";

const three = { a: 2, b: 2, c: 2 };

test("a new table is CREATING, spread over three zones, and ACTIVE once its partitions have leaders", () => {
  const cluster = new FakeCluster({ seed: 1, zones: three });
  const { table } = cluster.outcome({ operation: "CreateTable", definition: newTable("orders") });
  assert.equal(table?.status, "CREATING");
  assert.match(table.uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(cluster.map.partitions.length, 4);
  for (const partition of cluster.map.partitions) assert.equal(new Set(cluster.zonesOf(partition)).size, 3);
  cluster.run(1000);
  const described = cluster.outcome({ operation: "DescribeTable", name: "orders" });
  assert.equal(described.table?.status, "ACTIVE");
  assert.deepEqual(described.sizes, { itemCount: 28, bytes: 400 });
});

test("a few partitions are spread evenly over the nodes of each zone", () => {
  const cluster = new FakeCluster({ seed: 2, zones: three });
  cluster.createTable("one");
  const held = cluster.nodes.map((node) => node.held.size);
  assert.deepEqual(held, [2, 2, 2, 2, 2, 2]);
});

test("a deleted table is DELETING until its replicas are gone, and its name can be used again", () => {
  const cluster = new FakeCluster({ seed: 3, zones: three });
  cluster.createTable("orders");
  const { table } = cluster.outcome({ operation: "DeleteTable", name: "orders" });
  assert.equal(table?.status, "DELETING");
  assert.deepEqual(refusal(cluster.outcome({ operation: "DeleteTable", name: "orders" })), [
    "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being deleted: orders"]);
  cluster.run(2000);
  assert.deepEqual(refusal(cluster.outcome({ operation: "DescribeTable", name: "orders" })), [
    "ResourceNotFoundException", "Requested resource not found: Table: orders not found"]);
  assert.deepEqual(cluster.nodes.map((node) => node.held.size), [0, 0, 0, 0, 0, 0]);
  cluster.createTable("orders");
  assert.notEqual(cluster.map.tables[0]?.tableId, table.tableId);
});

/** A table of one partition, most of whose replicas are on nodes without a replica of group 0, and those nodes. */
function tableBesideTheFounders(cluster: FakeCluster): { readonly name: string; readonly nodes: readonly string[] } {
  for (const name of ["one", "two"]) cluster.createTable(name);
  for (const { name, tableId } of cluster.map.tables) {
    const { partition } = cluster.map.partitions.find((record) => record.tableId === tableId)!;
    const nodes = cluster.nodes.filter((node) => node.held.has(partition) && !cluster.planes.has(node.number));
    if (nodes.length >= 2) return { name, nodes: nodes.slice(0, 2).map((node) => node.name) };
  }
  throw new Error("both tables are on the founders");
}

function isListed(cluster: FakeCluster, table: string): boolean {
  return cluster.map.tables.some(({ name }) => name === table);
}

test("a table stays DELETING while silent nodes could go on serving it, until they return", () => {
  const cluster = new FakeCluster({ seed: 8, zones: three, partitionsPerTable: 1 });
  const { name, nodes } = tableBesideTheFounders(cluster);
  for (const node of nodes) cluster.kill(node);
  cluster.outcome({ operation: "DeleteTable", name });
  cluster.run(20_000);
  assert.equal(cluster.outcome({ operation: "DescribeTable", name }).table?.status, "DELETING");
  for (const node of nodes) cluster.restart(node);
  cluster.runUntil(() => !isListed(cluster, name), 2000, "deleted");
});

test("a table is gone although most of its replicas are lost for good", () => {
  const cluster = new FakeCluster({ seed: 8, zones: three, partitionsPerTable: 1, autoadmin: { nodeDeadAfterMs: 8000 } });
  const { name, nodes } = tableBesideTheFounders(cluster);
  cluster.kill(nodes[0]!);
  cluster.run(4000);
  cluster.kill(nodes[1]!);
  cluster.outcome({ operation: "DeleteTable", name });
  cluster.run(7000);
  assert.ok(isListed(cluster, name), "the one that is lost and the one that may be alive are a majority");
  cluster.runUntil(() => !isListed(cluster, name), 3000, "deleted");
});

test("one silent node delays no deletion", () => {
  const cluster = new FakeCluster({ seed: 8, zones: three, partitionsPerTable: 1 });
  const { name, nodes } = tableBesideTheFounders(cluster);
  cluster.kill(nodes[0]!);
  cluster.outcome({ operation: "DeleteTable", name });
  cluster.runUntil(() => !isListed(cluster, name), 5000, "deleted");
});

test("refusals carry DynamoDB's words", () => {
  const cluster = new FakeCluster({ seed: 4, zones: three });
  cluster.outcome({ operation: "CreateTable", definition: newTable("orders") });
  assert.deepEqual(refusal(cluster.outcome({ operation: "CreateTable", definition: newTable("orders") })), [
    "ResourceInUseException", "Table already exists: orders"]);
  assert.deepEqual(refusal(cluster.outcome({ operation: "DeleteTable", name: "orders" })), [
    "ResourceInUseException", "Attempt to change a resource which is still in use: Table is being created: orders"]);
  cluster.outcome({ operation: "CreateTable", definition: newTable("kept", { deletionProtection: true }) });
  cluster.run(1000);
  assert.deepEqual(refusal(cluster.outcome({ operation: "DeleteTable", name: "kept" })), ["ValidationException",
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."]);
  cluster.outcome({ operation: "UpdateTable", name: "kept", change: { deletionProtection: false } });
  assert.equal(cluster.outcome({ operation: "DeleteTable", name: "kept" }).table?.status, "DELETING");
});

test("a change of capacity makes a table UPDATING and then ACTIVE again", () => {
  const cluster = new FakeCluster({ seed: 5, zones: three });
  cluster.createTable("orders");
  const change = { billingMode: "PROVISIONED" as const, throughput: { readUnits: 5, writeUnits: 6 } };
  assert.equal(cluster.outcome({ operation: "UpdateTable", name: "orders", change }).table?.status, "UPDATING");
  cluster.run(1000);
  const { table } = cluster.outcome({ operation: "DescribeTable", name: "orders" });
  assert.equal(table?.status, "ACTIVE");
  assert.deepEqual(table.throughput, change.throughput);
});

test("a table that has lost partitions of an index ends its change of capacity, and can be deleted", () => {
  const cluster = new FakeCluster({ seed: 5, zones: three, partitionsPerTable: 1 });
  const far: NewIndex = {
    name: "far", kind: "global", key: { partition: [{ name: "id", type: "S" }], sort: [] }, projection: { kind: "ALL" },
    throughput: { readUnits: 0, writeUnits: 0 },
  };
  cluster.outcome({ operation: "CreateTable", definition: newTable("orders", { newIndexes: [far] }) });
  cluster.run(1000);
  const { indexId } = cluster.map.tables[0]!.indexes![0]!;
  const index = cluster.map.partitions.find(({ tableId }) => tableId === indexId)!.partition;
  for (const { held } of cluster.nodes) if (held.has(index)) held.get(index)!.corrupted = true;
  cluster.run(1000);
  assert.equal(cluster.groups.get(index)?.leader, 0);
  const change = { billingMode: "PROVISIONED" as const, throughput: { readUnits: 5, writeUnits: 6 } };
  const indexUpdate = { kind: "change" as const, changes: [{ name: "far", throughput: change.throughput }] };
  cluster.outcome({ operation: "UpdateTable", name: "orders", change, indexUpdate });
  cluster.run(1000);
  assert.equal(cluster.outcome({ operation: "DescribeTable", name: "orders" }).table?.status, "ACTIVE");
  cluster.outcome({ operation: "DeleteTable", name: "orders" });
  cluster.runUntil(() => !isListed(cluster, "orders"), 2000, "deleted");
});

test("tables are listed in the order of their names, page by page", () => {
  const cluster = new FakeCluster({ seed: 6, zones: three, partitionsPerTable: 1 });
  for (const name of ["b", "B", "a-1", "a.1"]) cluster.createTable(`tab-${name}`);
  const first = cluster.outcome({ operation: "ListTables", limit: 3 });
  assert.deepEqual(first, { names: ["tab-B", "tab-a-1", "tab-a.1"], last: "tab-a.1" });
  assert.deepEqual(cluster.outcome({ operation: "ListTables", exclusiveStart: "tab-a.1", limit: 3 }), { names: ["tab-b"] });
});

test("of two tables of one name created at once, one is made", () => {
  const cluster = new FakeCluster({ seed: 7, zones: three });
  const outcomes: ControlOutcome[] = [];
  for (let i = 0; i < 2; i++) {
    cluster.plane.handle({ operation: "CreateTable", definition: newTable("same") }, (answer) => {
      assert.equal(answer.status, "ok");
      outcomes.push((answer as { outcome: ControlOutcome }).outcome);
    });
  }
  cluster.run(1000);
  assert.deepEqual(outcomes.map((outcome) => outcome.refused?.type), [undefined, "ResourceInUseException"]);
  assert.equal(cluster.map.tables.length, 1);
});

test("a table starts with as many partitions as DynamoDB's limits per partition ask for", () => {
  const provisioned = (readUnits: number, writeUnits: number): number =>
    initialPartitionCount({ billingMode: "PROVISIONED", throughput: { readUnits, writeUnits } });
  assert.equal(provisioned(5, 5), 1);
  assert.equal(provisioned(3000, 0), 1);
  assert.equal(provisioned(3000, 1), 2);
  assert.equal(provisioned(12_000, 4000), 8);
  assert.equal(initialPartitionCount({ billingMode: "PAY_PER_REQUEST", throughput: { readUnits: 0, writeUnits: 0 } }), 4);
});

function refusal(outcome: ControlOutcome): readonly (string | undefined)[] {
  return [outcome.refused?.type, outcome.refused?.message];
}
