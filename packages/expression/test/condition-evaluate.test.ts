// What conditions mean: one item of every type, and for each condition whether it holds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCondition, compileCondition, evaluateCondition } from "@azimuth/expression/condition.ts";
import {
  bind, byteStrings, bytes, item, list, map, nothing, number, numbers, text, texts, truth,
} from "./support/values.ts";

const subject = item({
  s: text("banana"), n: number(10), b: bytes(1, 2, 3), t: truth(true), z: nothing,
  l: list(text("x"), number(2), map({ deep: list(number(7)) }), numbers("1", "2")),
  m: map({ contents: text("in"), "dotted.name": number(3), hollow: map({}) }),
  ss: texts("blue", "red"), ns: numbers("1", "5"), bs: byteStrings([1], [2, 3]),
  wide: text("é𝄞"), blank: text(""), same: number(10),
  big: number("12345678901234567890123456789012345678"),
});

const values = {
  ":one": number(1), ":two": number(2), ":three": number(3), ":four": number(4), ":six": number(6),
  ":seven": number(7),
  ":ten": number(10), ":eleven": number(11), ":zero": number(0), ":ban": text("ban"), ":nan": text("nan"),
  ":banana": text("banana"), ":apple": text("apple"), ":zebra": text("zebra"), ":x": text("x"),
  ":empty": text(""),
  ":red": text("red"), ":b1": bytes(1), ":b12": bytes(1, 2), ":b23": bytes(2, 3), ":b123": bytes(1, 2, 3),
  ":b9": bytes(9),
  ":true": truth(true), ":false": truth(false), ":null": nothing, ":pair": numbers("1", "2"),
  ":colours": texts("blue", "red"),
  ":bytesets": byteStrings([1], [2, 3]), ":list": list(text("x")), ":map": map({ deep: list(number(7)) }),
  ":S": text("S"), ":N": text("N"), ":B": text("B"), ":BOOL": text("BOOL"), ":NULL": text("NULL"),
  ":L": text("L"),
  ":M": text("M"), ":SS": text("SS"), ":NS": text("NS"), ":BS": text("BS"),
  ":bmp": text("\uffff"), ":astral": text("😀"),
  ":smaller": number("12345678901234567890123456789012345677"),
};
const names = { "#dotted": "dotted.name", "#size": "size" };

