// Query and Scan: ranges, order, pages, filters, counting. Tables have three partitions (local-table.ts).
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { LocalTables, type Response } from "./local-table.ts";

const feed = { S: "a" };
const numbers = [-200, -3, -2.5, 0, 1, 1.5, 2, 10, 11, 100];

function events(): LocalTables {
  const tables = new LocalTables();
  for (const seq of [100, -3, 2, 0, 11, -200, 1.5, -2.5, 10, 1]) {
    tables.call("PutItem", { TableName: "events", Item: { feed, seq: { N: String(seq) }, odd: { BOOL: seq % 2 !== 0 } } });
  }
  for (const other of ["", "b", "aa"]) {
    tables.call("PutItem", { TableName: "events", Item: { feed: { S: `a${other}\u0000` }, seq: { N: "1" } } });
  }
  return tables;
}

function found(response: Response): readonly number[] {
  return response.Items.map((item) => Number(item.seq?.N));
}

function query(tables: LocalTables, condition: string, values: object, more: object = {}): Response {
  return tables.call("Query", {
    TableName: "events",
    KeyConditionExpression: condition === "" ? "feed = :feed" : `feed = :feed AND ${condition}`,
    ExpressionAttributeValues: { ":feed": feed, ...values },
    ...more,
  });
}

test("every condition on the sort key is its range, in number order", () => {
  const tables = events();
  const [a, b] = [1, 10];
  const cases: readonly (readonly [string, (n: number) => boolean])[] = [
    ["seq = :a", (n) => n === a], ["seq < :a", (n) => n < a], ["seq <= :a", (n) => n <= a], ["seq > :a", (n) => n > a],
    ["seq >= :a", (n) => n >= a], [":a < seq", (n) => n > a],
  ];
  for (const [condition, holds] of cases) {
    assert.deepEqual(found(query(tables, condition, { ":a": { N: "1" } })), numbers.filter(holds), condition);
  }
  const between = query(tables, "seq BETWEEN :a AND :b", { ":a": { N: "1" }, ":b": { N: "10.0" } });
  assert.deepEqual(found(between), numbers.filter((n) => n >= a && n <= b));
  assert.deepEqual(found(query(tables, "", {})), numbers);
  assert.deepEqual(found(query(tables, "", {}, { ScanIndexForward: false })), numbers.toReversed());
});

test("the older KeyConditions ask the same", () => {
  const response = events().call("Query", {
    TableName: "events",
    KeyConditions: {
      feed: { ComparisonOperator: "EQ", AttributeValueList: [feed] },
      seq: { ComparisonOperator: "GT", AttributeValueList: [{ N: "2" }] },
    },
    QueryFilter: { odd: { ComparisonOperator: "EQ", AttributeValueList: [{ BOOL: true }] } },
    AttributesToGet: ["seq"],
  });
  assert.deepEqual(response, { Items: [{ seq: { N: "11" } }], Count: 1, ScannedCount: 3 });
});

test("KeyConditions may stand beside a filter expression, but not beside a key condition", () => {
  const KeyConditions = { feed: { ComparisonOperator: "EQ", AttributeValueList: [feed] } };
  const mixed = {
    TableName: "events", KeyConditions, FilterExpression: "odd = :odd", ExpressionAttributeValues: { ":odd": { BOOL: false } },
  };
  assert.deepEqual(found(events().call("Query", mixed)), [-200, 0, 2, 10, 100]);
  assert.throws(
    () => events().call("Query", { ...mixed, KeyConditionExpression: "feed = :odd" }),
    /Non-expression parameters: \{KeyConditions\} Expression parameters: \{KeyConditionExpression, FilterExpression\}/,
  );
});

test("begins_with on text takes what begins so, byte by byte", () => {
  const tables = new LocalTables();
  const disk = { B: "AAA=" };
  const files = ["", "x", "é", "éa", "ê", "\u{10ffff}", "\u{10ffff}z"];
  for (const file of files.slice(1)) tables.call("PutItem", { TableName: "paths", Item: { disk, file: { S: file } } });
  for (const prefix of files.slice(1)) {
    const response = tables.call("Query", {
      TableName: "paths", KeyConditionExpression: "disk = :d AND begins_with(#f, :p)",
      ExpressionAttributeNames: { "#f": "file" }, ExpressionAttributeValues: { ":d": disk, ":p": { S: prefix } },
    });
    const names = response.Items.map((item) => item.file?.S);
    assert.deepEqual(names, files.filter((file) => file !== "" && file.startsWith(prefix)), prefix);
  }
});

