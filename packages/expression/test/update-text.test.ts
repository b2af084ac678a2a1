// What an update's text and placeholders decide: the exact message for everything DynamoDB refuses before it
// looks at the item.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { checkUpdate, compileUpdate, updatedTopLevelNames, updatePaths } from "@azimuth/expression/update.ts";
import {
  bind, byteStrings, bytes, list, map, nothing, number, numbers, refusal, text, texts, truth,
} from "./support/values.ts";

const names = { "#a": "a", "#b": "b", "#odd": "a.b" };
const valueByType: Record<string, AttributeValue> = {
  S: text("x"), N: number(1), B: bytes(1), BOOL: truth(true), NULL: nothing, L: list(), M: map({}),
  SS: texts("x"), NS: numbers("1"), BS: byteStrings([1]),
};
const values = { ":v": number(1), ":s": text("x"), ":l": list(), ":set": texts("x") };

function message(expression: string, given: Record<string, AttributeValue> = values): string {
  return refusal(() => checkUpdate(compileUpdate(expression), bind(given, names)));
}

const syntaxErrors: readonly (readonly [text: string, token: string, near: string])[] = [
  ["  ", "<EOF>", ""],
  ["a = :v", "a", "a ="],
  ["WRITE a", "WRITE", "WRITE a"],
  ["SET", "<EOF>", "SET"],
  ["SET a", "<EOF>", "a"],
  ["SET a =", "<EOF>", "="],
  ["SET a = :v,", "<EOF>", ","],
  ["SET a = :v, , b = :v", ",", ", , b"],
  ["SET a = :v b = :v", "b", ":v b ="],
  ["SET a :v", ":v", "a :v"],
  ["SET :v = a", ":v", "SET :v ="],
  ["SET (a) = :v", "(", "SET (a"],
  ["SET f(a) = :v", "(", "f(a"],
  ["SET a == :v", "=", "== :v"],
  ["SET a = b = c", "=", "b = c"],
  ["SET a = 5", "5", "= 5"],
  ["SET a = b + 5", "5", "+ 5"],
  ["SET a = b + c - d", "-", "c - d"],
  ["SET a = (b + c) + d", "+", ") + d"],
  ["SET a = b + (c + d)", "+", "c + d"],
  ["SET a = b * c", "*", "b * c"],
  ["SET a = -b", "-", "= -b"],
  ["SET a = f(b + c)", "+", "b + c"],
  ["SET a = f()", ")", "()"],
  ["SET a = (b", "<EOF>", "b"],
  ["SET a = (b.c).d", ".", ").d"],
  ["SET a = set", "set", "= set"],
  ["SET and = :v", "and", "SET and ="],
  ["REMOVE", "<EOF>", "REMOVE"],
  ["REMOVE a b", "b", "a b"],
  ["REMOVE a = b", "=", "a = b"],
  ["REMOVE :v", ":v", "REMOVE :v"],
  ["REMOVE a,", "<EOF>", ","],
  ["REMOVE a[", "<EOF>", "["],
  ["ADD a", "<EOF>", "a"],
  ["ADD a = :v", "=", "a = :v"],
  ["ADD a b", "b", "a b"],
  ["ADD a : v", ":", "a : v"],
  ["ADD a (:v)", "(", "a (:v"],
  ["ADD a :v b :v", "b", ":v b :v"],
  ["DELETE a b", "b", "a b"],
  ["DELETE a", "<EOF>", "a"],
  ["DELETE a f(b)", "f", "a f("],
  ["SET a = :v AND REMOVE b", "AND", ":v AND REMOVE"],
];

for (const [text, token, near] of syntaxErrors) {
  test(`update ${JSON.stringify(text)} is a syntax error at ${token}`, () => {
    assert.equal(message(text), `Invalid UpdateExpression: Syntax error; token: "${token}", near: "${near}"`);
  });
}

