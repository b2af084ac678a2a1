// ProjectionExpression: parts of an item, by path. What is not there is left out, and lists close up.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { call, n, put, refuses, s, tables, type Attributes, type Refusal } from "../harness.ts";

const TableName = tables.S;
const pk = s("projections");
const item: Attributes = {
  pk, a: n(1), b: s("x"), m: { M: { x: n(1), y: { M: { z: n(2), w: n(3) } }, l: { L: [n(7), n(8)] } } },
  l: { L: [n(0), { M: { p: n(1), q: n(2) } }, n(2), { L: [n(3), n(4)] }] }, "dotted.name": n(9), name: n(5),
};

const rows: readonly (readonly [string, Attributes, Record<string, string>?])[] = [
  ["a", { a: n(1) }],
  ["a, b", { a: n(1), b: s("x") }],
  ["pk", { pk }],
  ["nothing", {}],
  ["a, nothing", { a: n(1) }],
  ["m", { m: item["m"] as never }],
  ["m.x", { m: { M: { x: n(1) } } }],
  ["m.y.z", { m: { M: { y: { M: { z: n(2) } } } } }],
  ["m.x, m.y.w", { m: { M: { x: n(1), y: { M: { w: n(3) } } } } }],
  ["m.nothing", {}],
  ["a.x", {}],
  ["l[0]", { l: { L: [n(0)] } }],
  ["l[2], l[0]", { l: { L: [n(0), n(2)] } }],
  ["l[1].q", { l: { L: [{ M: { q: n(2) } }] } }],
  ["l[1].p, l[1].q", { l: { L: [{ M: { p: n(1), q: n(2) } }] } }],
  ["l[3][1]", { l: { L: [{ L: [n(4)] }] } }],
  ["l[9]", {}],
  ["m.l[1]", { m: { M: { l: { L: [n(8)] } } } }],
  ["#d", { "dotted.name": n(9) }, { "#d": "dotted.name" }],
  ["#n", { name: n(5) }, { "#n": "name" }],
  ["m.#y.z", { m: { M: { y: { M: { z: n(2) } } } } }, { "#y": "y" }],
  [" a ,b ", { a: n(1), b: s("x") }],
];

describe("a projection", () => {
  before(() => put(TableName, item));
  for (const [ProjectionExpression, expected, names] of rows) {
    test(`of ${ProjectionExpression}`, async () => {
      const more = { ProjectionExpression, ...(names && { ExpressionAttributeNames: names }), ConsistentRead: true };
      assert.deepEqual((await call("GetItem", { TableName, Key: { pk }, ...more })).Item, expected);
      const batch = await call("BatchGetItem", { RequestItems: { [TableName]: { Keys: [{ pk }], ...more } } });
      assert.deepEqual(batch.Responses?.[TableName], [expected]);
    });
  }
});

const wrong = "Invalid ProjectionExpression: ";
const refused = (ProjectionExpression: string, message: string): Refusal =>
  [`the projection ${ProjectionExpression}`, { TableName, Key: { pk }, ProjectionExpression }, message];
refuses("GetItem", [
  refused("", `${wrong}The expression can not be empty;`),
  refused("a,", `${wrong}Syntax error; token: "<EOF>", near: ","`),
  refused("a b", `${wrong}Syntax error; token: "b", near: "a b"`),
  refused("a.", `${wrong}Syntax error; token: "<EOF>", near: "."`),
  refused("name", `${wrong}Attribute name is a reserved keyword; reserved keyword: name`),
  refused("#a", `${wrong}An expression attribute name used in the document path is not defined; attribute name: #a`),
  refused("a, a", `${wrong}Two document paths overlap with each other; must remove or rewrite one of these paths; ` +
    "path one: [a], path two: [a]"),
  refused("m.x, m", `${wrong}Two document paths overlap with each other; must remove or rewrite one of these paths; ` +
    "path one: [m, x], path two: [m]"),
  refused("m.x, m[0]", `${wrong}Two document paths conflict with each other; must remove or rewrite one of these ` +
    "paths; path one: [m, x], path two: [m, [0]]"),
  refused("size(a)", `${wrong}Syntax error; token: "(", near: "size(a"`),
]);
