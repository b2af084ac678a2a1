// BatchGetItem: up to 100 keys of any tables in one request, each read as GetItem would, in no order.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  call, fresh, keyMismatch, n, notNull, oneError, put, R, refuses, s, tables, type Attributes,
} from "../harness.ts";

const TableName = tables.S;
const byNumber = (items: readonly Attributes[] | undefined) =>
  (items ?? []).toSorted((x, y) => Number(x["v"]?.N) - Number(y["v"]?.N));

test("items of several tables come by their tables' names", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1) });
  await put(tables.SN, { pk, sk: n(1), v: n(2) }, { pk, sk: n(2), v: n(3) });
  const answer = await call("BatchGetItem", {
    RequestItems: {
      [TableName]: { Keys: [{ pk }], ConsistentRead: true },
      [tables.SN]: { Keys: [{ pk, sk: n(2) }, { pk, sk: n(1) }], ConsistentRead: true },
    },
  });
  assert.deepEqual(answer.Responses?.[TableName], [{ pk, v: n(1) }]);
  assert.deepEqual(byNumber(answer.Responses?.[tables.SN]), [{ pk, sk: n(1), v: n(2) }, { pk, sk: n(2), v: n(3) }]);
  assert.deepEqual(answer.UnprocessedKeys, {});
});

test("a hundred keys are one request, and what is missing is left out", async () => {
  const keys = Array.from({ length: 100 }, () => ({ pk: s(fresh()) }));
  await put(TableName, ...keys.slice(0, 60).map((key, place) => ({ ...key, v: n(place) })));
  const RequestItems = { [TableName]: { Keys: keys, ConsistentRead: true } };
  const answer = await call("BatchGetItem", { RequestItems });
  assert.deepEqual(byNumber(answer.Responses?.[TableName]).map(({ v }) => v), Array.from({ length: 60 }, (_, v) => n(v)));
  assert.deepEqual(answer.UnprocessedKeys, {});
});

test("a table without any of the keys answers an empty list", async () => {
  const RequestItems = { [TableName]: { Keys: [{ pk: s(fresh()) }], ConsistentRead: true } };
  assert.deepEqual((await call("BatchGetItem", { RequestItems })).Responses, { [TableName]: [] });
});

test("more than 16 MB are cut, and the rest is unprocessed", async () => {
  const keys = Array.from({ length: 46 }, () => ({ pk: s(fresh()) }));
  await put(TableName, ...keys.map((key, place) => ({ ...key, v: n(place), bulk: s("x".repeat(390_000)) })));
  let RequestItems: Record<string, object> = { [TableName]: { Keys: keys, ConsistentRead: true } };
  const seen: string[] = [];
  for (let round = 0; Object.keys(RequestItems).length > 0; round++) {
    const answer = await call("BatchGetItem", { RequestItems });
    const items = answer.Responses?.[TableName] ?? [];
    if (round === 0) assert.ok(items.length > 30 && items.length < 45, `${items.length} items in 16 MB`);
    seen.push(...items.map(({ pk }) => pk?.S as string));
    RequestItems = answer.UnprocessedKeys as Record<string, object>;
    if (round === 0) assert.equal((RequestItems[TableName] as { ConsistentRead: boolean }).ConsistentRead, true);
  }
  assert.deepEqual(seen.toSorted(), keys.map(({ pk }) => (pk as { S: string }).S).toSorted());
});

const Key = { pk: s("never") };
const keys = (count: number) => Array.from({ length: count }, (_, place) => ({ pk: s(`never-${place}`) }));
const of = (table: object, name: string = TableName) => ({ RequestItems: { [name]: table } });
refuses("BatchGetItem", [
  ["a request without anything", {}, `${oneError}${notNull("requestItems")}`],
  ["no tables", { RequestItems: {} }, "The requestItems parameter is required for BatchGetItem"],
  ["no keys", of({ Keys: [] }), /'requestItems.by-text.member.keys' .*length greater than or equal to 1$/],
  ["101 keys of one table", of({ Keys: keys(101) }), /Member must have length less than or equal to 100$/],
  ["101 keys of two tables", {
    RequestItems: { [TableName]: { Keys: keys(60) }, [tables.B]: { Keys: keys(41) } },
  }, "Too many items requested for the BatchGetItem call"],
  ["one key twice", of({ Keys: [Key, Key] }), "Provided list of item keys contains duplicates"],
  ["one number twice, written in two ways", of({ Keys: [{ pk: n(1) }, { pk: n("1.0") }] }, tables.N),
    "Provided list of item keys contains duplicates"],
  ["a table that is not there", of({ Keys: [Key] }, "no-such-table"), "Requested resource not found", R],
  ["a key of another type", of({ Keys: [{ pk: n(1) }] }), keyMismatch],
  ["half a key", of({ Keys: [Key] }, tables.SS), keyMismatch],
  ["a reserved word", of({ Keys: [Key], ProjectionExpression: "name" }),
    "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: name"],
  ["an unused name", of({ Keys: [Key], ProjectionExpression: "a", ExpressionAttributeNames: { "#b": "b" } }),
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"],
  ["old and new parameters together", of({ Keys: [Key], ProjectionExpression: "a", AttributesToGet: ["a"] }),
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"],
]);
