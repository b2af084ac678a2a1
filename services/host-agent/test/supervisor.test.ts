import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { ProcessSpec } from "../src/processes.ts";
import { createSupervisor } from "../src/supervisor.ts";
import { createFakeProcesses, createManualClock, specOf } from "./fake-processes.ts";

function setUp(specs: readonly ProcessSpec[] = [specOf("node-1", "az-1"), specOf("node-2", "az-2")]) {
  const processes = createFakeProcesses();
  const clock = createManualClock();
  const supervisor = createSupervisor(
    { clock, log: silentLogger, processes },
    { specs, stopLimitMs: 100, restartDelayMs: 10 },
  );
  const stateOf = (name: string) => supervisor.list().find((report) => report.name === name)?.state;
  return { processes, clock, supervisor, stateOf };
}

test("a killed process is dead when kill returns, and only it", async () => {
  const { supervisor, processes, stateOf } = setUp();
  await supervisor.start("node-1");
  await supervisor.start("node-2");
  await supervisor.kill("node-1");
  assert.equal(stateOf("node-1"), "killed");
  assert.equal(stateOf("node-2"), "running");
  assert.deepEqual(processes.signals, [{ name: "node-1", signal: "SIGKILL" }]);
  assert.equal(supervisor.list()[0]?.pid, null);
  assert.equal(supervisor.list()[0]?.lastExit, "SIGKILL");
});

test("a target is a process or a zone", () => {
  const { supervisor } = setUp([specOf("node-1", "az-1"), specOf("node-4", "az-1"), specOf("router-1", null)]);
  assert.deepEqual(supervisor.resolve("az-1"), ["node-1", "node-4"]);
  assert.deepEqual(supervisor.resolve("router-1"), ["router-1"]);
  assert.deepEqual(supervisor.resolve("az-9"), []);
});

test("pause and resume change the state once and do nothing to a dead process", async () => {
  const { supervisor, processes, stateOf } = setUp();
  await supervisor.start("node-1");
  await supervisor.pause("node-1");
  await supervisor.pause("node-1");
  assert.equal(stateOf("node-1"), "paused");
  await supervisor.resume("node-1");
  assert.equal(stateOf("node-1"), "running");
  await supervisor.kill("node-1");
  await supervisor.pause("node-1");
  assert.equal(stateOf("node-1"), "killed");
  assert.deepEqual(processes.signals.map(({ signal }) => signal), ["SIGSTOP", "SIGCONT", "SIGKILL"]);
});

test("stopping a paused process lets it run so that it can end politely", async () => {
  const { supervisor, processes, stateOf } = setUp();
  await supervisor.start("node-1");
  await supervisor.pause("node-1");
  await supervisor.stop("node-1");
  assert.equal(stateOf("node-1"), "stopped");
  assert.deepEqual(processes.signals.map(({ signal }) => signal), ["SIGSTOP", "SIGTERM", "SIGCONT"]);
});

test("a process that ignores SIGTERM is killed after the limit", async () => {
  const { supervisor, processes, clock, stateOf } = setUp();
  processes.deaf.add("node-1");
  await supervisor.start("node-1");
  const stopping = supervisor.stop("node-1");
  while (clock.waiting === 0) await Promise.resolve();
  assert.equal(stateOf("node-1"), "running");
  clock.fire();
  await stopping;
  assert.equal(stateOf("node-1"), "stopped");
  assert.deepEqual(processes.signals.map(({ signal }) => signal), ["SIGTERM", "SIGKILL"]);
});

test("kill does not wait behind a stop that hangs", async () => {
  const { supervisor, processes, clock } = setUp();
  processes.deaf.add("node-1");
  await supervisor.start("node-1");
  const stopping = supervisor.stop("node-1");
  while (clock.waiting === 0) await Promise.resolve();
  await supervisor.kill("node-1");
  await stopping;
  assert.equal(clock.waiting, 0, "the limit's timer is gone");
});

test("restart starts a killed process again and replaces a running one", async () => {
  const { supervisor, processes } = setUp();
  await supervisor.start("node-1");
  await supervisor.kill("node-1");
  await supervisor.restart("node-1");
  const first = supervisor.list()[0];
  assert.equal(first?.state, "running");
  await supervisor.restart("node-1");
  assert.notEqual(supervisor.list()[0]?.pid, first?.pid);
  assert.deepEqual(processes.started, ["node-1", "node-1", "node-1"]);
});

test("two restarts at once start one process at a time", async () => {
  const { supervisor, processes } = setUp();
  await supervisor.start("node-1");
  await Promise.all([supervisor.restart("node-1"), supervisor.restart("node-1")]);
  assert.equal(processes.started.length, 3);
  assert.equal(supervisor.list()[0]?.state, "running");
});

test("a process that ends by itself is reported and stays down", async () => {
  const { supervisor, processes, clock } = setUp();
  await supervisor.start("node-1");
  processes.end("node-1", { code: 7, signal: null });
  assert.equal(supervisor.list()[0]?.state, "exited");
  assert.equal(supervisor.list()[0]?.lastExit, "code 7");
  assert.equal(clock.waiting, 0);
});

test("on-crash starts a process again after it ended by itself, not after a kill", async () => {
  const { supervisor, processes, clock } = setUp([specOf("console", null, { restart: "on-crash" })]);
  await supervisor.start("console");
  processes.end("console", { code: 1, signal: null });
  assert.equal(clock.waiting, 1);
  clock.fire();
  await supervisor.resume("console");
  assert.equal(supervisor.list()[0]?.state, "running");
  await supervisor.kill("console");
  assert.equal(clock.waiting, 0);
});
