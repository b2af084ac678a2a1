// ExecuteTransaction: up to 100 PartiQL statements that are one transaction: reads of single items, or writes with
// conditions on further items (EXISTS). They become the parts of a TransactGetItems or a TransactWriteItems.
//
// A statement that can never be right refuses the request, and the message tells which. What is wrong with its table
// or its key cancels the transaction with a reason, as if the statement had been tried. All statements are looked at:
// one that refuses goes before another that cancels.
import { hash } from "node:crypto";
import type { Json } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { checkTarget } from "@azimuth/partiql/key-access.ts";
import { StatementKeyError } from "@azimuth/partiql/statement-error.ts";
import type { ExistsStatement, SelectStatement, Statement } from "@azimuth/partiql/syntax-tree.ts";
import { withoutTruth } from "@azimuth/partiql/truth.ts";
import type { CapacityMode } from "./capacity.ts";
import type { ParseContext, WriteCommand } from "./operation.ts";
import { plannedPointRead } from "./partiql-point-read.ts";
import {
  attributesJson, bindStatement, constrainStatement, findStatementTable, inStatementWords, mentionedInStatements,
  placeholderParameters, tableOf, type BoundStatement, type StatementRequest,
} from "./partiql-statements.ts";
import { duplicateItem, plannedWrite, type WriteOptions, type WriteStatement } from "./partiql-writes.ts";
import type { RouterOperation } from "./plan.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { commandOf as commandOfGet, readGet, replyOfGets, type ReadGet } from "./transact-get-items.ts";
import type { TransactGetPlan, TransactWritePlan, TransactWriteResult } from "./transact-plan.ts";
import {
  canonical, clientTokenLengthMax, commandsOrCancel, refuseSharedItems, transactItemsMax,
} from "./transact-reply.ts";
import {
  checkAggregateSize, commandOf as commandOfAction, readAction, replyOfActions, type ActionEntry, type ReadAction,
} from "./transact-write-items.ts";
import { constrainCapacityMode } from "./write-request.ts";

interface TransactStatement extends StatementRequest, WriteOptions {}

