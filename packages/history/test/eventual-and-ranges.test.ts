import assert from "node:assert/strict";
import { test } from "node:test";
import { checkEventualReads } from "../src/eventual-reads.ts";
import type { Operation, Outcome } from "../src/history.ts";
import { checkRanges } from "../src/ranges.ts";
import { kindsOf, op } from "./build.ts";

function write(interval: readonly [number, number], version: number, value: string, outcome?: Outcome): Operation {
  return op("w", interval, "write", { version, value }, undefined, outcome);
}

function readAt(replica: string, interval: readonly [number, number], version: number, value?: string): Operation {
  return op("r", interval, "read", undefined, { version, replica, ...(value === undefined ? {} : { value }) });
}

test("eventual reads may be stale, and replicas may differ", () => {
  const history = [
    write([0, 1], 1, "a"), write([2, 3], 2, "b"), write([4, Infinity], 3, "c"), readAt("r1", [10, 11], 2, "b"),
    readAt("r2", [12, 13], 0), readAt("r1", [14, 15], 3, "c"), readAt("r3", [16, 17], 1, "a"),
  ];
  assert.equal(checkEventualReads(history).verdict, "ok");
});

test("an eventual read may not return what was never written, failed, or comes later", () => {
  assert.deepEqual(kindsOf(checkEventualReads([write([0, 1], 1, "a"), readAt("r1", [2, 3], 1, "z")])), ["unwritten-value"]);
  assert.deepEqual(kindsOf(checkEventualReads([readAt("r1", [2, 3], 7)])), ["unwritten-value"]);
  const failed = [write([0, 1], 1, "a", "failed"), readAt("r1", [2, 3], 1, "a")];
  assert.deepEqual(kindsOf(checkEventualReads(failed)), ["read-of-failed-write"]);
  const future = [readAt("r1", [0, 1], 1, "a"), write([2, 3], 1, "a")];
  assert.deepEqual(kindsOf(checkEventualReads(future)), ["future-read"]);
});

test("one replica may not go back, unless its reads overlap", () => {
  const writes = [write([0, 1], 1, "a"), write([2, 3], 2, "b")];
  const back = checkEventualReads([...writes, readAt("r1", [4, 5], 2), readAt("r1", [6, 7], 1)]);
  assert.deepEqual(kindsOf(back), ["replica-went-back"]);
  assert.equal(checkEventualReads([...writes, readAt("r1", [4, 7], 2), readAt("r1", [5, 6], 1)]).verdict, "ok");
});

test("a replica may not show less than it has acknowledged, but another may, and so may it in another life", () => {
  const acknowledged = op("w", [2, 3], "write", { version: 2, value: "b" }, { replica: "r1" });
  const writes = [write([0, 1], 1, "a"), acknowledged];
  assert.deepEqual(kindsOf(checkEventualReads([...writes, readAt("r1", [4, 5], 1)])), ["replica-went-back"]);
  assert.equal(checkEventualReads([...writes, readAt("r1", [2.5, 5], 1)]).verdict, "ok");
  assert.equal(checkEventualReads([...writes, readAt("r2", [4, 5], 1)]).verdict, "ok");
  assert.equal(checkEventualReads([...writes, readAt("r1, life 2", [4, 5], 0)]).verdict, "ok");
});

test("a replica that goes back once is found among many reads, and reads of nobody knows where prove nothing", () => {
  const writes = [1, 2, 3].map((version) => write([version, version + 0.5], version, `v${version}`));
  const reads = [[10, 1], [20, 2], [30, 2], [40, 3], [50, 2], [60, 3]].map(([at, version]) =>
    readAt("r1", [at as number, (at as number) + 5], version as number));
  const { anomalies } = checkEventualReads([...writes, ...reads]);
  assert.deepEqual(anomalies.map(({ kind, culprit }) => [kind, culprit?.invokeIndex]), [["replica-went-back", 50]]);
  const nameless = reads.map((read) => ({ ...read, output: { ...(read.output as object), replica: undefined } }));
  assert.equal(checkEventualReads([...writes, ...nameless]).verdict, "ok");
});

