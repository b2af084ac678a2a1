// INSERT, UPDATE and DELETE by ExecuteStatement: what they do, what they answer, and what they refuse.
import { beforeEach, test } from "node:test";
import assert from "node:assert/strict";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { LocalTables } from "./local-table.ts";

const missingKey = "Where clause does not contain a mandatory equality on all key attributes";
const conditionFailed = "The conditional request failed";

let tables: LocalTables;

beforeEach(() => {
  tables = new LocalTables();
  for (const seq of [1, 2, 3]) run(`INSERT INTO events VALUE {'feed':'f','seq':${seq},'n':${seq * 10},'tags':<<'x','y'>>}`);
});

test("INSERT stores every kind of literal and answers with no items", () => {
  const response = run("INSERT INTO \"users\" VALUE {'id':'a','n':1,'t':true,'z':null,'l':[1,'s'],'m':{'k':<<2,1>>}}");
  assert.deepEqual(response, { Items: [] });
  assert.deepEqual(item("a"), {
    id: { S: "a" }, n: { N: "1" }, t: { BOOL: true }, z: { NULL: true }, l: { L: [{ N: "1" }, { S: "s" }] },
    m: { M: { k: { NS: ["1", "2"] } } },
  });
});

test("INSERT takes parameters of any type", () => {
  run("INSERT INTO users VALUE {'id':?,'b':?,'m':?}", [{ S: "a" }, { B: "AAE=" }, { M: { ["__proto__"]: { N: "1" } } }]);
  assert.deepEqual(item("a"), { id: { S: "a" }, b: { B: "AAE=" }, m: { M: JSON.parse('{"__proto__":{"N":"1"}}') } });
});

test("INSERT of a key that is there is refused and changes nothing", () => {
  run("INSERT INTO users VALUE {'id':'a','n':1}");
  refuses("INSERT INTO users VALUE {'id':'a','n':2}", "Duplicate primary key exists in table", "DuplicateItemException");
  assert.deepEqual(item("a"), { id: { S: "a" }, n: { N: "1" } });
});

test("INSERT is possible again after DELETE", () => {
  run("INSERT INTO users VALUE {'id':'a','n':1}");
  assert.deepEqual(run("DELETE FROM users WHERE id = 'a'"), { Items: [] });
  run("INSERT INTO users VALUE {'id':'a','n':2}");
  assert.deepEqual(item("a"), { id: { S: "a" }, n: { N: "2" } });
});

const updates: readonly (readonly [update: string, n: object | undefined])[] = [
  ["SET n = 5", { N: "5" }],
  ["SET n = n + 1", { N: "11" }],
  ["SET n = n-1", { N: "9" }],
  ["SET n = 100 - n", { N: "90" }],
  ["SET n = seq", { N: "1" }],
  ["REMOVE n", undefined],
  ["SET n = [1]", { L: [{ N: "1" }] }],
  ["SET n = list_append([1], [2, 'x'])", { L: [{ N: "1" }, { N: "2" }, { S: "x" }] }],
  ["SET n = 'a' SET m = 1 REMOVE tags", { S: "a" }],
];

test("UPDATE changes the item of a whole key", async (context) => {
  for (const [update, n] of updates) {
    await context.test(update, () => {
      tables = new LocalTables();
      run("INSERT INTO events VALUE {'feed':'f','seq':1,'n':10}");
      assert.deepEqual(run(`UPDATE events ${update} WHERE feed = 'f' AND seq = 1`), { Items: [] });
      assert.deepEqual(event(1)!.n, n);
    });
  }
});

test("set_add and set_delete add to a set and take from it", () => {
  const where = "WHERE feed = 'f' AND seq = 1";
  run(`UPDATE events SET tags = set_add(tags, <<'z', 'x'>>) ${where}`);
  assert.deepEqual(event(1)!.tags, { SS: ["x", "y", "z"] });
  run(`UPDATE events SET tags = SET_DELETE(tags, ?) ${where}`, [{ SS: ["x", "none"] }]);
  assert.deepEqual(event(1)!.tags, { SS: ["y", "z"] });
  run(`UPDATE events SET tags = set_delete(tags, <<'y', 'z'>>), fresh = set_add(fresh, <<1>>) ${where}`);
  assert.equal(event(1)!.tags, undefined);
  assert.deepEqual(event(1)!.fresh, { NS: ["1"] });
});

