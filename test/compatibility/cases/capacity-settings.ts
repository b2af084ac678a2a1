// How much capacity tables and their global indexes are given: what CreateTable and UpdateTable take, keep, describe
// and refuse, and that UpdateTable changes one thing at a time. Measured on the service: operations/docs/messages.md, Q.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import type { GlobalSecondaryIndexDescription, TableDescription } from "@aws-sdk/client-dynamodb";
import {
  assertRefused, call, chaos, createTable, deleteTable, invalid, R, refuses, untilStatus, V, type Refusal,
} from "../harness.ts";

const units = (read: number, write = read) => ({ ReadCapacityUnits: read, WriteCapacityUnits: write });
const maximum = (read: number, write = read) => ({ MaxReadRequestUnits: read, MaxWriteRequestUnits: write });
const warm = (read: number, write = read) => ({ ReadUnitsPerSecond: read, WriteUnitsPerSecond: write });
const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" });
const index = (IndexName: string, more: object = {}) =>
  ({ IndexName, KeySchema: [hash("group")], Projection: { ProjectionType: "ALL" }, ...more });
const limit = "LimitExceededException";

async function described(TableName: string): Promise<TableDescription & { byName: (name: string) => GlobalSecondaryIndexDescription }> {
  const Table = (await call("DescribeTable", { TableName })).Table as TableDescription;
  const byName = (name: string) =>
    Table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === name) as GlobalSecondaryIndexDescription;
  return { ...Table, byName };
}

