// Whatever JSON arrives, the answer is a response or a DynamoDbException: never an assertion or a TypeError.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { baseTable, eventsTable, LocalTables } from "./local-table.ts";

const attribute = fc.oneof(
  { weight: 6, arbitrary: fc.record({ S: fc.string() }) },
  { weight: 3, arbitrary: fc.record({ N: fc.constantFrom("1", "-2.5", "x", "1e200") }) },
  fc.record({ B: fc.constantFrom("AA==", "", "x") }),
  fc.record({ BOOL: fc.boolean() }),
  fc.record({ NULL: fc.boolean() }),
  fc.record({ SS: fc.array(fc.string(), { maxLength: 3 }) }),
  fc.record({ L: fc.array(fc.record({ S: fc.string() }), { maxLength: 2 }) }),
  fc.record({ M: fc.dictionary(fc.string(), fc.record({ N: fc.constant("3") }), { maxKeys: 2 }) }),
);
const name = fc.constantFrom("id", "feed", "seq", "a", "__proto__", "constructor", "toString");
const attributes = fc.oneof(
  fc.dictionary(name, attribute, { maxKeys: 3 }),
  fc.record({ id: fc.record({ S: fc.string({ minLength: 1 }) }) }),
  fc.record({ feed: fc.record({ S: fc.string({ minLength: 1 }) }), seq: fc.record({ N: fc.constant("7") }) }),
);
const expression = fc.constantFrom(
  "", "a = :v", "attribute_exists(a)", "SET a = :v", "REMOVE #n", "ADD a :v", "feed = :v", "feed = :v AND seq > :w",
  "a, b", "#n", "id = :v", "size(a) > :w", "a IN (:v, :w)", "a BETWEEN :v AND :w", "(((", "NOT contains(a, :v)",
);
const legacy = fc.dictionary(name, fc.record({
  ComparisonOperator: fc.constantFrom("EQ", "NE", "BETWEEN", "NULL", "CONTAINS", "XX"),
  AttributeValueList: fc.array(attribute, { maxLength: 2 }),
  Exists: fc.boolean(),
  Value: attribute,
  Action: fc.constantFrom("PUT", "ADD", "DELETE"),
}, { requiredKeys: [] }), { maxKeys: 2 });

const members: Record<string, fc.Arbitrary<unknown>> = {
  TableName: fc.constantFrom("users", "users", "events", "events", "nothing", "x!"),
  Item: attributes,
  Key: attributes,
  ExclusiveStartKey: attributes,
  ConditionExpression: expression,
  UpdateExpression: expression,
  KeyConditionExpression: expression,
  FilterExpression: expression,
  ProjectionExpression: expression,
  ExpressionAttributeNames: fc.dictionary(fc.constantFrom("#n", "x"), name, { maxKeys: 1 }),
  ExpressionAttributeValues: fc.dictionary(fc.constantFrom(":v", ":w"), attribute, { maxKeys: 2 }),
  Expected: legacy,
  AttributeUpdates: legacy,
  QueryFilter: legacy,
  ScanFilter: legacy,
  KeyConditions: legacy,
  AttributesToGet: fc.array(name, { maxLength: 3 }),
  ConditionalOperator: fc.constantFrom("AND", "OR", "XOR"),
  ReturnValues: fc.constantFrom("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW", "X"),
  ReturnConsumedCapacity: fc.constantFrom("TOTAL", "INDEXES", "NONE"),
  Select: fc.constantFrom("COUNT", "ALL_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"),
  Limit: fc.integer({ min: -1, max: 3 }),
  Segment: fc.integer({ min: -1, max: 3 }),
  TotalSegments: fc.integer({ min: 0, max: 4 }),
  ScanIndexForward: fc.boolean(),
  ConsistentRead: fc.boolean(),
  AttributeDefinitions: fc.array(fc.record({ AttributeName: name, AttributeType: fc.constantFrom("S", "N", "Q") })),
  KeySchema: fc.array(fc.record({ AttributeName: name, KeyType: fc.constantFrom("HASH", "RANGE") }), { maxLength: 3 }),
  BillingMode: fc.constantFrom("PROVISIONED", "PAY_PER_REQUEST"),
  RequestItems: fc.oneof(
    fc.dictionary(fc.constantFrom("users", "events", "zz"), fc.record({ Keys: fc.array(attributes, { maxLength: 3 }) })),
    fc.dictionary(fc.constantFrom("users", "events"), fc.array(fc.oneof(
      fc.record({ PutRequest: fc.record({ Item: attributes }) }),
      fc.record({ DeleteRequest: fc.record({ Key: attributes }) }),
      fc.constant({}),
    ), { maxLength: 3 })),
  ),
};

