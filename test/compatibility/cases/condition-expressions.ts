// Which conditions hold of one item with an attribute of every type, and of none: asked through a filter and, the
// same, through a condition on a write.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { b, C, call, n, put, s, tables, type Attributes } from "../harness.ts";

const TableName = tables.S;
const pk = s("conditions");
const item: Attributes = {
  pk, five: n(5), ten: n(10), greeting: s("hello"), hollow: s(""), bin: b(1, 2, 3), yes: { BOOL: true }, nay: { BOOL: false },
  nil: { NULL: true }, things: { L: [n(5), s("a"), { L: [n(1)] }] }, doc: { M: { a: n(5), "b c": s("x"), deep: { M: { er: n(1) } } } },
  ss: { SS: ["a", "b"] }, ns: { NS: ["1", "5"] }, bs: { BS: [Uint8Array.of(1), Uint8Array.of(2)] }, "odd name": n(1),
};
const v: Attributes = {
  ":one": n(1), ":five": n("5.0"), ":ten": n(10), ":hello": s("hello"), ":he": s("he"), ":ell": s("ell"), ":a": s("a"),
  ":z": s("z"), ":bin": b(1, 2, 3), ":b12": b(1, 2), ":b2": b(2), ":true": { BOOL: true }, ":null": { NULL: true },
  ":S": s("S"), ":N": s("N"), ":B": s("B"), ":BOOL": s("BOOL"), ":NULL": s("NULL"), ":L": s("L"), ":M": s("M"),
  ":SS": s("SS"), ":NS": s("NS"), ":BS": s("BS"), ":ab": { SS: ["b", "a"] }, ":ns": { NS: ["5", "1.0"] },
  ":list": { L: [n(5), s("a"), { L: [n(1)] }] }, ":emptylist": { L: [] }, ":zero": n(0), ":two": n(2), ":three": n(3),
  ":map": { M: { deep: { M: { er: n(1) } }, a: n(5), "b c": s("x") } }, ":e": s(""),
};

const holds: readonly string[] = [
  "five = :five", "five <> :ten", "five < ten", "five <= :five", "five >= :five", "ten > five", "five <= ten",
  "greeting = :hello", "greeting > :he", "greeting < :z", "bin = :bin", "bin > :b12", "yes = :true", "nay <> :true", "nil = :null",
  "ss = :ab", "ns = :ns", "things = :list", "doc = :map", "hollow = :e", "greeting <> :five", "absent <> :five",
  "absent <> nowhere", "five <> greeting", ":five = five", ":hello >= greeting",
  "things[0] = :five", "things[2][0] = :one", "doc.a = :five", "doc.deep.er = :one", "doc.#bc = :z OR doc.a = five",
  "five BETWEEN :one AND :ten", "five BETWEEN :five AND :five", ":five BETWEEN five AND ten", "greeting BETWEEN :he AND :z",
  "bin BETWEEN :b12 AND :b2", "five IN (:one, :five)", "greeting IN (:a, :hello)", "five IN (ten, five)", ":five IN (five)",
  "ss IN (:ab)", "attribute_exists(five)", "attribute_exists(things[1])", "attribute_exists(doc.deep)",
  "attribute_exists(nil)", "attribute_not_exists(absent)", "attribute_not_exists(things[9])",
  "attribute_not_exists(doc.nothing)", "attribute_not_exists(greeting.a)", "attribute_not_exists(greeting[0])",
  "attribute_type(greeting, :S)", "attribute_type(five, :N)", "attribute_type(bin, :B)", "attribute_type(yes, :BOOL)",
  "attribute_type(nil, :NULL)", "attribute_type(things, :L)", "attribute_type(doc, :M)", "attribute_type(ss, :SS)",
  "attribute_type(ns, :NS)", "attribute_type(bs, :BS)", "attribute_type(doc.a, :N)",
  "begins_with(greeting, :he)", "begins_with(greeting, :hello)", "begins_with(greeting, :e)", "begins_with(bin, :b12)",
  "contains(greeting, :ell)", "contains(greeting, :e)", "contains(ss, :a)", "contains(ns, :five)", "contains(bs, :b2)",
  "contains(things, :five)", "contains(things, :a)", "contains(bin, :b2)", "contains(greeting, doc.#bc) OR yes = :true",
  "size(greeting) = :five", "size(things) = :three", "size(doc) = :three", "size(ss) = :two", "size(bin) = :three",
  "size(hollow) = :zero", "size(greeting) > size(ss)", "size(greeting) BETWEEN :one AND :ten", "size(greeting) IN (:five)",
  "NOT five = :ten", "NOT attribute_exists(absent)", "five = :five AND greeting = :hello", "five = :ten OR greeting = :hello",
  "five = :ten AND five = :ten OR greeting = :hello", "NOT (five = :ten OR greeting = :a)",
  "NOT five = :ten AND greeting = :hello", "five = :five AND NOT greeting = :a", "(five = :five)",
  "not five = :ten and greeting = :hello or yes = :true", "NOT NOT five = :five", "#odd = :one", "five=:five", "(five)=:five",
];

