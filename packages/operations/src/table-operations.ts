// DescribeTable, DeleteTable and ListTables: short enough for one file. The control plane decides or answers them.
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { listTablesMax, tableNameLengthMax, tableNameLengthMin } from "./limits.ts";
import type { Outcome, ParseContext } from "./operation.ts";
import type { ControlPlan, RouterOperation } from "./plan.ts";
import { throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { describeTable, type TableSizes } from "./table-description.ts";
import { mentionedTable, namePattern, nameOfTable } from "./table-name.ts";

/** Outcome of CreateTable, DescribeTable and DeleteTable (control-plane/src/commands.ts, ControlOutcome). */
export interface TableOutcome extends Outcome {
  readonly table: TableDefinition;
  readonly sizes?: TableSizes;
}

/** Outcome of ListTables. */
export interface TableListOutcome extends Outcome {
  readonly names: readonly string[];
  /** Absent when there are no more. */
  readonly last?: string;
}

interface TableRequest {
  readonly TableName: string;
}

interface ListTablesRequest {
  readonly ExclusiveStartTableName?: string;
  readonly Limit?: number;
}

const tableMembers: Members = { TableName: "String" };
const listMembers: Members = { ExclusiveStartTableName: "String", Limit: "Integer" };

export const describeTableOnRouter: RouterOperation = {
  name: "DescribeTable",
  tableNames: mentionedTable,
  parse: (input, context) => onTable("DescribeTable", "Table", input, context),
};

export const deleteTableOnRouter: RouterOperation = {
  name: "DeleteTable",
  tableNames: mentionedTable,
  parse: (input, context) => onTable("DeleteTable", "TableDescription", input, context),
};

export const listTablesOnRouter: RouterOperation = {
  name: "ListTables",
  tableNames: () => [],
  parse: parseListTables,
};

/** The name of a table operation: its rules are older than those of the item operations, and worded otherwise. */
export function checkTableName(name: string | undefined, constraints: ConstraintList): void {
  if (name === undefined) {
    throw validationException("The parameter 'TableName' is required but was not present in the request");
  }
  if (name === "") return constraints.length(name, "tableName", 1);
  if (name.startsWith("arn:")) return;
  constraints.pattern(name, "tableName", namePattern);
  if (!constraints.isEmpty) return;
  if (name.length >= tableNameLengthMin && name.length <= tableNameLengthMax) return;
  throw validationException(
    `TableName must be at least ${tableNameLengthMin} characters long and ` +
      `at most ${tableNameLengthMax} characters long`,
  );
}

export function checkTableClass(tableClass: string | undefined): void {
  if (tableClass === undefined || tableClass === "STANDARD" || tableClass === "STANDARD_INFREQUENT_ACCESS") return;
  throw validationException(
    "Invalid table-class parameter provided. Please try again with a valid table-class value: " +
      "[STANDARD, STANDARD_INFREQUENT_ACCESS].",
  );
}

/** The table's name where an ARN may stand; one of another region or account is not found. */
export function namedTable(nameOrArn: string, context: ParseContext): string {
  const name = nameOfTable(nameOrArn, context);
  if (name !== undefined) return name;
  throw new DynamoDbException(
    "ResourceNotFoundException",
    `Requested resource not found: Table: ${nameOrArn} not found`,
  );
}

export function tableReply(member: string, outcome: Outcome, context: ParseContext): string {
  throwIfRefused(outcome);
  const { table, sizes } = outcome as TableOutcome;
  return JSON.stringify({ [member]: describeTable(table, sizes, context) });
}

function onTable(operation: string, member: string, input: unknown, context: ParseContext): ControlPlan {
  const request = readRequest<TableRequest>(input, tableMembers);
  const constraints = new ConstraintList();
  checkTableName(request.TableName, constraints);
  constraints.throwIfAny();
  return {
    kind: "control",
    command: { operation, name: namedTable(request.TableName, context) },
    reply: (outcome) => tableReply(member, outcome, context),
  };
}

function parseListTables(input: unknown): ControlPlan {
  const request = readRequest<ListTablesRequest>(input, listMembers);
  const constraints = new ConstraintList();
  constraints.pattern(request.ExclusiveStartTableName, "exclusiveStartTableName", namePattern);
  constraints.length(
    request.ExclusiveStartTableName, "exclusiveStartTableName", tableNameLengthMin, tableNameLengthMax,
  );
  constraints.range(request.Limit, "limit", 1, listTablesMax);
  constraints.throwIfAny();
  return {
    kind: "control",
    command: {
      operation: "ListTables",
      exclusiveStart: request.ExclusiveStartTableName,
      limit: request.Limit ?? listTablesMax,
    },
    reply(outcome) {
      throwIfRefused(outcome);
      const { names, last } = outcome as TableListOutcome;
      return JSON.stringify({ TableNames: names, LastEvaluatedTableName: last ?? undefined });
    },
  };
}