const units = fc.integer({ min: -2, max: 50_000 });
const capacity = {
  ProvisionedThroughput: fc.record({ ReadCapacityUnits: units, WriteCapacityUnits: units }, { requiredKeys: [] }),
  OnDemandThroughput: fc.record({ MaxReadRequestUnits: units, MaxWriteRequestUnits: units }, { requiredKeys: [] }),
  WarmThroughput: fc.record({ ReadUnitsPerSecond: units, WriteUnitsPerSecond: units }, { requiredKeys: [] }),
};
const keySchema = fc.array(fc.record({ AttributeName: name, KeyType: fc.constantFrom("HASH", "RANGE") }), { maxLength: 9 });
const indexName = fc.constantFrom("by-a", "by-a", "x", "near");
const index = fc.record({
  IndexName: indexName,
  KeySchema: keySchema,
  Projection: fc.record({
    ProjectionType: fc.constantFrom("ALL", "KEYS_ONLY", "INCLUDE", "SOME"), NonKeyAttributes: fc.array(name, { maxLength: 3 }),
  }, { requiredKeys: [] }),
  ...capacity,
}, { requiredKeys: [] });
const statement = fc.constantFrom(
  "SELECT * FROM users WHERE id = ?", "SELECT a FROM \"events\".\"by-a\" WHERE feed = 'x'", "SELECT", "DELETE FROM users WHERE id = 'a'",
  "INSERT INTO users VALUE {'id': 'a', 'b': ?}", "UPDATE users SET a = ? REMOVE b WHERE id = 'a' RETURNING ALL NEW *",
  "EXISTS(SELECT * FROM users)",
);
const action = fc.record({
  TableName: fc.constantFrom("users", "events", "nothing"), Item: attributes, Key: attributes,
  ConditionExpression: expression, UpdateExpression: expression, ProjectionExpression: expression,
  ExpressionAttributeValues: fc.dictionary(fc.constantFrom(":v", ":w"), attribute, { maxKeys: 2 }),
  ReturnValuesOnConditionCheckFailure: fc.constantFrom("ALL_OLD", "NONE", "X"),
}, { requiredKeys: ["TableName"] });
const newer: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...capacity,
  IndexName: indexName,
  ReturnItemCollectionMetrics: fc.constantFrom("SIZE", "NONE", "X"),
  ReturnValuesOnConditionCheckFailure: fc.constantFrom("ALL_OLD", "NONE", "X"),
  ClientRequestToken: fc.string({ maxLength: 40 }),
  TransactItems: fc.array(
    fc.dictionary(fc.constantFrom("Put", "Update", "Delete", "ConditionCheck", "Get"), action, { minKeys: 1, maxKeys: 2 }),
    { maxLength: 3 },
  ),
  Statement: statement,
  Statements: fc.array(fc.record({ Statement: statement, Parameters: fc.array(attribute,
    { maxLength: 2 }) }, { requiredKeys: [] }), { maxLength: 3 }),
  TransactStatements: fc.array(fc.record({ Statement: statement, Parameters: fc.array(attribute, { maxLength: 2 }) }), { maxLength: 3 }),
  Parameters: fc.array(attribute, { maxLength: 2 }),
  NextToken: fc.string(),
  LocalSecondaryIndexes: fc.array(index, { maxLength: 2 }),
  GlobalSecondaryIndexes: fc.array(index, { maxLength: 2 }),
  GlobalSecondaryIndexUpdates:
    fc.array(fc.record({ Create: index, Update: index, Delete: fc.record({ IndexName: indexName }) },
    { requiredKeys: [] }), { maxLength: 2 }),
  TableClass: fc.constantFrom("STANDARD", "COLD"),
  DeletionProtectionEnabled: fc.boolean(),
  Tags: fc.array(fc.record({ Key: fc.string(), Value: fc.string() }, { requiredKeys: [] }), { maxLength: 2 }),
  TagKeys: fc.array(fc.string(), { maxLength: 2 }),
  ResourceArn: fc.constantFrom("arn:aws:dynamodb:us-east-1:123456789012:table/users", "users", ""),
  TimeToLiveSpecification: fc.record({ AttributeName: name, Enabled: fc.boolean() }, { requiredKeys: [] }),
};
Object.assign(members, newer);

