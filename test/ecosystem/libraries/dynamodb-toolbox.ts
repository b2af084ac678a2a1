// dynamodb-toolbox: Pokémon in one table, with schemas, conditions and parallel entities.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { $add, $append, UpdateItemCommand } from "dynamodb-toolbox/entity/actions/update";
import { BatchPutRequest } from "dynamodb-toolbox/entity/actions/batchPut";
import { ConditionCheck } from "dynamodb-toolbox/entity/actions/transactCheck";
import { DeleteItemCommand } from "dynamodb-toolbox/entity/actions/delete";
import { Entity } from "dynamodb-toolbox/entity";
import { GetItemCommand } from "dynamodb-toolbox/entity/actions/get";
import { PutItemCommand } from "dynamodb-toolbox/entity/actions/put";
import { PutTransaction } from "dynamodb-toolbox/entity/actions/transactPut";
import { BatchWriteCommand, execute } from "dynamodb-toolbox/table/actions/batchWrite";
import { execute as executeTransaction } from "dynamodb-toolbox/entity/actions/transactWrite";
import { QueryCommand } from "dynamodb-toolbox/table/actions/query";
import { ScanCommand } from "dynamodb-toolbox/table/actions/scan";
import { Table } from "dynamodb-toolbox/table";
import { item, list, number, set, string } from "dynamodb-toolbox/schema";
import { documentClient, dynamoClient, eventually } from "../shared-cluster.ts";

const name = "toolbox";

function models() {
  const table = new Table({
    documentClient: documentClient(), name,
    partitionKey: { name: "pk", type: "string" }, sortKey: { name: "sk", type: "string" },
    indexes: { byLevel: { type: "global", partitionKey: { name: "kind", type: "string" }, sortKey: { name: "level", type: "number" } } },
  });
  const pokemon = new Entity({
    name: "pokemon", table, timestamps: false,
    schema: item({
      trainer: string().key().savedAs("pk"), id: string().key().savedAs("sk"),
      kind: string(), level: number().default(1), moves: list(string()).optional(), badges: set(string()).optional(),
    }),
  });
  return { table, pokemon };
}

describe("dynamodb-toolbox", () => {
  before(async () => {
    const client = dynamoClient();
    await client.send(new CreateTableCommand({
      TableName: name, BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" },
        { AttributeName: "kind", AttributeType: "S" }, { AttributeName: "level", AttributeType: "N" },
      ],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
      GlobalSecondaryIndexes: [{
        IndexName: "byLevel", Projection: { ProjectionType: "ALL" },
        KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }, { AttributeName: "level", KeyType: "RANGE" }],
      }],
    }));
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName: name });
  });

  test("puts, gets, updates and deletes", async () => {
    const { pokemon } = models();
    const key = { trainer: "ash", id: "025" };
    await pokemon.build(PutItemCommand).item({ ...key, kind: "electric", moves: ["spark"] }).send();
    const once = pokemon.build(PutItemCommand).item({ ...key, kind: "electric" })
      .options({ condition: { attr: "id", exists: false } });
    await assert.rejects(once.send(), { name: "ConditionalCheckFailedException" });
    const update = pokemon.build(UpdateItemCommand).options({ returnValues: "ALL_NEW" })
      .item({ ...key, level: $add(4), moves: $append(["bolt"]), badges: $add(new Set(["rock"])) });
    const updated = await update.send();
    assert.equal(updated.Attributes?.level, 5);
    const read = await pokemon.build(GetItemCommand).key(key).options({ consistent: true }).send();
    assert.deepEqual(read.Item, { ...key, kind: "electric", level: 5, moves: ["spark", "bolt"], badges: new Set(["rock"]) });
    await pokemon.build(DeleteItemCommand).key(key).send();
    assert.equal((await pokemon.build(GetItemCommand).key(key).options({ consistent: true }).send()).Item, undefined);
  });

  test("batches, queries by range, pages, and scans with filters", async () => {
    const { table, pokemon } = models();
    const team = Array.from({ length: 25 }, (_, level) => ({ trainer: "misty", id: String(100 + level), kind: "water", level }));
    await execute(table.build(BatchWriteCommand).requests(...team.map((each) => pokemon.build(BatchPutRequest).item(each))));
    const query = table.build(QueryCommand).entities(pokemon)
      .query({ partition: "misty", range: { gte: "105" } });
    const first = await query.options({ limit: 8, consistent: true }).send();
    assert.equal(first.Items?.length, 8);
    const rest = await query.options({ consistent: true, exclusiveStartKey: first.LastEvaluatedKey, maxPages: 10 } as never).send();
    const both = [...(first.Items ?? []), ...(rest.Items ?? [])];
    assert.deepEqual(both.map(({ level }) => level), Array.from({ length: 20 }, (_, place) => 5 + place));
    await eventually(async () => {
      const found = await table.build(QueryCommand).entities(pokemon)
        .query({ index: "byLevel", partition: "water", range: { between: [3, 6] } }).options({ reverse: true }).send();
      assert.deepEqual(found.Items?.map(({ level }) => level), [6, 5, 4, 3]);
    });
    const scanned = await table.build(ScanCommand).entities(pokemon)
      .options({ consistent: true, filters: { pokemon: { attr: "level", gt: 20 } } }).send();
    assert.deepEqual(scanned.Items?.map(({ level }) => level).toSorted(), [21, 22, 23, 24]);
  });

  test("transacts", async () => {
    const { pokemon } = models();
    const starter = { trainer: "brock", id: "095", kind: "rock" };
    await executeTransaction(pokemon.build(PutTransaction).item(starter), pokemon.build(PutTransaction).item({ ...starter, id: "074" }));
    const check = pokemon.build(ConditionCheck).key({ trainer: "brock", id: "095" }).condition({ attr: "level", gt: 50 });
    const third = pokemon.build(PutTransaction).item({ ...starter, id: "111" });
    await assert.rejects(executeTransaction(check, third), { name: "TransactionCanceledException" });
    const read = await pokemon.build(GetItemCommand).key({ trainer: "brock", id: "111" }).options({ consistent: true }).send();
    assert.equal(read.Item, undefined);
  });
});
