// Conditions and operands:
//
//   term       = and { OR and }              and  = not { AND not }            not = NOT not | comparison
//   comparison = primary { comparator primary | IS [NOT] … | [NOT] IN … | [NOT] BETWEEN primary AND primary }
//   primary    = literal | ? | path | call | "(" term ")"
//
// A term is a condition or an operand, and what surrounds it tells which has to stand there. AND and OR bind
// weaker than NOT, NOT weaker than comparisons.
import { validationException } from "@azimuth/model/exceptions.ts";
import { Cursor } from "./cursor.ts";
import { callKeywords, operatorKeywords } from "./keywords.ts";
import { listIndexMax } from "./limits.ts";
import { isLiteralAhead, parseLiteral, unexpected } from "./literals.ts";
import { errorAt, notWellFormed, operandCountError, operandTypeError } from "./statement-error.ts";
import type { Call, Comparator, Condition, Operand, Path, PathReference, Term } from "./syntax-tree.ts";

const comparators: Readonly<Record<string, Comparator>> = {
  "=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
};

const arithmetic: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%", "||"]);

/** Calls that are conditions, with their number of operands. */
const tests: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1], ["attribute_not_exists", 1], ["attribute_type", 2], ["begins_with", 2], ["contains", 2],
]);

/** Calls with a value that stand on the right of SET. */
const assignedCalls: ReadonlySet<string> = new Set(["list_append", "set_add", "set_delete"]);

/** What may follow IS; undefined is a type DynamoDB knows but no attribute has. */
const typeNames: Readonly<Record<string, string | undefined>> = {
  null: "NULL", bool: "BOOL", boolean: "BOOL", blob: "B", string: "S", varchar: "S", char: "S", character: "S",
  numeric: "N", int: "N", int2: "N", int4: "N", int8: "N", integer: "N", smallint: "N", bigint: "N", decimal: "N",
  dec: "N", float: "N", real: "N", double: "N", struct: "M", tuple: "M", list: "L", any: undefined, bag: undefined,
  sexp: undefined, symbol: undefined, clob: undefined, timestamp: undefined, date: undefined, time: undefined,
};

/** Stand for what was refused, until the statement has parsed. */
const somePath: PathReference = { kind: "path", path: [""], place: { line: 1, column: 1, length: 0 } };
const anything: Condition = { kind: "missing", path: somePath };

export class ExpressionParser extends Cursor {
  /** The right side of SET, where other functions are known than in conditions. */
  protected assigning = false;

  parseCondition(): Condition {
    const term = this.parseTerm();
    if ("condition" in term) return term.condition;
    this.note(validationException("WHERE clause must contain an expression that resolves to a boolean"));
    return anything;
  }

  parseTerm(): Term {
    return this.#parseChain("or", () => this.#parseChain("and", () => this.#parseNot()));
  }

  #parseChain(kind: "and" | "or", parse: () => Term): Term {
    const first = parse();
    if (!this.isKeyword(kind)) return first;
    const conditions = [this.#joined(first)];
    while (this.maybeTakeKeyword(kind)) conditions.push(this.#joined(this.#parseRightSide(parse)));
    return { condition: { kind, conditions } };
  }

  #joined(term: Term): Condition {
    if ("condition" in term) return term.condition;
    this.note(validationException("The arguments to AND/OR must be Expressions"));
    return anything;
  }

