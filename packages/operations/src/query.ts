// Query: a page of the items of one partition key, in the order of their sort keys or the reverse.
import { validationException } from "@azimuth/model/exceptions.ts";
import type { Key, KeyValue } from "@azimuth/model/key.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { equalValues } from "@azimuth/model/value-compare.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";
import { compileCondition, conditionAttributeNames } from "@azimuth/expression/condition.ts";
import {
  compileKeyCondition, resolveKeyCondition, type ResolvedKeyCondition,
} from "@azimuth/expression/key-condition.ts";
import { checkParameterMix, parseExpressions } from "./expressions.ts";
import {
  findIndex, indexQueryRange, mustFetch, readKeyNames, readsFrom, refuseUnprojectedFilter,
} from "./index-reads.ts";
import { checkKeyPaths } from "./key-paths.ts";
import {
  checkConditionValues, rangeAfter, rangeOf, resolveLegacyKeyConditions, sortKeyMatches, type KeyRange,
} from "./key-range.ts";
import { checkedConditions, conditionsShape, withoutLegacy, type LegacyCondition } from "./legacy-parameters.ts";
import type { ParseContext } from "./operation.ts";
import type { RangeReadPlan, RouterOperation } from "./plan.ts";
import { pageMembers, pageReply, type PageCommand, type RangeReadRequest } from "./range-read.ts";
import {
  checkSelection, checkStartValues, constrainConditions, constrainRest, constrainSelection, rangeReadMembers,
  startKey,
} from "./range-request.ts";
import { readRequest, type Members } from "./request-shape.ts";
import { constrainTableName, findActiveTable, mentionedTable } from "./table-name.ts";
import { constrainCapacityMode } from "./write-request.ts";

interface QueryRequest extends RangeReadRequest {
  readonly KeyConditions?: Readonly<Record<string, LegacyCondition>>;
  readonly ScanIndexForward?: boolean;
}

export interface QueryCommand extends PageCommand {
  readonly operation: "Query";
}

const members: Members = {
  ...rangeReadMembers,
  KeyConditions: conditionsShape,
  KeyConditionExpression: "String",
  ScanIndexForward: "Boolean",
};

const kinds = ["KeyConditionExpression", "FilterExpression", "ProjectionExpression"] as const;

export const queryOnRouter: RouterOperation = { name: "Query", tableNames: mentionedTable, parse };

function parse(input: unknown, context: ParseContext): RangeReadPlan {
  const asSent = readRequest<QueryRequest>(input, members);
  checkConstraints(asSent);
  checkParameterMix(asSent, kinds);
  checkStartValues(asSent);
  checkSelection(asSent);
  checkKeyConditionGiven(asSent);
  const request = withoutLegacy(asSent);
  const { bindings, names, values } = parseExpressions(request, kinds);
  const table = findActiveTable(request.TableName, context);
  const index = findIndex(request, table);
  const range = index === undefined
    ? tableQueryRange(request, bindings, table)
    : indexQueryRange(request, bindings, table, index);
  checkKeyPaths(request, bindings, table);
  checkFilter(asSent, request, bindings, readKeyNames(table, index));
  if (request.FilterExpression !== undefined) {
    const filter = compileCondition(request.FilterExpression, "FilterExpression");
    refuseUnprojectedFilter(table, index, conditionAttributeNames(filter, bindings));
  }
  const fetch = mustFetch(request, bindings, table, index);
  const command: QueryCommand = {
    kind: "range-read",
    operation: "Query",
    ...readsFrom(table, index, fetch),
    ...range,
    reverse: request.ScanIndexForward === false,
    names,
    values,
    ...pageMembers(request),
  };
  return {
    kind: "range-read",
    command,
    across: "partition",
    next: () => undefined,
    reply: (outcomes) => pageReply(request, outcomes, index),
  };
}

function checkConstraints(request: QueryRequest): void {
  const constraints = new ConstraintList();
  constrainSelection(constraints, request);
  constrainCapacityMode(constraints, request.ReturnConsumedCapacity);
  constrainConditions(constraints, request.QueryFilter, "queryFilter");
  constrainTableName(constraints, request.TableName);
  constrainRest(constraints, request);
  constrainConditions(constraints, request.KeyConditions, "keyConditions");
  constraints.throwIfAny();
}

function checkKeyConditionGiven(request: QueryRequest): void {
  const { KeyConditions, KeyConditionExpression } = request;
  if (KeyConditions === undefined && KeyConditionExpression === undefined) {
    throw validationException(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  if (KeyConditions === undefined) return;
  checkedConditions(KeyConditions);
  const count = Object.keys(KeyConditions).length;
  if (count === 0 || count > 2) throw validationException("Conditions can be of length 1 or 2 only");
}

function resolve(request: QueryRequest, bindings: Bindings, table: TableDefinition): ResolvedKeyCondition {
  const { KeyConditionExpression, KeyConditions } = request;
  const condition =
    KeyConditionExpression === undefined
      ? resolveLegacyKeyConditions(KeyConditions ?? {}, table.key)
      : resolveKeyCondition(compileKeyCondition(KeyConditionExpression), bindings, table.key);
  checkConditionValues(condition, table.key);
  return condition;
}

/** A starting key has to be one that this query could have returned. */
function checkStart(start: Key, { partitionValue, sort }: ResolvedKeyCondition): void {
  const samePartition = equalValues(start.partition, partitionValue);
  if (sort === undefined && !samePartition) {
    throw validationException(
      "The provided starting key is outside query boundaries based on provided conditions",
    );
  }
  if (sort === undefined) return;
  if (!sortKeyMatches(start.sort as KeyValue, sort)) {
    throw validationException("The provided starting key does not match the range key predicate");
  }
  if (!samePartition) throw validationException("The query can return at most one row and cannot be restarted");
}

function checkFilter(
  asSent: QueryRequest,
  request: QueryRequest,
  bindings: Bindings,
  keys: readonly string[],
): void {
  if (request.FilterExpression === undefined) return;
  const filter = compileCondition(request.FilterExpression, "FilterExpression");
  const filtered = conditionAttributeNames(filter, bindings);
  const name = keys.find((keyName) => filtered.includes(keyName));
  if (name === undefined) return;
  const member = asSent.QueryFilter === undefined ? "Filter Expression" : "QueryFilter";
  throw validationException(
    `${member} can only contain non-primary key attributes: Primary key attribute: ${name}`,
  );
}

function tableQueryRange(request: QueryRequest, bindings: Bindings, table: TableDefinition): KeyRange {
  const condition = resolve(request, bindings, table);
  const whole = rangeOf(condition);
  const start = startKey(request, table);
  if (start === undefined) return whole;
  checkStart(start, condition);
  return rangeAfter(whole, start, request.ScanIndexForward === false);
}
