// Applies the actions of an update to an item. Targets never contain one another, so together they form a
// tree of edits, which is applied from the top: each map and list on the way is copied once. All edits of one
// list refer to it as it was: replacements first, then what lies beyond its end is appended in the order of
// its indexes, and what is removed goes last.
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import type { Bindings } from "./bindings.ts";
import { readPath, resolvePath } from "./document-path.ts";
import type { DocumentPath } from "./document-path.ts";
import { boundValue } from "./static-checks.ts";
import type { UpdateAction } from "./syntax-tree.ts";
import { addValue, deleteValue, evaluateSetValue } from "./update-values.ts";

/** What becomes of one map entry or list element: a new value, nothing, or edits inside it. */
type Edit =
  | { readonly kind: "put"; readonly value: AttributeValue }
  | { readonly kind: "remove" }
  | { readonly kind: "inside"; readonly edits: Edits };

type Edits = Map<string | number, Edit>;

export function applyActions(actions: readonly UpdateAction[], bindings: Bindings, item: Item): Item {
  const edits: Edits = new Map();
  for (const action of actions) {
    const value = valueAfter(action, bindings, item);
    const edit: Edit = value === undefined ? { kind: "remove" } : { kind: "put", value };
    addEdit(edits, resolvePath(action.path, bindings), edit);
  }
  return editMap(item, edits);
}

/** What an action leaves at its target; undefined for nothing. */
function valueAfter(action: UpdateAction, bindings: Bindings, item: Item): AttributeValue | undefined {
  switch (action.kind) {
    case "SET":
      return evaluateSetValue(action.value, bindings, item);
    case "REMOVE":
      return undefined;
    case "ADD":
      return addValue(readPath(action.path, bindings, item), boundValue(action.value.name, bindings));
    case "DELETE":
      return deleteValue(readPath(action.path, bindings, item), boundValue(action.value.name, bindings));
  }
}

function addEdit(edits: Edits, path: DocumentPath, edit: Edit): void {
  let inner = edits;
  for (const element of path.slice(0, -1)) {
    const next = inner.get(element);
    if (next?.kind === "inside") {
      inner = next.edits;
      continue;
    }
    const created: Edits = new Map();
    inner.set(element, { kind: "inside", edits: created });
    inner = created;
  }
  inner.set(path[path.length - 1] as string | number, edit);
}

function invalidPath() {
  return validationException("The document path provided in the update expression is invalid for update");
}

function editMap(source: Item, edits: Edits): Map<string, AttributeValue> {
  const edited = new Map(source);
  for (const [element, edit] of edits) {
    if (typeof element !== "string") throw invalidPath();
    const value = editedValue(source.get(element), edit);
    if (value === undefined) edited.delete(element);
    else edited.set(element, value);
  }
  return edited;
}

function editList(source: readonly AttributeValue[], edits: Edits): AttributeValue[] {
  const edited: (AttributeValue | undefined)[] = [...source];
  const appended: { readonly index: number; readonly value: AttributeValue }[] = [];
  for (const [element, edit] of edits) {
    if (typeof element !== "number") throw invalidPath();
    const value = editedValue(source[element], edit);
    if (element < source.length) edited[element] = value;
    else if (value !== undefined) appended.push({ index: element, value });
  }
  appended.sort((left, right) => left.index - right.index);
  return [...edited.filter((value) => value !== undefined), ...appended.map(({ value }) => value)];
}

function editedValue(current: AttributeValue | undefined, edit: Edit): AttributeValue | undefined {
  switch (edit.kind) {
    case "put": return edit.value;
    case "remove": return undefined;
    case "inside":
      if (current?.type === "M") return { type: "M", value: editMap(current.value, edit.edits) };
      if (current?.type === "L") return { type: "L", value: editList(current.value, edit.edits) };
      throw invalidPath();
  }
}