const stays = op("a", [0, 1], "insert", 5);

function range(interval: readonly [number, number], output: readonly (string | number)[], input = {}): Operation {
  return op("r", interval, "range", input, output);
}

test("elements that come or go during a range may be in it or not", () => {
  const changing = [stays, op("b", [3, 9], "insert", 6), op("c", [0.5, 2], "insert", 7), op("c", [4, 8], "remove", 7)];
  for (const output of [[5], [5, 6], [5, 7], [5, 6, 7]]) {
    assert.equal(checkRanges([...changing, range([5, 6], output)]).verdict, "ok", JSON.stringify(output));
  }
});

test("an element that was there throughout must be returned exactly once", () => {
  assert.deepEqual(kindsOf(checkRanges([stays, range([2, 3], [])])), ["missing"]);
  assert.deepEqual(kindsOf(checkRanges([stays, range([2, 3], [5, 5])])), ["returned-twice"]);
  assert.equal(checkRanges([stays, range([2, 3], [], { from: 6 })]).verdict, "ok");
  assert.equal(checkRanges([stays, op("b", [1.5, Infinity], "remove", 5), range([2, 3], [])]).verdict, "ok");
});

test("an element put back before the range began must be returned", () => {
  const again = [stays, op("b", [2, 3], "remove", 5), op("b", [4, 5], "insert", 5)];
  assert.deepEqual(kindsOf(checkRanges([...again, range([6, 7], [])])), ["missing"]);
  assert.equal(checkRanges([...again, range([6, 7], [5])]).verdict, "ok");
});

test("an element that was never there during the range may not be returned", () => {
  assert.deepEqual(kindsOf(checkRanges([range([2, 3], [9])])), ["phantom"]);
  assert.deepEqual(kindsOf(checkRanges([op("a", [0, 1], "insert", 9, undefined, "failed"), range([2, 3], [9])])), ["phantom"]);
  assert.deepEqual(kindsOf(checkRanges([range([2, 3], [9]), op("a", [4, 5], "insert", 9)])), ["phantom"]);
  const removed = [stays, op("b", [2, 3], "remove", 5), range([4, 5], [5])];
  assert.deepEqual(kindsOf(checkRanges(removed)), ["phantom"]);
  assert.equal(checkRanges([op("a", [0, Infinity], "insert", 9), range([2, 3], [9])]).verdict, "ok");
});

test("an eventual range may miss what is there and return what was removed, but nothing that was not there before", () => {
  const eventual = { eventual: true };
  assert.equal(checkRanges([stays, range([2, 3], [], eventual)]).verdict, "ok");
  assert.equal(checkRanges([stays, op("b", [2, 3], "remove", 5), range([4, 5], [5], eventual)]).verdict, "ok");
  assert.deepEqual(kindsOf(checkRanges([range([2, 3], [9], eventual)])), ["phantom"]);
  assert.deepEqual(kindsOf(checkRanges([range([2, 3], [9], eventual), op("a", [4, 5], "insert", 9)])), ["phantom"]);
  assert.deepEqual(kindsOf(checkRanges([stays, range([2, 3], [5, 5], eventual)])), ["returned-twice"]);
});

test("a range keeps its order and its bounds", () => {
  const inserts = ["a", "b", "é", "z"].map((element, at) => op(`i${at}`, [at / 10, 1], "insert", element));
  assert.equal(checkRanges([...inserts, range([2, 3], ["a", "b", "z", "é"])]).verdict, "ok", "by UTF-8 bytes");
  assert.equal(checkRanges([...inserts, range([2, 3], ["z", "b"], { from: "b", to: "z", descending: true })]).verdict, "ok");
  assert.deepEqual(kindsOf(checkRanges([...inserts, range([2, 3], ["a", "z", "b", "é"])])), ["out-of-order"]);
  assert.deepEqual(kindsOf(checkRanges([...inserts, range([2, 3], ["a", "b"], { to: "a" })])), ["out-of-range"]);
});
