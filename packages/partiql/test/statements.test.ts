// Statements that parse, and what the parser makes of them.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { keywords } from "@azimuth/partiql/keywords.ts";
import { columnName, parseStatement } from "@azimuth/partiql/statement-parser.ts";
import type { Statement } from "@azimuth/partiql/syntax-tree.ts";

test("a SELECT has a table, an index, columns, a condition and an order", () => {
  assert.deepEqual(parse("SELECT id, a.b[0] FROM \"orders\".\"by-day\" ORDER BY id DESC, day, \"x\" ASC"), {
    kind: "select",
    table: "orders",
    index: "by-day",
    projection: [["id"], ["a", "b", 0]],
    where: undefined,
    orderBy: [
      { attribute: "id", descending: true }, { attribute: "day", descending: false }, { attribute: "x", descending: false },
    ],
  });
});

test("columns are named by the last name of their path and the indexes after it", () => {
  for (const [path, name] of [
    [["a"], "a"], [["a", "b"], "b"], [["a", 1], "a[1]"], [["a", 1, "b"], "b"], [["a", "b", 0, 12], "b[0][12]"],
  ] as const) {
    assert.equal(columnName(path), name);
  }
});

test("keywords have no case, names have", () => {
  const upper = parse("SELECT Id FROM Orders WHERE Id IN [1] ORDER BY Id DESC");
  assert.deepEqual(withoutPlaces(upper), withoutPlaces(parse("select Id from Orders where Id in [1] order by Id desc")));
  assert.notDeepEqual(parse("SELECT id FROM orders"), parse("SELECT ID FROM orders"));
});

test("comments and semicolons do not count", () => {
  const plain = withoutPlaces(parse("SELECT * FROM orders WHERE id = 'a--b /*c*/'"));
  for (const text of [
    "-- first\nSELECT * FROM orders WHERE id = 'a--b /*c*/'",
    "SELECT/**/*/**/FROM orders -- the table\r\nWHERE id/* key */= 'a--b /*c*/' --",
    "SELECT * FROM orders WHERE id = 'a--b /*c*/'; -- done",
    "\t SELECT\n*\nFROM\norders\nWHERE\nid='a--b /*c*/'\n;\n",
  ]) {
    assert.deepEqual(withoutPlaces(parse(text)), plain);
  }
});

test("an INSERT has literals and parameters", () => {
  const statement = parse("INSERT INTO orders VALUE {'id': ?, 'n': 1E3, 'b': -1.5e-3, 'd': -0, 'q': 'it''s', 'p': ?}");
  assert.ok(statement.kind === "insert");
  assert.deepEqual([...statement.item], [
    ["id", { kind: "parameter", index: 0 }],
    ["n", { kind: "literal", value: { type: "N", value: "1000" } }],
    ["b", { kind: "literal", value: { type: "N", value: "-0.0015" } }],
    ["d", { kind: "literal", value: { type: "N", value: "0" } }],
    ["q", { kind: "literal", value: { type: "S", value: "it's" } }],
    ["p", { kind: "parameter", index: 1 }],
  ]);
});

test("parameters are numbered in the order they are written, over the whole statement", () => {
  const { statement, parameterCount } = parseStatement("UPDATE orders SET a = ?, b = b + ? WHERE id = ? AND c IN [?, ?]");
  assert.equal(parameterCount, 5);
  assert.deepEqual(JSON.stringify(statement).match(/"index":\d/g), [0, 1, 2, 3, 4].map((index) => `"index":${index}`));
});

test("FROM first is the same update the other way around", () => {
  assert.deepEqual(
    withoutPlaces(parse("FROM orders WHERE id = 1 SET a = 2 REMOVE b RETURNING ALL NEW *")),
    withoutPlaces(parse("UPDATE orders SET a = 2 REMOVE b WHERE id = 1 RETURNING ALL NEW *")),
  );
});

test("RETURNING names a side of the write", () => {
  for (const returning of ["ALL OLD", "ALL NEW", "MODIFIED OLD", "MODIFIED NEW"]) {
    const statement = parse(`UPDATE orders SET a = 1 WHERE id = 1 RETURNING ${returning.toLowerCase()} *`);
    assert.ok(statement.kind === "update");
    assert.equal(statement.returning, returning);
  }
  const deleted = parse("DELETE FROM orders WHERE id = 1 RETURNING ALL OLD *");
  assert.ok(deleted.kind === "delete" && deleted.returning === "ALL OLD");
});

test("EXISTS holds a SELECT", () => {
  const statement = parse("exists(SELECT * FROM orders WHERE id = 1 AND a IS MISSING)");
  assert.ok(statement.kind === "exists" && statement.select.table === "orders");
});

test("a list index of minus zero is zero, and 2^31 - 1 is the last", () => {
  const statement = parse("SELECT a[-0], b[2147483647] FROM orders");
  assert.ok(statement.kind === "select");
  assert.deepEqual(statement.projection, [["a", 0], ["b", 2_147_483_647]]);
});

test("a literal may nest 31 deep", () => {
  parse(`UPDATE orders SET d = ${"[".repeat(31)}1${"]".repeat(31)} WHERE id = 1`);
});

test("every keyword is an attribute's name when quoted, and none without", () => {
  for (const keyword of keywords) {
    const statement = parse(`SELECT "${keyword}" FROM orders WHERE "${keyword}" = 1`);
    assert.ok(statement.kind === "select");
    assert.deepEqual(statement.projection, [[keyword]]);
    assert.throws(() => parse(`SELECT * FROM orders WHERE a.${keyword} = 1`), /Invalid path dot component$/);
  }
});

test("a statement of many conditions parses without recursion per condition", () => {
  parse(`SELECT * FROM orders WHERE ${Array(1200).fill("a=1").join(" OR ")}`);
});

const word = fc.constantFrom(
  "SELECT", "*", "FROM", "orders", "WHERE", "id", "=", "1", "'a'", "AND", "OR", "NOT", "(", ")", "[", "]", "{", "}",
  "<<", ">>", ",", ".", ":", "?", "IN", "IS", "MISSING", "NULL", "BETWEEN", "INSERT", "INTO", "VALUE", "UPDATE", "SET",
  "REMOVE", "DELETE", "RETURNING", "ALL", "OLD", "ORDER", "BY", "DESC", "size", "begins_with", "set_add",
  "list_append", "-", "+", "1e5", "EXISTS", "LIMIT", "\"q\"", ";", "\n", "--", "/*", "*/", "count", "LIKE",
);

test("whatever the text, it parses or is refused by a DynamoDbException", () => {
  const text = fc.oneof(
    fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
    fc.array(word, { maxLength: 30 }).map((words) => `SELECT * FROM orders WHERE ${words.join(" ")}`),
    fc.array(word, { maxLength: 30 }).map((words) => `UPDATE orders SET a = ${words.join(" ")}`),
    fc.array(word, { maxLength: 30 }).map((words) => `INSERT INTO orders VALUE { 'id': ${words.join(" ")}`),
    fc.string({ maxLength: 200 }),
    fc.string({ unit: "binary", maxLength: 60 }),
  );
  fc.assert(fc.property(text, (statement) => {
    try {
      parseStatement(statement);
    } catch (error) {
      if (!(error instanceof DynamoDbException)) throw error;
    }
  }), { numRuns: 6000 });
});

function parse(text: string): Statement {
  return parseStatement(text).statement;
}

function withoutPlaces(statement: Statement): unknown {
  return JSON.parse(JSON.stringify(statement, (name, value) => (name === "place" ? undefined : value)));
}
