// Statements:
//
//   SELECT * | path, … FROM table[.index] [WHERE condition] [ORDER BY key [ASC|DESC], …]
//   INSERT INTO table VALUE { 'name': value, … }
//   UPDATE table action … [WHERE condition] [RETURNING (ALL|MODIFIED) (OLD|NEW) *]
//   FROM table [WHERE condition] action … [RETURNING …]             the same, the other way around
//   DELETE FROM table [WHERE condition] [RETURNING ALL OLD *]
//   EXISTS ( select )                                               in transactions only
//
//   action = SET path = value, … | REMOVE path, …
import { validationException } from "@azimuth/model/exceptions.ts";
import { ExpressionParser } from "./expression-parser.ts";
import { isLiteralAhead, parseLiteral, parseMembers, unexpected } from "./literals.ts";
import { errorAt, notWellFormed, operandTypeError } from "./statement-error.ts";
import type {
  AssignedValue, Call, Condition, DeleteStatement, InsertStatement, Operand, OrderTerm, ParsedStatement, Path,
  Returning, SelectStatement, Statement, TableReference, UpdateAction, UpdateStatement, ValueExpression,
} from "./syntax-tree.ts";

const joins: ReadonlySet<string> = new Set(["join", "inner", "left", "right", "full", "cross", "outer", "natural"]);
const unsupportedClauses = ["group", "having", "union", "intersect", "except"] as const;
const nothing: ValueExpression = { kind: "literal", value: { type: "NULL", value: true } };

/** Throws the ValidationException for anything wrong with the text itself. */
export function parseStatement(text: string): ParsedStatement {
  return new StatementParser(text).parseWhole();
}

class StatementParser extends ExpressionParser {
  parseWhole(): ParsedStatement {
    const statement = this.#parseStatement();
    this.maybeTakeSymbol(";");
    if (this.current.kind !== "end") throw notWellFormed("Unexpected token after expression");
    this.throwIfNoted();
    return { statement, parameterCount: this.parameterCount };
  }

