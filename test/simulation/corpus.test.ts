// The corpus of seeds, which found something once: no run of it may end in a violation.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseCorpus } from "@azimuth/simulation/corpus.ts";
import { runSimulation } from "@azimuth/simulation/run-simulation.ts";

const corpus = parseCorpus(readFileSync(new URL("./seeds.txt", import.meta.url), "utf8"));

for (const entry of corpus) {
  test(`seed ${entry.seed} of the corpus (${entry.scenario}) ends well`, async () => {
    const { result } = await runSimulation(entry);
    assert.deepEqual(result.violations, []);
    assert.deepEqual(result.undecided, []);
  });
}

test("a line of the corpus without its reason is refused", () => {
  assert.throws(() => parseCorpus("17 until=1000"), /does not say why/);
  assert.deepEqual(parseCorpus("17 until=1000 workloads=bank,ranges # because"), [
    { seed: "17", loadMs: 1000, scenario: "swarm", workloads: ["bank", "ranges"] },
  ]);
});