test("RETURNING chooses the side and the extent of what an UPDATE answers", () => {
  const update = (value: number, returning: string): unknown =>
    run(`UPDATE users SET n = ${value} WHERE id = 'a' RETURNING ${returning} *`).Items;
  run("INSERT INTO users VALUE {'id':'a','n':0,'k':'s'}");
  assert.deepEqual(update(1, "ALL OLD"), [{ id: { S: "a" }, n: { N: "0" }, k: { S: "s" } }]);
  assert.deepEqual(update(2, "ALL NEW"), [{ id: { S: "a" }, n: { N: "2" }, k: { S: "s" } }]);
  assert.deepEqual(update(3, "MODIFIED OLD"), [{ n: { N: "2" } }]);
  assert.deepEqual(update(4, "MODIFIED NEW"), [{ n: { N: "4" } }]);
  assert.deepEqual(run("UPDATE users REMOVE n WHERE id = 'a' RETURNING MODIFIED NEW *"), { Items: [] });
});

test("an UPDATE needs its item, a DELETE does not", () => {
  refuses("UPDATE users SET n = 1 WHERE id = 'none'", conditionFailed, "ConditionalCheckFailedException");
  refuses("UPDATE users SET n = 1 WHERE id = 'none' AND attribute_not_exists(id)", conditionFailed,
    "ConditionalCheckFailedException");
  assert.equal(item("none"), undefined);
  assert.deepEqual(run("DELETE FROM users WHERE id = 'none' AND n = 1 RETURNING ALL OLD *"), { Items: [] });
});

test("what is beside the key is a condition of the write", async (context) => {
  const holding = ["n = 10", "n > 5 AND contains(tags, 'x')", "(n = 1 OR n = 10)", "NOT n = 11", "seq >= 1",
    "attribute_exists(n)", "nope IS MISSING", "n IN [9, 10]", "contains(tags, 'q') = false", "tags = <<'y','x'>>",
    "size(tags) = 2", "n IS NUMERIC", "(seq = 1 AND n = 10)", "1 = seq"];
  const failing = ["n = 11", "nope = 1", "seq > 1", "n IS STRING", "attribute_not_exists(n)", "tags = <<'x'>>",
    "NOT (n = 10)", "begins_with(nope, 'a')"];
  for (const condition of [...holding, ...failing]) {
    await context.test(condition, () => {
      const update = `UPDATE events SET hit = 1 WHERE feed = 'f' AND seq = 1 AND ${condition}`;
      const remove = `DELETE FROM events WHERE seq = 1 AND ${condition} AND feed = 'f'`;
      if (holding.includes(condition)) {
        run(update);
        run(remove);
        assert.equal(event(1), undefined);
      } else {
        refuses(update, conditionFailed, "ConditionalCheckFailedException");
        refuses(remove, conditionFailed, "ConditionalCheckFailedException");
        assert.equal(event(1)!.hit, undefined);
      }
      tables = new LocalTables();
      run("INSERT INTO events VALUE {'feed':'f','seq':1,'n':10,'tags':<<'x','y'>>}");
    });
  }
});

test("a failed condition shows the item when asked to", () => {
  const refused = refusalOf("UPDATE events SET n = 1 WHERE feed = 'f' AND seq = 1 AND n = 11", [], {
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  });
  assert.deepEqual((refused.members.Item as { n: unknown }).n, { N: "10" });
});

