// TagResource, UntagResource, DescribeLimits and DescribeEndpoints: what they ask of the control plane and answer.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { ControlPlan } from "@azimuth/operations/plan.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { LocalTables } from "./local-table.ts";

const ResourceArn = "arn:aws:dynamodb:us-east-1:123456789012:table/users";

function planOf(operation: string, input: object): ControlPlan {
  return routerOperations.get(operation)!.parse(input, new LocalTables().context) as ControlPlan;
}

test("tags are set and removed by their table's name, and the answer has no body", () => {
  const set = planOf("TagResource", { ResourceArn, Tags: [{ Key: "team", Value: "" }, { Key: "tier", Value: "1" }] });
  assert.deepEqual(set.command, { operation: "TagResource", name: "users", tags: { team: "", tier: "1" } });
  assert.equal(set.reply({}), "");
  const removed = planOf("UntagResource", { ResourceArn, TagKeys: ["team"] });
  assert.deepEqual(removed.command, { operation: "UntagResource", name: "users", keys: ["team"] });
  assert.equal(removed.reply({}), "");
});

test("a table that is not there is named by its ARN", () => {
  const refused = { type: "ResourceNotFoundException", message: "Requested resource not found: Table: users not found" };
  for (const [operation, rest] of [
    ["TagResource", { Tags: [{ Key: "a", Value: "b" }] }], ["UntagResource", { TagKeys: ["a"] }],
    ["ListTagsOfResource", {}],
  ] as const) {
    const plan = planOf(operation, { ResourceArn, ...rest });
    assert.throws(() => plan.reply({ refused }), {
      type: "ResourceNotFoundException", message: `Requested resource not found: ResourcArn: ${ResourceArn} not found`,
    });
  }
});

const many = Array.from({ length: 51 }, (_, number) => ({ Key: `key-${number}`, Value: "x" }));
const refusals: readonly (readonly [string, object, string, string])[] = [
  ["TagResource", {}, "ValidationException", "Invalid TableArn"],
  ["UntagResource", { TagKeys: ["a"] }, "ValidationException", "Invalid TableArn"],
  ["ListTagsOfResource", {}, "ValidationException", "Invalid TableArn"],
  ["TagResource", { ResourceArn: "users" }, "AccessDeniedException",
    "User: arn:aws:iam::123456789012:root is not authorized to perform: dynamodb:TagResource on resource: users"],
  ["TagResource", { ResourceArn }, "ValidationException",
    "1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null"],
  ["UntagResource", { ResourceArn }, "ValidationException",
    "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"],
  ["TagResource", { ResourceArn, Tags: [] }, "ValidationException", "Atleast one Tag needs to be provided as Input."],
  ["UntagResource", { ResourceArn, TagKeys: [] }, "ValidationException",
    "Atleast one Tag Key needs to be provided as Input."],
  ["TagResource", { ResourceArn: "arn:aws:s3:x:1:bucket/x", Tags: [] }, "ValidationException",
    "Invalid TableArn: Invalid ResourceArn provided as input arn:aws:s3:x:1:bucket/x"],
  ["TagResource", { ResourceArn, Tags: many }, "ValidationException",
    "Number of Tags exceed the current limit for the provided ResourceArn"],
  ["TagResource", { ResourceArn, Tags: [{ Key: "aws:x", Value: "" }] }, "ValidationException",
    "Tag Key cannot be prefixed with aws:, Key: aws:x"],
  ["TagResource", { ResourceArn, Tags: [{ Key: "a" }] }, "ValidationException",
    "The Tag Value provided is invalid, Value: null"],
  ["TagResource", { ResourceArn, Tags: [{ Key: "a", Value: "1" }, { Key: "a", Value: "2" }] }, "ValidationException",
    "Duplicate Tag Keys provided as input: Duplicate Tag Key found a"],
  ["UntagResource", { ResourceArn, TagKeys: [""] }, "ValidationException", "The Tag Key provided is invalid, Key: "],
  ["TagResource", { ResourceArn, Tags: [{ Key: "", Value: "x" }] }, "ValidationException",
    "The Tag Key provided is invalid, Key: "],
  ["TagResource", { ResourceArn: ResourceArn.replace("us-east-1", "eu-west-1"), Tags: [{ Key: "a", Value: "b" }] },
    "ResourceNotFoundException", "Requested resource not found: ResourcArn: " +
      "arn:aws:dynamodb:eu-west-1:123456789012:table/users not found"],
];

for (const [operation, input, type, message] of refusals) {
  test(`${operation} with ${JSON.stringify(input).slice(0, 80)} is refused`, () => {
    assert.throws(() => planOf(operation, input), { type, message });
  });
}

test("the limits are DynamoDB's, and the endpoint is what the client calls it", () => {
  const tables = new LocalTables();
  assert.deepEqual(tables.call("DescribeLimits", {}), {
    AccountMaxReadCapacityUnits: 80_000, AccountMaxWriteCapacityUnits: 80_000,
    TableMaxReadCapacityUnits: 40_000, TableMaxWriteCapacityUnits: 40_000,
  });
  const parse = routerOperations.get("DescribeEndpoints")!.parse;
  const plan = parse({}, { ...tables.context, host: "127.0.0.1:8000" });
  assert.ok(plan.kind === "batch");
  assert.deepEqual(JSON.parse(plan.reply([])), {
    Endpoints: [{ Address: "127.0.0.1:8000", CachePeriodInMinutes: 1440 }],
  });
});
