// Checks of one clause of an expression against the request's placeholders, shared by conditions and updates:
// every placeholder is defined, functions have the right number of operands, and values the types they can
// have.
import type { AttributeType, AttributeValue } from "@azimuth/model/attribute-value.ts";
import type { Bindings } from "./bindings.ts";
import { isNamePlaceholder } from "./operand-parser.ts";
import { forEachOperand } from "./syntax-tree.ts";
import type { Operand } from "./syntax-tree.ts";

export function undefinedNameMessage(name: string): string {
  return `An expression attribute name used in the document path is not defined; attribute name: ${name}`;
}

export function undefinedValueMessage(name: string): string {
  return `An expression attribute value used in expression is not defined; attribute value: ${name}`;
}

/** The message about the first placeholder, as written, that has no definition. */
export function findUndefined(operands: readonly Operand[], bindings: Bindings): string | undefined {
  let message: string | undefined;
  for (const operand of operands) {
    forEachOperand(operand, (part) => {
      message ??= findUndefinedIn(part, bindings);
    });
  }
  return message;
}

function findUndefinedIn(part: Operand, bindings: Bindings): string | undefined {
  if (part.kind === "value") {
    return bindings.values.has(part.name) ? undefined : undefinedValueMessage(part.name);
  }
  if (part.kind !== "path" || !part.hasPlaceholders) return undefined;
  const name = part.elements.find((each) => isNamePlaceholder(each) && !bindings.names.has(String(each)));
  return name === undefined ? undefined : undefinedNameMessage(String(name));
}

/** Requires that the placeholder is defined. */
export function boundValue(name: string, bindings: Bindings): AttributeValue {
  const value = bindings.values.get(name);
  if (value === undefined) throw new Error(`${name} is not defined: the expression was not checked`);
  return value;
}

/**
 * The type an operand has whatever the item holds: of a placeholder's value, or of what a function returns.
 */
export function staticType(operand: Operand, bindings: Bindings): AttributeType | undefined {
  if (operand.kind === "value") return boundValue(operand.name, bindings).type;
  if (operand.kind === "function" && operand.name === "size") return "N";
  return undefined;
}
