// Updates against a second definition that changes plain JavaScript data in place, one action after another:
// first everything that writes, then what is removed, from the back of each list to its front. Targets are
// drawn so that none contains another. And for all five kinds of expression: no text makes the parser fail
// other than by refusing it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { compileCondition } from "@azimuth/expression/condition.ts";
import { compileProjection } from "@azimuth/expression/projection.ts";
import { applyUpdate, checkUpdate, compileUpdate } from "@azimuth/expression/update.ts";
import { bind } from "./support/values.ts";

/** A number, a list of numbers, or a map of numbers. */
type Plain = number | number[] | { [name: string]: number };
type Document = { [name: string]: Plain };

interface Action {
  readonly kind: "SET" | "ADD" | "REMOVE";
  readonly name: string;
  /** In a map or list: key or index. */
  readonly at: string | number | undefined;
  /** Not for REMOVE. */
  readonly by: number;
}

const documents: fc.Arbitrary<Document> = fc.record({
  n: fc.integer({ min: -50, max: 50 }),
  l: fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 6 }),
  m: fc.dictionary(fc.constantFrom("x", "y", "w"), fc.integer({ min: -50, max: 50 })),
});

const targets: fc.Arbitrary<readonly [name: string, at: string | number | undefined]> = fc.oneof(
  fc.constantFrom("n", "a", "b").map((name) => [name, undefined] as const),
  fc.nat(9).map((at) => ["l", at] as const),
  fc.constantFrom("x", "y", "w", "v").map((at) => ["m", at] as const),
);

const kinds = fc.constantFrom("SET" as const, "ADD" as const, "REMOVE" as const);

const actions: fc.Arbitrary<readonly Action[]> = fc.uniqueArray(
  fc.tuple(targets, kinds, fc.integer({ min: -9, max: 9 })),
  { minLength: 1, maxLength: 8, selector: ([[name, at]]) => `${name} ${at}` },
).map((drawn) => drawn.map(([[name, at], kind, by]): Action => ({ kind, name, at, by })));

function expressionOf(drawn: readonly Action[]): string {
  const sections = (["SET", "ADD", "REMOVE"] as const).map((kind) => {
    const clauses = drawn.filter((action) => action.kind === kind).map((action) => {
      const path = pathOf(action);
      if (action.kind === "SET") return `${path} = if_not_exists(${path}, :zero) - ${placeholder(action.by)}`;
      return action.kind === "ADD" ? `${path} ${placeholder(action.by)}` : path;
    });
    return clauses.length === 0 ? "" : `${kind} ${clauses.join(", ")}`;
  });
  return sections.filter((section) => section !== "").join(" ");
}

function pathOf({ name, at }: Action): string {
  if (at === undefined) return name;
  return typeof at === "number" ? `${name}[${at}]` : `${name}.${at}`;
}

const placeholder = (by: number): string => `:${by < 0 ? "minus" : "plus"}${Math.abs(by)}`;

/** Changes a copy in place. */
function model(document: Document, drawn: readonly Action[]): Document {
  const copy = structuredClone(document);
  const appended: [number, number][] = [];
  const removed: number[] = [];
  for (const action of drawn) {
    const holder = (action.at === undefined ? copy : copy[action.name]) as { [key: string | number]: number };
    const key = action.at ?? action.name;
    const isBeyond = Array.isArray(holder) && (key as number) >= holder.length;
    if (action.kind === "REMOVE") {
      if (!Array.isArray(holder)) delete holder[key];
      else if (!isBeyond) removed.push(key as number);
      continue;
    }
    const after = (holder[key] ?? 0) + (action.kind === "ADD" ? action.by : -action.by);
    if (isBeyond) appended.push([key as number, after]);
    else holder[key] = after;
  }
  const l = copy["l"] as number[];
  for (const index of removed.sort((a, b) => b - a)) l.splice(index, 1);
  l.push(...appended.sort(([one], [other]) => one - other).map(([, each]) => each));
  return copy;
}

function attribute(plain: Plain): AttributeValue {
  if (typeof plain === "number") return { type: "N", value: String(plain) };
  if (Array.isArray(plain)) return { type: "L", value: plain.map(attribute) };
  return { type: "M", value: asItem(plain) };
}

function asItem(document: Document): Item {
  return new Map(Object.entries(document).map(([name, plain]) => [name, attribute(plain)]));
}

const values: Record<string, AttributeValue> = { ":zero": attribute(0) };
for (let by = -9; by <= 9; by++) values[placeholder(by)] = attribute(by);
const bindings = bind(values);

test("an update leaves what its model leaves", () => {
  fc.assert(fc.property(documents, actions, (document, drawn) => {
    const before = asItem(document);
    const update = compileUpdate(expressionOf(drawn));
    checkUpdate(update, bindings);
    const { item } = applyUpdate(update, bindings, before);
    assert.deepEqual(item, asItem(model(document, drawn)), expressionOf(drawn));
    assert.deepEqual(before, asItem(document));
  }), { numRuns: 1000 });
});

const word = fc.constantFrom(
  "a", "b.c", "[0]", "#n", ":v", "=", "<", ">=", "<>", "+", "-", "(", ")", "((", "))", ",", ".", "AND", "or",
  "Not", "IN",
  "between", "SET", "remove", "ADD", "delete", "size(", "contains(", "if_not_exists(", "f(", "name", "0",
  "01", "#", ":", "!", "é",
);

test("every text of any kind compiles or is refused as the client's error", () => {
  const compilers = [
    (text: string) => compileCondition(text, "FilterExpression"), compileProjection, compileUpdate,
  ];
  let compiled = 0;
  fc.assert(fc.property(fc.array(word, { maxLength: 12 }), fc.constantFrom(" ", ""), (words, space) => {
    for (const compile of compilers) {
      try {
        compile(words.join(space));
        compiled++;
      } catch (error) {
        assert.ok(error instanceof DynamoDbException, String(error));
        assert.match(error.message, /^Invalid (Filter|Projection|Update)Expression: ./);
      }
    }
  }), { numRuns: 3000 });
  assert.ok(compiled > 0, "some texts compile");
});
