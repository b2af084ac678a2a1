// What UpdateItem refuses: of the text, of names and values, and of the item it meets.
import { test } from "node:test";
import {
  assertRefused, fresh, get, invalid, keyMismatch, n, notNull, oneError, put, R, refuses, s, tables, V,
  type Attributes, type Refusal,
} from "../harness.ts";
import assert from "node:assert/strict";

const TableName = tables.S;
const Key = { pk: s("never") };
const wrong = "Invalid UpdateExpression: ";

const refused = (UpdateExpression: string, message: string, values?: Attributes): Refusal => [
  UpdateExpression === "" ? "an empty expression" : UpdateExpression,
  { TableName, Key, UpdateExpression, ...(values && { ExpressionAttributeValues: values }) }, message,
];

const v = { ":v": n(1) };
const overlap = (one: string, two: string): string =>
  `${wrong}Two document paths overlap with each other; must remove or rewrite one of these paths; ` +
  `path one: [${one}], path two: [${two}]`;
const operandType = (operator: string, type: string): string =>
  `${wrong}Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`;
const addType = (operator: string, type: string): string =>
  `${wrong}Incorrect operand type for operator or function; operator: ${operator}, operand type: ${type}, ` +
  `typeSet: ALLOWED_FOR_${operator}_OPERAND`;

