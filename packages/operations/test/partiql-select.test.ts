// SELECT by ExecuteStatement: which items, which columns, in which order, page by page.
import { before, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { LocalTables, type Response } from "./local-table.ts";

interface SelectResponse extends Response {
  readonly NextToken?: string;
}

const overlapping = "Overlapping conditions with range keys are not supported in where clause";
const tooMany = "Too many decomposed read operations for a given query.";
const feeds = ["f", "g", "h"];

let tables: LocalTables;

before(() => {
  tables = new LocalTables();
  for (const feed of feeds) {
    for (let seq = 1; seq <= 4; seq++) {
      run(`INSERT INTO events VALUE {'feed':'${feed}','seq':${seq},'n':${seq * 10},'odd':${seq % 2 === 1},` +
        `'m':{'k':[${seq},{'deep':'${feed}'}]},'tags':<<'t${seq}','all'>>,'z':null}`);
    }
  }
});

const selections: readonly (readonly [where: string, keys: string])[] = [
  ["feed = 'f'", "f1 f2 f3 f4"],
  ["'f' = feed", "f1 f2 f3 f4"],
  ["feed = 'none'", ""],
  ["feed = 'f' AND seq = 2", "f2"],
  ["feed = 'f' AND seq = 9", ""],
  ["feed = 'f' AND seq > 2", "f3 f4"],
  ["feed = 'f' AND seq >= 2 AND seq < 4", "f2 f3"],
  ["feed = 'f' AND 2 > seq", "f1"],
  ["feed = 'f' AND seq BETWEEN 2 AND 3", "f2 f3"],
  ["feed = 'f' AND seq > 3 AND seq < 2", ""],
  ["feed = 'f' AND seq = 1 AND seq > 0", "f1"],
  ["feed = 'f' AND seq IN [4, 1]", "f1 f4"],
  ["feed = 'f' AND seq <> 2", "f1 f3 f4"],
  ["feed = 'f' AND NOT seq = 2", "f1 f3 f4"],
  ["feed = 'f' AND seq > 1 AND seq <> 3", "f2 f4"],
  ["feed = 'f' AND (seq = 1 OR seq = 3)", "f1 f3"],
  ["feed = 'f' AND (seq < 2 OR seq > 2 OR seq = 2)", "f1 f2 f3 f4"],
  ["feed IN ['g', 'f'] AND seq = 1", "g1 f1"],
  ["feed IN ['g', 'f'] AND seq IN [2, 1]", "g1 g2 f1 f2"],
  ["feed = 'f' AND seq = 1 OR feed = 'h' AND seq > 3", "f1 h4"],
  ["(feed = 'f' OR feed = 'g') AND n = 20", "f2 g2"],
  ["feed = 'f' AND feed = 'g'", ""],
  ["feed = 'f' AND feed = 'f' AND seq = 1", "f1"],
  ["feed = 'f' AND (feed = 'g' OR n = 10)", "f1"],
  ["feed = 'f' AND NOT seq = 1 OR feed = 'f' AND seq = 2", "f2 f3 f4"],
  ["feed = 'f' AND seq <> 1 OR feed = 'f' AND seq = 1", "f1 f2 f3 f4"],
  ["feed = 'f' OR feed = 'f' AND NOT seq = 1", "f1 f2 f3 f4"],
  ["feed = 'f' AND n > 20", "f3 f4"],
  ["feed = 'f' AND (n = 10 OR n = 40)", "f1 f4"],
  ["feed = 'f' AND odd = true", "f1 f3"],
  ["feed = 'f' AND m.k[0] = 3", "f3"],
  ["feed = 'f' AND m.k[1].deep = 'f' AND n < 20", "f1"],
  ["feed = 'f' AND contains(tags, 't2')", "f2"],
  ["feed = 'f' AND contains(tags, 't2') = false", "f1 f3 f4"],
  ["feed = 'f' AND tags = <<'all','t4'>>", "f4"],
  ["feed = 'f' AND m = {'k':[2,{'deep':'f'}]}", "f2"],
  ["feed = 'f' AND z IS NULL AND n = 10", "f1"],
  ["feed = 'f' AND none IS NULL", ""],
  ["feed = 'f' AND none IS MISSING AND seq < 3", "f1 f2"],
  ["feed = 'f' AND n IS NOT MISSING AND n IS NUMERIC AND seq < 2", "f1"],
  ["feed = 'f' AND size(tags) = 2 AND attribute_type(m, 'M') AND seq = 4", "f4"],
  ["feed = 'f' AND attribute_exists(feed) AND seq = 4", "f4"],
  ["feed = 'f' AND none <> 1 AND seq = 4", "f4"],
  ["feed = ? AND seq >= ?", "h3 h4"],
];

test("a SELECT by key returns the items that fulfil its condition, in order", async (context) => {
  for (const [where, keys] of selections) {
    await context.test(where, () => {
      const parameters = where.includes("?") ? [{ S: "h" }, { N: "3" }] : [];
      assert.equal(keysOf(select(where, parameters)).join(" "), keys);
    });
  }
});

const scans: readonly (readonly [where: string, keys: string])[] = [
  ["n = 20", "f2 g2 h2"],
  ["seq = 1", "f1 g1 h1"],
  ["feed > 'f' AND seq = 1", "g1 h1"],
  ["feed > 5", ""],
  ["feed <> 'f' AND seq = 3", "g3 h3"],
  ["NOT feed = 'f' AND seq = 3", "g3 h3"],
  ["begins_with(feed, 'g') AND seq < 3", "g1 g2"],
  ["feed = 'f' AND seq = 1 OR n = 40", "f1 f4 g4 h4"],
  ["feed = 'f' AND seq = 1 OR seq = 4", "f1 f4 g4 h4"],
  [`feed IN [${values(51)}] OR n = 10`, "f1 g1 h1"],
  ["feed IN ['f', m.k[1].deep] AND seq = 2", "f2 g2 h2"],
];

test("a SELECT that names no partition key scans", async (context) => {
  for (const [where, keys] of scans) {
    await context.test(where.slice(0, 80), () => assert.equal(keysOf(select(where)).sort().join(" "), keys));
  }
  assert.equal(run("SELECT * FROM events").Items.length, 12);
});

const orders: readonly (readonly [rest: string, keys: string])[] = [
  ["feed = 'f' ORDER BY seq", "f1 f2 f3 f4"],
  ["feed = 'f' ORDER BY seq DESC", "f4 f3 f2 f1"],
  ["feed = 'f' AND seq < 3 ORDER BY seq DESC", "f2 f1"],
  ["feed = 'f' AND seq IN [1, 4, 2] ORDER BY seq DESC", "f4 f2 f1"],
  ["feed = 'f' ORDER BY feed ASC", "f4 f3 f2 f1"],
  ["feed IN ['g', 'f'] AND seq < 3 ORDER BY feed DESC, seq ASC", "g1 g2 f1 f2"],
  ["feed IN ['g', 'f'] AND seq < 3 ORDER BY feed, seq DESC", "f2 f1 g2 g1"],
];

test("ORDER BY gives the direction of keys, and reads backwards without the sort key", async (context) => {
  for (const [rest, keys] of orders) {
    await context.test(rest, () => assert.equal(keysOf(select(rest)).join(" "), keys));
  }
});

const refusals: readonly (readonly [rest: string, message: string])[] = [
  ["ORDER BY seq", "Must have WHERE clause in the statement when using ORDER BY clause."],
  ["WHERE feed = 'f' ORDER BY n", "Attribute n in ORDER BY clause must be part of the primary key"],
  ["WHERE feed > 'a' ORDER BY seq",
    "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."],
  ["WHERE feed IN ['f', 'g'] ORDER BY seq DESC",
    "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."],
  ["WHERE feed IN ['f', 'f']", overlapping],
  ["WHERE feed = 'f' OR feed = 'f'", overlapping],
  ["WHERE feed = 'f' AND (seq > 0 OR seq < 5)", overlapping],
  ["WHERE feed = 'f' AND (seq = 1 OR n = 10)", overlapping],
  ["WHERE feed = 'f' AND seq IN [1, 1.0]", overlapping],
  ["WHERE feed = 'f' AND n = 10 OR feed = 'f' AND n = 20", overlapping],
  ["WHERE feed = 'f' AND n <> 10 OR feed = 'f' AND seq = 2", overlapping],
  [`WHERE feed IN [${values(51)}]`, tooMany],
  [`WHERE feed IN [${values(26)}] AND seq IN [1, 2]`, tooMany],
  ["WHERE feed = 1", "Key attribute's data type should match its data type in table's schema: Key feed"],
  ["WHERE feed = 1 OR feed = 'f'", "Key attribute's data type should match its data type in table's schema: Key feed"],
  ["WHERE feed = 'f' AND seq IN [1, 'x']",
    "Key attribute's data type should match its data type in table's schema: Key seq"],
  ["WHERE feed = 'f' AND seq > 'x'",
    "Key attribute's data type should match its data type in table's schema: Key seq"],
  ["WHERE feed = ''", "One or more parameter values are not valid. " +
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: feed"],
  ["WHERE feed = 'f' AND n < true", "Incorrect operand type for operator or function; " +
    "operator or function: <, operand type: BOOL"],
  ["WHERE feed = 'f' AND n BETWEEN true AND false", "Incorrect operand type for operator or function; " +
    "operator or function: BETWEEN, operand type: BOOL"],
  ["WHERE feed = 'f' AND seq BETWEEN 3 AND 1",
    "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " +
      "lower bound operand: AttributeValue: {N:3}, upper bound operand: AttributeValue: {N:1}"],
  ["WHERE feed = 'f' AND attribute_exists('n')",
    "Operator or function requires a document path; operator or function: attribute_exists"],
  ["WHERE feed = 'f' AND attribute_type(n, 1)", "Incorrect operand type for operator or function; " +
    "operator or function: attribute_type, operand type: N"],
  [`WHERE feed = 'f' AND n IN [${values(101)}]`,
    "The IN operator is provided with too many operands; number of operands: 101"],
  ["WHERE feed.x = 1",
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: feed"],
];

test("a SELECT that cannot be read is refused", async (context) => {
  for (const [rest, message] of refusals) {
    await context.test(rest.slice(0, 80), () => refuses(`SELECT * FROM events ${rest}`, message));
  }
  refuses("SELECT * FROM nothing", "Requested resource not found", "ResourceNotFoundException");
  refuses("SELECT * FROM \"events\".\"none\" WHERE n = 1", "The table does not have the specified index");
});

const columns: readonly (readonly [projection: string, item: object])[] = [
  ["feed", { feed: { S: "f" } }],
  ["seq, n", { seq: { N: "1" }, n: { N: "10" } }],
  ["none", {}],
  ["m.k[0]", { "k[0]": { N: "1" } }],
  ["m.k[1].deep", { deep: { S: "f" } }],
  ["m.k[1].deep, m.k[0], n", { deep: { S: "f" }, "k[0]": { N: "1" }, n: { N: "10" } }],
  ["m.k[7], m.none.x, n.y", {}],
  ["\"m\".\"k\"", { k: { L: [{ N: "1" }, { M: { deep: { S: "f" } } }] } }],
];

test("columns are what their paths lead to", async (context) => {
  for (const [projection, item] of columns) {
    await context.test(projection, () => {
      for (const where of ["feed = 'f' AND seq = 1", "m.k[1].deep = 'f' AND n = 10"]) {
        assert.deepEqual(run(`SELECT ${projection} FROM events WHERE ${where}`).Items, [item]);
      }
    });
  }
});

test("a page ends after Limit items, matching or not, and the token goes on", () => {
  const first = run("SELECT seq FROM events WHERE feed = 'f' AND n > 20", [], { Limit: 3 });
  assert.deepEqual(first.Items, [{ seq: { N: "3" } }]);
  assert.deepEqual(first.LastEvaluatedKey, { feed: { S: "f" }, seq: { N: "3" } });
  const second = run("SELECT seq FROM events WHERE feed = 'f' AND n > 20", [], { NextToken: first.NextToken });
  assert.deepEqual(second, { Items: [{ seq: { N: "4" } }] });
});

test("a token is good for its statement and parameters alone", () => {
  const statement = "SELECT * FROM events WHERE feed = ?";
  const { NextToken } = run(statement, [{ S: "f" }], { Limit: 1 });
  run(statement, [{ S: "f" }], { NextToken, Limit: 2, ConsistentRead: true });
  const mismatch = "NextToken does not match request";
  refuses(statement, mismatch, "ValidationException", [{ S: "g" }], { NextToken });
  refuses("SELECT * FROM events WHERE feed = 'f'", mismatch, "ValidationException", [], { NextToken });
  refuses("SELECT * FROM users", mismatch, "ValidationException", [], { NextToken });
  for (const broken of ["garbage", "x", "AAAA", NextToken!.slice(0, 30), `${NextToken!.slice(0, -4)}////`]) {
    refuses(statement, /^(Invalid NextToken|NextToken does not match request)$/, "ValidationException", [{ S: "f" }],
      { NextToken: broken });
  }
});

test("capacity counts each read by itself", () => {
  const units = (where: string, more: object = {}): number =>
    run(`SELECT * FROM events WHERE ${where}`, [], { ReturnConsumedCapacity: "TOTAL", ...more })
      .ConsumedCapacity.CapacityUnits;
  assert.equal(units("feed = 'f'"), 0.5);
  assert.equal(units("feed = 'f'", { ConsistentRead: true }), 1);
  assert.equal(units("feed IN ['f', 'g', 'none']"), 1.5);
  assert.equal(units("n = 10"), 0.5);
});

const leaf = fc.oneof(
  fc.constantFrom("feed = 'f'", "feed = 'g'", "feed IN ['f', 'h']", "feed > 'f'", "feed <> 'g'"),
  fc.tuple(fc.constantFrom("=", "<>", "<", ">="), fc.integer({ min: 0, max: 5 })).map(([operator, seq]) => `seq ${operator} ${seq}`),
  fc.constantFrom("seq IN [1, 3]", "seq BETWEEN 2 AND 3", "n = 20", "n > 10", "odd = true", "none IS MISSING",
    "contains(tags, 't1')", "(n = 10) = odd"),
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.tuple(tie("condition"), tie("condition")).map(([one, other]) => `(${one} AND ${other})`),
    fc.tuple(tie("condition"), tie("condition")).map(([one, other]) => `(${one} OR ${other})`),
    tie("condition").map((one) => `NOT ${one}`),
  ),
}));

