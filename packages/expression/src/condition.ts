// ConditionExpression, FilterExpression and (through key-condition.ts) KeyConditionExpression: the package's
// door to them. A text is compiled once per process; it is checked once per request against the request's
// placeholders; then it may be evaluated against any number of items. Evaluation requires the check: it never
// meets an undefined placeholder.
import type { Item } from "@azimuth/model/attribute-value.ts";
import type { Bindings, ConditionKind, Placeholders } from "./bindings.ts";
import { CompileCache } from "./compile-cache.ts";
import { checkConditionBindings } from "./condition-check.ts";
import { evaluateNode } from "./condition-evaluate.ts";
import { ConditionParser } from "./condition-parser.ts";
import { resolvePath, topLevelName } from "./document-path.ts";
import type { DocumentPath } from "./document-path.ts";
import { expressionError } from "./expression-error.ts";
import {
  checkFunctionNames, checkOperatorCount, checkPaths, checkText, misusedFunctionMessage, pathsIn,
} from "./expression-rules.ts";
import { compiledExpressionsMax, inOperandsMax } from "./limits.ts";
import { forEachLeaf, forEachOperand, operandsOf } from "./syntax-tree.ts";
import type { ConditionLeaf, ConditionNode, Operand, PathOperand } from "./syntax-tree.ts";

export type { Bindings, ConditionKind, ExpressionKind } from "./bindings.ts";

export interface Condition {
  readonly kind: ConditionKind;
  readonly root: ConditionNode;
  readonly leaves: readonly ConditionLeaf[];
  readonly paths: readonly PathOperand[];
  readonly placeholders: Placeholders;
}

const cacheByKind: Readonly<Record<ConditionKind, CompileCache<Condition>>> = {
  ConditionExpression: newCache("ConditionExpression"),
  FilterExpression: newCache("FilterExpression"),
  KeyConditionExpression: newCache("KeyConditionExpression"),
};

/** Throws the ValidationException for anything wrong with the text itself. */
export function compileCondition(text: string, kind: ConditionKind): Condition {
  return cacheByKind[kind].get(text);
}

/**
 * Throws for undefined placeholders and for operands whose type or count cannot be right. Before
 * evaluateCondition.
 */
export function checkCondition(condition: Condition, bindings: Bindings): void {
  checkConditionBindings(condition.kind, condition.leaves, bindings);
}

/** A missing item is an empty map. */
export function evaluateCondition(condition: Condition, bindings: Bindings, item: Item): boolean {
  return evaluateNode(condition.root, bindings, item);
}

/** The top-level attributes the condition reads, each once, in order of first mention. */
export function conditionAttributeNames(condition: Condition, bindings: Bindings): readonly string[] {
  return [...new Set(condition.paths.map((path) => topLevelName(path, bindings)))];
}

/** Every document path the condition reads, as written. */
export function conditionPaths(condition: Condition, bindings: Bindings): readonly DocumentPath[] {
  return condition.paths.map((path) => resolvePath(path, bindings));
}

function newCache(kind: ConditionKind): CompileCache<Condition> {
  return new CompileCache(compiledExpressionsMax, (text) => compile(kind, text));
}

function compile(kind: ConditionKind, text: string): Condition {
  checkText(kind, text);
  const parser = new ConditionParser(kind, text);
  const root = parser.parseWhole();
  const leaves: ConditionLeaf[] = [];
  forEachLeaf(root, (leaf) => leaves.push(leaf));
  const operands = leaves.flatMap((leaf): readonly Operand[] =>
    leaf.kind === "call" ? [leaf.call] : operandsOf(leaf));
  checkFunctionNames(kind, operands);
  for (const leaf of leaves) checkFunctionUse(kind, leaf);
  checkPaths(kind, operands);
  checkOperatorCount(kind, parser.operatorCount);
  for (const leaf of leaves) checkChoiceCount(kind, leaf);
  return { kind, root, leaves, paths: pathsIn(operands), placeholders: parser.placeholders };
}

/** size() is a value, never a condition; every other function is a condition, never a value. */
function checkFunctionUse(kind: ConditionKind, leaf: ConditionLeaf): void {
  for (const operand of operandsOf(leaf)) {
    forEachOperand(operand, (part) => {
      if (part.kind === "function" && part.name !== "size") {
        throw expressionError(kind, misusedFunctionMessage(part.name));
      }
    });
  }
  if (leaf.kind !== "call" || leaf.call.name !== "size") return;
  throw expressionError(kind, misusedFunctionMessage("size"));
}

function checkChoiceCount(kind: ConditionKind, leaf: ConditionLeaf): void {
  if (leaf.kind !== "in" || leaf.choices.length <= inOperandsMax) return;
  const detail = `number of operands: ${leaf.choices.length}`;
  throw expressionError(kind, `The IN operator is provided with too many operands; ${detail}`);
}