describe("capacity settings", () => {
  const free = "capacity-on-demand";
  const paid = "capacity-provisioned";
  before(async () => {
    const AttributeDefinitions = ["pk", "sk", "group"].map(attribute);
    const LocalSecondaryIndexes = [{
      IndexName: "near", KeySchema: [hash("pk"), { AttributeName: "group", KeyType: "RANGE" }], Projection: { ProjectionType: "ALL" },
    }];
    await Promise.all([
      createTable(free, "SS", {
        AttributeDefinitions, LocalSecondaryIndexes,
        GlobalSecondaryIndexes: [
          index("plain"), index("set", { OnDemandThroughput: maximum(50, 40), WarmThroughput: { ReadUnitsPerSecond: 13_000 } }),
        ],
      }),
      createTable(paid, "SS", {
        AttributeDefinitions, LocalSecondaryIndexes, BillingMode: "PROVISIONED", ProvisionedThroughput: units(5, 6),
        GlobalSecondaryIndexes: [index("one", { ProvisionedThroughput: units(1, 2) })],
      }),
    ]);
  });

  const update = (TableName: string, change: object) => call("UpdateTable", { TableName, ...change }).catch((error: Error) => {
    // The SDK's retry of a change that was made without an answer.
    if (!chaos || !/will not change/.test(error.message)) throw error;
  });
  const updateIndex = (IndexName: string, change: object) => ({ GlobalSecondaryIndexUpdates: [{ Update: { IndexName, ...change } }] });

  test("an index tells its own maximum and warm throughput, and no maximum that it was not given", async () => {
    const table = await described(free);
    assert.deepEqual(table.byName("set").OnDemandThroughput, maximum(50, 40));
    assert.deepEqual(table.byName("set").WarmThroughput, { ...warm(13_000, 4_000), Status: "ACTIVE" });
    assert.equal(table.byName("plain").OnDemandThroughput, undefined);
    assert.deepEqual(table.byName("plain").WarmThroughput, { ...warm(12_000, 4_000), Status: "ACTIVE" });
    assert.equal(table.OnDemandThroughput, undefined);
    assert.deepEqual(table.byName("plain").ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(0) });
  });

  test("provisioned units are what a table and an index are warm for, and stay so when they are lowered", async () => {
    const warmOf = async () => {
      const table = await described(paid);
      return [table.WarmThroughput, table.byName("one").WarmThroughput];
    };
    const ready = { Status: "ACTIVE" };
    assert.deepEqual(await warmOf(), [{ ...warm(5, 6), ...ready }, { ...warm(1, 2), ...ready }]);
    await update(paid, { ProvisionedThroughput: units(9, 3), ...updateIndex("one", { ProvisionedThroughput: units(4, 1) }) });
    await untilStatus(paid, "ACTIVE");
    const table = await described(paid);
    assert.deepEqual(
      [table.ProvisionedThroughput?.ReadCapacityUnits, table.byName("one").ProvisionedThroughput?.ReadCapacityUnits], [9, 4]);
    assert.deepEqual(await warmOf(), [{ ...warm(9, 6), ...ready }, { ...warm(4, 2), ...ready }]);
  });

  test("maxima and warm throughput change one by one, for a table and for its indexes", async () => {
    await update(free, { OnDemandThroughput: { MaxReadRequestUnits: 1000 } });
    await update(free, { OnDemandThroughput: { MaxWriteRequestUnits: -1 } });
    assert.deepEqual((await described(free)).OnDemandThroughput, maximum(1000, -1));
    await update(free, { WarmThroughput: { WriteUnitsPerSecond: 4_500 } });
    assert.deepEqual((await described(free)).WarmThroughput, { ...warm(12_000, 4_500), Status: "ACTIVE" });
    await update(free, updateIndex("plain", { OnDemandThroughput: maximum(7), WarmThroughput: warm(12_000, 4_001) }));
    const plain = (await described(free)).byName("plain");
    assert.deepEqual([plain.OnDemandThroughput, plain.WarmThroughput], [maximum(7), { ...warm(12_000, 4_001), Status: "ACTIVE" }]);
    await update(free, updateIndex("plain", { OnDemandThroughput: maximum(7) }));
  });

  test("another billing mode needs units for every index, and drops the maxima", async () => {
    const TableName = "capacity-switched";
    await createTable(TableName, "S", {
      AttributeDefinitions: ["pk", "group"].map(attribute), OnDemandThroughput: maximum(10),
      GlobalSecondaryIndexes: [index("one", { OnDemandThroughput: maximum(5) })],
    });
    const toProvisioned = { BillingMode: "PROVISIONED", ProvisionedThroughput: units(3) };
    await assertRefused("UpdateTable", { TableName, ...toProvisioned }, V,
      `${invalid}ProvisionedThroughput must be specified for index: one`);
    await update(TableName, { ...toProvisioned, ...updateIndex("one", { ProvisionedThroughput: units(2) }) });
    await untilStatus(TableName, "ACTIVE");
    const table = await described(TableName);
    assert.deepEqual([table.OnDemandThroughput, table.byName("one").OnDemandThroughput], [undefined, undefined]);
    assert.deepEqual(table.byName("one").ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(2) });
    assert.equal(table.WarmThroughput?.ReadUnitsPerSecond, 12_000);
    await update(TableName, { BillingMode: "PAY_PER_REQUEST" });
    await untilStatus(TableName, "ACTIVE");
    assert.deepEqual((await described(TableName)).byName("one").ProvisionedThroughput, { NumberOfDecreasesToday: 0, ...units(0) });
    await deleteTable(TableName);
  });

  const never = "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.";
  const same = (subject: string, owner: string, read: number, write: number) =>
    `The provisioned throughput for ${subject} will not change. The requested value equals the current value. ` +
    `Current ReadCapacityUnits provisioned for ${owner}: ${read}. Requested ReadCapacityUnits: ${read}. ` +
    `Current WriteCapacityUnits provisioned for ${owner}: ${write}. Requested WriteCapacityUnits: ${write}. ${never}`;
  const alone = (what: string) => `${invalid}${what} must be the only operation in the request`;
  const creation = { AttributeDefinitions: [attribute("pk"), attribute("group")],
    GlobalSecondaryIndexUpdates: [{ Create: index("more") }] };
  const refusals: readonly (readonly [string, string, object, string, string?])[] = [
    ["units of an on-demand table", free, { ProvisionedThroughput: units(1) },
      `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`],
    ["units of an index of an on-demand table", free, updateIndex("plain", { ProvisionedThroughput: units(1) }),
      `${invalid}The only Updates for index: plain when TableThroughputMode is PAY_PER_REQUEST can be to ` +
        "OnDemandThroughput, WarmThroughput"],
    ["an index with nothing to change", free, updateIndex("plain", {}),
      `${invalid}The only Updates for index: plain when TableThroughputMode is PAY_PER_REQUEST can be to ` +
        "OnDemandThroughput, WarmThroughput"],
    ["a new index with units on an on-demand table", free,
      { ...creation, GlobalSecondaryIndexUpdates: [{ Create: index("more", { ProvisionedThroughput: units(1) }) }] },
      `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: more ` +
        "when BillingMode is PAY_PER_REQUEST"],
    ["a new index without units on a provisioned table", paid, creation,
      `${invalid}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: more`],
    ["a new index without its attributes", free, { GlobalSecondaryIndexUpdates: creation.GlobalSecondaryIndexUpdates },
      `${invalid}AttributeDefinitions is not specified for index: more`],
    ["a mode without its units", paid, { BillingMode: "PROVISIONED" },
      `${invalid}ProvisionedThroughput must be specified when BillingMode is PROVISIONED`],
    ["units that the table has", paid, { ProvisionedThroughput: units(9, 3) }, same("the table", "the table", 9, 3)],
    ["units that the index has", paid, updateIndex("one", { ProvisionedThroughput: units(4, 1) }),
      same("the index one", "index one", 4, 1)],
    ["a maximum of a provisioned table", paid, { OnDemandThroughput: maximum(1) },
      `${invalid}MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED`],
    ["a maximum of an index of a provisioned table", paid, updateIndex("one", { OnDemandThroughput: { MaxWriteRequestUnits: 4 } }),
      `${invalid}MaxWriteRequestUnits for OnDemandThroughput for index : one cannot be specified ` +
        "when the table BillingMode is PROVISIONED"],
    ["a maximum of none", free, { OnDemandThroughput: { MaxWriteRequestUnits: 0 } },
      `${invalid}Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range`],
    ["less warm throughput", free, { WarmThroughput: warm(6000) },
      `${invalid}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, ` +
        "decreasing WarmThroughput is not supported"],
    ["less warm throughput of an index", free, updateIndex("set", { WarmThroughput: warm(14_000, 100) }),
      `${invalid}Requested WriteUnitsPerSecond for WarmThroughput for index set is lower than current WarmThroughput, ` +
        "decreasing WarmThroughput is not supported"],
    ["warm throughput of nothing", free, updateIndex("ghost", { WarmThroughput: {} }),
      `${invalid}WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond specified for index: ghost`],
    ["more units than an account has for a table", paid, { ProvisionedThroughput: units(40_001) },
      "The requested ReadCapacityUnits, 40001, is above the per table maximum for the account in us-east-1. " +
        `Per table maximum: 40000. ${never}`,
      limit],
    ["a larger maximum than an account has", free, { OnDemandThroughput: maximum(40_001) },
      "Subscriber limit exceeded: Requested MaxReadRequestUnits for OnDemandThroughput for table exceeds TableMaxReadCapacityUnits " +
        "of the account in region us-east-1", limit],
    ["an index that is not there", free, updateIndex("ghost", { OnDemandThroughput: maximum(1) }),
      `Requested resource not found: Index ghost for table ${free}`, R],
    ["deleting an index that is not there", free, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "ghost" } }] },
      `Requested resource not found: Index ghost for table ${free}`, R],
    ["a change of a local index", paid, updateIndex("near", { ProvisionedThroughput: units(1) }),
      "Cannot update an index that is not a GlobalSecondaryIndex: near"],
    ["deleting a local index", free, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "near" } }] },
      "Cannot delete an index that is not a GlobalSecondaryIndex: near"],
    ["two actions in one update", free,
      { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "plain" }, Update: { IndexName: "plain", OnDemandThroughput: maximum(1) } }] },
      `${invalid}Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object`],
    ["two updates of one index", free,
      { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "plain" } }, { Delete: { IndexName: "plain" } }] },
      `${invalid}Only one global secondary index update per index is allowed simultaneously. Index: plain`],
    ["two indexes to delete", free, { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "plain" } }, { Delete: { IndexName: "set" } }] },
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table", limit],
    ["protection beside a mode", free, { DeletionProtectionEnabled: true, BillingMode: "PAY_PER_REQUEST" },
      alone("DeletionProtection modification")],
    ["a class beside units", paid, { TableClass: "STANDARD_INFREQUENT_ACCESS", ProvisionedThroughput: units(7) },
      alone("TableClass modification")],
    ["protection beside a class", paid, { TableClass: "STANDARD", DeletionProtectionEnabled: true },
      alone("DeletionProtection modification")],
    ["warm throughput beside a maximum", free, { WarmThroughput: warm(20_000), OnDemandThroughput: maximum(1) }, alone("WarmThroughput")],
    ["warm throughput beside a new index", free, { WarmThroughput: warm(20_000), ...creation },
      `${invalid}Create global secondary index cannot be specified when updating WarmThroughput`],
    ["units beside an index to delete", paid,
      { ProvisionedThroughput: units(7), GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: "one" } }] },
      `${invalid}You cannot create or delete index while updating table IOPS`],
  ];
  for (const [name, TableName, change, message, type = V] of refusals) {
    const skip = chaos && type === limit && "the SDK takes this exception for throttling and retries for minutes";
    test(`UpdateTable refuses ${name}`, { skip }, () => assertRefused("UpdateTable", { TableName, ...change }, type, message));
  }
});

