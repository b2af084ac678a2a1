// Requests drawn at random, valid and invalid, as they are sent: whatever they say, a cluster answers them with a
// result or with an exception that is the client's to mend, never with a 5xx.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { chaos, createTable, send } from "../harness.ts";

const TableName = "random";
const value = fc.oneof(
  fc.record({ S: fc.constantFrom("", "a", "b", "red") }), fc.record({ N: fc.constantFrom("1", "2", "-7.5", "1e200", "x") }),
  fc.record({ BOOL: fc.boolean() }), fc.record({ SS: fc.array(fc.constantFrom("a", "b"), { maxLength: 2 }) }),
  fc.record({ L: fc.array(fc.record({ S: fc.constant("x") }), { maxLength: 2 }) }), fc.constant({}),
);
const good = fc.record({ pk: fc.record({ S: fc.constantFrom("a", "b") }), sk: fc.record({ N: fc.constantFrom("1", "2", "3") }) });
const item = fc.tuple(good, fc.dictionary(fc.constantFrom("color", "count", "list", "other"), value, { maxKeys: 3 }))
  .map(([key, rest]) => ({ ...rest, ...key }));
const key = fc.oneof({ weight: 5, arbitrary: good }, fc.dictionary(fc.constantFrom("pk", "sk", "color"), value, { maxKeys: 3 }));
const values = fc.record({ ":v": value, ":w": value }, { requiredKeys: [] });
const condition = fc.constantFrom(
  "attribute_exists(pk)", "color = :v", "size(color) > :v", "count BETWEEN :v AND :w", "pk", "contains(other, :v)");
const update = fc.constantFrom(
  "SET color = :v", "SET other = other + :v", "ADD other :v", "REMOVE list1[0]", "DELETE other :v", "SET pk = :v", "SET");
const keyCondition = fc.constantFrom("pk = :v", "pk = :v AND sk > :w", "color = :v", "color = :v AND sk < :w", "sk = :v");
const optional = <Members extends Record<string, fc.Arbitrary<unknown>>>(required: Members, more: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ ...required, ...more }, { requiredKeys: Object.keys(required) as never });
const capacity = { ReturnConsumedCapacity: fc.constantFrom("TOTAL", "INDEXES", "NONE", "X") };
const conditional = {
  ConditionExpression: condition, ExpressionAttributeValues: values,
  ReturnValuesOnConditionCheckFailure: fc.constantFrom("ALL_OLD", "NONE"),
};
const table = { TableName: fc.constantFrom(TableName, TableName, TableName, "nowhere") };
const write = {
  ...capacity, ...conditional, ReturnItemCollectionMetrics: fc.constantFrom("SIZE", "NONE"),
  ReturnValues: fc.constantFrom("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_NEW"),
};
const read = {
  ...capacity, ExpressionAttributeValues: values, FilterExpression: condition, IndexName: fc.constantFrom("by-color", "near", "none"),
  Select: fc.constantFrom("ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "COUNT"), Limit: fc.integer({ min: 0, max: 3 }),
  ExclusiveStartKey: item, ProjectionExpression: fc.constantFrom("pk", "other, sk", "pk, pk"), ConsistentRead: fc.boolean(),
};
const statement = fc.record({
  Statement: fc.constantFrom(
    `SELECT * FROM ${TableName} WHERE pk = 'a'`, `SELECT * FROM "${TableName}"."by-color" WHERE color = ?`,
    `INSERT INTO ${TableName} VALUE {'pk': 'a', 'sk': ?}`, `UPDATE ${TableName} SET other = ? WHERE pk = 'a' AND sk = 1`,
    `DELETE FROM ${TableName} WHERE pk = 'b' AND sk = 2 RETURNING ALL OLD *`, "SELECT",
  ),
  Parameters: fc.array(value, { maxLength: 2 }),
}, { requiredKeys: ["Statement"] });
const action = fc.oneof(
  fc.record({ Put: optional({ ...table, Item: item }, conditional) }),
  fc.record({ Update: optional({ ...table, Key: key, UpdateExpression: update }, conditional) }),
  fc.record({ Delete: optional({ ...table, Key: key }, conditional) }),
  fc.record({ ConditionCheck: optional({ ...table, Key: key, ConditionExpression: condition }, { ExpressionAttributeValues: values }) }),
);
const requests: readonly fc.Arbitrary<readonly [string, object]>[] = [
  ["PutItem", optional({ ...table, Item: item }, write)],
  ["GetItem", optional({ ...table, Key: key }, { ...capacity, ConsistentRead: fc.boolean(),
    ProjectionExpression: fc.constantFrom("color", "a b") })],
  ["UpdateItem", optional({ ...table, Key: key }, { ...write, UpdateExpression: update })],
  ["DeleteItem", optional({ ...table, Key: key }, write)],
  ["Query", optional({ ...table, KeyConditionExpression: keyCondition, ExpressionAttributeValues: values }, read)],
  ["Scan", optional(table, { ...read, Segment: fc.integer({ min: -1, max: 2 }), TotalSegments: fc.integer({ min: 0, max: 2 }) })],
  ["BatchWriteItem", fc.record({ RequestItems: fc.record({ [TableName]: fc.array(
    fc.oneof(fc.record({ PutRequest: fc.record({ Item: item }) }), fc.record({ DeleteRequest: fc.record({ Key: key }) }),
      fc.constant({})), { maxLength: 3 },
  ) }) })],
  ["BatchGetItem", fc.record({ RequestItems: fc.record({ [TableName]: fc.record({ Keys: fc.array(key, { maxLength: 3 }) }) }) })],
  ["TransactWriteItems", optional({ TransactItems: fc.array(action, { maxLength: 3 }) }, capacity)],
  ["TransactGetItems", fc.record({ TransactItems: fc.array(fc.record({ Get: optional({ ...table, Key: key }, {}) }), { maxLength: 3 }) })],
  ["ExecuteStatement", statement],
  ["BatchExecuteStatement", fc.record({ Statements: fc.array(statement, { maxLength: 3 }) })],
  ["ExecuteTransaction", fc.record({ TransactStatements: fc.array(statement, { maxLength: 3 }) })],
].map(([operation, request]) => (request as fc.Arbitrary<object>).map((drawn) => [operation as string, drawn] as const));

describe("random requests", () => {
  before(() => createTable(TableName, "SN", {
    AttributeDefinitions: [["pk", "S"], ["sk", "N"], ["color", "S"]]
      .map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    GlobalSecondaryIndexes: [{
      IndexName: "by-color", Projection: { ProjectionType: "KEYS_ONLY" },
      KeySchema: [{ AttributeName: "color", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    }],
    LocalSecondaryIndexes: [{
      IndexName: "near", Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "color", KeyType: "RANGE" }],
    }],
  }));

  test("are answered by a result or a mistake of the client's", { skip: chaos && "a zone without power is no mistake" }, async () => {
    const statuses = new Map<number, number>();
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof(...requests), { minLength: 20, maxLength: 20 }), async (drawn) => {
      await Promise.all(drawn.map(async ([operation, request]) => {
        const { status, body } = await send(operation, JSON.stringify(request));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        assert.ok(status === 200 || status === 400, `${status} for ${operation} ${JSON.stringify(request)}: ${JSON.stringify(body)}`);
      }));
    }), { numRuns: 50, endOnFailure: true });
    assert.ok((statuses.get(200) ?? 0) > 100 && (statuses.get(400) ?? 0) > 100, `both are drawn: ${[...statuses].join("; ")}`);
  });
});
