// GetItem: by the whole key, of the whole item or parts of it.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  b, call, eventually, fresh, get, invalid, keyMismatch, n, notNull, oneError, put, R, refuses, s, tables,
} from "../harness.ts";

const TableName = tables.S;

test("a missing item is an answer without Item", async () => {
  const answer = await call("GetItem", { TableName, Key: { pk: s(fresh()) }, ConsistentRead: true });
  assert.equal("Item" in answer && answer.Item !== undefined, false);
});

test("an eventually consistent read sees a write before long", async () => {
  const Item = { pk: s(fresh()), v: n(1) };
  await put(TableName, Item);
  await eventually(async () => assert.deepEqual((await call("GetItem", { TableName, Key: { pk: Item.pk } })).Item, Item));
});

test("a consistent read sees every write that was acknowledged before", async () => {
  const pk = s(fresh());
  for (let version = 0; version < 20; version++) {
    await put(TableName, { pk, version: n(version) });
    assert.deepEqual(await get(TableName, { pk }), { pk, version: n(version) });
  }
});

test("items of one partition key are told apart by their sort keys", async () => {
  const pk = s(fresh());
  await put(tables.SN, { pk, sk: n(1), v: s("one") }, { pk, sk: n(2), v: s("two") });
  assert.deepEqual(await get(tables.SN, { pk, sk: n(2) }), { pk, sk: n(2), v: s("two") });
  assert.equal(await get(tables.SN, { pk, sk: n(3) }), undefined);
});

test("a number is found however it is written", async () => {
  const pk = n("12300");
  await put(tables.N, { pk, v: s("x") });
  for (const text of ["12300", "12300.0", "+12300", "1.23E4", "0012300", "123e+2"]) {
    assert.deepEqual(await get(tables.N, { pk: n(text) }), { pk: n(12300), v: s("x") });
  }
});

test("bytes are a key like text", async () => {
  const pk = b(0, 255, 1);
  await put(tables.B, { pk, v: n(1) });
  assert.deepEqual(await get(tables.B, { pk }), { pk, v: n(1) });
  assert.equal(await get(tables.B, { pk: b(0, 255) }), undefined);
});

refuses("GetItem", [
  ["a request without anything", {}, `2 validation errors detected: ${notNull("tableName")}; ${notNull("key")}`],
  ["a request without a key", { TableName }, `${oneError}${notNull("key")}`],
  ["an empty key", { TableName, Key: {} }, keyMismatch],
  ["half a key", { TableName: tables.SN, Key: { pk: s("a") } }, keyMismatch],
  ["more than a key", { TableName, Key: { pk: s("a"), sk: s("b") } }, keyMismatch],
  ["a key of another name", { TableName, Key: { id: s("a") } }, keyMismatch],
  ["a key of another type", { TableName, Key: { pk: n(1) } }, keyMismatch],
  ["a key that is no number", { TableName: tables.N, Key: { pk: n("one") } },
    "The parameter cannot be converted to a numeric value: one"],
  ["an empty text as key", { TableName, Key: { pk: s("") } }, "One or more parameter values are not valid. The " +
    "AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
  ["empty bytes as key", { TableName: tables.B, Key: { pk: b() } }, "One or more parameter values are not valid. The " +
    "AttributeValue for a key attribute cannot contain an empty binary value. Key: pk"],
  ["a long key", { TableName, Key: { pk: s("x".repeat(2049)) } },
    `${invalid}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
  ["a long sort key", { TableName: tables.SS, Key: { pk: s("a"), sk: s("x".repeat(1025)) } },
    `${invalid}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`],
  ["a table that is not there", { TableName: "no-such-table", Key: { pk: s("a") } },
    "Requested resource not found", R],
  ["an unknown mode of capacity", { TableName, Key: { pk: s("a") }, ReturnConsumedCapacity: "SOME" },
    `${oneError}Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"],
  ["AttributesToGet beside a ProjectionExpression",
    { TableName, Key: { pk: s("a") }, AttributesToGet: ["a"], ProjectionExpression: "a" },
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}"],
  ["names without an expression", { TableName, Key: { pk: s("a") }, ExpressionAttributeNames: { "#a": "a" } },
    "ExpressionAttributeNames can only be specified when using expressions"],
]);
