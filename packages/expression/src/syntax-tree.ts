// What the parsers make and everything else reads. Nodes hold placeholders as written (`#n`, `:v`); nothing
// here depends on a request.

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export interface PathOperand {
  readonly kind: "path";
  /**
   * Attribute names, `#` placeholders (an attribute name in an expression never begins with `#`) and list
   * indexes.
   */
  readonly elements: readonly (string | number)[];
  readonly hasPlaceholders: boolean;
}

export interface ValueOperand {
  readonly kind: "value";
  /** With its colon. */
  readonly name: string;
}

export interface FunctionCall {
  readonly kind: "function";
  readonly name: string;
  readonly operands: readonly Operand[];
}

export type Operand = PathOperand | ValueOperand | FunctionCall;

export interface Comparison {
  readonly kind: "comparison";
  readonly operator: Comparator;
  readonly left: Operand;
  readonly right: Operand;
}

export type ConditionNode =
  | Comparison
  | { readonly kind: "between"; readonly operand: Operand; readonly lower: Operand; readonly upper: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly choices: readonly Operand[] }
  | { readonly kind: "call"; readonly call: FunctionCall }
  | { readonly kind: "and"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "or"; readonly left: ConditionNode; readonly right: ConditionNode }
  | { readonly kind: "not"; readonly condition: ConditionNode };

/** The conditions that compare something, which the others combine. */
export type ConditionLeaf = Exclude<ConditionNode, { kind: "and" | "or" | "not" }>;

export interface Arithmetic {
  readonly kind: "arithmetic";
  readonly operator: "+" | "-";
  readonly left: Operand;
  readonly right: Operand;
}

export type UpdateAction =
  | { readonly kind: "SET"; readonly path: PathOperand; readonly value: Operand | Arithmetic }
  | { readonly kind: "REMOVE"; readonly path: PathOperand }
  | { readonly kind: "ADD" | "DELETE"; readonly path: PathOperand; readonly value: ValueOperand };

export type UpdateSection = UpdateAction["kind"];

/** The operands of a condition that compares something, in the order they are written. */
export function operandsOf(leaf: ConditionLeaf): readonly Operand[] {
  switch (leaf.kind) {
    case "comparison": return [leaf.left, leaf.right];
    case "between": return [leaf.operand, leaf.lower, leaf.upper];
    case "in": return [leaf.operand, ...leaf.choices];
    case "call": return leaf.call.operands;
  }
}

/** Visits the leaves of a condition from left to right. */
export function forEachLeaf(node: ConditionNode, visit: (leaf: ConditionLeaf) => void): void {
  switch (node.kind) {
    case "and":
    case "or":
      forEachLeaf(node.left, visit);
      forEachLeaf(node.right, visit);
      return;
    case "not":
      forEachLeaf(node.condition, visit);
      return;
    default:
      visit(node);
  }
}

/** Visits an operand's parts, inner ones first, as they are written. */
export function forEachOperand(operand: Operand, visit: (part: Operand) => void): void {
  if (operand.kind === "function") for (const inner of operand.operands) forEachOperand(inner, visit);
  visit(operand);
}
