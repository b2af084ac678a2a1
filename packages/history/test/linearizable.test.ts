import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLinearizable } from "../src/linearizable.ts";
import { itemModel } from "../src/models/item.ts";
import { registerModel } from "../src/models/register.ts";
import { checkUniqueRegister } from "../src/zones.ts";
import type { Operation } from "../src/history.ts";
import { kindsOf, on, op } from "./build.ts";

function bothSay(expected: "ok" | "violated", operations: readonly Operation[]): void {
  assert.equal(checkLinearizable(operations, registerModel).verdict, expected, "by search");
  assert.equal(checkUniqueRegister(operations).verdict, expected, "by zones");
}

test("a read may return either value while a write is under way", () => {
  const writes = [op("a", [0, 1], "write", 1), op("a", [2, 9], "write", 2)];
  bothSay("ok", [...writes, op("b", [3, 4], "read", undefined, 1)]);
  bothSay("ok", [...writes, op("b", [3, 4], "read", undefined, 2)]);
});

test("two reads in a row may not go back", () => {
  const writes = [op("a", [0, 1], "write", 1), op("a", [2, 9], "write", 2)];
  const back = [op("b", [3, 4], "read", undefined, 2), op("c", [5, 6], "read", undefined, 1)];
  bothSay("violated", [...writes, ...back]);
  const overlapping = [op("b", [3, 6], "read", undefined, 2), op("c", [5, 7], "read", undefined, 1)];
  bothSay("ok", [...writes, ...overlapping]);
});

test("a stale read is convicted with the two writes that prove it", () => {
  const noise = Array.from({ length: 20 }, (_, at) => op("n", [100 + at * 2, 101 + at * 2], "write", `noise ${at}`));
  const stale = [
    op("a", [0, 1], "write", 1), op("b", [2, 3], "write", 2), op("c", [4, 5], "read", undefined, 1), ...noise,
  ];
  const verdict = checkLinearizable(stale, registerModel);
  assert.deepEqual(verdict.anomalies[0]?.operations.map(({ id }) => id), [0, 2, 4]);
  assert.equal(verdict.anomalies[0]?.culprit?.id, 4);
  assert.match(verdict.explanation, /read → 1 by c.*began after write 1 by a and write 2 by b had returned/);
  assert.match(verdict.explanation, /the register holds 2/);
  const earlyReads = [op("d", [0.2, 0.5], "read", undefined, 1), op("d", [2.2, 2.5], "read", undefined, 2)];
  const byZones = checkUniqueRegister([...stale, ...earlyReads]);
  assert.deepEqual(byZones.anomalies.map(({ kind }) => kind), ["stale-read"]);
  assert.deepEqual(byZones.anomalies[0]?.operations.map(({ id }) => id), [0, 2, 4]);
  assert.equal(byZones.anomalies[0]?.culprit?.id, 4);
});

test("a write of unknown outcome may take effect at any later time, once, or never", () => {
  const lost = op("a", [0, Infinity], "write", 1);
  const second = op("b", [1, 2], "write", 2);
  bothSay("ok", [lost, second, op("c", [3, 4], "read", undefined, 2)]);
  bothSay("ok", [lost, second, op("c", [3, 4], "read", undefined, 2), op("c", [5, 6], "read", undefined, 1)]);
  const twice = [3, 5, 7].map((at, number) => op("c", [at, at + 1], "read", undefined, number === 1 ? 2 : 1));
  bothSay("violated", [lost, second, ...twice]);
});

test("values from nowhere, from the future and from failed writes are convicted", () => {
  const nowhere = [op("a", [0, 1], "read", undefined, 9)];
  const future = [op("a", [0, 1], "read", undefined, 1), op("b", [2, 3], "write", 1)];
  const failed = [op("b", [0, 1], "write", 1, undefined, "failed"), op("a", [2, 3], "read", undefined, 1)];
  for (const history of [nowhere, future, failed]) bothSay("violated", history);
  assert.deepEqual(kindsOf(checkUniqueRegister(nowhere)), ["unwritten-value"]);
  assert.deepEqual(kindsOf(checkUniqueRegister(future)), ["future-read"]);
  assert.deepEqual(kindsOf(checkUniqueRegister(failed)), ["read-of-failed-write"]);
});

