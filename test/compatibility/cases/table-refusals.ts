// What the operations on tables refuse.
import { invalid, notNull, oneError, R, refuses, type Refusal } from "../harness.ts";

const request = {
  TableName: "never-made", BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }], KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
};
const both = [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" }];
const units = { ReadCapacityUnits: 1, WriteCapacityUnits: 1 };
const nothingToUpdate = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, " +
  "GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, " +
  "MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required";
const refused = (name: string, change: object, message: string | RegExp): Refusal => [name, { ...request, ...change }, message];

refuses("CreateTable", [
  refused("no name", { TableName: undefined }, "The parameter 'TableName' is required but was not present in the request"),
  refused("a name of two characters", { TableName: "ab" },
    "TableName must be at least 3 characters long and at most 255 characters long"),
  refused("a name of 256 characters", { TableName: "x".repeat(256) },
    "TableName must be at least 3 characters long and at most 255 characters long"),
  refused("a name with a space", { TableName: "a b c" },
    `${oneError}Value 'a b c' at 'tableName' failed to satisfy constraint: ` +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"),
  refused("no key", { KeySchema: undefined }, `${oneError}${notNull("keySchema")}`),
  refused("no attributes", { AttributeDefinitions: undefined }, `${oneError}${notNull("attributeDefinitions")}`),
  refused("an empty key", { KeySchema: [] },
    /Value '\[\]' at 'keySchema' failed to satisfy constraint: Member must have length greater than or equal to 1$/),
  refused("an attribute of no key type", { AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "BOOL" }] },
    `${oneError}Value 'BOOL' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [B, N, S]"),
  refused("an unknown role in the key", { KeySchema: [{ AttributeName: "pk", KeyType: "SORT" }] },
    `${oneError}Value 'SORT' at 'keySchema.1.member.keyType' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [HASH, RANGE]"),
  refused("a key that is not defined", { KeySchema: [{ AttributeName: "id", KeyType: "HASH" }] },
    `${invalid}Some index key attributes are not defined in AttributeDefinitions. ` +
      "Keys: [id], AttributeDefinitions: [pk]"),
  refused("a definition that nothing uses", { AttributeDefinitions: both },
    `${invalid}Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions`),
  refused("a sort key first", { KeySchema: [{ AttributeName: "pk", KeyType: "RANGE" }] },
    "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"),
  refused("two partition keys", {
    AttributeDefinitions: both, KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "HASH" }],
  }, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"),
  refused("one attribute as both keys", {
    AttributeDefinitions: both, KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "pk", KeyType: "RANGE" }],
  }, /Both the Hash Key and the Range Key element in the KeySchema have the same name$/),
  refused("units of an on-demand table", { ProvisionedThroughput: units },
    `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`),
  refused("a provisioned table without units", { BillingMode: "PROVISIONED" },
    `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`),
  refused("a table without a billing mode or units", { BillingMode: undefined },
    `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`),
  refused("no units at all", { BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0 } },
    /^2 validation errors detected: Value '0' at 'provisionedThroughput.writeCapacityUnits' failed to satisfy/),
  refused("too many units", { BillingMode: "PROVISIONED", ProvisionedThroughput: { ...units, ReadCapacityUnits: 1_000_000_000_001 } },
    "Given value 1000000000001 for ReadCapacityUnits is out of bounds"),
  refused("an unknown billing mode", { BillingMode: "FREE" },
    `${oneError}Value 'FREE' at 'billingMode' failed to satisfy constraint: ` +
      "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
  refused("an unknown class", { TableClass: "COLD" }, "Invalid table-class parameter provided. " +
    "Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS]."),
  refused("a stream, until there are streams", { StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" } },
    /^One or more parameter values were invalid: StreamSpecification/),
]);

for (const operation of ["DescribeTable", "DeleteTable"]) {
  refuses(operation, [
    ["no name", {}, "The parameter 'TableName' is required but was not present in the request"],
    ["a name of two characters", { TableName: "ab" },
      "TableName must be at least 3 characters long and at most 255 characters long"],
    ["a name with another character", { TableName: "a;b" },
      `${oneError}Value 'a;b' at 'tableName' failed to satisfy constraint: ` +
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
    ["a table that is not there", { TableName: "no-such-table" },
      "Requested resource not found: Table: no-such-table not found", R],
  ]);
}

refuses("UpdateTable", [
  ["a table that is not there", { TableName: "no-such-table", BillingMode: "PAY_PER_REQUEST" },
    "Requested resource not found: Table: no-such-table not found", R],
  ["a change of nothing", { TableName: "by-text" },
    nothingToUpdate],
  ["attribute definitions alone", {
    TableName: "by-text", AttributeDefinitions: [{ AttributeName: "x", AttributeType: "S" }],
  }, nothingToUpdate],
  ["no updates of indexes", { TableName: "by-text", GlobalSecondaryIndexUpdates: [] }, nothingToUpdate],
  ["no updates of indexes beside something else", {
    TableName: "by-text", GlobalSecondaryIndexUpdates: [], DeletionProtectionEnabled: false,
  }, `${invalid}List of GlobalSecondaryIndexUpdates is empty`],
  ["units of an on-demand table", { TableName: "by-text", ProvisionedThroughput: units },
    /Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST/],
]);

refuses("ListTables", [
  ["a limit of 0", { Limit: 0 },
    `${oneError}Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1`],
  ["a limit of 101", { Limit: 101 },
    `${oneError}Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100`],
  ["a start that is no name", { ExclusiveStartTableName: "a;b" },
    `${oneError}Value 'a;b' at 'exclusiveStartTableName' failed to satisfy constraint: ` +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"],
]);
