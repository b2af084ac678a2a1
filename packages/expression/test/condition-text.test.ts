// What a condition's text alone decides: which texts parse, and the exact message for each that does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "@azimuth/expression/condition.ts";
import { refusal } from "./support/values.ts";

const syntaxErrors: readonly (readonly [text: string, token: string, near: string])[] = [
  ["a", "<EOF>", "a"],
  ["   a   ", "<EOF>", "a"],
  [":v", "<EOF>", ":v"],
  ["a.b[3]", "<EOF>", "]"],
  ["a =", "<EOF>", "="],
  ["a = :v AND", "<EOF>", "AND"],
  ["(a = :v", "<EOF>", ":v"],
  ["NOT", "<EOF>", "NOT"],
  ["f(a", "<EOF>", "a"],
  ["a IN (:v, :w", "<EOF>", ":w"],
  ["a BETWEEN :v", "<EOF>", ":v"],
  ["a BETWEEN :v AND", "<EOF>", "AND"],
  ["a = = :v", "=", "= = :v"],
  ["= :v", "=", "= :v"],
  [") a", ")", ") a"],
  ["a = :v)", ")", ":v)"],
  ["()", ")", "()"],
  ["f()", ")", "()"],
  ["f(a,)", ")", ",)"],
  ["a IN ()", ")", "()"],
  ["a IN :v", ":v", "IN :v"],
  ["a IN (:v :w)", ":w", ":v :w)"],
  ["a b", "b", "a b"],
  ["first second third", "second", "first second third"],
  ["a = :v b = :w", "b", ":v b ="],
  ["a = :v OR OR b = :w", "OR", "OR OR b"],
  ["AND a = :v", "AND", "AND a"],
  ["a AND b = :v", "AND", "a AND b"],
  ["(a) AND b = :v", "AND", ") AND b"],
  ["a OR b", "OR", "a OR b"],
  ["b = :v AND a", "<EOF>", "a"],
  ["b = :v AND (a)", "<EOF>", ")"],
  ["NOT a", "<EOF>", "a"],
  ["NOT (a) OR b = :v", "OR", ") OR b"],
  ["a = NOT :v", "NOT", "= NOT :v"],
  ["a = between", "between", "= between"],
  ["set = :v", "set", "set ="],
  ["a.remove = :v", "remove", ".remove ="],
  ["a BETWEEN :v OR :w", "OR", ":v OR :w"],
  ["a = :v = :w", "=", ":v = :w"],
  ["(a = :v) = :w", "=", ") = :w"],
  ["a < b < c", "<", "b < c"],
  ["a == :v", "=", "== :v"],
  ["a != :v", "!", "a !="],
  ["a & b", "&", "a & b"],
  ["a=1", "1", "=1"],
  ["a = 12", "12", "= 12"],
  ["a = 012", "0", "= 012"],
  ["a = -1", "-", "= -1"],
  ["a = 'x'", "'", "= 'x"],
  ['a = "x"', '"', '= "x'],
  ["a-b = :v", "-", "a-b"],
  ["a + b = :v", "+", "a + b"],
  ["_a = :v", "_", "_a"],
  ["a._b = :v", "_", "._b"],
  ["# = :v", "#", "# ="],
  ["a = :", ":", "= :"],
  ["a = : v", ":", "= : v"],
  ["a..b = :v", ".", "..b"],
  [".a = :v", ".", ".a"],
  ["a. = :v", "=", ". = :v"],
  ["a[b] = :v", "b", "[b]"],
  ["a[:v] = :v", ":v", "[:v]"],
  ["a[] = :v", "]", "[] ="],
  ["a[-1] = :v", "-", "[-1"],
  ["a[01] = :v", "1", "01]"],
  ["a[1 = :v", "=", "1 = :v"],
  ["a[1.5] = :v", ".", "1.5"],
  [":v.a = :v", ".", ":v.a"],
  [":v[0] = :v", "[", ":v[0"],
  ["size(a).b = :v", ".", ").b"],
  ["size(a)[0] = :v", "[", ")[0"],
  ["(a.b).c = :v", ".", ").c"],
  ["(size(a)).b = :v", ".", ").b"],
  ["f(a = :v)", "=", "a = :v"],
  ["f(NOT a)", "NOT", "(NOT a"],
  ["f(a AND b)", "AND", "a AND b"],
  ["a.f(b) = :v", "(", "f(b"],
  ["#f(a)", "(", "#f(a"],
  ["a = é", "é", "= é"],
  ["a = 😀", "😀", "= 😀"],
  ["a = :v;", ";", ":v;"],
  ["a\n=\n=", "=", "=\n="],
];

