// What the PartiQL operations have in common: statements parsed once per distinct text, bound to a request's
// parameters, and the words in which the operations they become are refused.
//
// The order is DynamoDB's: parameters by themselves, the statement's text, the number of parameters, the table.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { parseValue, valueToJson, type Json, type JsonObject } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { CompileCache } from "@azimuth/expression/compile-cache.ts";
import type { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { checkParameterCount, type Parameters } from "@azimuth/partiql/parameters.ts";
import { parseStatement } from "@azimuth/partiql/statement-parser.ts";
import type { ExistsStatement, Statement } from "@azimuth/partiql/syntax-tree.ts";
import type { ExpressionParameters } from "./expressions.ts";
import type { ParseContext } from "./operation.ts";
import { constrainTableName, findActiveTable } from "./table-name.ts";

export const statementLengthMax = 8192;
const parsedStatementsMax = 512;

/** The members of a request, or of one of a batch, that hold its statement. */
export interface StatementRequest {
  readonly Statement: string;
  readonly Parameters?: readonly Json[];
}

export interface BoundStatement<Kind extends Statement = Statement> {
  readonly statement: Kind;
  readonly parameters: Parameters;
}

const cache = new CompileCache(parsedStatementsMax, parseStatement);

export function constrainStatement(constraints: ConstraintList, request: StatementRequest, path: string): void {
  const { Statement: statement, Parameters: parameters } = request;
  if (constraints.required(statement, `${path}statement`)) {
    constraints.length(statement, `${path}statement`, 1, statementLengthMax);
  }
  constraints.length(parameters, `${path}parameters`, 1);
}

export function bindStatement({ Statement: text, Parameters: sent = [] }: StatementRequest): BoundStatement {
  const parameters = sent.map((value) => parseValue(value));
  const parsed = cache.get(text);
  checkParameterCount(parsed, parameters);
  return { statement: parsed.statement, parameters };
}

/** A statement that stands for itself. */
export function bindOwnStatement(request: StatementRequest): BoundStatement<Exclude<Statement, ExistsStatement>> {
  const { statement, parameters } = bindStatement(request);
  if (statement.kind === "exists") {
    throw validationException("EXISTS can only be used in ExecuteTransaction write requests.");
  }
  return { statement, parameters };
}

/** The name of the table that a statement is about. */
export function tableOf(statement: Statement): string {
  return statement.kind === "exists" ? statement.select.table : statement.table;
}

/** The table of an unchecked statement, for RouterOperation.tableNames. */
export function mentionedInStatement(text: unknown): readonly string[] {
  if (typeof text !== "string" || text.length > statementLengthMax) return [];
  try {
    return [tableOf(cache.get(text).statement)];
  } catch (error) {
    if (error instanceof DynamoDbException) return [];
    throw error;
  }
}

/** The tables of the first of an unchecked list of statements. */
export function mentionedInStatements(statements: unknown, statementsMax: number): readonly string[] {
  if (!Array.isArray(statements)) return [];
  return statements.slice(0, statementsMax).flatMap((statement: { Statement?: unknown } | null | undefined) =>
    mentionedInStatement(statement?.Statement));
}

export function findStatementTable(name: string, context: ParseContext): TableDefinition {
  const constraints = new ConstraintList();
  constrainTableName(constraints, name);
  if (constraints.isEmpty) return findActiveTable(name, context);
  throw validationException(
    "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'.",
  );
}

/** The placeholders of a statement's expressions, as members of a request. */
export function placeholderParameters({ names, values }: ExpressionWriter): ExpressionParameters {
  return {
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: attributesJson(values) }),
  };
}

export function attributesJson(attributes: ReadonlyMap<string, AttributeValue>): JsonObject {
  const json: Record<string, JsonObject> = Object.create(null);
  for (const [name, value] of attributes) json[name] = valueToJson(value);
  return json;
}

const expressionPrefix = /^Invalid (?:Condition|Filter|Projection|Update)Expression: /;

/** Runs what the statement has become; of expressions that the client never wrote, no error speaks. */
export function inStatementWords<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DynamoDbException) || !expressionPrefix.test(error.message)) throw error;
    throw validationException(error.message.replace(expressionPrefix, ""));
  }
}
