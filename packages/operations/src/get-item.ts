// GetItem: reads the item of a key.
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { parseItem } from "@azimuth/model/attribute-json.ts";
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import { encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { capacityJson, readUnits, type CapacityMode } from "./capacity.ts";
import { checkParameterMix, parseExpressions, type ExpressionParameters } from "./expressions.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { withoutLegacy, type LegacyParameters } from "./legacy-parameters.ts";
import type { Outcome, ParseContext, PointReadCommand, PointReadOperation } from "./operation.ts";
import type { PointReadPlan, RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { projector, type Projected } from "./read-request.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import { constrainCapacityMode, placeholderMembers } from "./write-request.ts";

interface GetItemRequest extends ExpressionParameters, LegacyParameters {
  readonly TableName: string;
  readonly Key: JsonObject;
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

export interface GetItemCommand extends PointReadCommand, Projected {
  readonly operation: "GetItem";
}

export interface GetItemOutcome extends Outcome {
  /** Encoded, projected; absent when there is no such item. */
  readonly item?: Uint8Array;
  readonly units: number;
}

const members: Members = {
  TableName: "String",
  Key: "Attributes",
  ConsistentRead: "Boolean",
  ReturnConsumedCapacity: "String",
  AttributesToGet: { list: "String" },
  ProjectionExpression: "String",
  ExpressionAttributeNames: placeholderMembers.ExpressionAttributeNames!,
};

export const getItemOnRouter: RouterOperation = { name: "GetItem", tableNames: mentionedTable, parse };
export const getItemOnNode: PointReadOperation<GetItemCommand> = { kind: "point-read", read };

function parse(input: unknown, context: ParseContext): PointReadPlan {
  const asSent = readRequest<GetItemRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, ["ProjectionExpression"]);
  parseItem(asSent.Key);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, ["ProjectionExpression"]);
  const table = findActiveTable(request.TableName, context);
  const key = keyOfJsonKey(table.key, request.Key);
  checkKeyPaths(request, bindings, table);
  const command: GetItemCommand = {
    kind: "point-read",
    operation: "GetItem",
    tableId: table.tableId,
    position: positionOf(key),
    consistent: request.ConsistentRead === true,
    projection: request.ProjectionExpression,
    names,
    values,
  };
  return { kind: "point-read", command, reply: (outcome) => reply(request, outcome) };
}

function checkConstraints(request: GetItemRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constraints.length(request.AttributesToGet, "attributesToGet", 1, 255);
  constrainTableName(constraints, request.TableName);
  constraints.required(request.Key, "key");
  constraints.throwIfAny();
}

function read(command: GetItemCommand, _table: unknown, found: Uint8Array | undefined): GetItemOutcome {
  if (found === undefined) return { units: readUnits(0, command.consistent) };
  return { item: projector(command)(found), units: readUnits(encodedItemSize(found), command.consistent) };
}

function reply(request: GetItemRequest, outcome: Outcome): string {
  throwIfRefused(outcome);
  const { item, units } = outcome as GetItemOutcome;
  return objectText({
    Item: item === undefined || item === null ? undefined : encodedItemToJson(item),
    ConsumedCapacity: capacityJson(request.TableName, request.ReturnConsumedCapacity, units),
  });
}
