// DeleteItem: of one item, on a condition, with what was there.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, C, call, conditionFailed, fresh, get, keyMismatch, n, notNull, put, R, refusalOf, refuses, s, tables,
} from "../harness.ts";

const TableName = tables.S;

test("a deleted item is gone, and deleting it again is no error", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1) });
  await call("DeleteItem", { TableName, Key: { pk } });
  assert.equal(await get(TableName, { pk }), undefined);
  await call("DeleteItem", { TableName, Key: { pk } });
});

test("ALL_OLD returns what was deleted", async () => {
  const Item = { pk: s(fresh()), v: n(1) };
  await put(TableName, Item);
  const input = { TableName, Key: { pk: Item.pk }, ReturnValues: "ALL_OLD" };
  assert.deepEqual((await call("DeleteItem", input)).Attributes, Item);
  assert.equal((await call("DeleteItem", input)).Attributes, undefined);
});

test("only the item of this sort key goes", async () => {
  const pk = s(fresh());
  await put(tables.SS, { pk, sk: s("a") }, { pk, sk: s("b") });
  await call("DeleteItem", { TableName: tables.SS, Key: { pk, sk: s("a") } });
  assert.equal(await get(tables.SS, { pk, sk: s("a") }), undefined);
  assert.deepEqual(await get(tables.SS, { pk, sk: s("b") }), { pk, sk: s("b") });
});

test("a failed condition keeps the item, and returns it when asked", async () => {
  const Item = { pk: s(fresh()), v: n(1) };
  await put(TableName, Item);
  const input = {
    TableName, Key: { pk: Item.pk }, ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": n(2) },
  };
  await assertRefused("DeleteItem", input, C, conditionFailed);
  assert.deepEqual(await refusalOf("DeleteItem", { ...input, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
    { type: C, message: conditionFailed, Item });
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
  await call("DeleteItem", { ...input, ExpressionAttributeValues: { ":v": n(1) } });
  assert.equal(await get(TableName, { pk: Item.pk }), undefined);
});

test("a condition on a missing item sees no attributes", async () => {
  const Key = { pk: s(fresh()) };
  await call("DeleteItem", { TableName, Key, ConditionExpression: "attribute_not_exists(pk)" });
  await assertRefused("DeleteItem", { TableName, Key, ConditionExpression: "attribute_exists(pk)" }, C, conditionFailed);
});

refuses("DeleteItem", [
  ["a request without anything", {}, `2 validation errors detected: ${notNull("tableName")}; ${notNull("key")}`],
  ["ALL_NEW", { TableName, Key: { pk: s("a") }, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["UPDATED_NEW", { TableName, Key: { pk: s("a") }, ReturnValues: "UPDATED_NEW" },
    "ReturnValues can only be ALL_OLD or NONE"],
  ["half a key", { TableName: tables.SS, Key: { pk: s("a") } }, keyMismatch],
  ["a table that is not there", { TableName: "no-such-table", Key: { pk: s("a") } },
    "Requested resource not found", R],
  ["values without an expression", { TableName, Key: { pk: s("a") }, ExpressionAttributeValues: { ":a": s("a") } },
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"],
  ["an unused value",
    { TableName, Key: { pk: s("a") }, ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":a": s("a") } },
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}"],
]);
