// Consumed capacity: 1 KB for a write unit, of the larger image; 4 KB for a read unit, half when eventually
// consistent; Query and Scan round the sum, batches each item; filters and projections save nothing.
import { test } from "node:test";
import assert from "node:assert/strict";
import { call, createTable, deleteTable, eventually, fresh, n, put, s, tables, type Attributes } from "../harness.ts";

const TableName = tables.S;

function sized(bytes: number, key = fresh()): Attributes & { pk: { S: string } } {
  return { pk: { S: key }, v: s("x".repeat(bytes - 2 - key.length - 1)) };
}

async function units(operation: string, input: object): Promise<number | undefined> {
  return (await call(operation, { TableName, ReturnConsumedCapacity: "TOTAL", ...input })).ConsumedCapacity?.CapacityUnits;
}

const writes: readonly (readonly [string, number | undefined, number, number])[] = [
  ["a small item", undefined, 100, 1], ["1 KB", undefined, 1024, 1], ["1 KB and a byte", undefined, 1025, 2],
  ["10 KB", undefined, 10_240, 10], ["400 KB", undefined, 409_600, 400], ["a smaller item over a larger", 3000, 100, 3],
  ["a larger item over a smaller", 100, 3000, 3], ["the same item again", 2000, 2000, 2],
];
for (const [what, before, bytes, expected] of writes) {
  test(`putting ${what} costs ${expected}`, async () => {
    const key = fresh();
    if (before !== undefined) await put(TableName, sized(before, key));
    assert.equal(await units("PutItem", { Item: sized(bytes, key) }), expected);
  });
}

const reads: readonly (readonly [number | undefined, number])[] = [
  [undefined, 1], [10, 1], [4096, 1], [4097, 2], [8192, 2], [8193, 3], [409_600, 100],
];
for (const [bytes, expected] of reads) {
  test(`getting ${bytes ?? "no item or nothing"} bytes costs ${expected}, eventually consistent half`, async () => {
    const key = fresh();
    if (bytes !== undefined) await put(TableName, sized(Math.max(bytes, 20), key));
    const Key = { pk: s(key) };
    assert.equal(await units("GetItem", { Key, ConsistentRead: true }), expected);
    await eventually(async () => assert.equal(await units("GetItem", { Key }), expected / 2));
  });
}

test("a projection does not make a read cheaper", async () => {
  const Item = sized(9000);
  await put(TableName, Item);
  const input = { Key: { pk: Item.pk }, ConsistentRead: true, ProjectionExpression: "pk" };
  assert.equal(await units("GetItem", input), 3);
});

test("a delete costs what it deletes, and one unit when there is nothing", async () => {
  const Item = sized(2500);
  await put(TableName, Item);
  assert.equal(await units("DeleteItem", { Key: { pk: Item.pk } }), 3);
  assert.equal(await units("DeleteItem", { Key: { pk: Item.pk } }), 1);
});

test("an update costs the larger image, not what it changes", async () => {
  const Item = sized(5000);
  await put(TableName, Item);
  const Key = { pk: Item.pk };
  const ExpressionAttributeValues = { ":one": n(1) };
  assert.equal(await units("UpdateItem", { Key, UpdateExpression: "SET c = :one", ExpressionAttributeValues }), 5);
  assert.equal(await units("UpdateItem", { Key, UpdateExpression: "REMOVE v" }), 5);
  assert.equal(await units("UpdateItem", { Key, UpdateExpression: "ADD c :one", ExpressionAttributeValues }), 1);
  assert.equal(await units("UpdateItem", { Key: { pk: s(fresh()) }, UpdateExpression: "REMOVE v" }), 1);
});

test("INDEXES tells the table's part", async () => {
  const answer = await call("PutItem", { TableName, Item: sized(1500), ReturnConsumedCapacity: "INDEXES" });
  assert.deepEqual(answer.ConsumedCapacity, { TableName, CapacityUnits: 2, Table: { CapacityUnits: 2 } });
  const total = await call("PutItem", { TableName, Item: sized(1500), ReturnConsumedCapacity: "TOTAL" });
  assert.deepEqual(total.ConsumedCapacity, { TableName, CapacityUnits: 2 });
});

test("NONE, or nothing, tells nothing", async () => {
  for (const mode of [{}, { ReturnConsumedCapacity: "NONE" }]) {
    assert.equal((await call("PutItem", { TableName, Item: sized(100), ...mode })).ConsumedCapacity, undefined);
  }
});

async function collection(count: number, bytes: number): Promise<string> {
  const pk = fresh();
  const names = 2 + pk.length + 2 + 3 + 1;
  await put(tables.SS, ...Array.from({ length: count }, (_, place) =>
    ({ pk: s(pk), sk: s(String(100 + place)), v: s("x".repeat(bytes - names)) })));
  return pk;
}

test("a query rounds the sum of what it reads", async () => {
  const pk = await collection(10, 1000);
  const query = {
    TableName: tables.SS, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": s(pk) },
  };
  assert.equal(await units("Query", { ...query, ConsistentRead: true }), 3);
  await eventually(async () => assert.equal(await units("Query", query), 1.5));
  assert.equal(await units("Query", { ...query, ConsistentRead: true, Limit: 4 }), 1);
  assert.equal(await units("Query", { ...query, ConsistentRead: true, Select: "COUNT" }), 3);
});

test("a filter and a projection save nothing", async () => {
  const pk = await collection(10, 1000);
  assert.equal(await units("Query", {
    TableName: tables.SS, KeyConditionExpression: "pk = :pk", ConsistentRead: true, ProjectionExpression: "pk",
    FilterExpression: "attribute_not_exists(v)", ExpressionAttributeValues: { ":pk": s(pk) },
  }), 3);
});

test("a scan of a whole table costs its size", async () => {
  await createTable("counted", "S");
  await put("counted", ...Array.from({ length: 20 }, () => sized(2048)));
  assert.equal(await units("Scan", { TableName: "counted", ConsistentRead: true }), 10);
  await deleteTable("counted");
});

test("batches round each item, and tell the sum of each table", async () => {
  const [one, two] = [sized(100), sized(1100)];
  const written = await call("BatchWriteItem", {
    RequestItems: { [TableName]: [{ PutRequest: { Item: one } }, { PutRequest: { Item: two } }] },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(written.ConsumedCapacity, [{ TableName, CapacityUnits: 3 }]);
  const read = await call("BatchGetItem", {
    RequestItems: { [TableName]: { Keys: [{ pk: one.pk }, { pk: two.pk }, { pk: s("none") }], ConsistentRead: true } },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(read.ConsumedCapacity, [{ TableName, CapacityUnits: 3 }]);
});

test("a full page includes the item that crosses 1 MB, so that it costs 257 units", async () => {
  const pk = fresh();
  const v = s("x".repeat(1042 - (2 + pk.length + 2 + 4 + 1)));
  for (let from = 1000; from < 2025; from += 25) {
    const requests = Array.from({ length: 25 }, (_, place) => ({
      PutRequest: { Item: { pk: s(pk), sk: s(String(from + place)), v } },
    }));
    await call("BatchWriteItem", { RequestItems: { [tables.SS]: requests } });
  }
  const answer = await call("Query", {
    TableName: tables.SS, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": s(pk) },
    ConsistentRead: true, ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual([answer.Count, answer.ConsumedCapacity?.CapacityUnits], [1007, 257]);
  assert.deepEqual(answer.LastEvaluatedKey, { pk: s(pk), sk: s("2006") });
});
