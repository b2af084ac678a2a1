// The part of the grammar that all expressions share: a cursor over tokens, document paths, placeholders,
// function calls, parentheses. Recursive descent; the condition, update and projection parsers extend it.
//
//   operand  = path | value | function | "(" operand ")"
//   function = name "(" operand { "," operand } ")"
//   path     = id { "." id | "[" index "]" }          id = name | #name
//
// Errors come in DynamoDB's order: the first syntax error or redundant parenthesis ends parsing; what is
// wrong with names, functions and sizes is reported by expression-rules.ts once the whole text has parsed.
import type { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { ExpressionKind, Placeholders } from "./bindings.ts";
import { expressionError } from "./expression-error.ts";
import { operatorsMax } from "./limits.ts";
import type { FunctionCall, Operand, PathOperand } from "./syntax-tree.ts";
import { textNear, tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/** No valid expression nests deeper: each level holds an operator of its own or is redundant. */
const parenthesesDepthMax = 2 * operatorsMax;

export interface ParsedOperand {
  readonly operand: Operand;
  readonly parenthesized: boolean;
}

export class OperandParser {
  readonly kind: ExpressionKind;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #position = 0;
  #parenthesesDepth = 0;
  readonly #names = new Set<string>();
  readonly #values = new Set<string>();
  /** Comparisons, AND, OR, NOT, BETWEEN, IN, functions, + and -. */
  operatorCount = 0;

  constructor(kind: ExpressionKind, text: string) {
    this.kind = kind;
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  get placeholders(): Placeholders {
    return { names: [...this.#names], values: [...this.#values] };
  }

  get current(): Token {
    return this.#at(this.#position);
  }

  advance(): Token {
    const token = this.current;
    if (token.kind !== "end") this.#position++;
    return token;
  }

  isSymbol(value: string): boolean {
    return this.current.kind === "symbol" && this.current.value === value;
  }

  isKeyword(value: string): boolean {
    return this.current.kind === "keyword" && this.current.value === value;
  }

  /** Takes the symbol if it is next. */
  maybeTakeSymbol(value: string): boolean {
    if (!this.isSymbol(value)) return false;
    this.#position++;
    return true;
  }

  /** Takes the keyword if it is next. */
  maybeTakeKeyword(value: string): boolean {
    if (!this.isKeyword(value)) return false;
    this.#position++;
    return true;
  }

  takeSymbol(value: string): void {
    if (!this.maybeTakeSymbol(value)) throw this.syntaxError();
  }

  takeKeyword(value: string): void {
    if (!this.maybeTakeKeyword(value)) throw this.syntaxError();
  }

  takeEnd(): void {
    if (this.current.kind !== "end") throw this.syntaxError();
  }

  /** About the current token. */
  syntaxError(): DynamoDbException {
    const near = textNear(this.#text, this.#tokens, this.#position);
    return expressionError(this.kind, `Syntax error; token: "${this.current.text}", near: "${near}"`);
  }

  /**
   * Parses what stands between parentheses; the opening one is next. `(( … ))` around one thing is an
   * error.
   */
  parseParenthesized<Inner extends { readonly parenthesized: boolean }>(parse: () => Inner): Inner {
    this.takeSymbol("(");
    if (++this.#parenthesesDepth > parenthesesDepthMax) throw this.#redundantParentheses();
    const inner = parse();
    this.takeSymbol(")");
    this.#parenthesesDepth--;
    if (inner.parenthesized) throw this.#redundantParentheses();
    return { ...inner, parenthesized: true };
  }

  parseOperand(): ParsedOperand {
    if (this.isSymbol("(")) return this.parseParenthesized(() => this.parseOperand());
    return { operand: this.parseBareOperand(), parenthesized: false };
  }

  /** An operand that does not begin with a parenthesis. */
  parseBareOperand(): Operand {
    if (this.current.kind === "value-placeholder") return this.parseValue();
    if (this.current.kind === "name" && this.#isCallAhead()) return this.#parseFunction();
    return this.parsePath();
  }

  parseValue(): Extract<Operand, { kind: "value" }> {
    if (this.current.kind !== "value-placeholder") throw this.syntaxError();
    const name = this.advance().value;
    this.#values.add(name);
    return { kind: "value", name };
  }

  parsePath(): PathOperand {
    const elements: (string | number)[] = [this.#parseIdentifier()];
    for (;;) {
      if (this.maybeTakeSymbol(".")) {
        elements.push(this.#parseIdentifier());
      } else if (this.maybeTakeSymbol("[")) {
        if (this.current.kind !== "index") throw this.syntaxError();
        elements.push(Number(this.advance().value));
        this.takeSymbol("]");
      } else {
        return { kind: "path", elements, hasPlaceholders: elements.some(isNamePlaceholder) };
      }
    }
  }

  #parseFunction(): FunctionCall {
    const name = this.advance().value;
    this.operatorCount++;
    this.takeSymbol("(");
    const operands = [this.parseOperand().operand];
    while (this.maybeTakeSymbol(",")) operands.push(this.parseOperand().operand);
    this.takeSymbol(")");
    return { kind: "function", name, operands };
  }

  #parseIdentifier(): string {
    const token = this.current;
    if (token.kind === "name-placeholder") this.#names.add(token.value);
    else if (token.kind !== "name") throw this.syntaxError();
    return this.advance().value;
  }

  #isCallAhead(): boolean {
    const next = this.#at(this.#position + 1);
    return next.kind === "symbol" && next.value === "(";
  }

  #redundantParentheses(): DynamoDbException {
    return expressionError(this.kind, "The expression has redundant parentheses;");
  }

  #at(position: number): Token {
    const token = this.#tokens[Math.min(position, this.#tokens.length - 1)];
    if (token === undefined) throw new Error("a token list ends with <EOF>");
    return token;
  }
}

export function isNamePlaceholder(element: string | number): boolean {
  return typeof element === "string" && element.startsWith("#");
}
