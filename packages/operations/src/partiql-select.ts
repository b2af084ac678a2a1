// SELECT: reads of ranges when its WHERE names partition keys (partiql-reads.ts), like Query; a filtered Scan when it
// does not. Either way the storage nodes read pages as for Query and Scan, and a page may go over several reads.
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import { itemToJson } from "@azimuth/model/attribute-json.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { keyReads } from "@azimuth/partiql/key-access.ts";
import type { Condition, SelectStatement } from "@azimuth/partiql/syntax-tree.ts";
import { withoutTruth } from "@azimuth/partiql/truth.ts";
import { capacityJson, noIndexUnits, readUnits, type CapacityMode } from "./capacity.ts";
import { parseExpressions, type ExpressionParameters } from "./expressions.ts";
import { mustFetch, readsFrom } from "./index-reads.ts";
import { checkKeyPaths } from "./key-paths.ts";
import type { Outcome, ParseContext } from "./operation.ts";
import { decodeNextToken, encodeNextToken, invalidNextToken, type PagePosition } from "./partiql-pages.ts";
import { columnsJson, projectedAttributes } from "./partiql-projection.ts";
import { rangedReads, readOrder, restOfRange, type RangedRead } from "./partiql-reads.ts";
import { checkFilterProjected, sourceOf, type ReadSource } from "./partiql-source.ts";
import {
  findStatementTable, inStatementWords, placeholderParameters, type BoundStatement, type StatementRequest,
} from "./partiql-statements.ts";
import type { RangeReadPlan } from "./plan.ts";
import type { QueryCommand } from "./query.ts";
import { continued, pageMembers, type PageOutcome, type RangeReadRequest } from "./range-read.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import { scanOnRouter } from "./scan.ts";

export interface SelectRequest extends StatementRequest {
  readonly ConsistentRead?: boolean;
  readonly Limit?: number;
  readonly NextToken?: string;
  readonly ReturnConsumedCapacity?: CapacityMode;
}

/** A SELECT as it is read: what one read needs of the others' parts. */
interface Selection {
  readonly statement: SelectStatement;
  readonly request: SelectRequest;
  readonly bound: BoundStatement;
  readonly source: ReadSource;
  readonly position: PagePosition | undefined;
}

const kinds = ["FilterExpression", "ProjectionExpression"] as const;

export function planSelect(
  statement: SelectStatement, bound: BoundStatement, request: SelectRequest, context: ParseContext,
): RangeReadPlan {
  const table = findStatementTable(statement.table, context);
  const source = sourceOf(statement, request.ConsistentRead === true, table);
  const where = statement.where && withoutTruth(statement.where, bound.parameters);
  const position = request.NextToken === undefined
    ? undefined
    : decodeNextToken(request.NextToken, request, source.lastKeyAttributes);
  const selection: Selection = { statement, request, bound, source, position };
  checkWhole(selection, where);
  const reads = keyReads(where, source.schema, bound.parameters);
  const order = readOrder(statement.orderBy, where !== undefined, reads, source);
  return reads === undefined
    ? planScan(selection, where, context)
    : planReads(selection, rangedReads(reads, source, order), order.reverse);
}

/** What can be wrong with the condition or the columns is wrong however they are read. */
function checkWhole({ statement, bound, source }: Selection, where: Condition | undefined): void {
  inStatementWords(() => {
    const writer = new ExpressionWriter(bound.parameters);
    const request: ExpressionParameters = {
      ...(where === undefined ? {} : { FilterExpression: writer.condition(where) }),
      ...(statement.projection === undefined ? {} : { ProjectionExpression: writer.projection(statement.projection) }),
      ...placeholderParameters(writer),
    };
    const { bindings } = parseExpressions(request, kinds);
    checkKeyPaths(request, bindings, source.table);
  });
}

