// What indexes hold of items, and that the ranges of a Query on an index are exactly the entries its condition asks for.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import { parseItem, itemToJson, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { decodeItem, encodeItem } from "@azimuth/model/item-codec.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { indexEntryOf, maintainIndexes } from "@azimuth/operations/index-entries.ts";
import type { RangeReadCommand } from "@azimuth/operations/operation.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { eventsTable, LocalTables } from "./local-table.ts";

const ready = { status: "ACTIVE", backfilling: false, throughput: { readUnits: 0, writeUnits: 0 } } as const;

const byTime: IndexDefinition = {
  ...ready, indexId: 10, name: "byTime", kind: "local", projection: { kind: "KEYS_ONLY" },
  key: { partition: [{ name: "feed", type: "S" }], sort: [{ name: "time", type: "N" }] },
};
const byAuthor: IndexDefinition = {
  ...ready, indexId: 11, name: "byAuthor", kind: "global", projection: { kind: "INCLUDE", attributes: ["title"] },
  key: { partition: [{ name: "author", type: "S" }], sort: [{ name: "place", type: "S" }] },
};
const byAll: IndexDefinition = {
  ...ready, indexId: 12, name: "byAll", kind: "global", projection: { kind: "ALL" },
  key: {
    partition: [{ name: "author", type: "S" }, { name: "time", type: "N" }],
    sort: [{ name: "place", type: "S" }, { name: "title", type: "S" }],
  },
};
const table: TableDefinition = { ...eventsTable, indexes: [byTime, byAuthor, byAll] };

const whole = {
  feed: { S: "f" }, seq: { N: "1" }, time: { N: "5" }, author: { S: "ann" }, place: { S: "here" }, title: { S: "t" },
  text: { S: "x".repeat(1500) },
};

function encoded(json: JsonObject): Uint8Array {
  return encodeItem(parseItem(json));
}

function without(json: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)));
}

test("an index holds the attributes it projects: keys of both, what is included, or all", () => {
  const item = parseItem(whole);
  const shown = (index: IndexDefinition): unknown =>
    Object.keys(itemToJson(decodeItem(indexEntryOf(table, index, item)!.value)));
  assert.deepEqual(shown(byTime), ["feed", "seq", "time"]);
  assert.deepEqual(shown(byAuthor), ["feed", "seq", "author", "place", "title"]);
  assert.deepEqual(shown(byAll), Object.keys(whole));
});

test("an item without all of an index's key attributes, or with one of another type, is not in it", () => {
  for (const lacking of [without(whole, "author"), without(whole, "place"), { ...whole, place: { N: "1" } }]) {
    assert.equal(indexEntryOf(table, byAuthor, parseItem(lacking)), undefined);
  }
});

test("a new item is put into its indexes, a deleted one taken out, and one that lacks the keys costs nothing", () => {
  const put = maintainIndexes(table, undefined, encoded(whole));
  assert.deepEqual(put.changes.map(({ index, value }) => [index.name, value !== undefined]),
    [["byTime", true], ["byAuthor", true], ["byAll", true]]);
  assert.deepEqual([put.local, put.global], [{ byTime: 1 }, { byAuthor: 1, byAll: 2 }]);
  const deleted = maintainIndexes(table, encoded(whole), undefined);
  assert.deepEqual(deleted.changes.map(({ value }) => value), [undefined, undefined, undefined]);
  const bare = encoded(without(whole, "time", "author"));
  assert.deepEqual(maintainIndexes(table, undefined, bare).changes, []);
  assert.deepEqual(maintainIndexes(table, undefined, bare).global, {});
});

test("a change that an index does not store leaves it alone; a moved entry is deleted and written", () => {
  const changed = maintainIndexes(table, encoded(whole), encoded({ ...whole, text: { S: "y" } }));
  assert.deepEqual(changed.changes.map(({ index }) => index.name), ["byAll"]);
  const moved = maintainIndexes(table, encoded(whole), encoded({ ...whole, author: { S: "bob" } }));
  assert.deepEqual(moved.changes.map(({ index, value }) => [index.name, value !== undefined]),
    [["byAuthor", false], ["byAuthor", true], ["byAll", false], ["byAll", true]]);
  assert.deepEqual(moved.global, { byAuthor: 2, byAll: 4 });
  assert.deepEqual(moved.local, {});
});

test("an index that is being deleted is not maintained", () => {
  const dropping: TableDefinition = { ...table, indexes: [{ ...byAuthor, status: "DELETING" }] };
  assert.deepEqual(maintainIndexes(dropping, undefined, encoded(whole)).changes, []);
});

