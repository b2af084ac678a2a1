// What PutItem, UpdateItem and DeleteItem have in common: their request members, constraints and response.
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { capacityJson, capacityModes, noIndexUnits, type CapacityMode, type IndexUnits } from "./capacity.ts";
import type { ExpressionParameters } from "./expressions.ts";
import { comparisonOperators, expectedShape, type LegacyParameters } from "./legacy-parameters.ts";
import type { Outcome } from "./operation.ts";
import { objectText, throwIfRefused } from "./reply-text.ts";
import type { Members } from "./request-shape.ts";

export const returnValues = ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"] as const;
export type ReturnValues = (typeof returnValues)[number];

export interface WriteRequest extends ExpressionParameters, LegacyParameters {
  readonly TableName: string;
  readonly ReturnValues?: ReturnValues;
  readonly ReturnConsumedCapacity?: CapacityMode;
  readonly ReturnItemCollectionMetrics?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

export const placeholderMembers: Members = {
  ExpressionAttributeValues: "Attributes",
  ExpressionAttributeNames: { map: "String", of: "java.lang.String" },
};

export const writeMembers: Members = {
  TableName: "String",
  ReturnValues: "String",
  ReturnConsumedCapacity: "String",
  ReturnItemCollectionMetrics: "String",
  ReturnValuesOnConditionCheckFailure: "String",
  ConditionalOperator: "String",
  Expected: expectedShape,
  ConditionExpression: "String",
  ...placeholderMembers,
};

export function constrainCapacityMode(constraints: ConstraintList, mode: string | undefined): void {
  constraints.oneOf(mode, "returnConsumedCapacity", capacityModes);
}

/** The enumerations that stand after the table's name (and the item) in the service's order. */
export function constrainWriteChoices(constraints: ConstraintList, request: WriteRequest): void {
  constraints.oneOf(request.ReturnValues, "returnValues", returnValues);
  constraints.oneOf(request.ReturnItemCollectionMetrics, "returnItemCollectionMetrics", ["SIZE", "NONE"]);
  constraints.oneOf(request.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", [
    "ALL_OLD",
    "NONE",
  ]);
  constraints.oneOf(request.ConditionalOperator, "conditionalOperator", ["OR", "AND"]);
  for (const name in request.Expected) {
    const operator = request.Expected[name]?.ComparisonOperator;
    constraints.oneOf(operator, `expected.${name}.member.comparisonOperator`, comparisonOperators);
  }
}

/** Outcome of a write that was done. */
export interface WriteOutcome extends Outcome {
  readonly units: number;
  /** Encoded attributes that ReturnValues asked for. */
  readonly attributes?: Uint8Array;
  /** What the table's indexes consumed; absent when it has none. */
  readonly indexUnits?: IndexUnits;
  /** Size of the item's collection, where those are counted: in tables with local indexes. */
  readonly collectionBytes?: number;
}

/** The key of a request's item collection, as a response shows it. */
export function collectionKey(table: TableDefinition, item: JsonObject): JsonObject {
  const { name } = table.key.partition;
  return { [name]: item[name] };
}

export function writeReply(request: WriteRequest, outcome: Outcome, collection: JsonObject): string {
  throwIfRefused(outcome);
  const { units, attributes, indexUnits, collectionBytes } = outcome as WriteOutcome;
  const wantsCollection =
    request.ReturnItemCollectionMetrics === "SIZE" && typeof collectionBytes === "number";
  return objectText({
    Attributes: attributes === undefined || attributes === null ? undefined : encodedItemToJson(attributes),
    ConsumedCapacity: capacityJson(
      request.TableName,
      request.ReturnConsumedCapacity,
      units,
      indexUnits ?? noIndexUnits,
    ),
    ItemCollectionMetrics: wantsCollection ? collectionMetricsJson(collection, collectionBytes) : undefined,
  });
}

/** The service gives an estimate within a gigabyte. */
export function collectionMetricsJson(collection: JsonObject, bytes: number): string {
  const gigabytes = Math.floor(bytes / 2 ** 30);
  return JSON.stringify({ ItemCollectionKey: collection, SizeEstimateRangeGB: [gigabytes, gigabytes + 1] });
}