const plausible = fc.record(members, { requiredKeys: ["TableName"] });
const few = fc.uniqueArray(fc.constantFrom(...Object.keys(members)), { minLength: 1, maxLength: 5 })
  .chain((chosen) => fc.record(Object.fromEntries(["TableName", ...chosen].map((key) => [key, members[key]!]))));
const anything = fc.dictionary(
  fc.constantFrom(...Object.keys(members)), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 },
);

const tableOperations = [...routerOperations.keys()].filter((each) => /Table|Tags|Resource|TimeToLive/.test(each));
const operations = [...routerOperations.keys()].filter((each) => !/Table|Tags|Resource|TimeToLive/.test(each));

test("no request makes an operation throw anything but a DynamoDbException", () => {
  let answered = 0;
  fc.assert(fc.property(fc.constantFrom(...operations), fc.oneof(few, few, plausible, anything), (operation, request) => {
    const tables = new LocalTables();
    tables.call("PutItem", { TableName: "users", Item: { id: { S: "a" }, a: { S: "x" } } });
    try {
      tables.call(operation, request as object);
      answered++;
    } catch (error) {
      assert.ok(error instanceof DynamoDbException, `${(error as Error).stack}`);
    }
  }), { numRuns: 2500 });
  assert.ok(answered > 10, `only ${answered} requests were valid: the test looks at errors only`);
});

const indexed: TableDefinition = {
  ...eventsTable,
  attributes: [...eventsTable.attributes, { name: "a", type: "S" }],
  indexes: [
    { name: "by-a", kind: "global", indexId: 21, key: { partition: [{ name: "a", type: "S" }], sort: [{ name: "seq", type: "N" }] } },
    { name: "near", kind: "local", indexId: 22, key: { partition: [{ name: "feed", type: "S" }], sort: [{ name: "a", type: "S" }] } },
  ].map((each) => ({
    ...each, kind: each.kind as "global" | "local", key: each.key as IndexDefinition["key"],
    projection: { kind: "KEYS_ONLY" }, status: "ACTIVE", backfilling: false, throughput: eventsTable.throughput,
  })),
};

test("no request about a table with indexes makes the router throw anything but a DynamoDbException", () => {
  let planned = 0;
  fc.assert(fc.property(fc.constantFrom(...operations), fc.oneof(few, few, plausible), (operation, request) => {
    const tables = new LocalTables([baseTable, indexed]);
    try {
      routerOperations.get(operation)!.parse(JSON.parse(JSON.stringify({ ...request, TableName: "events" })), tables.context);
      planned++;
    } catch (error) {
      assert.ok(error instanceof DynamoDbException, `${(error as Error).stack}`);
    }
  }), { numRuns: 2500 });
  assert.ok(planned > 10, `only ${planned} requests were valid: the test looks at errors only`);
});

test("no request to make a table throws anything but a DynamoDbException", () => {
  fc.assert(fc.property(fc.oneof(few, plausible, anything), (request) => {
    for (const operation of tableOperations) {
      try {
        routerOperations.get(operation)!.parse(JSON.parse(JSON.stringify(request)), new LocalTables().context);
      } catch (error) {
        assert.ok(error instanceof DynamoDbException, `${(error as Error).stack}`);
      }
    }
  }), { numRuns: 500 });
});
