// DeleteItem: removes the item of a key, if its condition holds. Deleting what is not there succeeds.
import { parseItem, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { decodeItem, encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { writeUnits } from "./capacity.ts";
import { carryCondition, conditionFailed, conditionHolds, type ConditionalCommand } from "./conditions.ts";
import { bindPlaceholders, checkParameterMix, parseExpressions, type CarriedPlaceholders } from "./expressions.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { withoutLegacy } from "./legacy-parameters.ts";
import type { Decision, ParseContext, WriteOperation, WriteView } from "./operation.ts";
import type { RouterOperation, WritePlan } from "./plan.ts";
import { positionOf } from "./position.ts";
import { checkReturnValues } from "./put-item.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import {
  collectionKey, constrainCapacityMode, constrainWriteChoices, writeMembers, writeReply,
  type WriteOutcome, type WriteRequest,
} from "./write-request.ts";

interface DeleteItemRequest extends WriteRequest {
  readonly Key: JsonObject;
}

export interface DeleteItemCommand extends ConditionalCommand, CarriedPlaceholders {
  readonly operation: "DeleteItem";
  readonly returnOld: boolean;
}

const members: Members = { ...writeMembers, Key: "Attributes" };

export const deleteItemOnRouter: RouterOperation = { name: "DeleteItem", tableNames: mentionedTable, parse };
export const deleteItemOnNode: WriteOperation<DeleteItemCommand> = { kind: "write", decide };

function parse(input: unknown, context: ParseContext): WritePlan {
  const asSent = readRequest<DeleteItemRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, ["ConditionExpression"]);
  parseItem(asSent.Key);
  checkReturnValues(asSent);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, ["ConditionExpression"]);
  const table = findActiveTable(request.TableName, context);
  const key = keyOfJsonKey(table.key, request.Key);
  checkKeyPaths(request, bindings, table);
  const command: DeleteItemCommand = {
    kind: "write",
    operation: "DeleteItem",
    tableId: table.tableId,
    position: positionOf(key),
    names,
    values,
    returnOld: request.ReturnValues === "ALL_OLD",
    ...carryCondition(request),
  };
  const collection = collectionKey(table, request.Key);
  return { kind: "write", command, reply: (outcome) => writeReply(request, outcome, collection) };
}

function checkConstraints(request: DeleteItemRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainTableName(constraints, request.TableName);
  constrainWriteChoices(constraints, request);
  constraints.required(request.Key, "key");
  constraints.throwIfAny();
}

function decide(view: WriteView, command: DeleteItemCommand): Decision {
  const { key } = command.position;
  const before = view.get(key);
  const holds = conditionHolds(command, () => bindPlaceholders(command), () => before && decodeItem(before));
  if (!holds) return conditionFailed(command, before);
  if (before === undefined) return { effects: [], outcome: { units: writeUnits(0, 0) } };
  const outcome: WriteOutcome = {
    units: writeUnits(encodedItemSize(before), 0),
    ...(command.returnOld ? { attributes: before } : {}),
  };
  return { effects: [{ kind: "delete", key }], outcome };
}