test("an empty register is read as null until the first write is over", () => {
  bothSay("ok", [op("a", [0, 5], "write", 1), op("b", [1, 2], "read", undefined, null)]);
  bothSay("violated", [op("a", [0, 1], "write", 1), op("b", [2, 3], "read", undefined, null)]);
});

test("zones leave histories with repeated values to the search", () => {
  const repeated = [op("a", [0, 1], "write", 1), op("a", [2, 3], "write", 1)];
  assert.equal(checkUniqueRegister(repeated).verdict, "unknown");
  assert.equal(checkLinearizable(repeated, registerModel).verdict, "ok");
});

test("compare-and-set takes effect on what it expects, and is refused only on something else", () => {
  const write = op("a", [0, 1], "write", 1);
  const check = (...rest: Operation[]): string => checkLinearizable([write, ...rest], registerModel).verdict;
  assert.equal(check(op("b", [2, 3], "cas", [1, 2]), op("c", [4, 5], "read", undefined, 2)), "ok");
  assert.equal(check(op("b", [2, 3], "cas", [7, 2])), "violated");
  assert.equal(check(op("b", [2, 3], "cas", [7, 2], undefined, "refused")), "ok");
  assert.equal(check(op("b", [2, 3], "cas", [1, 2], undefined, "refused")), "violated");
  const both = [op("b", [2, 5], "cas", [1, 2]), op("c", [3, 6], "cas", [1, 3])];
  assert.equal(check(...both), "violated", "both cannot win");
});

test("objects are judged one by one", () => {
  const good = [on("x", op("a", [0, 1], "write", 1)), on("x", op("a", [4, 5], "read", undefined, 1))];
  const bad = [on("y", op("b", [2, 3], "write", 1)), on("y", op("b", [6, 7], "read", undefined, null))];
  const verdict = checkLinearizable([...good, ...bad], registerModel);
  assert.deepEqual(verdict.anomalies.map(({ key }) => key), ["y"]);
  assert.equal(checkLinearizable(new Map([["x", good]]), registerModel).verdict, "ok");
});

test("an item counts each acknowledged addition exactly once", () => {
  const add = (process: string, interval: readonly [number, number]): Operation => {
    return op(process, interval, "update", { add: { n: 1 } });
  };
  const readOf = (n: number): Operation => op("r", [10, 11], "read", undefined, { n });
  const adds = [add("a", [0, 3]), add("b", [1, 4]), add("c", [2, 5])];
  assert.equal(checkLinearizable([...adds, readOf(3)], itemModel).verdict, "ok");
  assert.equal(checkLinearizable([...adds, readOf(2)], itemModel).verdict, "violated", "a lost update");
  assert.equal(checkLinearizable([...adds, readOf(4)], itemModel).verdict, "violated", "done twice");
  const perhaps = [...adds, add("d", [6, Infinity])];
  assert.equal(checkLinearizable([...perhaps, readOf(3)], itemModel).verdict, "ok");
  assert.equal(checkLinearizable([...perhaps, readOf(4)], itemModel).verdict, "ok");
});

test("an item holds what was put, set, removed and deleted, and conditions see it", () => {
  const create = { item: { v: 1 }, condition: { exists: false } };
  const history = [
    op("a", [0, 1], "put", create, { old: null }),
    op("a", [2, 3], "put", create, { found: { v: 1 } }, "refused"),
    op("a", [4, 5], "update", { set: { v: 2, w: "x" }, condition: { equals: { v: 1 } } }, { new: { w: "x", v: 2 } }),
    op("a", [6, 7], "update", { remove: ["w"] }),
    op("a", [8, 9], "read", undefined, { v: 2 }),
    op("a", [10, 11], "delete", {}, { old: { v: 2 } }),
    op("a", [12, 13], "read", undefined, null),
  ];
  assert.equal(checkLinearizable(history, itemModel).verdict, "ok");
  for (const wrong of [
    op("b", [14, 15], "put", create, undefined, "refused"),
    op("b", [14, 15], "read", undefined, { v: 2 }),
    op("b", [14, 15], "delete", { condition: { exists: true } }),
    op("b", [14, 15], "update", { add: { v: 1 } }, { new: { v: 3 } }),
  ]) {
    const verdict = checkLinearizable([...history, wrong], itemModel);
    assert.equal(verdict.verdict, "violated", JSON.stringify(wrong));
    assert.deepEqual(verdict.anomalies[0]?.operations, [wrong], "begun where the state was certain");
    assert.match(verdict.explanation, /At the start the item is absent/);
  }
});

