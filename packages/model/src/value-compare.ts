// Equality and order of attribute values. Sets are kept sorted and numbers canonical (attribute-value.ts), so
// equality is structural; the order of attributes in a map does not count. Order exists for S, N and B only.
import { compareBytes, equalBytes, utf8 } from "@azimuth/foundation/bytes.ts";
import type { AttributeValue, Item } from "./attribute-value.ts";
import { compareNumbers } from "./number.ts";

export function equalValues(left: AttributeValue, right: AttributeValue): boolean {
  switch (left.type) {
    case "S":
    case "N":
    case "BOOL":
    case "NULL":
      return left.type === right.type && left.value === right.value;
    case "B":
      return right.type === "B" && equalBytes(left.value, right.value);
    case "L":
      return right.type === "L" && equalLists(left.value, right.value, equalValues);
    case "M":
      return right.type === "M" && equalItems(left.value, right.value);
    case "SS":
    case "NS":
      return right.type === left.type && equalLists(left.value, right.value as readonly string[], Object.is);
    case "BS":
      return right.type === "BS" && equalLists(left.value, right.value, equalBytes);
  }
}

export function equalItems(left: Item, right: Item): boolean {
  if (left.size !== right.size) return false;
  for (const [name, value] of left) {
    const other = right.get(name);
    if (other === undefined || !equalValues(value, other)) return false;
  }
  return true;
}

/** Order of two values of one scalar type; undefined when they have no order (another or different types). */
export function compareValues(left: AttributeValue, right: AttributeValue): number | undefined {
  if (left.type === "S" && right.type === "S") return compareText(left.value, right.value);
  if (left.type === "N" && right.type === "N") return compareNumbers(left.value, right.value);
  if (left.type === "B" && right.type === "B") return compareBytes(left.value, right.value);
  return undefined;
}

/** Order of the UTF-8 bytes, as DynamoDB sorts strings. It differs from JavaScript's only for surrogates. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a === b) continue;
    if (a >= 0xd800 && b >= 0xd800) return compareBytes(utf8(left), utf8(right));
    return a - b;
  }
  return left.length - right.length;
}

function equalLists<T>(left: readonly T[], right: readonly T[], equal: (a: T, b: T) => boolean): boolean {
  if (left.length !== right.length) return false;
  return left.every((element, at) => equal(element, right[at] as T));
}
