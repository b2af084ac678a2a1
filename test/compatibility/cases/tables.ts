// The life of a table: created, described, changed, listed, deleted, and made again under the same name.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  assertRefused, call, createTable, deleteTable, eventually, fresh, get, n, put, R, s, untilStatus,
} from "../harness.ts";

const definition = (TableName: string) => ({
  TableName, AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }], BillingMode: "PAY_PER_REQUEST",
});

const untilGone = (TableName: string): Promise<void> => eventually(() => assertRefused(
  "DescribeTable", { TableName }, R, `Requested resource not found: Table: ${TableName} not found`));

test("a table is CREATING, ACTIVE, DELETING and gone", async () => {
  const TableName = `life-${fresh()}`;
  const { TableDescription } = await call("CreateTable", definition(TableName));
  assert.equal(TableDescription?.TableStatus, "CREATING");
  assert.equal(TableDescription?.TableName, TableName);
  assert.match(TableDescription?.TableArn ?? "", new RegExp(`^arn:aws:dynamodb:us-east-1:\\d{12}:table/${TableName}$`));
  assert.match(TableDescription?.TableId ?? "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(TableDescription?.CreationDateTime instanceof Date);
  await assertRefused("CreateTable", definition(TableName), "ResourceInUseException", `Table already exists: ${TableName}`);
  await untilStatus(TableName, "ACTIVE");
  const deleted = await call("DeleteTable", { TableName });
  assert.equal(deleted.TableDescription?.TableStatus, "DELETING");
  await untilGone(TableName);
});

test("a table made again under its name is empty", async () => {
  const TableName = `again-${fresh()}`;
  await createTable(TableName, "S");
  await put(TableName, { pk: s("a"), v: n(1) });
  const before = await call("DescribeTable", { TableName });
  await deleteTable(TableName);
  await untilGone(TableName);
  await createTable(TableName, "S");
  const after = await call("DescribeTable", { TableName });
  assert.notEqual(after.Table?.TableId, before.Table?.TableId);
  assert.equal(await get(TableName, { pk: s("a") }), undefined);
  assert.equal((await call("Scan", { TableName, ConsistentRead: true })).Count, 0);
  await deleteTable(TableName);
});

test("a table is usable as soon as it is ACTIVE, and not found once it is deleted", async () => {
  const TableName = `usable-${fresh()}`;
  await createTable(TableName, "S");
  await put(TableName, { pk: s("a") });
  await deleteTable(TableName);
  await eventually(() => assertRefused("PutItem", { TableName, Item: { pk: s("a") } }, R, "Requested resource not found"));
});

test("a provisioned table tells its units, and changes them", async () => {
  const TableName = `units-${fresh()}`;
  const ProvisionedThroughput = { ReadCapacityUnits: 5, WriteCapacityUnits: 6 };
  await createTable(TableName, "SN", { BillingMode: "PROVISIONED", ProvisionedThroughput });
  const { Table } = await call("DescribeTable", { TableName });
  assert.deepEqual(Table?.ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...ProvisionedThroughput });
  assert.equal(Table?.BillingModeSummary, undefined);
  assert.deepEqual(Table?.KeySchema, [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }]);
  assert.deepEqual(Table?.AttributeDefinitions,
    [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }]);
  const more = { ReadCapacityUnits: 7, WriteCapacityUnits: 8 };
  const updated = await call("UpdateTable", { TableName, ProvisionedThroughput: more });
  assert.equal(updated.TableDescription?.TableStatus, "UPDATING");
  await untilStatus(TableName, "ACTIVE");
  const changed = (await call("DescribeTable", { TableName })).Table?.ProvisionedThroughput;
  assert.deepEqual([changed?.ReadCapacityUnits, changed?.WriteCapacityUnits], [7, 8]);
  await call("UpdateTable", { TableName, BillingMode: "PAY_PER_REQUEST" });
  await untilStatus(TableName, "ACTIVE");
  assert.equal((await call("DescribeTable", { TableName })).Table?.BillingModeSummary?.BillingMode, "PAY_PER_REQUEST");
  await deleteTable(TableName);
});

test("an on-demand table tells no units", async () => {
  const { Table } = await call("DescribeTable", { TableName: "by-text" });
  assert.equal(Table?.BillingModeSummary?.BillingMode, "PAY_PER_REQUEST");
  const { ReadCapacityUnits, WriteCapacityUnits } = Table?.ProvisionedThroughput ?? {};
  assert.deepEqual([ReadCapacityUnits, WriteCapacityUnits], [0, 0]);
});

