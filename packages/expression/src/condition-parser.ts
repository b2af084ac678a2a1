// ConditionExpression, FilterExpression and KeyConditionExpression:
//
//   or    = and { OR and }                    and = not { AND not }                 not = NOT not | primary
//   primary = operand comparator operand | operand BETWEEN operand AND operand
//           | operand IN "(" operand { "," operand } ")" | function | "(" or ")"
//
// A parenthesis may begin a condition or an operand, `(a) = :v`, and only what follows tells; so inside one
// the parser reads either, and a lone operand becomes a syntax error only where a condition has to stand.
import type { ConditionKind } from "./bindings.ts";
import { OperandParser } from "./operand-parser.ts";
import type { ParsedOperand } from "./operand-parser.ts";
import type { Comparator, ConditionNode, Operand } from "./syntax-tree.ts";

interface ParsedCondition {
  readonly condition: ConditionNode;
  readonly parenthesized: boolean;
}

type Parsed = ParsedCondition | ParsedOperand;

const comparators: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

export class ConditionParser extends OperandParser {
  constructor(kind: ConditionKind, text: string) {
    super(kind, text);
  }

  parseWhole(): ConditionNode {
    const condition = this.#asCondition(this.#parseOr());
    this.takeEnd();
    return condition;
  }

  #parseOr(): Parsed {
    return this.#parseChain("or", "OR", () => this.#parseAnd());
  }

  #parseAnd(): Parsed {
    return this.#parseChain("and", "AND", () => this.#parseNot());
  }

  #parseChain(kind: "and" | "or", keyword: string, parse: () => Parsed): Parsed {
    let left = parse();
    while (this.isKeyword(keyword)) {
      const condition = this.#asCondition(left);
      this.advance();
      this.operatorCount++;
      const right = this.#asCondition(parse());
      left = { condition: { kind, left: condition, right }, parenthesized: false };
    }
    return left;
  }

  #parseNot(): Parsed {
    if (!this.maybeTakeKeyword("NOT")) return this.#parseComparison();
    this.operatorCount++;
    const condition = this.#asCondition(this.#parseNot());
    return { condition: { kind: "not", condition }, parenthesized: false };
  }

  #parseComparison(): Parsed {
    const first = this.#parsePrimary();
    if ("condition" in first) return first;
    const operand = first.operand;
    if (this.current.kind === "symbol" && comparators.has(this.current.value)) {
      return this.#leaf({
        kind: "comparison",
        operator: this.advance().value as Comparator,
        left: operand,
        right: this.parseOperand().operand,
      });
    }
    if (this.maybeTakeKeyword("BETWEEN")) {
      const lower = this.parseOperand().operand;
      this.takeKeyword("AND");
      return this.#leaf({ kind: "between", operand, lower, upper: this.parseOperand().operand });
    }
    if (this.maybeTakeKeyword("IN")) {
      return this.#leaf({ kind: "in", operand, choices: this.#parseChoices() });
    }
    return first;
  }

  #parsePrimary(): Parsed {
    if (this.isSymbol("(")) return this.parseParenthesized(() => this.#parseOr());
    return { operand: this.parseBareOperand(), parenthesized: false };
  }

  #parseChoices(): readonly Operand[] {
    this.takeSymbol("(");
    const choices = [this.parseOperand().operand];
    while (this.maybeTakeSymbol(",")) choices.push(this.parseOperand().operand);
    this.takeSymbol(")");
    return choices;
  }

  #leaf(condition: ConditionNode): Parsed {
    this.operatorCount++;
    return { condition, parenthesized: false };
  }

  /** A condition has to stand here: of operands, only a function can. */
  #asCondition(parsed: Parsed): ConditionNode {
    if ("condition" in parsed) return parsed.condition;
    if (parsed.operand.kind !== "function") throw this.syntaxError();
    return { kind: "call", call: parsed.operand };
  }
}
