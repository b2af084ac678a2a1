// Secondary indexes: what they hold, in which order, what they project, and how they are read.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, call, eventually, invalid, n, put, refuses, s, untilStatus, V, type Answer, type Attributes,
} from "../harness.ts";

const TableName = "indexed";
const key = (partition: string, sort: string) =>
  [{ AttributeName: partition, KeyType: "HASH" }, { AttributeName: sort, KeyType: "RANGE" }];
const items: readonly Attributes[] = Array.from({ length: 8 }, (_, place) => ({
  pk: s(`p${place % 2}`), sk: n(place), kind: s(place < 5 ? "a" : "b"), score: n(100 - place), extra: s(`e${place}`), more: n(place),
}));

function query(IndexName: string, condition: string, values: Attributes, more: object = {}): Promise<Answer> {
  return call("Query", { TableName, IndexName, KeyConditionExpression: condition, ExpressionAttributeValues: values, ...more });
}
const sorted = (answer: Answer) => answer.Items?.map(({ sk }) => Number(sk?.N));

describe("indexes", () => {
  before(async () => {
    await call("CreateTable", {
      TableName, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: Object.entries({ pk: "S", sk: "N", kind: "S", score: "N" })
        .map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
      KeySchema: key("pk", "sk"),
      GlobalSecondaryIndexes: [
        { IndexName: "all", KeySchema: key("kind", "score"), Projection: { ProjectionType: "ALL" } },
        { IndexName: "keys", KeySchema: key("kind", "score"), Projection: { ProjectionType: "KEYS_ONLY" } },
        {
          IndexName: "some", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }],
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["extra"] },
        },
      ],
      LocalSecondaryIndexes: [
        { IndexName: "local", KeySchema: key("pk", "score"), Projection: { ProjectionType: "ALL" } },
        { IndexName: "local-keys", KeySchema: key("pk", "score"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    });
    await untilStatus(TableName, "ACTIVE");
    await put(TableName, ...items);
  });

  test("a global index is in the order of its own sort key", () => eventually(async () => {
    assert.deepEqual(sorted(await query("all", "kind = :k", { ":k": s("a") })), [4, 3, 2, 1, 0]);
    assert.deepEqual(sorted(await query("all", "kind = :k", { ":k": s("b") }, { ScanIndexForward: false })), [5, 6, 7]);
    assert.deepEqual(sorted(await query("all", "kind = :k AND score > :r", { ":k": s("a"), ":r": n(97) })), [2, 1, 0]);
  }));

  test("a projection of keys has the index's and the table's", () => eventually(async () => {
    const { Items } = await query("keys", "kind = :k AND score = :r", { ":k": s("a"), ":r": n(97) });
    assert.deepEqual(Items, [{ pk: s("p1"), sk: n(3), kind: s("a"), score: n(97) }]);
  }));

  test("a projection of some attributes has them and the keys", () => eventually(async () => {
    const { Items } = await query("some", "kind = :k", { ":k": s("b") });
    assert.equal(Items?.length, 3);
    for (const item of Items ?? []) assert.deepEqual(Object.keys(item).toSorted(), ["extra", "kind", "pk", "sk"]);
  }));

  test("a local index is read strongly, in the order of its sort key", async () => {
    const strong = { ConsistentRead: true };
    assert.deepEqual(sorted(await query("local", "pk = :p", { ":p": s("p0") }, strong)), [6, 4, 2, 0]);
    assert.deepEqual(sorted(await query("local", "pk = :p AND score < :r", { ":p": s("p0"), ":r": n(97) }, strong)), [6, 4]);
  });

  test("a local index fetches from the table what it does not hold", async () => {
    const { Items } = await query("local-keys", "pk = :p AND score = :r", { ":p": s("p0"), ":r": n(98) },
      { ConsistentRead: true, Select: "ALL_ATTRIBUTES" });
    assert.deepEqual(Items, [items[2]]);
  });

  test("pages of an index go on after both keys", () => eventually(async () => {
    const first = await query("all", "kind = :k", { ":k": s("a") }, { Limit: 2 });
    assert.deepEqual(first.LastEvaluatedKey, { pk: s("p1"), sk: n(3), kind: s("a"), score: n(97) });
    const rest = await query("all", "kind = :k", { ":k": s("a") }, { ExclusiveStartKey: first.LastEvaluatedKey });
    assert.deepEqual(sorted(rest), [2, 1, 0]);
  }));

  test("an index is scanned", () => eventually(async () => {
    const { Items } = await call("Scan", { TableName, IndexName: "keys" });
    assert.deepEqual(Items?.map(({ sk }) => Number(sk?.N)).toSorted((x, y) => x - y), [0, 1, 2, 3, 4, 5, 6, 7]);
  }));

  test("an index follows changes of its keys, and lets go of items without them", async () => {
    const Key = { pk: s("moving"), sk: n(1) };
    const entries = async (kind: string) => (await query("all", "kind = :k", { ":k": s(kind) })).Items;
    await put(TableName, { ...Key, kind: s("before"), score: n(1) });
    await eventually(async () => assert.equal((await entries("before"))?.length, 1));
    await put(TableName, { ...Key, kind: s("after"), score: n(1), v: n(1) });
    await eventually(async () => assert.deepEqual([await entries("before"), await entries("after")],
      [[], [{ ...Key, kind: s("after"), score: n(1), v: n(1) }]]));
    await call("UpdateItem", { TableName, Key, UpdateExpression: "REMOVE kind" });
    await eventually(async () => assert.deepEqual(await entries("after"), []));
  });

  test("the table describes its indexes", async () => {
    const { Table } = await call("DescribeTable", { TableName });
    assert.deepEqual(Table?.GlobalSecondaryIndexes?.map(({ IndexName, IndexStatus }) => [IndexName, IndexStatus]).toSorted(),
      [["all", "ACTIVE"], ["keys", "ACTIVE"], ["some", "ACTIVE"]]);
    assert.deepEqual(Table?.LocalSecondaryIndexes?.map(({ IndexName }) => IndexName).toSorted(), ["local", "local-keys"]);
    assert.equal(Table?.GlobalSecondaryIndexes?.[0]?.IndexArn, `${Table?.TableArn}/index/${Table?.GlobalSecondaryIndexes?.[0]?.IndexName}`);
  });

  test("the table tells, after a while, how many items each index holds, of which one is only in the local ones", async () => {
    await eventually(async () => {
      const { Table } = await call("DescribeTable", { TableName });
      const described = [...(Table?.GlobalSecondaryIndexes ?? []), ...(Table?.LocalSecondaryIndexes ?? [])];
      assert.deepEqual(described.map(({ ItemCount }) => ItemCount), [8, 8, 8, 9, 9]);
      for (const { IndexSizeBytes } of described) assert.ok(IndexSizeBytes !== undefined && IndexSizeBytes > 8 * 10);
    });
  });

  const byKind = { KeyConditionExpression: "kind = :k", ExpressionAttributeValues: { ":k": s("a") } };
  const refused: readonly (readonly [string, string, object, string | RegExp])[] = [
    ["a strong read of a global index", "Query", { IndexName: "all", ...byKind, ConsistentRead: true },
      "Consistent reads are not supported on global secondary indexes"],
    ["a strong scan of a global index", "Scan", { IndexName: "all", ConsistentRead: true },
      "Consistent reads are not supported on global secondary indexes"],
    ["all attributes of a global index that has not all", "Query",
      { IndexName: "keys", ...byKind, Select: "ALL_ATTRIBUTES" },
      `${invalid}Select type ALL_ATTRIBUTES is not supported for global secondary index keys ` +
        "because its projection type is not ALL"],
    ["the table's key in a query of an index", "Query", { IndexName: "all", ...byKind, KeyConditionExpression: "pk = :k" },
      "Query condition missed key schema element: kind"],
    ["a value of another type for an index's key", "PutItem", { Item: { pk: s("a"), sk: n(1), kind: n(5) } },
      /^One or more parameter values were invalid: Type mismatch for Index Key kind Expected: S Actual: N IndexName: /],
    ["an empty value for an index's key", "PutItem", { Item: { pk: s("a"), sk: n(1), kind: s(""), score: n(1) } },
      /^One or more parameter values are not valid\. A value specified for a secondary index key is not supported\. /],
  ];
  for (const [name, operation, input, message] of refused) {
    test(`${operation} refuses ${name}`, () => assertRefused(operation, { TableName, ...input }, V, message));
  }
});

