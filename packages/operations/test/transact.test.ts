import assert from "node:assert/strict";
import { test } from "node:test";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { routerOperations } from "../src/registry.ts";
import type { TransactGetPlan, TransactWritePlan, TransactWriteResult } from "../src/transact-plan.ts";

const table: TableDefinition = {
  tableId: 7, uuid: "00000000-0000-4000-8000-000000000000", name: "users", status: "ACTIVE",
  attributes: [{ name: "id", type: "S" }], key: { partition: { name: "id", type: "S" }, sort: undefined },
  billingMode: "PAY_PER_REQUEST", throughput: { readUnits: 0, writeUnits: 0 }, createdAt: 0,
  deletionProtection: false, tableClass: "STANDARD", tags: {},
};

const context = {
  findTable: (name: string) => (name === "users" ? table : undefined), region: "us-east-1", accountId: "000000000000",
};

const TableName = "users";
const key = (id: string) => ({ id: { S: id } });
const put = (id: string, more: object = {}) => ({ Put: { TableName, Item: key(id), ...more } });

function planWrite(TransactItems: unknown, more: object = {}): TransactWritePlan {
  return routerOperations.get("TransactWriteItems")!.parse({ TransactItems, ...more }, context) as TransactWritePlan;
}

function planGet(TransactItems: unknown, more: object = {}): TransactGetPlan {
  return routerOperations.get("TransactGetItems")!.parse({ TransactItems, ...more }, context) as TransactGetPlan;
}

function refusal(run: () => unknown): DynamoDbException {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof DynamoDbException);
    return error;
  }
  throw new Error("nothing was refused");
}

