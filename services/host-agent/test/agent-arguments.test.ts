import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAgentArguments } from "../src/agent-arguments.ts";

test("what follows -- is the one process the agent owns", () => {
  const words = "--name node-1 --zone az-1 --kind storage-node --listen 0.0.0.0:7300 -- node main.ts --name node-1";
  const parsed = parseAgentArguments(words.split(" "));
  assert.ok(parsed.kind === "arguments" && "processes" in parsed.value.source);
  assert.deepEqual(parsed.value.source.processes, [{
    name: "node-1", zone: "az-1", kind: "storage-node", command: "node",
    arguments: ["main.ts", "--name", "node-1"], restart: "never",
  }]);
});

test("mistakes are told in one sentence", () => {
  for (const words of [
    "", "--name a", "--name a --listen b:1", "--name a --listen b:1 --kind k", "--name a --listen b:1 --what",
    "--name a --listen b:1 --manifest m -- node", "--name a --listen b:1 --kind k --restart maybe -- node",
    "--name a --listen b:1 --manifest m --stop-limit-ms soon",
  ]) {
    const parsed = parseAgentArguments(words.split(" ").filter((word) => word !== ""));
    assert.equal(parsed.kind, "mistake", words);
  }
});
