// Evaluation against a second, tiny definition of what conditions mean. A generated condition is a text and,
// beside it, a predicate over plain JavaScript data; the two must agree on generated items. The predicate
// knows nothing of syntax trees: values are [type, data] pairs, equality is equality of a canonical print,
// and what is missing is undefined.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { checkCondition, compileCondition, evaluateCondition } from "@azimuth/expression/condition.ts";
import { bind } from "./support/values.ts";

type Plain = readonly [type: string, data: unknown];
type Found = Plain | undefined;
type Document = Readonly<Record<string, Plain>>;

interface Operand {
  readonly text: string;
  readonly read: (document: Document) => Found;
}

interface Generated {
  readonly text: string;
  readonly holds: (document: Document) => boolean;
  /** How tightly it binds: 0 OR, 1 AND, 2 NOT, 3 anything else. */
  readonly strength: number;
}

const textData = fc.constantFrom("", "a", "ab", "b", "ba", "é", "\uffff", "😀", "a😀");
const numberData = fc.constantFrom(-2, -1, 0, 0.5, 1, 2, 3, 10);
const byteData = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 3 });

const scalar: fc.Arbitrary<Plain> = fc.oneof(
  textData.map((data): Plain => ["S", data]),
  numberData.map((data): Plain => ["N", data]),
  byteData.map((data): Plain => ["B", data]),
);

const setSize = { minLength: 1, maxLength: 3 };

const flat: fc.Arbitrary<Plain> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.boolean().map((data): Plain => ["BOOL", data]) },
  { weight: 1, arbitrary: fc.constant<Plain>(["NULL", true]) },
  { weight: 1, arbitrary: fc.uniqueArray(textData, setSize).map((data): Plain => ["SS", data]) },
  { weight: 1, arbitrary: fc.uniqueArray(numberData, setSize).map((data): Plain => ["NS", data]) },
);

const value: fc.Arbitrary<Plain> = fc.oneof(
  { weight: 4, arbitrary: flat },
  { weight: 1, arbitrary: fc.array(flat, { maxLength: 3 }).map((data): Plain => ["L", data]) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom("x", "y"), flat).map((data): Plain => ["M", data]) },
);

const document: fc.Arbitrary<Document> = fc.dictionary(fc.constantFrom("p", "q", "r"), value);

/** Every placeholder a text may use; the test binds the pool it drew. */
const poolSize = 4;
const pool = fc.record({
  any: fc.array(value, { minLength: poolSize, maxLength: poolSize }),
  ordered: fc.array(scalar, { minLength: poolSize, maxLength: poolSize }),
});
type Pool = { readonly any: readonly Plain[]; readonly ordered: readonly Plain[] };

function paths(roots: readonly string[]): fc.Arbitrary<Operand> {
  const tails = fc.constantFrom("", ".x", ".y", "[0]", "[1]");
  return fc.tuple(fc.constantFrom(...roots), tails).map(([root, tail]) => ({
    text: root + tail,
    read: (document) => {
      const top = Object.hasOwn(document, root) ? document[root] : undefined;
      if (top === undefined || tail === "") return top;
      const wanted = tail.startsWith(".") ? "M" : "L";
      return top[0] === wanted ? (top[1] as Record<string, Plain>)[tail[1] as string] : undefined;
    },
  }));
}

function sizes(roots: readonly string[]): fc.Arbitrary<Operand> {
  return paths(roots).map(({ text, read }) => ({
    text: `size(${text})`,
    read: (document) => {
      const found = read(document);
      if (found === undefined || ["N", "BOOL", "NULL"].includes(found[0])) return undefined;
      const data = found[1] as string | readonly unknown[] | Record<string, unknown>;
      return ["N", typeof data === "string" || Array.isArray(data) ? data.length : Object.keys(data).length];
    },
  }));
}

function placeholder(kind: keyof Pool, given: Pool): fc.Arbitrary<Operand> {
  return fc.nat(poolSize - 1).map((index) => ({ text: `:${kind}${index}`, read: () => given[kind][index] }));
}

