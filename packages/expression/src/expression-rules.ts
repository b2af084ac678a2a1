// What must hold for an expression's text whatever its placeholders stand for: it is not empty nor too long,
// its functions exist and stand where they may, no attribute name is a reserved word, and nothing is too deep
// or too many. DynamoDB checks the whole text for one of these before the next, so the order of the calls
// below is the order of its errors.
import type { ExpressionKind } from "./bindings.ts";
import { expressionError } from "./expression-error.ts";
import { expressionBytesMax, listIndexMax, operatorsMax, pathElementsMax } from "./limits.ts";
import { isNamePlaceholder } from "./operand-parser.ts";
import { isReservedWord } from "./reserved-words.ts";
import { forEachOperand } from "./syntax-tree.ts";
import type { Operand, PathOperand } from "./syntax-tree.ts";

export const conditionFunctions: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1],
  ["attribute_not_exists", 1],
  ["attribute_type", 2],
  ["begins_with", 2],
  ["contains", 2],
  ["size", 1],
]);

export const updateFunctions: ReadonlyMap<string, number> = new Map([
  ["if_not_exists", 2],
  ["list_append", 2],
]);

const encoder = new TextEncoder();

/** Before anything is parsed. */
export function checkText(kind: ExpressionKind, text: string): void {
  if (text === "") throw expressionError(kind, "The expression can not be empty;");
  const size = text.length > expressionBytesMax ? text.length : encoder.encode(text).length;
  if (size > expressionBytesMax) {
    const detail = `expression size: ${encoder.encode(text).length}`;
    throw expressionError(kind, `Expression size has exceeded the maximum allowed size; ${detail}`);
  }
}

/** Every function named is one, and one for this kind of expression. */
export function checkFunctionNames(kind: ExpressionKind, operands: readonly Operand[]): void {
  const [allowed, elsewhere, place] = kind === "UpdateExpression"
    ? [updateFunctions, conditionFunctions, "an update expression"]
    : [conditionFunctions, updateFunctions, "a condition expression"];
  const names = functionNames(operands);
  const unknown = names.find((name) => !allowed.has(name) && !elsewhere.has(name));
  if (unknown !== undefined) throw expressionError(kind, `Invalid function name; function: ${unknown}`);
  const misplaced = names.find((name) => !allowed.has(name));
  if (misplaced !== undefined) {
    throw expressionError(kind, `The function is not allowed in ${place}; function: ${misplaced}`);
  }
}

export function misusedFunctionMessage(name: string): string {
  return `The function is not allowed to be used this way in an expression; function: ${name}`;
}

/** No literal attribute name is a reserved word; no index is too large; no path is too deep. */
export function checkPaths(kind: ExpressionKind, operands: readonly Operand[]): void {
  const paths = pathsIn(operands);
  for (const path of paths) {
    for (const element of path.elements) {
      if (typeof element === "string" && !isNamePlaceholder(element) && isReservedWord(element)) {
        throw expressionError(kind, `Attribute name is a reserved keyword; reserved keyword: ${element}`);
      }
    }
  }
  for (const path of paths) {
    const index = path.elements.find((element) => typeof element === "number" && element > listIndexMax);
    if (index !== undefined) {
      throw expressionError(kind, `List index is not within the allowable range; index: [${index}]`);
    }
    if (path.elements.length > pathElementsMax) {
      const detail = `nesting levels: ${path.elements.length}`;
      throw expressionError(kind, `The document path has too many nesting levels; ${detail}`);
    }
  }
}

export function checkOperatorCount(kind: ExpressionKind, count: number): void {
  if (count <= operatorsMax) return;
  const detail = `operator count: ${operatorsMax + 1}`;
  throw expressionError(kind, `The expression contains too many operators; ${detail}`);
}

export function pathsIn(operands: readonly Operand[]): readonly PathOperand[] {
  const paths: PathOperand[] = [];
  for (const operand of operands) {
    forEachOperand(operand, (part) => {
      if (part.kind === "path") paths.push(part);
    });
  }
  return paths;
}

function functionNames(operands: readonly Operand[]): readonly string[] {
  const names: string[] = [];
  for (const operand of operands) {
    forEachOperand(operand, (part) => {
      if (part.kind === "function") names.push(part.name);
    });
  }
  return names;
}