const valid: readonly string[] = [
  "SET a = :v", "set a=:v", "SET a = :v, b.c[3] = d", "SET a = (b)", "SET a = (b + c)", "SET a = (b) - (c)",
  "SET a = ((b) + (c))", "SET a = if_not_exists(a, :v) + :v", "SET a = list_append(if_not_exists(a, :l), :l)",
  "SET a = :v + if_not_exists(b, :v)", "SET a = if_not_exists(b, if_not_exists(c, :v))",
  "SET a = if_not_exists((b), (:v))",
  "REMOVE a, b[0], b[1], c.d", "ADD a :v, b.c :set", "DELETE a :set",
  "delete a :set add b :v remove c set d = :v",
  "SET #a = #b, #odd = :v", "SET a[0] = :v, a[1] = :v", "SET a.b = :v, a.c = :v REMOVE a.d",
];

for (const text of valid) {
  test(`update ${text} is accepted`, () => checkUpdate(compileUpdate(text), bind(values, names)));
}

const refusals: readonly (readonly [text: string, message: string])[] = [
  ["", "The expression can not be empty;"],
  ["SET a = ((b + c))", "The expression has redundant parentheses;"],
  ["SET a = ((b)) + c", "The expression has redundant parentheses;"],
  [
    `SET a = :${"v".repeat(4090)}`,
    "Expression size has exceeded the maximum allowed size; expression size: 4099",
  ],
  ["SET status = :x", "Attribute name is a reserved keyword; reserved keyword: status"],
  ["SET a = f(b), name = :v", "Attribute name is a reserved keyword; reserved keyword: name"],
  ["REMOVE a.data", "Attribute name is a reserved keyword; reserved keyword: data"],
  ["SET a[9999999999] = :v", "List index is not within the allowable range; index: [9999999999]"],
  [`REMOVE a${".b".repeat(32)}`, "The document path has too many nesting levels; nesting levels: 33"],
  ["SET a = f(b) SET c = d", "Invalid function name; function: f"],
  ["SET a = If_Not_Exists(a, :v)", "Invalid function name; function: If_Not_Exists"],
  ["SET a = size(b)", "The function is not allowed in an update expression; function: size"],
  [
    "SET a = attribute_exists(b)",
    "The function is not allowed in an update expression; function: attribute_exists",
  ],
  [
    "SET a = list_append(list_append(b, c), d)",
    "The function is not allowed to be used this way in an expression; function: list_append",
  ],
  [
    "SET a = if_not_exists(a, list_append(b, c))",
    "The function is not allowed to be used this way in an expression; function: list_append",
  ],
  ["SET a = :x SET b = :x", 'The "SET" section can only be used once in an update expression;'],
  ["remove a set b = :v remove c", 'The "REMOVE" section can only be used once in an update expression;'],
  ["ADD a :v ADD b :v", 'The "ADD" section can only be used once in an update expression;'],
  [
    "DELETE a :set SET b = :v DELETE c :set",
    'The "DELETE" section can only be used once in an update expression;',
  ],
  [
    "SET #x = :x",
    "An expression attribute name used in the document path is not defined; attribute name: #x",
  ],
  [
    "SET a = :x, b = #x",
    "An expression attribute name used in the document path is not defined; attribute name: #x",
  ],
  ["SET a = :x", "An expression attribute value used in expression is not defined; attribute value: :x"],
  [
    "SET a = :x, a = :v",
    "An expression attribute value used in expression is not defined; attribute value: :x",
  ],
  ["ADD a :x", "An expression attribute value used in expression is not defined; attribute value: :x"],
  ["SET a = :v, a = :v", paths("overlap", "[a]", "[a]")],
  ["SET a = :v REMOVE #a", paths("overlap", "[a]", "[a]")],
  ["SET a.b = :v, a = :v", paths("overlap", "[a, b]", "[a]")],
  ["REMOVE a, a.b[2]", paths("overlap", "[a]", "[a, b, [2]]")],
  ["SET a[1] = :v ADD a[1] :v", paths("overlap", "[a, [1]]", "[a, [1]]")],
  ["REMOVE #odd, a.b, #odd", paths("overlap", "[a.b]", "[a.b]")],
  ["SET a.b = :v, a[0] = :v", paths("conflict", "[a, b]", "[a, [0]]")],
  ["SET a.b = :v, a[0] = :v, c = :v, c.d = :v", paths("overlap", "[c]", "[c, d]")],
  ["SET a = if_not_exists(b)", count("if_not_exists", 1)],
  ["SET a = if_not_exists(b, c, d)", count("if_not_exists", 3)],
  ["SET a = list_append(b)", count("list_append", 1)],
  [
    "SET a = if_not_exists(:v, b)",
    "Operator or function requires a document path; operator or function: if_not_exists",
  ],
  [
    "SET a = if_not_exists(if_not_exists(a, :v), b)",
    "Operator or function requires a document path; operator or function: if_not_exists",
  ],
  ["SET a = list_append(a, :s)", operandType("list_append", "S")],
  ["SET a = :s + :v", operandType("+", "S")],
  ["SET a = b - :l", operandType("-", "L")],
  ["SET a = list_append(:s, b) ADD c :s", addType("ADD", "STRING")],
];

