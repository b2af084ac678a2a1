import { test } from "node:test";
import { fuzz } from "./fuzz.ts";

// Each seed draws another shape of group and trouble; a failure prints the command that repeats it. Longer
// runs: node packages/raft/test/fuzz-main.ts --steps 5000000 --seed 1
const seeds = 300;
const stepsPerSeed = 5000;

/** Seeds that once failed, with what they found. */
const corpus = [
  // A removed leader's refusal came from a lower term than the candidate's, so what it said of the commit was
  // lost.
  301079,
];

test("seeds that once failed pass", () => {
  for (const seed of corpus) fuzz({ seed, steps: stepsPerSeed });
});

test("random runs of a group keep every promise and become live again", () => {
  for (let seed = 1; seed <= seeds; seed++) fuzz({ seed, steps: stepsPerSeed });
});