  #parseStatement(): Statement {
    if (this.isAtEnd) throw notWellFormed("Unexpected term");
    if (this.isKeyword("select")) return this.#parseSelect();
    if (this.maybeTakeKeyword("insert")) return this.#parseInsert();
    if (this.maybeTakeKeyword("update")) return this.#parseUpdate();
    if (this.maybeTakeKeyword("delete")) return this.#parseDelete();
    if (this.maybeTakeKeyword("from")) return this.#parseFromFirst();
    if (this.isKeyword("exists") && this.isSymbol("(", 1)) return this.#parseExists();
    throw this.#bareExpression();
  }

  /** An expression is a statement to the parser, and to nobody else. */
  #bareExpression() {
    const term = this.parseTerm();
    if (!this.isAtEnd) return notWellFormed("Unexpected token after expression");
    return "condition" in term && term.condition.kind === "type"
      ? validationException("Unsupported operation: IsType")
      : notWellFormed("Expected data manipulation");
  }

  #parseExists(): Statement {
    this.advance();
    this.advance();
    if (!this.isKeyword("select")) throw unexpected(this);
    const select = this.#parseSelect();
    this.takeSymbol(")", "RIGHT_PAREN");
    return { kind: "exists", select };
  }

  #parseSelect(): SelectStatement {
    this.takeKeyword("select");
    if (this.isKeyword("distinct")) {
      this.note(errorAt("Unsupported clause: DISTINCT", this.advance().place));
    }
    const projection = this.#parseProjection();
    if (!this.maybeTakeKeyword("from")) throw notWellFormed("Missing FROM after SELECT list");
    const table = this.#parseTable("SELECT");
    if (this.isSymbol(",") || (this.current.kind === "keyword" && joins.has(this.current.value))) {
      throw validationException("Only select from a single table or index is supported.");
    }
    const where = this.#parseWhere();
    const orderBy = this.#parseOrderBy();
    this.#refuseClauses();
    return { kind: "select", ...table, projection, where, orderBy };
  }

  #parseProjection(): readonly Path[] | undefined {
    const misplaced = validationException("Select projection doesn't support value or pivot keywords");
    if (this.maybeTakeKeyword("value") || this.maybeTakeKeyword("pivot")) this.note(misplaced);
    const names = new Set<string>();
    const paths: Path[] = [];
    let hasStar = false;
    let count = 0;
    do {
      count++;
      if (this.maybeTakeSymbol("*")) hasStar = true;
      else paths.push(this.#parseColumn(names));
    } while (this.maybeTakeSymbol(","));
    if (!hasStar) return paths;
    if (count > 1) {
      this.note(validationException(
        "Other attributes should not be present in the projection when '*' is used.",
      ));
    }
    return undefined;
  }

  #parseColumn(names: Set<string>): Path {
    const { place } = this.current;
    const { inner: term, problem } = this.collecting(() => this.parseTerm());
    const operand = "operand" in term && term.operand.kind === "path" ? term.operand : undefined;
    const reported = operand === undefined ? errorAt("Unexpected path component", place) : problem;
    if (reported !== undefined) this.note(reported);
    if (this.maybeTakeKeyword("as") || this.isName) {
      this.note(validationException("Aliasing is not supported"));
      this.advance();
    }
    if (operand === undefined) return [""];
    const { path } = operand;
    const name = columnName(path);
    if (names.has(name)) this.note(validationException(`Duplicate identifiers in select clause: ${name}`));
    names.add(name);
    return path;
  }

  #parseOrderBy(): readonly OrderTerm[] {
    if (!this.maybeTakeKeyword("order")) return [];
    this.takeKeyword("by");
    const terms: OrderTerm[] = [];
    do {
      const { place } = this.current;
      const term = this.parseTerm();
      const path = "operand" in term && term.operand.kind === "path" ? term.operand.path : undefined;
      if (path === undefined || path.length > 1) {
        const type = path === undefined ? "Literal" : "Path";
        this.note(errorAt(`Argument to ORDER BY must be of type VariableReference. Type: ${type}`, place));
      }
      const descending = this.maybeTakeKeyword("desc");
      if (!descending) this.maybeTakeKeyword("asc");
      terms.push({ attribute: String(path?.[0]), descending });
    } while (this.maybeTakeSymbol(","));
    return terms;
  }

  #refuseClauses(): void {
    if (this.maybeTakeKeyword("limit")) {
      const { place } = this.current;
      this.parseTerm();
      this.note(errorAt("Unsupported clause: LIMIT", place));
    }
    const clause = unsupportedClauses.find((keyword) => this.isKeyword(keyword));
    if (clause === undefined) return;
    throw errorAt(`Unsupported clause: ${clause.toUpperCase()}`, this.current.place);
  }

  /** A table, with its index; an alias is refused. */
  #parseTable(statement: "SELECT" | "INSERT" | "UPDATE" | "DELETE"): TableReference {
    if (!this.isName) throw this.#noTable(statement);
    const { path } = this.parsePath();
    if (path.some((component) => typeof component === "number")) {
      this.note(validationException("Invalid list expression in source."));
    }
    if (path.length > 2) {
      this.note(validationException("A path may contain at most 2 components in the FROM clause"));
    }
    if (path.length > 1 && statement !== "SELECT") {
      this.note(validationException(
        statement === "INSERT"
          ? "FROM clause may only contain a single table name"
          : "This operation is not supported on an index",
      ));
    }
    if (statement !== "INSERT") this.#refuseAlias();
    const [table, index] = path;
    return { table: String(table), index: index === undefined ? undefined : String(index) };
  }

  #noTable(statement: string) {
    if (statement !== "SELECT") return notWellFormed("Expected identifier for simple path");
    if (this.current.kind === "string") return validationException("Unexpected from source");
    return unexpected(this);
  }

  #refuseAlias(): void {
    const isAlias = this.maybeTakeKeyword("as") || this.maybeTakeKeyword("at") || this.maybeTakeKeyword("by");
    if (!isAlias && !this.isName) return;
    if (!this.isName) throw notWellFormed("Expected identifier for alias");
    this.advance();
    this.note(validationException("Aliasing is not supported"));
  }

  #parseWhere(): Condition | undefined {
    return this.maybeTakeKeyword("where") ? this.parseCondition() : undefined;
  }

  #parseInsert(): InsertStatement {
    this.takeKeyword("into");
    const { table } = this.#parseTable("INSERT");
    if (!this.maybeTakeKeyword("value")) return this.#refuseInserted(table);
    const isTuple = this.isSymbol("{");
    if (!isTuple) {
      this.parseTerm();
      this.note(validationException(
        "Unsupported format in item expression. " +
          "Please use struct format {...} to express item values for insert statement.",
      ));
    }
    const item = isTuple
      ? this.nested(() => parseMembers(this, "root", () => this.#parseInserted()))
      : new Map<string, ValueExpression>();
    if (this.maybeTakeKeyword("returning")) {
      this.#parseReturningElement();
      this.note(validationException("RETURNING is not supported in INSERT"));
    }
    return { kind: "insert", table, item };
  }

  /** INSERT INTO table followed by a list of items, or by what is no item at all. */
  #refuseInserted(table: string): InsertStatement {
    if (this.maybeTakeKeyword("values")) throw notWellFormed("Expected LEFT_PAREN");
    this.parseTerm();
    this.note(validationException(
      "Unsupported operation: Inserting multiple items in a single statement is not supported, " +
        'use "INSERT INTO tableName VALUE item" instead',
    ));
    return { kind: "insert", table, item: new Map() };
  }

  #parseInserted(): ValueExpression {
    if (isLiteralAhead(this)) return { kind: "literal", value: parseLiteral(this) };
    const { place } = this.current;
    const { inner: term } = this.collecting(() => this.parseTerm());
    const operand = "operand" in term ? term.operand : undefined;
    if (operand?.kind === "parameter") return operand;
    const type = operand?.kind === "call" ? operand.name : "VariableReference";
    this.note(errorAt(`Unsupported data type: ${type} under key root`, place));
    return nothing;
  }

  #parseUpdate(): UpdateStatement {
    const table = this.#parseTable("UPDATE");
    const actions = this.#parseActions();
    const where = this.#parseWhere();
    return { kind: "update", ...table, actions, where, returning: this.#parseReturning() };
  }

  #parseFromFirst(): UpdateStatement {
    const table = this.#parseTable("UPDATE");
    const where = this.#parseWhere();
    const actions = this.#parseActions();
    return { kind: "update", ...table, actions, where, returning: this.#parseReturning() };
  }

  #parseDelete(): DeleteStatement {
    this.takeKeyword("from");
    const table = this.#parseTable("DELETE");
    const where = this.#parseWhere();
    const returning = this.#parseReturning();
    if (returning !== undefined && returning !== "ALL OLD") {
      this.note(validationException(
        `Invalid returning clause: RETURNING ${returning} *. ` +
          "Only RETURNING ALL OLD * is allowed in DELETE statements.",
      ));
    }
    return { kind: "delete", ...table, where, returning };
  }

  #parseActions(): readonly UpdateAction[] {
    const actions: UpdateAction[] = [];
    for (;;) {
      if (this.maybeTakeKeyword("set")) {
        do actions.push(this.#parseAssignment());
        while (this.maybeTakeSymbol(","));
      } else if (this.maybeTakeKeyword("remove")) {
        do actions.push({ kind: "remove", path: this.#parseTarget() });
        while (this.maybeTakeSymbol(","));
      } else if (actions.length === 0) {
        throw notWellFormed("Expected data manipulation");
      } else {
        return actions;
      }
    }
  }

  #parseTarget(): Path {
    if (!this.isName) throw notWellFormed("Expected identifier for simple path");
    return this.parsePath().path;
  }

  #parseAssignment(): UpdateAction {
    const path = this.#parseTarget();
    this.takeSymbol("=", "EQ");
    this.assigning = true;
    const value = this.#parseAssigned();
    this.assigning = false;
    const { operand } = value.kind === "operand" ? value : { operand: undefined };
    if (operand?.kind === "call" && operand.name !== "list_append") return this.#setAction(path, operand);
    return { kind: "set", path, value };
  }

  #parseAssigned(): AssignedValue {
    const first = this.#parseAssignedSide();
    const operator = this.isSymbol("+") ? "+" : "-";
    if (!this.maybeTakeSymbol("+") && !this.maybeTakeSymbol("-")) return first;
    if (this.isAtEnd) throw notWellFormed("Missing right-hand side expression of infix operator");
    const second = this.#parseAssignedSide();
    if (first.kind === "sum" || second.kind === "sum" || this.isSymbol("+") || this.isSymbol("-")) {
      throw validationException(`Unsupported operator in Update Expression. Operator: ${operator}`);
    }
    for (const { operand } of [first, second]) {
      if (operand.kind === "literal" && operand.value.type !== "N") {
        this.note(operandTypeError(operator, operand.value.type));
      }
    }
    return { kind: "sum", operator, left: first.operand, right: second.operand };
  }

  #parseAssignedSide(): AssignedValue {
    if (this.maybeTakeSymbol("(")) {
      const inner = this.nested(() => this.#parseAssigned());
      this.takeSymbol(")", "RIGHT_PAREN");
      return inner;
    }
    const term = this.parsePrimary();
    if ("operand" in term) return { kind: "operand", operand: term.operand };
    this.note(validationException("Unsupported operator in Update Expression."));
    return { kind: "operand", operand: nothing };
  }

  /** set_add and set_delete change the attribute they are assigned to. */
  #setAction(path: Path, { name, operands, place }: Call): UpdateAction {
    const shown = name.toUpperCase();
    const kind = name === "set_add" ? "set-add" : "set-delete";
    const [first, second] = operands;
    if (operands.length !== 2) {
      this.note(errorAt(`${shown} must have exactly two arguments`, place));
    } else if (first?.kind !== "path" || !samePath(first.path, path)) {
      this.note(errorAt(`The first argument to ${shown} must equal the assignment value`, place));
    } else if (!isSetOrParameter(second)) {
      this.note(errorAt(`The second argument to ${shown} must be a value with type SET`, first.place));
    } else {
      return { kind, path, value: second, place: first.place };
    }
    return { kind, path, value: nothing, place };
  }

  #parseReturning(): Returning | undefined {
    if (!this.maybeTakeKeyword("returning")) return undefined;
    const returning = this.#parseReturningElement();
    if (this.maybeTakeSymbol(",")) {
      this.#parseReturningElement();
      this.note(validationException("Invalid syntax with multiple returning elements in RETURNING clause"));
    }
    return returning;
  }

  #parseReturningElement(): Returning {
    const scope = this.advance().value.toUpperCase();
    const age = this.advance().value.toUpperCase();
    if ((scope !== "ALL" && scope !== "MODIFIED") || (age !== "OLD" && age !== "NEW")) {
      throw notWellFormed("Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.");
    }
    if (!this.maybeTakeSymbol("*")) {
      this.note(validationException("Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"));
      if (!this.isAtEnd) this.parseTerm();
    }
    return `${scope} ${age}`;
  }
}

/** A column is called by the last name of its path and the indexes after it: `k[0]` for `m.k[0]`. */
export function columnName(path: Path): string {
  const last = path.findLastIndex((element) => typeof element === "string");
  return String(path[last]) + path.slice(last + 1).map((index) => `[${index}]`).join("");
}

function samePath(left: Path, right: Path): boolean {
  return left.length === right.length && left.every((element, position) => element === right[position]);
}

function isSetOrParameter(operand: Operand | undefined): operand is ValueExpression {
  if (operand?.kind === "parameter") return true;
  return operand?.kind === "literal" && (operand.value.type === "SS" || operand.value.type === "NS");
}
