// What an update makes of an item, or refuses for what the item holds, and what it returns as touched.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { applyUpdate, checkUpdate, compileUpdate, pickTouched } from "@azimuth/expression/update.ts";
import type { UpdateResult } from "@azimuth/expression/update.ts";
import {
  bind, byteStrings, bytes, item, list, map, nothing, number, numbers, refusal, text, texts, truth,
} from "./support/values.ts";

const before = {
  id: text("k"), n: number(10), s: text("word"), l: list(number(0), number(1), number(2), number(3)),
  m: map({ x: number(1), y: map({ z: text("deep") }), l: list(map({ q: number(5) })) }),
  ss: texts("b", "d"), ns: numbers("2", "10"), bs: byteStrings([2], [4]), t: truth(true), z: nothing,
};

const values: Record<string, AttributeValue> = {
  ":one": number(1), ":two": number(2), ":s": text("new"), ":list": list(text("p"), text("q")),
  ":empty": list(),
  ":ss": texts("a", "b", "c"), ":bd": texts("b", "d"), ":ns": numbers("3", "10"),
  ":bs": byteStrings([1], [4]),
  ":map": map({ fresh: number(1) }), ":half": number("0.5"),
  ":big": number(`9${"9".repeat(37)}${"0".repeat(88)}`), ":b": bytes(1),
};

function apply(expression: string, to = item(before), names: Record<string, string> = {}): UpdateResult {
  const update = compileUpdate(expression);
  const bindings = bind(values, names);
  checkUpdate(update, bindings);
  return applyUpdate(update, bindings, to);
}

/** `undefined` stands for an attribute that the update removes. */
type Changes = Record<string, AttributeValue | undefined>;

