// The condition of a write: whether the item there allows it, and the refusal when it does not.
import type { Item } from "@azimuth/model/attribute-value.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";
import { compileCondition, evaluateCondition } from "@azimuth/expression/condition.ts";
import type { Decision, WriteCommand } from "./operation.ts";
import { conditionFailedMessage } from "./reply-text.ts";

/** The members of a write command that hold its condition. */
export interface Conditional {
  readonly condition: string | undefined;
  readonly returnItemOnFailure: boolean;
}

export type ConditionalCommand = WriteCommand & Conditional;

const nothing: Item = new Map();

/** `bindings` and `item` are only made when there is a condition. */
export function conditionHolds(
  command: Conditional,
  bindings: () => Bindings,
  item: () => Item | undefined,
): boolean {
  if (typeof command.condition !== "string") return true;
  const condition = compileCondition(command.condition, "ConditionExpression");
  return evaluateCondition(condition, bindings(), item() ?? nothing);
}

/** The condition's members of a command. */
export function carryCondition(request: {
  readonly ConditionExpression?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}): Conditional {
  return {
    condition: request.ConditionExpression,
    returnItemOnFailure: request.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
  };
}

/** The decision when the condition does not hold; a failed condition is charged like the write of what is there. */
export function conditionFailed(command: Conditional, before: Uint8Array | undefined): Decision {
  const shown = command.returnItemOnFailure && before !== undefined ? { item: before } : {};
  return {
    effects: [],
    outcome: { refused: { type: "ConditionalCheckFailedException", message: conditionFailedMessage, ...shown } },
  };
}
