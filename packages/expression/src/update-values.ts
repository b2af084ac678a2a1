// The values an update computes: right-hand sides of SET, sums, and what ADD and DELETE make of what is
// there.
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { addNumbers, compareNumbers, subtractNumbers } from "@azimuth/model/number.ts";
import { compareText } from "@azimuth/model/value-compare.ts";
import type { Bindings } from "./bindings.ts";
import { readPath } from "./document-path.ts";
import { boundValue } from "./static-checks.ts";
import type { Arithmetic, FunctionCall, Operand } from "./syntax-tree.ts";

type SetValue = Extract<AttributeValue, { readonly type: "SS" | "NS" | "BS" }>;

function missingAttribute() {
  const message = "The provided expression refers to an attribute that does not exist in the item";
  return validationException(message);
}

function wrongDataType() {
  return validationException("An operand in the update expression has an incorrect data type");
}

/** The right-hand side of a SET action, read in the item before the update. */
export function evaluateSetValue(
  value: Operand | Arithmetic, bindings: Bindings, item: Item,
): AttributeValue {
  if (value.kind !== "arithmetic") return evaluateOperand(value, bindings, item);
  const left = evaluateOperand(value.left, bindings, item);
  const right = evaluateOperand(value.right, bindings, item);
  if (left.type !== "N" || right.type !== "N") throw wrongDataType();
  const combine = value.operator === "+" ? addNumbers : subtractNumbers;
  return { type: "N", value: combine(left.value, right.value) };
}

function evaluateOperand(operand: Operand, bindings: Bindings, item: Item): AttributeValue {
  switch (operand.kind) {
    case "value":
      return boundValue(operand.name, bindings);
    case "path": {
      const value = readPath(operand, bindings, item);
      if (value === undefined) throw missingAttribute();
      return value;
    }
    case "function":
      return operand.name === "if_not_exists"
        ? ifNotExists(operand, bindings, item)
        : listAppend(operand, bindings, item);
  }
}

function ifNotExists({ operands }: FunctionCall, bindings: Bindings, item: Item): AttributeValue {
  const [path, otherwise] = operands as [Operand, Operand];
  const value = path.kind === "path" ? readPath(path, bindings, item) : undefined;
  return value ?? evaluateOperand(otherwise, bindings, item);
}

function listAppend({ operands }: FunctionCall, bindings: Bindings, item: Item): AttributeValue {
  const [first, second] = operands.map((operand) => evaluateOperand(operand, bindings, item));
  if (first?.type !== "L" || second?.type !== "L") throw wrongDataType();
  return { type: "L", value: [...first.value, ...second.value] };
}

/** ADD: a number onto a number, or elements into a set; onto nothing, the operand itself. */
export function addValue(current: AttributeValue | undefined, operand: AttributeValue): AttributeValue {
  if (current === undefined) return operand;
  if (current.type === "N" && operand.type === "N") {
    return { type: "N", value: addNumbers(current.value, operand.value) };
  }
  return combineSets(current, operand, true) as AttributeValue;
}

/** DELETE: elements out of a set; undefined when none is left. */
export function deleteValue(
  current: AttributeValue | undefined, operand: AttributeValue,
): AttributeValue | undefined {
  return current === undefined ? undefined : combineSets(current, operand, false);
}

function combineSets(current: AttributeValue, operand: AttributeValue, add: boolean): SetValue | undefined {
  if (current.type === "SS" && operand.type === "SS") {
    const value = mergeSets(current.value, operand.value, add, compareText);
    return value.length === 0 ? undefined : { type: "SS", value };
  }
  if (current.type === "NS" && operand.type === "NS") {
    const value = mergeSets(current.value, operand.value, add, compareNumbers);
    return value.length === 0 ? undefined : { type: "NS", value };
  }
  if (current.type === "BS" && operand.type === "BS") {
    const value = mergeSets(current.value, operand.value, add, compareBytes);
    return value.length === 0 ? undefined : { type: "BS", value };
  }
  throw wrongDataType();
}

/** Union or difference of two sorted sets, sorted, in one pass over both. */
function mergeSets<Element>(
  current: readonly Element[], operand: readonly Element[], union: boolean,
  order: (left: Element, right: Element) => number,
): readonly Element[] {
  const merged: Element[] = [];
  let position = 0;
  for (const element of current) {
    for (; position < operand.length && order(operand[position] as Element, element) < 0; position++) {
      if (union) merged.push(operand[position] as Element);
    }
    const inBoth = position < operand.length && order(operand[position] as Element, element) === 0;
    if (inBoth) position++;
    if (union || !inBoth) merged.push(element);
  }
  return union ? [...merged, ...operand.slice(position)] : merged;
}
