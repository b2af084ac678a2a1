// What the nemesis promises of its faults: the end of one undoes no other, and what did not come to pass is not counted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expectedProbes, formatCoverage } from "../src/coverage.ts";
import { Holds } from "../src/holds.ts";
import { calmNetwork, worstOf } from "../src/simulated-network.ts";

test("what two faults hold lasts until both have ended, and ending one twice ends no other", () => {
  const log: string[] = [];
  const holds = new Holds();
  const cut = () => holds.hold("a link", () => log.push("cut"), () => log.push("healed"));
  const first = cut();
  const second = cut();
  const other = holds.hold("another link", () => log.push("other cut"), () => log.push("other healed"));
  first();
  first();
  assert.deepEqual(log, ["cut", "cut", "other cut"]);
  assert.equal(holds.count("a link"), 1);
  other();
  second();
  assert.deepEqual(log, ["cut", "cut", "other cut", "other healed", "healed"]);
  cut()();
  assert.deepEqual(log.slice(-2), ["cut", "healed"]);
});

test("a network under several faults is as bad as the worst of each", () => {
  const lossy = { lossProbability: 0.1, slowProbability: 0.2 };
  const forgetful = { responseLossProbability: 0.5, lossProbability: 0.05 };
  assert.deepEqual(worstOf([lossy, forgetful]), { ...calmNetwork, ...lossy, responseLossProbability: 0.5 });
  assert.deepEqual(worstOf([forgetful]), { ...calmNetwork, ...forgetful });
  assert.deepEqual(worstOf([]), calmNetwork);
});

test("the coverage names what was never reached, rare states and faults alike", () => {
  const probes = Object.fromEntries(expectedProbes.map((name) => [name, 1]));
  const all = formatCoverage({ probes, faults: { pause: 2 } }, ["pause"], 10);
  assert.equal(all.isComplete, true);
  assert.match(all.text, /faults that struck in 10 seeds\n +2 {2}pause\n/);
  const [state] = expectedProbes as [string];
  const less = formatCoverage({ probes: { ...probes, [state]: 0 }, faults: {} }, ["pause"], 10);
  assert.equal(less.isComplete, false);
  assert.ok(less.text.endsWith(`never reached: ${state}; pause\n`));
});
