// Document paths once their placeholders are replaced: an attribute name, then map keys (text) and list
// indexes (numbers). Resolving, reading, printing as DynamoDB prints them, and the rule that the paths of one
// projection or update may not contain one another.
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import type { Bindings, ExpressionKind } from "./bindings.ts";
import { expressionError } from "./expression-error.ts";
import { isNamePlaceholder } from "./operand-parser.ts";
import type { PathOperand } from "./syntax-tree.ts";

/** The first element is the name of a top-level attribute. */
export type DocumentPath = readonly (string | number)[];

/** Requires that every placeholder is defined: the check of the expression comes first. */
export function resolvePath(path: PathOperand, bindings: Bindings): DocumentPath {
  if (!path.hasPlaceholders) return path.elements;
  return path.elements.map((element) => resolveElement(element, bindings));
}

/** The name of the top-level attribute that a path begins with. */
export function topLevelName(path: PathOperand, bindings: Bindings): string {
  return String(resolveElement(path.elements[0] ?? "", bindings));
}

function resolveElement(element: string | number, bindings: Bindings): string | number {
  if (!isNamePlaceholder(element)) return element;
  const name = bindings.names.get(element as string);
  if (name === undefined) throw new Error(`${element} is not defined: the expression was not checked`);
  return name;
}

/** What the path leads to; undefined if anything on the way is missing or of the wrong type. */
export function readPath(path: PathOperand, bindings: Bindings, item: Item): AttributeValue | undefined {
  const elements = path.elements;
  let value = item.get(topLevelName(path, bindings));
  for (let depth = 1; depth < elements.length && value !== undefined; depth++) {
    const element = elements[depth] as string | number;
    value = readChild(value, path.hasPlaceholders ? resolveElement(element, bindings) : element);
  }
  return value;
}

function readChild(value: AttributeValue, element: string | number): AttributeValue | undefined {
  if (typeof element === "number") return value.type === "L" ? value.value[element] : undefined;
  return value.type === "M" ? value.value.get(element) : undefined;
}

/** As in DynamoDB's messages: `[a, b, [3]]`. */
export function formatPath(path: DocumentPath): string {
  return `[${path.map((element) => (typeof element === "number" ? `[${element}]` : element)).join(", ")}]`;
}

export function samePath(one: DocumentPath, other: DocumentPath): boolean {
  return one.length === other.length && one.every((element, depth) => element === other[depth]);
}

/**
 * No path may begin another (they overlap), nor treat as a map what another treats as a list (they conflict).
 * Any overlap is reported before any conflict.
 */
export function checkDisjointPaths(kind: ExpressionKind, paths: readonly DocumentPath[]): void {
  let conflict: string | undefined;
  for (const [position, two] of paths.entries()) {
    for (const one of paths.slice(0, position)) {
      const relation = relate(one, two);
      if (relation === "disjoint") continue;
      const message = `Two document paths ${relation} with each other; ` +
        "must remove or rewrite one of these paths; " +
        `path one: ${formatPath(one)}, path two: ${formatPath(two)}`;
      if (relation === "overlap") throw expressionError(kind, message);
      conflict ??= message;
    }
  }
  if (conflict !== undefined) throw expressionError(kind, conflict);
}

function relate(one: DocumentPath, two: DocumentPath): "overlap" | "conflict" | "disjoint" {
  const depthMax = Math.min(one.length, two.length);
  for (let depth = 0; depth < depthMax; depth++) {
    if (typeof one[depth] !== typeof two[depth]) return "conflict";
    if (one[depth] !== two[depth]) return "disjoint";
  }
  return "overlap";
}
