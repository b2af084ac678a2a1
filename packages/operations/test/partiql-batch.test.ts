// BatchExecuteStatement: each statement by itself, with a response of its own.
import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { LocalTables } from "./local-table.ts";

const needsKey = "Select statements within BatchExecuteStatement must specify the primary key in the where clause.";

interface BatchResponse {
  readonly Responses: readonly {
    readonly Item?: object;
    readonly TableName?: string;
    readonly Error?: { readonly Code: string; readonly Message: string; readonly Item?: object };
  }[];
  readonly ConsumedCapacity?: object;
}

let tables: LocalTables;

beforeEach(() => {
  tables = new LocalTables();
  run("INSERT INTO events VALUE {'feed':'f','seq':1,'n':10,'m':{'k':[7]}}", "INSERT INTO users VALUE {'id':'a','n':1}");
});

test("reads answer with their items, in the order of the statements", () => {
  assert.deepEqual(
    run("SELECT * FROM users WHERE id = 'a'", "SELECT * FROM users WHERE id = 'none'",
      "SELECT n, m.k[0] FROM events WHERE seq = 1 AND feed = 'f'"),
    [
      { Item: { id: { S: "a" }, n: { N: "1" } }, TableName: "users" },
      { TableName: "users" },
      { Item: { n: { N: "10" }, "k[0]": { N: "7" } }, TableName: "events" },
    ],
  );
});

test("a read names the key by equality, by IN of one value, or twice", () => {
  for (const where of ["feed = 'f' AND seq = 1", "(seq = 1) AND feed = 'f'", "feed IN ['f'] AND seq IN [1]",
    "feed = 'f' AND feed = 'f' AND seq = 1", "1 = seq AND 'f' = feed"]) {
    assert.ok(run(`SELECT * FROM events WHERE ${where}`)[0]!.Item, where);
  }
});

test("a read that asks for more or less than the key is refused by itself", () => {
  for (const where of ["feed = 'f'", "n = 10", "feed = 'f' AND seq > 0", "feed = 'f' AND seq = 1 AND n = 10",
    "feed = 'f' AND seq = 1 AND feed = 'g'", "feed = 'f' AND seq = 1 AND seq = 2", "feed IN ['f', 'g'] AND seq = 1"]) {
    const [refused, read] = run(`SELECT * FROM events WHERE ${where}`, "SELECT * FROM users WHERE id = 'a'");
    assert.deepEqual(refused, { Error: { Code: "ValidationError", Message: needsKey } }, where);
    assert.ok(read!.Item);
  }
  assert.equal(run("SELECT * FROM events")[0]!.Error!.Message, needsKey);
  assert.equal(run("SELECT * FROM \"events\".\"i\" WHERE feed = 'f' AND seq = 1")[0]!.Error!.Message, needsKey);
});

test("writes are done each by itself", () => {
  assert.deepEqual(
    run("INSERT INTO users VALUE {'id':'b'}", "UPDATE users SET n = n + 1 WHERE id = 'a' RETURNING MODIFIED NEW *",
      "DELETE FROM events WHERE feed = 'f' AND seq = 1 RETURNING ALL OLD *", "DELETE FROM users WHERE id = 'none'",
      "UPDATE users REMOVE n WHERE id = 'b' RETURNING MODIFIED NEW *"),
    [
      { TableName: "users" },
      { Item: { n: { N: "2" } }, TableName: "users" },
      { Item: { feed: { S: "f" }, seq: { N: "1" }, n: { N: "10" }, m: { M: { k: { L: [{ N: "7" }] } } } }, TableName: "events" },
      { TableName: "users" },
      { TableName: "users" },
    ],
  );
});

