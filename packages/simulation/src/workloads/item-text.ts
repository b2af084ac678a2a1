// How the workload `items` writes its requests down, as expressions and as PartiQL, and reads items from answers.
import type { ItemCondition, ItemInput, ItemState, ItemValue } from "@azimuth/history/models/item.ts";

type Value = string | number;
export type Attributes = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

export function encodeItem(key: string, item: ItemValue): object {
  const attributes = Object.entries(item).map(([name, value]) => [name, encode(value)] as const);
  return { ...encodeKey(key), ...Object.fromEntries(attributes) };
}

export function encodeKey(key: string): object {
  return { id: { S: key } };
}

function encode(value: Value): object {
  return typeof value === "number" ? { N: String(value) } : { S: value };
}

/** Without its key. If that is another than was asked for, the item is one that the model never has. */
export function wholeItem(item: Attributes | undefined, key: string): ItemState {
  if (item === undefined) return null;
  const { id, ...rest } = item;
  return id?.S === key ? plainValues(rest) : { ...plainValues(rest), id: id?.S ?? "none" };
}

export function plainValues(attributes: Attributes): ItemValue {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) =>
    [name, value.N === undefined ? (value.S ?? JSON.stringify(value)) : Number(value.N)]));
}

/** Names and values of one request's expressions. */
export class Placeholders {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, object> = {};

  name(name: string): string {
    this.#names[`#${name}`] = name;
    return `#${name}`;
  }

  value(value: Value): string {
    const placeholder = `:v${Object.keys(this.#values).length}`;
    this.#values[placeholder] = encode(value);
    return placeholder;
  }

  members(): object {
    return {
      ...(Object.keys(this.#names).length > 0 ? { ExpressionAttributeNames: this.#names } : {}),
      ...(Object.keys(this.#values).length > 0 ? { ExpressionAttributeValues: this.#values } : {}),
    };
  }
}

export function conditionText({ exists, equals, below }: ItemCondition, words: Placeholders): string {
  const compare = (values: ItemValue | undefined, comparator: string): readonly string[] =>
    Object.entries(values ?? {}).map(([name, value]) => `${words.name(name)} ${comparator} ${words.value(value)}`);
  const existence = exists === undefined ? [] : [`attribute_${exists ? "exists" : "not_exists"}(${words.name("id")})`];
  return [...existence, ...compare(equals, "="), ...compare(below, "<")].join(" AND ");
}

/** `inSets`: additions are written as assignments. */
export function updateText(input: ItemInput, words: Placeholders, inSets: boolean): string {
  const { add = {}, set = {}, remove = [] } = input;
  const additions = Object.entries(add);
  const sets = Object.entries(set).map(([name, value]) => `${words.name(name)} = ${words.value(value)}`);
  for (const [name, amount] of inSets ? additions : []) {
    const attribute = words.name(name);
    sets.push(`${attribute} = if_not_exists(${attribute}, ${words.value(0)}) + ${words.value(amount)}`);
  }
  const adds = (inSets ? [] : additions).map(([name, amount]) => `${words.name(name)} ${words.value(amount)}`);
  const clauses = { SET: sets, ADD: adds, REMOVE: remove.map((name) => words.name(name)) };
  const used = Object.entries(clauses).filter(([, actions]) => actions.length > 0);
  return used.map(([clause, actions]) => `${clause} ${actions.join(", ")}`).join(" ");
}

export function projectionText(names: readonly string[], words: Placeholders): string {
  return names.map((name) => words.name(name)).join(", ");
}

/** A PartiQL statement, its values written out or as parameters. */
export class StatementText {
  readonly #hasParameters: boolean;
  readonly #parameters: object[] = [];
  #text = "";

  constructor(hasParameters: boolean) {
    this.#hasParameters = hasParameters;
  }

  add(text: string): this {
    this.#text += text;
    return this;
  }

  addItem(key: string, item: ItemValue): this {
    const members = Object.entries({ id: key, ...item });
    return this.add(`{${members.map(([name, value]) => `'${name}': ${this.#value(value)}`).join(", ")}}`);
  }

  addChange({ set = {}, remove = [] }: ItemInput): this {
    for (const [name, value] of Object.entries(set)) this.add(` SET ${name} = ${this.#value(value)}`);
    for (const name of remove) this.add(` REMOVE ${name}`);
    return this;
  }

  addWhere(key: string, condition: ItemCondition | undefined): this {
    this.add(` WHERE id = ${this.#value(key)}`);
    for (const [name, value] of Object.entries(condition?.equals ?? {})) {
      this.add(` AND ${name} = ${this.#value(value)}`);
    }
    for (const [name, limit] of Object.entries(condition?.below ?? {})) {
      this.add(` AND ${name} < ${this.#value(limit)}`);
    }
    return this;
  }

  members(): object {
    const Parameters = this.#parameters;
    return { Statement: this.#text, ...(Parameters.length > 0 ? { Parameters } : {}) };
  }

  #value(value: Value): string {
    if (!this.#hasParameters) return typeof value === "number" ? String(value) : `'${value}'`;
    this.#parameters.push(encode(value));
    return "?";
  }
}
