// CreateTable, DescribeTable, DeleteTable and ListTables: the command for the control plane, and the response.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { ControlPlan } from "@azimuth/operations/plan.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { baseTable, eventsTable, LocalTables } from "./local-table.ts";

const request = {
  TableName: "events",
  AttributeDefinitions: [{ AttributeName: "feed", AttributeType: "S" }, { AttributeName: "seq", AttributeType: "N" }],
  KeySchema: [{ AttributeName: "feed", KeyType: "HASH" }, { AttributeName: "seq", KeyType: "RANGE" }],
  BillingMode: "PAY_PER_REQUEST",
};

function commandOf(operation: string, input: object): object {
  return (routerOperations.get(operation)!.parse(input, new LocalTables().context) as ControlPlan).command;
}

test("CreateTable asks the control plane for the table it describes", () => {
  const { tableId: _id, uuid: _uuid, status: _status, createdAt: _at, ...definition } = eventsTable;
  assert.deepEqual(commandOf("CreateTable", request), { operation: "CreateTable", definition });
  const provisioned = commandOf("CreateTable", {
    ...request, BillingMode: undefined, ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 6 },
    Tags: [{ Key: "team", Value: "blue" }], DeletionProtectionEnabled: true,
    TableClass: "STANDARD_INFREQUENT_ACCESS",
  });
  assert.deepEqual(provisioned, {
    operation: "CreateTable",
    definition: {
      ...definition, billingMode: "PROVISIONED", throughput: { readUnits: 5, writeUnits: 6 }, tags: { team: "blue" },
      deletionProtection: true, tableClass: "STANDARD_INFREQUENT_ACCESS",
    },
  });
});

test("a maximum and warm throughput are kept and described", () => {
  const tables = new LocalTables();
  const OnDemandThroughput = { MaxReadRequestUnits: 10 };
  const WarmThroughput = { ReadUnitsPerSecond: 13_000, WriteUnitsPerSecond: 4_000 };
  const { definition } = commandOf("CreateTable", { ...request, OnDemandThroughput, WarmThroughput }) as {
    definition: Partial<typeof eventsTable>;
  };
  tables.controlOutcome = () => ({ table: { ...eventsTable, ...definition } });
  const { Table } = tables.call("DescribeTable", { TableName: "events" }) as unknown as { Table: object };
  assert.deepEqual({ ...Table, OnDemandThroughput, WarmThroughput: { ...WarmThroughput, Status: "ACTIVE" } }, Table);
  const change = { onDemandMaximum: { readUnits: -1 } };
  assert.deepEqual(commandOf("UpdateTable", { TableName: "events", OnDemandThroughput: { MaxReadRequestUnits: -1 } }),
    { operation: "UpdateTable", name: "events", change });
});

test("a table is described with every member clients look at", () => {
  const tables = new LocalTables();
  tables.controlOutcome = () => ({ table: eventsTable, sizes: { itemCount: 7, bytes: 1234 } });
  assert.deepEqual(tables.call("DescribeTable", { TableName: "events" }), {
    Table: {
      AttributeDefinitions: request.AttributeDefinitions,
      TableName: "events",
      KeySchema: request.KeySchema,
      TableStatus: "ACTIVE",
      CreationDateTime: 1_700_000_000,
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
      TableSizeBytes: 1234,
      ItemCount: 7,
      TableArn: "arn:aws:dynamodb:us-east-1:123456789012:table/events",
      TableId: "00000000-0000-4000-8000-000000000000",
      BillingModeSummary: { BillingMode: "PAY_PER_REQUEST", LastUpdateToPayPerRequestDateTime: 1_700_000_000 },
      DeletionProtectionEnabled: false,
      WarmThroughput: { ReadUnitsPerSecond: 12_000, WriteUnitsPerSecond: 4_000, Status: "ACTIVE" },
    },
  });
});

test("a refusal of the control plane is an exception", () => {
  const tables = new LocalTables();
  const refused = { type: "ResourceInUseException", message: "Table already exists: events" };
  tables.controlOutcome = () => ({ refused });
  for (const operation of ["CreateTable", "DescribeTable", "DeleteTable"]) {
    assert.throws(() => tables.call(operation, request), refused);
  }
});

test("DeleteTable answers with the table as it goes", () => {
  const tables = new LocalTables();
  tables.controlOutcome = () => ({ table: { ...baseTable, status: "DELETING" } });
  const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/users";
  assert.deepEqual(commandOf("DeleteTable", { TableName: arn }), { operation: "DeleteTable", name: "users" });
  assert.equal(tables.call("DeleteTable", { TableName: "users" }).TableDescription.TableStatus, "DELETING");
});

