// What writing to and reading from a table with indexes costs, arm by arm, what ItemCollectionMetrics tells, and keys
// of indexes that consist of several attributes.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, call, createTable, eventually, invalid, n, put, s, V, type Answer, type Attributes,
} from "../harness.ts";

const key = (hash: readonly string[], range: readonly string[] = []) => [
  ...hash.map((AttributeName) => ({ AttributeName, KeyType: "HASH" })),
  ...range.map((AttributeName) => ({ AttributeName, KeyType: "RANGE" })),
];
const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
const index = (IndexName: string, KeySchema: object, ProjectionType: string, NonKeyAttributes?: readonly string[]) =>
  ({ IndexName, KeySchema, Projection: { ProjectionType, NonKeyAttributes } });

/** Units by the part of the table: table, then indexes by name. */
type Arms = Readonly<Record<string, number>>;
interface Capacity {
  readonly CapacityUnits: number;
  readonly WriteCapacityUnits?: number;
  readonly Table?: { readonly CapacityUnits: number };
  readonly LocalSecondaryIndexes?: Record<string, { readonly CapacityUnits: number }>;
  readonly GlobalSecondaryIndexes?: Record<string, { readonly CapacityUnits: number }>;
}
function arms(answer: Answer): Arms {
  const [capacity] = [answer.ConsumedCapacity].flat() as unknown as readonly Capacity[];
  assert.ok(capacity?.Table !== undefined, "capacity was asked for by index");
  const { CapacityUnits, Table, LocalSecondaryIndexes, GlobalSecondaryIndexes } = capacity;
  const indexes = Object.entries({ ...LocalSecondaryIndexes, ...GlobalSecondaryIndexes }).map(([name, each]) => [name, each.CapacityUnits]);
  const parts: Arms = { table: Table.CapacityUnits, ...Object.fromEntries(indexes) };
  assert.equal(CapacityUnits, Object.values(parts).reduce((sum, units) => sum + units, 0), "the parts add up");
  return parts;
}

