// Tags of tables, and what the service says of itself.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertRefused, call, createTable, deleteTable, endpoint, eventually, fresh, refuses, R, V } from "../harness.ts";

async function tagged(): Promise<{ readonly TableName: string; readonly ResourceArn: string }> {
  const TableName = `tagged-${fresh()}`;
  await createTable(TableName, "S");
  return { TableName, ResourceArn: (await call("DescribeTable", { TableName })).Table?.TableArn as string };
}

async function tagsOf(ResourceArn: string): Promise<Record<string, string | undefined>> {
  const { Tags } = await call("ListTagsOfResource", { ResourceArn });
  return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}

test("tags are added, replaced and removed", async () => {
  const { TableName, ResourceArn } = await tagged();
  assert.deepEqual(await tagsOf(ResourceArn), {});
  await call("TagResource", { ResourceArn, Tags: [{ Key: "team", Value: "blue" }, { Key: "tier", Value: "" }] });
  await eventually(async () => assert.deepEqual(await tagsOf(ResourceArn), { team: "blue", tier: "" }));
  await call("TagResource", { ResourceArn, Tags: [{ Key: "team", Value: "red" }] });
  await eventually(async () => assert.deepEqual(await tagsOf(ResourceArn), { team: "red", tier: "" }));
  await call("UntagResource", { ResourceArn, TagKeys: ["team", "never-there"] });
  await eventually(async () => assert.deepEqual(await tagsOf(ResourceArn), { tier: "" }));
  await deleteTable(TableName);
});

test("tags given at once are all kept", async () => {
  const { TableName, ResourceArn } = await tagged();
  const keys = Array.from({ length: 20 }, (_, place) => `key-${place}`);
  await Promise.all(keys.map((Key) => call("TagResource", { ResourceArn, Tags: [{ Key, Value: "x" }] })));
  await eventually(async () => assert.deepEqual(Object.keys(await tagsOf(ResourceArn)).toSorted(), keys.toSorted()));
  await deleteTable(TableName);
});

test("a table has at most 50 tags", async () => {
  const { TableName, ResourceArn } = await tagged();
  const Tags = Array.from({ length: 50 }, (_, place) => ({ Key: `key-${place}`, Value: "x" }));
  await call("TagResource", { ResourceArn, Tags });
  const one = { ResourceArn, Tags: [{ Key: "one-more", Value: "x" }] };
  await assertRefused("TagResource", one, V, "Number of Tags exceed the current limit for the provided ResourceArn");
  await deleteTable(TableName);
});

const gone = "arn:aws:dynamodb:us-east-1:000000000000:table/no-such-table";
refuses("TagResource", [
  ["no resource", { Tags: [] }, "Invalid TableArn"],
  ["what is no resource", { ResourceArn: "by-text", Tags: [] },
    /^User: .* is not authorized to perform: dynamodb:TagResource on resource: by-text$/, "AccessDeniedException"],
  ["no tags", { ResourceArn: gone, Tags: [] }, "Atleast one Tag needs to be provided as Input."],
  ["a table that is not there", { ResourceArn: gone, Tags: [{ Key: "a", Value: "b" }] },
    `Requested resource not found: ResourcArn: ${gone} not found`, R],
]);
refuses("UntagResource", [
  ["no resource", { TagKeys: [] }, "Invalid TableArn"],
  ["no keys", { ResourceArn: gone, TagKeys: [] }, "Atleast one Tag Key needs to be provided as Input."],
  ["a table that is not there", { ResourceArn: gone, TagKeys: ["a"] },
    `Requested resource not found: ResourcArn: ${gone} not found`, R],
]);
refuses("ListTagsOfResource", [
  ["no resource", {}, "Invalid TableArn"],
  ["a table that is not there", { ResourceArn: gone },
    `Requested resource not found: ResourcArn: ${gone} not found`, R],
]);

test("the limits of an account are DynamoDB's", async () => {
  const { $metadata: _metadata, ...limits } = (await call("DescribeLimits")) as Record<string, unknown>;
  assert.deepEqual(limits, {
    AccountMaxReadCapacityUnits: 80_000, AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000, TableMaxWriteCapacityUnits: 40_000,
  });
});

test("the endpoint is where the client found it", async () => {
  const { Endpoints } = await call("DescribeEndpoints");
  assert.deepEqual(Endpoints, [{ Address: new URL(endpoint().url).host, CachePeriodInMinutes: 1440 }]);
});
