import assert from "node:assert/strict";
import { test } from "node:test";
import { explainAsSvg } from "../src/explain-svg.ts";
import { explainAsText, explainVerdictAsText } from "../src/explain-text.ts";
import { checkLinearizable } from "../src/linearizable.ts";
import { checkListAppend } from "../src/list-append.ts";
import { registerModel } from "../src/models/register.ts";
import { layOut } from "../src/timeline.ts";
import type { Anomaly } from "../src/verdict.ts";
import { on, op } from "./build.ts";

const stale = checkLinearizable(
  [
    op("client 1", [0, 30], "write", 1), op("client 2", [10, Infinity], "write", 2),
    op("client 3", [40, 60], "read", undefined, 2), op("client 1", [70, 90], "read", undefined, 1),
  ].map((operation) => on("x", operation)),
  registerModel,
).anomalies[0] as Anomaly;

test("the text picture shows who did what when, and says why", () => {
  assert.equal(explainAsText(stale), `not-linearizable on x

  client 1 │ [write 1  ]                [read → 1  ]‼
  client 2 │   [write 2 ? ·······························>
  client 3 │              [read → 2  ]

  0 to 30   client 1  write 1
  10 on     client 2  write 2 ?
  40 to 60  client 3  read → 2
  70 to 90  client 1  read → 1

No order explains read → 1 by client 1 on x. It began after write 1 by client 1 and read → 2 by
client 3 had returned. After write 1 by client 1, write 2 ? by client 2 and read → 2 by client 3,
the most that can be put in order, the register holds 2, and nothing that is left can come in
between to explain what it saw.
`);
});

test("the layout keeps the order of all moments and lets no label out of its box", () => {
  const { boxes } = layOut(stale);
  for (const one of boxes) {
    assert.ok(one.right - one.left >= one.label.length + 2, one.label);
    for (const other of boxes) {
      if (one.operation.returnIndex < other.operation.invokeIndex) assert.ok(one.right < other.left);
      if (one.operation.invokeIndex < other.operation.invokeIndex) assert.ok(one.left < other.left);
    }
  }
});

test("an operation of unknown outcome and a later one of the same process do not share a row", () => {
  const operations = [op("a", [0, Infinity], "write", 1), op("a", [2, 3], "write", 2)];
  const { rows } = layOut({ kind: "k", explanation: "", operations });
  assert.deepEqual(rows, ["a", "a"]);
});

test("the SVG is well formed, escapes what users wrote, and marks the culprit", () => {
  const culprit = op("<b>", [0, 1], "read", undefined, 'a & "b"');
  const svg = explainAsSvg({ kind: "k", key: "x<y", explanation: "1 < 2 & 3.", operations: [culprit], culprit });
  assert.doesNotMatch(svg, /<b>|x<y|a & /);
  assert.match(svg, /class="box ok culprit"/);
  const opened = [...svg.matchAll(/<(\w+)\b(?:[^>]*[^>/])?>/g)].map((match) => match[1]).sort();
  const closed = [...svg.matchAll(/<\/(\w+)>/g)].map((match) => match[1]).sort();
  assert.deepEqual(opened, closed);
});

test("a cycle is drawn with an arrow for each of its dependencies", () => {
  const verdict = checkListAppend([
    op("a", [0, 10], "txn", [], [["append", "x", 1], ["r", "y", [1]]]),
    op("b", [1, 11], "txn", [], [["append", "y", 1], ["r", "x", [1]]]),
  ]);
  const svg = explainAsSvg(verdict.anomalies[0] as Anomaly);
  assert.equal(svg.match(/class="arrow"/g)?.length, 2);
  assert.match(explainVerdictAsText(verdict), /T0 → T1 {2}\(wr x\)/);
});

test("a good verdict is one line", () => {
  const verdict = checkLinearizable([op("a", [0, 1], "write", 1)], registerModel);
  assert.equal(explainVerdictAsText(verdict), "ok: 1 operations on 1 objects explained\n");
});
