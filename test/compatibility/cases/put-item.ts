// PutItem: it replaces whole items, returns what it replaced when asked, and obeys a condition.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, C, call, conditionFailed, fresh, get, invalid, n, notNull, oneError, put, R, refusalOf, refuses, s,
  tables, V,
} from "../harness.ts";

const TableName = tables.S;

test("an item is read back as it was put", async () => {
  const Item = { pk: s(fresh()), text: s("x"), number: n(1), more: { M: { list: { L: [n(1), s("a")] } } } };
  assert.deepEqual(await call("PutItem", { TableName, Item }).then(({ Attributes }) => Attributes), undefined);
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

test("a second put replaces the item whole", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, old: s("x") }, { pk, young: s("y") });
  assert.deepEqual(await get(TableName, { pk }), { pk, young: s("y") });
});

test("ALL_OLD returns the item that was replaced, and nothing for a new one", async () => {
  const pk = s(fresh());
  const first = await call("PutItem", { TableName, Item: { pk, v: n(1) }, ReturnValues: "ALL_OLD" });
  assert.equal(first.Attributes, undefined);
  const second = await call("PutItem", { TableName, Item: { pk, v: n(2) }, ReturnValues: "ALL_OLD" });
  assert.deepEqual(second.Attributes, { pk, v: n(1) });
  const third = await call("PutItem", { TableName, Item: { pk, v: n(3) }, ReturnValues: "NONE" });
  assert.equal(third.Attributes, undefined);
});

test("a put on condition that there is no item succeeds once", async () => {
  const Item = { pk: s(fresh()), v: n(1) };
  const input = { TableName, Item, ConditionExpression: "attribute_not_exists(pk)" };
  await call("PutItem", input);
  await assertRefused("PutItem", input, C, conditionFailed);
});

test("of many puts on condition that there is no item, at once, one succeeds", async () => {
  const pk = s(fresh());
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, (_, v) =>
    call("PutItem", { TableName, Item: { pk, v: n(v) }, ConditionExpression: "attribute_not_exists(pk)" })));
  assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
});

test("a failed condition changes nothing", async () => {
  const Item = { pk: s(fresh()), v: n(1) };
  await put(TableName, Item);
  const ExpressionAttributeValues = { ":v": n(2) };
  await assertRefused("PutItem", {
    TableName, Item: { pk: Item.pk, v: n(9) }, ConditionExpression: "v = :v", ExpressionAttributeValues,
  }, C, conditionFailed);
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

test("a failed condition returns the item when asked", async () => {
  const Item = { pk: s(fresh()), v: n(1), more: s("x") };
  await put(TableName, Item);
  const input = {
    TableName, Item: { pk: Item.pk }, ConditionExpression: "attribute_not_exists(pk)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  assert.deepEqual(await refusalOf("PutItem", input), { type: C, message: conditionFailed, Item });
  const missing = { ...input, Item: { pk: s(fresh()) }, ConditionExpression: "attribute_exists(pk)" };
  assert.deepEqual(await refusalOf("PutItem", missing), { type: C, message: conditionFailed });
});

test("a condition sees the item as it is, not as it is put", async () => {
  const pk = s(fresh());
  const input = {
    TableName, Item: { pk, v: n(2) }, ConditionExpression: "attribute_not_exists(v) OR v = :one",
    ExpressionAttributeValues: { ":one": n(1) },
  };
  await call("PutItem", input);
  await assertRefused("PutItem", input, C, conditionFailed);
});

const Item = { pk: s("never") };
refuses("PutItem", [
  ["a request without anything", {}, `2 validation errors detected: ${notNull("tableName")}; ${notNull("item")}`],
  ["a request without an item", { TableName }, `${oneError}${notNull("item")}`],
  ["a short table name", { TableName: "ab", Item },
    `${oneError}Value 'ab' at 'tableName' failed to satisfy constraint: ` +
      "Member must have length greater than or equal to 3"],
  ["a table name with another character", { TableName: "a;b;c", Item },
    `${oneError}Value 'a;b;c' at 'tableName' failed to satisfy constraint: ` +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
  ["a long table name", { TableName: "x".repeat(256), Item },
    `${oneError}Value '${"x".repeat(256)}' at 'tableName' failed to satisfy constraint: ` +
      "Member must have length less than or equal to 255"],
  ["two unknown enumerators, both named", { TableName, Item, ReturnValues: "hi", ReturnConsumedCapacity: "ho" },
    "2 validation errors detected: Value 'ho' at 'returnConsumedCapacity' failed to satisfy constraint: Member must " +
      "satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'hi' at 'returnValues' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"],
  ["an unknown ReturnItemCollectionMetrics", { TableName, Item, ReturnItemCollectionMetrics: "hi" },
    `${oneError}Value 'hi' at 'returnItemCollectionMetrics' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [SIZE, NONE]"],
  ["ALL_NEW", { TableName, Item, ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["UPDATED_OLD", { TableName, Item, ReturnValues: "UPDATED_OLD" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["UPDATED_NEW", { TableName, Item, ReturnValues: "UPDATED_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
  ["an item without its key", { TableName, Item: { a: s("x") } }, `${invalid}Missing the key pk in the item`],
  ["an item without its sort key", { TableName: tables.SS, Item: { pk: s("x") } },
    `${invalid}Missing the key sk in the item`],
  ["a key of another type", { TableName, Item: { pk: n(1) } },
    `${invalid}Type mismatch for key pk expected: S actual: N`],
  ["a sort key of another type", { TableName: tables.SN, Item: { pk: s("a"), sk: s("b") } },
    `${invalid}Type mismatch for key sk expected: N actual: S`],
  ["a map as a key", { TableName, Item: { pk: { M: {} } } },
    `${invalid}Type mismatch for key pk expected: S actual: M`],
  ["an empty key", { TableName, Item: { pk: s("") } }, "One or more parameter values are not valid. The " +
    "AttributeValue for a key attribute cannot contain an empty string value. Key: pk"],
  ["an empty sort key", { TableName: tables.SS, Item: { pk: s("a"), sk: s("") } }, "One or more parameter values " +
    "are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: sk"],
  ["a table that is not there", { TableName: "no-such-table", Item }, "Requested resource not found", R],
  ["a table of another region", { TableName: "arn:aws:dynamodb:eu-west-9:000000000000:table/by-text", Item },
    /.*/, R],
  ["old and new parameters together",
    { TableName, Item, Expected: { a: { Exists: false } }, ConditionExpression: "attribute_not_exists(a)" },
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"],
  ["a condition without its table before the table is looked for",
    { TableName: "no-such-table", Item, ConditionExpression: "a = :a" },
    "Invalid ConditionExpression: An expression attribute value used in expression is not defined; " +
      "attribute value: :a"],
  ["a bad value before the condition", { TableName, Item: { pk: s("a"), n: n("x") }, ConditionExpression: "" },
    "The parameter cannot be converted to a numeric value: x"],
]);

test("a table may be named by its ARN", async () => {
  const { Table } = await call("DescribeTable", { TableName });
  const pk = s(fresh());
  await put(Table?.TableArn as string, { pk, v: n(1) });
  assert.deepEqual(await get(Table?.TableArn as string, { pk }), { pk, v: n(1) });
});

test("the SDK's exception is the operation's own", async () => {
  await assert.rejects(call("PutItem", { TableName, Item: {} }), { name: V });
});
