// The two judges of a mutation: the tests of the package concerned, and the seeds of the simulator. Each looks at a
// copy of the tree and says whether anything failed, and what failed first; unmodified code goes through the same.
//
// Mutated code may do anything: loop for ever, eat memory, end its process. So each judge's children are a process
// group with a time limit, ended as soon as there is a verdict, and their temporary files lie inside the copy.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { stripTypeScriptTypes } from "node:module";
import { drawnWorkloads, type SimulationResult } from "@azimuth/simulation/run-simulation.ts";
import { mutations, type Mutation } from "./mutations.ts";
import type { SourceFile } from "./source-files.ts";

export interface Finding {
  /** The test's name, or what the checker or the invariant said. */
  readonly what: string;
  /** How many seeds it took. */
  readonly seeds?: number;
}

export interface SeedsOptions {
  readonly from: number;
  readonly seeds: number;
  /** Virtual milliseconds of load of each seed. */
  readonly until: number;
  /** Seeds that draw none of these workloads end well without being run. */
  readonly seenBy: readonly string[] | undefined;
}

const testsTimeoutMs = 120_000;
/** A seed takes about a second; one that takes so long does not end. */
const seedTimeoutMs = 90_000;
const whatLengthMax = 110;
const nodeFlags = ["--disable-warning=ExperimentalWarning"];
/** Tests of these packages exercise the package as well. */
const widerTests: Readonly<Record<string, readonly string[]>> = {
  "packages/raft": ["packages/replication"],
  "packages/storage": ["packages/replication"],
};
const running = new Set<ChildProcess>();

export function packageOf(file: string): string {
  return file.split("/").slice(0, 2).join("/");
}

export function foldersThatJudge(mutation: Mutation): readonly string[] {
  const own = packageOf(mutation.file);
  return [own, ...(widerTests[own] ?? [])];
}

/** The text with the mutation in it, or why there can be none. */
export function mutate(text: string, mutation: Mutation): { readonly text: string } | { readonly problem: string } {
  const times = text.split(mutation.from).length - 1;
  if (times !== 1) return { problem: `its text is ${times} times in ${mutation.file}, not once` };
  const mutated = text.replace(mutation.from, () => mutation.to);
  try {
    stripTypeScriptTypes(mutated);
  } catch (error) {
    return { problem: `does not parse: ${(error as Error).message}` };
  }
  return { text: mutated };
}

/** What the code has overtaken, as a sentence for each. */
export function findStaleMutations(files: readonly SourceFile[]): readonly string[] {
  const textByPath = new Map(files.map(({ path, text }) => [path, text]));
  return mutations.flatMap((mutation) => {
    const result = mutate(textByPath.get(mutation.file) ?? "", mutation);
    return "problem" in result ? [`"${mutation.name}" ${result.problem}`] : [];
  });
}

/** The first test that fails; undefined when all pass. */
export async function findFailingTest(copy: string, folders: readonly string[]): Promise<Finding | undefined> {
  for (const folder of folders) {
    const what = await failingTest(copy, folder);
    if (what !== undefined) return { what: `${folder}: ${what}` };
  }
  return undefined;
}

async function failingTest(copy: string, folder: string): Promise<string | undefined> {
  const names = readdirSync(join(copy, folder, "test")).filter((name) => name.endsWith(".test.ts"));
  const files = names.map((name) => join(folder, "test", name));
  const child = start(copy, [...nodeFlags, "--test", "--test-reporter=tap", ...files]);
  child.stdin?.end();
  const timer = setTimeout(() => end(child), testsTimeoutMs);
  let failed: string | undefined;
  await eachLine(child, (line) => {
    failed ??= /^\s*not ok \d+ - (.*)$/.exec(line)?.[1];
    if (failed !== undefined) end(child);
  });
  clearTimeout(timer);
  if (failed === undefined && child.exitCode !== 0) return "the tests did not end";
  return failed?.slice(0, whatLengthMax);
}

/** The first seed of the swarm that fails, and how many it took; undefined when all end well. */
export async function findFailingSeed(copy: string, options: SeedsOptions): Promise<Finding | undefined> {
  const { from, seeds, until, seenBy } = options;
  const child = start(copy, [...nodeFlags, "scripts/sim.ts", "--worker"]);
  let seed = from;
  let complaint = "";
  let failed: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    clearTimeout(timer);
    while (seed < from + seeds && !canSee(seed, seenBy)) seed++;
    if (seed === from + seeds) return void child.stdin?.end();
    timer = setTimeout(() => {
      failed = `ran longer than ${seedTimeoutMs / 1000} s`;
      end(child);
    }, seedTimeoutMs);
    child.stdin?.write(`${JSON.stringify({ seed: String(seed), loadMs: until, scenario: "swarm" })}\n`);
  };
  child.stdin?.on("error", () => undefined);
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaint = `${complaint}${text}`.slice(-4000)));
  next();
  await eachLine(child, (line) => {
    const { result } = JSON.parse(line) as { readonly result: SimulationResult };
    if (result.verdict !== "ok") {
      failed = result.violations[0]?.split("\n")[0] ?? "";
      return end(child);
    }
    seed++;
    next();
  });
  clearTimeout(timer);
  if (seed < from + seeds) failed ??= /^\w*Error.*$/m.exec(complaint)?.[0] ?? "its process ended";
  if (failed === undefined) return undefined;
  return { what: `seed ${seed}: ${failed.slice(0, whatLengthMax)}`, seeds: seed - from + 1 };
}

function canSee(seed: number, seenBy: readonly string[] | undefined): boolean {
  if (seenBy === undefined) return true;
  return drawnWorkloads(String(seed), "swarm").some((name) => seenBy.includes(name));
}

/** Ends whatever is under way. */
export function endJudges(): void {
  for (const child of running) end(child);
}

function start(copy: string, words: readonly string[]): ChildProcess {
  const temporary = join(copy, "tmp");
  mkdirSync(temporary, { recursive: true });
  // eslint-disable-next-line node/no-process-env
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, words, { cwd: copy, env, detached: true, stdio: "pipe" });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended by itself.
  }
}

/** Resolves once the child and its output have ended. */
function eachLine(child: ChildProcess, each: (line: string) => void): Promise<void> {
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) each(line);
  });
  return new Promise((resolve, reject) => child.once("error", reject).once("close", () => resolve()));
}
