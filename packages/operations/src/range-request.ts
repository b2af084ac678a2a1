// The request members and checks that Query and Scan have in common.
import { parseItem } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { keyOfJsonKey, type Key } from "@azimuth/model/key.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { comparisonOperators, conditionsShape, type LegacyCondition } from "./legacy-parameters.ts";
import { attributesToGetMax, tableNameLengthMax, tableNameLengthMin } from "./limits.ts";
import { selections, type RangeReadRequest } from "./range-read.ts";
import type { Members } from "./request-shape.ts";
import { namePattern } from "./table-name.ts";
import { placeholderMembers } from "./write-request.ts";

export const rangeReadMembers: Members = {
  TableName: "String",
  IndexName: "String",
  Select: "String",
  AttributesToGet: { list: "String" },
  Limit: "Integer",
  ConsistentRead: "Boolean",
  QueryFilter: conditionsShape,
  ScanFilter: conditionsShape,
  ConditionalOperator: "String",
  ExclusiveStartKey: "Attributes",
  ReturnConsumedCapacity: "String",
  FilterExpression: "String",
  ProjectionExpression: "String",
  ...placeholderMembers,
};

export function constrainSelection(constraints: ConstraintList, request: RangeReadRequest): void {
  constraints.oneOf(request.Select, "select", selections);
  constraints.pattern(request.IndexName, "indexName", namePattern);
  constraints.length(request.IndexName, "indexName", tableNameLengthMin, tableNameLengthMax);
}

export function constrainConditions(
  constraints: ConstraintList,
  conditions: Readonly<Record<string, LegacyCondition>> | undefined,
  path: string,
): void {
  for (const name in conditions) {
    const operator = conditions[name]?.ComparisonOperator;
    const operatorPath = `${path}.${name}.member.comparisonOperator`;
    if (constraints.required(operator, operatorPath)) constraints.oneOf(operator, operatorPath, comparisonOperators);
  }
}

export function constrainRest(constraints: ConstraintList, request: RangeReadRequest): void {
  constraints.oneOf(request.ConditionalOperator, "conditionalOperator", ["OR", "AND"]);
  constraints.length(request.AttributesToGet, "attributesToGet", 1, attributesToGetMax);
  constraints.range(request.Limit, "limit", 1);
}

/** Which attributes may be chosen together with which selection. */
export function checkSelection(request: RangeReadRequest): void {
  const { Select, IndexName, ProjectionExpression, AttributesToGet } = request;
  if (Select === "ALL_PROJECTED_ATTRIBUTES" && IndexName === undefined) {
    throw validationException("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  const chosen =
    ProjectionExpression !== undefined ? "ProjectionExpression" : AttributesToGet && "AttributesToGet";
  if (Select === "SPECIFIC_ATTRIBUTES" && chosen === undefined) {
    throw validationException(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (chosen === undefined || Select === undefined || Select === "SPECIFIC_ATTRIBUTES") return;
  const what = Select === "COUNT" ? "only the Count" : Select;
  throw validationException(`Cannot specify the ${chosen} when choosing to get ${what}`);
}

const invalidStart = "The provided starting key is invalid";

/** Messages about a value that stand alone even in a starting key. */
const standsAlone = /contains duplicates|number set|numeric value|significant digits|number with magnitude/;

/** The values of ExclusiveStartKey, before the table is known. */
export function checkStartValues(request: RangeReadRequest): void {
  if (request.ExclusiveStartKey === undefined) return;
  explainStart(() => parseItem(request.ExclusiveStartKey!), (message) => !standsAlone.test(message));
}

/** The key of ExclusiveStartKey. */
export function startKey(request: RangeReadRequest, table: TableDefinition): Key | undefined {
  const { ExclusiveStartKey } = request;
  if (ExclusiveStartKey === undefined) return undefined;
  return explainStart(() => keyOfJsonKey(table.key, ExclusiveStartKey), () => true);
}

export function invalidStartKey(why: string): DynamoDbException {
  return validationException(`${invalidStart}: ${why}`);
}

function explainStart<T>(read: () => T, explains: (message: string) => boolean): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DynamoDbException && explains(error.message)) throw invalidStartKey(error.message);
    throw error;
  }
}
