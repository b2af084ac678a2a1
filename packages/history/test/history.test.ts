import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByKey, pairOperations, type HistoryEvent } from "../src/history.ts";
import { formatHistory, parseHistory } from "../src/jepsen-format.ts";
import { HistoryRecorder } from "../src/recorder.ts";

function recorder(): HistoryRecorder {
  let time = 0;
  return new HistoryRecorder(() => time++);
}

test("a recorded history survives being written as JSON lines and read back", () => {
  const history = recorder();
  const write = history.invoke(1, "write", 7, "x");
  const read = history.invoke(2, "read", undefined, "x");
  read.ok({ S: "a\nb" });
  write.info("timeout");
  const text = formatHistory(history.events);
  assert.equal(text.trim().split("\n").length, 4);
  assert.deepEqual(parseHistory(text), history.events);
  assert.equal(formatHistory(parseHistory(`\n${text}\n`)), text);
});

test("Jepsen's tools find whole numbers for processes and times, and the key beside the value", () => {
  let time = 0.25;
  const history = new HistoryRecorder(() => (time += 1.5));
  history.invoke("a", "write", 1, "x").info("timeout");
  history.invoke("b", "cas", [1, 2], "x").ok([1, 2]);
  history.invoke("a", "txn", [["append", "y", 3]]).ok([["append", "y", 3]]);
  const lines = formatHistory(history.events).trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ process }) => process), [0, 0, 1, 1, 2, 2], "after an unknown outcome it is another");
  assert.deepEqual(lines.map(({ client }) => client), ["a", "a", "b", "b", "a'2", "a'2"]);
  assert.deepEqual(lines[0], {
    index: 0, type: "invoke", process: 0, f: "write", value: ["x", 1], time: 1_750_000, key: "x", client: "a",
  });
  assert.deepEqual(lines[3].value, ["x", [1, 2]]);
  assert.deepEqual(lines[5].value, [["append", "y", 3]], "transactions name their keys inside");
});

test("a history that another tool wrote is read as it is", () => {
  const line = { type: "invoke", process: 3, f: "write", value: ["x", 1], time: 2_500_000 };
  const expected = { index: 0, type: "invoke", process: 3, f: "write", value: ["x", 1], time: 2.5 };
  assert.deepEqual(parseHistory(JSON.stringify(line)), [expected]);
});

test("each outcome is paired as what it proves", () => {
  const history = recorder();
  history.invoke("a", "write", 1).ok();
  history.invoke("a", "cas", [1, 2]).refused({ found: 3 });
  history.invoke("a", "write", 4).fail("unreachable");
  history.invoke("a", "write", 5).info("timeout");
  history.invoke("a", "write", 6);
  const operations = history.operations();
  assert.deepEqual(operations.map(({ outcome }) => outcome), ["ok", "refused", "failed", "unknown", "unknown"]);
  assert.deepEqual(operations.map(({ returnIndex }) => returnIndex), [1, 3, 5, Infinity, Infinity]);
  assert.deepEqual(operations[1]?.output, { found: 3 });
  assert.equal(history.events[3]?.type, "fail", "outside tools see a refusal as a failure");
});

test("a client goes on under another process after an unknown outcome", () => {
  const history = recorder();
  history.invoke("a", "write", 1).info();
  history.invoke("a", "write", 2).ok();
  history.invoke("a", "write", 3).info();
  history.invoke("a", "write", 4).ok();
  assert.deepEqual(history.operations().map(({ process }) => process), ["a", "a'2", "a'2", "a'3"]);
});

test("an operation cannot end twice", () => {
  const operation = recorder().invoke("a", "write", 1);
  operation.ok();
  assert.throws(() => operation.info(), /ended twice/);
});

test("reads that never returned say nothing and are dropped", () => {
  const history = recorder();
  history.invoke("a", "read", undefined);
  history.invoke("b", "range", {}).info();
  history.invoke("c", "write", 1);
  assert.deepEqual(history.operations().map(({ f }) => f), ["write"]);
});

test("a process that invokes again leaves its earlier operation unknown", () => {
  const event = (index: number, type: HistoryEvent["type"], value: unknown): HistoryEvent => {
    return { index, process: 0, type, f: "write", value, time: index };
  };
  const operations = pairOperations([event(0, "invoke", 1), event(1, "invoke", 2), event(2, "ok", 2)]);
  assert.deepEqual(operations.map(({ outcome }) => outcome), ["unknown", "ok"]);
});

test("what is no history is refused", () => {
  assert.throws(() => parseHistory('{"process":1,"type":"maybe","f":"read"}'), /unknown type/);
  assert.throws(() => parseHistory('{"process":1,"type":"ok"}'), /no f/);
  assert.throws(() => parseHistory("null"), /no event/);
  const end: HistoryEvent = { index: 0, process: 1, type: "ok", f: "read", value: 1, time: 0 };
  assert.throws(() => pairOperations([end]), /did not begin/);
});

test("operations are grouped by key, those without one together", () => {
  const history = recorder();
  history.invoke("a", "write", 1, "x").ok();
  history.invoke("a", "write", 2).ok();
  history.invoke("a", "write", 3, "x").ok();
  const groups = groupByKey(history.operations());
  assert.deepEqual([...groups].map(([key, group]) => [key, group.length]), [["x", 2], ["", 1]]);
});
