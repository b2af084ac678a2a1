// UpdateItem: changes attributes of an item, or makes the item, if the condition holds. The older AttributeUpdates
// has become an expression by then (legacy-parameters.ts); only its errors are worded differently.
import type { Item } from "@azimuth/model/attribute-value.ts";
import { checkItemNesting, parseItem, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { decodeItem, encodeItem, encodedItemSize } from "@azimuth/model/item-codec.ts";
import { itemSizeMax } from "@azimuth/model/item-size.ts";
import { keyAsItem, keyNames, keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";
import {
  applyUpdate, compileUpdate, pickTouched, updatedTopLevelNames, type UpdateResult,
} from "@azimuth/expression/update.ts";
import { writeUnits } from "./capacity.ts";
import { carryCondition, conditionFailed, conditionHolds, type ConditionalCommand } from "./conditions.ts";
import {
  bindPlaceholders, checkParameterMix, parseExpressions, type CarriedPlaceholders, type ExpressionParameters,
} from "./expressions.ts";
import { checkIndexKeysOfUpdate } from "./index-key-values.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { updatesShape, withoutLegacy } from "./legacy-parameters.ts";
import type { Decision, ParseContext, WriteOperation, WriteView } from "./operation.ts";
import type { RouterOperation, WritePlan } from "./plan.ts";
import { positionOf } from "./position.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import {
  collectionKey, constrainCapacityMode, constrainWriteChoices, writeMembers, writeReply,
  type ReturnValues, type WriteOutcome, type WriteRequest,
} from "./write-request.ts";

interface UpdateItemRequest extends WriteRequest {
  readonly Key: JsonObject;
}

export interface UpdateItemCommand extends ConditionalCommand, CarriedPlaceholders {
  readonly operation: "UpdateItem";
  /** The encoded key, which the item is made of when there is none. */
  readonly keyItem: Uint8Array;
  readonly update: string | undefined;
  /** The request had AttributeUpdates. */
  readonly isLegacy: boolean;
  readonly returnValues: ReturnValues;
}

const members: Members = {
  ...writeMembers,
  Key: "Attributes",
  UpdateExpression: "String",
  AttributeUpdates: updatesShape,
};

const kinds = ["UpdateExpression", "ConditionExpression"] as const;

export const updateItemOnRouter: RouterOperation = { name: "UpdateItem", tableNames: mentionedTable, parse };
export const updateItemOnNode: WriteOperation<UpdateItemCommand> = { kind: "write", decide };

function parse(input: unknown, context: ParseContext): WritePlan {
  const asSent = readRequest<UpdateItemRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, kinds);
  parseItem(asSent.Key);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, kinds);
  const table = findActiveTable(request.TableName, context);
  const key = keyOfJsonKey(table.key, request.Key);
  checkUpdatesNoKey(request, bindings, table);
  checkKeyPaths(request, bindings, table);
  const command: UpdateItemCommand = {
    kind: "write",
    operation: "UpdateItem",
    tableId: table.tableId,
    position: positionOf(key),
    keyItem: encodeItem(keyAsItem(table.key, key)),
    update: request.UpdateExpression,
    isLegacy: request.AttributeUpdates !== undefined,
    names,
    values,
    returnValues: request.ReturnValues ?? "NONE",
    ...carryCondition(request),
  };
  const collection = collectionKey(table, request.Key);
  return { kind: "write", command, reply: (outcome) => writeReply(request, outcome, collection) };
}

function checkConstraints(request: UpdateItemRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainTableName(constraints, request.TableName);
  constrainWriteChoices(constraints, request);
  for (const name in request.AttributeUpdates) {
    const action = request.AttributeUpdates[name]?.Action;
    constraints.oneOf(action, `attributeUpdates.${name}.member.action`, ["ADD", "DELETE", "PUT"]);
  }
  constraints.required(request.Key, "key");
  constraints.throwIfAny();
}

export function checkUpdatesNoKey(request: ExpressionParameters, bindings: Bindings, table: TableDefinition): void {
  if (request.UpdateExpression === undefined) return;
  const updated = updatedTopLevelNames(compileUpdate(request.UpdateExpression), bindings);
  const name = keyNames(table.key).find((keyName) => updated.includes(keyName));
  if (name === undefined) return;
  throw validationException(
    `One or more parameter values were invalid: Cannot update attribute ${name}. This attribute is part of the key`,
  );
}

function decide(view: WriteView, command: UpdateItemCommand): Decision {
  const { key } = command.position;
  const stored = view.get(key);
  const before = stored && decodeItem(stored);
  const bindings = bindPlaceholders(command);
  if (!conditionHolds(command, () => bindings, () => before)) return conditionFailed(command, stored);
  const updated = update(command, bindings, before ?? decodeItem(command.keyItem));
  const sizeBefore = stored === undefined ? 0 : encodedItemSize(stored);
  if (before === undefined && !updated.createsItem) return { effects: [], outcome: { units: writeUnits(0, 0) } };
  checkItemNesting(updated.item);
  checkIndexKeysOfUpdate(view.table, before, updated.item);
  const value = encodeItem(updated.item);
  if (encodedItemSize(value) > itemSizeMax) {
    throw validationException("Item size to update has exceeded the maximum allowed size");
  }
  const returned = returnedAttributes(command.returnValues, before, updated);
  const outcome: WriteOutcome = {
    units: writeUnits(sizeBefore, encodedItemSize(value)),
    ...(returned === undefined ? {} : { attributes: encodeItem(returned) }),
  };
  return { effects: [{ kind: "put", key, value }], outcome };
}

function update(command: UpdateItemCommand, bindings: Bindings, item: Item): UpdateResult {
  if (typeof command.update !== "string") return { item, touched: [], createsItem: true };
  try {
    return applyUpdate(compileUpdate(command.update), bindings, item);
  } catch (error) {
    if (!command.isLegacy || !(error instanceof DynamoDbException) || !/data ?type/.test(error.message)) throw error;
    throw validationException("Type mismatch for attribute to update");
  }
}

/** Undefined when there is nothing to return: then the response has no Attributes. */
function returnedAttributes(
  returnValues: ReturnValues,
  before: Item | undefined,
  updated: UpdateResult,
): Item | undefined {
  switch (returnValues) {
    case "NONE":
      return undefined;
    case "ALL_OLD":
      return before;
    case "ALL_NEW":
      return updated.item;
    case "UPDATED_OLD":
      return before && nonEmpty(pickTouched(updated.touched, before));
    case "UPDATED_NEW":
      return nonEmpty(pickTouched(updated.touched, updated.item));
  }
}

function nonEmpty(item: Item): Item | undefined {
  return item.size === 0 ? undefined : item;
}
