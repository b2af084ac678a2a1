// What PutItem, UpdateItem and DeleteItem have in common: their request members, constraints and response.
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import { capacityJson, capacityModes, type CapacityMode } from "./capacity.ts";
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
  constraints.oneOf(
    request.ReturnValuesOnConditionCheckFailure, "returnValuesOnConditionCheckFailure", ["ALL_OLD", "NONE"],
  );
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
}

export function writeReply(request: WriteRequest, outcome: Outcome): string {
  throwIfRefused(outcome);
  const { units, attributes } = outcome as WriteOutcome;
  return objectText({
    Attributes: attributes === undefined || attributes === null ? undefined : encodedItemToJson(attributes),
    ConsumedCapacity: capacityJson(request.TableName, request.ReturnConsumedCapacity, units),
  });
}
