// The static checks of an update against the request's placeholders. Unlike a condition's they go over the
// whole expression once per kind of error, in this order: undefined names, undefined values, overlapping or
// conflicting targets, the operands of ADD and DELETE, then those of functions and sums.
import type { AttributeType } from "@azimuth/model/attribute-value.ts";
import type { Bindings } from "./bindings.ts";
import { checkDisjointPaths, resolvePath } from "./document-path.ts";
import {
  documentPathRequiredMessage, expressionError, operandCountMessage, operandTypeMessage,
} from "./expression-error.ts";
import { updateFunctions } from "./expression-rules.ts";
import { boundValue, findUndefined } from "./static-checks.ts";
import { forEachOperand } from "./syntax-tree.ts";
import type { FunctionCall, Operand, UpdateAction } from "./syntax-tree.ts";

/** As ADD's and DELETE's messages name types; the types missing here are sets. */
const longTypeNames: Partial<Record<AttributeType, string>> = {
  S: "STRING", N: "NUMBER", B: "BINARY", BOOL: "BOOLEAN", NULL: "NULL", L: "LIST", M: "MAP",
};

/** The operands of an action, its target first, in the order they are written. */
export function operandsOfAction(action: UpdateAction): readonly Operand[] {
  if (action.kind === "REMOVE") return [action.path];
  if (action.value.kind === "arithmetic") return [action.path, action.value.left, action.value.right];
  return [action.path, action.value];
}

export function checkUpdateBindings(actions: readonly UpdateAction[], bindings: Bindings): void {
  const operands = actions.flatMap(operandsOfAction);
  refuse(findUndefined(partsOf(operands, "path"), bindings));
  refuse(findUndefined(partsOf(operands, "value"), bindings));
  checkDisjointPaths("UpdateExpression", actions.map(({ path }) => resolvePath(path, bindings)));
  for (const action of actions) refuse(findWrongSetOperand(action, bindings));
  for (const action of actions) refuse(findWrongValue(action, bindings));
}

function refuse(message: string | undefined): void {
  if (message !== undefined) throw expressionError("UpdateExpression", message);
}

function partsOf(operands: readonly Operand[], kind: Operand["kind"]): readonly Operand[] {
  const parts: Operand[] = [];
  for (const operand of operands) {
    forEachOperand(operand, (part) => {
      if (part.kind === kind) parts.push(part);
    });
  }
  return parts;
}

function findWrongSetOperand(action: UpdateAction, bindings: Bindings): string | undefined {
  if (action.kind !== "ADD" && action.kind !== "DELETE") return undefined;
  const type = boundValue(action.value.name, bindings).type;
  const longName = longTypeNames[type];
  if (longName === undefined || (action.kind === "ADD" && type === "N")) return undefined;
  return "Incorrect operand type for operator or function; " +
    `operator: ${action.kind}, operand type: ${longName}, typeSet: ALLOWED_FOR_${action.kind}_OPERAND`;
}

function findWrongValue(action: UpdateAction, bindings: Bindings): string | undefined {
  if (action.kind !== "SET") return undefined;
  if (action.value.kind !== "arithmetic") return findWrongCall(action.value, bindings);
  const { operator, left, right } = action.value;
  return findWrongCall(left, bindings) ?? findWrongCall(right, bindings) ??
    findOtherType(operator, [left, right], "N", bindings);
}

function findWrongCall(operand: Operand, bindings: Bindings): string | undefined {
  if (operand.kind !== "function") return undefined;
  for (const inner of operand.operands) {
    const message = findWrongCall(inner, bindings);
    if (message !== undefined) return message;
  }
  return findWrongOperands(operand, bindings);
}

function findWrongOperands({ name, operands }: FunctionCall, bindings: Bindings): string | undefined {
  if (updateFunctions.get(name) !== operands.length) return operandCountMessage(name, operands.length);
  if (name === "list_append") return findOtherType(name, operands, "L", bindings);
  return operands[0]?.kind === "path" ? undefined : documentPathRequiredMessage(name);
}

function findOtherType(
  operator: string, operands: readonly Operand[], wanted: AttributeType, bindings: Bindings,
): string | undefined {
  for (const operand of operands) {
    if (operand.kind !== "value") continue;
    const { type } = boundValue(operand.name, bindings);
    if (type !== wanted) return operandTypeMessage(operator, type);
  }
  return undefined;
}
