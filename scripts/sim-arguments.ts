// The command line of `npm run sim`: what it means, and in one sentence what is wrong with it (FlagError). Nothing is
// run before all of it makes sense: a mistake must not look like a batch of seeds that ended well.
import { FlagError, oneOf, parseWords, wholeNumber } from "@azimuth/foundation/flags.ts";
import type { CorpusEntry } from "@azimuth/simulation/corpus.ts";
import { workloadNames } from "@azimuth/simulation/draw-options.ts";
import { scenarios } from "@azimuth/simulation/fault-plan.ts";

const defaultLoadMs = 60_000;

export const usage = `npm run sim: the whole cluster under deterministic simulation.

  npm run sim -- --seed 42 [--trace] [--history FILE]  one run, replayed exactly
  npm run sim -- --seeds 1000 [--from 1] [--jobs 4]    many runs, on all cores, with progress
  npm run sim -- --coverage [--seeds 300]              many runs, and how often each rare state was reached
  npm run sim -- --corpus                              the seeds of test/simulation/seeds.txt
  npm run sim -- --meta [--seeds 10]                   each seed twice, in two processes, compared byte for byte
  npm run sim -- --meta --node PATH                    the second time by another Node binary

With one seed or many:
  --until MS        virtual time under load, ${defaultLoadMs} unless given; the seed's load is spread over it
  --scenario NAME   which faults may be drawn: ${Object.keys(scenarios).join(", ")}
  --workloads a,b   instead of those that the seed draws: ${workloadNames.join(", ")}
  --stop-at MS      ends the load at this virtual time; the run up to there is the same (with less --until it is not)
  --first           stops at the first seed that fails

--history FILE.jsonl writes what the clients saw, FILE.WORKLOAD.jsonl, and a picture of each counter-example,
FILE.WORKLOAD.1.svg. Exit code 0: all ended well; 1: a violation; 2: the command line makes no sense.
`;

const seedMax = 2 ** 48;
const seedsMax = 10_000_000;
const jobsMax = 256;
const loadMsMax = 24 * 60 * 60 * 1000;

const options = {
  seed: { type: "string" },
  seeds: { type: "string" },
  from: { type: "string" },
  jobs: { type: "string" },
  trace: { type: "boolean", default: false },
  until: { type: "string" },
  "stop-at": { type: "string" },
  scenario: { type: "string" },
  workloads: { type: "string" },
  history: { type: "string" },
  meta: { type: "boolean", default: false },
  /** With --meta: the binary that runs the seeds the second time. */
  node: { type: "string" },
  coverage: { type: "boolean", default: false },
  corpus: { type: "boolean", default: false },
  first: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
  /** Used by the script itself: runs what is read from standard input and prints a line of JSON for each. */
  worker: { type: "boolean", default: false },
  digest: { type: "boolean", default: false },
} as const;

export interface Job extends CorpusEntry {
  readonly stopAtMs?: number | undefined;
}

/** What every seed runs under. */
export type RunRequest = Omit<Job, "seed">;

export type SimArguments =
  | { readonly mode: "help" }
  | { readonly mode: "worker"; readonly withDigests: boolean }
  | { readonly mode: "one"; readonly job: Job; readonly trace: boolean; readonly history: string | undefined }
  | {
    readonly mode: "many" | "meta";
    readonly seeds: "corpus" | { readonly from: number | undefined; readonly count: number };
    readonly request: RunRequest;
    readonly jobs: number | undefined;
    readonly coverage: boolean;
    readonly stopsAtFirst: boolean;
    readonly node: string | undefined;
  };

type Flags = ReturnType<typeof parseWords<typeof options>>;

export function parseSimArguments(argv: readonly string[]): SimArguments {
  const flags = parseWords(options, argv);
  if (flags.help) return { mode: "help" };
  if (flags.worker) return { mode: "worker", withDigests: flags.digest };
  refuseWhatWouldBeIgnored(flags);
  const request = requestOf(flags);
  const number = (flag: "seed" | "seeds" | "from" | "jobs", least: number, most: number): number | undefined =>
    flags[flag] === undefined ? undefined : wholeNumber(flag, flags[flag], least, most);
  const seed = number("seed", 0, seedMax);
  if (seed !== undefined && !flags.meta) {
    return { mode: "one", job: { ...request, seed: String(seed) }, trace: flags.trace, history: flags.history };
  }
  const count = number("seeds", 1, seedsMax) ?? (flags.meta ? 10 : 100);
  const from = number("from", 0, seedMax);
  return {
    mode: flags.meta ? "meta" : "many",
    seeds: flags.corpus ? "corpus" : seed === undefined ? { from, count } : { from: seed, count: 1 },
    request,
    jobs: number("jobs", 1, jobsMax),
    coverage: flags.coverage,
    stopsAtFirst: flags.first,
    node: flags.node,
  };
}

/** A flag without effect is a mistake: somebody expects something of it. */
function refuseWhatWouldBeIgnored(flags: Flags): void {
  const refuse = (flag: keyof Flags, others: readonly (keyof Flags)[]): void => {
    const isGiven = (name: keyof Flags): boolean => flags[name] !== undefined && flags[name] !== false;
    const other = others.find(isGiven);
    if (isGiven(flag) && other !== undefined) throw new FlagError(`--${flag} and --${other} do not go together`);
  };
  const need = (flag: keyof Flags, needed: "seed" | "meta"): void => {
    const isGiven = flags[flag] !== undefined && flags[flag] !== false;
    const isThere = flags[needed] !== undefined && flags[needed] !== false;
    if (isGiven && !isThere) throw new FlagError(`--${flag} needs --${needed}`);
  };
  refuse("seed", ["seeds", "from", "corpus", "coverage", "first"]);
  if (!flags.meta) refuse("seed", ["jobs"]);
  refuse("corpus", ["seeds", "from", "until", "stop-at", "scenario", "workloads"]);
  refuse("meta", ["coverage", "first", "trace", "history"]);
  need("trace", "seed");
  need("history", "seed");
  need("node", "meta");
  if (flags.digest) throw new FlagError("--digest needs --worker");
}

function requestOf(flags: Flags): RunRequest {
  const stopAt = flags["stop-at"];
  return {
    loadMs: flags.until === undefined ? defaultLoadMs : wholeNumber("until", flags.until, 1, loadMsMax),
    stopAtMs: stopAt === undefined ? undefined : wholeNumber("stop-at", stopAt, 1, loadMsMax),
    scenario: oneOf("scenario", flags.scenario ?? "swarm", Object.keys(scenarios)),
    workloads: flags.workloads === undefined ? undefined : namesIn(flags.workloads),
  };
}

function namesIn(text: string): readonly string[] {
  const names = text.split(",").map((name) => oneOf("workloads", name.trim(), workloadNames));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new FlagError(`--workloads names ${twice} twice`);
  return names;
}

/** The command that runs a job again. */
export function replayOf({ seed, loadMs, stopAtMs, scenario, workloads }: Job): string {
  const until = loadMs === defaultLoadMs ? "" : ` --until ${loadMs}`;
  const stop = stopAtMs === undefined ? "" : ` --stop-at ${stopAtMs}`;
  const named = scenario === "swarm" ? "" : ` --scenario ${scenario}`;
  const chosen = workloads === undefined ? "" : ` --workloads ${workloads.join(",")}`;
  return `npm run sim -- --seed ${seed}${until}${stop}${named}${chosen}`;
}
