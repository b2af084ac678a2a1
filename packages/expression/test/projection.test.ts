// ProjectionExpression: what it refuses, and what it cuts out of an item.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Item } from "@azimuth/model/attribute-value.ts";
import {
  checkProjection, compileProjection, projectionAttributeNames, projectionPaths, projectItem,
} from "@azimuth/expression/projection.ts";
import { bind, item, list, map, number, refusal, text, texts } from "./support/values.ts";

const names = { "#a": "a", "#b": "b", "#odd": "a.b", "#name": "name" };
const subject = item({
  a: map({ b: text("ab"), c: list(number(0), number(1), map({ d: text("deep"), e: number(9) })) }),
  l: list(text("l0"), text("l1"), text("l2"), list(number(1), number(2))),
  s: text("plain"), "a.b": text("dotted"), name: text("reserved"), ss: texts("x"), hollow: map({}),
});

function project(expression: string): Item {
  const projection = compileProjection(expression);
  const bindings = bind({}, names);
  checkProjection(projection, bindings);
  return projectItem(projection, bindings, subject);
}

const results: readonly (readonly [expression: string, expected: Item])[] = [
  ["s", item({ s: text("plain") })],
  ["s, absent", item({ s: text("plain") })],
  ["absent", item({})],
  ["#name, #odd", item({ name: text("reserved"), "a.b": text("dotted") })],
  ["a.b", item({ a: map({ b: text("ab") }) })],
  ["#a.#b", item({ a: map({ b: text("ab") }) })],
  ["a.c[1]", item({ a: map({ c: list(number(1)) }) })],
  ["a.c[2].d, a.b", item({ a: map({ c: list(map({ d: text("deep") })), b: text("ab") }) })],
  ["l[2], l[0]", item({ l: list(text("l0"), text("l2")) })],
  ["l[3][1], l[0]", item({ l: list(text("l0"), list(number(2))) })],
  ["l[9]", item({})],
  ["l[9], l[1]", item({ l: list(text("l1")) })],
  ["a.absent", item({})],
  ["a.c[7].d, s", item({ s: text("plain") })],
  ["s.x, s2[0]", item({})],
  ["a[0]", item({})],
  ["l.x", item({})],
  ["ss[0]", item({})],
  ["hollow", item({ hollow: map({}) })],
  ["hollow.x", item({})],
];

for (const [expression, expected] of results) {
  test(`${expression} cuts out exactly that`, () => assert.deepEqual(project(expression), expected));
}

const refusals: readonly (readonly [expression: string, message: string])[] = [
  ["", "The expression can not be empty;"],
  [" ", 'Syntax error; token: "<EOF>", near: ""'],
  ["a b", 'Syntax error; token: "b", near: "a b"'],
  ["a,", 'Syntax error; token: "<EOF>", near: ","'],
  [",a", 'Syntax error; token: ",", near: ",a"'],
  ["(a)", 'Syntax error; token: "(", near: "(a"'],
  [":v", 'Syntax error; token: ":v", near: ":v"'],
  ["size(a)", 'Syntax error; token: "(", near: "size(a"'],
  ["!!!", 'Syntax error; token: "!", near: "!!"'],
  ["a, set", 'Syntax error; token: "set", near: ", set"'],
  ["a-b", 'Syntax error; token: "-", near: "a-b"'],
  ["#a, #, #b", 'Syntax error; token: "#", near: ", #,"'],
  ["a, name", "Attribute name is a reserved keyword; reserved keyword: name"],
  ["a.Status", "Attribute name is a reserved keyword; reserved keyword: Status"],
  ["l[2147483648]", "List index is not within the allowable range; index: [2147483648]"],
  [`a${".b".repeat(32)}`, "The document path has too many nesting levels; nesting levels: 33"],
  ["a".repeat(4097), "Expression size has exceeded the maximum allowed size; expression size: 4097"],
  ["#x", "An expression attribute name used in the document path is not defined; attribute name: #x"],
  ["s, a.#x", "An expression attribute name used in the document path is not defined; attribute name: #x"],
  ["a, #a", overlap("[a]", "[a]")],
  ["a, a.b", overlap("[a]", "[a, b]")],
  ["a.b[1].c, a.b[1]", overlap("[a, b, [1], c]", "[a, b, [1]]")],
  ["a.b, a[0], s, s", overlap("[s]", "[s]")],
  [
    "a.b, a[0]",
    "Two document paths conflict with each other; must remove or rewrite one of these paths; " +
      "path one: [a, b], path two: [a, [0]]",
  ],
];

function overlap(one: string, two: string): string {
  return "Two document paths overlap with each other; must remove or rewrite one of these paths; " +
    `path one: ${one}, path two: ${two}`;
}

for (const [expression, message] of refusals) {
  const shown = expression.length > 60 ? `${expression.slice(0, 57)}…` : expression;
  test(`projection ${JSON.stringify(shown)} is refused: ${message}`, () => {
    assert.equal(refusal(() => project(expression)), `Invalid ProjectionExpression: ${message}`);
  });
}

test("#odd is another attribute than the path a.b", () => assert.equal(project("#odd, a.b").size, 2));

test("the attributes and paths projected are known with placeholders replaced", () => {
  const projection = compileProjection("#a.x, #b, #a.y");
  assert.deepEqual(projectionAttributeNames(projection, bind({}, names)), ["a", "b"]);
  assert.deepEqual(projectionPaths(projection, bind({}, names)), [["a", "x"], ["b"], ["a", "y"]]);
  assert.deepEqual(projection.placeholders, { names: ["#a", "#b"], values: [] });
});
