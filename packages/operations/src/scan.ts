// Scan: a page of the whole table, or of one of `TotalSegments` equal ranges of tokens, in token order. It goes from
// partition to partition until the page is full.
import { fromHex } from "@azimuth/foundation/bytes.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { firstToken, lastToken, nextToken, numberToToken } from "@azimuth/placement/token.ts";
import { checkParameterMix, parseExpressions } from "./expressions.ts";
import { findIndex, indexStart, mustFetch, readsFrom } from "./index-reads.ts";
import { checkKeyPaths } from "./key-paths.ts";
import { successor } from "./key-range.ts";
import { withoutLegacy } from "./legacy-parameters.ts";
import { scanSegmentsMax } from "./limits.ts";
import type { ItemPosition, Outcome, ParseContext, RangeReadCommand, Token } from "./operation.ts";
import type { RangeReadPlan, RouterOperation } from "./plan.ts";
import { positionOf } from "./position.ts";
import { continued, pageMembers, pageReply, type PageCommand, type RangeReadRequest } from "./range-read.ts";
import {
  checkSelection, checkStartValues, constrainConditions, constrainRest, constrainSelection, invalidStartKey,
  rangeReadMembers, startKey,
} from "./range-request.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import { constrainCapacityMode } from "./write-request.ts";

interface ScanRequest extends RangeReadRequest {
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

export interface ScanCommand extends PageCommand {
  readonly operation: "Scan";
}

interface Segment {
  readonly first: Token;
  readonly last: Token;
}

const members: Members = { ...rangeReadMembers, Segment: "Integer", TotalSegments: "Integer" };
const kinds = ["FilterExpression", "ProjectionExpression"] as const;
const empty = new Uint8Array(0);

export const scanOnRouter: RouterOperation = { name: "Scan", tableNames: mentionedTable, parse };

function parse(input: unknown, context: ParseContext): RangeReadPlan {
  const asSent = readRequest<ScanRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, kinds);
  checkStartValues(asSent);
  checkSegments(asSent);
  checkSelection(asSent);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, kinds);
  const table = findActiveTable(request.TableName, context);
  const index = findIndex(request, table);
  checkKeyPaths(request, bindings, table);
  const fetch = mustFetch(request, bindings, table, index);
  const segment = segmentOf(request);
  const command: ScanCommand = {
    kind: "range-read",
    operation: "Scan",
    ...readsFrom(table, index, fetch),
    ...range(request, table, index, segment),
    reverse: false,
    names,
    values,
    ...pageMembers(request),
  };
  return {
    kind: "range-read",
    command,
    across: "table",
    next: (outcomes, partitionEnd) => next(command, segment, outcomes, partitionEnd),
    reply: (outcomes) => pageReply(request, outcomes, index),
  };
}

function checkConstraints(request: ScanRequest): void {
  const constraints = new ConstraintList();
  constrainSelection(constraints, request);
  constraints.range(request.TotalSegments, "totalSegments", 1, scanSegmentsMax);
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainTableName(constraints, request.TableName);
  constrainConditions(constraints, request.ScanFilter, "scanFilter");
  constraints.range(request.Segment, "segment", 0, scanSegmentsMax - 1);
  constrainRest(constraints, request);
  constraints.throwIfAny();
}

function checkSegments({ Segment, TotalSegments }: ScanRequest): void {
  if (Segment === undefined && TotalSegments === undefined) return;
  if (TotalSegments === undefined) {
    throw validationException(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (Segment === undefined) {
    throw validationException(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (Segment < TotalSegments) return;
  throw validationException(
    "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
      `Segment: ${Segment} is not less than TotalSegments: ${TotalSegments}`,
  );
}

function segmentOf({ Segment = 0, TotalSegments = 1 }: ScanRequest): Segment {
  const boundary = (segment: number): bigint => ((1n << 64n) * BigInt(segment)) / BigInt(TotalSegments);
  return { first: numberToToken(boundary(Segment)), last: numberToToken(boundary(Segment + 1) - 1n) };
}

function range(
  request: ScanRequest,
  table: TableDefinition,
  index: IndexDefinition | undefined,
  segment: Segment,
): Pick<RangeReadCommand, "token" | "start" | "end"> {
  const after = nextToken(segment.last);
  const end = after === undefined ? empty : fromHex(after);
  const start = index === undefined ? tableStart(request, table) : indexStart(request, table, index);
  if (start === undefined) return { token: segment.first, start: startOf(segment.first), end };
  const { token, key } = start;
  if (token < segment.first || token > segment.last) {
    throw invalidStartKey(
      "Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. " +
        `TotalSegments: ${request.TotalSegments} Segment: ${request.Segment}`,
    );
  }
  return { token, start: successor(key), end };
}

function tableStart(request: ScanRequest, table: TableDefinition): ItemPosition | undefined {
  const key = startKey(request, table);
  return key && positionOf(key);
}

function startOf(token: Token): Uint8Array {
  return token === firstToken ? empty : fromHex(token);
}

function next(
  command: ScanCommand,
  segment: Segment,
  outcomes: readonly Outcome[],
  partitionEnd: Token,
): PageCommand | undefined {
  if (partitionEnd >= segment.last || partitionEnd === lastToken) return undefined;
  const token = nextToken(partitionEnd) as Token;
  return continued(command, outcomes, { token, start: startOf(token) });
}