const refusals: readonly (readonly [string, () => unknown, string, string])[] = [
  ["no items", () => planWrite([]), "ValidationException",
    "1 validation error detected: Value '[]' at 'transactItems' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 1"],
  ["no member TransactItems", () => planWrite(undefined), "ValidationException",
    "1 validation error detected: Value null at 'transactItems' failed to satisfy constraint: Member must not be null"],
  ["two actions on one item", () => planWrite([put("a"), { Delete: { TableName, Key: key("a") } }]), "ValidationException",
    "Transaction request cannot include multiple operations on one item"],
  ["two actions in one element", () => planWrite([{ ...put("a"), Delete: { TableName, Key: key("b") } }]), "ValidationException",
    "TransactItems can only contain one of Check, Put, Update or Delete"],
  ["an empty element", () => planWrite([{}]), "ValidationException",
    "TransactItems can only contain one of Check, Put, Update or Delete"],
  ["a table that is not there", () => planWrite([{ Put: { TableName: "nobody", Item: key("a") } }]),
    "ResourceNotFoundException", "Requested resource not found"],
  ["a bad condition on a later action before a missing table", () => planWrite([
    { Put: { TableName: "nobody", Item: key("a") } },
    { ConditionCheck: { TableName, Key: key("a"), ConditionExpression: "attribute_not_exists(" } },
  ]), "ValidationException", 'Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "("'],
  ["an unused value before a shared item", () => planWrite([put("a"), {
    ConditionCheck: {
      TableName, Key: key("a"), ConditionExpression: "attribute_exists(id)",
      ExpressionAttributeValues: { ":v": { S: "x" } },
    },
  }]), "ValidationException", "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"],
  ["an empty key value", () => planWrite([put("")]), "ValidationException",
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: id"],
  ["two enumerations, in their order", () => planWrite([put("a")], { ReturnItemCollectionMetrics: "Y", ReturnConsumedCapacity: "X" }),
    "ValidationException", "2 validation errors detected: Value 'X' at 'returnConsumedCapacity' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'Y' at 'returnItemCollectionMetrics' failed to satisfy " +
      "constraint: Member must satisfy enum value set: [SIZE, NONE]"],
  ["a token that is too long", () => planWrite([put("a")], { ClientRequestToken: "x".repeat(37) }), "ValidationException",
    `1 validation error detected: Value '${"x".repeat(37)}' at 'clientRequestToken' failed to satisfy constraint: ` +
      "Member must have length less than or equal to 36"],
  ["an update of a key", () => planWrite([{
    Update: {
      TableName, Key: key("a"), UpdateExpression: "SET id = :v", ExpressionAttributeValues: { ":v": { S: "x" } },
    },
  }]), "TransactionCanceledException",
    "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"],
  ["two gets of one item", () => planGet([{ Get: { TableName, Key: key("a") } }, { Get: { TableName, Key: key("a") } }]),
    "ValidationException", "Transaction request cannot include multiple operations on one item"],
  ["a get without its key", () => planGet([{ Get: { TableName, Key: {} } }]), "TransactionCanceledException",
    "Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"],
];

for (const [what, run, type, message] of refusals) {
  test(`${what} is refused in DynamoDB's words`, () => {
    const error = refusal(run);
    assert.equal(error.type, type);
    assert.equal(error.message, message);
  });
}

test("more than a hundred actions are refused before anything else is looked at", () => {
  const items = Array.from({ length: 101 }, () => put("a"));
  assert.match(refusal(() => planWrite(items)).message,
    /at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100$/);
  assert.equal(planWrite(Array.from({ length: 100 }, (_, number) => put(`item-${number}`))).parts.length, 100);
});

test("keys of the wrong type cancel the transaction, with reasons in the order of the request", () => {
  const error = refusal(() => planWrite([put("a"), { Put: { TableName, Item: { id: { N: "5" } } } }, {
    Delete: { TableName, Key: { id: { N: "5" } } },
  }]));
  assert.deepEqual(error.members["CancellationReasons"], [
    { Code: "None" },
    { Code: "ValidationError", Message: "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N" },
    { Code: "ValidationError", Message: "The provided key element does not match the schema" },
  ]);
});

test("a cancelled transaction tells a reason for each action, and the item where it was asked for", () => {
  const plan = planWrite([put("a"), put("b"), put("c")]);
  const error = refusal(() => plan.reply({
    kind: "cancelled",
    refusals: [
      undefined,
      { type: "ConditionalCheckFailedException", message: "The conditional request failed" },
      { type: "TransactionConflictException", message: "Transaction is ongoing for the item" },
    ],
  }));
  assert.equal(error.message, "Transaction cancelled, please refer cancellation reasons for specific reasons " +
    "[None, ConditionalCheckFailed, TransactionConflict]");
  assert.deepEqual(error.members["CancellationReasons"], [
    { Code: "None" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
    { Code: "TransactionConflict", Message: "Transaction is ongoing for the item" },
  ]);
});

test("each action is charged twice; a repetition is charged for reading", () => {
  const plan = planWrite([put("a"), put("b")], { ReturnConsumedCapacity: "INDEXES" });
  const done = (replayed: boolean): TransactWriteResult =>
    ({ kind: "done", answers: [{ units: 1, itemBytes: 3 }, { units: 3, itemBytes: 5000 }], replayed });
  assert.deepEqual(JSON.parse(plan.reply(done(false))), {
    ConsumedCapacity: [{
      TableName, CapacityUnits: 8, WriteCapacityUnits: 8, Table: { WriteCapacityUnits: 8, CapacityUnits: 8 },
    }],
  });
  assert.deepEqual(JSON.parse(plan.reply(done(true))), {
    ConsumedCapacity: [{
      TableName, CapacityUnits: 6, ReadCapacityUnits: 6, Table: { ReadCapacityUnits: 6, CapacityUnits: 6 },
    }],
  });
});

test("requests that differ only in the order of members are the same transaction", () => {
  const one = planWrite([{ Put: { TableName, Item: { id: { S: "a" }, x: { N: "1" } } } }]);
  const same = planWrite([{ Put: { Item: { x: { N: "1" }, id: { S: "a" } }, TableName } }]);
  const other = planWrite([{ Put: { TableName, Item: { id: { S: "a" }, x: { N: "2" } } } }]);
  assert.equal(one.payloadHash, same.payloadHash);
  assert.notEqual(one.payloadHash, other.payloadHash);
});
