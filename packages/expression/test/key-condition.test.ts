// KeyConditionExpression: which conditions a query may have, what they resolve to, and the message for every
// other.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkKeyCondition, checkKeyConditionShape, compileKeyCondition, resolveKeyCondition,
} from "@azimuth/expression/key-condition.ts";
import type {
  KeyConditionSchema, ResolvedKeyCondition, SortCondition,
} from "@azimuth/expression/key-condition.ts";
import { bind, bytes, number, refusal, text } from "./support/values.ts";

const hashOnly: KeyConditionSchema = { partition: { name: "p", type: "S" } };
const composite: KeyConditionSchema = { ...hashOnly, sort: { name: "c", type: "N" } };
const textual: KeyConditionSchema = { ...hashOnly, sort: { name: "c", type: "S" } };

const values = {
  ":p": text("key"), ":n": number(3), ":m": number(7), ":s": text("x"), ":t": text("y"), ":b": bytes(1),
};
const bindings = bind(values, { "#p": "p", "#c": "c" });

function resolve(expression: string, schema: KeyConditionSchema): ResolvedKeyCondition {
  const condition = compileKeyCondition(expression);
  checkKeyCondition(condition, bindings);
  checkKeyConditionShape(condition, bindings);
  return resolveKeyCondition(condition, bindings, schema);
}

const partitionValue = text("key");

type Accepted = readonly [expression: string, schema: KeyConditionSchema, sort: SortCondition | undefined];

const accepted: readonly Accepted[] = [
  ["p = :p", hashOnly, undefined],
  ["p = :p", composite, undefined],
  [":p = p", composite, undefined],
  ["(p = :p)", composite, undefined],
  ["(#p) = (:p)", composite, undefined],
  ["p = :p AND c = :n", composite, { operator: "=", values: [number(3)] }],
  ["c = :n AND p = :p", composite, { operator: "=", values: [number(3)] }],
  ["((#p = :p) and (#c < :n))", composite, { operator: "<", values: [number(3)] }],
  ["p = :p AND c <= :n", composite, { operator: "<=", values: [number(3)] }],
  ["p = :p AND c > :n", composite, { operator: ">", values: [number(3)] }],
  ["p = :p AND c >= :n", composite, { operator: ">=", values: [number(3)] }],
  ["p = :p AND :n = c", composite, { operator: "=", values: [number(3)] }],
  ["p = :p AND :n < c", composite, { operator: ">", values: [number(3)] }],
  ["p = :p AND :n <= c", composite, { operator: ">=", values: [number(3)] }],
  ["p = :p AND :n > c", composite, { operator: "<", values: [number(3)] }],
  ["p = :p AND :n >= c", composite, { operator: "<=", values: [number(3)] }],
  ["p = :p AND c BETWEEN :n AND :m", composite, { operator: "between", values: [number(3), number(7)] }],
  ["c BETWEEN :n AND :m AND p = :p", composite, { operator: "between", values: [number(3), number(7)] }],
  ["p = :p AND begins_with(c, :s)", textual, { operator: "begins_with", values: [text("x")] }],
];

for (const [expression, schema, sort] of accepted) {
  test(`${expression} resolves${schema.sort === undefined ? " without a sort key" : ""}`, () => {
    const expected = sort === undefined ? { partitionValue } : { partitionValue, sort };
    assert.deepEqual(resolve(expression, schema), expected);
  });
}

const invalid = "Invalid condition in KeyConditionExpression: ";
const operator = "Invalid operator used in KeyConditionExpression: ";
const typeMismatch =
  "One or more parameter values were invalid: Condition parameter type does not match schema type";

