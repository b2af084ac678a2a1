// BatchWriteItem: up to 25 puts and deletes, each on its own, without conditions.
import { test } from "node:test";
import assert from "node:assert/strict";
import { call, fresh, get, keyMismatch, n, notNull, oneError, put, R, refuses, s, tables, V } from "../harness.ts";

const TableName = tables.S;
const puts = (count: number) => Array.from({ length: count }, (_, v) => ({ PutRequest: { Item: { pk: s(fresh()), v: n(v) } } }));

test("25 puts are one request", async () => {
  const requests = puts(25);
  const answer = await call("BatchWriteItem", { RequestItems: { [TableName]: requests } });
  assert.deepEqual(answer.UnprocessedItems, {});
  for (const { PutRequest: { Item } } of requests) assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

test("puts and deletes of several tables go together", async () => {
  const [old, young] = [s(fresh()), s(fresh())];
  await put(TableName, { pk: old });
  await call("BatchWriteItem", {
    RequestItems: {
      [TableName]: [{ DeleteRequest: { Key: { pk: old } } }, { PutRequest: { Item: { pk: young, v: n(1) } } }],
      [tables.SN]: [{ PutRequest: { Item: { pk: young, sk: n(1) } } }, { DeleteRequest: { Key: { pk: old, sk: n(1) } } }],
    },
  });
  assert.equal(await get(TableName, { pk: old }), undefined);
  assert.deepEqual(await get(TableName, { pk: young }), { pk: young, v: n(1) });
  assert.deepEqual(await get(tables.SN, { pk: young, sk: n(1) }), { pk: young, sk: n(1) });
});

test("an item is replaced whole", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, old: n(1) });
  await call("BatchWriteItem", { RequestItems: { [TableName]: [{ PutRequest: { Item: { pk, young: n(2) } } }] } });
  assert.deepEqual(await get(TableName, { pk }), { pk, young: n(2) });
});

test("one request that is wrong refuses the whole batch", async () => {
  const pk = s(fresh());
  const bad = { PutRequest: { Item: { pk: n(1) } } };
  const RequestItems = { [TableName]: [{ PutRequest: { Item: { pk } } }, bad] };
  await assert.rejects(call("BatchWriteItem", { RequestItems }), { name: V, message: keyMismatch });
  assert.equal(await get(TableName, { pk }), undefined);
});

const Key = { pk: s("never") };
const Put = { PutRequest: { Item: Key } };
const of = (requests: readonly object[], name: string = TableName) => ({ RequestItems: { [name]: requests } });
refuses("BatchWriteItem", [
  ["a request without anything", {}, `${oneError}${notNull("requestItems")}`],
  ["no tables", { RequestItems: {} }, "The requestItems parameter is required for BatchWriteItem"],
  ["no requests", of([]), /Map value must satisfy constraint: \[Member must have length less than or equal to 25, /],
  ["26 requests of one table", of(puts(26)), /Map value must satisfy constraint: \[Member must have length less than/],
  ["26 requests of two tables", { RequestItems: { [TableName]: puts(13), [tables.SS]: puts(13) } },
    "Too many items requested for the BatchWriteItem call"],
  ["one item twice", of([Put, Put]), "Provided list of item keys contains duplicates"],
  ["a put and a delete of one item", of([Put, { DeleteRequest: { Key } }]),
    "Provided list of item keys contains duplicates"],
  ["a request that is neither", of([{}]),
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
  ["a request that is both", of([{ ...Put, DeleteRequest: { Key } }]),
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
  ["a table that is not there", of([Put], "no-such-table"), "Requested resource not found", R],
  ["an item without its key", of([{ PutRequest: { Item: { v: n(1) } } }]), keyMismatch],
  ["a key of another type", of([{ DeleteRequest: { Key: { pk: n(1) } } }]), keyMismatch],
  ["an item that is too large", of([{ PutRequest: { Item: { ...Key, v: s("x".repeat(409_600)) } } }]),
    "Item size has exceeded the maximum allowed size"],
  ["an empty key", of([{ PutRequest: { Item: { pk: s("") } } }]), "One or more parameter values are not valid. The " +
    "AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
]);