function paths(relation: string, one: string, two: string): string {
  return `Two document paths ${relation} with each other; must remove or rewrite one of these paths; ` +
    `path one: ${one}, path two: ${two}`;
}

function count(name: string, given: number): string {
  return "Incorrect number of operands for operator or function; " +
    `operator or function: ${name}, number of operands: ${given}`;
}

function operandType(name: string, type: string): string {
  return "Incorrect operand type for operator or function; " +
    `operator or function: ${name}, operand type: ${type}`;
}

function addType(operator: string, type: string): string {
  return "Incorrect operand type for operator or function; " +
    `operator: ${operator}, operand type: ${type}, typeSet: ALLOWED_FOR_${operator}_OPERAND`;
}

for (const [text, expected] of refusals) {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  test(`update ${JSON.stringify(shown)} is refused: ${expected}`, () => {
    assert.equal(message(text), `Invalid UpdateExpression: ${expected}`);
  });
}

const longNames: Record<string, string> = {
  S: "STRING", N: "NUMBER", B: "BINARY", BOOL: "BOOLEAN", NULL: "NULL", L: "LIST", M: "MAP",
};

for (const [type, value] of Object.entries(valueByType)) {
  const isSet = type.length === 2;
  const isAddable = isSet || type === "N";
  test(`ADD ${isAddable ? "takes" : "refuses"} ${type}; DELETE ${isSet ? "takes" : "refuses"} it`, () => {
    const bindings = bind({ ":t": value });
    for (const operator of ["ADD", "DELETE"]) {
      const apply = () => checkUpdate(compileUpdate(`${operator} a.b :t`), bindings);
      if (isSet || (operator === "ADD" && type === "N")) apply();
      else {
        const expected = addType(operator, longNames[type] as string);
        assert.equal(refusal(apply), `Invalid UpdateExpression: ${expected}`);
      }
    }
  });
  test(`${type} in sums, which take N, and in list_append, which takes L`, () => {
    for (const operator of ["+", "-"]) {
      for (const sum of [`a ${operator} :t`, `:t ${operator} a`]) {
        if (type === "N") checkUpdate(compileUpdate(`SET c = ${sum}`), bind({ ":t": value }));
        else assert.match(message(`SET c = ${sum}`, { ":t": value }), new RegExp(`operand type: ${type}$`));
      }
    }
    for (const call of ["list_append(a, :t)", "list_append(:t, a)"]) {
      if (type === "L") checkUpdate(compileUpdate(`SET c = ${call}`), bind({ ":t": value }));
      else assert.match(message(`SET c = ${call}`, { ":t": value }), new RegExp(`operand type: ${type}$`));
    }
  });
}

test("more than 300 operators are refused; 300 are not", () => {
  const sums = (operators: number) =>
    `SET ${Array.from({ length: operators }, (_, position) => `a${position}=:v+b`).join(",")}`;
  assert.doesNotThrow(() => compileUpdate(sums(300)));
  assert.equal(
    refusal(() => compileUpdate(sums(301))),
    "Invalid UpdateExpression: The expression contains too many operators; operator count: 301",
  );
});

test("the attributes an update changes, and the paths it reads, are known with placeholders replaced", () => {
  const update = compileUpdate("SET #a.x = #b + :v, c = if_not_exists(d[0], :v) REMOVE #a.y ADD n :v");
  const bindings = bind(values, names);
  assert.deepEqual(updatedTopLevelNames(update, bindings), ["a", "c", "n"]);
  assert.deepEqual(updatePaths(update, bindings), [["a", "x"], ["b"], ["c"], ["d", 0], ["a", "y"], ["n"]]);
});
