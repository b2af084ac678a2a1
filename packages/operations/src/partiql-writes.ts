// INSERT, UPDATE and DELETE: each is a PutItem, UpdateItem or DeleteItem with a condition. INSERT requires that there
// is no item of the key, UPDATE that there is one; a DELETE of what is not there does nothing, whatever else its
// WHERE asks.
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { writeTarget } from "@azimuth/partiql/key-access.ts";
import { valueOf } from "@azimuth/partiql/parameters.ts";
import type {
  Condition, DeleteStatement, InsertStatement, PathReference, Returning, UpdateStatement,
} from "@azimuth/partiql/syntax-tree.ts";
import { withoutTruth } from "@azimuth/partiql/truth.ts";
import { deleteItemOnRouter } from "./delete-item.ts";
import type { Outcome, ParseContext, WriteCommand } from "./operation.ts";
import {
  attributesJson, findStatementTable, inStatementWords, placeholderParameters, type BoundStatement,
} from "./partiql-statements.ts";
import type { RouterOperation, WritePlan } from "./plan.ts";
import { putItemOnRouter } from "./put-item.ts";
import { throwIfRefused } from "./reply-text.ts";
import { updateItemOnRouter } from "./update-item.ts";
import type { ReturnValues, WriteOutcome } from "./write-request.ts";

export type WriteStatement = InsertStatement | UpdateStatement | DeleteStatement;

export interface StatementWrite {
  readonly table: string;
  readonly command: WriteCommand;
  /** The item that RETURNING asked for as JSON text; throws the exception that the outcome stands for. */
  itemOf(outcome: Outcome): string | undefined;
}

export interface WriteOptions {
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

const returnValues: Readonly<Record<Returning, ReturnValues>> = {
  "ALL OLD": "ALL_OLD", "ALL NEW": "ALL_NEW", "MODIFIED OLD": "UPDATED_OLD", "MODIFIED NEW": "UPDATED_NEW",
};

/** What an INSERT meets where there is an item. */
export const duplicateItem = {
  type: "DuplicateItemException", message: "Duplicate primary key exists in table",
} as const;

export function planWrite(
  statement: WriteStatement, bound: BoundStatement, options: WriteOptions, context: ParseContext,
): StatementWrite {
  const write = plannedWrite(statement, bound, context);
  const request = { ...write.request, TableName: statement.table, ...options };
  const { command } = inStatementWords(() => write.operation.parse(request, context) as WritePlan);
  return { table: statement.table, command, itemOf: (outcome) => itemOf(statement, outcome) };
}

export interface PlannedWrite {
  readonly operation: RouterOperation;
  /** What the operation is asked, but for the table. */
  readonly request: object;
}

export function plannedWrite(statement: WriteStatement, bound: BoundStatement, context: ParseContext): PlannedWrite {
  return statement.kind === "insert"
    ? planInsert(statement, bound, context)
    : planKeyedWrite(statement, bound, context);
}

function planInsert(
  { table: name, item }: InsertStatement, { parameters }: BoundStatement, context: ParseContext,
): PlannedWrite {
  const table = findStatementTable(name, context);
  const values = new Map([...item].map(([attribute, expression]) => [attribute, valueOf(expression, parameters)]));
  const writer = new ExpressionWriter(parameters);
  const ConditionExpression = writer.condition({ kind: "missing", path: attribute(table.key.partition.name) });
  return {
    operation: putItemOnRouter,
    request: { Item: attributesJson(values), ConditionExpression, ...placeholderParameters(writer) },
  };
}

function planKeyedWrite(
  statement: UpdateStatement | DeleteStatement, { parameters }: BoundStatement, context: ParseContext,
): PlannedWrite {
  const table = findStatementTable(statement.table, context);
  const where = statement.where && withoutTruth(statement.where, parameters);
  const { key, condition } = writeTarget(where, table.key, parameters);
  const isThere = attribute(table.key.partition.name);
  const writer = new ExpressionWriter(parameters);
  const Key = attributesJson(key);
  const ReturnValues = statement.returning === undefined ? "NONE" : returnValues[statement.returning];
  if (statement.kind === "update") {
    const UpdateExpression = writer.update(statement.actions);
    const exists: Condition = { kind: "not", condition: { kind: "missing", path: isThere } };
    const ConditionExpression = writer.condition({ kind: "and", conditions: [exists, ...condition] });
    return {
      operation: updateItemOnRouter,
      request: { Key, UpdateExpression, ConditionExpression, ReturnValues, ...placeholderParameters(writer) },
    };
  }
  if (condition.length === 0) return { operation: deleteItemOnRouter, request: { Key, ReturnValues } };
  const ConditionExpression = writer.condition({
    kind: "or", conditions: [{ kind: "missing", path: isThere }, { kind: "and", conditions: condition }],
  });
  return {
    operation: deleteItemOnRouter,
    request: { Key, ConditionExpression, ReturnValues, ...placeholderParameters(writer) },
  };
}

function attribute(name: string): PathReference {
  return { kind: "path", path: [name], place: { line: 1, column: 1, length: 0 } };
}

function itemOf(statement: WriteStatement, outcome: Outcome): string | undefined {
  if (statement.kind === "insert" && outcome.refused?.type === "ConditionalCheckFailedException") {
    throw new DynamoDbException(duplicateItem.type, duplicateItem.message);
  }
  throwIfRefused(outcome);
  const { attributes } = outcome as WriteOutcome;
  return attributes === undefined || attributes === null ? undefined : encodedItemToJson(attributes);
}
