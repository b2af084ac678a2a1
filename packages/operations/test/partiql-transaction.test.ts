// ExecuteTransaction: statements that are done together or not at all, or read as of one moment.
import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import type { TransactWritePlan } from "@azimuth/operations/transact-plan.ts";
import { baseTable, eventsTable, LocalTables } from "./local-table.ts";

interface TransactionResponse {
  readonly Responses?: readonly { readonly Item?: object }[];
  readonly ConsumedCapacity?: readonly object[];
}

const byPlace = {
  indexId: 10, name: "byPlace", kind: "global", projection: { kind: "ALL" }, status: "ACTIVE", backfilling: false,
  throughput: { readUnits: 0, writeUnits: 0 }, key: { partition: [{ name: "place", type: "S" }], sort: [] },
} as const;

let tables: LocalTables;

beforeEach(() => {
  tables = new LocalTables([baseTable, { ...eventsTable, indexes: [byPlace] }]);
  run("INSERT INTO users VALUE {'id':'a','n':1,'m':{'k':[7]}}",
    "INSERT INTO events VALUE {'feed':'f','seq':1,'n':10}");
});

test("reads answer with their items, in the order of the statements", () => {
  assert.deepEqual(
    run("SELECT * FROM users WHERE id = 'a'", "SELECT * FROM users WHERE id = 'none'",
      "SELECT n, m.k[0] FROM users WHERE id IN ['b']", "SELECT n FROM events WHERE seq = 1 AND feed = 'f'").Responses,
    [{ Item: { id: { S: "a" }, n: { N: "1" }, m: { M: { k: { L: [{ N: "7" }] } } } } }, {}, {},
      { Item: { n: { N: "10" } } }],
  );
  assert.deepEqual(run("SELECT m.k[0] FROM users WHERE id = 'a'"), { Responses: [{ Item: { "k[0]": { N: "7" } } }] });
});

test("writes of several tables are done together, and answer with nothing", () => {
  const done = run("INSERT INTO users VALUE {'id':'b'}", "UPDATE users SET n = n + 1 WHERE id = 'a'",
    "DELETE FROM events WHERE feed = 'f' AND seq = 1");
  assert.deepEqual(done, {});
  assert.equal(item("a")!["n"]!.N, "2");
  assert.ok(item("b"));
  assert.deepEqual(run("SELECT * FROM events WHERE feed = 'f' AND seq = 1").Responses, [{}]);
});

test("parameters stand in their own statement", () => {
  const TransactStatements = [
    { Statement: "INSERT INTO users VALUE {'id':?,'n':?}", Parameters: [{ S: "b" }, { N: "5" }] },
    { Statement: "UPDATE users SET n = ? WHERE id = ?", Parameters: [{ N: "6" }, { S: "a" }] },
  ];
  tables.call("ExecuteTransaction", { TransactStatements });
  assert.deepEqual([item("a")!["n"], item("b")!["n"]], [{ N: "6" }, { N: "5" }]);
});

