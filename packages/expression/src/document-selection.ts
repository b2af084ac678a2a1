// Cutting parts out of an item by document paths: what a ProjectionExpression returns, and what UpdateItem
// returns for UPDATED_OLD and UPDATED_NEW. A nested path gives only its part, inside maps and lists that hold
// nothing else; list elements close up, in the order of the list. A path that leads nowhere leaves no trace.
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import type { DocumentPath } from "./document-path.ts";

/** What to keep of a value: all of it, or parts by map key or list index. */
type Selection = "all" | Parts;
type Parts = Map<string | number, Selection>;

export function selectPaths(paths: readonly DocumentPath[], item: Item): Item {
  const selection: Parts = new Map();
  for (const path of paths) addPath(selection, path);
  return selectFromMap(selection, item);
}

function addPath(selection: Parts, path: DocumentPath): void {
  let parts = selection;
  for (const [depth, element] of path.entries()) {
    const inner = parts.get(element);
    if (inner === "all") return;
    if (depth === path.length - 1) {
      parts.set(element, "all");
      return;
    }
    const next: Parts = inner ?? new Map();
    parts.set(element, next);
    parts = next;
  }
}

function selectFromMap(parts: Parts, source: Item): Map<string, AttributeValue> {
  const kept = new Map<string, AttributeValue>();
  for (const [element, selection] of parts) {
    if (typeof element !== "string") continue;
    const value = select(selection, source.get(element));
    if (value !== undefined) kept.set(element, value);
  }
  return kept;
}

function select(selection: Selection, value: AttributeValue | undefined): AttributeValue | undefined {
  if (value === undefined || selection === "all") return value;
  if (value.type === "M") {
    const kept = selectFromMap(selection, value.value);
    return kept.size === 0 ? undefined : { type: "M", value: kept };
  }
  if (value.type !== "L") return undefined;
  const indexes = [...selection.keys()].filter((element) => typeof element === "number");
  const kept: AttributeValue[] = [];
  for (const index of indexes.sort((left, right) => left - right)) {
    const element = select(selection.get(index) ?? "all", value.value[index]);
    if (element !== undefined) kept.push(element);
  }
  return kept.length === 0 ? undefined : { type: "L", value: kept };
}
