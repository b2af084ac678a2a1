// @aws-sdk/lib-dynamodb: a chat's rooms and messages, with JavaScript's own values.
import { describe, before, test } from "node:test";
import assert from "node:assert/strict";
import {
  CreateTableCommand, TransactionCanceledException, waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, ExecuteStatementCommand, GetCommand, paginateQuery, paginateScan,
  PutCommand, QueryCommand, TransactGetCommand, TransactWriteCommand, UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { documentClient, dynamoClient, eventually } from "../shared-cluster.ts";

const TableName = "chat";

describe("@aws-sdk/lib-dynamodb", () => {
  before(async () => {
    const client = dynamoClient();
    await client.send(new CreateTableCommand({
      TableName, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "room", AttributeType: "S" }, { AttributeName: "at", AttributeType: "N" },
        { AttributeName: "author", AttributeType: "S" },
      ],
      KeySchema: [{ AttributeName: "room", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }],
      GlobalSecondaryIndexes: [{
        IndexName: "by-author", Projection: { ProjectionType: "ALL" },
        KeySchema: [{ AttributeName: "author", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }],
      }],
    }));
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName });
  });

  test("values of JavaScript go in and come out", async () => {
    const Item = {
      room: "values", at: 1, author: "ann", text: "hi", seen: true, gone: null, score: 1.5, list: [1, "two", [3]],
      tags: new Set(["a", "b"]), marks: new Set([1, 2]), bytes: Uint8Array.of(1, 2), deep: { er: { est: [] } },
    };
    await documentClient().send(new PutCommand({ TableName, Item }));
    const read = new GetCommand({ TableName, Key: { room: "values", at: 1 }, ConsistentRead: true });
    assert.deepEqual((await documentClient().send(read)).Item, Item);
  });

  test("a page after page of a room, and the whole table", async () => {
    const client = documentClient();
    const messages = Array.from({ length: 60 }, (_, at) => ({ room: "paged", at, author: `a${at % 3}`, text: `m${at}` }));
    for (let from = 0; from < 60; from += 25) {
      const requests = messages.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
    }
    const seen: unknown[] = [];
    for await (const page of paginateQuery({ client, pageSize: 7 }, {
      TableName, KeyConditionExpression: "room = :room", ExpressionAttributeValues: { ":room": "paged" }, ConsistentRead: true,
    })) seen.push(...(page.Items ?? []));
    assert.deepEqual(seen, messages);
    let scanned = 0;
    for await (const page of paginateScan({ client, pageSize: 11 }, { TableName, ConsistentRead: true })) scanned += page.Count ?? 0;
    assert.ok(scanned >= 60);
  });

  test("the index finds an author's messages", () => eventually(async () => {
    const { Items } = await documentClient().send(new QueryCommand({
      TableName, IndexName: "by-author", KeyConditionExpression: "author = :a AND #at < :b",
      ExpressionAttributeNames: { "#at": "at" }, ExpressionAttributeValues: { ":a": "a1", ":b": 10 },
    }));
    assert.deepEqual(Items?.map(({ at }) => at), [1, 4, 7]);
  }));

  test("an update and a delete return what was asked for", async () => {
    const Key = { room: "changed", at: 1 };
    const updated = await documentClient().send(new UpdateCommand({
      TableName, Key, UpdateExpression: "SET likes = if_not_exists(likes, :zero) + :one, author = :ann",
      ExpressionAttributeValues: { ":zero": 0, ":one": 1, ":ann": "ann" }, ReturnValues: "ALL_NEW",
    }));
    assert.deepEqual(updated.Attributes, { ...Key, likes: 1, author: "ann" });
    const deleted = await documentClient().send(new DeleteCommand({ TableName, Key, ReturnValues: "ALL_OLD" }));
    assert.deepEqual(deleted.Attributes, updated.Attributes);
  });

  test("a batch reads several keys", async () => {
    const Keys = [{ room: "paged", at: 3 }, { room: "paged", at: 5 }, { room: "paged", at: 500 }];
    const request = new BatchGetCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
    const { Responses } = await documentClient().send(request);
    assert.deepEqual(Responses?.[TableName]?.map(({ at }) => at).toSorted(), [3, 5]);
  });

  test("a transaction does all or nothing, and says why", async () => {
    const client = documentClient();
    const Put = (at: number) => ({
      Put: { TableName, Item: { room: "together", at, author: "t" }, ConditionExpression: "attribute_not_exists(room)" },
    });
    await client.send(new TransactWriteCommand({ TransactItems: [Put(1), Put(2)] }));
    await assert.rejects(client.send(new TransactWriteCommand({ TransactItems: [Put(3), Put(2)] })), (error) => {
      assert.ok(error instanceof TransactionCanceledException);
      assert.deepEqual(error.CancellationReasons?.map(({ Code }) => Code), ["None", "ConditionalCheckFailed"]);
      return true;
    });
    const Get = (at: number) => ({ Get: { TableName, Key: { room: "together", at } } });
    const { Responses } = await client.send(new TransactGetCommand({ TransactItems: [Get(1), Get(2), Get(3)] }));
    assert.deepEqual(Responses?.map(({ Item }) => Item?.["at"]), [1, 2, undefined]);
  });

  test("PartiQL reads and writes", async () => {
    const client = documentClient();
    await client.send(new ExecuteStatementCommand({
      Statement: `INSERT INTO "${TableName}" VALUE {'room': ?, 'at': ?, 'author': 'sql'}`, Parameters: ["sql", 1],
    }));
    const { Items } = await client.send(new ExecuteStatementCommand({
      Statement: `SELECT author FROM "${TableName}" WHERE room = ? AND "at" = ?`, Parameters: ["sql", 1], ConsistentRead: true,
    }));
    assert.deepEqual(Items, [{ author: "sql" }]);
  });
});
