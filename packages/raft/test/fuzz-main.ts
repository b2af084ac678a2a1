// Long fuzz runs from the command line: many seeds of bounded length, until `--steps` in all are done.
//
//   node packages/raft/test/fuzz-main.ts --steps 1000000 --seed 1        a million steps, from seed 1 on
//   node packages/raft/test/fuzz-main.ts --seed 17 --runs 1 --steps 5000 one seed again
import { parseArgs } from "node:util";
import { fuzz, type FuzzStatistics } from "./fuzz.ts";

const stepsPerRun = 5000;

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "500000" },
    seed: { type: "string", default: "1" },
    runs: { type: "string" },
  },
});
const steps = Number(values.steps);
const firstSeed = Number(values.seed);
const runs = values.runs === undefined ? Math.ceil(steps / stepsPerRun) : Number(values.runs);
const perRun = values.runs === undefined ? stepsPerRun : Math.ceil(steps / runs);

const totals: Partial<FuzzStatistics> = {};
const started = process.hrtime.bigint();
for (let run = 0; run < runs; run++) {
  const statistics = fuzz({ seed: firstSeed + run, steps: perRun });
  for (const key of Object.keys(statistics) as (keyof FuzzStatistics)[]) {
    totals[key] = (totals[key] ?? 0) + statistics[key];
  }
}
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
const report = { runs, ...totals, stepsPerSecond: Math.round((totals.steps ?? 0) / seconds) };
process.stdout.write(`${JSON.stringify(report)}\n`);
