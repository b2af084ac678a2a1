// UpdateTimeToLive and DescribeTimeToLive. When items go is not DynamoDB's to promise; that they may be read until
// they have gone is.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertRefused, call, createTable, deleteTable, eventually, fresh, get, n, put, R, s, V } from "../harness.ts";

const describe = async (TableName: string) =>
  ((await call("DescribeTimeToLive", { TableName })) as { TimeToLiveDescription?: { TimeToLiveStatus: string; AttributeName?: string } })
    .TimeToLiveDescription;

test("a table has no time to live until it is given one", async () => {
  const TableName = `ttl-${fresh()}`;
  await createTable(TableName, "S");
  assert.deepEqual(await describe(TableName), { TimeToLiveStatus: "DISABLED" });
  const TimeToLiveSpecification = { AttributeName: "expires", Enabled: true };
  await call("UpdateTimeToLive", { TableName, TimeToLiveSpecification });
  await eventually(async () => assert.deepEqual(await describe(TableName), { TimeToLiveStatus: "ENABLED", AttributeName: "expires" }));
  await assertRefused("UpdateTimeToLive", { TableName, TimeToLiveSpecification }, V, "TimeToLive is already enabled");
  const future = { pk: s("a"), expires: n(4_000_000_000) };
  await put(TableName, future, { pk: s("b"), expires: s("not a number") });
  assert.deepEqual(await get(TableName, { pk: s("a") }), future);
  await deleteTable(TableName);
});

test("an item goes once its time is over, from the table and from its indexes", async () => {
  const TableName = `ttl-${fresh()}`;
  await createTable(TableName, "S", {
    AttributeDefinitions: ["pk", "kind"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    GlobalSecondaryIndexes: [{
      IndexName: "by-kind", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" },
    }],
  });
  const past = n(Math.floor(Date.now() / 1000) - 60);
  await put(TableName, { pk: s("over"), kind: s("k"), expires: past }, { pk: s("endless"), kind: s("k") });
  const keys = async (more: object) =>
    (await call("Scan", { TableName, ...more })).Items?.map(({ pk }) => pk?.S).toSorted();
  assert.deepEqual(await keys({ ConsistentRead: true }), ["endless", "over"]);
  await call("UpdateTimeToLive", { TableName, TimeToLiveSpecification: { AttributeName: "expires", Enabled: true } });
  await eventually(async () => assert.deepEqual(await keys({ ConsistentRead: true }), ["endless"]));
  await eventually(async () => assert.deepEqual(await keys({ IndexName: "by-kind" }), ["endless"]));
});

test("disabling what is not enabled is refused, and so is a table that is not there", async () => {
  const TimeToLiveSpecification = { AttributeName: "expires", Enabled: false };
  await assertRefused("UpdateTimeToLive", { TableName: "by-text", TimeToLiveSpecification }, V, "TimeToLive is already disabled");
  await assertRefused("DescribeTimeToLive", { TableName: "no-such-table" }, R,
    "Requested resource not found: Table: no-such-table not found");
});
