// What each operation says to requests that are wrong, and in which order it finds fault: a row is an operation, a
// request, the exception's type and its message. Sources of the messages: docs/messages.md.
import { test } from "node:test";
import assert from "node:assert/strict";
import { LocalTables } from "./local-table.ts";

const V = "ValidationException";
const S = "SerializationException";
const R = "ResourceNotFoundException";
const invalid = "One or more parameter values were invalid: ";
const notNull = (path: string) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`;
const mismatch = "The provided key element does not match the schema";
const Key = { id: { S: "a" } };
const users = { TableName: "users" };
const events = { TableName: "events" };
const query = { ...events, KeyConditionExpression: "feed = :f", ExpressionAttributeValues: { ":f": { S: "a" } } };
const batchItem = { PutRequest: { Item: Key } };

type Row = readonly [operation: string, request: object, type: string, message: string | RegExp];

const rows: readonly Row[] = [
  ["PutItem", [], S, "Start of structure or map found where not expected"],
  ["PutItem", { TableName: 1 }, S, "NUMBER_VALUE cannot be converted to String"],
  ["PutItem", { TableName: {} }, S, "Start of structure or map found where not expected"],
  ["PutItem", { ...users, Item: { id: { S: 5 } } }, S, "NUMBER_VALUE cannot be converted to String"],
  ["PutItem", { ReturnValues: "X", Item: { id: { S: 5 } } }, S, "NUMBER_VALUE cannot be converted to String"],
  ["PutItem", {}, V, `2 validation errors detected: ${notNull("tableName")}; ${notNull("item")}`],
  [
    "PutItem", { TableName: "", Item: Key }, V,
    "1 validation error detected: Value '' at 'tableName' failed to satisfy constraint: " +
      "Member must have length greater than or equal to 1",
  ],
  [
    "PutItem", { TableName: "bad table!@#", Item: Key }, V,
    "1 validation error detected: Value 'bad table!@#' at 'tableName' failed to satisfy constraint: " +
      "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  ],
  [
    "PutItem", { TableName: "a".repeat(256), Item: Key }, V,
    `1 validation error detected: Value '${"a".repeat(256)}' at 'tableName' failed to satisfy constraint: ` +
      "Member must have length less than or equal to 255",
  ],
  [
    "PutItem", { ...users, Item: Key, ReturnValues: "X", ReturnConsumedCapacity: "Y" }, V,
    "2 validation errors detected: Value 'Y' at 'returnConsumedCapacity' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]; Value 'X' at 'returnValues' failed to satisfy " +
      "constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]",
  ],
  ["PutItem", { ...users, Item: Key, ReturnValues: "ALL_NEW" }, V, "ReturnValues can only be ALL_OLD or NONE"],
  [
    "PutItem", { ...users, Item: Key, Expected: { a: { Exists: false } }, ConditionExpression: "a = b" }, V,
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}",
  ],
  [
    "PutItem", { ...users, Item: Key, ExpressionAttributeValues: { ":v": { S: "x" } } }, V,
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null",
  ],
  [
    "PutItem", { ...users, Item: Key, ExpressionAttributeNames: { "#v": "x" } }, V,
    "ExpressionAttributeNames can only be specified when using expressions",
  ],
  [
    "PutItem", { ...users, Item: Key, ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": { SS: [] } } }, V,
    `ExpressionAttributeValues contains invalid value: ${invalid}An string set  may not be empty for key :v`,
  ],
  ["PutItem", { ...users, Item: Key, ConditionExpression: "" }, V, "Invalid ConditionExpression: The expression can not be empty;"],
  [
    "PutItem", { ...users, Item: Key, ConditionExpression: "a = b", ExpressionAttributeNames: { "#c": "c" } }, V,
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#c}",
  ],
  ["PutItem", { TableName: "nothing", Item: {} }, R, "Requested resource not found"],
  ["PutItem", { ...users, Item: {} }, V, `${invalid}Missing the key id in the item`],
  ["PutItem", { ...users, Item: { id: { N: "1" } } }, V, `${invalid}Type mismatch for key id expected: S actual: N`],
  [
    "PutItem", { ...users, Item: Key, Expected: { a: {} } }, V,
    `${invalid}Value must be provided when Exists is null for Attribute: a`,
  ],
  [
    "PutItem", { ...users, Item: Key, Expected: { a: { Exists: false, Value: { S: "x" } } } }, V,
    `${invalid}Value cannot be used when Exists is false for Attribute: a`,
  ],
  [
    "PutItem", { ...users, Item: Key, Expected: { a: { ComparisonOperator: "EQ" } } }, V,
    `${invalid}Value or AttributeValueList must be used with ComparisonOperator: EQ for Attribute: a`,
  ],
  [
    "PutItem", { ...users, Item: Key, ConditionExpression: "id.x = a" }, V,
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: id",
  ],
  ["GetItem", users, V, `1 validation error detected: ${notNull("key")}`],
  ["GetItem", { ...users, Key: {} }, V, mismatch],
  ["GetItem", { ...users, Key: { id: { N: "1" } } }, V, mismatch],
  ["GetItem", { ...users, Key: { ...Key, more: { S: "x" } } }, V, mismatch],
  ["GetItem", { ...users, Key: { id: { N: "x" } } }, V, "The parameter cannot be converted to a numeric value: x"],
  [
    "GetItem", { ...users, Key: { id: { S: "x".repeat(2049) } } }, V,
    `${invalid}Size of hashkey has exceeded the maximum size limit of2048 bytes`,
  ],
  ["GetItem", { ...users, Key, ConsistentRead: "maybe" }, S, "Unexpected token received from parser"],
  ["GetItem", { ...users, Key, AttributesToGet: ["a", "b", "a"] }, V, `${invalid}Duplicate value in attribute name: a`],
  [
    "GetItem", { ...users, Key, ProjectionExpression: "a, a.b" }, V,
    /^Invalid ProjectionExpression: Two document paths overlap with each other; /,
  ],
  [
    "UpdateItem", { TableName: "", UpdateExpression: "SET a = b", ReturnConsumedCapacity: "X", ReturnValues: "Y" }, V,
    /^4 validation errors detected: Value 'X' at 'returnC.*'tableName'.*'returnValues'.*; Value null at 'key' /,
  ],
  [
    "UpdateItem", { ...users, Key, UpdateExpression: "SET id = :v", ExpressionAttributeValues: { ":v": { S: "x" } } }, V,
    `${invalid}Cannot update attribute id. This attribute is part of the key`,
  ],
  [
    "UpdateItem", { ...users, Key, ExpressionAttributeValues: { ":v": { S: "x" } } }, V,
    "ExpressionAttributeValues can only be specified when using expressions: " +
      "UpdateExpression and ConditionExpression are null",
  ],
  [
    "UpdateItem", { ...users, Key, AttributeUpdates: { a: { Action: "MOVE" } } }, V,
    "1 validation error detected: Value 'MOVE' at 'attributeUpdates.a.member.action' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [ADD, DELETE, PUT]",
  ],
  ["DeleteItem", { ...users, Key, ReturnValues: "UPDATED_OLD" }, V, "ReturnValues can only be ALL_OLD or NONE"],
  ["DeleteItem", { TableName: "nothing", Key }, R, "Requested resource not found"],
  [
    "Query", events, V,
    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
  ],
  ["Query", { ...query, Limit: 0 }, V, /Value '0' at 'limit' .* greater than or equal to 1$/],
  ["Query", { ...query, Limit: "1" }, S, "STRING_VALUE cannot be converted to Integer"],
  ["Query", { ...query, KeyConditionExpression: "seq = :f" }, V, "Query condition missed key schema element: feed"],
  ["Query", { ...query, KeyConditionExpression: "feed > :f" }, V, "Query key condition not supported"],
  ["Query", { ...query, TableName: "users", KeyConditionExpression: "id = :f AND x = :f" }, V, "Query key condition not supported"],
  [
    "Query", { ...query, KeyConditionExpression: "feed = :f AND seq = :f" }, V,
    `${invalid}Condition parameter type does not match schema type`,
  ],
  ["Query", { ...query, IndexName: "byTime" }, V, "The table does not have the specified index: byTime"],
  [
    "Query", { ...query, FilterExpression: "seq <> :f" }, V,
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: seq",
  ],
  [
    "Query", { ...query, Select: "COUNT", ProjectionExpression: "a" }, V,
    "Cannot specify the ProjectionExpression when choosing to get only the Count",
  ],
  [
    "Query", { ...query, Select: "SPECIFIC_ATTRIBUTES" }, V,
    "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
  ],
  [
    "Query", { ...query, Select: "ALL_PROJECTED_ATTRIBUTES" }, V,
    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
  ],
  [
    "Query", { ...query, ExclusiveStartKey: { feed: { S: "a" } } }, V,
    `The provided starting key is invalid: ${mismatch}`,
  ],
  [
    "Query", { ...query, ExclusiveStartKey: { feed: { S: "other" }, seq: { N: "1" } } }, V,
    "The provided starting key is outside query boundaries based on provided conditions",
  ],
  [
    "Query",
    {
      ...query, KeyConditionExpression: "feed = :f AND seq > :n",
      ExpressionAttributeValues: { ":f": { S: "a" }, ":n": { N: "5" } },
      ExclusiveStartKey: { feed: { S: "a" }, seq: { N: "5" } },
    },
    V, "The provided starting key does not match the range key predicate",
  ],
  [
    "Query", { ...events, KeyConditions: { feed: { ComparisonOperator: "EQ", AttributeValueList: [] } } }, V,
    `${invalid}Invalid number of argument(s) for the EQ ComparisonOperator`,
  ],
  [
    "Query", { ...events, KeyConditions: { feed: { ComparisonOperator: "NE", AttributeValueList: [{ S: "a" }] } } }, V,
    "Attempted conditional constraint is not an indexable operation",
  ],
  [
    "Query", { ...events, KeyConditions: { feed: {} } }, V,
    `1 validation error detected: ${notNull("keyConditions.feed.member.comparisonOperator")}`,
  ],
  [
    "Scan", { ...users, Segment: 1 }, V,
    "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
  ],
  [
    "Scan", { ...users, TotalSegments: 1 }, V,
    "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
  ],
  [
    "Scan", { ...users, Segment: 2, TotalSegments: 2 }, V,
    "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
      "Segment: 2 is not less than TotalSegments: 2",
  ],
  [
    "Scan", { ...users, Segment: 0, TotalSegments: 1_000_001 }, V,
    /'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000$/,
  ],
  ["Scan", { ...users, ExclusiveStartKey: {} }, V, `The provided starting key is invalid: ${mismatch}`],
  [
    "Scan", { ...users, ExclusiveStartKey: { id: { S: "a", N: "1" } } }, V,
    /^The provided starting key is invalid: Supplied AttributeValue has more than one datatypes set/,
  ],
  [
    "Scan", { ...users, Segment: 1, TotalSegments: 2, ExclusiveStartKey: Key }, V,
    "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct " +
      "Segment. TotalSegments: 2 Segment: 1",
  ],
  [
    "Scan", { ...users, ScanFilter: { a: { ComparisonOperator: "LT", AttributeValueList: [{ BOOL: true }] } } }, V,
    `${invalid}ComparisonOperator LT is not valid for BOOL AttributeValue type`,
  ],
  [
    "Scan",
    { ...users, ScanFilter: { a: { ComparisonOperator: "BETWEEN", AttributeValueList: [{ N: "2" }, { N: "1" }] } } },
    V, "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
  ],
  ["BatchGetItem", { RequestItems: {} }, V, "The requestItems parameter is required for BatchGetItem"],
  ["BatchGetItem", {}, V, `1 validation error detected: ${notNull("requestItems")}`],
  [
    "BatchGetItem", { RequestItems: { "bad!name": { Keys: [{ pk: { S: "a" } }] } }, ReturnConsumedCapacity: "BOGUS" }, V,
    "2 validation errors detected: Value '{\"bad!name\":{\"Keys\":[{\"pk\":{\"S\":\"a\"}}]}}' at 'requestItems' failed " +
      "to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 255, " +
      "Member must have length greater than or equal to 3, Member must satisfy regular expression pattern: " +
      "[a-zA-Z0-9_.-]+]; Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
  ],
  ["BatchGetItem", { RequestItems: { users: { Keys: [] } } }, V, /'requestItems.users.member.keys' .* equal to 1$/],
  [
    "BatchGetItem", { RequestItems: { users: { Keys: Array(101).fill(Key) } } }, V,
    /'requestItems.users.member.keys' failed to satisfy constraint: Member must have length less than or equal to 100$/,
  ],
  [
    "BatchGetItem", { RequestItems: { users: { Keys: Array(60).fill(Key) }, events: { Keys: Array(60).fill(Key) } } }, V,
    "Too many items requested for the BatchGetItem call",
  ],
  ["BatchGetItem", { RequestItems: { users: { Keys: [Key, Key] } } }, V, "Provided list of item keys contains duplicates"],
  ["BatchGetItem", { RequestItems: { nothing: { Keys: [Key] } } }, R, "Requested resource not found"],
  [
    "BatchGetItem",
    {
      RequestItems: {
        users: { Keys: [Key], ProjectionExpression: "id" },
        events: { Keys: [{ feed: { S: "a" }, seq: { N: "1" } }], AttributesToGet: ["seq"] },
      },
    },
    V,
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}",
  ],
  ["BatchWriteItem", { RequestItems: {} }, V, "The requestItems parameter is required for BatchWriteItem"],
  [
    "BatchWriteItem", { RequestItems: { users: [] } }, V,
    "1 validation error detected: Value '{users=[]}' at 'requestItems' failed to satisfy constraint: Map value must " +
      "satisfy constraint: [Member must have length less than or equal to 25, " +
      "Member must have length greater than or equal to 1]",
  ],
  [
    "BatchWriteItem", { RequestItems: { users: Array(26).fill(batchItem) } }, V,
    /'requestItems' failed to satisfy constraint: Map value must satisfy constraint: \[Member must have length less/,
  ],
  [
    "BatchWriteItem", { RequestItems: { users: [batchItem, { DeleteRequest: { Key } }] } }, V,
    "Provided list of item keys contains duplicates",
  ],
  ["BatchWriteItem", { RequestItems: { users: [{ PutRequest: { Item: { a: { S: "x" } } } }] } }, V, mismatch],
  ["BatchWriteItem", { RequestItems: { users: [{ PutRequest: { Item: { id: { N: "5" } } } }] } }, V, mismatch],
  ["BatchWriteItem", { RequestItems: { users: [{}] } }, V, /^Supplied AttributeValue has more than one datatypes set/],
  [
    "BatchWriteItem", { RequestItems: { "bad!name": [batchItem] }, ReturnConsumedCapacity: "BOGUS" }, V,
    "1 validation error detected: Value 'BOGUS' at 'returnConsumedCapacity' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
  ],
];

for (const [operation, request, type, message] of rows) {
  test(`${operation} of ${JSON.stringify(request).slice(0, 90)} is refused`, () => {
    assert.throws(() => new LocalTables().call(operation, request), { type, message });
  });
}

test("a table that is being made or deleted is not found", () => {
  const tables = new LocalTables();
  for (const status of ["CREATING", "DELETING"] as const) {
    tables.tables[0] = { ...tables.tables[0]!, status };
    assert.throws(() => tables.call("GetItem", { ...users, Key }), { type: R, message: "Requested resource not found" });
  }
});
