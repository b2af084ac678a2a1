// BatchWriteItem: up to 25 puts and deletes on any tables, each a write of its own: the batch is not atomic.
import { parseItem, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { encodeItemFromJson } from "@azimuth/model/item-codec.ts";
import { keyMismatch, keyOfJsonItem, keyOfJsonKey, type Key } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import {
  addTo,
  batchCapacityJson,
  byTableJson,
  checkRequestItems,
  constrainTableNames,
  DistinctItems,
  throwIfAllFailed,
} from "./batch.ts";
import { addIndexUnits, noIndexUnits, type CapacityMode, type IndexUnits } from "./capacity.ts";
import type { DeleteItemCommand } from "./delete-item.ts";
import { checkIndexKeysOfPut } from "./index-key-values.ts";
import { batchWriteRequestsMax } from "./limits.ts";
import type { Outcome, ParseContext } from "./operation.ts";
import type { BatchPlan, PartResult, RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { checkItemSize, type PutItemCommand } from "./put-item.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { findActiveTable, mentionedTables } from "./table-name.ts";
import { conflictRefusal } from "./transact-plan.ts";
import {
  collectionKey,
  collectionMetricsJson,
  constrainCapacityMode,
  type WriteOutcome,
} from "./write-request.ts";

interface WriteRequestEntry {
  readonly PutRequest?: { readonly Item: JsonObject };
  readonly DeleteRequest?: { readonly Key: JsonObject };
}

interface BatchWriteItemRequest {
  readonly RequestItems: Readonly<Record<string, readonly WriteRequestEntry[]>>;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: string;
}

interface Part {
  readonly kind: "write";
  readonly command: PutItemCommand | DeleteItemCommand;
  readonly table: string;
  readonly definition: TableDefinition;
  readonly entry: WriteRequestEntry;
}

/** An entry whose values are validated; `item` is encoded. */
interface ReadEntry {
  readonly entry: WriteRequestEntry;
  readonly item: Uint8Array | undefined;
}

const members: Members = {
  RequestItems: {
    map: {
      list: {
        members: {
          PutRequest: { members: { Item: "Attributes" }, of: "PutRequest" },
          DeleteRequest: { members: { Key: "Attributes" }, of: "DeleteRequest" },
        },
        of: "WriteRequest",
        element: true,
      },
      parameterized: true,
    },
    of: "java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>",
  },
  ReturnConsumedCapacity: "String",
  ReturnItemCollectionMetrics: "String",
};

export const batchWriteItemOnRouter: RouterOperation = {
  name: "BatchWriteItem",
  tableNames: mentionedTables,
  parse,
};

function parse(input: unknown, context: ParseContext): BatchPlan {
  const request = readRequest<BatchWriteItemRequest>(input, members);
  checkConstraints(request);
  const requests = Object.entries(request.RequestItems).map(
    ([name, entries]) => [name, entries.map(readEntry)] as const,
  );
  const count = requests.reduce((sum, [, entries]) => sum + entries.length, 0);
  if (count > batchWriteRequestsMax)
    throw validationException("Too many items requested for the BatchWriteItem call");
  const distinct = new DistinctItems();
  const parts = requests.flatMap(([name, entries]) => {
    const table = findActiveTable(name, context);
    return entries.map((entry): Part => {
      const command = commandOf(entry, table);
      distinct.add(table.tableId, command.position.key);
      return { kind: "write", command, table: name, definition: table, entry: entry.entry };
    });
  });
  return { kind: "batch", parts, reply: (results) => reply(request, parts, results) };
}

function checkConstraints(request: BatchWriteItemRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constraints.oneOf(request.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", ["SIZE", "NONE"]);
  if (request.RequestItems === undefined || constraints.isEmpty) {
    if (checkRequestItems(constraints, request.RequestItems, "BatchWriteItem")) {
      constrainTableNames(constraints, request.RequestItems);
      constrainEntries(constraints, request.RequestItems);
    }
  }
  constraints.throwIfAny();
}

function constrainEntries(constraints: ConstraintList, items: BatchWriteItemRequest["RequestItems"]): void {
  const lists = Object.entries(items);
  if (lists.some(([, entries]) => entries.length === 0 || entries.length > batchWriteRequestsMax)) {
    const shown = lists.map(([name, entries]) => {
      const texts = entries.map((entry) => JSON.stringify(entry));
      return `${name}=[${texts.join(", ")}]`;
    });
    constraints.failShown(
      `'{${shown.join(", ")}}'`,
      "requestItems",
      `Map value must satisfy constraint: [Member must have length less than or equal to ${batchWriteRequestsMax}, ` +
        "Member must have length greater than or equal to 1]",
    );
  }
  for (const [name, entries] of lists) {
    entries.forEach((entry, position) => {
      const path = `requestItems.${name}.member.${position + 1}.member`;
      const { DeleteRequest, PutRequest } = entry ?? {};
      if (DeleteRequest !== undefined) constraints.required(DeleteRequest.Key, `${path}.deleteRequest.key`);
      if (PutRequest !== undefined) constraints.required(PutRequest.Item, `${path}.putRequest.item`);
    });
  }
}

function readEntry(entry: WriteRequestEntry): ReadEntry {
  if ((entry?.PutRequest === undefined) === (entry?.DeleteRequest === undefined)) {
    throw validationException(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  if (entry.PutRequest === undefined) {
    parseItem(entry.DeleteRequest!.Key);
    return { entry, item: undefined };
  }
  const item = encodeItemFromJson(entry.PutRequest.Item);
  checkItemSize(item);
  return { entry, item };
}

function commandOf({ entry, item }: ReadEntry, table: TableDefinition): PutItemCommand | DeleteItemCommand {
  const key =
    item === undefined
      ? keyOfJsonKey(table.key, entry.DeleteRequest!.Key)
      : keyOfPut(table, entry.PutRequest!.Item);
  if (item !== undefined) checkIndexKeysOfPut(table, entry.PutRequest!.Item);
  const unconditional = {
    kind: "write" as const,
    tableId: table.tableId,
    position: positionOf(key),
    condition: undefined,
    names: undefined,
    values: undefined,
    returnOld: false,
    returnItemOnFailure: false,
  };
  return item === undefined
    ? { ...unconditional, operation: "DeleteItem" }
    : { ...unconditional, operation: "PutItem", item };
}

/** In a batch a missing key, or one of another type, is said in other words than by PutItem. */
function keyOfPut(table: TableDefinition, item: JsonObject): Key {
  try {
    return keyOfJsonItem(table.key, item);
  } catch (error) {
    if (error instanceof DynamoDbException && /Missing the key|Type mismatch for key/.test(error.message)) {
      throw keyMismatch();
    }
    throw error;
  }
}

/** A transaction holds the item: the entry may be sent again. */
function isConflict({ refused }: Outcome): boolean {
  return refused?.type === conflictRefusal.type;
}

function reply(
  request: BatchWriteItemRequest,
  parts: readonly Part[],
  results: readonly PartResult[],
): string {
  throwIfAllFailed(results);
  const unprocessed = new Map<string, WriteRequestEntry[]>();
  const units = new Map(Object.keys(request.RequestItems).map((table) => [table, 0]));
  const indexUnits = new Map<string, IndexUnits>();
  const collections = new Map<string, Map<string, string>>();
  parts.forEach(({ table, definition, entry }, position) => {
    const result = results[position] as PartResult;
    if ("failed" in result || isConflict(result.outcome))
      return unprocessed.set(table, [...(unprocessed.get(table) ?? []), entry]);
    throwIfRefused(result.outcome);
    const { units: consumed, indexUnits: ofIndexes, collectionBytes } = result.outcome as WriteOutcome;
    if (ofIndexes) indexUnits.set(table, addIndexUnits(indexUnits.get(table) ?? noIndexUnits, ofIndexes));
    if (typeof collectionBytes === "number") {
      const key = collectionKey(definition, entry.PutRequest?.Item ?? entry.DeleteRequest!.Key);
      const ofTable = collections.get(table) ?? new Map<string, string>();
      collections.set(table, ofTable.set(JSON.stringify(key), collectionMetricsJson(key, collectionBytes)));
    }
    return addTo(units, table, consumed);
  });
  const wantsCollections = request.ReturnItemCollectionMetrics === "SIZE" && collections.size > 0;
  const collectionLists = [...collections].map(
    ([table, ofTable]) => [table, `[${[...ofTable.values()].join(",")}]`] as const,
  );
  return objectText({
    UnprocessedItems: byTableJson(
      new Map([...unprocessed].map(([table, entries]) => [table, JSON.stringify(entries)])),
    ),
    ConsumedCapacity: batchCapacityJson(units, request.ReturnConsumedCapacity, indexUnits),
    ItemCollectionMetrics: wantsCollections ? byTableJson(new Map(collectionLists)) : undefined,
  });
}
