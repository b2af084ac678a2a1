// SELECT from an index: the same ranges of the same index as a Query with the same conditions.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import type { RangeReadCommand } from "@azimuth/operations/operation.ts";
import type { RangeReadPlan } from "@azimuth/operations/plan.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { eventsTable, LocalTables } from "./local-table.ts";

const base: Omit<IndexDefinition, "indexId" | "name" | "kind" | "key" | "projection"> = {
  status: "ACTIVE", backfilling: false, throughput: { readUnits: 0, writeUnits: 0 },
};
const indexed: TableDefinition = {
  ...eventsTable,
  indexes: [
    {
      ...base, indexId: 11, name: "by-user", kind: "global", projection: { kind: "INCLUDE", attributes: ["title"] },
      key: { partition: [{ name: "user", type: "S" }], sort: [{ name: "at", type: "N" }] },
    },
    {
      ...base, indexId: 12, name: "by-at", kind: "local", projection: { kind: "KEYS_ONLY" },
      key: { partition: [{ name: "feed", type: "S" }], sort: [{ name: "at", type: "N" }] },
    },
    {
      ...base, indexId: 13, name: "wide", kind: "global", projection: { kind: "ALL" },
      key: { partition: [{ name: "a", type: "S" }, { name: "b", type: "S" }], sort: [] },
    },
  ],
};
const { context } = new LocalTables([indexed]);

const conditions = [
  "at = :x", "at < :x", "at <= :x", "at > :x", "at >= :x", "at BETWEEN :x AND :y",
];

test("conditions on an index's keys become the ranges of a Query", () => {
  for (const [index, partition] of [["by-user", "user"], ["by-at", "feed"]] as const) {
    for (const condition of conditions) {
      const values = condition.replace("at", '"at"').replace(":x", "5").replace(":y", "7");
      const selected = commandOf(`SELECT seq FROM "events"."${index}" WHERE "${partition}" = 'u' AND ${values}`);
      const queried = (routerOperations.get("Query")!.parse({
        TableName: "events", IndexName: index,
        KeyConditionExpression: `#p = :p AND ${condition.replace("at", "#at")}`,
        ExpressionAttributeNames: { "#p": partition, "#at": "at" },
        ExpressionAttributeValues: {
          ":p": { S: "u" }, ":x": { N: "5" }, ...(condition.includes(":y") ? { ":y": { N: "7" } } : {}),
        },
      }, context) as RangeReadPlan).command;
      for (const member of ["tableId", "indexId", "fetch", "token", "start", "end"]) {
        assert.deepEqual(selected[member], queried[member], `${index} ${condition} ${member}`);
      }
    }
  }
});

test("without the index's partition key the index is scanned", () => {
  const command = commandOf("SELECT * FROM events.\"by-user\" WHERE feed = 'f' AND body = 'x'");
  assert.equal(command.operation, "Scan");
  assert.equal(command.indexId, 11);
});

test("a local index fetches the columns it does not have", () => {
  assert.equal(commandOf("SELECT title FROM events.\"by-at\" WHERE feed = 'f'").fetch, true);
  assert.equal(commandOf("SELECT seq FROM events.\"by-at\" WHERE feed = 'f'").fetch, false);
});

const refusals: readonly (readonly [statement: string, message: string, consistent?: boolean])[] = [
  ["SELECT * FROM events.none", "The table does not have the specified index"],
  ["SELECT * FROM events.none", "The table does not have the specified index", true],
  ["SELECT * FROM events.wide WHERE a = 'x'", "PartiQL statements cannot be executed on tables with multi-attribute " +
    "HASH keys or multi-attribute RANGE keys."],
  ["SELECT seq FROM events.\"by-at\" WHERE feed = 'f' AND body = 'x'",
    "One or more parameter values were invalid: Secondary index by-at " +
      "does not project one or more filter attributes: [body]"],
  ["SELECT * FROM events.\"by-user\"", "Strongly consistent read is not supported on Global Secondary Indexes", true],
  ["SELECT body, seq, k FROM events.\"by-user\" WHERE \"user\" = 'u'",
    "One or more parameter values were invalid: Global secondary index by-user does not project [body, k]"],
  ["SELECT body FROM events.\"by-user\"",
    "One or more parameter values were invalid: Global secondary index by-user does not project [body]"],
  ["SELECT * FROM events.\"by-user\" WHERE \"user\" = 'u' AND NOT (body = 1 OR title = 'x')",
    "One or more parameter values were invalid: Secondary index by-user " +
      "does not project one or more filter attributes: [body]"],
  ["SELECT * FROM events.\"by-user\" WHERE \"user\" = 'u' ORDER BY seq",
    "Attribute seq in ORDER BY clause must be part of the primary key"],
  ["SELECT * FROM events.\"by-user\" WHERE \"user\" = 5",
    "Key attribute's data type should match its data type in table's schema: Key user"],
  ["UPDATE events.\"by-user\" SET n = 1 WHERE feed = 'f' AND seq = 1", "This operation is not supported on an index"],
];

test("what an index cannot give is refused", () => {
  for (const [statement, message, consistent] of refusals) {
    assert.throws(() => commandOf(statement, consistent), { name: "ValidationException", message });
  }
});

/** The first read of a SELECT. */
function commandOf(Statement: string, ConsistentRead?: boolean): RangeReadCommand {
  const operation = routerOperations.get("ExecuteStatement")!;
  return (operation.parse({ Statement, ConsistentRead }, context) as RangeReadPlan).command;
}
