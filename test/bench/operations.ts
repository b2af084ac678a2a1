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
] as const;
export type OperationName = (typeof operationNames)[number];

/** The operations that etcd has too; its Range is linearizable unless it is asked to be serializable. */
export const etcdOperations: readonly OperationName[] = ["PutItem", "GetItem strong", "GetItem eventual"];

export const itemCount = 10_000;
export const itemsPerPartition = 10;
export const pointTable = "bench-points";
export const rangeTable = "bench-ranges";
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
  }
}

export function batchOf(table: string, items: readonly unknown[]): DynamoRequest {
  const puts = items.map((Item) => ({ PutRequest: { Item } }));
  return requestFor("BatchWriteItem", { RequestItems: { [table]: puts } });
}

export function requestFor(target: string, body: unknown): DynamoRequest {
  return { target, body: JSON.stringify(body) };
}

/** The two tables, as CreateTable wants them. */
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
  ];
}
