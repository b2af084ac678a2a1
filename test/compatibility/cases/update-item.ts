// UpdateItem: it makes what is missing, returns what is asked of it, and decides on conditions.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, C, call, conditionFailed, fresh, get, n, put, refusalOf, s, tables, type Attributes,
} from "../harness.ts";

const TableName = tables.S;
const one = { ":one": n(1) };

function update(pk: string, UpdateExpression: string, more: object = {}) {
  return call("UpdateItem", { TableName, Key: { pk: s(pk) }, UpdateExpression, ...more });
}

test("an update makes a missing item of its key and what it sets", async () => {
  const pk = fresh();
  await update(pk, "SET a = :one, b = :one", { ExpressionAttributeValues: one });
  assert.deepEqual(await get(TableName, { pk: s(pk) }), { pk: s(pk), a: n(1), b: n(1) });
});

test("an update that says nothing makes an item of its key alone", async () => {
  const pk = fresh();
  await call("UpdateItem", { TableName, Key: { pk: s(pk) } });
  assert.deepEqual(await get(TableName, { pk: s(pk) }), { pk: s(pk) });
});

test("an update that only removes makes no item", async () => {
  const pk = fresh();
  await update(pk, "REMOVE a");
  assert.equal(await get(TableName, { pk: s(pk) }), undefined);
});

test("an update of an item with a sort key touches no other", async () => {
  const pk = s(fresh());
  await put(tables.SN, { pk, sk: n(1) }, { pk, sk: n(2) });
  await call("UpdateItem", {
    TableName: tables.SN, Key: { pk, sk: n(2) }, UpdateExpression: "SET a = :one", ExpressionAttributeValues: one,
  });
  assert.deepEqual(await get(tables.SN, { pk, sk: n(1) }), { pk, sk: n(1) });
  assert.deepEqual(await get(tables.SN, { pk, sk: n(2) }), { pk, sk: n(2), a: n(1) });
});

/** [ReturnValues, before, update, what is returned] */
const returned: readonly (readonly [string, Attributes | undefined, string, Attributes | undefined])[] = [
  ["NONE", { a: n(5) }, "SET a = :one", undefined],
  ["ALL_OLD", { a: n(5), b: s("x") }, "SET a = :one", { a: n(5), b: s("x") }],
  ["ALL_NEW", { a: n(5), b: s("x") }, "SET a = :one", { a: n(1), b: s("x") }],
  ["UPDATED_OLD", { a: n(5), b: s("x") }, "SET a = :one", { a: n(5) }],
  ["UPDATED_NEW", { a: n(5), b: s("x") }, "SET a = :one", { a: n(1) }],
  ["UPDATED_OLD", { b: s("x") }, "SET a = :one", undefined],
  ["UPDATED_NEW", { b: s("x") }, "SET a = :one", { a: n(1) }],
  ["UPDATED_NEW", { a: n(1) }, "REMOVE a SET b = :one", { b: n(1) }],
  ["UPDATED_OLD", { a: n(1), b: n(2) }, "REMOVE a SET b = :one", { a: n(1), b: n(2) }],
  ["UPDATED_NEW", { a: n(5) }, "ADD a :one", { a: n(6) }],
  ["UPDATED_NEW", { m: { M: { x: n(1), y: n(2) } } }, "SET m.x = :one, m.z = :one", { m: { M: { x: n(1), z: n(1) } } }],
  ["UPDATED_OLD", { m: { M: { x: n(7), y: n(2) } } }, "SET m.x = :one", { m: { M: { x: n(7) } } }],
  ["UPDATED_NEW", { l: { L: [n(5), n(6), n(7)] } }, "SET l[1] = :one", { l: { L: [n(1)] } }],
  ["UPDATED_OLD", { l: { L: [n(5), n(6), n(7)] } }, "SET l[1] = :one", { l: { L: [n(6)] } }],
  ["ALL_OLD", undefined, "SET a = :one", undefined],
];

for (const [ReturnValues, before, expression, expected] of returned) {
  test(`${ReturnValues} of ${expression} on ${JSON.stringify(before)}`, async () => {
    const pk = fresh();
    if (before !== undefined) await put(TableName, { pk: s(pk), ...before });
    const used = expression.includes(":one") ? { ExpressionAttributeValues: one } : {};
    const { Attributes } = await update(pk, expression, { ReturnValues, ...used });
    const whole = expected !== undefined && ReturnValues.startsWith("ALL") ? { pk: s(pk), ...expected } : expected;
    assert.deepEqual(Attributes, whole);
  });
}

test("ALL_NEW of a new item has its key", async () => {
  const pk = fresh();
  const { Attributes } = await update(pk, "SET a = :one", { ExpressionAttributeValues: one, ReturnValues: "ALL_NEW" });
  assert.deepEqual(Attributes, { pk: s(pk), a: n(1) });
});

test("a failed condition changes nothing and returns the item when asked", async () => {
  const Item = { pk: s(fresh()), version: n(3) };
  await put(TableName, Item);
  const input = {
    TableName, Key: { pk: Item.pk }, UpdateExpression: "SET version = version + :one",
    ConditionExpression: "version = :expected", ExpressionAttributeValues: { ...one, ":expected": n(2) },
  };
  await assertRefused("UpdateItem", input, C, conditionFailed);
  assert.deepEqual(await refusalOf("UpdateItem", { ...input, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
    { type: C, message: conditionFailed, Item });
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

test("of many updates from one version, at once, one succeeds", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, version: n(1) });
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => call("UpdateItem", {
    TableName, Key: { pk }, UpdateExpression: "SET version = version + :one", ConditionExpression: "version = :one",
    ExpressionAttributeValues: one,
  })));
  assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
  assert.deepEqual((await get(TableName, { pk }))?.["version"], n(2));
});

test("an update on condition that the item exists makes none", async () => {
  const pk = fresh();
  const input = { ExpressionAttributeValues: one, ConditionExpression: "attribute_exists(pk)" };
  await assert.rejects(update(pk, "SET a = :one", input), { name: C, message: conditionFailed });
  assert.equal(await get(TableName, { pk: s(pk) }), undefined);
});
