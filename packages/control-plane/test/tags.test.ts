import { test } from "node:test";
import assert from "node:assert/strict";
import { FakeCluster, newTable } from "./fake-cluster.ts";

const numbered = (from: number, to: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: to - from }, (_, place) => [`key-${from + place}`, "x"]));

test("tags merge, are replaced by key, and go by key", () => {
  const cluster = new FakeCluster({ seed: 1, zones: { a: 1, b: 1, c: 1 } });
  cluster.outcome({ operation: "CreateTable", definition: newTable("orders", { tags: { team: "blue" } }) });
  cluster.outcome({ operation: "TagResource", name: "orders", tags: { tier: "1" } });
  cluster.outcome({ operation: "TagResource", name: "orders", tags: { team: "red" } });
  assert.deepEqual(cluster.outcome({ operation: "DescribeTable", name: "orders" }).table?.tags,
    { team: "red", tier: "1" });
  cluster.outcome({ operation: "UntagResource", name: "orders", keys: ["team", "never-there"] });
  assert.deepEqual(cluster.outcome({ operation: "DescribeTable", name: "orders" }).table?.tags, { tier: "1" });
});

test("a table has at most 50 tags, however they come", () => {
  const cluster = new FakeCluster({ seed: 2, zones: { a: 1, b: 1, c: 1 } });
  cluster.outcome({ operation: "CreateTable", definition: newTable("orders", { tags: numbered(0, 30) }) });
  assert.equal(cluster.outcome({ operation: "TagResource", name: "orders", tags: numbered(10, 50) }).refused, undefined);
  const tags = { "key-50": "x" };
  assert.equal(cluster.outcome({ operation: "TagResource", name: "orders", tags }).refused?.type, "ValidationException");
  assert.equal(cluster.outcome({ operation: "TagResource", name: "orders", tags: { "key-3": "y" } }).refused, undefined);
});

test("the tags of a table that is not there are not found", () => {
  const cluster = new FakeCluster({ seed: 3, zones: { a: 1, b: 1, c: 1 } });
  for (const command of [
    { operation: "TagResource", name: "gone", tags: {} }, { operation: "UntagResource", name: "gone", keys: [] },
  ] as const) {
    assert.equal(cluster.outcome(command).refused?.type, "ResourceNotFoundException");
  }
});