const print = (found: Plain): string => {
  const [type, data] = found;
  if (type === "M") {
    const members = Object.entries(data as Record<string, Plain>);
    return `M{${members.map(([name, each]) => `${name}:${print(each)}`).sort().join()}}`;
  }
  if (type === "L") return `L[${(data as readonly Plain[]).map(print).join()}]`;
  if (type === "SS" || type === "NS") return `${type} ${(data as unknown[]).map(String).sort().join("|")}`;
  return `${type} ${String(data)}`;
};

const same = (left: Found, right: Found): boolean =>
  left !== undefined && right !== undefined && print(left) === print(right);

/** Negative, zero or positive; NaN when there is no order, which makes every comparison false. */
function order(left: Found, right: Found): number {
  if (left === undefined || right === undefined || left[0] !== right[0]) return Number.NaN;
  switch (left[0]) {
    case "N": return (left[1] as number) - (right[1] as number);
    case "S": return orderSequences(codePoints(left[1] as string), codePoints(right[1] as string));
    case "B": return orderSequences(left[1] as number[], right[1] as number[]);
    default: return Number.NaN;
  }
}

const codePoints = (data: string): readonly number[] =>
  [...data].map((character) => character.codePointAt(0) ?? 0);

function orderSequences(left: readonly number[], right: readonly number[]): number {
  const at = left.findIndex((each, index) => each !== right[index]);
  if (at === -1) return left.length - right.length;
  return at >= right.length ? 1 : (left[at] as number) - (right[at] as number);
}

const comparisons: Readonly<Record<string, (left: Found, right: Found) => boolean>> = {
  "=": same,
  "<>": (left, right) => !same(left, right),
  "<": (left, right) => order(left, right) < 0,
  "<=": (left, right) => order(left, right) <= 0,
  ">": (left, right) => order(left, right) > 0,
  ">=": (left, right) => order(left, right) >= 0,
};

const functions: Readonly<Record<string, (whole: Plain, part: Plain) => boolean>> = {
  contains: ([type, data], part) => {
    if (type === "S") return part[0] === "S" && (data as string).includes(part[1] as string);
    if (type === "B") return part[0] === "B" && hasRun(data as number[], part[1] as number[]);
    if (type === "SS") return part[0] === "S" && (data as unknown[]).includes(part[1]);
    if (type === "NS") return part[0] === "N" && (data as unknown[]).includes(part[1]);
    return type === "L" && (data as readonly Plain[]).some((each) => same(each, part));
  },
  begins_with: ([type, data], part) => {
    if (type !== part[0]) return false;
    if (type === "S") return (data as string).indexOf(part[1] as string) === 0;
    return type === "B" && (part[1] as number[]).every((each, index) => (data as number[])[index] === each);
  },
};

function hasRun(whole: readonly number[], part: readonly number[]): boolean {
  const starts = Array.from({ length: whole.length + 1 }, (_, start) => start);
  return starts.some((start) => part.every((each, index) => whole[start + index] === each));
}

function leaves(given: Pool): fc.Arbitrary<Generated> {
  const leaf = (text: string, holds: Generated["holds"]): Generated => ({ text, holds, strength: 3 });
  const left = fc.oneof(paths(["p", "q"]), sizes(["p", "q"]));
  const any = fc.oneof(paths(["r"]), placeholder("any", given), sizes(["r"]));
  const ordered = fc.oneof(paths(["r"]), placeholder("ordered", given), sizes(["r"]));
  return fc.oneof(
    fc.tuple(left, fc.constantFrom("=", "<>"), any),
    fc.tuple(left, fc.constantFrom("<", "<=", ">", ">="), ordered),
    fc.tuple(placeholder("ordered", given), fc.constantFrom(...Object.keys(comparisons)), left),
  ).map(([one, operator, other]) => leaf(
    `${one.text} ${operator} ${other.text}`,
    (document) => comparisons[operator]?.(one.read(document), other.read(document)) ?? false,
  )).chain((comparison) => fc.oneof(
    fc.constant(comparison),
    fc.tuple(left, paths(["r"]), ordered).map(([one, low, high]) => leaf(
      `${one.text} BETWEEN ${low.text} AND ${high.text}`,
      (document) => order(one.read(document), low.read(document)) >= 0 &&
        order(one.read(document), high.read(document)) <= 0,
    )),
    fc.tuple(left, fc.array(any, { minLength: 1, maxLength: 3 })).map(([one, choices]) => leaf(
      `${one.text} IN (${choices.map(({ text }) => text).join(", ")})`,
      (document) => choices.some((choice) => same(one.read(document), choice.read(document))),
    )),
    fc.tuple(paths(["p", "q"]), fc.boolean()).map(([one, wanted]) => leaf(
      `attribute_${wanted ? "exists" : "not_exists"}(${one.text})`,
      (document) => (one.read(document) !== undefined) === wanted,
    )),
    fc.tuple(paths(["p", "q"]), fc.oneof(paths(["r"]), placeholder("any", given))).map(([one, other]) => leaf(
      `contains(${one.text}, ${other.text})`, applied("contains", one, other),
    )),
    fc.tuple(paths(["p", "q"]), paths(["r"])).map(([one, other]) => leaf(
      `begins_with(${one.text}, ${other.text})`, applied("begins_with", one, other),
    )),
  ));
}

