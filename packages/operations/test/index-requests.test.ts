// What is said to requests about secondary indexes that cannot be.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { describeTable } from "@azimuth/operations/table-description.ts";
import { eventsTable, LocalTables } from "./local-table.ts";

const ready = { status: "ACTIVE", backfilling: false, throughput: { readUnits: 0, writeUnits: 0 } } as const;
const table: TableDefinition = {
  ...eventsTable,
  indexes: [
    {
      ...ready, indexId: 10, name: "byTime", kind: "local", projection: { kind: "KEYS_ONLY" },
      key: { partition: [{ name: "feed", type: "S" }], sort: [{ name: "at", type: "N" }] },
    },
    {
      ...ready, indexId: 11, name: "byAuthor", kind: "global", projection: { kind: "INCLUDE", attributes: ["title"] },
      key: { partition: [{ name: "author", type: "S" }], sort: [{ name: "at", type: "N" }] },
    },
    {
      ...ready, indexId: 12, name: "byPlace", kind: "global", projection: { kind: "ALL" }, status: "CREATING",
      key: { partition: [{ name: "place", type: "S" }], sort: [] },
    },
  ],
};
const tables = new LocalTables([table]);

function parse(operation: string, request: object) {
  return routerOperations.get(operation)!.parse({ TableName: "events", ...request }, tables.context);
}

const key = { feed: { S: "f" }, seq: { N: "1" } };

test("a put with a wrong value for an index's key is refused, and names the first index by name", () => {
  const put = (attributes: object) => () => parse("PutItem", { Item: { ...key, ...attributes } });
  assert.throws(put({ at: { S: "1" } }), {
    message: "One or more parameter values were invalid: Type mismatch for Index Key at Expected: N Actual: S " +
      "IndexName: byAuthor",
  });
  assert.throws(put({ author: { S: "" } }), {
    message: "One or more parameter values are not valid. A value specified for a secondary index key is not " +
      "supported. The AttributeValue for a key attribute cannot contain an empty string value. " +
      "IndexName: byAuthor, IndexKey: author",
  });
  put({ author: { S: "ann" } })();
});

test("an update that leaves a wrong value in an index's key is refused; one that does not touch it is not", () => {
  tables.call("PutItem", { TableName: "events", Item: key });
  const update = (value: object) => () => tables.call("UpdateItem", {
    TableName: "events", Key: key, UpdateExpression: "SET author = :a", ExpressionAttributeValues: { ":a": value },
  });
  assert.throws(update({ N: "1" }), {
    message: "The update expression attempted to update the secondary index key to unsupported type",
  });
  assert.throws(update({ S: "" }), /attempted to update a secondary index key to a value that is not supported/);
  update({ S: "ann" })();
});

const query = { KeyConditionExpression: "author = :a", ExpressionAttributeValues: { ":a": { S: "ann" } } };