const refused: readonly (readonly [expression: string, schema: KeyConditionSchema, message: string])[] = [
  ["", composite, "Invalid KeyConditionExpression: The expression can not be empty;"],
  ["p = :p c", composite, 'Invalid KeyConditionExpression: Syntax error; token: "c", near: ":p c"'],
  [
    "p = :p AND ((c = :n))",
    composite,
    "Invalid KeyConditionExpression: The expression has redundant parentheses;",
  ],
  ["p = :p AND f(c, :n)", composite, "Invalid KeyConditionExpression: Invalid function name; function: f"],
  [
    "#x = :p", composite,
    "Invalid KeyConditionExpression: An expression attribute name used in the document path is not " +
      "defined; attribute name: #x",
  ],
  [
    "p = :p AND begins_with(c, :n)", composite,
    "Invalid KeyConditionExpression: Incorrect operand type for operator or function; " +
      "operator or function: begins_with, operand type: N",
  ],
  [
    "p = :p AND c BETWEEN :m AND :n", composite,
    "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal " +
      "to lower bound; lower bound operand: AttributeValue: {N:7}, " +
      "upper bound operand: AttributeValue: {N:3}",
  ],
  ["p = :p OR c = :n", composite, `${operator}OR`],
  ["NOT p = :p", composite, `${operator}NOT`],
  ["p = :p AND NOT c = :n", composite, `${operator}NOT`],
  ["p = :p AND c <> :n", composite, `${operator}<>`],
  ["p = :p AND c IN (:n)", composite, `${operator}IN`],
  ["p = :p AND attribute_exists(c)", composite, `${operator}attribute_exists`],
  ["p = :p AND attribute_not_exists(c)", composite, `${operator}attribute_not_exists`],
  ["p = :p AND contains(c, :s)", composite, `${operator}contains`],
  ["p = :p AND c > size(c)", composite, "KeyConditionExpressions cannot contain nested operations"],
  [
    "p = :p AND c BETWEEN :n AND size(c)",
    composite,
    "KeyConditionExpressions cannot contain nested operations",
  ],
  ["p = :p AND c.x = :n", composite, "KeyConditionExpressions cannot have conditions on nested attributes"],
  ["p[0] = :p", composite, "KeyConditionExpressions cannot have conditions on nested attributes"],
  ["p = c", composite, `${invalid}Multiple attribute names used in one condition`],
  ["p = :p AND c BETWEEN :n AND d", composite, `${invalid}Multiple attribute names used in one condition`],
  ["p = :p AND begins_with(c, d)", composite, `${invalid}Multiple attribute names used in one condition`],
  [":p = :s", composite, `${invalid}No key attribute specified`],
  [
    "p = :p AND :n BETWEEN c AND :m", composite,
    `${invalid}BETWEEN operator must have the key attribute as its first operand`,
  ],
  [
    "p = :p AND begins_with(:s, c)", composite,
    `${invalid}begins_with operator must have the key attribute as its first operand`,
  ],
  ["p = :p AND p = :s", composite, "KeyConditionExpressions must only contain one condition per key"],
  [
    "p = :p AND c > :n AND c < :m",
    composite,
    "KeyConditionExpressions must only contain one condition per key",
  ],
  ["p = :p AND c > :n AND d < :m", composite, "Conditions can be of length 1 or 2 only"],
  ["c = :n", composite, "Query condition missed key schema element: p"],
  ["x = :n", composite, "Query condition missed key schema element: p"],
  ["x = :n", hashOnly, "Query condition missed key schema element: p"],
  ["x = :p AND c = :n", composite, "Query condition missed key schema element: p"],
  ["p = :p AND x = :n", composite, "Query condition missed key schema element: c"],
  ["p = :p AND c = :n", hashOnly, "Query key condition not supported"],
  ["p < :p", composite, "Query key condition not supported"],
  ["p BETWEEN :s AND :t", hashOnly, "Query key condition not supported"],
  ["begins_with(p, :p) AND c = :n", composite, "Query key condition not supported"],
  ["p = :n", composite, typeMismatch],
  ["p < :n", composite, typeMismatch],
  ["p = :p AND c = :s", composite, typeMismatch],
  ["p = :p AND c BETWEEN :s AND :t", composite, typeMismatch],
  ["p = :p AND begins_with(c, :b)", textual, typeMismatch],
];

for (const [expression, schema, message] of refused) {
  test(`key condition ${JSON.stringify(expression)} is refused: ${message}`, () => {
    assert.equal(refusal(() => resolve(expression, schema)), message);
  });
}

test("the shape is refused before the schema is known", () => {
  const condition = compileKeyCondition("p = :p OR c = :n");
  assert.equal(refusal(() => checkKeyConditionShape(condition, bindings)), `${operator}OR`);
});