test("what a table was created with is described", async () => {
  const TableName = `settings-${fresh()}`;
  await createTable(TableName, "S", {
    TableClass: "STANDARD_INFREQUENT_ACCESS", DeletionProtectionEnabled: true,
    OnDemandThroughput: { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 },
    SSESpecification: { Enabled: false }, StreamSpecification: { StreamEnabled: false },
    Tags: [{ Key: "team", Value: "blue" }],
  });
  const { Table } = await call("DescribeTable", { TableName });
  assert.equal(Table?.TableClassSummary?.TableClass, "STANDARD_INFREQUENT_ACCESS");
  assert.equal(Table?.DeletionProtectionEnabled, true);
  assert.deepEqual(Table?.OnDemandThroughput, { MaxReadRequestUnits: 100, MaxWriteRequestUnits: 50 });
  assert.deepEqual((await call("ListTagsOfResource", { ResourceArn: Table?.TableArn })).Tags, [{ Key: "team", Value: "blue" }]);
  await call("UpdateTable", { TableName, DeletionProtectionEnabled: false });
  await eventually(async () => void (await call("DeleteTable", { TableName })));
});

test("a protected table is not deleted", async () => {
  const TableName = `protected-${fresh()}`;
  await createTable(TableName, "S", { DeletionProtectionEnabled: true });
  await assertRefused("DeleteTable", { TableName }, "ValidationException",
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.");
  await call("UpdateTable", { TableName, DeletionProtectionEnabled: false });
  await eventually(async () => void (await call("DeleteTable", { TableName })));
});

test("an ARN stands for a name in every operation", async () => {
  const TableName = `arn-${fresh()}`;
  await createTable(TableName, "S");
  const arn = (await call("DescribeTable", { TableName })).Table?.TableArn as string;
  const Key = { pk: s("a") };
  await call("PutItem", { TableName: arn, Item: Key });
  await call("UpdateItem", { TableName: arn, Key, UpdateExpression: "SET v = :v", ExpressionAttributeValues: { ":v": n(1) } });
  const read = { TableName: arn, ConsistentRead: true };
  assert.deepEqual((await call("GetItem", { ...read, Key })).Item, { ...Key, v: n(1) });
  const query = { KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": s("a") } };
  assert.equal((await call("Query", { ...read, ...query })).Count, 1);
  assert.equal((await call("Scan", read)).Count, 1);
  await call("BatchWriteItem", { RequestItems: { [arn]: [{ PutRequest: { Item: { pk: s("b") } } }] } });
  const batch = await call("BatchGetItem", { RequestItems: { [arn]: { Keys: [{ pk: s("b") }], ConsistentRead: true } } });
  assert.deepEqual(Object.values(batch.Responses ?? {}), [[{ pk: s("b") }]]);
  assert.equal((await call("DescribeTable", { TableName: arn })).Table?.TableName, TableName);
  await call("UpdateTable", { TableName: arn, DeletionProtectionEnabled: false });
  await call("DeleteItem", { TableName: arn, Key });
  await deleteTable(arn);
});

test("tables are listed in the order of their names, in pages", async () => {
  const names = ["list-a", "list-b", "list-c"].map((name) => `${name}-${fresh()}`);
  await Promise.all(names.map((name) => createTable(name, "S")));
  const listed: string[] = [];
  for (let ExclusiveStartTableName: string | undefined; ; ) {
    const page = await call("ListTables", { Limit: 2, ...(ExclusiveStartTableName && { ExclusiveStartTableName }) });
    assert.ok((page.TableNames?.length ?? 0) <= 2);
    listed.push(...(page.TableNames ?? []));
    ExclusiveStartTableName = page.LastEvaluatedTableName;
    if (ExclusiveStartTableName === undefined) break;
  }
  assert.deepEqual(listed, listed.toSorted());
  assert.deepEqual(listed.filter((name) => names.includes(name)), names);
  const after = await call("ListTables", { ExclusiveStartTableName: names[0] });
  assert.equal(after.TableNames?.includes(names[0] as string), false);
  assert.equal(after.TableNames?.includes(names[1] as string), true);
  await Promise.all(names.map((TableName) => call("DeleteTable", { TableName })));
});
