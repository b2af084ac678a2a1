import assert from "node:assert/strict";
import { test } from "node:test";
import type { FetchJson } from "@azimuth/host-agent/http.ts";
import { gatherStatus, type Sources } from "../src/gather-status.ts";
import { parseMembers } from "../src/members.ts";

const sources: Sources = {
  cluster: "local", timeoutMs: 10, agents: ["agent:1"],
  nodes: parseMembers("node-1=az-1=n1:1,node-2=az-2=n2:1,node-3=az-3=n3:1"),
  routers: parseMembers("router-1==r1:1"),
};

const group = (role: string, term: number, applied: number) =>
  ({ group: 7, role, term, commit: applied, applied, firstIndex: 1, lastIndex: applied, quiet: false,
    initialised: true, voters: [1, 2, 3], table: "music", firstToken: "0000000000000000", lastToken: "ffffffffffffffff",
    bytes: 10 });
const node = (number: number, ...groups: unknown[]) => ({ node: number, revision: 3, groups, log: { bytes: 2048 } });
const running = (name: string, state = "running") => ({ name, zone: null, kind: "x", state, since: 5, pid: 9 });

/** A door that answers from a table of URLs; everything else is unreachable. */
function answering(replies: Record<string, unknown>): FetchJson {
  return async (url) => url in replies
    ? { kind: "reply", status: 200, body: replies[url] }
    : { kind: "unreachable", reason: "ECONNREFUSED" };
}

const whole = {
  "http://agent:1/processes": {
    processes: [...["node-1", "node-2", "node-3", "router-1"].map((name) => running(name)), running("console")],
  },
  "http://n1:1/status": node(1, group("follower", 4, 20)),
  "http://n2:1/status": node(2, group("leader", 4, 21)),
  "http://n3:1/status": node(3, group("follower", 4, 19)),
  "http://r1:1/status": { endpoint: "http://127.0.0.1:8000", revision: 3, tables: [{ name: "music" }] },
};

test("a whole cluster shows its leader, applied indexes, tables and endpoint", async () => {
  const status = await gatherStatus(answering(whole), sources, 1);
  assert.deepEqual(status.zones.map(({ name, state }) => `${name} ${state}`), ["az-1 up", "az-2 up", "az-3 up"]);
  const [partition] = status.partitions;
  assert.equal(partition?.leader, "node-2");
  assert.equal(partition?.quorum, true);
  assert.equal(partition?.commit, 21);
  assert.deepEqual(partition?.replicas.map(({ node: name, applied }) => `${name}:${applied}`),
    ["node-1:20", "node-2:21", "node-3:19"]);
  assert.deepEqual(status.tables, ["music"]);
  assert.equal(status.endpoint, "http://127.0.0.1:8000");
  assert.deepEqual(status.others.map(({ name }) => name), ["console"]);
  assert.deepEqual(status.problems, []);
});

test("a killed node makes its zone down and leaves the quorum", async () => {
  const { "http://n1:1/status": _gone, ...replies } = whole;
  const processes = whole["http://agent:1/processes"].processes
    .map((process) => (process.name === "node-1" ? running("node-1", "killed") : process));
  const status = await gatherStatus(answering({ ...replies, "http://agent:1/processes": { processes } }), sources, 1);
  assert.equal(status.nodes[0]?.state, "killed");
  assert.equal(status.zones[0]?.state, "down");
  assert.equal(status.partitions[0]?.quorum, true);
});

test("with two nodes silent there is no quorum, and a leader of an older term does not count", async () => {
  const replies = {
    "http://n1:1/status": node(1, group("follower", 6, 20)),
    "http://n3:1/status": node(3, group("leader", 5, 19)),
  };
  const both = await gatherStatus(answering(replies), sources, 1);
  assert.equal(both.partitions[0]?.leader, "node-3", "the only one that says so");
  assert.equal(both.partitions[0]?.quorum, true);
  const one = await gatherStatus(answering({ "http://n1:1/status": replies["http://n1:1/status"] }), sources, 1);
  assert.equal(one.partitions[0]?.quorum, false);
  assert.equal(one.partitions[0]?.leader, null);
});

test("of two that say they lead the one with the higher term does", async () => {
  const replies = { ...whole, "http://n3:1/status": node(3, group("leader", 5, 30)) };
  const status = await gatherStatus(answering(replies), sources, 1);
  assert.equal(status.partitions[0]?.leader, "node-3");
  assert.equal(status.partitions[0]?.term, 5);
});

test("the leader's range and figures count, and a split under way is what the newest map says", async () => {
  const before = { ...group("follower", 4, 19), items: 9, bytes: 900, splitting: { child: 8, at: "8".padEnd(16, "0") } };
  const done = { ...group("leader", 4, 21), lastToken: "7".padEnd(16, "f"), items: 4, bytes: 400 };
  const replies = {
    ...whole, "http://n1:1/status": node(1, before), "http://n2:1/status": { ...node(2, done), revision: 4 },
    "http://n3:1/status": node(3, before),
  };
  const [half] = (await gatherStatus(answering(replies), sources, 1)).partitions;
  assert.deepEqual([half?.lastToken, half?.items, half?.bytes], [done.lastToken, 4, 400]);
  assert.equal(half?.splitting, null);
  const announced = { ...replies, "http://n3:1/status": { ...node(3, before), revision: 5 } };
  const [underWay] = (await gatherStatus(answering(announced), sources, 1)).partitions;
  assert.deepEqual(underWay?.splitting, before.splitting);
});

test("the partitions of a table stand in the order of their ranges, behind the control plane", async () => {
  const part = (number: number, table: string | undefined, firstToken: string | undefined) =>
    ({ ...group("leader", 4, 1), group: number, table, firstToken });
  const body = node(1, part(4, "b", "0"), part(2, "a", "8"), part(5, "a", "4"), part(0, undefined, undefined), part(1, "a", "0"));
  const status = await gatherStatus(answering({ ...whole, "http://n1:1/status": body, "http://n2:1/status": null,
    "http://n3:1/status": null }), sources, 1);
  assert.deepEqual(status.partitions.map((partition) => partition.group), [0, 1, 5, 2, 4]);
});

test("a process that runs but does not answer is silent; without an agent it is unreachable", async () => {
  const { "http://n3:1/status": _silent, ...silent } = whole;
  assert.equal((await gatherStatus(answering(silent), sources, 1)).nodes[2]?.state, "silent");
  const { "http://agent:1/processes": _agent, ...alone } = silent;
  const status = await gatherStatus(answering(alone), sources, 1);
  assert.equal(status.nodes[2]?.state, "unreachable");
  assert.equal(status.nodes[0]?.state, "running");
  assert.equal(status.nodes[0]?.controllable, false);
  assert.match(status.problems[0] ?? "", /agent:1/);
});

test("replies of the wrong shape are shown as unknown, not thrown", async () => {
  const oddGroups = [{ groups: [null, 7, {}] }, { groups: [{ group: 7, splitting: 3 }] }, { groups: "none", log: 3 }];
  for (const odd of [null, "text", 7, [], {}, ...oddGroups]) {
    const status = await gatherStatus(answering({ ...whole, "http://n1:1/status": odd, "http://r1:1/status": odd }), sources, 1);
    assert.equal(status.nodes[0]?.number, null);
  }
});