/** The request that a read of the selection would have been. */
function pageRequest({ statement, request, bound }: Selection, filter: Condition | undefined): RangeReadRequest {
  const writer = new ExpressionWriter(bound.parameters);
  const attributes = projectedAttributes(statement.projection);
  const { Limit, ConsistentRead } = request;
  return {
    TableName: statement.table,
    ...(statement.index === undefined ? {} : { IndexName: statement.index }),
    ...(filter === undefined ? {} : { FilterExpression: writer.condition(filter) }),
    ...(attributes === undefined ? {} : { ProjectionExpression: writer.projection(attributes) }),
    ...(Limit === undefined ? {} : { Limit }),
    ...(ConsistentRead === undefined ? {} : { ConsistentRead }),
    ...placeholderParameters(writer),
  };
}

function planScan(selection: Selection, where: Condition | undefined, context: ParseContext): RangeReadPlan {
  const request = pageRequest(selection, where);
  const { position } = selection;
  const start = position === undefined ? {} : { ExclusiveStartKey: itemToJson(position.lastKey) };
  const plan = inStatementWords(() => scanOnRouter.parse({ ...request, ...start }, context) as RangeReadPlan);
  return { ...plan, reply: (outcomes) => reply(selection, outcomes, () => 0, unitsOfScan) };
}

function planReads(selection: Selection, reads: readonly RangedRead[], reverse: boolean): RangeReadPlan {
  const { position, source } = selection;
  const first = position?.read ?? 0;
  if (first >= reads.length) throw invalidNextToken();
  const commands = reads.slice(first).map((read) => commandOf(selection, read, reverse));
  const [command] = commands as [QueryCommand];
  const begun = position === undefined
    ? command
    : { ...command, ...restOfRange(command, source.position(position.lastKey), reverse) };
  return {
    kind: "range-read",
    command: begun,
    across: "partition",
    next: (outcomes) => {
      const next = commands[outcomes.length];
      return next && continued(next, outcomes, { token: next.token, start: next.start });
    },
    reply: (outcomes) => reply(selection, outcomes, (position) => first + position, unitsOfReads),
  };
}

function commandOf(selection: Selection, { range, filter }: RangedRead, reverse: boolean): QueryCommand {
  const { table, index } = selection.source;
  checkFilterProjected(selection.source, filter);
  const request = pageRequest(selection, filter);
  const { bindings, names, values } = inStatementWords(() => parseExpressions(request, kinds));
  return {
    kind: "range-read",
    operation: "Query",
    ...readsFrom(table, index, mustFetch(request, bindings, table, index)),
    ...range,
    reverse,
    names,
    values,
    ...pageMembers(request),
  };
}

function unitsOfScan(pages: readonly PageOutcome[], consistent: boolean): number {
  return readUnits(pages.reduce((sum, { bytes }) => sum + bytes, 0), consistent);
}

/** Each read is charged by itself. */
function unitsOfReads(pages: readonly PageOutcome[], consistent: boolean): number {
  return pages.reduce((sum, { bytes }) => sum + readUnits(bytes, consistent), 0);
}

function reply(
  { statement, request, source: { index } }: Selection,
  outcomes: readonly Outcome[],
  readOf: (position: number) => number,
  unitsOf: (pages: readonly PageOutcome[], consistent: boolean) => number,
): string {
  for (const outcome of outcomes) throwIfRefused(outcome);
  const pages = outcomes as readonly PageOutcome[];
  const lastKey = pages.at(-1)?.lastKey ?? undefined;
  const toJson = columnsJson(statement.projection);
  const consistent = request.ConsistentRead === true;
  const units = unitsOf(pages, consistent);
  const fetched = pages.reduce((sum, { fetchedBlocks }) => sum + (fetchedBlocks ?? 0), 0) * (consistent ? 1 : 0.5);
  const position = lastKey && { read: readOf(pages.length - 1), lastKey: decodeItem(lastKey) };
  return objectText({
    Items: `[${pages.flatMap(({ items }) => items.map(toJson)).join(",")}]`,
    NextToken: position && JSON.stringify(encodeNextToken(request, position)),
    LastEvaluatedKey: lastKey && encodedItemToJson(lastKey),
    ConsumedCapacity: index === undefined
      ? capacityJson(statement.table, request.ReturnConsumedCapacity, units)
      : capacityJson(statement.table, request.ReturnConsumedCapacity, fetched,
        { ...noIndexUnits, [index.kind]: { [index.name]: units } }),
  });
}