interface ExecuteTransactionRequest {
  readonly TransactStatements: readonly TransactStatement[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

/** What a statement has become, for its table. */
interface ForTable<Ready> {
  readonly table: TableDefinition;
  readonly ready: Ready;
}

/** Or what cancels the transaction in its place. */
type Prepared<Ready> = ForTable<Ready> | DynamoDbException;

const members: Members = {
  TransactStatements: {
    list: {
      members: {
        Statement: "String",
        Parameters: { list: "AttributeValue" },
        ReturnValuesOnConditionCheckFailure: "String",
      },
      of: "ParameterizedStatement",
      element: true,
    },
  },
  ClientRequestToken: "String",
  ReturnConsumedCapacity: "String",
};

const actionByOperation: Readonly<Record<string, keyof ActionEntry>> = {
  PutItem: "Put", UpdateItem: "Update", DeleteItem: "Delete",
};

export const executeTransactionOnRouter: RouterOperation = {
  name: "ExecuteTransaction",
  tableNames: (input) => mentionedInStatements(
    (input as { TransactStatements?: unknown } | null | undefined)?.TransactStatements, transactItemsMax,
  ),
  parse,
};

function parse(input: unknown, context: ParseContext): TransactWritePlan | TransactGetPlan {
  const request = readRequest<ExecuteTransactionRequest>(input, members);
  checkConstraints(request);
  const bound = request.TransactStatements.map((statement, position) =>
    inStatement(position, () => bindStatement(statement)));
  if (bound.every(isRead)) return planReads(request, bound, context);
  if (bound.some(isRead)) {
    throw validationException(
      "ExecuteTransaction API does not support both read and write operations in the same request.",
    );
  }
  return planWrites(request, bound as readonly BoundStatement<WriteStatement | ExistsStatement>[], context);
}

function checkConstraints(request: ExecuteTransactionRequest): void {
  const constraints = new ConstraintList();
  constraints.length(request.ClientRequestToken, "clientRequestToken", 1, clientTokenLengthMax);
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  if (constraints.required(request.TransactStatements, "transactStatements")) {
    constraints.length(request.TransactStatements, "transactStatements", 1, transactItemsMax);
    if (request.TransactStatements.length <= transactItemsMax) {
      request.TransactStatements.forEach((statement, position) => {
        const path = `transactStatements.${position + 1}.member`;
        if (!constraints.required(statement, path)) return;
        constrainStatement(constraints, statement, `${path}.`);
        constraints.oneOf(statement.ReturnValuesOnConditionCheckFailure,
          `${path}.returnValuesOnConditionCheckFailure`, ["ALL_OLD", "NONE"]);
      });
    }
  }
  constraints.throwIfAny();
}

function isRead(bound: BoundStatement): bound is BoundStatement<SelectStatement> {
  return bound.statement.kind === "select";
}

/** Runs what concerns one statement; its number, from 0, goes before what it is refused with. */
function inStatement<Result>(position: number, run: () => Result): Result {
  try {
    return inStatementWords(run);
  } catch (error) {
    if (!(error instanceof DynamoDbException) || error.type !== "ValidationException") throw error;
    if (error instanceof StatementKeyError) throw error;
    throw validationException(`Validation failed in TransactStatements[${position}]: ${error.message}`);
  }
}

function prepare<Kind extends Statement, Ready>(
  bound: readonly BoundStatement<Kind>[],
  context: ParseContext,
  makeReady: (bound: BoundStatement<Kind>, table: TableDefinition, position: number) => Ready,
): readonly Prepared<Ready>[] {
  return bound.map((each, position) => {
    try {
      return inStatement(position, () => {
        const table = findStatementTable(tableOf(each.statement), context);
        return { table, ready: makeReady(each, table, position) };
      });
    } catch (error) {
      if (error instanceof StatementKeyError) return validationException(keyMismatch);
      if (error instanceof DynamoDbException && error.type === "ResourceNotFoundException") return error;
      throw error;
    }
  });
}

const keyMismatch = "The provided key element does not match the schema";

function commandsOf<Ready, Command>(
  prepared: readonly Prepared<Ready>[], commandOf: (ready: Ready, table: TableDefinition) => Command,
): readonly Command[] {
  return commandsOrCancel(prepared.map((each) => () => {
    if (each instanceof DynamoDbException) throw each;
    return commandOf(each.ready, each.table);
  }));
}

/** When none of them cancels the transaction. */
function allReady<Ready>(prepared: readonly Prepared<Ready>[]): readonly ForTable<Ready>[] {
  return prepared.filter((each): each is ForTable<Ready> => !(each instanceof DynamoDbException));
}

interface ReadyGet extends ReadGet {
  readonly toJson: (item: Uint8Array) => string;
}

function planReads(
  request: ExecuteTransactionRequest, bound: readonly BoundStatement<SelectStatement>[], context: ParseContext,
): TransactGetPlan {
  const prepared = prepare(bound, context, ({ statement, parameters }, table): ReadyGet => {
    if (statement.index !== undefined) {
      throw validationException("Reads on indices are not supported within transactions.");
    }
    const { get, toJson } = plannedPointRead(statement, parameters, table, "ExecuteTransaction");
    return { ...readGet(get), toJson };
  });
  const parts = commandsOf(prepared, commandOfGet);
  refuseSharedItems(parts);
  const replied = allReady(prepared).map(({ ready: { get, toJson } }) => ({ table: get.TableName, toJson }));
  const { ReturnConsumedCapacity: mode } = request;
  return { kind: "transact-get", parts, reply: (result) => replyOfGets(replied, mode, result) };
}

function planWrites(
  request: ExecuteTransactionRequest,
  bound: readonly BoundStatement<WriteStatement | ExistsStatement>[],
  context: ParseContext,
): TransactWritePlan {
  const prepared = prepare(bound, context, (each, table, position) =>
    readAction(entryOf(each, request.TransactStatements[position] as TransactStatement, table, context)));
  const parts = commandsOf<ReadAction, WriteCommand>(prepared, commandOfAction);
  refuseSharedItems(parts);
  const all = allReady(prepared);
  const actions = all.map(({ ready }) => ready);
  checkAggregateSize(actions);
  const tables = all.map(({ table }) => table);
  const choices = request.ReturnConsumedCapacity === undefined
    ? {}
    : { ReturnConsumedCapacity: request.ReturnConsumedCapacity };
  return {
    kind: "transact-write",
    parts,
    clientToken: request.ClientRequestToken,
    payloadHash: hash("sha256", canonical(request.TransactStatements as unknown as Json)),
    reply: (result) => replyOfActions(choices, actions, tables, inWordsOfStatements(bound, result)),
  };
}

/** The element of TransactItems that the statement stands for. */
function entryOf(
  { statement, parameters }: BoundStatement<WriteStatement | ExistsStatement>,
  { ReturnValuesOnConditionCheckFailure: choice }: TransactStatement,
  table: TableDefinition,
  context: ParseContext,
): ActionEntry {
  const common = {
    TableName: tableOf(statement), ...(choice === undefined ? {} : { ReturnValuesOnConditionCheckFailure: choice }),
  };
  if (statement.kind === "exists") {
    return { ConditionCheck: { ...common, ...conditionCheckOf(statement, parameters, table) } };
  }
  if (statement.kind !== "insert" && statement.returning !== undefined) {
    throw validationException("RETURNING clause is not supported in ExecuteTransaction.");
  }
  const { operation, request } = plannedWrite(statement, { statement, parameters }, context);
  const name = actionByOperation[operation.name];
  if (name === undefined) throw new Error(`no action does what ${operation.name} does`);
  return { [name]: { ...common, ...request } };
}

function conditionCheckOf(
  { select }: ExistsStatement, parameters: BoundStatement["parameters"], table: TableDefinition,
): object {
  if (select.index !== undefined) {
    throw validationException("Operations on indices are not supported in transactions");
  }
  const where = select.where && withoutTruth(select.where, parameters);
  const { key, condition } = checkTarget(where, table.key, parameters);
  const writer = new ExpressionWriter(parameters);
  return {
    Key: attributesJson(key),
    ConditionExpression: writer.condition({ kind: "and", conditions: condition }),
    ...placeholderParameters(writer),
  };
}

/** An INSERT's condition is not the client's: where it fails, there is an item already. */
function inWordsOfStatements(bound: readonly BoundStatement[], result: TransactWriteResult): TransactWriteResult {
  if (result.kind !== "cancelled") return result;
  const refusals = result.refusals.map((refusal, position) =>
    bound[position]?.statement.kind === "insert" && refusal?.type === "ConditionalCheckFailedException"
      ? { ...refusal, ...duplicateItem }
      : refusal);
  return { kind: "cancelled", refusals };
}
