// TransactWriteItems: up to 100 actions on items of any tables, done together or not at all.
//
// The checks are in DynamoDB's order: declared constraints of all members; then, action by action, values and
// expressions; then tables; then keys. What is wrong with one action's key or with its paths cancels the transaction
// with a reason, as if the action had been tried, except an empty key value, which refuses the request.
import { hash } from "node:crypto";
import { parseItem, type Json, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { encodeItem, encodeItemFromJson, encodedItemSize } from "@azimuth/model/item-codec.ts";
import { keyAsItem, keyOfJsonItem, keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { byTableJson } from "./batch.ts";
import { readUnits, type CapacityMode } from "./capacity.ts";
import { carryCondition } from "./conditions.ts";
import {
  checkParameterMix, parseExpressions, type ExpressionParameters, type ParsedExpressions,
} from "./expressions.ts";
import { checkIndexKeysOfPut } from "./index-key-values.ts";
import { checkKeyPaths } from "./key-paths.ts";
import type { ParseContext, WriteCommand } from "./operation.ts";
import type { RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { checkItemSize } from "./put-item.ts";
import { objectText } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable } from "./table-name.ts";
import type { PartAnswer, TransactWritePlan, TransactWriteResult } from "./transact-plan.ts";
import {
  canonical, clientTokenLengthMax, commandsOrCancel, mentionedTablesOfTransaction, refuseSharedItems, transactBytesMax,
  transactCapacityJson, transactionCancelled, transactItemsMax,
} from "./transact-reply.ts";
import { checkUpdatesNoKey } from "./update-item.ts";
import {
  collectionKey, collectionMetricsJson, constrainCapacityMode, placeholderMembers, type WriteOutcome,
} from "./write-request.ts";

interface Action extends ExpressionParameters {
  readonly TableName: string;
  readonly Item?: JsonObject;
  readonly Key?: JsonObject;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

const actionNames = ["ConditionCheck", "Put", "Delete", "Update"] as const;
type ActionName = (typeof actionNames)[number];

/** An element of TransactItems, which is to hold one action. */
export type ActionEntry = Readonly<Partial<Record<ActionName, Action>>>;

/** What a request wants its reply to tell. */
interface ReplyChoices {
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: string;
}

interface TransactWriteItemsRequest extends ReplyChoices {
  readonly TransactItems: readonly ActionEntry[];
  readonly ClientRequestToken?: string;
}

/** An action whose values and expressions are valid by themselves. */
export interface ReadAction {
  readonly name: ActionName;
  readonly action: Action;
  readonly item: Uint8Array | undefined;
  readonly expressions: ParsedExpressions;
}

const actionMembers: Members = {
  TableName: "String",
  ConditionExpression: "String",
  ReturnValuesOnConditionCheckFailure: "String",
  ...placeholderMembers,
};

const members: Members = {
  TransactItems: {
    list: {
      members: {
        ConditionCheck: { members: { ...actionMembers, Key: "Attributes" }, of: "ConditionCheck" },
        Put: { members: { ...actionMembers, Item: "Attributes" }, of: "Put" },
        Delete: { members: { ...actionMembers, Key: "Attributes" }, of: "Delete" },
        Update: { members: { ...actionMembers, Key: "Attributes", UpdateExpression: "String" }, of: "Update" },
      },
      of: "TransactWriteItem",
      element: true,
    },
  },
  ClientRequestToken: "String",
  ReturnConsumedCapacity: "String",
  ReturnItemCollectionMetrics: "String",
};

export const transactWriteItemsOnRouter: RouterOperation = {
  name: "TransactWriteItems",
  tableNames: mentionedTablesOfTransaction,
  parse,
};

function parse(input: unknown, context: ParseContext): TransactWritePlan {
  const request = readRequest<TransactWriteItemsRequest>(input, members);
  checkConstraints(request);
  const actions = request.TransactItems.map(readAction);
  const tables = actions.map(({ action }) => findActiveTable(action.TableName, context));
  const parts = commandsOrCancel(actions.map((action, position) =>
    () => commandOf(action, tables[position] as TableDefinition)));
  refuseSharedItems(parts);
  checkAggregateSize(actions);
  return {
    kind: "transact-write",
    parts,
    clientToken: request.ClientRequestToken,
    payloadHash: hash("sha256", canonical(request.TransactItems as unknown as Json)),
    reply: (result) => replyOfActions(request, actions, tables, result),
  };
}

function checkConstraints(request: TransactWriteItemsRequest): void {
  const constraints = new ConstraintList();
  constraints.length(request.ClientRequestToken, "clientRequestToken", 1, clientTokenLengthMax);
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constraints.oneOf(request.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", ["SIZE", "NONE"]);
  if (constraints.required(request.TransactItems, "transactItems")) {
    constraints.length(request.TransactItems, "transactItems", 1, transactItemsMax);
    if (request.TransactItems.length <= transactItemsMax) {
      request.TransactItems.forEach((item, position) =>
        constrainActions(constraints, item, `transactItems.${position + 1}.member`));
    }
  }
  constraints.throwIfAny();
}

function constrainActions(
  constraints: ConstraintList,
  item: ActionEntry | null,
  path: string,
): void {
  for (const name of actionNames) {
    const action = item?.[name];
    if (action === undefined) continue;
    const at = `${path}.${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    constrainTableName(constraints, action.TableName, `${at}.tableName`);
    if (name === "Put") constraints.required(action.Item, `${at}.item`);
    else constraints.required(action.Key, `${at}.key`);
    if (name === "ConditionCheck") constraints.required(action.ConditionExpression, `${at}.conditionExpression`);
    if (name === "Update") constraints.required(action.UpdateExpression, `${at}.updateExpression`);
    constraints.oneOf(action.ReturnValuesOnConditionCheckFailure,
      `${at}.returnValuesOnConditionCheckFailure`, ["ALL_OLD", "NONE"]);
  }
}

export function readAction(entry: ActionEntry | null): ReadAction {
  const present = actionNames.filter((each) => entry?.[each] !== undefined);
  const name = present[0];
  if (entry === null || name === undefined || present.length > 1) {
    throw validationException("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  const action = entry[name] as Action;
  const kinds = name === "Update"
    ? (["UpdateExpression", "ConditionExpression"] as const)
    : (["ConditionExpression"] as const);
  checkParameterMix(action, kinds);
  const item = name === "Put" ? encodeItemFromJson(action.Item as JsonObject) : undefined;
  if (item === undefined) parseItem(action.Key as JsonObject);
  else checkItemSize(item);
  return { name, action, item, expressions: parseExpressions(action, kinds) };
}

export function commandOf({ name, action, item, expressions }: ReadAction, table: TableDefinition): WriteCommand {
  const { bindings, names, values } = expressions;
  const key = item === undefined
    ? keyOfJsonKey(table.key, action.Key as JsonObject)
    : keyOfJsonItem(table.key, action.Item as JsonObject);
  if (name === "Put") checkIndexKeysOfPut(table, action.Item as JsonObject);
  if (name === "Update") checkUpdatesNoKey(action, bindings, table);
  checkKeyPaths(action, bindings, table);
  const common = {
    kind: "write" as const, tableId: table.tableId, position: positionOf(key), names, values, ...carryCondition(action),
  };
  switch (name) {
    case "Put":
      return { ...common, operation: "PutItem", item, returnOld: false };
    case "Delete":
      return { ...common, operation: "DeleteItem", returnOld: false };
    case "ConditionCheck":
      return { ...common, operation: "ConditionCheck" };
    case "Update":
      return {
        ...common,
        operation: "UpdateItem",
        keyItem: encodeItem(keyAsItem(table.key, key)),
        update: action.UpdateExpression,
        isLegacy: false,
        returnValues: "NONE",
      };
  }
}

export function checkAggregateSize(actions: readonly ReadAction[]): void {
  const bytes = actions.reduce((sum, { item }) => sum + (item === undefined ? 0 : encodedItemSize(item)), 0);
  if (bytes <= transactBytesMax) return;
  throw validationException("Collection of items in the transaction request exceeds the maximum allowed size of 4 MB");
}

export function replyOfActions(
  request: ReplyChoices,
  actions: readonly ReadAction[],
  tables: readonly TableDefinition[],
  result: TransactWriteResult,
): string {
  switch (result.kind) {
    case "cancelled":
      throw transactionCancelled(result.refusals);
    case "in-progress":
      throw new DynamoDbException(
        "TransactionInProgressException", "Transaction from previous request is still in progress",
      );
    case "mismatch":
      throw new DynamoDbException(
        "IdempotentParameterMismatchException",
        "The ClientRequestToken was already used by a request with different parameters",
      );
    case "done":
      return objectText({
        ConsumedCapacity: capacity(request, actions, result.answers, result.replayed),
        ItemCollectionMetrics: collectionMetrics(request, actions, tables, result.answers),
      });
  }
}

/** A repetition wrote nothing: it is charged for reading. */
function capacity(
  request: ReplyChoices,
  actions: readonly ReadAction[],
  answers: readonly PartAnswer[],
  replayed: boolean,
): string | undefined {
  const parts = answers.map((answer, position) => {
    const table = (actions[position] as ReadAction).action.TableName;
    if (replayed) return { table, units: readUnits(answer.itemBytes, true) };
    const { units, indexUnits } = answer as PartAnswer & WriteOutcome;
    return { table, units, ...(indexUnits ? { indexUnits } : {}) };
  });
  const arm = replayed ? "ReadCapacityUnits" : "WriteCapacityUnits";
  return transactCapacityJson(parts, arm, request.ReturnConsumedCapacity);
}

/** The collections that were written to, by table; undefined when there are none or nobody asked. */
function collectionMetrics(
  request: ReplyChoices,
  actions: readonly ReadAction[],
  tables: readonly TableDefinition[],
  answers: readonly PartAnswer[],
): string | undefined {
  if (request.ReturnItemCollectionMetrics !== "SIZE") return undefined;
  const byTable = new Map<string, Map<string, string>>();
  answers.forEach((answer, position) => {
    const { collectionBytes } = answer as PartAnswer & WriteOutcome;
    if (typeof collectionBytes !== "number") return;
    const { action } = actions[position] as ReadAction;
    const key = collectionKey(tables[position] as TableDefinition, (action.Item ?? action.Key) as JsonObject);
    const metrics = byTable.get(action.TableName) ?? new Map<string, string>();
    byTable.set(action.TableName, metrics.set(JSON.stringify(key), collectionMetricsJson(key, collectionBytes)));
  });
  if (byTable.size === 0) return undefined;
  return byTableJson(new Map([...byTable].map(([table, metrics]) => [table, `[${[...metrics.values()].join(",")}]`])));
}