const refusals: readonly (readonly [string, object, string])[] = [
  ["Query", { ...query, IndexName: "none" }, "The table does not have the specified index: none"],
  ["Query", { ...query, IndexName: "byAuthor", ConsistentRead: true },
    "Consistent reads are not supported on global secondary indexes"],
  ["Scan", { IndexName: "byAuthor", ConsistentRead: true },
    "Consistent reads are not supported on global secondary indexes"],
  ["Scan", { IndexName: "byPlace" }, "Cannot read from backfilling global secondary index: byPlace"],
  ["Query", { ...query, IndexName: "byAuthor", Select: "ALL_ATTRIBUTES" },
    "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary " +
      "index byAuthor because its projection type is not ALL"],
  ["Query", { ...query, IndexName: "byAuthor", ProjectionExpression: "title, body" },
    "One or more parameter values were invalid: Global secondary index byAuthor does not project [body]"],
  ["Query", { ...query, IndexName: "byAuthor", ExclusiveStartKey: key }, "The provided starting key is invalid"],
  ["Query", { ...query, IndexName: "byAuthor", FilterExpression: "author = :a" },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: author"],
  ["Query", { ...query, IndexName: "byTime" }, "Query condition missed key schema element: feed"],
  ["Query", {
    ...query, IndexName: "byAuthor", ExclusiveStartKey: { ...key, author: { S: "bob" }, at: { N: "1" } },
  }, "The provided starting key is outside query boundaries based on provided conditions"],
];

for (const [operation, request, message] of refusals) {
  test(`${operation}: ${message}`, () => {
    assert.throws(() => parse(operation, request), { type: "ValidationException", message });
  });
}

test("attributes that a local index does not project are fetched, and the command says so", () => {
  const select = (members: object): unknown => {
    const plan = parse("Query", {
      IndexName: "byTime", KeyConditionExpression: "feed = :f", ExpressionAttributeValues: { ":f": { S: "f" } }, ...members,
    });
    return (plan as { command: { fetch: unknown } }).command.fetch;
  };
  assert.equal(select({}), false);
  assert.equal(select({ ProjectionExpression: "seq" }), false);
  assert.equal(select({ ProjectionExpression: "body" }), true);
  assert.equal(select({ Select: "ALL_ATTRIBUTES" }), true);
});

const newTable = {
  AttributeDefinitions: [
    { AttributeName: "feed", AttributeType: "S" }, { AttributeName: "seq", AttributeType: "N" },
    { AttributeName: "at", AttributeType: "N" },
  ],
  KeySchema: [{ AttributeName: "feed", KeyType: "HASH" }, { AttributeName: "seq", KeyType: "RANGE" }],
  BillingMode: "PAY_PER_REQUEST",
};
const all = { ProjectionType: "ALL" };
const feedAndTime = [{ AttributeName: "feed", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }];
const local = { IndexName: "byTime", KeySchema: feedAndTime, Projection: all };
const global = { IndexName: "byAt", KeySchema: [{ AttributeName: "at", KeyType: "HASH" }], Projection: all };
const invalid = "One or more parameter values were invalid: ";

const refusedTables: readonly (readonly [object, string])[] = [
  [{ LocalSecondaryIndexes: [] }, `${invalid}List of LocalSecondaryIndexes is empty`],
  [{ LocalSecondaryIndexes: [{ ...local, KeySchema: [feedAndTime[0]] }] },
    `${invalid}Index KeySchema does not have a range key for index: byTime`],
  [{ LocalSecondaryIndexes: [{
    ...local, KeySchema: [{ AttributeName: "at", KeyType: "HASH" }, { AttributeName: "seq", KeyType: "RANGE" }],
  }] },
    `${invalid}Index KeySchema does not have the same leading hash key as table KeySchema for index: byTime. ` +
      "index hash key: at, table hash key: feed"],
  [{ GlobalSecondaryIndexes: [global, global] }, `${invalid}Duplicate index name: byAt`],
  [{ GlobalSecondaryIndexes: [{ ...global, Projection: { ProjectionType: "ALL", NonKeyAttributes: ["a"] } }] },
    `${invalid}ProjectionType is ALL, but NonKeyAttributes is specified`],
  [{ GlobalSecondaryIndexes: [{ ...global, KeySchema: [{ AttributeName: "other", KeyType: "HASH" }] }] },
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. ` +
      "Keys: [other], AttributeDefinitions: [feed, seq, at]"],
  [{ LocalSecondaryIndexes: [{ ...local, KeySchema: [feedAndTime[0], { AttributeName: "seq", KeyType: "RANGE" }] }] },
    `${invalid}Some AttributeDefinitions are not used. AttributeDefinitions: [feed, seq, at], keys used: [feed, seq]`],
  [{ LocalSecondaryIndexes: Array.from({ length: 6 }, (_, number) => ({ ...local, IndexName: `by-${number}` })) },
    `${invalid}Number of LocalSecondaryIndexes exceeds per-table limit of 5`],
  [{ GlobalSecondaryIndexes: Array.from({ length: 21 }, (_, number) => ({ ...global, IndexName: `by-${number}` })) },
    `${invalid}GlobalSecondaryIndex count exceeds the per-table limit of 20`],
];

for (const [change, message] of refusedTables) {
  test(`CreateTable: ${message}`, () => {
    assert.throws(() => parse("CreateTable", { ...newTable, ...change }), { type: "ValidationException", message });
  });
}

test("UpdateTable makes or deletes one index at a time", () => {
  const create = { Create: { ...global } };
  const update = (GlobalSecondaryIndexUpdates: object[]) => () =>
    parse("UpdateTable", { AttributeDefinitions: newTable.AttributeDefinitions, GlobalSecondaryIndexUpdates });
  assert.throws(update([create, { Delete: { IndexName: "byAuthor" } }]), {
    type: "LimitExceededException",
    message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
  });
  assert.throws(update([{}]), /One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create/);
  const plan = update([create])() as unknown as { command: { indexUpdate: { kind: string; attributes: object } } };
  assert.deepEqual(plan.command.indexUpdate.attributes, [{ name: "at", type: "N" }]);
});

test("DescribeTable shows indexes with their states, and Backfilling only while one is made on a live table", () => {
  const place = { region: "us-east-1", accountId: "1" };
  const sizes = { itemCount: 3, bytes: 30, indexes: { byAuthor: { itemCount: 2, bytes: 20 } } };
  const described = describeTable(table, sizes, place) as {
    GlobalSecondaryIndexes: readonly Record<string, unknown>[]; LocalSecondaryIndexes: readonly Record<string, unknown>[];
  };
  const [author, placed] = described.GlobalSecondaryIndexes;
  assert.deepEqual([author!["IndexStatus"], author!["ItemCount"], author!["Backfilling"]], ["ACTIVE", 2, undefined]);
  assert.deepEqual([placed!["IndexStatus"], placed!["Backfilling"]], ["CREATING", false]);
  assert.equal(described.LocalSecondaryIndexes[0]!["IndexArn"], "arn:aws:dynamodb:us-east-1:1:table/events/index/byTime");
});
