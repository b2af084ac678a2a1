// A cursor over the tokens of a statement, and the two ways a statement is refused: what cannot be parsed is thrown
// at once; what parses but is not supported is noted, and the first such problem is thrown only when the whole
// statement has parsed, because DynamoDB translates a statement only after parsing it.
import type { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { nestingMax } from "./limits.ts";
import { notWellFormed } from "./statement-error.ts";
import type { Token } from "./tokens.ts";
import { tokenize } from "./tokens.ts";

export class Cursor {
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;
  #parameters = 0;
  #problem: DynamoDbException | undefined;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get current(): Token {
    return this.ahead(0);
  }

  ahead(distance: number): Token {
    const token = this.#tokens[Math.min(this.#position + distance, this.#tokens.length - 1)];
    if (token === undefined) throw new Error("a token list has an end");
    return token;
  }

  /** How many parameters have been taken. */
  get parameterCount(): number {
    return this.#parameters;
  }

  advance(): Token {
    const token = this.current;
    if (token.kind !== "end") this.#position++;
    if (token.kind === "parameter") this.#parameters++;
    return token;
  }

  isSymbol(value: string, distance = 0): boolean {
    const token = this.ahead(distance);
    return token.kind === "symbol" && token.value === value;
  }

  isKeyword(value: string, distance = 0): boolean {
    const token = this.ahead(distance);
    return token.kind === "keyword" && token.value === value;
  }

  get isName(): boolean {
    return this.current.kind === "identifier" || this.current.kind === "quoted";
  }

  /** Nothing is left but a semicolon. */
  get isAtEnd(): boolean {
    return this.current.kind === "end" || (this.isSymbol(";") && this.ahead(1).kind === "end");
  }

  maybeTakeSymbol(value: string): boolean {
    if (!this.isSymbol(value)) return false;
    this.advance();
    return true;
  }

  maybeTakeKeyword(value: string): boolean {
    if (!this.isKeyword(value)) return false;
    this.advance();
    return true;
  }

  /** `name` is the token's type as DynamoDB's parser calls it. */
  takeSymbol(value: string, name: string): void {
    if (!this.maybeTakeSymbol(value)) throw notWellFormed(`Expected ${name}`);
  }

  takeKeyword(value: string): void {
    if (!this.maybeTakeKeyword(value)) throw notWellFormed(`Expected ${value.toUpperCase()} keyword`);
  }

  /** Parses what lies inside something; too deep is not well formed, so that no statement exhausts the stack. */
  nested<Inner>(parse: () => Inner): Inner {
    if (++this.#depth > nestingMax) throw notWellFormed("");
    const inner = parse();
    this.#depth--;
    return inner;
  }

  note(problem: DynamoDbException): void {
    this.#problem ??= problem;
  }

  /** Keeps apart what is noted meanwhile: the caller may have other words for it. */
  collecting<Inner>(parse: () => Inner): { readonly inner: Inner; readonly problem: DynamoDbException | undefined } {
    const before = this.#problem;
    this.#problem = undefined;
    const inner = parse();
    const problem = this.#problem;
    this.#problem = before;
    return { inner, problem };
  }

  throwIfNoted(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }
}