for (const [text, token, near] of syntaxErrors) {
  test(`${JSON.stringify(text)} is a syntax error at ${token}`, () => {
    const message = `Invalid FilterExpression: Syntax error; token: "${token}", near: "${near}"`;
    assert.equal(refusal(() => compileCondition(text, "FilterExpression")), message);
  });
}

const valid: readonly string[] = [
  "a = :v", "a=:v", "\ta\n<>\r:v ", "(a = :v)", "(a) = (:v)", "(size(a)) > :v", "size((a)) > (:v)",
  "NOT NOT a = :v",
  "NOT (a = :v)", "not a = :v and b = :v or c = :v", "((a = :v) AND (b = :v))",
  "((a = :v) OR NOT (b = :v)) AND c > d",
  "a BETWEEN :v AND :w", "a between :v and :w and b = :v", "(a) BETWEEN (:v) AND (:w)", "a IN (:v)",
  "a in (:v, b, c.d)",
  ":v IN (a)", "attribute_exists(a)", "attribute_not_exists((a.b[0].c))", "(attribute_exists(a))",
  "attribute_type(a, :v)", "begins_with(a, :v)", "contains(a, :v)", "contains(:v, a)", "begins_with(:v, a)",
  "contains(a, size(b))", "size(a) BETWEEN size(b) AND size(c)", "size(a) IN (size(b), :v)", "size(:v) = :w",
  "#a.#b[12].c = :v", "#0 = :0", "#_ = :_", "a[0][1][2] = :v", ":v = :v", "a . b [ 3 ] = :v", "A1_b = :v",
  "a[2147483647] = :v", "attribute_exists (a)",
];

for (const text of valid) {
  test(`${JSON.stringify(text)} parses`, () => {
    assert.doesNotThrow(() => compileCondition(text, "ConditionExpression"));
  });
}