test("UpdateTable changes what it names and nothing else", () => {
  const change = (request: object): unknown => {
    const command = commandOf("UpdateTable", { TableName: "users", ...request });
    return (command as { readonly change: unknown }).change;
  };
  assert.deepEqual(change({ DeletionProtectionEnabled: false }), { deletionProtection: false });
  assert.deepEqual(change({ TableClass: "STANDARD" }), { tableClass: "STANDARD" });
  const ProvisionedThroughput = { ReadCapacityUnits: 3, WriteCapacityUnits: 4 };
  assert.deepEqual(change({ BillingMode: "PROVISIONED", ProvisionedThroughput }), {
    billingMode: "PROVISIONED", throughput: { readUnits: 3, writeUnits: 4 },
  });
  assert.deepEqual(change({ ProvisionedThroughput }), { throughput: { readUnits: 3, writeUnits: 4 } });
  assert.throws(() => change({}), /^ValidationException: At least one of ProvisionedThroughput, BillingMode/);
  assert.throws(() => change({ GlobalSecondaryIndexUpdates: [] }), /^ValidationException: At least one of/);
});

test("ListTagsOfResource finds the tags in the table's definition", () => {
  const tables = new LocalTables();
  tables.controlOutcome = () => ({ table: { ...baseTable, tags: { team: "blue" } } });
  const ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/users";
  assert.deepEqual(commandOf("ListTagsOfResource", { ResourceArn }), { operation: "DescribeTable", name: "users" });
  assert.deepEqual(tables.call("ListTagsOfResource", { ResourceArn }), { Tags: [{ Key: "team", Value: "blue" }] });
});

test("ListTables pages by name", () => {
  const tables = new LocalTables();
  assert.deepEqual(commandOf("ListTables", { Limit: 2, ExclusiveStartTableName: "events" }), {
    operation: "ListTables", exclusiveStart: "events", limit: 2,
  });
  tables.controlOutcome = () => ({ names: ["a-table", "b-table"], last: "b-table" });
  assert.deepEqual(tables.call("ListTables", {}), {
    TableNames: ["a-table", "b-table"], LastEvaluatedTableName: "b-table",
  });
  tables.controlOutcome = () => ({ names: [] });
  assert.deepEqual(tables.call("ListTables", {}), { TableNames: [] });
});

const invalid = "One or more parameter values were invalid: ";
const hash = request.KeySchema[0]!;

const refusals: readonly (readonly [object, string | RegExp])[] = [
  [{ TableName: undefined }, "The parameter 'TableName' is required but was not present in the request"],
  [{ TableName: "ab" }, "TableName must be at least 3 characters long and at most 255 characters long"],
  [
    { TableName: "x!", KeySchema: [] },
    "1 validation error detected: Value 'x!' at 'tableName' failed to satisfy constraint: " +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  ],
  [
    { KeySchema: undefined },
    "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint: Member must not be null",
  ],
  [
    { KeySchema: [{ AttributeName: "feed", KeyType: "MIDDLE" }] },
    "1 validation error detected: Value 'MIDDLE' at 'keySchema.1.member.keyType' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [HASH, RANGE]",
  ],
  [
    { BillingMode: "FREE" },
    "1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]",
  ],
  [
    { BillingMode: undefined },
    `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
  ],
  [
    { ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 } },
    `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
  ],
  [
    { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 0 } },
    /^2 validation errors detected: Value null at 'provisionedThroughput.writeCapacityUnits' .*; Value '0' at /,
  ],
  [
    { KeySchema: [hash, { AttributeName: "other", KeyType: "RANGE" }] },
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. ` +
      "Keys: [feed, other], AttributeDefinitions: [feed, seq]",
  ],
  [
    { KeySchema: [{ AttributeName: "feed", KeyType: "RANGE" }] },
    "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
  ],
  [
    { KeySchema: [hash, { AttributeName: "seq", KeyType: "HASH" }] },
    "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
  ],
  [{ KeySchema: [hash, { AttributeName: "feed", KeyType: "RANGE" }] }, /^Invalid KeySchema: Both the Hash Key/],
  [
    { KeySchema: [hash] },
    `${invalid}Number of attributes in KeySchema does not exactly match number of attributes defined in ` +
      "AttributeDefinitions",
  ],
  [
    { GlobalSecondaryIndexes: [{ IndexName: "byTime" }] },
    /^2 validation errors detected: Value null at 'globalSecondaryIndexes.1.member.keySchema' failed /,
  ],
  [
    { StreamSpecification: { StreamEnabled: true } },
    `${invalid}StreamSpecification: not supported by this version of Azimuth`,
  ],
];

for (const [change, message] of refusals) {
  test(`CreateTable with ${JSON.stringify(change)} is refused`, () => {
    assert.throws(() => commandOf("CreateTable", { ...request, ...change }), { type: "ValidationException", message });
  });
}

test("what is given but switched off, or empty of meaning, is no obstacle", () => {
  commandOf("CreateTable", { ...request, StreamSpecification: { StreamEnabled: false }, LocalSecondaryIndexes: null });
});