const effects: readonly (readonly [expression: string, changes: Changes])[] = [
  ["SET a = :one", { a: number(1) }],
  ["SET n = :s", { n: text("new") }],
  ["SET a = n, n = :one", { a: number(10), n: number(1) }],
  ["SET n = s, s = n", { n: text("word"), s: number(10) }],
  ["SET n = n", {}],
  ["SET n = n + :one", { n: number(11) }],
  ["SET n = n - :half", { n: number("9.5") }],
  ["SET a = :one - n", { a: number(-9) }],
  ["SET a = (n + n)", { a: number(20) }],
  ["SET a = m.x + l[2]", { a: number(3) }],
  ["SET a = m.y", { a: map({ z: text("deep") }) }],
  [
    "SET m.x = :two",
    { m: map({ x: number(2), y: map({ z: text("deep") }), l: list(map({ q: number(5) })) }) },
  ],
  [
    "SET m.w = :two",
    { m: map({ x: number(1), y: map({ z: text("deep") }), l: list(map({ q: number(5) })), w: number(2) }) },
  ],
  [
    "SET m.y.z = m.x, m.x = m.y.z",
    { m: map({ x: text("deep"), y: map({ z: number(1) }), l: list(map({ q: number(5) })) }) },
  ],
  [
    "SET m.l[0].q = :s",
    { m: map({ x: number(1), y: map({ z: text("deep") }), l: list(map({ q: text("new") })) }) },
  ],
  ["SET m.l[0].q = :s, m.l[1] = :one", {
    m: map({ x: number(1), y: map({ z: text("deep") }), l: list(map({ q: text("new") }), number(1)) }),
  }],
  ["SET l[1] = :s", { l: list(number(0), text("new"), number(2), number(3)) }],
  ["SET l[4] = :s", { l: list(number(0), number(1), number(2), number(3), text("new")) }],
  ["SET l[900] = :s", { l: list(number(0), number(1), number(2), number(3), text("new")) }],
  ["SET l[9] = :one, l[7] = :two, l[0] = :s", {
    l: list(text("new"), number(1), number(2), number(3), number(2), number(1)),
  }],
  ["SET l[0] = l[3], l[3] = l[0]", { l: list(number(3), number(1), number(2), number(0)) }],
  ["SET a = if_not_exists(a, :one)", { a: number(1) }],
  ["SET n = if_not_exists(n, :one)", {}],
  ["SET a = if_not_exists(n, absent)", { a: number(10) }],
  ["SET a = if_not_exists(b, if_not_exists(c, n))", { a: number(10) }],
  ["SET a = if_not_exists(m.absent, :s)", { a: text("new") }],
  ["SET a = if_not_exists(a, :one) + :two", { a: number(3) }],
  [
    "SET l = list_append(l, :list)",
    { l: list(number(0), number(1), number(2), number(3), text("p"), text("q")) },
  ],
  [
    "SET l = list_append(:list, l)",
    { l: list(text("p"), text("q"), number(0), number(1), number(2), number(3)) },
  ],
  ["SET a = list_append(:list, :list)", { a: list(text("p"), text("q"), text("p"), text("q")) }],
  ["SET a = list_append(if_not_exists(a, :empty), :list)", { a: list(text("p"), text("q")) }],
  ["REMOVE n, s, absent", { n: undefined, s: undefined }],
  ["REMOVE m.y", { m: map({ x: number(1), l: list(map({ q: number(5) })) }) }],
  ["REMOVE m.x, m.y.z, m.absent", { m: map({ y: map({}), l: list(map({ q: number(5) })) }) }],
  ["REMOVE l[0]", { l: list(number(1), number(2), number(3)) }],
  ["REMOVE l[0], l[2]", { l: list(number(1), number(3)) }],
  ["REMOVE l[2], l[0], l[50]", { l: list(number(1), number(3)) }],
  ["REMOVE l[0], l[1], l[2], l[3]", { l: list() }],
  ["REMOVE l[1] SET l[2] = :s, l[8] = :one", { l: list(number(0), text("new"), number(3), number(1)) }],
  ["REMOVE m.l[0].q", { m: map({ x: number(1), y: map({ z: text("deep") }), l: list(map({})) }) }],
  ["ADD n :two", { n: number(12) }],
  ["ADD a :two", { a: number(2) }],
  ["ADD m.x :one, m.w :two", {
    m: map({ x: number(2), y: map({ z: text("deep") }), l: list(map({ q: number(5) })), w: number(2) }),
  }],
  ["ADD l[1] :one", { l: list(number(0), number(2), number(2), number(3)) }],
  ["ADD ss :ss", { ss: texts("a", "b", "c", "d") }],
  ["ADD ns :ns", { ns: numbers("2", "3", "10") }],
  ["ADD bs :bs", { bs: byteStrings([1], [2], [4]) }],
  ["ADD a :ss", { a: texts("a", "b", "c") }],
  ["DELETE ss :ss", { ss: texts("d") }],
  ["DELETE ns :ns", { ns: numbers("2") }],
  ["DELETE bs :bs", { bs: byteStrings([2]) }],
  ["DELETE ss :bd", { ss: undefined }],
  ["DELETE absent :ss", {}],
  [
    "SET a = :s REMOVE s ADD n :one DELETE ss :ss",
    { a: text("new"), s: undefined, n: number(11), ss: texts("d") },
  ],
];

for (const [expression, changes] of effects) {
  test(`${expression} does what it says`, () => {
    const original = item(before);
    const expected = new Map(original);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) expected.delete(name);
      else expected.set(name, value);
    }
    assert.deepEqual(apply(expression, original).item, expected);
    assert.deepEqual(original, item(before), "the item before is not changed");
  });
}

const absentAttribute = "The provided expression refers to an attribute that does not exist in the item";
const wrongType = "An operand in the update expression has an incorrect data type";
const invalidPath = "The document path provided in the update expression is invalid for update";
const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";