const definition = {
  TableName: "never-indexed", BillingMode: "PAY_PER_REQUEST", KeySchema: key("pk", "sk"),
  AttributeDefinitions: ["pk", "sk", "other"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
};
const index = { IndexName: "abc", KeySchema: key("pk", "other"), Projection: { ProjectionType: "ALL" } };
refuses("CreateTable", [
  ["an empty list of local indexes", { ...definition, LocalSecondaryIndexes: [] },
    `${invalid}List of LocalSecondaryIndexes is empty`],
  ["an empty list of global indexes", { ...definition, GlobalSecondaryIndexes: [] },
    `${invalid}List of GlobalSecondaryIndexes is empty`],
  ["two indexes of one name", { ...definition, GlobalSecondaryIndexes: [index, index] },
    `${invalid}Duplicate index name: abc`],
  ["a local index with another partition key", {
    ...definition, LocalSecondaryIndexes: [{ ...index, KeySchema: key("other", "sk") }],
  }, `${invalid}Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. ` +
    "index hash key: other, table hash key: pk"],
  ["a local index without a sort key", {
    ...definition, LocalSecondaryIndexes: [{ ...index, KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] }],
  }, `${invalid}Index KeySchema does not have a range key for index: abc`],
  ["a local index of a table without a sort key", {
    ...definition, KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }], LocalSecondaryIndexes: [index],
    AttributeDefinitions: ["pk", "other"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
  }, `${invalid}Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex`],
  ["attributes of a projection of all", {
    ...definition, GlobalSecondaryIndexes: [{ ...index, Projection: { ProjectionType: "ALL", NonKeyAttributes: ["x"] } }],
  }, `${invalid}ProjectionType is ALL, but NonKeyAttributes is specified`],
  ["units of an index of an on-demand table", {
    ...definition,
    GlobalSecondaryIndexes: [{ ...index, ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } }],
  }, `${invalid}ProvisionedThroughput should not be specified for index: abc when BillingMode is PAY_PER_REQUEST`],
  ["a name of two characters for an index", { ...definition, GlobalSecondaryIndexes: [{ ...index, IndexName: "ab" }] },
    /Value 'ab' at 'globalSecondaryIndexes\.1\.member\.indexName' .*Member must have length greater than or equal to 3/],
]);
