// UpdateItem from request to response, with expressions and with AttributeUpdates.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LocalTables } from "./local-table.ts";

const Key = { id: { S: "a" } };

function tablesWith(item: object): LocalTables {
  const tables = new LocalTables();
  tables.call("PutItem", { TableName: "users", Item: { ...Key, ...item } });
  return tables;
}

function stored(tables: LocalTables): unknown {
  return tables.call("GetItem", { TableName: "users", Key }).Item;
}

test("each ReturnValues returns its part of the item before or after", () => {
  const before = { n: { N: "1" }, other: { S: "x" } };
  const cases: readonly (readonly [string | undefined, object | undefined])[] = [
    [undefined, undefined],
    ["NONE", undefined],
    ["ALL_OLD", { ...Key, ...before }],
    ["ALL_NEW", { ...Key, n: { N: "3" }, other: { S: "x" }, m: { BOOL: true } }],
    ["UPDATED_OLD", { n: { N: "1" } }],
    ["UPDATED_NEW", { n: { N: "3" }, m: { BOOL: true } }],
  ];
  for (const [ReturnValues, Attributes] of cases) {
    const response = tablesWith(before).call("UpdateItem", {
      TableName: "users", Key, ReturnValues, UpdateExpression: "SET n = n + :two, m = :m",
      ExpressionAttributeValues: { ":two": { N: "2" }, ":m": { BOOL: true } },
    });
    assert.deepEqual(response, Attributes === undefined ? {} : { Attributes }, ReturnValues);
  }
});

test("an update makes the item, unless all it does is remove", () => {
  const tables = new LocalTables();
  const remove = { TableName: "users", Key, UpdateExpression: "REMOVE gone" };
  tables.call("UpdateItem", remove);
  assert.equal(stored(tables), undefined);
  tables.call("UpdateItem", { TableName: "users", Key });
  assert.deepEqual(stored(tables), Key);
  const add = { UpdateExpression: "ADD hits :one", ExpressionAttributeValues: { ":one": { N: "1" } } };
  tables.call("UpdateItem", { TableName: "users", Key, ...add });
  tables.call("UpdateItem", { TableName: "users", Key, ...add });
  assert.deepEqual(stored(tables), { ...Key, hits: { N: "2" } });
});

test("a failed condition on an item that is not there refuses the update", () => {
  const tables = new LocalTables();
  assert.throws(
    () => tables.call("UpdateItem", {
      TableName: "users", Key, UpdateExpression: "SET a = :a", ConditionExpression: "attribute_exists(id)",
      ExpressionAttributeValues: { ":a": { S: "x" } },
    }),
    { type: "ConditionalCheckFailedException" },
  );
  assert.equal(stored(tables), undefined);
});

test("an update that makes the item too large is refused where it is decided", () => {
  const tables = tablesWith({ big: { S: "x".repeat(300 * 1024) } });
  assert.throws(
    () => tables.call("UpdateItem", {
      TableName: "users", Key, UpdateExpression: "SET more = :more",
      ExpressionAttributeValues: { ":more": { S: "y".repeat(110 * 1024) } },
    }),
    { type: "ValidationException", message: "Item size to update has exceeded the maximum allowed size" },
  );
});

test("an update cannot nest deeper than an item may be", () => {
  const nest = (levels: number): unknown => (levels === 0 ? { S: "leaf" } : { M: { a: nest(levels - 1) } });
  const tables = tablesWith({ m: nest(10) });
  const set = (levels: number): unknown => tables.call("UpdateItem", {
    TableName: "users", Key, UpdateExpression: "SET m.a.a = :v", ExpressionAttributeValues: { ":v": nest(levels) },
  });
  assert.deepEqual(set(29), {});
  assert.throws(() => set(30), { type: "ValidationException", message: /^Nesting Levels have exceeded/ });
});