test("reads by key find what a scan with the same condition finds, each item once", () => {
  let compared = 0;
  fc.assert(fc.property(condition, fc.constantFrom("feed = 'f' AND ", "feed IN ['g','f'] AND ", ""), (where, prefix) => {
    const whole = `${prefix}${where}`;
    const scanned = keysOf(select(`(${whole}) OR none = 1`)).sort();
    const read = attempt(() => keysOf(select(whole)));
    if (read === undefined) return;
    compared++;
    assert.deepEqual([...read].sort(), scanned);
    assert.deepEqual(keysOf(pages(`SELECT * FROM events WHERE ${whole}`, 1)), read);
  }), { numRuns: 600 });
  assert.ok(compared > 150, `${compared} conditions were compared`);
});

/** Undefined when the statement is refused for the ways it would be read. */
function attempt<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DynamoDbException && [overlapping, tooMany].includes(error.message)) return undefined;
    throw error;
  }
}

function pages(Statement: string, Limit: number): Response["Items"] {
  const items: Response["Items"][number][] = [];
  let token: string | undefined;
  do {
    const page = run(Statement, [], token === undefined ? { Limit } : { Limit, NextToken: token });
    items.push(...page.Items);
    token = page.NextToken;
  } while (token !== undefined);
  return items;
}

function select(where: string, parameters: readonly object[] = []): Response["Items"] {
  return run(`SELECT * FROM events WHERE ${where}`, parameters).Items;
}

function keysOf(items: Response["Items"]): string[] {
  return items.map(({ feed, seq }) => feed!.S + seq!.N);
}

function values(count: number): string {
  return Array.from({ length: count }, (_, at) => `'v${at}'`).join(",");
}

function run(Statement: string, Parameters: readonly object[] = [], more: object = {}): SelectResponse {
  return tables.call("ExecuteStatement", {
    Statement, ...(Parameters.length === 0 ? {} : { Parameters }), ...more,
  }) as SelectResponse;
}

function refuses(
  statement: string, message: string | RegExp, name = "ValidationException", parameters: readonly object[] = [],
  more: object = {},
): void {
  assert.throws(() => run(statement, parameters, more), { name, message });
}