const table = { TableName: "never-made", BillingMode: "PAY_PER_REQUEST", AttributeDefinitions: [attribute("pk")], KeySchema: [hash("pk")] };
const withIndex = (more: object, mode: object = {}) => ({
  ...table, AttributeDefinitions: ["pk", "group"].map(attribute), GlobalSecondaryIndexes: [index("one", more)], ...mode,
});
const provisioned = { BillingMode: "PROVISIONED", ProvisionedThroughput: units(10) };
const initially = "is lower than initial throughput for OnDemand. See: https://docs.aws.amazon.com/amazondynamodb/latest/" +
  "developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
const refusals: readonly Refusal[] = [
  ["a maximum of a provisioned table", { ...table, ...provisioned, OnDemandThroughput: maximum(1) },
    `${invalid}MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED.`],
  ["a maximum of -1", { ...table, OnDemandThroughput: maximum(-1) },
    `${invalid}Requested MaxReadRequestUnits for OnDemandThroughput for table is outside of valid range`],
  ["a maximum of none for an index", withIndex({ OnDemandThroughput: maximum(0) }),
    `${invalid}Requested MaxReadRequestUnits for OnDemandThroughput for index : one is outside of valid range`],
  ["less warm throughput than a table begins with", { ...table, WarmThroughput: warm(1) },
    `${invalid}Requested ReadUnitsPerSecond for WarmThroughput for table ${initially}`],
  ["less warm throughput than an index begins with", withIndex({ WarmThroughput: warm(12_000, 3_999) }),
    `${invalid}Requested WriteUnitsPerSecond for WarmThroughput for index one ${initially}`],
  ["less warm throughput than units", { ...table, ...provisioned, WarmThroughput: warm(5) },
    `${invalid}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput`],
  ["units of an index of an on-demand table", withIndex({ ProvisionedThroughput: units(1) }),
    `${invalid}ProvisionedThroughput should not be specified for index: one when BillingMode is PAY_PER_REQUEST`],
  ["an index of a provisioned table without units", withIndex({}, provisioned),
    `${invalid}ProvisionedThroughput is not specified for index: one`],
  ["an attribute defined twice", { ...table, AttributeDefinitions: [attribute("pk"), attribute("pk")] },
    "Attribute Name is duplicated: pk"],
  ["an unused attribute before the projection of an index",
    { ...withIndex({ Projection: {} }), AttributeDefinitions: ["pk", "group", "unused"].map(attribute) },
    `${invalid}Some AttributeDefinitions are not used. AttributeDefinitions: [pk, group, unused], keys used: [pk, group]`],
  ["an attribute projected twice", withIndex({ Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["x", "x"] } }),
    `${invalid}Duplicate element in NonKeyAttributes: x`],
];
refuses("CreateTable", refusals);
