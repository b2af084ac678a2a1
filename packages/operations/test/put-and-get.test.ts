// PutItem, GetItem and DeleteItem from request to response.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { LocalTables, type Response } from "./local-table.ts";

const ada = { id: { S: "ada" }, name: { S: "Ada" }, born: { N: "1815" }, langs: { L: [{ S: "en" }, { S: "fr" }] } };
const key = { id: { S: "ada" } };

function withAda(): LocalTables {
  const tables = new LocalTables();
  tables.call("PutItem", { TableName: "users", Item: ada });
  return tables;
}

test("what was put can be got, whole or projected", () => {
  const tables = withAda();
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }), { Item: ada });
  const projected = tables.call("GetItem", {
    TableName: "users", Key: key, ProjectionExpression: "#n, langs[1], nothing",
    ExpressionAttributeNames: { "#n": "name" },
  });
  assert.deepEqual(projected, { Item: { name: { S: "Ada" }, langs: { L: [{ S: "fr" }] } } });
});

test("an item that is not there is an empty response, and a read of it is charged", () => {
  const tables = new LocalTables();
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }), {});
  assert.deepEqual(
    tables.call("GetItem", { TableName: "users", Key: key, ConsistentRead: true, ReturnConsumedCapacity: "INDEXES" }),
    { ConsumedCapacity: { TableName: "users", CapacityUnits: 1, Table: { CapacityUnits: 1 } } },
  );
});

test("a put replaces the whole item and can return the old one", () => {
  const tables = withAda();
  assert.deepEqual(
    tables.call("PutItem", { TableName: "users", Item: key, ReturnValues: "ALL_OLD" }), { Attributes: ada },
  );
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }), { Item: key });
  assert.deepEqual(
    tables.call("PutItem", { TableName: "users", Item: { id: { S: "new" } }, ReturnValues: "ALL_OLD" }), {},
  );
});

test("numbers come back canonical and sets sorted", () => {
  const tables = new LocalTables();
  const item = { ...key, n: { N: "+01.50" }, s: { NS: ["10", "9", "-1"] }, b: { BS: ["/w==", "AA=="] } };
  tables.call("PutItem", { TableName: "users", Item: item });
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }).Item, {
    ...key, n: { N: "1.5" }, s: { NS: ["-1", "9", "10"] }, b: { BS: ["AA==", "/w=="] },
  });
});

test("a failed condition changes nothing and shows the item only when asked", () => {
  const tables = withAda();
  const put = { TableName: "users", Item: key, ConditionExpression: "attribute_not_exists(id)" };
  assert.throws(() => tables.call("PutItem", put), {
    type: "ConditionalCheckFailedException", message: "The conditional request failed", members: {}, status: 400,
  });
  assert.throws(
    () => tables.call("PutItem", { ...put, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
    (error: DynamoDbException) => {
      assert.deepEqual(JSON.parse(JSON.stringify(error.members)), { Item: ada });
      return true;
    },
  );
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }), { Item: ada });
});

test("a condition is decided on the item's own values", () => {
  const tables = withAda();
  const put = (year: string): unknown => tables.call("PutItem", {
    TableName: "users", Item: ada, ConditionExpression: "born < :y", ExpressionAttributeValues: { ":y": { N: year } },
  });
  assert.deepEqual(put("1816"), {});
  assert.throws(() => put("1815"), { type: "ConditionalCheckFailedException" });
});

test("a delete removes the item, returns it when asked, and succeeds without one", () => {
  const tables = withAda();
  const remove = { TableName: "users", Key: key, ReturnValues: "ALL_OLD" };
  assert.throws(
    () => tables.call("DeleteItem", { ...remove, ConditionExpression: "attribute_exists(died)" }),
    { type: "ConditionalCheckFailedException" },
  );
  assert.deepEqual(tables.call("DeleteItem", remove), { Attributes: ada });
  assert.deepEqual(tables.call("DeleteItem", remove), {});
  assert.deepEqual(tables.call("GetItem", { TableName: "users", Key: key }), {});
});

test("writes are charged by the larger image, in kilobytes; reads by four", () => {
  const tables = new LocalTables();
  const big = { ...key, blob: { S: "x".repeat(5 * 1024) } };
  const units = (response: Response): number => response.ConsumedCapacity.CapacityUnits;
  const all = { TableName: "users", ReturnConsumedCapacity: "TOTAL" };
  assert.equal(units(tables.call("PutItem", { ...all, Item: key })), 1);
  assert.equal(units(tables.call("PutItem", { ...all, Item: big })), 6);
  assert.equal(units(tables.call("GetItem", { ...all, Key: key })), 1);
  assert.equal(units(tables.call("GetItem", { ...all, Key: key, ConsistentRead: true })), 2);
  assert.equal(units(tables.call("PutItem", { ...all, Item: key })), 6);
  assert.equal(units(tables.call("DeleteItem", { ...all, Key: key })), 1);
  assert.equal(units(tables.call("DeleteItem", { ...all, Key: key })), 1);
});

test("an item may have 400 KB and no more", () => {
  const tables = new LocalTables();
  const item = (bytes: number) => ({ ...key, b: { S: "x".repeat(bytes - 6) } });
  tables.call("PutItem", { TableName: "users", Item: item(400 * 1024) });
  assert.throws(() => tables.call("PutItem", { TableName: "users", Item: item(400 * 1024 + 1) }), {
    type: "ValidationException", message: "Item size has exceeded the maximum allowed size",
  });
});

test("a table can be named by its ARN", () => {
  const tables = withAda();
  const TableName = "arn:aws:dynamodb:us-east-1:123456789012:table/users";
  assert.deepEqual(tables.call("GetItem", { TableName, Key: key }), { Item: ada });
  assert.throws(
    () => tables.call("GetItem", { TableName: TableName.replace("us-east-1", "eu-west-1"), Key: key }),
    { type: "ResourceNotFoundException" },
  );
});