test("an INSERT of what is there cancels the transaction as a duplicate", () => {
  const error = refused("INSERT INTO users VALUE {'id':'b'}", "INSERT INTO users VALUE {'id':'a'}");
  assert.equal(error.type, "TransactionCanceledException");
  assert.equal(error.message,
    "Transaction cancelled, please refer cancellation reasons for specific reasons [None, DuplicateItem]");
  assert.deepEqual(reasons(error), [
    { Code: "None" }, { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" },
  ]);
  assert.equal(item("b"), undefined);
});

test("an UPDATE without its item cancels, a DELETE without one does not", () => {
  const error = refused("UPDATE users SET n = 1 WHERE id = 'none'", "DELETE FROM users WHERE id = 'a'");
  assert.deepEqual(reasons(error), [
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed" }, { Code: "None" },
  ]);
  assert.ok(item("a"));
  assert.deepEqual(run("DELETE FROM users WHERE id = 'none' AND n = 1"), {});
});

test("the item of a failed condition is told where it was asked for", () => {
  const Statement = "UPDATE users SET n = 5 WHERE id = 'a' AND n = 2";
  const error = refusal([{ Statement, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }]);
  assert.deepEqual(reasons(error)[0]!.Item!["n"], { N: "1" });
  assert.equal(reasons(refusal([{ Statement }]))[0]!.Item, undefined);
});

test("what an update makes of the item can cancel the transaction", () => {
  assert.equal(reasons(refused("UPDATE users SET m = m + 1 WHERE id = 'a'"))[0]!.Code, "ValidationError");
});

test("EXISTS holds the writes to a condition on another item", () => {
  const insert = "INSERT INTO users VALUE {'id':'b'}";
  const error = refused("EXISTS(SELECT * FROM events WHERE feed = 'f' AND seq = 1 AND n IS MISSING)", insert);
  assert.deepEqual(reasons(error), [
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed" }, { Code: "None" },
  ]);
  assert.equal(item("b"), undefined);
  run("EXISTS(SELECT * FROM events WHERE feed = 'f' AND seq = 1 AND (n > 5 OR n = 1))", insert);
  assert.ok(item("b"));
});

test("a second value for the key in EXISTS is a condition that fails", () => {
  const error = refused("EXISTS(SELECT * FROM users WHERE id = 'a' AND id = 'b' AND n = 1)",
    "INSERT INTO users VALUE {'id':'b'}");
  assert.deepEqual(reasons(error).map(({ Code }) => Code), ["ConditionalCheckFailed", "None"]);
});

const exists = "EXISTS() must contain a single item read with additional condition";
const mustHaveKey = "Select statements within ExecuteTransaction must specify the primary key in the where clause.";
const noReturning = "RETURNING clause is not supported in ExecuteTransaction.";
const noIndexReads = "Reads on indices are not supported within transactions.";
const fine = "SELECT * FROM users WHERE id = 'a'";

const invalid: readonly (readonly [readonly string[], number, string])[] = [
  [[fine, "SELECT * FROM users WHERE"], 1, "Statement wasn't well formed, can't be processed: Unexpected term"],
  [["SELECT * FROM users WHERE id = ?"], 0, "Number of parameters in request and statement don't match."],
  [[fine, "SELECT * FROM users"], 1, mustHaveKey],
  [["SELECT * FROM users WHERE id = 'a' AND n = 1"], 0, mustHaveKey],
  [["SELECT * FROM users WHERE id IN ['a', 'b']"], 0, mustHaveKey],
  [["SELECT * FROM events WHERE feed = 'f'"], 0, mustHaveKey],
  [["SELECT * FROM events.byPlace WHERE feed = 'f' AND seq = 1"], 0, noIndexReads],
  [["SELECT * FROM nobody WHERE id = 'a'", "SELECT * FROM events.byPlace WHERE place = 'x'"], 1, noIndexReads],
  [["UPDATE users SET n = 1 WHERE id = 'a' RETURNING ALL NEW *"], 0, noReturning],
  [["DELETE FROM nobody WHERE id = 'a'", "DELETE FROM users WHERE id = 'a' RETURNING ALL OLD *"], 1, noReturning],
  [["UPDATE events.byPlace SET n = 1 WHERE place = 'x'"], 0, "This operation is not supported on an index"],
  [["EXISTS(SELECT * FROM users WHERE id = 'a')"], 0, exists],
  [["EXISTS(SELECT * FROM users WHERE id = 'a' AND id = 'a')"], 0, exists],
  [["EXISTS(SELECT * FROM events WHERE feed = 'f' AND n = 1)"], 0, exists],
  [["EXISTS(SELECT * FROM events.byPlace WHERE place = 'x' AND n = 1)"], 0,
    "Operations on indices are not supported in transactions"],
  [["UPDATE users SET n = 1 WHERE id = 'a' AND begins_with(n, 1)"], 0,
    "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"],
];

for (const [statements, position, message] of invalid) {
  test(`${statements[position]} refuses the transaction, and is named`, () => {
    const error = refused(...statements);
    assert.equal(error.type, "ValidationException");
    assert.equal(error.message, `Validation failed in TransactStatements[${position}]: ${message}`);
  });
}

test("reads and writes do not mix; EXISTS is a write", () => {
  const mixed = "ExecuteTransaction API does not support both read and write operations in the same request.";
  const check = "EXISTS(SELECT * FROM users WHERE id = 'a' AND n = 1)";
  assert.equal(refused("SELECT * FROM users WHERE id = 'a'", "DELETE FROM users WHERE id = 'b'").message, mixed);
  assert.equal(refused(check, "SELECT * FROM users WHERE id = 'b'").message, mixed);
  assert.deepEqual(run(check), {});
});

test("a statement on a table that is not there cancels the transaction", () => {
  const missing = { Code: "ResourceNotFound", Message: "Requested resource not found" };
  assert.deepEqual(reasons(refused("SELECT * FROM users WHERE id = 'a'", "SELECT * FROM nobody.i WHERE id = 'a'")), [
    { Code: "None" }, missing,
  ]);
  assert.deepEqual(reasons(refused("DELETE FROM nobody WHERE id = 'a' RETURNING ALL OLD *")), [missing]);
});

test("a WHERE that names no one item, or no key of the table, cancels the transaction", () => {
  const mismatch = { Code: "ValidationError", Message: "The provided key element does not match the schema" };
  const update = "UPDATE events SET n = 1 WHERE ";
  assert.deepEqual(
    reasons(refused(`${update}feed = 'f'`, `${update}feed IN ['f'] AND seq = 1`,
      `${update}feed = 'f' AND seq = 1 AND seq = 2`, `${update}feed = 'f' AND seq = '1'`,
      `${update}feed = 'f' AND seq = 1`, "INSERT INTO events VALUE {'feed':'g'}",
      "EXISTS(SELECT * FROM events WHERE feed = 'f' AND seq = 'x' AND n = 1)")),
    [mismatch, mismatch, mismatch, mismatch, { Code: "None" },
      { Code: "ValidationError",
        Message: "One or more parameter values were invalid: Missing the key seq in the item" },
      mismatch],
  );
  assert.deepEqual(reasons(refused("SELECT * FROM events WHERE feed = 'f' AND seq = '1'")), [mismatch]);
});

test("an INSERT with a wrong value for an index's key cancels the transaction", () => {
  assert.deepEqual(reasons(refused("INSERT INTO events VALUE {'feed':'g','seq':1,'place':1}")), [{
    Code: "ValidationError",
    Message: "One or more parameter values were invalid: Type mismatch for Index Key place Expected: S Actual: N " +
      "IndexName: byPlace",
  }]);
});

test("no two statements are for one item", () => {
  const shared = "Transaction request cannot include multiple operations on one item";
  const check = "EXISTS(SELECT * FROM users WHERE id = 'a' AND n = 1)";
  assert.equal(refused("DELETE FROM users WHERE id = 'a'", check).message, shared);
  assert.equal(refused("SELECT * FROM users WHERE id = 'a'", "SELECT n FROM users WHERE id = 'a'").message, shared);
});

test("there are from 1 to 100 statements", () => {
  const reads = (count: number) =>
    Array.from({ length: count }, (_, number) => `SELECT * FROM users WHERE id = '${number}'`);
  assert.equal(run(...reads(100)).Responses!.length, 100);
  assert.match(refused(...reads(101)).message,
    /at 'transactStatements' failed to satisfy constraint: Member must have length less than or equal to 100$/);
  assert.equal(refused().message, "1 validation error detected: Value '[]' at 'transactStatements' failed to " +
    "satisfy constraint: Member must have length greater than or equal to 1");
  assert.equal(refusal([{}]).message, "1 validation error detected: Value null at " +
    "'transactStatements.1.member.statement' failed to satisfy constraint: Member must not be null");
});

test("capacity is told by table, twice that of the statements alone", () => {
  assert.deepEqual(
    call(["UPDATE users SET n = 2 WHERE id = 'a'",
      "EXISTS(SELECT * FROM events WHERE feed = 'f' AND seq = 1 AND n = 10)"]).ConsumedCapacity,
    [{ TableName: "users", CapacityUnits: 2, WriteCapacityUnits: 2 },
      { TableName: "events", CapacityUnits: 2, WriteCapacityUnits: 2 }],
  );
  assert.deepEqual(call([fine]).ConsumedCapacity, [{ TableName: "users", CapacityUnits: 2, ReadCapacityUnits: 2 }]);
});

test("the token makes writes one transaction, of the same statements and parameters only", () => {
  const plan = (Statement: string, id: string) => routerOperations.get("ExecuteTransaction")!.parse(
    { TransactStatements: [{ Statement, Parameters: [{ S: id }] }], ClientRequestToken: "t" }, tables.context,
  ) as TransactWritePlan;
  const one = plan("DELETE FROM users WHERE id = ?", "a");
  assert.equal(one.clientToken, "t");
  assert.equal(plan("DELETE FROM users WHERE id = ?", "a").payloadHash, one.payloadHash);
  assert.notEqual(plan("DELETE FROM users WHERE id = ?", "b").payloadHash, one.payloadHash);
  assert.notEqual(plan("UPDATE users REMOVE n WHERE id = ?", "a").payloadHash, one.payloadHash);
  assert.throws(() => one.reply({ kind: "mismatch" }), { name: "IdempotentParameterMismatchException" });
  assert.throws(() => one.reply({ kind: "in-progress" }), { name: "TransactionInProgressException" });
});

test("the tables are known before the statements are checked", () => {
  const { tableNames } = routerOperations.get("ExecuteTransaction")!;
  assert.deepEqual(tableNames({ TransactStatements: [{ Statement: "SELECT * FROM one" }, {}, null, {
    Statement: "EXISTS(SELECT * FROM two WHERE a = 1)",
  }] }), ["one", "two"]);
  assert.deepEqual(tableNames({ TransactStatements: "none" }), []);
});

function run(...statements: readonly string[]): TransactionResponse {
  return call(statements, {});
}

function call(statements: readonly string[], more: object = { ReturnConsumedCapacity: "TOTAL" }): TransactionResponse {
  const TransactStatements = statements.map((Statement) => ({ Statement }));
  return tables.call("ExecuteTransaction", { TransactStatements, ...more }) as unknown as TransactionResponse;
}

function item(id: string) {
  return tables.call("GetItem", { TableName: "users", Key: { id: { S: id } } }).Item;
}

function refused(...statements: readonly string[]): DynamoDbException {
  return refusal(statements.map((Statement) => ({ Statement })));
}

function refusal(TransactStatements: readonly object[]): DynamoDbException {
  try {
    tables.call("ExecuteTransaction", { TransactStatements });
  } catch (error) {
    assert.ok(error instanceof DynamoDbException, String(error));
    return error;
  }
  throw new Error("nothing was refused");
}

interface Reason {
  readonly Code: string;
  readonly Item?: Readonly<Record<string, object>>;
}

function reasons(error: DynamoDbException): readonly Reason[] {
  assert.equal(error.type, "TransactionCanceledException", error.message);
  return error.members["CancellationReasons"] as readonly Reason[];
}
