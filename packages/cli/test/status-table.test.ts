import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterStatus, PartitionView } from "@azimuth/console/cluster-status.ts";
import { statusTable } from "../src/status-table.ts";

const status: ClusterStatus = {
  at: 0, cluster: "local", endpoint: "http://127.0.0.1:8000",
  zones: [{ name: "az-1", state: "up", nodes: ["node-1"] }, { name: "az-2", state: "down", nodes: ["node-2"] }],
  nodes: [
    { name: "node-2", zone: "az-2", kind: "storage-node", state: "killed", since: 0, pid: null, controllable: true,
      problem: "ECONNREFUSED", number: null, revision: null, replicas: 0, leading: 0, logBytes: null },
    { name: "node-1", zone: "az-1", kind: "storage-node", state: "running", since: 0, pid: 41, controllable: true,
      problem: null, number: 1, revision: 2, replicas: 2, leading: 1, logBytes: 2048 },
  ],
  routers: [{ name: "router-1", zone: null, kind: "request-router", state: "running", since: 0, pid: 42,
    controllable: true, problem: null, endpoint: null, region: null, revision: 2 }],
  others: [],
  tables: ["music"],
  partitions: [{ group: 1, table: "music", firstToken: "0000000000000000", lastToken: "7fffffffffffffff", leader: null,
    term: 3, commit: 9, items: 40, bytes: 5000, splitting: null, quorum: false, voters: 3,
    replicas: [{ node: "node-1", role: "follower", term: 3, commit: 9, applied: 8, firstIndex: 1, lastIndex: 9,
      quiet: false, initialised: true }] }],
  problems: ["The agent at host:1 does not answer: ECONNREFUSED."],
};

test("the table shows zones in order, what is broken in words, and what agents do not say", () => {
  assert.equal(statusTable(status, { colour: false, now: 90_000 }), [
    "local   http://127.0.0.1:8000",
    "",
    "ZONE  NODE    STATE    FOR   PID  REPLICAS  LEADS  LOG",
    "az-1  node-1  running  90 s  41   2         1      2 KiB",
    "az-2  node-2  killed   90 s  -    -         -      -",
    "",
    "ZONE  PROCESS   STATE    FOR   PID",
    "-     router-1  running  90 s  42",
    "",
    "TABLE  PARTITIONS  SPLITTING  ITEMS  SIZE",
    "music  1           0          40     5 KiB",
    "",
    "GROUP  TABLE  TOKENS     ITEMS  SIZE   LEADER  TERM  COMMIT  QUORUM  APPLIED",
    "1      music  0000…7fff  40     5 KiB  none    3     9       NO      node-1:8",
    "",
    "The agent at host:1 does not answer: ECONNREFUSED.",
    "",
  ].join("\n"));
});

test("a split under way is beside the range, both halves are rows of their own, and tables tell their sums", () => {
  const [parent] = status.partitions as readonly [PartitionView];
  const partitions: readonly PartitionView[] = [
    { ...parent, splitting: { child: 12, at: "4000000000000000" } },
    { ...parent, group: 2, firstToken: "8000000000000000", lastToken: "ffffffffffffffff", items: 2, bytes: 120 },
    { ...parent, group: 3, table: "music/by-genre", items: 7 },
    { ...parent, group: 0, table: null, firstToken: null, lastToken: null },
  ];
  const text = statusTable({ ...status, partitions }, { colour: false, now: 0 });
  assert.match(text, /^music +2 +1 +42 +5 KiB$/m);
  assert.match(text, /^music\/by-genre +1 +0 +7 /m);
  assert.match(text, /^1 +music +0000…7fff splitting → 12 at 4000… +40 /m);
  assert.match(text, /^2 +music +8000…ffff +2 /m);
  assert.match(text, /^0 +\(control plane\) +- +- +- /m);
});

test("colour does not shift the columns", () => {
  const plain = statusTable(status, { colour: false, now: 90_000 });
  const coloured = statusTable(status, { colour: true, now: 90_000 });
  assert.notEqual(coloured, plain);
  assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ""), plain);
});
