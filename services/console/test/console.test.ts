import assert from "node:assert/strict";
import { test } from "node:test";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import type { FetchJson, FetchOptions, FetchResult } from "@azimuth/host-agent/http.ts";
import type { ActionReply } from "../src/act-on-processes.ts";
import { createConsole } from "../src/console.ts";
import { formatMembers, parseMembers } from "../src/members.ts";
import { splitPartition } from "../src/split-partition.ts";

/** Two agents as in containers: each knows one process. */
function setUp() {
  const asked: { url: string; options: FetchOptions }[] = [];
  const fetchJson: FetchJson = async (url, options) => {
    asked.push({ url, options });
    if (url.startsWith("http://dead")) return { kind: "unreachable", reason: "ECONNREFUSED" };
    const target = (options.body as { target: string } | undefined)?.target;
    const name = url.startsWith("http://one") ? "node-1" : "node-2";
    if (target !== name && target !== "az-1") return { kind: "reply", status: 404, body: { error: "unknown" } };
    return { kind: "reply", status: 200, body: { processes: [{ name, state: "killed" }] } };
  };
  const handler = (agents: readonly string[]) => createConsole({
    clock: createRealClock(), fetchJson, metrics: async () => "metrics",
    pageFile: (name) => (name === "index.html" ? new TextEncoder().encode("<html>") : undefined),
  }, { cluster: "c", nodes: [], routers: [], agents, timeoutMs: 1, actionTimeoutMs: 1 });
  const post = (agents: readonly string[], path: string, target: unknown) =>
    handler(agents)({ method: "POST", path, headers: {}, body: { target } });
  return { asked, handler, post };
}

test("a zone's command goes to every agent and gathers what each did", async () => {
  const { post } = setUp();
  const reply = await post(["one:1", "two:1"], "/api/kill", "az-1");
  assert.equal(reply.status, 200);
  assert.deepEqual((reply.body as ActionReply).processes.map(({ name }) => name), ["node-1", "node-2"]);
});

test("an unknown target is 404, an agent that is gone 502 with its address", async () => {
  const { post } = setUp();
  assert.equal((await post(["one:1", "two:1"], "/api/kill", "node-9")).status, 404);
  const reply = await post(["one:1", "dead:1"], "/api/kill", "node-1");
  assert.equal(reply.status, 502);
  assert.match((reply.body as ActionReply).problems.join(), /dead:1/);
  assert.equal((reply.body as ActionReply).processes.length, 1, "what could be done was done");
});

test("nothing but the six commands reaches an agent", async () => {
  const { asked, post } = setUp();
  for (const path of ["/api/shutdown", "/api/", "/api/processes", "/api/../shutdown"]) {
    assert.equal((await post(["one:1"], path, "node-1")).status, 404, path);
  }
  assert.equal((await post(["one:1"], "/api/kill", "")).status, 400);
  assert.deepEqual(asked, []);
});

test("a split goes to one node that is well, and its answer comes back as it is", async () => {
  const asked: string[] = [];
  const answers: Readonly<Record<string, FetchResult>> = {
    "http://ill:1/health": { kind: "reply", status: 503, body: {} },
    "http://well:1/health": { kind: "reply", status: 200, body: {} },
    "http://well:1/split?partition=7": { kind: "reply", status: 200, body: { partition: 7, child: 9 } },
    "http://well:1/split?partition=7&at=8%26": { kind: "reply", status: 400, body: { error: "No token." } },
  };
  const fetchJson: FetchJson = async (url, { method }) => {
    if (method === "POST") asked.push(url);
    return answers[url] ?? { kind: "unreachable", reason: "ECONNREFUSED" };
  };
  const split = (members: string, body: unknown) => createConsole({
    clock: createRealClock(), fetchJson, metrics: async () => "", pageFile: () => undefined,
  }, { cluster: "c", nodes: parseMembers(members), routers: [], agents: [], timeoutMs: 1, actionTimeoutMs: 1 })(
    { method: "POST", path: "/api/split", headers: {}, body });
  const all = "a=z=dead:1,b=z=ill:1,c=z=well:1";
  assert.deepEqual(await split(all, { partition: 7 }), { status: 200, body: { partition: 7, child: 9 } });
  assert.equal((await split(all, { partition: 7, at: "8&" })).status, 400);
  assert.equal((await split("a=z=dead:1,b=z=ill:1", { partition: 7 })).status, 502);
  for (const body of [undefined, null, {}, { partition: "7" }, { partition: 7, at: 8 }]) {
    assert.equal((await split(all, body)).status, 400);
  }
  assert.deepEqual(asked, ["http://well:1/split?partition=7", "http://well:1/split?partition=7&at=8%26"]);
});

test("a node that falls silent over a split is named, and no other is asked", async () => {
  let posts = 0;
  const fetchJson: FetchJson = async (_url, { method }) => {
    if (method !== "POST") return { kind: "reply", status: 200, body: {} };
    posts++;
    return { kind: "unreachable", reason: "no answer" };
  };
  const nodes = parseMembers("node-1=z=a:1,node-2=z=b:1");
  const reply = await splitPartition(fetchJson, { nodes, partition: 7, at: null, healthTimeoutMs: 1, timeoutMs: 1 });
  assert.equal(reply.status, 502);
  assert.match(JSON.stringify(reply.body), /node-1 fell silent/);
  assert.equal(posts, 1);
});

test("the page's files are served and nothing above them", async () => {
  const { handler } = setUp();
  const get = (path: string) => handler([])({ method: "GET", path, headers: {}, body: undefined });
  assert.equal((await get("/")).contentType, "text/html; charset=utf-8");
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/page/../x.js", "/nothing.css", "/index"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  assert.equal((await get("/health")).status, 200);
  assert.equal((await handler([])({ method: "PUT", path: "/", headers: {}, body: undefined })).status, 405);
});

test("members are read back as they were written, and mistakes are named", () => {
  const text = "node-1=az-1=127.0.0.1:7201,router-1==router-1:7400";
  assert.equal(formatMembers(parseMembers(text)), text);
  assert.deepEqual(parseMembers(""), []);
  for (const bad of ["node-1", "node-1=az-1", "=az=h:1", "a=b=c", "a=b=h:1=d", "a=b=h:1,a=b=h:2"]) {
    assert.throws(() => parseMembers(bad), RangeError, bad);
  }
});