describe("the cost of indexes", () => {
  const TableName = "indexed-cost";
  before(async () => {
    await createTable(TableName, "SS", {
      AttributeDefinitions: ["pk", "sk", "l", "g", "h"].map(text),
      LocalSecondaryIndexes: [index("lkeys", key(["pk"], ["l"]), "KEYS_ONLY"), index("lall", key(["pk"], ["l"]), "ALL")],
      GlobalSecondaryIndexes: [index("gkeys", key(["g"]), "KEYS_ONLY"), index("gsome", key(["g"], ["h"]), "INCLUDE", ["extra"])],
    });
  });
  const asked = { TableName, ReturnConsumedCapacity: "INDEXES", ReturnItemCollectionMetrics: "SIZE" };
  const collection = (pk: string) => ({ ItemCollectionKey: { pk: s(pk) }, SizeEstimateRangeGB: [0, 1] });

  test("a write costs each index that changes what its own entry costs, twice when the entry moves", async () => {
    const Key = { pk: s("p"), sk: s("a") };
    const Item = { ...Key, l: s("1"), g: s("g1"), h: s("h1"), extra: s("e".repeat(1500)), body: s("x".repeat(2990)) };
    const update = async (UpdateExpression: string, value?: string) => arms(await call("UpdateItem", {
      ...asked, Key, UpdateExpression, ...(value === undefined ? {} : { ExpressionAttributeValues: { ":v": s(value) } }),
    }));
    assert.deepEqual(arms(await call("PutItem", { ...asked, Item })), { table: 5, lkeys: 1, lall: 5, gkeys: 1, gsome: 2 });
    assert.deepEqual(arms(await call("PutItem", { ...asked, Item })), { table: 5 }, "nothing that an index holds changed");
    assert.deepEqual(await update("SET body = :v", "y"), { table: 5, lall: 5 }, "projected into one index, the larger image");
    assert.deepEqual(await update("SET g = :v", "g2"), { table: 2, lall: 2, gkeys: 2, gsome: 4 });
    assert.deepEqual(await update("SET l = :v", "2"), { table: 2, lkeys: 2, lall: 4 });
    assert.deepEqual(await update("REMOVE h"), { table: 2, lall: 2, gsome: 2 }, "an entry goes");
    assert.deepEqual(arms(await call("DeleteItem", { ...asked, Key })), { table: 2, lkeys: 1, lall: 2, gkeys: 1 });
    assert.deepEqual(arms(await call("DeleteItem", { ...asked, Key })), { table: 1 });
  });

  const item = (pk: string, sk: string): Attributes =>
    ({ pk: s(pk), sk: s(sk), l: s(`1${sk}`), g: s(`g-${pk}`), h: s("h"), extra: s("e"), body: s("x".repeat(5000)) });

  test("a batch adds up, and tells each collection once", async () => {
    const answer = await call("BatchWriteItem", {
      ReturnConsumedCapacity: "INDEXES", ReturnItemCollectionMetrics: "SIZE",
      RequestItems: { [TableName]: [item("b", "1"), item("b", "2"), { pk: s("c"), sk: s("1") }].map((Item) => ({ PutRequest: { Item } })) },
    });
    assert.deepEqual(arms(answer), { table: 11, lkeys: 2, lall: 10, gkeys: 2, gsome: 2 });
    assert.deepEqual(answer.ItemCollectionMetrics, { [TableName]: [collection("b"), collection("c")] });
  });

  test("a transaction costs the table twice, its indexes once", async () => {
    await put(TableName, item("t", "1"), item("t", "2"));
    const answer = await call("TransactWriteItems", {
      ReturnConsumedCapacity: "INDEXES", ReturnItemCollectionMetrics: "SIZE",
      TransactItems: [
        { Put: { TableName, Item: item("t", "3") } },
        { Update: { TableName, Key: { pk: s("t"), sk: s("1") }, UpdateExpression: "REMOVE g" } },
        { ConditionCheck: { TableName, Key: { pk: s("t"), sk: s("2") }, ConditionExpression: "attribute_exists(pk)" } },
      ],
    });
    assert.deepEqual(arms(answer), { table: 30, lkeys: 1, lall: 10, gkeys: 2, gsome: 2 });
    assert.deepEqual(answer.ItemCollectionMetrics, { [TableName]: [collection("t")] });
    const [capacity] = answer.ConsumedCapacity as unknown as readonly Capacity[];
    assert.equal(capacity?.WriteCapacityUnits, 45);
  });

  test("every write tells its collection, and none when it was not asked or there are no local indexes", async () => {
    const Key = { pk: s("m"), sk: s("1") };
    for (const [operation, input] of [["PutItem", { Item: Key }], ["UpdateItem", { Key }], ["DeleteItem", { Key }]] as const) {
      assert.deepEqual((await call(operation, { ...asked, ...input })).ItemCollectionMetrics, collection("m"));
      assert.equal((await call(operation, { TableName, ...input })).ItemCollectionMetrics, undefined);
      const plain = await call(operation, { TableName: "by-text-then-text", ...input }).catch(() => undefined);
      assert.equal(plain?.ItemCollectionMetrics, undefined);
    }
  });

  describe("reads", () => {
    before(() => put(TableName, ...["a", "b", "c"].map((sk) => item("r", sk))));
    const query = (IndexName: string, more: object = {}) => call("Query", {
      TableName, IndexName, ReturnConsumedCapacity: "INDEXES", KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": s("r") }, ...more,
    });
    const strong = { ConsistentRead: true };

    test("a local index costs its entries, and each item that is fetched from the table besides", async () => {
      assert.deepEqual(arms(await query("lkeys", strong)), { table: 0, lkeys: 1 });
      assert.deepEqual(arms(await query("lkeys", { ...strong, Select: "ALL_ATTRIBUTES" })), { table: 6, lkeys: 1 });
      assert.deepEqual(arms(await query("lkeys", { ...strong, ProjectionExpression: "body" })), { table: 6, lkeys: 1 });
      assert.deepEqual(arms(await query("lkeys", { ...strong, Select: "COUNT" })), { table: 0, lkeys: 1 });
      assert.deepEqual(arms(await query("lall", strong)), { table: 0, lall: 4 });
      await eventually(async () =>
        assert.deepEqual(arms(await query("lkeys", { Select: "ALL_ATTRIBUTES" })), { table: 3, lkeys: 0.5 }));
      const { Items } = await query("lkeys", { ...strong, Select: "ALL_ATTRIBUTES" });
      assert.deepEqual(Items, ["a", "b", "c"].map((sk) => item("r", sk)));
    });

    test("a global index costs half units of its own entries", () => eventually(async () => {
      const more = { KeyConditionExpression: "g = :p", ExpressionAttributeValues: { ":p": s("g-r") } };
      const answer = await query("gkeys", more);
      assert.equal(answer.Count, 3);
      assert.deepEqual(arms(answer), { table: 0, gkeys: 0.5 });
      const total = await query("gkeys", { ...more, ReturnConsumedCapacity: "TOTAL" });
      assert.deepEqual(total.ConsumedCapacity, { TableName, CapacityUnits: 0.5 });
    }));

    test("segments of an index scan are its entries, each once", () => eventually(async () => {
      const segments = await Promise.all([0, 1, 2].map((Segment) =>
        call("Scan", { TableName, IndexName: "gkeys", Segment, TotalSegments: 3 })));
      const found = segments.flatMap(({ Items }) => Items ?? []).filter(({ pk }) => pk?.S === "r").map(({ sk }) => sk?.S);
      assert.deepEqual(found.toSorted(), ["a", "b", "c"]);
    }));

    const start: Attributes = { pk: s("r"), sk: s("a"), g: s("g-r"), h: s("h") };
    const byGroup = { IndexName: "gsome", KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": s("g-r") } };
    const without = (...names: readonly string[]) => Object.fromEntries(Object.entries(start).filter(([name]) => !names.includes(name)));
    const badStart = "The provided starting key is invalid";
    const refused: readonly (readonly [string, string, object, string])[] = [
      ["a starting key without the table's", "Query", { ...byGroup, ExclusiveStartKey: without("pk", "sk") }, badStart],
      ["a starting key without the index's", "Query", { ...byGroup, ExclusiveStartKey: without("g", "h") }, badStart],
      ["a starting key with something more", "Query", { ...byGroup, ExclusiveStartKey: { ...start, x: s("x") } }, badStart],
      ["a starting key of another type", "Query", { ...byGroup, ExclusiveStartKey: { ...start, h: n(1) } }, badStart],
      ["a starting key of another partition", "Query", { ...byGroup, ExclusiveStartKey: { ...start, g: s("z") } },
        "The provided starting key is outside query boundaries based on provided conditions"],
      ["a starting key without the table's", "Scan", { IndexName: "gsome", ExclusiveStartKey: without("pk", "sk") }, badStart],
      ["an index that is not there", "Query", { ...byGroup, IndexName: "nope" }, "The table does not have the specified index: nope"],
      ["an index that is not there", "Scan", { IndexName: "nope" }, "The table does not have the specified index: nope"],
      ["what a global index does not hold", "Query", { ...byGroup, ProjectionExpression: "body" },
        `${invalid}Global secondary index gsome does not project [body]`],
      ["a filter by what a global index does not hold", "Query", {
        ...byGroup, FilterExpression: "body = :g OR #z = :g", ExpressionAttributeNames: { "#z": "z" },
      }, `${invalid}Secondary index gsome does not project one or more filter attributes: [body, z]`],
      ["a filter by what a local index does not hold", "Query", {
        IndexName: "lkeys", KeyConditionExpression: "pk = :p", FilterExpression: "attribute_exists(body)",
        ExpressionAttributeValues: { ":p": s("r") },
      }, `${invalid}Secondary index lkeys does not project one or more filter attributes: [body]`],
      ["projected attributes beside a projection", "Query", { ...byGroup, ProjectionExpression: "pk", Select: "ALL_PROJECTED_ATTRIBUTES" },
        "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES"],
    ];
    test("a scan of an index may filter by anything", () => eventually(async () => {
      const scan = { TableName, IndexName: "gsome", FilterExpression: "attribute_not_exists(body)" };
      assert.ok(((await call("Scan", scan)).Count ?? 0) > 0);
    }));

    for (const [name, operation, input, message] of refused) {
      test(`${operation} of an index refuses ${name}`, () => assertRefused(operation, { TableName, ...input }, V, message));
    }
  });
});

describe("keys of several attributes", () => {
  const TableName = "many-keys";
  const hashes = ["h1", "h2", "h3", "h4"];
  const ranges = ["r1", "r2", "r3", "r4"];
  const numbers = new Set(["h2", "r2", "r4"]);
  const type = (name: string) => ({ AttributeName: name, AttributeType: numbers.has(name) ? "N" : "S" });
  const entry = (pk: string, more: Attributes): Attributes =>
    ({ pk: s(pk), h1: s("x"), h2: n(7), h3: s("y"), h4: s("z"), r1: s("a"), r2: n(1), r3: s("m"), r4: n(0), ...more });
  before(async () => {
    await createTable(TableName, "S", {
      AttributeDefinitions: ["pk", ...hashes, ...ranges].map(type),
      GlobalSecondaryIndexes: [index("wide", key(hashes, ranges), "ALL")],
    });
    await put(TableName, entry("1", { r1: s("b") }), entry("2", { r2: n(10) }), entry("3", { r2: n(9) }),
      entry("4", { r2: n(9), r4: n(-5) }),
      entry("5", { h4: s("other") }), { pk: s("6"), h1: s("x") });
  });
  const whole = "h1 = :h1 AND h2 = :h2 AND h3 = :h3 AND h4 = :h4";
  const values = { ":h1": s("x"), ":h2": n(7), ":h3": s("y"), ":h4": s("z") };
  const query = (condition: string, more: Attributes = {}, rest: object = {}) => call("Query", {
    TableName, IndexName: "wide", KeyConditionExpression: condition, ExpressionAttributeValues: { ...values, ...more }, ...rest,
  });
  const names = (answer: Answer) => answer.Items?.map(({ pk }) => pk?.S);

  test("entries lie in the order of all sort attributes, each by its type", () => eventually(async () => {
    assert.deepEqual(names(await query(whole)), ["4", "3", "2", "1"]);
    assert.deepEqual(names(await query(whole, {}, { ScanIndexForward: false })), ["1", "2", "3", "4"]);
  }));

  test("conditions on sort attributes go from the left, and the last may be a range", () => eventually(async () => {
    assert.deepEqual(names(await query(`${whole} AND r1 = :a`, { ":a": s("a") })), ["4", "3", "2"]);
    assert.deepEqual(names(await query(`${whole} AND r1 = :a AND r2 < :ten`, { ":a": s("a"), ":ten": n(10) })), ["4", "3"]);
    assert.deepEqual(names(await query(`${whole} AND r1 = :a AND r2 = :nine AND r3 = :m AND r4 BETWEEN :low AND :high`,
      { ":a": s("a"), ":nine": n(9), ":m": s("m"), ":low": n(-10), ":high": n(-1) })), ["4"]);
    assert.deepEqual(names(await query(`${whole} AND begins_with(r1, :b)`, { ":b": s("b") })), ["1"]);
  }));

  test("a page ends with every attribute of both keys, and the next begins there", () => eventually(async () => {
    const first = await query(whole, {}, { Limit: 2 });
    assert.deepEqual(first.LastEvaluatedKey, entry("3", { r2: n(9) }));
    assert.deepEqual(names(await query(whole, {}, { ExclusiveStartKey: first.LastEvaluatedKey })), ["2", "1"]);
  }));

  test("the schema is described as it was given", async () => {
    const { Table } = await call("DescribeTable", { TableName });
    assert.deepEqual(Table?.GlobalSecondaryIndexes?.[0]?.KeySchema, key(hashes, ranges));
  });

  test("a query names every partition attribute, and no sort attribute without those to its left", async () => {
    await assert.rejects(query("h1 = :h1 AND h2 = :h2 AND h3 = :h3 AND h4 > :h4"), { name: V });
    await assertRefused("Query", {
      TableName, IndexName: "wide", KeyConditionExpression: "h1 = :h1", ExpressionAttributeValues: { ":h1": s("x") },
    }, V, /^Query condition missed key schema element/);
    await assert.rejects(query(`${whole} AND r2 = :one`, { ":one": n(1) }), { name: V });
    await assert.rejects(query(`${whole} AND r1 > :a AND r2 = :one`, { ":a": s("a"), ":one": n(1) }), { name: V });
  });

  test("statements do not read such an index", () => assertRefused("ExecuteStatement", {
    Statement: `SELECT * FROM "${TableName}"."wide" WHERE h1 = 'x'`,
  }, V, "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."));

  const over = (hash: number, range: number) => {
    const [partition, sort] = [[..."abcdefgh"].slice(0, hash), [..."ijklmnop"].slice(0, range)];
    return {
      TableName: "never-made", BillingMode: "PAY_PER_REQUEST", KeySchema: key(["pk"]),
      AttributeDefinitions: ["pk", ...partition, ...sort].map(text),
      GlobalSecondaryIndexes: [index("abc", key(partition, sort), "ALL")],
    };
  };
  const schema = (...elements: readonly object[]) => ({
    ...over(1, 0), AttributeDefinitions: ["pk", "a", "b"].map(text), GlobalSecondaryIndexes: [index("abc", elements, "ALL")],
  });
  const [hash, range] = [key(["a"])[0]!, key([], ["b"])[0]!];
  for (const [name, input, message] of [
    ["five partition attributes", over(5, 0), `${invalid}The KeySchema exceeds the maximum allowed number of HASH key attributes`],
    ["five sort attributes", over(1, 5), `${invalid}The KeySchema exceeds the maximum allowed number of RANGE key attributes`],
    ["a partition attribute after a sort attribute", schema(hash, range, key(["pk"])[0]!),
      `${invalid}All HASH key attributes must precede RANGE key attributes in the KeySchema`],
    ["a sort attribute first", schema(range, hash), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"],
  ] as const) {
    test(`CreateTable refuses ${name}`, () => assertRefused("CreateTable", input, V, message));
  }
});
