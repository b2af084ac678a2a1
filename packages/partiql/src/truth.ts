// Conditions may be compared with booleans, attributes and one another: `contains(a, 'x') = false`. DynamoDB's
// expressions cannot say that, so such a comparison is taken apart into AND, OR and NOT.
//
// An attribute or a condition on the other side doubles what it is compared with; the limit on operators is checked
// while taking apart, before the text grows.
import { validationException } from "@azimuth/model/exceptions.ts";
import { maybeValueOf } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import { operandTypeError } from "./statement-error.ts";
import type { Condition, Operand, Term } from "./syntax-tree.ts";

const operatorsMax = 300;

interface Plain {
  readonly condition: Condition;
  /** Operators in it. */
  readonly size: number;
}

/** The same condition without comparisons of conditions. */
export function withoutTruth(condition: Condition, parameters: Parameters): Condition {
  return plain(condition, parameters).condition;
}

function plain(condition: Condition, parameters: Parameters): Plain {
  switch (condition.kind) {
    case "and":
    case "or": {
      const parts = condition.conditions.map((part) => plain(part, parameters));
      return joined(condition.kind, parts);
    }
    case "not": {
      const inner = plain(condition.condition, parameters);
      return inner.condition.kind === "not" ? { ...inner, condition: inner.condition.condition } : negated(inner);
    }
    case "truth":
      return plainTruth(condition, parameters);
    default:
      return { condition, size: 1 };
  }
}

function plainTruth(
  { operator, condition, with: other }: Extract<Condition, { kind: "truth" }>, parameters: Parameters,
): Plain {
  if (operator !== "=" && operator !== "<>") throw operandTypeError(operator, "BOOL");
  const equal = whenEqual(plain(condition, parameters), other, parameters);
  return operator === "=" ? equal : negated(equal);
}

function whenEqual(one: Plain, other: Term, parameters: Parameters): Plain {
  if ("condition" in other) return sameTruth(one, plain(other.condition, parameters));
  const value = maybeValueOf(other.operand, parameters);
  if (value === undefined) {
    return joined("or", [
      joined("and", [one, { condition: equals(other.operand, true), size: 1 }]),
      joined("and", [negated(one), { condition: equals(other.operand, false), size: 1 }]),
    ]);
  }
  if (value.type === "BOOL") return value.value ? one : negated(one);
  return joined("and", [one, negated(one)]);
}

function sameTruth(one: Plain, other: Plain): Plain {
  return joined("or", [joined("and", [one, other]), joined("and", [negated(one), negated(other)])]);
}

function equals(operand: Operand, value: boolean): Condition {
  const right: Operand = { kind: "literal", value: { type: "BOOL", value } };
  return { kind: "comparison", operator: "=", left: operand, right };
}

function negated({ condition, size }: Plain): Plain {
  if (condition.kind === "not") return { condition: condition.condition, size };
  return { condition: { kind: "not", condition }, size: size + 1 };
}

function joined(kind: "and" | "or", parts: readonly Plain[]): Plain {
  const size = parts.reduce((sum, part) => sum + part.size, parts.length - 1);
  if (size > operatorsMax) {
    throw validationException(`The expression contains too many operators; operator count: ${operatorsMax + 1}`);
  }
  return { condition: { kind, conditions: parts.map(({ condition }) => condition) }, size };
}