  #parseRightSide<Side>(parse: () => Side): Side {
    if (this.isAtEnd) throw notWellFormed("Missing right-hand side expression of infix operator");
    return parse();
  }

  #parseNot(): Term {
    if (!this.maybeTakeKeyword("not")) return this.#parseComparison();
    const term = this.nested(() => this.#parseNot());
    if ("condition" in term) return { condition: { kind: "not", condition: term.condition } };
    this.note(validationException("The argument to NOT must be a Type or Expression"));
    return { condition: anything };
  }

  #parseComparison(): Term {
    let left = this.#parseArithmetic();
    for (;;) {
      const { kind, value } = this.current;
      if (kind === "symbol") {
        const operator = Object.hasOwn(comparators, value) ? comparators[value] : undefined;
        if (operator === undefined) return left;
        this.advance();
        left = { condition: compared(operator, left, this.#parseRightSide(() => this.#parseArithmetic())) };
        continue;
      }
      const negated = this.isKeyword("not") && ["in", "between", "like"].some((next) => this.isKeyword(next, 1));
      if (negated) this.advance();
      const condition = this.#maybeParseKeywordComparison(left);
      if (condition === undefined) return left;
      left = { condition: negated ? { kind: "not", condition } : condition };
    }
  }

  /** A primary. Sums and the like exist only on the right of SET, outside of calls (statement-parser.ts). */
  #parseArithmetic(): Term {
    const first = this.parsePrimary();
    if (!this.#isArithmetic) return first;
    const where = this.assigning ? "Update" : "Condition";
    this.note(validationException(
      `Unsupported operator in ${where} Expression. Operator: ${this.current.value}`,
    ));
    while (this.#isArithmetic) {
      this.advance();
      this.#parseRightSide(() => this.parsePrimary());
    }
    return { operand: somePath };
  }

  get #isArithmetic(): boolean {
    return this.current.kind === "symbol" && arithmetic.has(this.current.value);
  }

  #maybeParseKeywordComparison(left: Term): Condition | undefined {
    if (this.maybeTakeKeyword("is")) return this.#parseIs(left);
    if (this.maybeTakeKeyword("in")) return this.#parseIn(left);
    if (this.maybeTakeKeyword("between")) {
      const lower = this.#operand("BETWEEN", this.#parseRightSide(() => this.#parseArithmetic()));
      this.takeKeyword("and");
      const upper = this.#operand("BETWEEN", this.#parseRightSide(() => this.#parseArithmetic()));
      return { kind: "between", operand: this.#operand("BETWEEN", left), lower, upper };
    }
    if (this.maybeTakeKeyword("like")) {
      this.#parseRightSide(() => this.#parseArithmetic());
      this.note(validationException("Unsupported operator in Condition Expression. Operator: LIKE"));
      return anything;
    }
    return undefined;
  }

  #parseIs(left: Term): Condition {
    const negated = this.maybeTakeKeyword("not");
    const { kind, value } = this.current;
    const type = value.toLowerCase();
    if ((kind !== "keyword" && kind !== "identifier") || (type !== "missing" && !Object.hasOwn(typeNames, type))) {
      throw notWellFormed("Expected type name");
    }
    this.advance();
    if (type === "double") this.maybeTakeKeyword("precision");
    if (type === "character") this.maybeTakeKeyword("varying");
    if (!("operand" in left) || left.operand.kind !== "path") {
      this.note(validationException(
        "The left hand side argument to IS must be a Variable Reference, Literal, or Path",
      ));
      return anything;
    }
    const path = left.operand;
    const condition: Condition = type === "missing" ? { kind: "missing", path } : this.#typeTest(path, type);
    return negated ? { kind: "not", condition } : condition;
  }

  #typeTest(path: PathReference, name: string): Condition {
    const type = typeNames[name];
    if (type !== undefined) return { kind: "type", path, type };
    this.note(validationException(
      `Unsupported data type for IS operator: ${name.toUpperCase()}. Supported data types are ` +
        "[MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]",
    ));
    return anything;
  }

  #parseIn(left: Term): Condition {
    const closing = this.isSymbol("[") ? "]" : this.isSymbol("<<") ? ">>" : ")";
    if (closing === ")" && !this.isSymbol("(")) {
      this.#parseRightSide(() => this.#parseArithmetic());
      return this.#refuseIn();
    }
    this.advance();
    const choices: Term[] = [];
    if (!this.isSymbol(closing)) {
      do choices.push(this.nested(() => this.parseTerm()));
      while (this.maybeTakeSymbol(","));
    }
    this.takeSymbol(closing, closing === "]" ? "RIGHT_BRACKET" : closing === ")" ? "RIGHT_PAREN" : "RIGHT_BAG");
    if (choices.length === 0) return this.#refuseIn();
    if ("condition" in left) {
      const conditions = choices.map((choice) => compared("=", left, choice));
      return conditions.length === 1 ? (conditions[0] as Condition) : { kind: "or", conditions };
    }
    return { kind: "in", operand: left.operand, choices: choices.map((choice) => this.#operand("IN", choice)) };
  }

  #refuseIn(): Condition {
    this.note(validationException(
      "IN operator must have a left hand argument of type Variable Reference and " +
        "right hand argument of type Seq with at least one member",
    ));
    return anything;
  }

  #operand(operator: string, term: Term): Operand {
    if ("operand" in term) return term.operand;
    this.note(operandTypeError(operator, "BOOL"));
    return somePath;
  }

  parsePrimary(): Term {
    if (!this.isSymbol("(")) return this.#parseBare();
    this.advance();
    const term = this.nested(() => this.parseTerm());
    this.takeSymbol(")", "RIGHT_PAREN");
    return term;
  }

  #parseBare(): Term {
    const { kind, value } = this.current;
    if (isLiteralAhead(this)) return { operand: { kind: "literal", value: parseLiteral(this) } };
    if (kind === "parameter") {
      const index = this.parameterCount;
      this.advance();
      return { operand: { kind: "parameter", index } };
    }
    const isCall = this.isSymbol("(", 1) && (kind === "identifier" || (kind === "keyword" && callKeywords.has(value)));
    if (isCall) return this.#parseCall();
    if (this.isName) return { operand: this.parsePath() };
    if (kind !== "keyword") throw notWellFormed("Unexpected term");
    if (value === "missing") {
      this.advance();
      this.note(validationException("MISSING must be compared using IS operator"));
      return { operand: somePath };
    }
    if (value === "from") throw notWellFormed("Expected data manipulation");
    throw operatorKeywords.has(value) ? notWellFormed("Unexpected operator") : unexpected(this);
  }

  #parseCall(): Term {
    const { value, place } = this.advance();
    const name = value.toLowerCase();
    this.advance();
    const terms: Term[] = [];
    if (!this.isSymbol(")")) {
      do terms.push(name === "count" && this.maybeTakeSymbol("*")
        ? { operand: somePath }
        : this.nested(() => this.parseTerm()));
      while (this.maybeTakeSymbol(","));
    }
    this.takeSymbol(")", "RIGHT_PAREN");
    const operands = terms.map((term) => this.#operand(name, term));
    const call: Call = { kind: "call", name, operands, place };
    if (this.assigning && assignedCalls.has(name)) {
      if (name === "list_append" && operands.length !== 2) this.note(operandCountError(name, operands.length));
      return { operand: call };
    }
    const count = this.assigning ? undefined : name === "size" ? 1 : tests.get(name);
    if (count === undefined) this.note(errorAt(`Unrecognized function: ${name}`, place));
    else if (operands.length !== count) this.note(operandCountError(name, operands.length));
    return tests.has(name) ? { condition: { kind: "test", call } } : { operand: call };
  }

  /** A path; a name is next. */
  parsePath(): PathReference {
    const { value, place } = this.advance();
    const path: (string | number)[] = [this.#component(value)];
    for (;;) {
      if (this.maybeTakeSymbol(".")) path.push(this.#parseDotComponent());
      else if (this.maybeTakeSymbol("[")) path.push(this.#parseIndex());
      else return { kind: "path", path: path as Path, place };
    }
  }

  #parseDotComponent(): string {
    if (this.maybeTakeSymbol("*")) {
      this.note(validationException("Unpivot path component like a.*.b are not supported"));
      return "*";
    }
    if (!this.isName) throw notWellFormed("Invalid path dot component");
    return this.#component(this.advance().value);
  }

  #parseIndex(): string | number {
    if (this.maybeTakeSymbol("*")) {
      this.note(validationException("Wildcard path component like a[*].b are not supported"));
      this.takeSymbol("]", "RIGHT_BRACKET");
      return 0;
    }
    const negative = this.maybeTakeSymbol("-");
    const { kind, value, place } = this.advance();
    if (kind === "end") throw notWellFormed("Unexpected term");
    this.takeSymbol("]", "RIGHT_BRACKET");
    if (kind === "string" && !negative) return this.#component(value);
    if (kind !== "number" || !/^[0-9]+$/.test(value)) {
      this.note(errorAt("Unexpected path component", place));
      return 0;
    }
    const index = Number(value);
    if (index > listIndexMax || (negative && index > 0)) {
      const shown = `${negative ? "-" : ""}${value}`;
      this.note(errorAt(`List index is not within the allowable range; index: [${shown}]`, place));
      return 0;
    }
    return index;
  }

  #component(name: string): string {
    if (name === "") this.note(validationException("Path component cannot be an empty string"));
    return name;
  }
}

function compared(operator: Comparator, left: Term, right: Term): Condition {
  if ("condition" in left) return { kind: "truth", operator, condition: left.condition, with: right };
  if ("condition" in right) return { kind: "truth", operator, condition: right.condition, with: left };
  return { kind: "comparison", operator, left: left.operand, right: right.operand };
}
