// PutItem: replaces the item of a key, if its condition holds.
import { encodedItemSize, decodeItem, encodeItemFromJson } from "@azimuth/model/item-codec.ts";
import { itemSizeMax } from "@azimuth/model/item-size.ts";
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { keyOfJsonItem } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { writeUnits } from "./capacity.ts";
import { carryCondition, conditionFailed, conditionHolds, type ConditionalCommand } from "./conditions.ts";
import { bindPlaceholders, checkParameterMix, parseExpressions, type CarriedPlaceholders } from "./expressions.ts";
import { checkIndexKeysOfPut } from "./index-key-values.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { withoutLegacy } from "./legacy-parameters.ts";
import type { Decision, ParseContext, WriteOperation, WriteView } from "./operation.ts";
import type { RouterOperation, WritePlan } from "./plan.ts";
import { positionOf } from "./position.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import {
  collectionKey, constrainCapacityMode, constrainWriteChoices, writeMembers, writeReply,
  type WriteOutcome, type WriteRequest,
} from "./write-request.ts";

interface PutItemRequest extends WriteRequest {
  readonly Item: JsonObject;
}

export interface PutItemCommand extends ConditionalCommand, CarriedPlaceholders {
  readonly operation: "PutItem";
  readonly item: Uint8Array;
  readonly returnOld: boolean;
}

const members: Members = { ...writeMembers, Item: "Attributes" };

export const putItemOnRouter: RouterOperation = { name: "PutItem", tableNames: mentionedTable, parse };
export const putItemOnNode: WriteOperation<PutItemCommand> = { kind: "write", decide };

function parse(input: unknown, context: ParseContext): WritePlan {
  const asSent = readRequest<PutItemRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, ["ConditionExpression"]);
  const item = encodeItemFromJson(asSent.Item);
  checkReturnValues(asSent);
  checkItemSize(item);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, ["ConditionExpression"]);
  const table = findActiveTable(request.TableName, context);
  const key = keyOfJsonItem(table.key, request.Item);
  checkIndexKeysOfPut(table, request.Item);
  checkKeyPaths(request, bindings, table);
  const command: PutItemCommand = {
    kind: "write",
    operation: "PutItem",
    tableId: table.tableId,
    position: positionOf(key),
    item,
    names,
    values,
    returnOld: request.ReturnValues === "ALL_OLD",
    ...carryCondition(request),
  };
  const collection = collectionKey(table, request.Item);
  return { kind: "write", command, reply: (outcome) => writeReply(request, outcome, collection) };
}

function checkConstraints(request: PutItemRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainTableName(constraints, request.TableName);
  constraints.required(request.Item, "item");
  constrainWriteChoices(constraints, request);
  constraints.throwIfAny();
}

/** PutItem and DeleteItem have no image after the write to return. */
export function checkReturnValues(request: WriteRequest): void {
  const { ReturnValues } = request;
  if (ReturnValues === undefined || ReturnValues === "NONE" || ReturnValues === "ALL_OLD") return;
  throw validationException("ReturnValues can only be ALL_OLD or NONE");
}

export function checkItemSize(item: Uint8Array): void {
  if (encodedItemSize(item) <= itemSizeMax) return;
  throw validationException("Item size has exceeded the maximum allowed size");
}

function decide(view: WriteView, command: PutItemCommand): Decision {
  const { key } = command.position;
  const before = view.get(key);
  const holds = conditionHolds(command, () => bindPlaceholders(command), () => before && decodeItem(before));
  if (!holds) return conditionFailed(command, before);
  const outcome: WriteOutcome = {
    units: writeUnits(before === undefined ? 0 : encodedItemSize(before), encodedItemSize(command.item)),
    ...(command.returnOld && before !== undefined ? { attributes: before } : {}),
  };
  return { effects: [{ kind: "put", key, value: command.item }], outcome };
}
