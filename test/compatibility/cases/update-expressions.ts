// What an UpdateExpression does to an item: SET, REMOVE, ADD and DELETE, on attributes and inside documents. Every
// right-hand side sees the item as it was.
import { test } from "node:test";
import assert from "node:assert/strict";
import { b, call, fresh, get, n, put, s, tables, type Attributes, type Value } from "../harness.ts";

const TableName = tables.S;
const L = (...values: Value[]): Value => ({ L: values });
const M = (members: Attributes): Value => ({ M: members });
const list = L(n(0), n(1), n(2), n(3));

/** [expression, before, values, after, names] */
type Row = readonly [string, Attributes, Attributes, Attributes, Record<string, string>?];

const rows: readonly Row[] = [
  ["SET a = :v", {}, { ":v": s("x") }, { a: s("x") }],
  ["set a = :v", {}, { ":v": s("x") }, { a: s("x") }],
  ["SET a = :v", { a: n(1) }, { ":v": s("x") }, { a: s("x") }],
  ["SET a = b", { b: n(1) }, {}, { a: n(1), b: n(1) }],
  ["SET a = b, b = a", { a: n(1), b: n(2) }, {}, { a: n(2), b: n(1) }],
  ["SET #a = :v", {}, { ":v": n(1) }, { "a b": n(1) }, { "#a": "a b" }],
  ["SET a = a + :v", { a: n(1) }, { ":v": n(2) }, { a: n(3) }],
  ["SET a = a - :v", { a: n(1) }, { ":v": n(2) }, { a: n(-1) }],
  ["SET a = :v - a", { a: n(1) }, { ":v": n(2) }, { a: n(1) }],
  ["SET a = b + c", { b: n(1), c: n(2) }, {}, { a: n(3), b: n(1), c: n(2) }],
  ["SET a = :v + :w", {}, { ":v": n(1), ":w": n(2) }, { a: n(3) }],
  ["SET a = if_not_exists(a, :v)", {}, { ":v": n(1) }, { a: n(1) }],
  ["SET a = if_not_exists(a, :v)", { a: n(5) }, { ":v": n(1) }, { a: n(5) }],
  ["SET a = if_not_exists(b, :v)", { b: n(5) }, { ":v": n(1) }, { a: n(5), b: n(5) }],
  ["SET a = if_not_exists(a, :zero) + :v", {}, { ":v": n(1), ":zero": n(0) }, { a: n(1) }],
  ["SET a = if_not_exists(a, :zero) + :v", { a: n(5) }, { ":v": n(1), ":zero": n(0) }, { a: n(6) }],
  ["SET a = if_not_exists(b, if_not_exists(c, :v))", { c: n(5) }, { ":v": n(1) }, { a: n(5), c: n(5) }],
  ["SET l = list_append(l, :v)", { l: L(n(1)) }, { ":v": L(n(2), n(3)) }, { l: L(n(1), n(2), n(3)) }],
  ["SET l = list_append(:v, l)", { l: L(n(1)) }, { ":v": L(n(2)) }, { l: L(n(2), n(1)) }],
  ["SET l = list_append(if_not_exists(l, :e), :v)", {}, { ":v": L(n(2)), ":e": L() }, { l: L(n(2)) }],
  ["SET l = list_append(l, l)", { l: L(n(1)) }, {}, { l: L(n(1), n(1)) }],
  ["SET l[0] = :v", { l: list }, { ":v": s("x") }, { l: L(s("x"), n(1), n(2), n(3)) }],
  ["SET l[2] = l[0]", { l: list }, {}, { l: L(n(0), n(1), n(0), n(3)) }],
  ["SET l[9] = :v", { l: list }, { ":v": s("x") }, { l: L(n(0), n(1), n(2), n(3), s("x")) }],
  ["SET l[9] = :v, l[7] = :w", { l: L() }, { ":v": s("x"), ":w": s("y") }, { l: L(s("y"), s("x")) }],
  ["SET m.a = :v", { m: M({}) }, { ":v": n(1) }, { m: M({ a: n(1) }) }],
  ["SET m.a.b = :v", { m: M({ a: M({ c: n(2) }) }) }, { ":v": n(1) }, { m: M({ a: M({ c: n(2), b: n(1) }) }) }],
  ["SET m.a[1].b = :v", { m: M({ a: L(n(0), M({})) }) }, { ":v": n(1) }, { m: M({ a: L(n(0), M({ b: n(1) })) }) }],
  ["SET l[1][0] = :v", { l: L(n(0), L()) }, { ":v": n(1) }, { l: L(n(0), L(n(1))) }],
  ["SET #m.#a = :v", { "m.x": M({}) }, { ":v": n(1) }, { "m.x": M({ "a-b": n(1) }) }, { "#m": "m.x", "#a": "a-b" }],
  ["SET m.hits = m.hits + :v", { m: M({ hits: n(1) }) }, { ":v": n(1) }, { m: M({ hits: n(2) }) }],
  ["SET a = m.b[1]", { m: M({ b: L(n(1), n(2)) }) }, {}, { m: M({ b: L(n(1), n(2)) }), a: n(2) }],
  ["REMOVE a", { a: n(1), b: n(2) }, {}, { b: n(2) }],
  ["REMOVE a, b", { a: n(1), b: n(2) }, {}, {}],
  ["REMOVE nothing", { a: n(1) }, {}, { a: n(1) }],
  ["REMOVE l[1]", { l: list }, {}, { l: L(n(0), n(2), n(3)) }],
  ["REMOVE l[0], l[2]", { l: list }, {}, { l: L(n(1), n(3)) }],
  ["REMOVE l[9]", { l: list }, {}, { l: list }],
  ["REMOVE m.a", { m: M({ a: n(1), b: n(2) }) }, {}, { m: M({ b: n(2) }) }],
  ["REMOVE m.a", { m: M({ a: n(1) }) }, {}, { m: M({}) }],
  ["REMOVE m.a.b[0]", { m: M({ a: M({ b: L(n(1), n(2)) }) }) }, {}, { m: M({ a: M({ b: L(n(2)) }) }) }],
  ["SET l[0] = :v REMOVE l[1]", { l: list }, { ":v": s("x") }, { l: L(s("x"), n(2), n(3)) }],
  ["ADD a :v", {}, { ":v": n(5) }, { a: n(5) }],
  ["ADD a :v", { a: n(1) }, { ":v": n(5) }, { a: n(6) }],
  ["ADD a :v", { a: n(1) }, { ":v": n(-5) }, { a: n(-4) }],
  ["ADD m.a :v", { m: M({ a: n(1) }) }, { ":v": n(5) }, { m: M({ a: n(6) }) }],
  ["ADD m.a :v", { m: M({}) }, { ":v": n(5) }, { m: M({ a: n(5) }) }],
  ["ADD q :v", {}, { ":v": { SS: ["b", "a"] } }, { q: { SS: ["a", "b"] } }],
  ["ADD q :v", { q: { SS: ["a", "c"] } }, { ":v": { SS: ["b", "a"] } }, { q: { SS: ["a", "b", "c"] } }],
  ["ADD q :v", { q: { NS: ["1", "10"] } }, { ":v": { NS: ["9", "1.0"] } }, { q: { NS: ["1", "9", "10"] } }],
  ["ADD q :v", { q: { BS: [Uint8Array.of(1)] } }, { ":v": { BS: [Uint8Array.of(0)] } },
    { q: { BS: [Uint8Array.of(0), Uint8Array.of(1)] } }],
  ["DELETE q :v", { q: { SS: ["a", "b", "c"] } }, { ":v": { SS: ["b", "z"] } }, { q: { SS: ["a", "c"] } }],
  ["DELETE q :v", { q: { NS: ["1", "2"] } }, { ":v": { NS: ["2.0"] } }, { q: { NS: ["1"] } }],
  ["DELETE q :v", { q: { SS: ["a"] } }, { ":v": { SS: ["a"] } }, {}],
  ["DELETE q :v", {}, { ":v": { SS: ["a"] } }, {}],
  ["DELETE m.q :v", { m: M({ q: { SS: ["a"] } }) }, { ":v": { SS: ["a"] } }, { m: M({}) }],
  ["SET a = :v REMOVE b ADD c :one DELETE d :d", { b: n(1), c: n(1), d: { SS: ["x", "y"] } },
    { ":v": s("x"), ":one": n(1), ":d": { SS: ["x"] } }, { a: s("x"), c: n(2), d: { SS: ["y"] } }],
  ["REMOVE b SET a = b", { b: n(1) }, {}, { a: n(1) }],
  ["SET a = :v, b = a", { a: n(1) }, { ":v": n(2) }, { a: n(2), b: n(1) }],
  ["SET a = (a + :v)", { a: n(1) }, { ":v": n(2) }, { a: n(3) }],
  ["SET a=:v,b=:v", {}, { ":v": n(1) }, { a: n(1), b: n(1) }],
  ["SET\n  a = :v,\n\tb = :v", {}, { ":v": n(1) }, { a: n(1), b: n(1) }],
  ["SET a = :v", { a: s("x") }, { ":v": b(1, 2) }, { a: b(1, 2) }],
  ["SET a = :v", {}, { ":v": { NULL: true } }, { a: { NULL: true } }],
];

for (const [UpdateExpression, before, values, after, names] of rows) {
  test(`${UpdateExpression.replace(/\s+/g, " ")} of ${JSON.stringify(before)}`, async () => {
    const pk = s(fresh());
    await put(TableName, { pk, ...before });
    await call("UpdateItem", {
      TableName, Key: { pk }, UpdateExpression,
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
      ...(names && { ExpressionAttributeNames: names }),
    });
    assert.deepEqual(await get(TableName, { pk }), { pk, ...after });
  });
}