const fails: readonly string[] = [
  "five = :ten", "five <> :five", "five < :five", "five > :five", "ten <= five", "greeting = :five", "greeting < :five",
  "greeting > :five", "greeting <= :five", "absent = :five", "absent < :five", "absent > :five", "absent = nowhere",
  "yes <> :true", "hollow > :e", "five BETWEEN :ten AND :ten", "absent BETWEEN :one AND :ten", "greeting BETWEEN :one AND :ten",
  "five IN (:one, :hello)", "absent IN (:one)", "attribute_exists(absent)", "attribute_exists(things[3])",
  "attribute_exists(doc.a.b)", "attribute_not_exists(five)", "attribute_type(greeting, :N)", "attribute_type(absent, :S)",
  "begins_with(greeting, :ell)", "begins_with(five, :he)", "begins_with(absent, :he)", "begins_with(bin, :he)",
  "contains(greeting, :z)", "contains(greeting, :five)", "contains(ss, :z)", "contains(ss, :five)", "contains(ns, :hello)",
  "contains(things, :ten)", "contains(things, :one)", "contains(doc, :a)", "contains(five, :five)", "contains(absent, :a)",
  "size(absent) = :zero", "size(five) > :zero", "size(yes) >= :zero", "size(nil) >= :zero", "size(greeting) = :hello",
  "NOT five = :five", "NOT (five = :five OR greeting = :a)", "five = :five AND greeting = :a", "five = :ten OR greeting = :a",
  "NOT absent <> :five", "things = :emptylist", "things[0] = :a", "doc.deep = :five", "ss = :ns", "nil <> :null",
];

const used = (expression: string): object => {
  const values = Object.fromEntries(Object.entries(v).filter(([name]) => new RegExp(`${name}\\b`).test(expression)));
  const names = Object.fromEntries(Object.entries({ "#bc": "b c", "#odd": "odd name" }).filter(([name]) => expression.includes(name)));
  return {
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
  };
};

async function holdsInFilter(expression: string): Promise<boolean> {
  const placeholders = used(expression) as { ExpressionAttributeValues?: Attributes };
  const { Count } = await call("Query", {
    TableName, KeyConditionExpression: "pk = :pk", FilterExpression: expression, ConsistentRead: true, ...placeholders,
    ExpressionAttributeValues: { ...placeholders.ExpressionAttributeValues, ":pk": pk },
  });
  return Count === 1;
}

async function holdsOnWrite(expression: string): Promise<boolean> {
  try {
    await call("PutItem", { TableName, Item: item, ConditionExpression: expression, ...used(expression) });
    return true;
  } catch (error) {
    if ((error as Error).name === C) return false;
    throw error;
  }
}

describe("a condition", () => {
  before(() => put(TableName, item));
  for (const [expressions, expected] of [[holds, true], [fails, false]] as const) {
    for (const expression of expressions) {
      test(`${expression} ${expected ? "holds" : "does not hold"}`, async () => {
        assert.equal(await holdsInFilter(expression), expected);
        assert.equal(await holdsOnWrite(expression), expected);
      });
    }
  }

  test("on a missing item sees no attribute", async () => {
    const Key = { pk: s("conditions-missing") };
    for (const ConditionExpression of ["attribute_not_exists(pk)", "NOT attribute_exists(five)", "five <> :five"]) {
      await call("DeleteItem", { TableName, Key, ConditionExpression, ...used(ConditionExpression) });
    }
  });
});