const cases: readonly (readonly [expression: string, holds: boolean])[] = [
  ["s = :banana", true], ["s = :apple", false], [":banana = s", true], ["n = :ten", true], ["n = same", true],
  ["b = :b123", true], ["b = :b12", false], ["t = :true", true], ["t = :false", false], ["z = :null", true],
  ["ss = :colours", true], ["ss = :pair", false], ["bs = :bytesets", true], ["l[3] = :pair", true],
  ["l[2] = :map", true],
  ["l = :list", false], ["m = :map", false], ["n = :banana", false], ["blank = :empty", true],
  ["blank = :null", false],
  ["s <> :apple", true], ["s <> :banana", false], ["n <> :banana", true], ["n <> same", false],
  ["absent = :one", false], ["absent <> :one", true], [":one <> absent", true], ["absent = gone", false],
  ["absent <> gone", true], ["m.absent <> :one", true], ["s.absent <> :one", true],
  ["NOT absent = :one", true],
  ["n > :one", true], ["n > :ten", false], ["n >= :ten", true], ["n < :eleven", true], ["n <= :ten", true],
  ["n < :one", false], [":one < n", true], [":eleven <= n", false], ["n > :two", true], ["s > :apple", true],
  ["s < :zebra", true], ["s <= :banana", true], ["s > :ban", true], ["b > :b12", true], ["b < :b23", true],
  ["blank < s", true], ["big > :smaller", true], ["big <= :smaller", false], [":bmp < :astral", true],
  [":astral < :bmp", false],
  ["n < :banana", false], ["n > :banana", false], ["s < :one", false], ["s >= :one", false],
  ["absent < :one", false],
  ["absent >= :one", false], [":one < absent", false], ["absent < gone", false], ["NOT absent < :one", true],
  ["t > :one", false], ["l < :one", false], ["ss >= :one", false], ["l <= m", false],
  ["n BETWEEN :one AND :ten", true], ["n BETWEEN :ten AND :eleven", true],
  ["n BETWEEN :eleven AND :eleven", false],
  ["s BETWEEN :apple AND :zebra", true], ["s BETWEEN :ban AND :ban", false],
  ["b BETWEEN :b12 AND :b23", true],
  ["n BETWEEN :apple AND :zebra", false], ["absent BETWEEN :one AND :ten", false],
  ["n BETWEEN absent AND :eleven", false],
  ["n BETWEEN :one AND absent", false], [":seven BETWEEN :one AND n", true],
  ["n BETWEEN same AND same", true],
  ["n BETWEEN :one AND l[1]", false], ["NOT n BETWEEN :eleven AND :eleven", true],
  ["n IN (:ten)", true], ["n IN (:one, :two)", false], ["n IN (:banana, :ten)", true],
  ["s IN (:apple, s2, :banana)", true],
  ["absent IN (:one)", false], ["absent IN (gone)", false], ["ss IN (:pair, :colours)", true],
  ["t IN (:false)", false],
  ["z IN (:null)", true], ["NOT absent IN (:one)", true],
  ["attribute_exists(s)", true], ["attribute_exists(z)", true], ["attribute_exists(absent)", false],
  ["attribute_exists(m.contents)", true], ["attribute_exists(m.absent)", false],
  ["attribute_exists(m.#dotted)", true],
  ["attribute_exists(#dotted)", false], ["attribute_exists(l[0])", true], ["attribute_exists(l[4])", false],
  ["attribute_exists(l[2].deep[0])", true], ["attribute_exists(l.deep)", false],
  ["attribute_exists(m[0])", false],
  ["attribute_exists(ss[0])", false], ["attribute_exists(s[0])", false],
  ["attribute_not_exists(absent)", true],
  ["attribute_not_exists(s)", false], ["attribute_not_exists(s.x)", true], ["attribute_exists(blank)", true],
  ["attribute_type(s, :S)", true], ["attribute_type(n, :N)", true], ["attribute_type(b, :B)", true],
  ["attribute_type(t, :BOOL)", true], ["attribute_type(z, :NULL)", true], ["attribute_type(l, :L)", true],
  ["attribute_type(m, :M)", true], ["attribute_type(ss, :SS)", true], ["attribute_type(ns, :NS)", true],
  ["attribute_type(bs, :BS)", true], ["attribute_type(s, :N)", false], ["attribute_type(absent, :S)", false],
  ["attribute_type(:one, :N)", true],
  ["begins_with(s, :ban)", true], ["begins_with(s, :nan)", false], ["begins_with(s, :empty)", true],
  ["begins_with(s, :banana)", true], ["begins_with(:banana, s)", true], ["begins_with(b, :b12)", true],
  ["begins_with(b, :b23)", false], ["begins_with(b, :ban)", false], ["begins_with(n, :ban)", false],
  ["begins_with(absent, :ban)", false], ["begins_with(s, absent)", false], ["begins_with(l, :x)", false],
  ["begins_with(ss, :red)", false], ["begins_with(:b1, b)", false],
  ["contains(s, :nan)", true], ["contains(s, :x)", false], ["contains(s, :empty)", true],
  ["contains(b, :b23)", true],
  ["contains(b, :b9)", false], ["contains(ss, :red)", true], ["contains(ss, :ban)", false],
  ["contains(ns, :one)", true],
  ["contains(ns, :two)", false], ["contains(bs, :b23)", true], ["contains(bs, :b9)", false],
  ["contains(l, :x)", true],
  ["contains(l, :two)", true], ["contains(l, :map)", true], ["contains(l, :pair)", true],
  ["contains(l, :three)", false],
  ["contains(ss, :one)", false], ["contains(m, :x)", false], ["contains(n, :one)", false],
  ["contains(absent, :x)", false],
  ["contains(l, absent)", false], ["contains(ns, size(bs))", false], ["contains(l, size(bs))", true],
  ["contains(:banana, s)", true], ["contains(s, b)", false],
  ["size(s) = :six", true], ["size(blank) = :zero", true], ["size(wide) = :three", true],
  ["size(b) = :three", true],
  ["size(l) = :four", true], ["size(m) = :three", true], ["size(m.hollow) = :zero", true],
  ["size(ss) = :two", true],
  ["size(ns) = :two", true], ["size(bs) = :two", true], ["size(n) = :two", false], ["size(n) <> :two", true],
  ["size(t) = :one", false], ["size(z) = :one", false], ["size(absent) = :zero", false],
  ["size(absent) < :one", false],
  ["size(s) > :ten", false], ["size(s) BETWEEN :one AND :ten", true], ["size(s) IN (:one, :six)", true],
  ["size(s) = :banana", false], ["size(:banana) = :six", true], ["size(l) > size(ss)", true],
  ["#size = :one", false],
  ["n = :ten AND s = :banana", true], ["n = :one AND s = :banana", false], ["n = :one OR s = :banana", true],
  ["n = :ten OR n = :ten AND n = :one", true], ["(n = :ten OR n = :ten) AND n = :one", false],
  ["NOT n = :one AND n = :ten", true], ["NOT (n = :one OR n = :ten)", false], ["NOT NOT n = :ten", true],
  ["not n = :ten or n = :ten and not n = :one", true], ["n = :one OR n = :two OR n = :ten", true],
  ["n = :ten AND NOT contains(ss, :x) AND size(l) > :one", true], ["l[2].deep[0] = :seven", true],
  ["m.#dotted = :three", true],
];

for (const [expression, holds] of cases) {
  test(`${expression} is ${holds}`, () => {
    const condition = compileCondition(expression, "ConditionExpression");
    const bindings = bind(values, names);
    checkCondition(condition, bindings);
    assert.equal(evaluateCondition(condition, bindings, subject), holds);
  });
}

test("of an item that does not exist nothing holds but absence and inequality", () => {
  const on = (expression: string) =>
    evaluateCondition(compileCondition(expression, "ConditionExpression"), bind(values), new Map());
  assert.equal(on("attribute_not_exists(s)"), true);
  assert.equal(on("attribute_exists(s)"), false);
  assert.equal(on("s <> :one"), true);
  assert.equal(on("s = :one"), false);
});

test("names that JavaScript objects inherit are ordinary attribute names", () => {
  const expression = "attribute_exists(toString) OR attribute_exists(#p)";
  const condition = compileCondition(expression, "ConditionExpression");
  assert.equal(evaluateCondition(condition, bind({}, { "#p": "__proto__" }), new Map()), false);
});
