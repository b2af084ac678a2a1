// ProjectionExpression: document paths separated by commas, none of which may contain another.
import type { Item } from "@azimuth/model/attribute-value.ts";
import type { Bindings, Placeholders } from "./bindings.ts";
import { CompileCache } from "./compile-cache.ts";
import { checkDisjointPaths, resolvePath, topLevelName } from "./document-path.ts";
import type { DocumentPath } from "./document-path.ts";
import { selectPaths } from "./document-selection.ts";
import { expressionError } from "./expression-error.ts";
import { checkPaths, checkText } from "./expression-rules.ts";
import { compiledExpressionsMax } from "./limits.ts";
import { OperandParser } from "./operand-parser.ts";
import { findUndefined } from "./static-checks.ts";
import type { PathOperand } from "./syntax-tree.ts";

export interface Projection {
  readonly paths: readonly PathOperand[];
  readonly placeholders: Placeholders;
}

const cache = new CompileCache(compiledExpressionsMax, compile);

/** Throws the ValidationException for anything wrong with the text itself. */
export function compileProjection(text: string): Projection {
  return cache.get(text);
}

/** Throws for undefined placeholders and for paths that overlap or conflict. Before projectItem. */
export function checkProjection(projection: Projection, bindings: Bindings): void {
  const message = findUndefined(projection.paths, bindings);
  if (message !== undefined) throw expressionError("ProjectionExpression", message);
  checkDisjointPaths("ProjectionExpression", projectionPaths(projection, bindings));
}

/** The parts of the item that the paths lead to, each inside the maps and lists it lies in. */
export function projectItem(projection: Projection, bindings: Bindings, item: Item): Item {
  return selectPaths(projectionPaths(projection, bindings), item);
}

export function projectionPaths(projection: Projection, bindings: Bindings): readonly DocumentPath[] {
  return projection.paths.map((path) => resolvePath(path, bindings));
}

/** The top-level attributes projected from, each once, in order of first mention. */
export function projectionAttributeNames(projection: Projection, bindings: Bindings): readonly string[] {
  return [...new Set(projection.paths.map((path) => topLevelName(path, bindings)))];
}

function compile(text: string): Projection {
  checkText("ProjectionExpression", text);
  const parser = new OperandParser("ProjectionExpression", text);
  const paths: PathOperand[] = [];
  do paths.push(parser.parsePath());
  while (parser.maybeTakeSymbol(","));
  parser.takeEnd();
  checkPaths("ProjectionExpression", paths);
  return { paths, placeholders: parser.placeholders };
}