refuses("UpdateItem", [
  ["a request without anything", {}, `2 validation errors detected: ${notNull("tableName")}; ${notNull("key")}`],
  ["half a key", { TableName: tables.SS, Key: { pk: s("a") } }, keyMismatch],
  ["a table that is not there", { TableName: "no-such-table", Key }, "Requested resource not found", R],
  ["an unknown ReturnValues", { TableName, Key, ReturnValues: "SOME" },
    `${oneError}Value 'SOME' at 'returnValues' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"],
  refused("", `${wrong}The expression can not be empty;`),
  refused("a = :v", `${wrong}Syntax error; token: "a", near: "a ="`, v),
  refused("SET a", `${wrong}Syntax error; token: "<EOF>", near: "a"`),
  refused("SET a = ", `${wrong}Syntax error; token: "<EOF>", near: "="`),
  refused("SET a = :v,", `${wrong}Syntax error; token: "<EOF>", near: ","`, v),
  refused("SET a = 5", `${wrong}Syntax error; token: "5", near: "= 5"`),
  refused("SET a = :v SET b = :v", `${wrong}The "SET" section can only be used once in an update expression;`, v),
  refused("REMOVE a REMOVE b", `${wrong}The "REMOVE" section can only be used once in an update expression;`),
  refused("SET name = :v", `${wrong}Attribute name is a reserved keyword; reserved keyword: name`, v),
  refused("SET a = :v, Count = :v", `${wrong}Attribute name is a reserved keyword; reserved keyword: Count`, v),
  refused("SET m.status = :v", `${wrong}Attribute name is a reserved keyword; reserved keyword: status`, v),
  refused("SET a = :w", `${wrong}An expression attribute value used in expression is not defined; attribute value: :w`, v),
  refused("SET #a = :v",
    `${wrong}An expression attribute name used in the document path is not defined; attribute name: #a`, v),
  refused("SET a = :v, a = :v", overlap("a", "a"), v),
  refused("SET a = :v, a.b = :v", overlap("a", "a, b"), v),
  refused("SET a.b = :v REMOVE a", overlap("a, b", "a"), v),
  refused("SET a[1] = :v REMOVE a[1]", overlap("a, [1]", "a, [1]"), v),
  refused("SET a[1] = :v, a.b = :v", `${wrong}Two document paths conflict with each other; ` +
    "must remove or rewrite one of these paths; path one: [a, [1]], path two: [a, b]", v),
  refused("SET a = foo(:v)", `${wrong}Invalid function name; function: foo`, v),
  refused("SET a = size(b)",
    `${wrong}The function is not allowed in an update expression; function: size`),
  refused("SET a = attribute_exists(b)",
    `${wrong}The function is not allowed in an update expression; function: attribute_exists`),
  refused("SET a = if_not_exists(:v, :v)",
    `${wrong}Operator or function requires a document path; operator or function: if_not_exists`, v),
  refused("SET a = if_not_exists(b)",
    `${wrong}Incorrect number of operands for operator or function; operator or function: if_not_exists, ` +
      "number of operands: 1"),
  refused("SET a = list_append(b)",
    `${wrong}Incorrect number of operands for operator or function; operator or function: list_append, ` +
      "number of operands: 1"),
  refused("SET a = list_append(b, :v)", operandType("list_append", "N"), v),
  refused("SET a = a + :v", operandType("+", "S"), { ":v": s("x") }),
  refused("SET a = :v - a", operandType("-", "BOOL"), { ":v": { BOOL: true } }),
  refused("ADD a :v", addType("ADD", "STRING"), { ":v": s("x") }),
  refused("ADD a :v", addType("ADD", "LIST"), { ":v": { L: [] } }),
  refused("ADD a :v", addType("ADD", "MAP"), { ":v": { M: {} } }),
  refused("DELETE a :v", addType("DELETE", "NUMBER"), v),
  refused("DELETE a :v", addType("DELETE", "BOOLEAN"), { ":v": { BOOL: true } }),
  refused("ADD a b", `${wrong}Syntax error; token: "b", near: "a b"`),
  refused("SET pk = :v", `${invalid}Cannot update attribute pk. This attribute is part of the key`, { ":v": s("x") }),
  refused("REMOVE pk", `${invalid}Cannot update attribute pk. This attribute is part of the key`),
  refused("SET pk.a = :v", `${invalid}Cannot update attribute pk. This attribute is part of the key`, v),
  refused("SET a = pk.b",
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk"),
  refused("SET a = :v", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
    { ...v, ":w": n(2) }),
  ["values without an expression", { TableName, Key, ExpressionAttributeValues: v },
    "ExpressionAttributeValues can only be specified when using expressions: " +
      "UpdateExpression and ConditionExpression are null"],
  ["AttributeUpdates beside an UpdateExpression",
    { TableName, Key, UpdateExpression: "REMOVE a", AttributeUpdates: { b: { Action: "DELETE" } } },
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {AttributeUpdates} Expression parameters: {UpdateExpression}"],
]);

const noSuchAttribute = "The provided expression refers to an attribute that does not exist in the item";
const wrongType = "An operand in the update expression has an incorrect data type";
const wrongPath = "The document path provided in the update expression is invalid for update";
const nested = "Nesting Levels have exceeded supported limits: " +
  "Attributes in the item have nested levels beyond supported limit";

/** [expression, item, values, message]: the item stays as it was. */
const met: readonly (readonly [string, Attributes | undefined, Attributes, string])[] = [
  ["SET a = b", {}, {}, noSuchAttribute],
  ["SET a = b", undefined, {}, noSuchAttribute],
  ["SET a = a + :v", {}, v, noSuchAttribute],
  ["SET a = m.b", { m: { M: {} } }, {}, noSuchAttribute],
  ["SET a = l[3]", { l: { L: [n(1)] } }, {}, noSuchAttribute],
  ["SET a = a + :v", { a: s("x") }, v, wrongType],
  ["SET a = a - b", { a: n(1), b: { NULL: true } }, {}, wrongType],
  ["SET a = list_append(a, :v)", { a: n(1) }, { ":v": { L: [] } }, wrongType],
  ["SET a = list_append(b, :v)", {}, { ":v": { L: [] } }, noSuchAttribute],
  ["ADD a :v", { a: s("x") }, v, wrongType],
  ["ADD a :v", { a: { SS: ["x"] } }, v, wrongType],
  ["ADD a :v", { a: { SS: ["x"] } }, { ":v": { NS: ["1"] } }, wrongType],
  ["DELETE a :v", { a: { NS: ["1"] } }, { ":v": { SS: ["x"] } }, wrongType],
  ["DELETE a :v", { a: n(1) }, { ":v": { SS: ["x"] } }, wrongType],
  ["SET m.a = :v", {}, v, wrongPath],
  ["SET m.a = :v", undefined, v, wrongPath],
  ["SET m.a = :v", { m: n(1) }, v, wrongPath],
  ["SET m.a = :v", { m: { L: [] } }, v, wrongPath],
  ["SET l[0] = :v", { l: { M: {} } }, v, wrongPath],
  ["SET l[0] = :v", {}, v, wrongPath],
  ["SET m.a.b = :v", { m: { M: {} } }, v, wrongPath],
  ["REMOVE m.a", {}, {}, wrongPath],
  ["REMOVE l[0]", { l: n(1) }, {}, wrongPath],
  ["SET m.a = :deep", { m: { M: {} } }, { ":deep": deep(31) }, nested],
];

function deep(levels: number): { L: never[] } {
  let value: object = { S: "inside" };
  for (let level = 0; level < levels; level++) value = { L: [value] };
  return value as { L: never[] };
}

for (const [UpdateExpression, before, values, message] of met) {
  test(`UpdateItem refuses ${UpdateExpression} of ${JSON.stringify(before)}`, async () => {
    const pk = s(fresh());
    if (before !== undefined) await put(TableName, { pk, ...before });
    const used = Object.keys(values).length > 0 && { ExpressionAttributeValues: values };
    await assertRefused("UpdateItem", { TableName, Key: { pk }, UpdateExpression, ...used }, V, message);
    assert.deepEqual(await get(TableName, { pk }), before && { pk, ...before });
  });
}