test("capacity is that of the write", () => {
  const { ConsumedCapacity } = run("UPDATE events SET n = 1 WHERE feed = 'f' AND seq = 1", [], {
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(ConsumedCapacity, { TableName: "events", CapacityUnits: 1 });
});

const refusals: readonly (readonly [statement: string, message: string])[] = [
  ["UPDATE events SET n = 1", missingKey],
  ["UPDATE events SET n = 1 WHERE feed = 'f'", missingKey],
  ["UPDATE events SET n = 1 WHERE n = 10", missingKey],
  ["UPDATE events SET n = 1 WHERE feed = 'f' AND seq > 1", missingKey],
  ["UPDATE events SET n = 1 WHERE feed = 'f' OR seq = 1", missingKey],
  ["UPDATE events SET n = 1 WHERE feed IN ['f'] AND seq = 1", missingKey],
  ["DELETE FROM events", missingKey],
  ["DELETE FROM events WHERE seq = 1", missingKey],
  ["DELETE FROM users WHERE NOT id = 'a'", missingKey],
  ["FROM events SET n = 1", missingKey],
  ["FROM events WHERE n = 1 SET n = 1", missingKey],
  ["UPDATE events SET n = 1 WHERE feed = 'f' AND seq = 1 AND feed = 'g'",
    "Multiple conditions on same key feed. Only single item Update/Insert/Delete are supported"],
  ["DELETE FROM users WHERE id = 'a' AND id = 'b'",
    "Multiple conditions on same key id. Only single item Update/Insert/Delete are supported"],
  ["UPDATE events SET n = 1 WHERE feed = 1 AND seq = 1", "The provided key element does not match the schema"],
  ["DELETE FROM events WHERE feed = 'f' AND seq = 'x'", "The provided key element does not match the schema"],
  ["DELETE FROM users WHERE id = ''", "One or more parameter values are not valid. " +
    "The AttributeValue for a key attribute cannot contain an empty string value. Key: id"],
  ["UPDATE events SET seq = 2 WHERE feed = 'f' AND seq = 1",
    "One or more parameter values were invalid: Cannot update attribute seq. This attribute is part of the key"],
  ["INSERT INTO events VALUE {'feed':'f'}", "One or more parameter values were invalid: Missing the key seq in the item"],
  ["INSERT INTO events VALUE {}", "One or more parameter values were invalid: Missing the key feed in the item"],
  ["INSERT INTO users VALUE {'id':1}",
    "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N"],
  ["UPDATE events SET n = 'x' + seq WHERE feed = 'f' AND seq = 1",
    "Incorrect operand type for operator or function; operator or function: +, operand type: S"],
  ["UPDATE events SET n = n + tags WHERE feed = 'f' AND seq = 1",
    "An operand in the update expression has an incorrect data type"],
  ["UPDATE events SET tags = set_add(tags, <<1>>) WHERE feed = 'f' AND seq = 1",
    "An operand in the update expression has an incorrect data type"],
  ["UPDATE events SET n = set_add(n, <<1>>) WHERE feed = 'f' AND seq = 1",
    "An operand in the update expression has an incorrect data type"],
  ["UPDATE events SET n = list_append(none, [1]) WHERE feed = 'f' AND seq = 1",
    "The provided expression refers to an attribute that does not exist in the item"],
  ["UPDATE events SET none.k = 1 WHERE feed = 'f' AND seq = 1",
    "The document path provided in the update expression is invalid for update"],
  ["UPDATE events SET n = 1, n = 2 WHERE feed = 'f' AND seq = 1", "Two document paths overlap with each other; " +
    "must remove or rewrite one of these paths; path one: [n], path two: [n]"],
  ["UPDATE events SET n = 1 WHERE feed = 'f' AND seq = 1 AND n < true",
    "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"],
  ["EXISTS(SELECT * FROM events WHERE feed = 'f' AND seq = 1 AND n = 10)",
    "EXISTS can only be used in ExecuteTransaction write requests."],
  ["INSERT INTO x VALUE {'id':'a'}", "Table name should be within the length [3, 255] and only contain " +
    "'a-z', 'A-Z', '0-9', '-', '_', '.'."],
  ["UPDATE events SET n = ? WHERE feed = 'f' AND seq = 1", "Number of parameters in request and statement don't match."],
];

test("writes that make no sense are refused", async (context) => {
  for (const [statement, message] of refusals) {
    await context.test(statement, () => refuses(statement, message));
  }
});

test("a table that is not there is not found, before its key is looked at", () => {
  for (const statement of ["INSERT INTO nothing VALUE {}", "UPDATE nothing SET a = 1", "DELETE FROM nothing"]) {
    refuses(statement, "Requested resource not found", "ResourceNotFoundException");
  }
});

test("parameters are judged before the statement is read", () => {
  const twice = { SS: ["a", "a"] };
  const message = "One or more parameter values were invalid: Input collection [a, a] contains duplicates.";
  assert.equal(refusalOf("UPDATE events SET WHERE", [twice]).message, message);
  assert.equal(refusalOf("INSERT INTO users VALUE {'id':'a'}", [{ NULL: false }]).message,
    "One or more parameter values were invalid: Null attribute value types must have the value of true");
});

test("an item of more than 400 KB is refused", () => {
  assert.equal(refusalOf("INSERT INTO users VALUE {'id':'a','x':?}", [{ S: "x".repeat(410_000) }]).message,
    "Item size has exceeded the maximum allowed size");
});

test("tables may be named by their ARN", () => {
  run("INSERT INTO \"arn:aws:dynamodb:us-east-1:123456789012:table/users\" VALUE {'id':'a'}");
  assert.deepEqual(item("a"), { id: { S: "a" } });
});

const requests: readonly (readonly [request: object, message: string])[] = [
  [{}, "1 validation error detected: Value null at 'statement' failed to satisfy constraint: Member must not be null"],
  [{ Statement: "" }, "1 validation error detected: Value '' at 'statement' failed to satisfy constraint: " +
    "Member must have length greater than or equal to 1"],
  [{ Statement: "SELECT * FROM users", Limit: 0 }, "1 validation error detected: Value '0' at 'limit' failed to " +
    "satisfy constraint: Member must have value greater than or equal to 1"],
  [{ Statement: "SELECT * FROM users", Parameters: [] }, "1 validation error detected: Value '[]' at 'parameters' " +
    "failed to satisfy constraint: Member must have length greater than or equal to 1"],
  [{ Statement: "SELECT * FROM users", ReturnConsumedCapacity: "ALL" }, "1 validation error detected: Value 'ALL' at " +
    "'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"],
];

test("the constraints of the request's members come first", () => {
  for (const [request, message] of requests) {
    assert.throws(() => tables.call("ExecuteStatement", request), { message });
  }
  assert.throws(() => tables.call("ExecuteStatement", { Statement: "x".repeat(8193) }),
    /at 'statement' failed to satisfy constraint: Member must have length less than or equal to 8192$/);
});

function run(Statement: string, Parameters: readonly object[] = [], more: object = {}) {
  return tables.call("ExecuteStatement", {
    Statement, ...(Parameters.length === 0 ? {} : { Parameters }), ...more,
  });
}

function refusalOf(Statement: string, Parameters: readonly object[] = [], more: object = {}): DynamoDbException {
  try {
    run(Statement, Parameters, more);
  } catch (error) {
    assert.ok(error instanceof DynamoDbException, String(error));
    return error;
  }
  return assert.fail(`not refused: ${Statement}`);
}

function refuses(statement: string, message: string, type = "ValidationException"): void {
  const error = refusalOf(statement);
  assert.deepEqual([error.type, error.message], [type, message]);
}

function item(id: string): object | undefined {
  return tables.call("GetItem", { TableName: "users", Key: { id: { S: id } } }).Item;
}

function event(seq: number) {
  return tables.call("GetItem", { TableName: "events", Key: { feed: { S: "f" }, seq: { N: String(seq) } } }).Item as
    Readonly<Record<string, unknown>> | undefined;
}