const otherErrors: readonly (readonly [text: string, message: string])[] = [
  ["", "The expression can not be empty;"],
  ["((a = :v))", "The expression has redundant parentheses;"],
  ["a = ((:v))", "The expression has redundant parentheses;"],
  ["((a)) = :v", "The expression has redundant parentheses;"],
  ["f(((a)))", "The expression has redundant parentheses;"],
  ["((attribute_exists(a)))", "The expression has redundant parentheses;"],
  ["NOT ((a = :v)) AND b = :v", "The expression has redundant parentheses;"],
  ["a IN (((:v)))", "The expression has redundant parentheses;"],
  ["(((a = :v) AND b = :v)) AND =", "The expression has redundant parentheses;"],
  ["f(a)", "Invalid function name; function: f"],
  ["Size(a) = :v", "Invalid function name; function: Size"],
  ["ATTRIBUTE_EXISTS(a)", "Invalid function name; function: ATTRIBUTE_EXISTS"],
  ["beginsWith(a, :v)", "Invalid function name; function: beginsWith"],
  ["contains(a, g(f(b)))", "Invalid function name; function: f"],
  ["size(a) AND f(a)", "Invalid function name; function: f"],
  [
    "if_not_exists(a, :v) = :v",
    "The function is not allowed in a condition expression; function: if_not_exists",
  ],
  ["list_append(a, :v)", "The function is not allowed in a condition expression; function: list_append"],
  ["size(a)", "The function is not allowed to be used this way in an expression; function: size"],
  ["NOT size(a)", "The function is not allowed to be used this way in an expression; function: size"],
  [
    "(size(a)) AND b = :v",
    "The function is not allowed to be used this way in an expression; function: size",
  ],
  [
    "contains(a, :v) = :v",
    "The function is not allowed to be used this way in an expression; function: contains",
  ],
  [
    "size(contains(a, :v)) = :w",
    "The function is not allowed to be used this way in an expression; function: contains",
  ],
  [
    "a IN (:v, attribute_exists(b))",
    "The function is not allowed to be used this way in an expression; function: attribute_exists",
  ],
  [
    "a BETWEEN begins_with(b, :v) AND :v",
    "The function is not allowed to be used this way in an expression; function: begins_with",
  ],
  ["name = :v", "Attribute name is a reserved keyword; reserved keyword: name"],
  ["NaMe = :v", "Attribute name is a reserved keyword; reserved keyword: NaMe"],
  ["a.status = :v", "Attribute name is a reserved keyword; reserved keyword: status"],
  ["size(size) > :v", "Attribute name is a reserved keyword; reserved keyword: size"],
  ["attribute_exists(year, zone)", "Attribute name is a reserved keyword; reserved keyword: year"],
  ["a[2147483648] = :v", "List index is not within the allowable range; index: [2147483648]"],
  [`a${".b".repeat(32)} = :v`, "The document path has too many nesting levels; nesting levels: 33"],
  [`a${"[0]".repeat(40)} = :v`, "The document path has too many nesting levels; nesting levels: 41"],
  [
    `a = :v${" OR a=:v".repeat(150)}`,
    "The expression contains too many operators; operator count: 301",
  ],
  [`${"NOT ".repeat(300)}a = :v`, "The expression contains too many operators; operator count: 301"],
  [
    `a IN (${":v,".repeat(100)}:v)`,
    "The IN operator is provided with too many operands; number of operands: 101",
  ],
  [
    `a = :${"v".repeat(4092)}`,
    "Expression size has exceeded the maximum allowed size; expression size: 4097",
  ],
  [
    `a = :v${" ".repeat(4000)}${"é".repeat(46)}`,
    "Expression size has exceeded the maximum allowed size; expression size: 4098",
  ],
];

for (const [text, message] of otherErrors) {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  test(`${JSON.stringify(shown)} is refused: ${message}`, () => {
    assert.equal(
      refusal(() => compileCondition(text, "ConditionExpression")), `Invalid ConditionExpression: ${message}`,
    );
  });
}

test("the limits themselves are allowed", () => {
  assert.doesNotThrow(() => compileCondition(`a${".b".repeat(31)} = :v`, "ConditionExpression"));
  assert.doesNotThrow(() => compileCondition(`NOT a = :v${" OR a=:v".repeat(149)}`, "ConditionExpression"));
  assert.doesNotThrow(() => compileCondition(`a IN (${":v,".repeat(99)}:v)`, "ConditionExpression"));
  assert.doesNotThrow(() => compileCondition(`a = :${"v".repeat(4091)}`, "ConditionExpression"));
});

test("IN counts as one operator however many choices it has", () => {
  const choices = `a IN (${":v,".repeat(99)}:v)`;
  const text = [choices, choices, choices].join(" OR ");
  assert.doesNotThrow(() => compileCondition(text, "ConditionExpression"));
});

test("4,096 bytes of opening parentheses are refused without exhausting the stack", () => {
  const message = refusal(() => compileCondition("(".repeat(4096), "ConditionExpression"));
  assert.equal(message, "Invalid ConditionExpression: The expression has redundant parentheses;");
});

test("functions nested as deep as the text allows are refused without exhausting the stack", () => {
  const text = `${"size(".repeat(680)}a${")".repeat(680)} = :v`;
  const message = refusal(() => compileCondition(text, "ConditionExpression"));
  assert.match(message, /too many operators/);
});

for (const kind of ["ConditionExpression", "FilterExpression", "KeyConditionExpression"] as const) {
  test(`messages about a ${kind} begin with its name`, () => {
    const message = refusal(() => compileCondition("", kind));
    assert.equal(message, `Invalid ${kind}: The expression can not be empty;`);
  });
}

test("a text is compiled once per kind", () => {
  const first = compileCondition("cached = :v", "ConditionExpression");
  assert.equal(compileCondition("cached = :v", "ConditionExpression"), first);
  assert.notEqual(compileCondition("cached = :v", "FilterExpression"), first);
});
