// BatchExecuteStatement: up to 25 statements, all reads or all writes, each by itself: what is wrong with one is said
// in its own response and does not touch the others. A read has to name the primary key, and nothing else.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { keyOfJsonKey } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { SelectStatement } from "@azimuth/partiql/syntax-tree.ts";
import { addTo, batchCapacityJson } from "./batch.ts";
import type { CapacityMode } from "./capacity.ts";
import { parseExpressions } from "./expressions.ts";
import type { GetItemCommand, GetItemOutcome } from "./get-item.ts";
import type { Outcome, ParseContext, PointReadCommand, WriteCommand } from "./operation.ts";
import { plannedPointRead } from "./partiql-point-read.ts";
import {
  bindOwnStatement, constrainStatement, findStatementTable, inStatementWords, mentionedInStatements,
  type StatementRequest,
} from "./partiql-statements.ts";
import { planWrite } from "./partiql-writes.ts";
import type { BatchPlan, PartResult, RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainCapacityMode } from "./write-request.ts";

interface BatchStatement extends StatementRequest {
  readonly ConsistentRead?: boolean;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

interface BatchExecuteStatementRequest {
  readonly Statements: readonly BatchStatement[];
  readonly ReturnConsumedCapacity?: CapacityMode;
}

type BoundStatement = ReturnType<typeof bindOwnStatement>;

/** A statement that can be run. */
interface RunnableStatement {
  readonly kind: "write" | "point-read";
  readonly command: WriteCommand | PointReadCommand;
  readonly table: string;
  itemOf(outcome: Outcome): string | undefined;
}

type Part = RunnableStatement & { readonly place: number };

const statementsMax = 25;

const members: Members = {
  Statements: {
    list: {
      members: {
        Statement: "String",
        Parameters: { list: "AttributeValue" },
        ConsistentRead: "Boolean",
        ReturnValuesOnConditionCheckFailure: "String",
      },
      of: "BatchStatementRequest",
      element: true,
    },
  },
  ReturnConsumedCapacity: "String",
};

export const batchExecuteStatementOnRouter: RouterOperation = {
  name: "BatchExecuteStatement",
  tableNames: (input) =>
    mentionedInStatements((input as { Statements?: unknown } | null | undefined)?.Statements, statementsMax),
  parse,
};

function parse(input: unknown, context: ParseContext): BatchPlan {
  const request = readRequest<BatchExecuteStatementRequest>(input, members);
  checkConstraints(request);
  const bound = request.Statements.map((statement) => attempt(() => bindOwnStatement(statement)));
  refuseMixed(bound);
  const planned = request.Statements.map((statement, place) => {
    const each = bound[place] as BoundStatement | DynamoDbException;
    return each instanceof DynamoDbException
      ? each
      : attempt((): Part => ({ ...statementOf(statement, each, context), place }));
  });
  const parts = planned.filter((each): each is Part => !(each instanceof DynamoDbException));
  return { kind: "batch", parts, reply: (results) => reply(request, planned, results) };
}

function checkConstraints(request: BatchExecuteStatementRequest): void {
  const constraints = new ConstraintList();
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  if (constraints.required(request.Statements, "statements")) {
    constraints.length(request.Statements, "statements", 1, statementsMax);
    request.Statements.forEach((statement, position) => {
      const path = `statements.${position + 1}.member`;
      if (!constraints.required(statement, path)) return;
      constrainStatement(constraints, statement, `${path}.`);
      constraints.oneOf(
        statement.ReturnValuesOnConditionCheckFailure,
        `${path}.returnValuesOnConditionCheckFailure`,
        ["ALL_OLD", "NONE"],
      );
    });
  }
  constraints.throwIfAny();
}

function attempt<Result>(run: () => Result): Result | DynamoDbException {
  try {
    return run();
  } catch (error) {
    if (error instanceof DynamoDbException) return error;
    throw error;
  }
}

function refuseMixed(statements: readonly (BoundStatement | DynamoDbException)[]): void {
  const isRead = statements.flatMap((each) =>
    each instanceof DynamoDbException ? [] : [each.statement.kind === "select"]);
  if (new Set(isRead).size < 2) return;
  throw validationException("Read and write requests together in the same batch is not supported.");
}

function statementOf(request: BatchStatement, bound: BoundStatement, context: ParseContext): RunnableStatement {
  const { statement } = bound;
  if (statement.kind === "select") return readOf(statement, request, bound, context);
  const { ReturnValuesOnConditionCheckFailure: choice } = request;
  const options = choice === undefined ? {} : { ReturnValuesOnConditionCheckFailure: choice };
  return { kind: "write", ...planWrite(statement, bound, options, context) };
}

function readOf(
  statement: SelectStatement, request: BatchStatement, { parameters }: BoundStatement, context: ParseContext,
): RunnableStatement {
  const table = findStatementTable(statement.table, context);
  const { get, toJson } = plannedPointRead(statement, parameters, table, "BatchExecuteStatement");
  const { names, values } = inStatementWords(() => parseExpressions(get, ["ProjectionExpression"]));
  const command: GetItemCommand = {
    kind: "point-read",
    operation: "GetItem",
    tableId: table.tableId,
    position: positionOf(keyOfJsonKey(table.key, get.Key)),
    consistent: request.ConsistentRead === true,
    projection: get.ProjectionExpression,
    names,
    values,
  };
  return {
    kind: "point-read",
    command,
    table: statement.table,
    itemOf(outcome) {
      throwIfRefused(outcome);
      const { item } = outcome as GetItemOutcome;
      return item === undefined || item === null ? undefined : toJson(item);
    },
  };
}

function reply(
  request: BatchExecuteStatementRequest,
  planned: readonly (Part | DynamoDbException)[],
  results: readonly PartResult[],
): string {
  const units = new Map<string, number>();
  let position = 0;
  const responses = planned.map((part) => {
    if (part instanceof DynamoDbException) return objectText({ Error: errorJson(part) });
    const result = results[position++] as PartResult;
    const TableName = JSON.stringify(part.table);
    if ("failed" in result) return objectText({ Error: errorJson(failureOf(result.failed)), TableName });
    const { units: consumed } = result.outcome as { readonly units?: number };
    if (consumed !== undefined && consumed !== null) addTo(units, part.table, consumed);
    const item = attempt(() => part.itemOf(result.outcome));
    return item instanceof DynamoDbException
      ? objectText({ Error: errorJson(item), TableName })
      : objectText({ Item: item, TableName });
  });
  return objectText({
    Responses: `[${responses.join(",")}]`,
    ConsumedCapacity: batchCapacityJson(units, request.ReturnConsumedCapacity),
  });
}

/** Codes are the exceptions' names without their ending, but for one. */
function errorJson(error: DynamoDbException): string {
  const Code = error.type === "ValidationException" ? "ValidationError" : error.type.replace(/Exception$/, "");
  return JSON.stringify({ Code, Message: error.message, ...error.members });
}

function failureOf(failed: "throttled" | "unavailable"): DynamoDbException {
  return failed === "throttled"
    ? new DynamoDbException(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. " +
          "Consider increasing your provisioning level with the UpdateTable API.",
      )
    : new DynamoDbException("InternalServerError", "Internal server error", 500);
}
