// npm test: every test of the repository on Node's own runner; words after `--` pick test files by a part of their
// path (npm test -- raft). Failures are printed whole as they come, with the seed or the transcript that replays
// them; the last line is `N passed, N failed`. Tests of several processes (test/) run after the others and one
// file at a time, because they measure time.
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { run } from "node:test";
import type { EventData } from "node:test";
import { root } from "./source-files.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

const patterns = {
  units: [
    "packages/*/test/**/*.test.ts", "services/*/test/**/*.test.ts", "scripts/test/*.test.ts", "deploy/test/*.test.ts",
  ],
  whole: ["test/**/*.test.ts"],
};
const fileTimeoutMs = 15 * 60_000;

const words = process.argv.slice(2);
const began = performance.now();
const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
const units = pick(patterns.units);
const whole = pick(patterns.whole);
if (units.length + whole.length === 0) {
  process.stderr.write(`azimuth: no test file's path contains ${words.join(" or ")}.\n`);
  process.exitCode = 1;
} else {
  await runFiles(units, Math.max(2, availableParallelism()));
  await runFiles(whole, 1);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`\n${units.length + whole.length} files, ${tally.skipped} skipped, ${seconds} s\n`);
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}

function pick(globs: readonly string[]): readonly string[] {
  const all = globs.flatMap((glob) => globSync(glob, { cwd: root })).filter((path) => !path.includes("node_modules"));
  return all.filter((path) => words.length === 0 || words.some((word) => path.includes(word))).toSorted();
}

async function runFiles(files: readonly string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const stream = run({
    files: files.map((path) => `${root}/${path}`), concurrency, timeout: fileTimeoutMs,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  stream.on("test:pass", (data) => countPass(data));
  stream.on("test:fail", (data) => countFailure(data));
  stream.on("test:stderr", ({ message }) => void process.stderr.write(message));
  stream.on("test:stdout", ({ message }) => void process.stdout.write(message));
  for await (const _event of stream);
}

function countPass(data: EventData.TestPass): void {
  if (data.details.type === "suite" || isFile(data)) return;
  if (data.skip !== undefined || data.todo !== undefined) tally.skipped++;
  else tally.passed++;
}

function countFailure(data: EventData.TestFail): void {
  // A suite fails because a test in it did, which has been counted; a file that fails as a whole has not.
  const { failureType } = data.details.error as Error & { readonly failureType?: string };
  if (failureType === "subtestsFailed") return;
  if (data.todo !== undefined) {
    tally.skipped++;
    return;
  }
  tally.failed++;
  const place = data.file === undefined ? "" : ` (${relative(root, data.file)}:${data.line ?? 1})`;
  process.stdout.write(`\nFAILED ${data.name}${place}\n${explain(data.details.error)}\n`);
}

function explain(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  const text = cause.stack ?? cause.message;
  return text.split("\n").filter((line) => !line.includes("node:internal")).map((line) => `  ${line}`).join("\n");
}

/** The runner reports each file as one more test. */
function isFile(data: EventData.TestPass): boolean {
  return data.nesting === 0 && data.name.endsWith(".test.ts");
}