test("a failure has a short code, and the table if the statement ran", () => {
  const malformed = "Statement wasn't well formed, can't be processed: Expected data manipulation";
  assert.deepEqual(
    run("SLECT * FROM users", "INSERT INTO users VALUE {'id':'a'}", "UPDATE users SET n = 1 WHERE id = 'a' AND n = 5",
      "INSERT INTO nothing VALUE {'id':'a'}", "DELETE FROM users WHERE id = 'a' RETURNING ALL NEW *",
      "INSERT INTO users VALUE {'id':'c'}"),
    [
      { Error: { Code: "ValidationError", Message: malformed } },
      { Error: { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" }, TableName: "users" },
      { Error: { Code: "ConditionalCheckFailed", Message: "The conditional request failed" }, TableName: "users" },
      { Error: { Code: "ResourceNotFound", Message: "Requested resource not found" } },
      { Error: { Code: "ValidationError", Message: "Invalid returning clause: RETURNING ALL NEW *. " +
        "Only RETURNING ALL OLD * is allowed in DELETE statements." } },
      { TableName: "users" },
    ],
  );
});

test("parameters belong to their statement, and a wrong one fails it alone", () => {
  const { Responses } = call({ Statements: [
    { Statement: "SELECT * FROM users WHERE id = ?", Parameters: [{ S: "a" }] },
    { Statement: "SELECT * FROM users WHERE id = ?" },
    { Statement: "SELECT * FROM users WHERE id = ?", Parameters: [{ SS: [] }] },
  ] });
  assert.ok(Responses[0]!.Item);
  assert.equal(Responses[1]!.Error!.Message, "Number of parameters in request and statement don't match.");
  assert.equal(Responses[2]!.Error!.Message, "One or more parameter values were invalid: An string set  may not be empty");
});

test("ReturnValuesOnConditionCheckFailure shows the item in the error", () => {
  const { Responses } = call({ Statements: [{
    Statement: "DELETE FROM users WHERE id = 'a' AND n = 5", ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  }] });
  assert.deepEqual(Responses[0]!.Error!.Item, { id: { S: "a" }, n: { N: "1" } });
});

test("capacity is summed by table, each read at its own consistency", () => {
  const statement = { Statement: "SELECT * FROM users WHERE id = 'a'" };
  const { ConsumedCapacity } = call({
    Statements: [{ ...statement, ConsistentRead: true }, statement], ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(ConsumedCapacity, [{ TableName: "users", CapacityUnits: 1.5 }]);
});

test("statements that nobody could run say so", () => {
  tables.failPart = ({ kind }) => (kind === "write" ? "throttled" : "unavailable");
  assert.equal(run("SELECT * FROM users WHERE id = 'a'")[0]!.Error!.Code, "InternalServerError");
  assert.equal(run("DELETE FROM users WHERE id = 'a'")[0]!.Error!.Code, "ProvisionedThroughputExceeded");
});

test("a batch is of reads or of writes, of 1 to 25 statements, and without EXISTS", () => {
  const read = "SELECT * FROM users WHERE id = 'a'";
  assert.throws(() => run(read, "DELETE FROM users WHERE id = 'a'"), {
    message: "Read and write requests together in the same batch is not supported.",
  });
  assert.throws(() => run(), { message: "1 validation error detected: Value '[]' at 'statements' failed to satisfy " +
    "constraint: Member must have length greater than or equal to 1" });
  assert.throws(() => run(...Array<string>(26).fill(read)), /Member must have length less than or equal to 25$/);
  assert.throws(() => run(""), /Value '' at 'statements.1.member.statement' failed/);
  assert.equal(run(`EXISTS(${read} AND n = 1)`)[0]!.Error!.Message,
    "EXISTS can only be used in ExecuteTransaction write requests.");
  assert.equal(run(...Array<string>(25).fill(read)).length, 25);
});

const words = fc.constantFrom("users", "events", "id", "feed", "seq", "n", "=", "<", "'a'", "'f'", "1", "?", "AND", "OR",
  "NOT", "(", ")", "[", "]", "{", "}", ",", ".", ":", "IN", "IS", "MISSING", "SET", "REMOVE", "RETURNING ALL OLD *",
  "begins_with(seq, 1)", "size(n)", "ORDER BY", "set_add(n, ?)", "BETWEEN", "1e200", "<<1>>", "m.k[0]", "''");
const statement = fc.tuple(
  fc.constantFrom("SELECT * FROM", "SELECT n FROM events WHERE", "INSERT INTO users VALUE {'id':", "UPDATE users SET n =",
    "DELETE FROM users WHERE id = 'a' AND", "SELECT * FROM events WHERE feed = 'f' AND", "UPDATE events SET", ""),
  fc.array(words, { maxLength: 12 }),
).map(([start, rest]) => [start, ...rest].join(" "));
const parameter = fc.constantFrom<unknown>({ S: "a" }, { N: "1" }, { N: "x" }, { SS: ["a"] }, { NULL: true }, {}, null, 5);

test("whatever is sent, the answer is a response or a DynamoDbException", () => {
  fc.assert(fc.property(
    statement, fc.array(parameter, { maxLength: 3 }), fc.option(fc.base64String({ maxLength: 60 }), { nil: undefined }),
    fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    (Statement, Parameters, NextToken, Limit) => {
      for (const [operation, request] of [
        ["ExecuteStatement", { Statement, Parameters, NextToken, Limit }],
        ["ExecuteStatement", { Statement }],
        ["BatchExecuteStatement", { Statements: [{ Statement, Parameters }, { Statement }] }],
      ] as const) {
        try {
          tables.call(operation, request);
        } catch (error) {
          if (!(error instanceof DynamoDbException)) throw error;
          assert.ok(error.status < 500);
        }
      }
    },
  ), { numRuns: 1200 });
});

function run(...statements: readonly string[]): BatchResponse["Responses"] {
  return call({ Statements: statements.map((Statement) => ({ Statement })) }).Responses;
}

function call(request: object): BatchResponse {
  return tables.call("BatchExecuteStatement", request) as unknown as BatchResponse;
}
