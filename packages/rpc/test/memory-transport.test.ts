import assert from "node:assert/strict";
import { test } from "node:test";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createMemoryNetwork, type MemoryNetwork } from "@azimuth/rpc/memory-transport.ts";
import { notice } from "./sample-messages.ts";
import { TestProcess, testTransport } from "./transport-conformance.ts";

function startProcess(network: MemoryNetwork, name: string): TestProcess {
  const process = new TestProcess(network.createTransport(name));
  for (const peer of ["node-1", "node-2"]) process.transport.setRoute(peer, "");
  return process;
}

testTransport("memory", () => {
  const network = createMemoryNetwork({ clock: createRealClock() });
  return {
    start: async (name) => startProcess(network, name),
    kill: (process) => new Promise((resolve) => process.transport.close(resolve)),
    close: async () => {},
  };
});

test("memory: nothing passes a partition until it heals", async () => {
  const network = createMemoryNetwork({ clock: createRealClock() });
  const one = startProcess(network, "node-1");
  const two = startProcess(network, "node-2");
  one.transport.send("node-2", notice("before"));
  await two.until(() => two.received.length === 1);
  one.transport.send("node-2", notice("under way"));
  network.partition("node-2", "node-1");
  await Promise.all([one.untilEvent("down node-2"), two.untilEvent("down node-1")]);
  two.transport.send("node-1", notice("into the wall"));
  await two.until(() => two.events.filter((event) => event === "down node-1").length === 2);
  network.heal("node-1", "node-2");
  one.transport.send("node-2", notice("after"));
  await two.until(() => two.received.length === 2);
  assert.deepEqual([one.topics(), two.topics()], [[], ["before", "after"]]);
});
