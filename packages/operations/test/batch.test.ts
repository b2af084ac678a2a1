// BatchGetItem and BatchWriteItem, whole and in part.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LocalTables } from "./local-table.ts";

const put = (id: string) => ({ PutRequest: { Item: { id: { S: id }, v: { N: "1" } } } });
const key = (id: string) => ({ id: { S: id } });

test("a batch writes and deletes over several tables", () => {
  const tables = new LocalTables();
  const event = { feed: { S: "f" }, seq: { N: "1" } };
  assert.deepEqual(
    tables.call("BatchWriteItem", {
      RequestItems: { users: [put("a"), put("b")], events: [{ PutRequest: { Item: event } }] },
      ReturnConsumedCapacity: "TOTAL",
    }),
    {
      UnprocessedItems: {},
      ConsumedCapacity: [{ TableName: "users", CapacityUnits: 2 }, { TableName: "events", CapacityUnits: 1 }],
    },
  );
  tables.call("BatchWriteItem", { RequestItems: { users: [{ DeleteRequest: { Key: key("a") } }] } });
  const response = tables.call("BatchGetItem", {
    RequestItems: {
      users: { Keys: [key("a"), key("b")], ProjectionExpression: "v", ConsistentRead: true },
      events: { Keys: [event] },
    },
    ReturnConsumedCapacity: "TOTAL",
  });
  assert.deepEqual(response, {
    Responses: { users: [{ v: { N: "1" } }], events: [event] },
    UnprocessedKeys: {},
    ConsumedCapacity: [{ TableName: "users", CapacityUnits: 2 }, { TableName: "events", CapacityUnits: 0.5 }],
  });
});

test("what fails comes back unprocessed, in a form that can be sent again", () => {
  const tables = new LocalTables();
  let position = 0;
  tables.failPart = () => (position++ % 2 === 0 ? undefined : "throttled");
  const written = tables.call("BatchWriteItem", { RequestItems: { users: [put("a"), put("b")] } });
  assert.deepEqual(written, { UnprocessedItems: { users: [put("b")] } });
  tables.failPart = () => undefined;
  tables.call("BatchWriteItem", { RequestItems: written.UnprocessedItems });
  position = 0;
  tables.failPart = () => (position++ % 2 === 0 ? undefined : "unavailable");
  const read = { Keys: [key("a"), key("b")], ProjectionExpression: "id" };
  assert.deepEqual(tables.call("BatchGetItem", { RequestItems: { users: read } }), {
    Responses: { users: [key("a")] },
    UnprocessedKeys: { users: { ...read, Keys: [key("b")] } },
  });
});

test("a batch of which nothing succeeds fails", () => {
  const tables = new LocalTables();
  tables.failPart = () => "throttled";
  assert.throws(() => tables.call("BatchWriteItem", { RequestItems: { users: [put("a")] } }), {
    type: "ProvisionedThroughputExceededException", status: 400,
  });
  tables.failPart = () => "unavailable";
  assert.throws(() => tables.call("BatchGetItem", { RequestItems: { users: { Keys: [key("a")] } } }), {
    type: "InternalServerError", status: 500,
  });
});

test("a batch returns at most 16 MB", () => {
  const tables = new LocalTables();
  const Keys = [...Array(45).keys()].map((n) => key(`big ${n}`));
  for (const id of Keys) {
    tables.call("PutItem", { TableName: "users", Item: { ...id, blob: { S: "x".repeat(390 * 1024) } } });
  }
  const response = tables.call("BatchGetItem", { RequestItems: { users: { Keys } } });
  assert.equal(response.Responses.users?.length, 42);
  assert.equal(response.UnprocessedKeys.users?.Keys.length, 3);
});
