// Statements become the expressions of DynamoDB's other operations: text in which every name and every value is a
// placeholder. So a statement needs nothing of the storage nodes that those do not have.
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { maybeValueOf, setOf } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import type { AssignedValue, Condition, Operand, Path, UpdateAction } from "./syntax-tree.ts";

/** Makes texts that share their placeholders: those of one request. */
export class ExpressionWriter {
  readonly #parameters: Parameters;
  readonly #placeholderByName = new Map<string, string>();
  readonly #values: AttributeValue[] = [];

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
  }

  /** By placeholder; undefined when there are none. */
  get names(): Readonly<Record<string, string>> | undefined {
    if (this.#placeholderByName.size === 0) return undefined;
    return Object.fromEntries([...this.#placeholderByName].map(([name, placeholder]) => [placeholder, name]));
  }

  get values(): ReadonlyMap<string, AttributeValue> | undefined {
    if (this.#values.length === 0) return undefined;
    return new Map(this.#values.map((value, position) => [`:${position}`, value]));
  }

  projection(paths: readonly Path[]): string {
    return paths.map((path) => this.#path(path)).join(",");
  }

  /** The condition must be without comparisons of conditions (truth.ts). */
  condition(condition: Condition): string {
    return this.#condition(condition, "or");
  }

  update(actions: readonly UpdateAction[]): string {
    const clauses: Record<"SET" | "REMOVE" | "ADD" | "DELETE", string[]> = { SET: [], REMOVE: [], ADD: [], DELETE: [] };
    for (const action of actions) {
      const path = this.#path(action.path);
      switch (action.kind) {
        case "set": clauses.SET.push(`${path}=${this.#assigned(action.value)}`); break;
        case "remove": clauses.REMOVE.push(path); break;
        case "set-add": clauses.ADD.push(`${path} ${this.#value(setOf(action, this.#parameters))}`); break;
        case "set-delete": clauses.DELETE.push(`${path} ${this.#value(setOf(action, this.#parameters))}`); break;
      }
    }
    return Object.entries(clauses)
      .filter(([, parts]) => parts.length > 0)
      .map(([section, parts]) => `${section} ${parts.join(",")}`)
      .join(" ");
  }

  /** `within`: what the text is an operand of, weakest first: or, and, not. */
  #condition(condition: Condition, within: "or" | "and" | "not"): string {
    if ((condition.kind === "and" || condition.kind === "or") && condition.conditions.length === 1) {
      return this.#condition(condition.conditions[0] as Condition, within);
    }
    switch (condition.kind) {
      case "and": {
        const text = condition.conditions.map((part) => this.#condition(part, "and")).join(" AND ");
        return within === "not" ? `(${text})` : text;
      }
      case "or": {
        const text = condition.conditions.map((part) => this.#condition(part, "or")).join(" OR ");
        return within === "or" ? text : `(${text})`;
      }
      case "not":
        return `NOT ${this.#condition(condition.condition, "not")}`;
      case "comparison":
        return `${this.#operand(condition.left)}${condition.operator}${this.#operand(condition.right)}`;
      case "between": {
        const { operand, lower, upper } = condition;
        return `${this.#operand(operand)} BETWEEN ${this.#operand(lower)} AND ${this.#operand(upper)}`;
      }
      case "in":
        return `${this.#operand(condition.operand)} IN (${this.#operands(condition.choices)})`;
      case "test":
        return this.#operand(condition.call);
      case "missing":
        return `attribute_not_exists(${this.#operand(condition.path)})`;
      case "type":
        return `attribute_type(${this.#operand(condition.path)},${this.#value({ type: "S", value: condition.type })})`;
      case "truth":
        throw new Error("comparisons of conditions are taken apart first");
    }
  }

  #assigned(value: AssignedValue): string {
    if (value.kind === "operand") return this.#operand(value.operand);
    return `${this.#operand(value.left)}${value.operator}${this.#operand(value.right)}`;
  }

  #operands(operands: readonly Operand[]): string {
    return operands.map((operand) => this.#operand(operand)).join(",");
  }

  #operand(operand: Operand): string {
    if (operand.kind === "path") return this.#path(operand.path);
    if (operand.kind === "call") return `${operand.name}(${this.#operands(operand.operands)})`;
    return this.#value(maybeValueOf(operand, this.#parameters) as AttributeValue);
  }

  #value(value: AttributeValue): string {
    return `:${this.#values.push(value) - 1}`;
  }

  #path(path: Path): string {
    return path
      .map((element, position) =>
        typeof element === "number" ? `[${element}]` : `${position > 0 ? "." : ""}${this.#name(element)}`)
      .join("");
  }

  #name(name: string): string {
    const known = this.#placeholderByName.get(name);
    if (known !== undefined) return known;
    const placeholder = `#${this.#placeholderByName.size}`;
    this.#placeholderByName.set(name, placeholder);
    return placeholder;
  }
}
