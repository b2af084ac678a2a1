// What the parser makes of a statement: plain data, without the values of parameters, so that one tree serves every
// request that sends the text. Literals are values already; AND and OR hold all their operands in one node.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import type { Place } from "./statement-error.ts";

/** The first element is the name of a top-level attribute; numbers are list indexes. */
export type Path = readonly (string | number)[];

export interface Literal {
  readonly kind: "literal";
  readonly value: AttributeValue;
}

export interface Parameter {
  readonly kind: "parameter";
  /** From 0, in the order they are written. */
  readonly index: number;
}

export interface PathReference {
  readonly kind: "path";
  readonly path: Path;
  readonly place: Place;
}

export interface Call {
  readonly kind: "call";
  /** In lower case. */
  readonly name: string;
  readonly operands: readonly Operand[];
  readonly place: Place;
}

export type ValueExpression = Literal | Parameter;

/** Something with a value. Of calls, only `size` has one in a condition, and list_append and the like in SET. */
export type Operand = ValueExpression | PathReference | Call;

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | { readonly kind: "comparison"; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  /** A condition compared with something: true when its truth is that value. */
  | { readonly kind: "truth"; readonly operator: Comparator; readonly condition: Condition; readonly with: Term }
  | { readonly kind: "between"; readonly operand: Operand; readonly lower: Operand; readonly upper: Operand }
  | { readonly kind: "in"; readonly operand: Operand; readonly choices: readonly Operand[] }
  | { readonly kind: "test"; readonly call: Call }
  | { readonly kind: "missing"; readonly path: PathReference }
  /** The attribute is there and of this type; `type` as in attribute_type. */
  | { readonly kind: "type"; readonly path: PathReference; readonly type: string }
  | { readonly kind: "and" | "or"; readonly conditions: readonly Condition[] }
  | { readonly kind: "not"; readonly condition: Condition };

export type Term = { readonly condition: Condition } | { readonly operand: Operand };

export interface TableReference {
  /** A name or an ARN. */
  readonly table: string;
  readonly index: string | undefined;
}

export interface OrderTerm {
  readonly attribute: string;
  readonly descending: boolean;
}

export interface SelectStatement extends TableReference {
  readonly kind: "select";
  /** Undefined: `*`. */
  readonly projection: readonly Path[] | undefined;
  readonly where: Condition | undefined;
  readonly orderBy: readonly OrderTerm[];
}

export interface InsertStatement {
  readonly kind: "insert";
  readonly table: string;
  readonly item: ReadonlyMap<string, ValueExpression>;
}

export type AssignedValue =
  | { readonly kind: "operand"; readonly operand: Operand }
  | { readonly kind: "sum"; readonly operator: "+" | "-"; readonly left: Operand; readonly right: Operand };

export type UpdateAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: AssignedValue }
  | { readonly kind: "remove"; readonly path: Path }
  | SetAction;

/** set_add and set_delete; `place` is that of the first argument. */
export interface SetAction {
  readonly kind: "set-add" | "set-delete";
  readonly path: Path;
  readonly value: ValueExpression;
  readonly place: Place;
}

export type Returning = "ALL OLD" | "ALL NEW" | "MODIFIED OLD" | "MODIFIED NEW";

export interface UpdateStatement extends TableReference {
  readonly kind: "update";
  readonly actions: readonly UpdateAction[];
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

export interface DeleteStatement extends TableReference {
  readonly kind: "delete";
  readonly where: Condition | undefined;
  readonly returning: Returning | undefined;
}

/** Only in transactions. */
export interface ExistsStatement {
  readonly kind: "exists";
  readonly select: SelectStatement;
}

export type Statement = SelectStatement | InsertStatement | UpdateStatement | DeleteStatement | ExistsStatement;

export interface ParsedStatement {
  readonly statement: Statement;
  readonly parameterCount: number;
}
