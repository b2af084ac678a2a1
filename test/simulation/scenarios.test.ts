// Each scenario by name, once and short: that it runs to its end at all. What its faults find is for longer runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "@azimuth/simulation/fault-plan.ts";
import { runSimulation } from "@azimuth/simulation/run-simulation.ts";

const seed = "77";
const loadMs = 2500;

for (const scenario of Object.keys(scenarios)) {
  const command = `npm run sim -- --seed ${seed} --until ${loadMs} --scenario ${scenario}`;
  test(`the scenario ${scenario} runs to its end (${command})`, async () => {
    const { result } = await runSimulation({ seed, loadMs, scenario });
    assert.deepEqual(result.violations, []);
    assert.deepEqual(result.undecided, []);
    if (scenario === "calm") assert.deepEqual(result.faults, {});
  });
}
