// npm run sim: the whole cluster under deterministic simulation. sim-arguments.ts has its command line
// (`npm run sim -- --help`).
//
// Every run starts with seed and commit and ends with a verdict. A failure prints what happened around its first
// counter-example, its last events, where every replica stood if the run was given up, and the command that replays it.
// Many seeds run in worker processes, which are this script again, with a line of JSON for each run.
import { spawn, execFileSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parse } from "node:path";
import { explainAsSvg } from "@azimuth/history/explain-svg.ts";
import { formatHistory } from "@azimuth/history/jepsen-format.ts";
import { FlagError } from "@azimuth/foundation/flags.ts";
import { formatCoverage } from "@azimuth/simulation/coverage.ts";
import { parseCorpus } from "@azimuth/simulation/corpus.ts";
import { scenarios } from "@azimuth/simulation/fault-plan.ts";
import {
  runSimulation, type SimulationOptions, type SimulationResult, type SimulationRun,
} from "@azimuth/simulation/run-simulation.ts";
import { parseSimArguments, replayOf, usage, type Job, type SimArguments } from "./sim-arguments.ts";

const progressWidth = 30;
/** Without a terminal, progress is a line now and then. */
const linesEvery = 50;
const lineLengthMax = 300;

type ManyArguments = Extract<SimArguments, { readonly seeds: unknown }>;

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

interface RunSettings {
  readonly trace: boolean;
  readonly digest: boolean;
  /** Where to write the histories. */
  readonly history: string | undefined;
}

async function runOne(job: Job, { trace, digest: isWanted, history }: RunSettings): Promise<WorkerLine> {
  const digest = isWanted ? createHash("sha256") : undefined;
  const options: SimulationOptions = {
    ...job,
    trace: digest === undefined && !trace ? undefined : (line) => {
      digest?.update(line);
      if (trace) process.stdout.write(`${line}\n`);
    },
  };
  const startedAt = performance.now();
  const run = await runSimulation(options);
  const wallMs = performance.now() - startedAt;
  digest?.update(JSON.stringify(run.result));
  for (const events of run.historyByWorkload.values()) digest?.update(formatHistory(events));
  if (history !== undefined) writeHistories(history, run);
  return { job, digest: digest?.digest("hex") ?? "", wallMs, result: run.result };
}

/** A file for each workload, and one for the picture of each counter-example. */
function writeHistories(file: string, { historyByWorkload, anomaliesByWorkload }: SimulationRun): void {
  for (const [workload, events] of historyByWorkload) {
    if (events.length === 0) continue;
    const path = fileOf(file, workload);
    writeFileSync(path, formatHistory(events));
    process.stdout.write(`history: ${path}\n`);
  }
  for (const [workload, anomalies] of anomaliesByWorkload) {
    for (const [number, anomaly] of anomalies.entries()) {
      const path = fileOf(file, `${workload}.${number + 1}`, ".svg");
      writeFileSync(path, explainAsSvg(anomaly));
      process.stdout.write(`picture: ${path}\n`);
    }
  }
}

function fileOf(file: string, part: string, extension?: string): string {
  const { dir, name, ext } = parse(file);
  return `${dir === "" ? "" : `${dir}/`}${name}.${part}${extension ?? ext}`;
}

/** Before a long run, not after it. */
function assertWritable(file: string): void {
  const path = fileOf(file, "try");
  try {
    writeFileSync(path, "");
    rmSync(path);
  } catch (error) {
    throw new FlagError(`--history: ${path} cannot be written (${(error as Error).message})`);
  }
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
  print("around the first counter-example", result.linesAround);
  print("the last events", result.lastLines);
  print("where the replicas stood", result.state);
  process.stdout.write(`options ${JSON.stringify(result.options)}\n`);
  for (const violation of result.violations) process.stdout.write(`VIOLATED ${violation}\n`);
  process.stdout.write(`replay: ${replayOf(job)} --trace --history history.jsonl   (commit ${commit()})\n`);
}

function print(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  process.stdout.write(`${title}:\n`);
  for (const line of lines) process.stdout.write(`  ${line.slice(0, lineLengthMax)}\n`);
}

async function work(digest: boolean): Promise<void> {
  process.stdin.setEncoding("utf8");
  let rest = "";
  for await (const chunk of process.stdin) {
    rest += chunk as string;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const job = JSON.parse(rest.slice(0, end)) as Job;
      rest = rest.slice(end + 1);
      process.stdout.write(`${JSON.stringify(await runOne(job, { trace: false, digest, history: undefined }))}\n`);
    }
  }
}

interface WorkersOptions {
  readonly workersMax?: number | undefined;
  readonly digests?: boolean;
  /** The binary that runs them. */
  readonly node?: string | undefined;
}

