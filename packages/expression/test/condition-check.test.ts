// What a condition's placeholders decide: the exact message for each undefined name or value, wrong count and
// type.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import {
  checkCondition, compileCondition, conditionAttributeNames, conditionPaths,
} from "@azimuth/expression/condition.ts";
import {
  bind, byteStrings, bytes, list, map, nothing, number, numbers, refusal, text, texts, truth,
} from "./support/values.ts";

const valueByType: Record<string, AttributeValue> = {
  S: text("x"), N: number(1), B: bytes(1), BOOL: truth(true), NULL: nothing, L: list(), M: map({}),
  SS: texts("x"), NS: numbers("1"), BS: byteStrings([1]),
};

const names = { "#a": "a", "#b": "b", "#odd": "a.b" };

function check(expression: string, values: Record<string, AttributeValue>): void {
  checkCondition(compileCondition(expression, "ConditionExpression"), bind(values, names));
}

function assertRefused(expression: string, values: Record<string, AttributeValue>, message: string): void {
  assert.equal(refusal(() => check(expression, values)), `Invalid ConditionExpression: ${message}`);
}

const undefinedName =
  "An expression attribute name used in the document path is not defined; attribute name: ";
const undefinedValue = "An expression attribute value used in expression is not defined; attribute value: ";

const cases: readonly (readonly [expression: string, message: string])[] = [
  ["#x = :v", `${undefinedName}#x`],
  ["a.#x[0] = :v", `${undefinedName}#x`],
  ["size(#x) = :v", `${undefinedName}#x`],
  ["a = :x", `${undefinedValue}:x`],
  [":x = #x", `${undefinedValue}:x`],
  ["#x = :x", `${undefinedName}#x`],
  ["a = :v AND a IN (:v, :x)", `${undefinedValue}:x`],
  ["a = :v AND (b = :v OR NOT contains(c, :x))", `${undefinedValue}:x`],
  ["a BETWEEN :v AND :x", `${undefinedValue}:x`],
  ["begins_with(:x)", `${undefinedValue}:x`],
  ["a = a AND b = :x", distinct("=", "[a]")],
  ["b = :x AND a = a", `${undefinedValue}:x`],
  ["attribute_exists(a, b)", count("attribute_exists", 2)],
  ["attribute_not_exists(a, b)", count("attribute_not_exists", 2)],
  ["attribute_type(a)", count("attribute_type", 1)],
  ["begins_with(a)", count("begins_with", 1)],
  ["begins_with(a, b, c)", count("begins_with", 3)],
  ["contains(a)", count("contains", 1)],
  ["size(a, b) = :v", count("size", 2)],
  ["contains(a, size(b, c, d))", count("size", 3)],
  [
    "attribute_exists(:v)",
    "Operator or function requires a document path; operator or function: attribute_exists",
  ],
  [
    "attribute_exists((:v))",
    "Operator or function requires a document path; operator or function: attribute_exists",
  ],
  [
    "attribute_not_exists(size(a))",
    "Operator or function requires a document path; operator or function: attribute_not_exists",
  ],
  ["a = a", distinct("=", "[a]")],
  ["a <> #a", distinct("<>", "[a]")],
  ["(a) >= (#a)", distinct(">=", "[a]")],
  ["a.b[2] < #a.#b[2]", distinct("<", "[a, b, [2]]")],
  ["#odd = #odd", distinct("=", "[a.b]")],
  ["contains(a, #a)", distinct("contains", "[a]")],
  ["begins_with(a[0], a[0])", distinct("begins_with", "[a, [0]]")],
  ["attribute_type(a, a)", distinct("attribute_type", "[a]")],
  ["attribute_type(a, b)", operandType("attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")],
  ["attribute_type(a, size(b))", operandType("attribute_type", "N")],
  ["attribute_type(a, :v)", operandType("attribute_type", "N")],
  [
    "attribute_type(a, :s)",
    "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
  ],
  ["begins_with(a, size(b))", operandType("begins_with", "N")],
  ["size(size(a)) = :v", operandType("size", "N")],
  [
    "a BETWEEN :v AND :s",
    "The BETWEEN operator requires same data type for lower and upper bounds; " +
      "lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}",
  ],
  [
    "a BETWEEN :ten AND :v",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
      "lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {N:1}",
  ],
  [
    "a BETWEEN :high AND :low",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
      "lower bound operand: AttributeValue: {B:/w==}, upper bound operand: AttributeValue: {B:AQ==}",
  ],
];