function applied(name: string, one: Operand, other: Operand): Generated["holds"] {
  return (document) => {
    const whole = one.read(document);
    const part = other.read(document);
    return whole !== undefined && part !== undefined && (functions[name]?.(whole, part) ?? false);
  };
}

/** As written where a condition of that strength has to stand: in parentheses if it binds less. */
const within = (inner: Generated, strength: number): string =>
  inner.strength < strength ? `(${inner.text})` : inner.text;

function conditions(given: Pool, depth: number): fc.Arbitrary<Generated> {
  if (depth === 0) return leaves(given);
  const inner = conditions(given, depth - 1);
  return fc.oneof(
    leaves(given),
    fc.tuple(inner, inner).map(([one, other]): Generated => ({
      text: `${within(one, 0)} OR ${within(other, 1)}`, strength: 0,
      holds: (document) => one.holds(document) || other.holds(document),
    })),
    fc.tuple(inner, inner).map(([one, other]): Generated => ({
      text: `${within(one, 1)} AND ${within(other, 2)}`, strength: 1,
      holds: (document) => one.holds(document) && other.holds(document),
    })),
    inner.map((one): Generated => ({
      text: `NOT ${within(one, 2)}`, strength: 2, holds: (document) => !one.holds(document),
    })),
  );
}

function attribute([type, data]: Plain): AttributeValue {
  switch (type) {
    case "N": return { type, value: String(data) };
    case "B": return { type, value: Uint8Array.from(data as number[]) };
    case "SS": return { type, value: [...(data as string[])].sort() };
    case "NS": return { type, value: [...(data as number[])].sort((a, b) => a - b).map(String) };
    case "L": return { type, value: (data as readonly Plain[]).map(attribute) };
    case "M": return { type, value: asItem(data as Document) };
    default: return { type, value: data } as AttributeValue;
  }
}

function asItem(document: Document): Item {
  return new Map(Object.entries(document).map(([name, found]) => [name, attribute(found)]));
}

function bindings(given: Pool) {
  const values: Record<string, AttributeValue> = {};
  for (const kind of ["any", "ordered"] as const) {
    for (const [index, found] of given[kind].entries()) values[`:${kind}${index}`] = attribute(found);
  }
  return bind(values);
}

test("a condition holds exactly when its model does", () => {
  const documents = fc.array(document, { minLength: 3, maxLength: 6 });
  const cases = pool.chain((given) => fc.tuple(fc.constant(given), conditions(given, 3), documents));
  let held = 0;
  let evaluated = 0;
  fc.assert(fc.property(cases, ([given, generated, documents]) => {
    const condition = compileCondition(generated.text, "ConditionExpression");
    const bound = bindings(given);
    checkCondition(condition, bound);
    for (const each of documents) {
      const expected = generated.holds(each);
      assert.equal(evaluateCondition(condition, bound, asItem(each)), expected, generated.text);
      evaluated++;
      if (expected) held++;
    }
  }), { numRuns: 1500 });
  const share = held / evaluated;
  assert.ok(share > 0.1 && share < 0.9, `${held} of ${evaluated} held: the cases tell too little`);
});
