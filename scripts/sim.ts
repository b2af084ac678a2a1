// npm run sim: the whole cluster under deterministic simulation.
//
//   npm run sim -- --seed 42 [--trace] [--history FILE]  one run, replayed exactly
//   npm run sim -- --seeds 1000 [--from 1] [--jobs 4]    many runs, on all cores, with progress
//   npm run sim -- --coverage [--seeds 300]              many runs, and how often each rare state was reached
//   npm run sim -- --meta [--seeds 10]                   each seed twice, in two processes, compared byte for byte
//   npm run sim -- --meta --node PATH                    the second time by another Node binary
//   npm run sim -- --corpus                              the seeds of test/simulation/seeds.txt
//
// With any of them: --until MS (virtual time under load, default 60000), --scenario NAME (which faults may be drawn),
// --workloads a,b (instead of those that the seed draws).
//
// Every run starts with seed and commit and ends with a verdict; a failure prints its last events and the command
// that replays it, and leaves its history and a picture of the counter-example behind if --history was given.
import { spawn, execFileSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { formatHistory } from "@azimuth/history/history.ts";
import { explainAsSvg } from "@azimuth/history/explain-svg.ts";
import { formatCoverage } from "@azimuth/simulation/coverage.ts";
import { parseCorpus, type CorpusEntry } from "@azimuth/simulation/corpus.ts";
import { scenarios } from "@azimuth/simulation/faults.ts";
import { runSimulation, type SimulationOptions, type SimulationResult } from "@azimuth/simulation/run-simulation.ts";

const defaultLoadMs = 60_000;
const progressWidth = 30;
/** Without a terminal, progress is a line now and then. */
const linesEvery = 50;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    jobs: { type: "string" },
    trace: { type: "boolean", default: false },
    until: { type: "string" },
    scenario: { type: "string", default: "swarm" },
    workloads: { type: "string" },
    history: { type: "string" },
    meta: { type: "boolean", default: false },
    /** With --meta: the binary that runs the seeds the second time. */
    node: { type: "string", default: process.execPath },
    coverage: { type: "boolean", default: false },
    corpus: { type: "boolean", default: false },
    /** Stops at the first failure. */
    first: { type: "boolean", default: false },
    /** Used by this script itself: runs what is read from standard input and prints a line of JSON for each. */
    worker: { type: "boolean", default: false },
    digest: { type: "boolean", default: false },
  },
});

type Job = CorpusEntry;

interface WorkerLine {
  readonly job: Job;
  readonly digest: string;
  readonly wallMs: number;
  readonly result: SimulationResult;
}