/** Runs jobs in worker processes; `each` gets every line, in the order in which they end, and may stop the rest. */
function runMany(
  jobs: readonly Job[],
  each: (line: WorkerLine) => boolean,
  { workersMax = availableParallelism(), digests = false, node = process.execPath }: WorkersOptions,
): Promise<void> {
  const queue = [...jobs];
  const workers = Math.min(jobs.length, workersMax);
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

async function many(jobs: readonly Job[], words: ManyArguments): Promise<boolean> {
  const { jobs: workersMax, stopsAtFirst, coverage } = words;
  const startedAt = performance.now();
  const probes: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const totals = { done: 0, virtualMs: 0, calls: 0, undecided: 0 };
  const failed: string[] = [];
  await runMany(jobs, (line) => {
    const { result, job } = line;
    totals.done++;
    totals.virtualMs += result.virtualMs;
    totals.calls += result.calls;
    totals.undecided += result.undecided.length;
    for (const [name, count] of Object.entries(result.probes)) probes[name] = (probes[name] ?? 0) + count;
    for (const [kind, count] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + count;
    if (result.verdict !== "ok") {
      failed.push(job.seed);
      report(line);
    }
    showProgress(totals.done, jobs.length, failed.length);
    return !stopsAtFirst || failed.length === 0;
  }, { workersMax });
  const seconds = (performance.now() - startedAt) / 1000;
  const { done, virtualMs, calls, undecided } = totals;
  process.stdout.write(
    `${process.stdout.isTTY ? "\n" : ""}${done} seeds, ${failed.length} failed, ${undecided} verdicts undecided, ` +
      `${(virtualMs / 3_600_000).toFixed(1)} virtual hours, ` +
      `${calls} calls in ${seconds.toFixed(0)} s: ${((done / seconds) * 60).toFixed(0)} seeds a minute, ` +
      `${(virtualMs / 1000 / seconds).toFixed(0)} virtual s and ${(calls / seconds).toFixed(0)} calls a second\n`,
  );
  if (failed.length > 0) process.stdout.write(`failed seeds: ${failed.join(" ")}\n`);
  if (!coverage) return failed.length === 0;
  const kinds = new Set(jobs.flatMap(({ scenario }) => scenarios[scenario] ?? []));
  const { text, isComplete } = formatCoverage({ probes, faults }, [...kinds], done);
  process.stdout.write(text);
  return failed.length === 0 && isComplete;
}

async function meta(jobs: readonly Job[], words: ManyArguments): Promise<boolean> {
  const { jobs: workersMax, node = process.execPath } = words;
  const second = versionOf(node);
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
  await runMany(jobs, compare, { workersMax, digests: true });
  await runMany(jobs, compare, { workersMax, digests: true, node });
  const all = createHash("sha256");
  for (const job of jobs) all.update(digests.get(job.seed) ?? "");
  const digest = all.digest("hex").slice(0, 16);
  const versions = second === process.version ? second : `${process.version} and ${second}`;
  const summary = `${jobs.length} seeds run twice, ${different} differed; Node ${versions}, digest ${digest}`;
  process.stdout.write(`${summary}\n`);
  return different === 0;
}

function versionOf(node: string): string {
  try {
    return execFileSync(node, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    throw new FlagError(`--node: ${node} is no Node that could be run`);
  }
}

function jobsOf({ seeds, request }: ManyArguments): readonly Job[] {
  if (seeds === "corpus") {
    return parseCorpus(readFileSync(new URL("../test/simulation/seeds.txt", import.meta.url), "utf8"));
  }
  const first = seeds.from ?? randomInt(1, 2 ** 40);
  return Array.from({ length: seeds.count }, (_, each) => ({ ...request, seed: String(first + each) }));
}

async function main(words: SimArguments): Promise<boolean> {
  switch (words.mode) {
    case "help":
      process.stdout.write(usage);
      return true;
    case "worker":
      await work(words.withDigests);
      return true;
    case "one": {
      const { job, trace, history } = words;
      if (history !== undefined) assertWritable(history);
      process.stdout.write(`seed ${job.seed}, commit ${commit()}\n`);
      const line = await runOne(job, { trace, digest: false, history });
      report(line);
      return line.result.verdict === "ok";
    }
    case "meta":
      return meta(jobsOf(words), words);
    case "many": {
      const jobs = jobsOf(words);
      process.stdout.write(`seeds ${jobs[0]?.seed} to ${jobs.at(-1)?.seed}, commit ${commit()}\n`);
      return many(jobs, words);
    }
  }
}

// Whoever reads (`| head`) has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(1);
});

try {
  process.exitCode = (await main(parseSimArguments(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof FlagError)) throw error;
  process.stderr.write(`npm run sim: ${error.message}\n`);
  process.exitCode = 2;
}