test("an item's writes tell what they were asked to tell, and nothing else explains them", () => {
  const start = op("a", [0, 1], "put", { item: { n: 1, v: "x", w: "y" } });
  const change = { add: { n: 2 }, set: { v: "z" }, remove: ["w"] };
  const told = {
    old: { n: 1, v: "x", w: "y" },
    touchedOld: { n: 1, v: "x", w: "y" },
    new: { n: 3, v: "z" },
    touchedNew: { n: 3, v: "z" },
  };
  for (const [name, value] of Object.entries(told)) {
    const check = (output: unknown): string =>
      checkLinearizable([start, op("a", [2, 3], "update", change, { [name]: output })], itemModel).verdict;
    assert.equal(check(value), "ok", name);
    assert.equal(check({ ...value, v: "other" }), "violated", name);
    assert.equal(check(null), "violated", name);
  }
  const untouched = op("a", [2, 3], "update", { set: { v: "z" } }, { touchedNew: { v: "z", n: 1 } });
  assert.equal(checkLinearizable([start, untouched], itemModel).verdict, "violated", "more than was touched");
});

test("an update that only removes makes no item, any other does", () => {
  const made = (input: object, output: unknown): string =>
    checkLinearizable([op("a", [0, 1], "update", input), op("a", [2, 3], "read", undefined, output)], itemModel).verdict;
  assert.deepEqual([made({ remove: ["v"] }, null), made({ remove: ["v"] }, {})], ["ok", "violated"]);
  assert.deepEqual([made({ add: { n: 2 } }, { n: 2 }), made({ add: { n: 2 } }, null)], ["ok", "violated"]);
});

test("a read shows of an item what it names, if its filter lets the item through", () => {
  const put = op("a", [0, 1], "put", { item: { n: 1, v: "x" } });
  const read = (input: object, output: unknown): string =>
    checkLinearizable([put, op("b", [2, 3], "read", input, output)], itemModel).verdict;
  assert.deepEqual([read({ only: ["v", "w"] }, { v: "x" }), read({ only: ["v"] }, { n: 1, v: "x" })], ["ok", "violated"]);
  assert.deepEqual([read({ only: ["w"] }, {}), read({ only: ["w"] }, null)], ["ok", "violated"]);
  assert.deepEqual([read({ condition: { below: { n: 1 } } }, null), read({ condition: { below: { n: 2 } } }, null)],
    ["ok", "violated"]);
});

test("conditions on numbers need one, and may let an absent item pass", () => {
  const put = op("a", [0, 1], "put", { item: { n: 5 } });
  const remove = (condition: object, outcome: "ok" | "refused", before: readonly Operation[] = [put]): string =>
    checkLinearizable([...before, op("b", [2, 3], "delete", { condition }, undefined, outcome)], itemModel).verdict;
  assert.deepEqual([remove({ below: { n: 6 } }, "ok"), remove({ below: { n: 5 } }, "ok")], ["ok", "violated"]);
  assert.deepEqual([remove({ below: { m: 6 } }, "ok"), remove({ below: { m: 6 } }, "refused")], ["violated", "ok"]);
  const orAbsent = { equals: { n: 4 }, orAbsent: true };
  assert.deepEqual([remove(orAbsent, "ok"), remove(orAbsent, "ok", [])], ["violated", "ok"]);
});

test("an operation of unknown outcome is carried over the point at which a counter-example begins", () => {
  const add = op("a", [0, Infinity], "update", { add: { n: 1 } });
  const settled = [op("b", [1, 2], "put", { item: { n: 5 } }), op("b", [3, 4], "read", undefined, { n: 5 })];
  const good = [add, ...settled, op("b", [5, 6], "read", undefined, { n: 6 })];
  assert.equal(checkLinearizable(good, itemModel).verdict, "ok");
  const verdict = checkLinearizable([...good, op("b", [7, 8], "read", undefined, { n: 7 })], itemModel);
  assert.equal(verdict.verdict, "violated");
  assert.match(verdict.explanation, /No order explains read → \{n 7\} by b/);
});
