// BatchGetItem: up to 100 items of any tables. Every key is a GetItem of its own, on its own partition.
import { parseItem, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { encodedItemsToJson } from "@azimuth/model/encoded-item-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import {
  addTo, batchCapacityJson, byTableJson, checkRequestItems, constrainTableNames, DistinctItems, throwIfAllFailed,
} from "./batch.ts";
import type { CapacityMode } from "./capacity.ts";
import {
  checkParameterMix, parseExpressions, type ExpressionParameters, type ParsedExpressions,
} from "./expressions.ts";
import type { GetItemCommand, GetItemOutcome } from "./get-item.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { withoutLegacy, type LegacyParameters } from "./legacy-parameters.ts";
import { attributesToGetMax, batchBytesMax, batchGetKeysMax } from "./limits.ts";
import type { ParseContext } from "./operation.ts";
import type { BatchPlan, PartResult, RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { findActiveTable, mentionedTables } from "./table-name.ts";
import { constrainCapacityMode, placeholderMembers } from "./write-request.ts";

interface TableRequest extends ExpressionParameters, LegacyParameters {
  readonly Keys: readonly JsonObject[];
  readonly ConsistentRead?: boolean;
}

interface BatchGetItemRequest {
  readonly RequestItems: Readonly<Record<string, TableRequest>>;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

interface Part {
  readonly kind: "point-read";
  readonly command: GetItemCommand;
  readonly table: string;
  readonly key: JsonObject;
}

const members: Members = {
  RequestItems: {
    map: {
      members: {
        Keys: { list: "Key" },
        AttributesToGet: { list: "String" },
        ConsistentRead: "Boolean",
        ProjectionExpression: "String",
        ExpressionAttributeNames: placeholderMembers.ExpressionAttributeNames!,
      },
      of: "KeysAndAttributes",
      element: true,
    },
    of: "KeysAndAttributes",
  },
  ReturnConsumedCapacity: "String",
};

const kinds = ["ProjectionExpression"] as const;

export const batchGetItemOnRouter: RouterOperation = { name: "BatchGetItem", tableNames: mentionedTables, parse };

function parse(input: unknown, context: ParseContext): BatchPlan {
  const request = readRequest<BatchGetItemRequest>(input, members);
  checkConstraints(request);
  refuseMixedProjections(request);
  const requests = Object.entries(request.RequestItems).map(([name, asSent]) => {
    checkParameterMix(asSent, kinds);
    for (const key of asSent.Keys) parseItem(key);
    const table = withoutLegacy(asSent);
    return { name, table, expressions: parseExpressions(table, kinds) };
  });
  const count = requests.reduce((sum, { table }) => sum + table.Keys.length, 0);
  if (count > batchGetKeysMax) throw validationException("Too many items requested for the BatchGetItem call");
  const distinct = new DistinctItems();
  const parts = requests.flatMap(({ name, table, expressions }) =>
    partsOf(name, table, expressions, distinct, context));
  return { kind: "batch", parts, reply: (results) => reply(request, parts, results) };
}

function checkConstraints(request: BatchGetItemRequest): void {
  const constraints = new ConstraintList();
  if (checkRequestItems(constraints, request.RequestItems, "BatchGetItem")) {
    constrainTableNames(constraints, request.RequestItems);
    for (const [name, table] of Object.entries(request.RequestItems)) {
      const path = `requestItems.${name}.member`;
      if (constraints.required(table.Keys, `${path}.keys`)) {
        constraints.length(table.Keys, `${path}.keys`, 1, batchGetKeysMax);
      }
      constraints.length(table.AttributesToGet, `${path}.attributesToGet`, 1, attributesToGetMax);
    }
  }
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constraints.throwIfAny();
}

/** One batch projects by expressions or by AttributesToGet, also where the tables differ. */
function refuseMixedProjections({ RequestItems }: BatchGetItemRequest): void {
  const tables = Object.values(RequestItems);
  const byExpression = tables.find((table) => table.ProjectionExpression !== undefined);
  const byAttributes = tables.find((table) => table.AttributesToGet !== undefined);
  if (byExpression === undefined || byAttributes === undefined) return;
  checkParameterMix({ ...byExpression, ...byAttributes }, kinds);
}

function partsOf(
  name: string,
  request: TableRequest,
  { bindings, names, values }: ParsedExpressions,
  distinct: DistinctItems,
  context: ParseContext,
): readonly Part[] {
  const table = findActiveTable(name, context);
  checkKeyPaths(request, bindings, table);
  return request.Keys.map((key): Part => {
    const position = positionOf(keyOfJsonKey(table.key, key));
    distinct.add(table.tableId, position.key);
    const command: GetItemCommand = {
      kind: "point-read",
      operation: "GetItem",
      tableId: table.tableId,
      position,
      consistent: request.ConsistentRead === true,
      projection: request.ProjectionExpression,
      names,
      values,
    };
    return { kind: "point-read", command, table: name, key };
  });
}

function reply(request: BatchGetItemRequest, parts: readonly Part[], results: readonly PartResult[]): string {
  throwIfAllFailed(results);
  const tables = Object.keys(request.RequestItems);
  const found = new Map(tables.map((table) => [table, [] as Uint8Array[]]));
  const unprocessed = new Map<string, JsonObject[]>();
  const units = new Map(tables.map((table) => [table, 0]));
  let bytes = 0;
  parts.forEach(({ table, key }, position) => {
    const result = results[position] as PartResult;
    if ("outcome" in result) {
      throwIfRefused(result.outcome);
      const { item, units: consumed } = result.outcome as GetItemOutcome;
      bytes += item ? encodedItemSize(item) : 0;
      if (bytes <= batchBytesMax) {
        if (item) found.get(table)!.push(item);
        return addTo(units, table, consumed);
      }
    }
    unprocessed.set(table, [...(unprocessed.get(table) ?? []), key]);
  });
  return objectText({
    Responses: byTableJson(new Map([...found].map(([table, items]) => [table, encodedItemsToJson(items)]))),
    UnprocessedKeys: byTableJson(new Map([...unprocessed].map(([table, keys]) =>
      [table, JSON.stringify({ ...request.RequestItems[table], Keys: keys })]))),
    ConsumedCapacity: batchCapacityJson(units, request.ReturnConsumedCapacity),
  });
}