const text = fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom("a", "b", "\u0000", "\u0001", "é", "~") });
const time = fc.integer({ min: -20, max: 20 }).map((number) => String(number / 4));
const anyItem = fc.record({
  feed: text, seq: fc.integer({ min: 0, max: 9 }), time, author: fc.constantFrom("ann", "an", "ann\u0000"), place: text,
});

interface Condition {
  readonly text: string;
  readonly holds: (value: string, low: string, high: string) => boolean;
}

const conditions: readonly Condition[] = [
  { text: "place = :low", holds: (value, low) => value === low },
  { text: "place < :low", holds: (value, low) => less(value, low) },
  { text: "place <= :low", holds: (value, low) => !less(low, value) },
  { text: "place > :low", holds: (value, low) => less(low, value) },
  { text: "place >= :low", holds: (value, low) => !less(value, low) },
  { text: "place BETWEEN :low AND :high", holds: (value, low, high) => !less(value, low) && !less(high, value) },
  { text: "begins_with(place, :low)", holds: (value, low) => value.startsWith(low) },
];

function less(left: string, right: string): boolean {
  return compareBytes(Buffer.from(left), Buffer.from(right)) < 0;
}

test("the range of a Query on an index holds exactly the entries that fulfil its condition", () => {
  const context = new LocalTables([table]).context;
  fc.assert(fc.property(anyItem, fc.constantFrom("ann", "an"), fc.nat(conditions.length - 1), text, text,
    (sent, author, which, one, other) => {
      const [low, high] = less(one, other) ? [one, other] : [other, one];
      const condition = conditions[which]!;
      const values = { ":a": { S: author }, ":low": { S: low }, ...(condition.text.includes(":high") ? { ":high": { S: high } } : {}) };
      const plan = routerOperations.get("Query")!.parse({
        TableName: table.name, IndexName: "byAuthor", KeyConditionExpression: `author = :a AND ${condition.text}`,
        ExpressionAttributeValues: values,
      }, context);
      assert.equal(plan.kind, "range-read");
      const { start, end, token } = plan.command as RangeReadCommand;
      const item = parseItem({
        feed: { S: sent.feed }, seq: { N: String(sent.seq) }, author: { S: sent.author }, place: { S: sent.place },
      });
      const entry = indexEntryOf(table, byAuthor, item)!;
      const isInside = compareBytes(entry.key, start) >= 0 && (end.length === 0 || compareBytes(entry.key, end) < 0);
      assert.equal(isInside, sent.author === author && condition.holds(sent.place, low, high));
      if (isInside) assert.equal(entry.token, token);
    }), { numRuns: 3000 });
});

test("entries of one partition key lie in the order of their sort keys", () => {
  fc.assert(fc.property(anyItem, anyItem, (left, right) => {
    const keyOf = (sent: typeof left): Uint8Array => indexEntryOf(table, byTime, parseItem({
      feed: { S: "f" }, seq: { N: String(sent.seq) }, time: { N: sent.time },
    }))!.key;
    const order = Number(left.time) - Number(right.time) || left.seq - right.seq;
    assert.equal(Math.sign(compareBytes(keyOf(left), keyOf(right))), Math.sign(order));
  }), { numRuns: 500 });
});

test("conditions on a composite key name all partition attributes and sort attributes from the left", () => {
  const context = new LocalTables([table]).context;
  const query = (rest: string): unknown => {
    const KeyConditionExpression = `author = :s${rest}`.replace("time", "#t");
    const names = [":s", ":t", ":n"].filter((name) => KeyConditionExpression.includes(name));
    return routerOperations.get("Query")!.parse({
      TableName: table.name, IndexName: "byAll", KeyConditionExpression,
      ...(rest.includes("time") ? { ExpressionAttributeNames: { "#t": "time" } } : {}),
      ExpressionAttributeValues: Object.fromEntries(names.map((name) => [name, name === ":n" ? { N: "1" } : { S: "x" }])),
    }, context);
  };
  query(" AND time = :n");
  query(" AND time = :n AND place = :s AND begins_with(title, :t)");
  query(" AND time = :n AND place > :s");
  assert.throws(() => query(""), /Query condition missed key schema element: time/);
  assert.throws(() => query(" AND time = :n AND title = :t"), /Query condition missed key schema element: place/);
  assert.throws(() => query(" AND time = :n AND place > :s AND title = :t"), /Query key condition not supported/);
});