function commit(): string {
  try {
    const args = ["rev-parse", "--short", "HEAD"];
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
}

function jobOf(seed: string): Job {
  return {
    seed,
    loadMs: flags.until === undefined ? defaultLoadMs : Number(flags.until),
    scenario: flags.scenario,
    workloads: flags.workloads?.split(","),
  };
}

async function runOne(job: Job, trace: boolean): Promise<WorkerLine> {
  const digest = flags.digest || trace ? createHash("sha256") : undefined;
  const options: SimulationOptions = {
    ...job,
    trace: digest === undefined ? undefined : (line) => {
      digest.update(line);
      if (trace) process.stdout.write(`${line}\n`);
    },
  };
  const startedAt = performance.now();
  const { result, history, verdicts } = await runSimulation(options);
  const wallMs = performance.now() - startedAt;
  digest?.update(JSON.stringify(result)).update(formatHistory(history));
  if (flags.history !== undefined) {
    writeFileSync(flags.history, formatHistory(history));
    const anomalies = verdicts.flatMap((verdict) => verdict.anomalies);
    for (const [number, anomaly] of anomalies.entries()) {
      writeFileSync(`${flags.history}.${number + 1}.svg`, explainAsSvg(anomaly));
    }
  }
  return { job, digest: digest?.digest("hex") ?? "", wallMs, result };
}

function replayOf({ seed, loadMs, scenario, workloads }: Job): string {
  const until = loadMs === defaultLoadMs ? "" : ` --until ${loadMs}`;
  const named = scenario === "swarm" ? "" : ` --scenario ${scenario}`;
  const chosen = workloads === undefined ? "" : ` --workloads ${workloads.join(",")}`;
  return `npm run sim -- --seed ${seed}${until}${named}${chosen}`;
}

function report({ job, result, wallMs }: WorkerLine): void {
  const speed = (result.virtualMs / wallMs).toFixed(0);
  const virtual = (result.virtualMs / 1000).toFixed(1);
  process.stdout.write(
    `seed ${job.seed}: ${result.verdict}; ${virtual} virtual s, ${result.calls} calls, ${result.events} events, ` +
      `${speed} × real time; faults ${JSON.stringify(result.faults)}\n`,
  );
  for (const undecided of result.undecided) process.stdout.write(`undecided: ${undecided}\n`);
  if (result.verdict === "ok") return;
  for (const line of result.lastLines) process.stdout.write(`  ${line.slice(0, 300)}\n`);
  process.stdout.write(`options ${JSON.stringify(result.options)}\n`);
  for (const violation of result.violations) process.stdout.write(`VIOLATED ${violation}\n`);
  process.stdout.write(`replay: ${replayOf(job)} --trace --history history.jsonl   (commit ${commit()})\n`);
}

async function work(): Promise<void> {
  process.stdin.setEncoding("utf8");
  let rest = "";
  for await (const chunk of process.stdin) {
    rest += chunk as string;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const job = JSON.parse(rest.slice(0, end)) as Job;
      rest = rest.slice(end + 1);
      process.stdout.write(`${JSON.stringify(await runOne(job, false))}\n`);
    }
  }
}

/** Runs jobs in worker processes; `each` gets every line, in the order in which they end, and may stop the rest. */
function runMany(
  jobs: readonly Job[],
  each: (line: WorkerLine) => boolean,
  digests = false,
  node = process.execPath,
): Promise<void> {
  const queue = [...jobs];
  const workers = Math.min(jobs.length, flags.jobs === undefined ? availableParallelism() : Number(flags.jobs));
  const lives = Array.from({ length: workers }, () => new Promise<void>((resolve, reject) => {
    const script = process.argv[1] as string;
    // Node 22 before 22.18 strips types only when told to.
    const options = ["--disable-warning=ExperimentalWarning", "--experimental-strip-types"];
    const args = [...options, script, "--worker", ...(digests ? ["--digest"] : [])];
    const child = spawn(node, args, { stdio: ["pipe", "pipe", "inherit"] });
    let rest = "";
    let current: Job | undefined;
    const next = (): void => {
      current = queue.shift();
      if (current === undefined) child.stdin.end();
      else child.stdin.write(`${JSON.stringify(current)}\n`);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        const goOn = each(JSON.parse(rest.slice(0, end)) as WorkerLine);
        if (!goOn) queue.length = 0;
        rest = rest.slice(end + 1);
        next();
      }
    });
    child.on("exit", (code) => {
      if (current === undefined) resolve();
      else reject(new Error(`the simulation of seed ${current.seed} ended its process (code ${code})`));
    });
    next();
  }));
  return Promise.all(lives).then(() => undefined);
}

function showProgress(done: number, total: number, failed: number): void {
  if (!process.stdout.isTTY) {
    if (done % linesEvery === 0) process.stdout.write(`${done}/${total} seeds, ${failed} failed\n`);
    return;
  }
  const filled = Math.round((done / total) * progressWidth);
  const bar = "=".repeat(filled).padEnd(progressWidth);
  process.stdout.write(`\r[${bar}] ${done}/${total} seeds, ${failed} failed `);
}