test("pages follow each other without gap or repeat, in both directions", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.boolean(), (Limit, ScanIndexForward) => {
    const tables = events();
    const all: number[] = [];
    let ExclusiveStartKey: unknown;
    do {
      const page = query(tables, "", {}, { Limit, ScanIndexForward, ExclusiveStartKey });
      assert.ok(page.ScannedCount <= Limit);
      assert.equal(page.ScannedCount === Limit, page.LastEvaluatedKey !== undefined);
      all.push(...found(page));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    assert.deepEqual(all, ScanIndexForward ? numbers : numbers.toReversed());
  }), { numRuns: 30 });
});

test("Limit, ScannedCount and capacity count before the filter", () => {
  const response = query(events(), "", { ":odd": { BOOL: true } }, {
    FilterExpression: "odd = :odd", Limit: 5, ReturnConsumedCapacity: "TOTAL", Select: "COUNT",
  });
  assert.deepEqual(response, {
    Count: 3,
    ScannedCount: 5,
    LastEvaluatedKey: { feed, seq: { N: "1" } },
    ConsumedCapacity: { TableName: "events", CapacityUnits: 0.5 },
  });
});

test("a page ends with the item that reaches one megabyte", () => {
  const tables = new LocalTables();
  const blob = { S: "x".repeat(300 * 1024) };
  for (let seq = 0; seq < 6; seq++) {
    tables.call("PutItem", { TableName: "events", Item: { feed, seq: { N: String(seq) }, blob } });
  }
  const page = query(tables, "", {}, { ProjectionExpression: "seq", ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(found(page), [0, 1, 2, 3]);
  assert.deepEqual(page.LastEvaluatedKey, { feed, seq: { N: "3" } });
  assert.equal(page.ConsumedCapacity.CapacityUnits, 301);
  const rest = query(tables, "", {}, { ExclusiveStartKey: page.LastEvaluatedKey });
  assert.equal(rest.Count, 2);
  assert.equal(rest.LastEvaluatedKey, undefined);
});

function users(count: number): LocalTables {
  const tables = new LocalTables();
  for (let n = 0; n < count; n++) {
    tables.call("PutItem", { TableName: "users", Item: { id: { S: `user ${n}` }, n: { N: String(n) } } });
  }
  return tables;
}

function scanAll(tables: LocalTables, more: object): readonly string[] {
  const ids: string[] = [];
  let ExclusiveStartKey: unknown;
  do {
    const page = tables.call("Scan", { TableName: "users", ExclusiveStartKey, ...more });
    assert.equal(page.Count, page.Items.length);
    ids.push(...page.Items.map((item) => item.id!.S));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return ids;
}

test("a scan goes over all partitions, in pages of any size, each item once", () => {
  const tables = users(40);
  const everyone = scanAll(tables, {});
  assert.equal(new Set(everyone).size, 40);
  for (const Limit of [1, 3, 7, 13, 40, 41]) assert.deepEqual(scanAll(tables, { Limit }), everyone, String(Limit));
});

test("segments divide the items among them", () => {
  const tables = users(40);
  const everyone = scanAll(tables, {});
  for (const TotalSegments of [1, 2, 3, 5, 64, 1_000_000]) {
    const segments = TotalSegments > 64 ? [0, TotalSegments - 1] : [...Array(TotalSegments).keys()];
    const ids = segments.flatMap((Segment) => scanAll(tables, { Segment, TotalSegments, Limit: 3 }));
    if (TotalSegments <= 64) assert.deepEqual(ids, everyone, String(TotalSegments));
  }
});

test("a scan filters, projects and counts", () => {
  const tables = users(20);
  const few = tables.call("Scan", {
    TableName: "users", FilterExpression: "n < :n", ExpressionAttributeValues: { ":n": { N: "3" } },
    ProjectionExpression: "n",
  });
  assert.equal(few.Count, 3);
  assert.equal(few.ScannedCount, 20);
  assert.deepEqual(Object.keys(few.Items[0]!), ["n"]);
  const count = tables.call("Scan", { TableName: "users", Select: "COUNT" });
  assert.deepEqual(count, { Count: 20, ScannedCount: 20 });
});

test("an empty table scans to an empty page", () => {
  assert.deepEqual(new LocalTables().call("Scan", { TableName: "users", ReturnConsumedCapacity: "TOTAL" }), {
    Items: [], Count: 0, ScannedCount: 0, ConsumedCapacity: { TableName: "users", CapacityUnits: 0.5 },
  });
});
