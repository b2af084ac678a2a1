// UpdateExpression: compiled once per text, checked once per request, applied to one item. Applying is a
// function from the item before to the item after; every right-hand side and every list index refers to the
// item before.
import type { Item } from "@azimuth/model/attribute-value.ts";
import type { Bindings, Placeholders } from "./bindings.ts";
import { CompileCache } from "./compile-cache.ts";
import { resolvePath, topLevelName } from "./document-path.ts";
import type { DocumentPath } from "./document-path.ts";
import { selectPaths } from "./document-selection.ts";
import { expressionError } from "./expression-error.ts";
import {
  checkFunctionNames, checkOperatorCount, checkPaths, checkText, misusedFunctionMessage,
} from "./expression-rules.ts";
import { compiledExpressionsMax } from "./limits.ts";
import { forEachOperand } from "./syntax-tree.ts";
import type { Operand, UpdateAction, UpdateSection } from "./syntax-tree.ts";
import { applyActions } from "./update-apply.ts";
import { checkUpdateBindings, operandsOfAction } from "./update-check.ts";
import { UpdateParser } from "./update-parser.ts";

export interface Update {
  readonly actions: readonly UpdateAction[];
  readonly placeholders: Placeholders;
}

export interface UpdateResult {
  readonly item: Item;
  /** Every path the update names as a target, as written, whether or not it changed anything. */
  readonly touched: readonly DocumentPath[];
  /** False when all it does is remove: then an item that does not exist is not created. */
  readonly createsItem: boolean;
}

const cache = new CompileCache(compiledExpressionsMax, compile);

/** Throws the ValidationException for anything wrong with the text itself. */
export function compileUpdate(text: string): Update {
  return cache.get(text);
}

/**
 * Throws for undefined placeholders, overlapping targets and operands whose type cannot be right. Before
 * applyUpdate.
 */
export function checkUpdate(update: Update, bindings: Bindings): void {
  checkUpdateBindings(update.actions, bindings);
}

/** The top-level attributes the update may change, each once, in order of first mention. */
export function updatedTopLevelNames(update: Update, bindings: Bindings): readonly string[] {
  return [...new Set(update.actions.map(({ path }) => topLevelName(path, bindings)))];
}

/** Every path the update reads or changes. */
export function updatePaths(update: Update, bindings: Bindings): readonly DocumentPath[] {
  const paths: DocumentPath[] = [];
  for (const action of update.actions) {
    for (const operand of operandsOfAction(action)) {
      forEachOperand(operand, (part) => {
        if (part.kind === "path") paths.push(resolvePath(part, bindings));
      });
    }
  }
  return paths;
}

/** `item` may be the key alone. Throws the ValidationException for what does not fit the item. */
export function applyUpdate(update: Update, bindings: Bindings, item: Item): UpdateResult {
  return {
    item: applyActions(update.actions, bindings, item),
    touched: update.actions.map(({ path }) => resolvePath(path, bindings)),
    createsItem: update.actions.some(({ kind }) => kind === "SET" || kind === "ADD"),
  };
}

/** What ReturnValues UPDATED_OLD (of the item before) and UPDATED_NEW (of the item after) return. */
export function pickTouched(paths: readonly DocumentPath[], item: Item): Item {
  return selectPaths(paths, item);
}

function compile(text: string): Update {
  checkText("UpdateExpression", text);
  const parser = new UpdateParser(text);
  const { actions, sections } = parser.parseWhole();
  const operands = actions.flatMap(operandsOfAction);
  checkPaths("UpdateExpression", operands);
  checkFunctionNames("UpdateExpression", operands);
  for (const operand of operands) checkNesting(operand);
  checkSections(sections);
  checkOperatorCount("UpdateExpression", parser.operatorCount);
  return { actions, placeholders: parser.placeholders };
}

/** Inside a function only if_not_exists may stand. */
function checkNesting(operand: Operand): void {
  if (operand.kind !== "function") return;
  for (const inner of operand.operands) {
    forEachOperand(inner, (part) => {
      if (part.kind !== "function" || part.name === "if_not_exists") return;
      throw expressionError("UpdateExpression", misusedFunctionMessage(part.name));
    });
  }
}

function checkSections(sections: readonly UpdateSection[]): void {
  const repeated = sections.find((section, position) => sections.indexOf(section) < position);
  if (repeated === undefined) return;
  const message = `The "${repeated}" section can only be used once in an update expression;`;
  throw expressionError("UpdateExpression", message);
}
