import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createHostAgent, type ProcessesReply } from "../src/host-agent.ts";
import { createFakeProcesses, createManualClock, specOf } from "./fake-processes.ts";

function setUp() {
  const processes = createFakeProcesses();
  const clock = createManualClock();
  let ended = false;
  const specs = [
    specOf("node-1", "az-1"), specOf("node-4", "az-1"), specOf("node-2", "az-2"),
    specOf("router-1", null, { kind: "request-router" }), specOf("console", null, { kind: "console" }),
  ];
  const agent = createHostAgent({ clock, log: silentLogger, processes }, {
    name: "local", run: "run-1", specs, stopLimitMs: 100, restartDelayMs: 10,
    shutdownOrder: ["request-router", "storage-node"],
  }, () => (ended = true));
  const post = (path: string, body: unknown) => agent.handler({ method: "POST", path, headers: {}, body });
  return { agent, processes, clock, post, hasEnded: () => ended };
}

test("killing a zone kills its processes and nothing else", async () => {
  const { agent, post } = setUp();
  await agent.startAll();
  const reply = await post("/kill", { target: "az-1" });
  assert.equal(reply.status, 200);
  assert.deepEqual(agent.list().map(({ name, state }) => `${name} ${state}`), [
    "node-1 killed", "node-4 killed", "node-2 running", "router-1 running", "console running",
  ]);
});

test("GET /processes tells the run, so that a caller knows which cluster it reached", async () => {
  const { agent } = setUp();
  const reply = await agent.handler({ method: "GET", path: "/processes", headers: {}, body: undefined });
  assert.equal((reply.body as ProcessesReply).run, "run-1");
});

test("bad commands get a status and a sentence", async () => {
  const { agent, post } = setUp();
  await agent.startAll();
  for (const [path, body, status] of [
    ["/kill", { target: "node-9" }, 404], ["/kill", {}, 400], ["/kill", null, 400], ["/kill", { target: 7 }, 400],
    ["/explode", { target: "node-1" }, 404],
  ] as const) {
    const reply = await post(path, body);
    assert.equal(reply.status, status, path);
    assert.match((reply.body as { error: string }).error, /\.$/);
  }
  assert.ok(agent.list().every(({ state }) => state === "running"));
});

test("a shutdown stops routers before nodes and then ends the agent", async () => {
  const { agent, post, processes, clock, hasEnded } = setUp();
  await agent.startAll();
  await post("/shutdown", undefined);
  assert.deepEqual(processes.signals.map(({ name }) => name), ["router-1", "node-1", "node-4", "node-2", "console"]);
  assert.ok(processes.signals.every(({ signal }) => signal === "SIGTERM"));
  clock.fire();
  assert.ok(hasEnded());
});
