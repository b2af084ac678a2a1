// What the bench asks of each system, as plain requests: DynamoDB's bodies for Azimuth and dynalite, keys
// and values for etcd. Every system holds the same number of 1 KB items, and the keys of a round are drawn
// from all of them.

export const operationNames = [
  "PutItem",
  "GetItem strong",
  "GetItem eventual",
  "Query of 10",
  "BatchWriteItem of 25",
  "UpdateItem with condition",
  "Query of an index",
  "Query with filter",
  "TransactWriteItems of 4",
] as const;
export type OperationName = (typeof operationNames)[number];

/** The operations that etcd has too; its Range is linearizable unless it is asked to be serializable. */
export const etcdOperations: readonly OperationName[] = ["PutItem", "GetItem strong", "GetItem eventual"];

/** dynalite has no transactions. */
export const dynaliteOperations: readonly OperationName[] = operationNames.filter(
  (name) => name !== "TransactWriteItems of 4",
);

export const itemCount = 10_000;
export const itemsPerPartition = 10;
export const pointTable = "bench-points";
export const rangeTable = "bench-ranges";
/** Range items again, with a global secondary index over them by group. */
export const indexedTable = "bench-indexed";
const indexName = "by-group";
/** With its attribute names and key an item is 1 KB. */
const payload = "0123456789abcdef".repeat(58).slice(0, 926);

export interface DynamoRequest {
  readonly target: string;
  readonly body: string;
}

export function keyName(position: number): string {
  return `item-${String(position).padStart(8, "0")}`;
}

export function etcdValue(): Uint8Array {
  return Buffer.from(payload.padEnd(1024, "."));
}

export function pointItem(position: number): Record<string, unknown> {
  return {
    id: { S: keyName(position) },
    payload: { S: payload },
    version: { N: "1" },
    kind: { S: "bench" },
    fresh: { BOOL: true },
  };
}

export function rangeItem(position: number): Record<string, unknown> {
  const partition = Math.floor(position / itemsPerPartition);
  return { ...pointItem(partition), sort: { N: String(position % itemsPerPartition) } };
}

export function indexedItem(position: number): Record<string, unknown> {
  const group = keyName(Math.floor(position / itemsPerPartition));
  return { ...pointItem(position), group: { S: group }, sort: { N: String(position % itemsPerPartition) } };
}

/** Terms of every kind, all true, so that nothing is spared by an early end. */
const heavyFilter =
  "attribute_exists(payload) AND begins_with(#kind, :b) AND size(payload) BETWEEN :low AND :high AND " +
  "NOT contains(payload, :absent) AND version IN (:zero, :one, :two) AND (fresh = :true OR version > :two)";

/** `draw` gives a number in [0, 1). */
export function requestOf(operation: OperationName, draw: () => number): DynamoRequest {
  const position = Math.floor(draw() * itemCount);
  const key = { id: { S: keyName(position) } };
  switch (operation) {
    case "PutItem":
      return requestFor("PutItem", { TableName: pointTable, Item: pointItem(position) });
    case "GetItem strong":
      return requestFor("GetItem", { TableName: pointTable, Key: key, ConsistentRead: true });
    case "GetItem eventual":
      return requestFor("GetItem", { TableName: pointTable, Key: key });
    case "Query of 10": {
      const partition = keyName(Math.floor(position / itemsPerPartition));
      return requestFor("Query", {
        TableName: rangeTable,
        KeyConditionExpression: "id = :id",
        ExpressionAttributeValues: { ":id": { S: partition } },
      });
    }
    case "BatchWriteItem of 25": {
      const items = Array.from({ length: 25 }, (_, each) => pointItem((position + each) % itemCount));
      return batchOf(pointTable, items);
    }
    case "UpdateItem with condition":
      return requestFor("UpdateItem", {
        TableName: pointTable,
        Key: key,
        UpdateExpression: "SET version = version + :one",
        ConditionExpression: "attribute_exists(id)",
        ExpressionAttributeValues: { ":one": { N: "1" } },
      });
    case "Query of an index":
      return requestFor("Query", {
        TableName: indexedTable,
        IndexName: indexName,
        KeyConditionExpression: "#group = :group",
        ExpressionAttributeNames: { "#group": "group" },
        ExpressionAttributeValues: { ":group": { S: keyName(Math.floor(position / itemsPerPartition)) } },
      });
    case "Query with filter":
      return filteredQuery(keyName(Math.floor(position / itemsPerPartition)));
    case "TransactWriteItems of 4": {
      // From so many keys that two transactions hardly ever meet: conflicts are not what is measured.
      const positions = Array.from({ length: 4 }, () => Math.floor(draw() * 1e8));
      const TransactItems = positions.map((each) => ({ Put: { TableName: pointTable, Item: pointItem(each) } }));
      return requestFor("TransactWriteItems", { TransactItems });
    }
  }
}

function filteredQuery(partition: string): DynamoRequest {
  return requestFor("Query", {
    TableName: rangeTable,
    KeyConditionExpression: "id = :id",
    FilterExpression: heavyFilter,
    ExpressionAttributeNames: { "#kind": "kind" },
    ExpressionAttributeValues: {
      ":id": { S: partition },
      ":b": { S: "b" },
      ":low": { N: "1" },
      ":high": { N: "100000" },
      ":absent": { S: "not there" },
      ":zero": { N: "0" },
      ":one": { N: "1" },
      ":two": { N: "2" },
      ":true": { BOOL: true },
    },
  });
}

export function batchOf(table: string, items: readonly unknown[]): DynamoRequest {
  const puts = items.map((Item) => ({ PutRequest: { Item } }));
  return requestFor("BatchWriteItem", { RequestItems: { [table]: puts } });
}

export function requestFor(target: string, body: unknown): DynamoRequest {
  return { target, body: JSON.stringify(body) };
}

/** The tables, as CreateTable wants them. */
export function tableRequests(): readonly DynamoRequest[] {
  const id = { AttributeName: "id", AttributeType: "S" };
  const sort = { AttributeName: "sort", AttributeType: "N" };
  const hashKey = { AttributeName: "id", KeyType: "HASH" };
  const common = { BillingMode: "PAY_PER_REQUEST" };
  return [
    requestFor("CreateTable", {
      ...common,
      TableName: pointTable,
      AttributeDefinitions: [id],
      KeySchema: [hashKey],
    }),
    requestFor("CreateTable", {
      ...common,
      TableName: rangeTable,
      AttributeDefinitions: [id, sort],
      KeySchema: [hashKey, { AttributeName: "sort", KeyType: "RANGE" }],
    }),
    requestFor("CreateTable", {
      ...common,
      TableName: indexedTable,
      AttributeDefinitions: [id, sort, { AttributeName: "group", AttributeType: "S" }],
      KeySchema: [hashKey],
      GlobalSecondaryIndexes: [
        {
          IndexName: indexName,
          KeySchema: [
            { AttributeName: "group", KeyType: "HASH" },
            { AttributeName: "sort", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    }),
  ];
}
