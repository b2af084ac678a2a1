// Evaluates a condition against an item. What is missing compares with nothing: every comparison with it is
// false, except `<>`, which is true; values of different types are never equal and have no order. Nothing
// here throws for what an item holds: a function applied to a type it does not know is false, and size() of
// one is missing.
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { compareValues, equalValues } from "@azimuth/model/value-compare.ts";
import type { Bindings } from "./bindings.ts";
import { readPath } from "./document-path.ts";
import { boundValue } from "./static-checks.ts";
import type { Comparator, ConditionNode, FunctionCall, Operand } from "./syntax-tree.ts";

type Found = AttributeValue | undefined;

export function evaluateNode(node: ConditionNode, bindings: Bindings, item: Item): boolean {
  switch (node.kind) {
    case "and":
      return evaluateNode(node.left, bindings, item) && evaluateNode(node.right, bindings, item);
    case "or":
      return evaluateNode(node.left, bindings, item) || evaluateNode(node.right, bindings, item);
    case "not":
      return !evaluateNode(node.condition, bindings, item);
    case "comparison":
      return compare(node.operator, read(node.left, bindings, item), read(node.right, bindings, item));
    case "between": {
      const value = read(node.operand, bindings, item);
      return compare(">=", value, read(node.lower, bindings, item)) &&
        compare("<=", value, read(node.upper, bindings, item));
    }
    case "in": {
      const value = read(node.operand, bindings, item);
      return node.choices.some((choice) => compare("=", value, read(choice, bindings, item)));
    }
    case "call":
      return evaluateCall(node.call, bindings, item);
  }
}

function compare(operator: Comparator, left: Found, right: Found): boolean {
  if (left === undefined || right === undefined) return operator === "<>";
  if (operator === "=") return equalValues(left, right);
  if (operator === "<>") return !equalValues(left, right);
  const order = compareValues(left, right);
  if (order === undefined) return false;
  switch (operator) {
    case "<": return order < 0;
    case "<=": return order <= 0;
    case ">": return order > 0;
    case ">=": return order >= 0;
  }
}

function read(operand: Operand, bindings: Bindings, item: Item): Found {
  switch (operand.kind) {
    case "path":
      return readPath(operand, bindings, item);
    case "value":
      return boundValue(operand.name, bindings);
    case "function":
      return sizeOf(read(operand.operands[0] as Operand, bindings, item));
  }
}

function evaluateCall(call: FunctionCall, bindings: Bindings, item: Item): boolean {
  const first = read(call.operands[0] as Operand, bindings, item);
  if (call.name === "attribute_exists") return first !== undefined;
  if (call.name === "attribute_not_exists") return first === undefined;
  const second = read(call.operands[1] as Operand, bindings, item);
  if (first === undefined || second === undefined) return false;
  switch (call.name) {
    case "attribute_type": return second.type === "S" && first.type === second.value;
    case "begins_with": return beginsWith(first, second);
    case "contains": return contains(first, second);
    default: throw new Error(`${call.name} is not a condition: the expression was not compiled here`);
  }
}

/**
 * The size() function: UTF-16 code units of S (as DynamoDB counts), bytes of B, elements of what has
 * elements.
 */
function sizeOf(value: Found): Found {
  switch (value?.type) {
    case "S":
    case "B":
    case "SS":
    case "NS":
    case "BS":
    case "L": return { type: "N", value: String(value.value.length) };
    case "M": return { type: "N", value: String(value.value.size) };
    default: return undefined;
  }
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.type === "S" && prefix.type === "S") return value.value.startsWith(prefix.value);
  if (value.type !== "B" || prefix.type !== "B") return false;
  return compareBytes(value.value.subarray(0, prefix.value.length), prefix.value) === 0;
}

function contains(container: AttributeValue, part: AttributeValue): boolean {
  switch (container.type) {
    case "S": return part.type === "S" && container.value.includes(part.value);
    case "B": return part.type === "B" && hasBytes(container.value, part.value);
    case "SS": return part.type === "S" && container.value.includes(part.value);
    case "NS": return part.type === "N" && container.value.includes(part.value);
    case "BS":
      return part.type === "B" && container.value.some((element) => compareBytes(element, part.value) === 0);
    case "L": return container.value.some((element) => equalValues(element, part));
    default: return false;
  }
}

function hasBytes(whole: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(whole.buffer, whole.byteOffset, whole.length).includes(Buffer.from(part));
}
