// The values of a statement's parameters, put in for its question marks.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { errorAt } from "./statement-error.ts";
import type { Operand, ParsedStatement, SetAction, ValueExpression } from "./syntax-tree.ts";

export type Parameters = readonly AttributeValue[];

export function checkParameterCount({ parameterCount }: ParsedStatement, parameters: Parameters): void {
  if (parameterCount === parameters.length) return;
  throw validationException("Number of parameters in request and statement don't match.");
}

export function valueOf(expression: ValueExpression, parameters: Parameters): AttributeValue {
  if (expression.kind === "literal") return expression.value;
  const value = parameters[expression.index];
  if (value === undefined) throw new Error("the parameters were not counted");
  return value;
}

/** The value of an operand that has one without an item. */
export function maybeValueOf(operand: Operand, parameters: Parameters): AttributeValue | undefined {
  return operand.kind === "literal" || operand.kind === "parameter" ? valueOf(operand, parameters) : undefined;
}

/** The set that set_add or set_delete brings; of a parameter it is known only now. */
export function setOf({ kind, value, place }: SetAction, parameters: Parameters): AttributeValue {
  const set = valueOf(value, parameters);
  if (set.type === "SS" || set.type === "NS" || set.type === "BS") return set;
  const shown = kind === "set-add" ? "SET_ADD" : "SET_DELETE";
  throw errorAt(`The second argument to ${shown} must be a value with type SET`, place);
}
