// npm run sim: the whole cluster under deterministic simulation.
//
//   npm run sim -- --seed 42 [--trace] [--until MS]     one run, replayed exactly
//   npm run sim -- --seeds 1000 [--from 1]              many runs, on all cores, with progress
//   npm run sim -- --meta [--seeds 10]                  each seed twice, in two processes, compared byte for byte
//
// Every run starts with seed and commit and ends with a verdict; a failure prints its last events and the command
// that replays it.
import { spawn, execFileSync } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { runSimulation, type SimulationResult } from "@azimuth/simulation/run-simulation.ts";

const defaultLoadMs = 60_000;

const { values: flags } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    trace: { type: "boolean", default: false },
    until: { type: "string" },
    meta: { type: "boolean", default: false },
    /** Used by this script itself: runs seeds read from standard input and prints a line of JSON for each. */
    worker: { type: "boolean", default: false },
  },
});

const loadMs = flags.until === undefined ? defaultLoadMs : Number(flags.until);

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

interface WorkerLine {
  readonly seed: string;
  readonly digest: string;
  readonly wallMs: number;
  readonly result: SimulationResult;
}

async function runOne(seed: string, trace: boolean): Promise<WorkerLine> {
  const digest = createHash("sha256");
  const startedAt = performance.now();
  const result = await runSimulation({
    seed,
    loadMs,
    trace(line) {
      digest.update(line);
      if (trace) process.stdout.write(`${line}\n`);
    },
  });
  digest.update(JSON.stringify(result));
  return { seed, digest: digest.digest("hex"), wallMs: performance.now() - startedAt, result };
}

function report({ seed, result, wallMs }: WorkerLine): void {
  const speed = (result.virtualMs / wallMs).toFixed(0);
  const virtual = (result.virtualMs / 1000).toFixed(1);
  process.stdout.write(
    `seed ${seed}: ${result.verdict}; ${virtual} virtual s, ${result.calls} calls, ${result.events} events, ` +
      `${speed} × real time; faults ${JSON.stringify(result.faults)}\n`,
  );
  if (result.verdict === "ok") return;
  for (const line of result.lastLines) process.stdout.write(`  ${line}\n`);
  for (const violation of result.violations) process.stdout.write(`VIOLATED ${violation}\n`);
  const until = flags.until === undefined ? "" : ` --until ${flags.until}`;
  process.stdout.write(`replay: npm run sim -- --seed ${seed}${until} --trace   (commit ${commit()})\n`);
}

async function work(): Promise<void> {
  process.stdin.setEncoding("utf8");
  let rest = "";
  for await (const chunk of process.stdin) {
    rest += chunk as string;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const seed = rest.slice(0, end);
      rest = rest.slice(end + 1);
      process.stdout.write(`${JSON.stringify(await runOne(seed, false))}\n`);
    }
  }
}

/** Runs seeds in worker processes; `each` gets every line, in the order in which they end. */
function runMany(seeds: readonly string[], workers: number, each: (line: WorkerLine) => void): Promise<void> {
  const queue = [...seeds];
  const script = process.argv[1] as string;
  const until = flags.until === undefined ? [] : ["--until", flags.until];
  const lives = Array.from({ length: Math.min(workers, seeds.length) }, () => new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, "--worker", ...until], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let rest = "";
    let current: string | undefined;
    const next = (): void => {
      current = queue.shift();
      if (current === undefined) child.stdin.end();
      else child.stdin.write(`${current}\n`);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      rest += chunk;
      for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
        each(JSON.parse(rest.slice(0, end)) as WorkerLine);
        rest = rest.slice(end + 1);
        next();
      }
    });
    child.on("exit", (code) => {
      if (current === undefined) resolve();
      else reject(new Error(`the simulation of seed ${current} ended its process (code ${code})`));
    });
    next();
  }));
  return Promise.all(lives).then(() => undefined);
}

async function many(seeds: readonly string[]): Promise<boolean> {
  const startedAt = performance.now();
  let done = 0;
  let virtualMs = 0;
  let calls = 0;
  const failed: string[] = [];
  await runMany(seeds, availableParallelism(), (line) => {
    done++;
    virtualMs += line.result.virtualMs;
    calls += line.result.calls;
    if (line.result.verdict !== "ok") {
      failed.push(line.seed);
      report(line);
    }
    if (process.stdout.isTTY) process.stdout.write(`\r${done}/${seeds.length} seeds, ${failed.length} failed `);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${process.stdout.isTTY ? "\n" : ""}${done} seeds, ${failed.length} failed, ${(virtualMs / 3_600_000).toFixed(1)} virtual hours, ` +
      `${calls} calls in ${seconds.toFixed(0)} s: ${((done / seconds) * 60).toFixed(0)} seeds a minute, ` +
      `${(virtualMs / 1000 / seconds).toFixed(0)} virtual s and ${(calls / seconds).toFixed(0)} calls a second\n`,
  );
  if (failed.length > 0) process.stdout.write(`failed seeds: ${failed.join(" ")}\n`);
  return failed.length === 0;
}

async function meta(seeds: readonly string[]): Promise<boolean> {
  const digests = new Map<string, string>();
  let different = 0;
  const compare = (line: WorkerLine): void => {
    const before = digests.get(line.seed);
    if (before === undefined) digests.set(line.seed, line.digest);
    else if (before !== line.digest) {
      different++;
      process.stdout.write(`seed ${line.seed} ran differently the second time\n`);
    }
  };
  await runMany(seeds, availableParallelism(), compare);
  await runMany(seeds, availableParallelism(), compare);
  process.stdout.write(`${seeds.length} seeds run twice, ${different} differed\n`);
  return different === 0;
}

async function main(): Promise<boolean> {
  if (flags.worker) {
    await work();
    return true;
  }
  const count = Number(flags.seeds ?? (flags.meta ? 10 : 100));
  const from = flags.from === undefined ? randomInt(1, 2 ** 40) : Number(flags.from);
  const seeds = flags.seed === undefined ? Array.from({ length: count }, (_, each) => String(from + each)) : [flags.seed];
  if (flags.meta) return meta(seeds);
  if (flags.seed !== undefined) {
    process.stdout.write(`seed ${flags.seed}, commit ${commit()}\n`);
    const line = await runOne(flags.seed, flags.trace);
    report(line);
    return line.result.verdict === "ok";
  }
  process.stdout.write(`seeds ${seeds[0]} to ${seeds.at(-1)}, commit ${commit()}\n`);
  return many(seeds);
}

process.exitCode = (await main()) ? 0 : 1;