test("an update that does not fit the item is a ValidationException", () => {
  const tables = tablesWith({ s: { S: "text" } });
  assert.throws(
    () => tables.call("UpdateItem", {
      TableName: "users", Key, UpdateExpression: "SET s = s + :one", ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
    { type: "ValidationException", message: "An operand in the update expression has an incorrect data type" },
  );
});

test("AttributeUpdates puts, adds and deletes", () => {
  const tables = tablesWith({ n: { N: "1" }, tags: { SS: ["a", "b"] }, list: { L: [{ N: "1" }] }, gone: { S: "x" } });
  const response = tables.call("UpdateItem", {
    TableName: "users", Key, ReturnValues: "UPDATED_NEW",
    AttributeUpdates: {
      n: { Action: "ADD", Value: { N: "5" } },
      tags: { Action: "DELETE", Value: { SS: ["a"] } },
      list: { Action: "ADD", Value: { L: [{ N: "2" }] } },
      fresh: { Value: { S: "y" } },
      gone: { Action: "DELETE" },
    },
  });
  const after = { n: { N: "6" }, tags: { SS: ["b"] }, list: { L: [{ N: "1" }, { N: "2" }] }, fresh: { S: "y" } };
  assert.deepEqual(response, { Attributes: after });
  assert.deepEqual(stored(tables), { ...Key, ...after });
});

test("AttributeUpdates that do not fit are refused in their own words", () => {
  const invalid = "One or more parameter values were invalid: ";
  const cases: readonly (readonly [object, string])[] = [
    [{ n: { Action: "ADD", Value: { SS: ["x"] } } }, "Type mismatch for attribute to update"],
    [{ n: { Action: "PUT" } }, `${invalid}Only DELETE action is allowed when no attribute value is specified`],
    [{ n: { Action: "ADD", Value: { S: "x" } } }, `${invalid}ADD action is not supported for the type S`],
    [
      { n: { Action: "DELETE", Value: { N: "1" } } },
      `${invalid}DELETE action with value is not supported for the type N`,
    ],
    [
      { id: { Value: { S: "b" } } },
      `${invalid}Cannot update attribute id. This attribute is part of the key`,
    ],
  ];
  for (const [AttributeUpdates, message] of cases) {
    assert.throws(
      () => tablesWith({ n: { N: "1" } }).call("UpdateItem", { TableName: "users", Key, AttributeUpdates }),
      { type: "ValidationException", message },
    );
  }
});

test("Expected is a condition in all its forms", () => {
  const item = { n: { N: "5" }, s: { S: "hello" }, tags: { SS: ["a"] } };
  const cases: readonly (readonly [object, boolean])[] = [
    [{ n: { Value: { N: "5.0" } } }, true],
    [{ n: { Value: { N: "6" } } }, false],
    [{ n: { Exists: false } }, false],
    [{ missing: { Exists: false } }, true],
    [{ n: { ComparisonOperator: "GE", AttributeValueList: [{ N: "5" }] } }, true],
    [{ n: { ComparisonOperator: "LT", AttributeValueList: [{ N: "5" }] } }, false],
    [{ n: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "1" }, { N: "9" }] } }, true],
    [{ n: { ComparisonOperator: "IN", AttributeValueList: [{ N: "1" }, { N: "5" }] } }, true],
    [{ n: { ComparisonOperator: "NE", AttributeValueList: [{ N: "5" }] } }, false],
    [{ s: { ComparisonOperator: "BEGINS_WITH", AttributeValueList: [{ S: "he" }] } }, true],
    [{ s: { ComparisonOperator: "CONTAINS", AttributeValueList: [{ S: "ll" }] } }, true],
    [{ tags: { ComparisonOperator: "CONTAINS", AttributeValueList: [{ S: "a" }] } }, true],
    [{ tags: { ComparisonOperator: "NOT_CONTAINS", AttributeValueList: [{ S: "a" }] } }, false],
    [{ s: { ComparisonOperator: "NOT_NULL" } }, true],
    [{ s: { ComparisonOperator: "NULL" } }, false],
    [{ n: { Value: { N: "5" } }, s: { Value: { S: "no" } } }, false],
  ];
  for (const [Expected, holds] of cases) {
    const put = (): unknown =>
      tablesWith(item).call("PutItem", { TableName: "users", Item: { ...Key, ...item }, Expected });
    if (holds) assert.deepEqual(put(), {}, JSON.stringify(Expected));
    else assert.throws(put, { type: "ConditionalCheckFailedException" }, JSON.stringify(Expected));
  }
  const either = { n: { Value: { N: "5" } }, s: { Value: { S: "no" } } };
  assert.deepEqual(
    tablesWith(item).call("DeleteItem", { TableName: "users", Key, Expected: either, ConditionalOperator: "OR" }), {},
  );
});
