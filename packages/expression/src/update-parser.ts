// UpdateExpression:
//
//   update  = section { section }
//   section = SET set {"," set} | REMOVE path {"," path} | ADD … | DELETE …
//   set     = path "=" ( operand | sum )
//   sum     = operand ("+"|"-") operand | "(" sum ")"
//
// An ADD or DELETE is `path :value`. A sum has two operands and no more: `a + b + c` is a syntax error.
import { OperandParser } from "./operand-parser.ts";
import type { Arithmetic, Operand, UpdateAction, UpdateSection } from "./syntax-tree.ts";

interface ParsedValue {
  readonly value: Operand | Arithmetic;
  readonly parenthesized: boolean;
}

export interface ParsedUpdate {
  readonly actions: readonly UpdateAction[];
  /** As written, repetitions included. */
  readonly sections: readonly UpdateSection[];
}

const sectionKeywords: readonly UpdateSection[] = ["SET", "REMOVE", "ADD", "DELETE"];

export class UpdateParser extends OperandParser {
  constructor(text: string) {
    super("UpdateExpression", text);
  }

  parseWhole(): ParsedUpdate {
    const actions: UpdateAction[] = [];
    const sections: UpdateSection[] = [];
    do {
      const section = sectionKeywords.find((keyword) => this.maybeTakeKeyword(keyword));
      if (section === undefined) throw this.syntaxError();
      sections.push(section);
      do actions.push(this.#parseAction(section));
      while (this.maybeTakeSymbol(","));
    } while (this.current.kind !== "end");
    return { actions, sections };
  }

  #parseAction(section: UpdateSection): UpdateAction {
    const path = this.parsePath();
    switch (section) {
      case "SET":
        this.takeSymbol("=");
        return { kind: section, path, value: this.#parseSetValue().value };
      case "REMOVE":
        return { kind: section, path };
      case "ADD":
      case "DELETE":
        return { kind: section, path, value: this.parseValue() };
    }
  }

  #parseSetValue(): ParsedValue {
    const first: ParsedValue = this.isSymbol("(")
      ? this.parseParenthesized(() => this.#parseSetValue())
      : { value: this.parseBareOperand(), parenthesized: false };
    if (first.value.kind === "arithmetic" || !(this.isSymbol("+") || this.isSymbol("-"))) return first;
    const operator = this.advance().value as "+" | "-";
    this.operatorCount++;
    const right = this.parseOperand().operand;
    return { value: { kind: "arithmetic", operator, left: first.value, right }, parenthesized: false };
  }
}
