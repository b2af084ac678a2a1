// Long fuzz runs from the command line: many seeds of bounded length, until `--steps` in all are done.
//
//   node packages/raft/test/fuzz-main.ts --steps 1000000 --seed 1        a million steps, from seed 1 on
//   node packages/raft/test/fuzz-main.ts --seed 17 --runs 1 --steps 5000 one seed again
import { FlagError, parseWords, wholeNumber } from "@azimuth/foundation/flags.ts";
import { fuzz, type FuzzStatistics } from "./fuzz.ts";

const stepsPerRun = 5000;
const numberMax = 2 ** 48;
const runsMax = 1e9;

interface Plan {
  readonly firstSeed: number;
  readonly runs: number;
  readonly stepsPerRun: number;
}

function readArguments(argv: readonly string[]): Plan {
  const text = { type: "string" } as const;
  const flags = parseWords({ steps: text, seed: text, runs: text }, argv);
  const steps = wholeNumber("steps", flags.steps ?? "500000", 1, numberMax);
  const firstSeed = wholeNumber("seed", flags.seed ?? "1", 0, numberMax);
  if (flags.runs === undefined) return { firstSeed, runs: Math.ceil(steps / stepsPerRun), stepsPerRun };
  const runs = wholeNumber("runs", flags.runs, 1, runsMax);
  return { firstSeed, runs, stepsPerRun: Math.ceil(steps / runs) };
}

function main(plan: Plan): void {
  const totals: Partial<FuzzStatistics> = {};
  const started = process.hrtime.bigint();
  for (let run = 0; run < plan.runs; run++) {
    const statistics = fuzz({ seed: plan.firstSeed + run, steps: plan.stepsPerRun });
    for (const key of Object.keys(statistics) as (keyof FuzzStatistics)[]) {
      totals[key] = (totals[key] ?? 0) + statistics[key];
    }
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const report = { runs: plan.runs, ...totals, stepsPerSecond: Math.round((totals.steps ?? 0) / seconds) };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

try {
  main(readArguments(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof FlagError)) throw error;
  process.stderr.write(`fuzz: ${error.message}\n`);
  process.exitCode = 2;
}
