// The static checks of a condition against the request's placeholders. DynamoDB takes the comparisons and
// functions from left to right and reports the first that is wrong; within one, an undefined placeholder
// comes before a wrong number of operands, that before an operand repeated, and that before a wrong type.
import type { AttributeType, AttributeValue } from "@azimuth/model/attribute-value.ts";
import { compareValues } from "@azimuth/model/value-compare.ts";
import type { Bindings, ConditionKind } from "./bindings.ts";
import { formatPath, resolvePath, samePath } from "./document-path.ts";
import {
  documentPathRequiredMessage, expressionError, operandCountMessage, operandTypeMessage,
} from "./expression-error.ts";
import { conditionFunctions } from "./expression-rules.ts";
import { boundValue, findUndefined, staticType } from "./static-checks.ts";
import { forEachOperand, operandsOf } from "./syntax-tree.ts";
import type { ConditionLeaf, FunctionCall, Operand } from "./syntax-tree.ts";

const orderedTypes: ReadonlySet<AttributeType> = new Set(["S", "N", "B"]);
const typesWithoutSize: ReadonlySet<AttributeType> = new Set(["N", "BOOL", "NULL"]);
const attributeTypes: ReadonlySet<string> = new Set([
  "B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M",
]);

export function checkConditionBindings(
  kind: ConditionKind, leaves: readonly ConditionLeaf[], bindings: Bindings,
): void {
  for (const leaf of leaves) {
    const message = findUndefined(operandsOf(leaf), bindings) ?? findWrongCount(leaf) ??
      findRepeated(leaf, bindings) ?? findWrongType(leaf, bindings);
    if (message !== undefined) throw expressionError(kind, message);
  }
}

/** The function calls of a leaf, inner ones first. */
function callsIn(leaf: ConditionLeaf): readonly FunctionCall[] {
  const calls: FunctionCall[] = [];
  for (const operand of leaf.kind === "call" ? [leaf.call] : operandsOf(leaf)) {
    forEachOperand(operand, (part) => {
      if (part.kind === "function") calls.push(part);
    });
  }
  return calls;
}

function findWrongCount(leaf: ConditionLeaf): string | undefined {
  const call = callsIn(leaf).find(({ name, operands }) => conditionFunctions.get(name) !== operands.length);
  return call === undefined ? undefined : operandCountMessage(call.name, call.operands.length);
}

/** The same path on both sides compares nothing. BETWEEN and IN may repeat theirs. */
function findRepeated(leaf: ConditionLeaf, bindings: Bindings): string | undefined {
  if (leaf.kind !== "comparison" && leaf.kind !== "call") return undefined;
  const operator = leaf.kind === "comparison" ? leaf.operator : leaf.call.name;
  const [first, second] = operandsOf(leaf);
  if (first?.kind !== "path" || second?.kind !== "path") return undefined;
  const path = resolvePath(first, bindings);
  if (!samePath(path, resolvePath(second, bindings))) return undefined;
  return "The first operand must be distinct from the remaining operands for this operator or function; " +
    `operator: ${operator}, first operand: ${formatPath(path)}`;
}

function findWrongType(leaf: ConditionLeaf, bindings: Bindings): string | undefined {
  for (const call of callsIn(leaf)) {
    const message = findWrongOperand(call, bindings);
    if (message !== undefined) return message;
  }
  switch (leaf.kind) {
    case "comparison":
      return leaf.operator === "=" || leaf.operator === "<>"
        ? undefined
        : findUnordered(leaf.operator, [leaf.left, leaf.right], bindings);
    case "between":
      return findUnordered("BETWEEN", operandsOf(leaf), bindings) ??
        findWrongBounds(leaf.lower, leaf.upper, bindings);
    case "in":
    case "call":
      return undefined;
  }
}

function findUnordered(
  operator: string, operands: readonly Operand[], bindings: Bindings,
): string | undefined {
  for (const operand of operands) {
    const type = staticType(operand, bindings);
    if (type !== undefined && !orderedTypes.has(type)) return operandTypeMessage(operator, type);
  }
  return undefined;
}

function findWrongBounds(lower: Operand, upper: Operand, bindings: Bindings): string | undefined {
  if (lower.kind !== "value" || upper.kind !== "value") return undefined;
  const low = boundValue(lower.name, bindings);
  const high = boundValue(upper.name, bindings);
  const bounds = `lower bound operand: AttributeValue: ${formatValue(low)}, ` +
    `upper bound operand: AttributeValue: ${formatValue(high)}`;
  if (low.type !== high.type) {
    return `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`;
  }
  if ((compareValues(low, high) ?? 0) > 0) {
    return `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`;
  }
  return undefined;
}

function formatValue(value: AttributeValue): string {
  const text = value.type === "B" ? Buffer.from(value.value).toString("base64") : String(value.value);
  return `{${value.type}:${text}}`;
}

function findWrongOperand({ name, operands }: FunctionCall, bindings: Bindings): string | undefined {
  const [first, second] = operands;
  switch (name) {
    case "attribute_exists":
    case "attribute_not_exists":
      return first?.kind === "path" ? undefined : documentPathRequiredMessage(name);
    case "attribute_type":
      return second === undefined ? undefined : findWrongTypeName(name, second, bindings);
    case "begins_with":
      for (const operand of operands) {
        const type = staticType(operand, bindings);
        if (type !== undefined && type !== "S" && type !== "B") return operandTypeMessage(name, type);
      }
      return undefined;
    case "size": {
      const type = first === undefined ? undefined : staticType(first, bindings);
      return type !== undefined && typesWithoutSize.has(type) ? operandTypeMessage(name, type) : undefined;
    }
    default:
      return undefined;
  }
}

function findWrongTypeName(name: string, operand: Operand, bindings: Bindings): string | undefined {
  const type = staticType(operand, bindings);
  if (type === undefined) return operandTypeMessage(name, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
  if (type !== "S" || operand.kind !== "value") return operandTypeMessage(name, type);
  const typeName = String(boundValue(operand.name, bindings).value);
  if (attributeTypes.has(typeName)) return undefined;
  const validTypes = [...attributeTypes].join(",");
  return `Invalid attribute type name found; type: ${typeName}, valid types: {${validTypes}}`;
}