const refusals: readonly (readonly [expression: string, message: string])[] = [
  ["SET a = absent", absentAttribute],
  ["SET a = m.absent", absentAttribute],
  ["SET a = l[4]", absentAttribute],
  ["SET a = s.x", absentAttribute],
  ["SET a = absent + :one", absentAttribute],
  ["SET a = list_append(absent, :list)", absentAttribute],
  ["SET a = if_not_exists(absent, gone)", absentAttribute],
  ["SET a = :one, b = a", absentAttribute],
  ["SET a = s + :one", wrongType],
  ["SET a = :one - ss", wrongType],
  ["SET a = list_append(n, :list)", wrongType],
  ["SET a = list_append(:list, s)", wrongType],
  ["SET a = if_not_exists(absent, :s) + :one", wrongType],
  ["ADD s :one", wrongType],
  ["ADD n :ss", wrongType],
  ["ADD ss :ns", wrongType],
  ["ADD l :ss", wrongType],
  ["DELETE ss :ns", wrongType],
  ["DELETE n :ss", wrongType],
  ["DELETE s :ss", wrongType],
  ["SET absent.x = :one", invalidPath],
  ["SET absent[0] = :one", invalidPath],
  ["SET s.x = :one", invalidPath],
  ["SET s[0] = :one", invalidPath],
  ["SET m[0] = :one", invalidPath],
  ["SET l.x = :one", invalidPath],
  ["SET m.absent.x = :one", invalidPath],
  ["SET l[4].x = :one", invalidPath],
  ["REMOVE absent.x", invalidPath],
  ["REMOVE s.x", invalidPath],
  ["REMOVE m[0]", invalidPath],
  ["REMOVE l.x", invalidPath],
  ["ADD absent.x :one", invalidPath],
  ["DELETE absent.x :ss", invalidPath],
  ["DELETE m[1] :ss", invalidPath],
  ["SET m.x = :one, m.y.z.w = :one", invalidPath],
  ["SET a = :map, a2.fresh = :one", invalidPath],
  ["SET a = :big + :big", overflow],
];

for (const [expression, message] of refusals) {
  test(`${expression} is refused: ${message}`, () => {
    assert.equal(refusal(() => apply(expression)), message);
  });
}

test("an update of a key alone makes the item around it", () => {
  const key = item({ id: text("k") });
  const created = item({ id: text("k"), a: number(1), b: number(2) });
  assert.deepEqual(apply("SET a = :one ADD b :two", key).item, created);
});

test("only SET and ADD create an item", () => {
  const key = item({ id: text("k") });
  assert.equal(apply("SET a = :one", key).createsItem, true);
  assert.equal(apply("ADD a :one REMOVE b", key).createsItem, true);
  assert.equal(apply("REMOVE a", key).createsItem, false);
  assert.equal(apply("DELETE a :ss REMOVE b", key).createsItem, false);
});

const touches: readonly (readonly [expression: string, old: Item, updated: Item])[] = [
  ["SET n = :one", item({ n: number(10) }), item({ n: number(1) })],
  ["SET n = n", item({ n: number(10) }), item({ n: number(10) })],
  ["SET a = :one", item({}), item({ a: number(1) })],
  ["REMOVE n, absent", item({ n: number(10) }), item({})],
  ["SET m.x = :two", item({ m: map({ x: number(1) }) }), item({ m: map({ x: number(2) }) })],
  ["SET m.w = :two", item({}), item({ m: map({ w: number(2) }) })],
  ["SET l[1] = :two", item({ l: list(number(1)) }), item({ l: list(number(2)) })],
  [
    "SET l[3] = :one, l[0] = :two",
    item({ l: list(number(0), number(3)) }),
    item({ l: list(number(2), number(1)) }),
  ],
  // What is appended lies at another index than the one written; and into the
  // place of a removed element moves the next.
  ["SET l[100] = :one", item({}), item({})],
  ["REMOVE l[1]", item({ l: list(number(1)) }), item({ l: list(number(2)) })],
  ["REMOVE l[1], l[4]", item({ l: list(number(1)) }), item({ l: list(number(2)) })],
  [
    "SET m.l[0].q = :s, m.x = :two REMOVE s",
    item({ m: map({ l: list(map({ q: number(5) })), x: number(1) }), s: text("word") }),
    item({ m: map({ l: list(map({ q: text("new") })), x: number(2) }) }),
  ],
  ["ADD n :one DELETE ss :bd", item({ n: number(10), ss: texts("b", "d") }), item({ n: number(11) })],
];

for (const [expression, old, updated] of touches) {
  test(`${expression} returns only what it touched, old and new`, () => {
    const result = apply(expression);
    assert.deepEqual(pickTouched(result.touched, item(before)), old);
    assert.deepEqual(pickTouched(result.touched, result.item), updated);
  });
}

test("a dot in a placeholder's name is part of the name", () => {
  const { item: updated } = apply("SET #d = :one", item({ id: text("k") }), { "#d": "a.b" });
  assert.deepEqual(updated, item({ id: text("k"), "a.b": number(1) }));
});
