// TransactGetItems: up to 100 items of any tables, all as they were at one moment.
import { parseItem, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { CapacityMode } from "./capacity.ts";
import {
  checkParameterMix, parseExpressions, type ExpressionParameters, type ParsedExpressions,
} from "./expressions.ts";
import type { GetItemCommand, GetItemOutcome } from "./get-item.ts";
import { checkKeyPaths } from "./key-paths.ts";
import type { ParseContext } from "./operation.ts";
import type { RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { objectText } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable } from "./table-name.ts";
import type { TransactGetPlan, TransactGetResult } from "./transact-plan.ts";
import {
  commandsOrCancel, mentionedTablesOfTransaction, refuseSharedItems, transactBytesMax, transactCapacityJson,
  transactionCancelled, transactItemsMax,
} from "./transact-reply.ts";
import { constrainCapacityMode, placeholderMembers } from "./write-request.ts";

export interface Get extends ExpressionParameters {
  readonly TableName: string;
  readonly Key: JsonObject;
}

interface TransactGetItemsRequest {
  readonly TransactItems: readonly { readonly Get: Get }[];
  readonly ReturnConsumedCapacity?: CapacityMode;
}

/** A Get whose key and projection are valid by themselves. */
export interface ReadGet {
  readonly get: Get;
  readonly expressions: ParsedExpressions;
}

const members: Members = {
  TransactItems: {
    list: {
      members: {
        Get: {
          members: {
            TableName: "String",
            Key: "Attributes",
            ProjectionExpression: "String",
            ExpressionAttributeNames: placeholderMembers.ExpressionAttributeNames!,
          },
          of: "Get",
        },
      },
      of: "TransactGetItem",
      element: true,
    },
  },
  ReturnConsumedCapacity: "String",
};

const kinds = ["ProjectionExpression"] as const;

export const transactGetItemsOnRouter: RouterOperation = {
  name: "TransactGetItems",
  tableNames: mentionedTablesOfTransaction,
  parse,
};

function parse(input: unknown, context: ParseContext): TransactGetPlan {
  const request = readRequest<TransactGetItemsRequest>(input, members);
  checkConstraints(request);
  const gets = request.TransactItems.map(({ Get: get }) => readGet(get));
  const tables = gets.map(({ get }) => findActiveTable(get.TableName, context));
  const parts = commandsOrCancel(gets.map((get, position) =>
    () => commandOf(get, tables[position] as TableDefinition)));
  refuseSharedItems(parts);
  const replied = gets.map(({ get }) => ({ table: get.TableName, toJson: encodedItemToJson }));
  const { ReturnConsumedCapacity: mode } = request;
  return { kind: "transact-get", parts, reply: (result) => replyOfGets(replied, mode, result) };
}

export function readGet(get: Get): ReadGet {
  checkParameterMix(get, kinds);
  parseItem(get.Key);
  return { get, expressions: parseExpressions(get, kinds) };
}

function checkConstraints(request: TransactGetItemsRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  if (constraints.required(request.TransactItems, "transactItems")) {
    constraints.length(request.TransactItems, "transactItems", 1, transactItemsMax);
    if (request.TransactItems.length <= transactItemsMax) {
      request.TransactItems.forEach((item, position) => {
        const path = `transactItems.${position + 1}.member.get`;
        if (!constraints.required(item?.Get, path)) return;
        constrainTableName(constraints, item.Get.TableName, `${path}.tableName`);
        constraints.required(item.Get.Key, `${path}.key`);
      });
    }
  }
  constraints.throwIfAny();
}

export function commandOf({ get, expressions }: ReadGet, table: TableDefinition): GetItemCommand {
  const { bindings, names, values } = expressions;
  const position = positionOf(keyOfJsonKey(table.key, get.Key));
  checkKeyPaths(get, bindings, table);
  return {
    kind: "point-read",
    operation: "GetItem",
    tableId: table.tableId,
    position,
    consistent: true,
    projection: get.ProjectionExpression,
    names,
    values,
  };
}

/** A part of a read, for its reply: the table as the client named it, and its item as JSON text. */
export interface RepliedGet {
  readonly table: string;
  readonly toJson: (item: Uint8Array) => string;
}

export function replyOfGets(
  gets: readonly RepliedGet[],
  mode: CapacityMode | undefined,
  result: TransactGetResult,
): string {
  if (result.kind === "cancelled") throw transactionCancelled(result.refusals);
  let bytes = 0;
  const responses = result.outcomes.map((outcome, position) => {
    const { item } = outcome as GetItemOutcome;
    if (!item) return "{}";
    bytes += encodedItemSize(item);
    return `{"Item":${(gets[position] as RepliedGet).toJson(item)}}`;
  });
  if (bytes > transactBytesMax) {
    throw validationException(
      "Collection of items in the transaction request exceeds the maximum allowed size of 4 MB",
    );
  }
  const units = result.outcomes.map((outcome, position) => ({
    table: (gets[position] as RepliedGet).table,
    units: (outcome as GetItemOutcome).units,
  }));
  return objectText({
    ConsumedCapacity: transactCapacityJson(units, "ReadCapacityUnits", mode),
    Responses: `[${responses.join(",")}]`,
  });
}