async function many(jobs: readonly Job[]): Promise<boolean> {
  const startedAt = performance.now();
  const probes: Record<string, number> = {};
  const totals = { done: 0, virtualMs: 0, calls: 0, undecided: 0 };
  const failed: string[] = [];
  await runMany(jobs, (line) => {
    const { result, job } = line;
    totals.done++;
    totals.virtualMs += result.virtualMs;
    totals.calls += result.calls;
    totals.undecided += result.undecided.length;
    for (const [name, count] of Object.entries(result.probes)) probes[name] = (probes[name] ?? 0) + count;
    if (result.verdict !== "ok") {
      failed.push(job.seed);
      report(line);
    }
    showProgress(totals.done, jobs.length, failed.length);
    return !flags.first || failed.length === 0;
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const { done, virtualMs, calls, undecided } = totals;
  process.stdout.write(
    `${process.stdout.isTTY ? "\n" : ""}${done} seeds, ${failed.length} failed, ${undecided} verdicts undecided, ` +
      `${(virtualMs / 3_600_000).toFixed(1)} virtual hours, ` +
      `${calls} calls in ${seconds.toFixed(0)} s: ${((done / seconds) * 60).toFixed(0)} seeds a minute, ` +
      `${(virtualMs / 1000 / seconds).toFixed(0)} virtual s and ${(calls / seconds).toFixed(0)} calls a second\n`,
  );
  if (failed.length > 0) process.stdout.write(`failed seeds: ${failed.join(" ")}\n`);
  if (!flags.coverage) return failed.length === 0;
  const { text, isComplete } = formatCoverage(probes, done);
  process.stdout.write(text);
  return failed.length === 0 && isComplete;
}

async function meta(jobs: readonly Job[]): Promise<boolean> {
  const digests = new Map<string, string>();
  let different = 0;
  const compare = ({ job, digest }: WorkerLine): boolean => {
    const before = digests.get(job.seed);
    if (before === undefined) digests.set(job.seed, digest);
    else if (before !== digest) {
      different++;
      process.stdout.write(`seed ${job.seed} ran differently the second time\n`);
    }
    return true;
  };
  await runMany(jobs, compare, true);
  await runMany(jobs, compare, true, flags.node);
  const all = createHash("sha256");
  for (const job of jobs) all.update(digests.get(job.seed) ?? "");
  const digest = all.digest("hex").slice(0, 16);
  const second = execFileSync(flags.node, ["--version"], { encoding: "utf8" }).trim();
  const versions = second === process.version ? second : `${process.version} and ${second}`;
  const summary = `${jobs.length} seeds run twice, ${different} differed; Node ${versions}, digest ${digest}`;
  process.stdout.write(`${summary}\n`);
  return different === 0;
}

function chooseJobs(): readonly Job[] {
  if (flags.corpus) return parseCorpus(readFileSync(new URL("../test/simulation/seeds.txt", import.meta.url), "utf8"));
  if (flags.seed !== undefined) return [jobOf(flags.seed)];
  const count = Number(flags.seeds ?? (flags.meta ? 10 : 100));
  const from = flags.from === undefined ? randomInt(1, 2 ** 40) : Number(flags.from);
  return Array.from({ length: count }, (_, each) => jobOf(String(from + each)));
}

async function main(): Promise<boolean> {
  if (scenarios[flags.scenario] === undefined) {
    process.stderr.write(`there is no scenario ${flags.scenario}; there are ${Object.keys(scenarios).join(", ")}\n`);
    return false;
  }
  if (flags.worker) {
    await work();
    return true;
  }
  const jobs = chooseJobs();
  const [first] = jobs;
  if (first === undefined) return true;
  if (flags.meta) return meta(jobs);
  if (flags.seed !== undefined) {
    process.stdout.write(`seed ${flags.seed}, commit ${commit()}\n`);
    const line = await runOne(first, flags.trace);
    report(line);
    return line.result.verdict === "ok";
  }
  process.stdout.write(`seeds ${first.seed} to ${jobs.at(-1)?.seed}, commit ${commit()}\n`);
  return many(jobs);
}

process.exitCode = (await main()) ? 0 : 1;