function count(name: string, given: number): string {
  return "Incorrect number of operands for operator or function; " +
    `operator or function: ${name}, number of operands: ${given}`;
}

function operandType(name: string, type: string): string {
  return "Incorrect operand type for operator or function; " +
    `operator or function: ${name}, operand type: ${type}`;
}

function distinct(operator: string, path: string): string {
  return "The first operand must be distinct from the remaining operands for this operator or function; " +
    `operator: ${operator}, first operand: ${path}`;
}

const values = {
  ":v": number(1), ":ten": number(10), ":s": text("x"), ":low": bytes(1), ":high": bytes(255),
};

for (const [expression, message] of cases) {
  test(`${expression} is refused: ${message}`, () => assertRefused(expression, values, message));
}

for (const [type, value] of Object.entries(valueByType)) {
  const given = { ":t": value, ":o": valueByType["S"] as AttributeValue };
  const beginsWith = type === "S" || type === "B";
  test(`begins_with ${beginsWith ? "takes" : "refuses"} ${type} on either side`, () => {
    for (const expression of ["begins_with(a, :t)", "begins_with(:t, a)"]) {
      if (beginsWith) check(expression, given);
      else assertRefused(expression, given, operandType("begins_with", type));
    }
  });
  const hasSize = type !== "N" && type !== "BOOL" && type !== "NULL";
  test(`size() of a placeholder ${hasSize ? "takes" : "refuses"} ${type}`, () => {
    if (hasSize) check("size(:t) > a", given);
    else assertRefused("size(:t) > a", given, operandType("size", type));
  });
  const ordered = type === "S" || type === "N" || type === "B";
  test(`ordering ${ordered ? "takes" : "refuses"} ${type} on either side`, () => {
    for (const operator of ["<", "<=", ">", ">="]) {
      for (const expression of [`a ${operator} :t`, `:t ${operator} a`]) {
        if (ordered) check(expression, given);
        else assertRefused(expression, given, operandType(operator, type));
      }
    }
    if (ordered) check("a BETWEEN :t AND :t", given);
    else assertRefused("a BETWEEN b AND :t", given, operandType("BETWEEN", type));
  });
  test(`equality, IN and contains take ${type}`, () => {
    for (const expression of ["a = :t", "a <> :t", "a IN (:t)", "contains(a, :t)", "contains(:t, a)"]) {
      check(expression, given);
    }
  });
  test(`attribute_type knows ${type}`, () => check("attribute_type(a, :name)", { ":name": text(type) }));
}

test("the same placeholder may be compared with itself, and BETWEEN and IN may repeat their path", () => {
  check(":v = :v AND a IN (a) AND a BETWEEN a AND a", { ":v": number(1) });
});

test("equal bounds are allowed", () => check("a BETWEEN :v AND :v", { ":v": number(1) }));

test("conditions are checked from left to right, each completely", () => {
  assertRefused("begins_with(a, :n) AND b = :x", { ":n": number(1) }, operandType("begins_with", "N"));
});

test("the attributes and paths a condition reads are known with placeholders replaced", () => {
  const text = "#a.c = :v AND (size(#b[1]) > :v OR contains(#a, z))";
  const condition = compileCondition(text, "FilterExpression");
  const bindings = bind({ ":v": number(1) }, names);
  assert.deepEqual(conditionAttributeNames(condition, bindings), ["a", "b", "z"]);
  assert.deepEqual(conditionPaths(condition, bindings), [["a", "c"], ["b", 1], ["a"], ["z"]]);
  assert.deepEqual(condition.placeholders, { names: ["#a", "#b"], values: [":v"] });
});
