// npm run check: types, lint, floors and tidiness, at the same time, each with the time it took. The findings come
// first, the verdict is the last line.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./source-files.ts";

interface Step {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
}

const bin = (name: string): string => join(root, "node_modules", ".bin", name);
const script = (name: string): Step =>
  ({ name, command: process.execPath, words: ["--disable-warning=ExperimentalWarning", join(root, "scripts", name)] });

const steps: readonly Step[] = [
  { name: "types", command: bin("tsc"), words: ["--noEmit", "-p", root] },
  { name: "lint", command: bin("oxlint"), words: ["--deny-warnings", "--quiet"] },
  { ...script("check-floors.ts"), name: "floors" },
  { ...script("tidy.ts"), name: "tidy" },
];

const outcomes = await Promise.all(steps.map(run));
const failed = outcomes.filter(({ ok }) => !ok);
for (const { output } of failed) process.stdout.write(`${output.trimEnd()}\n\n`);
for (const { name, ok, seconds } of outcomes) {
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.toFixed(1)} s\n`);
}
process.stdout.write(`check: ${outcomes.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function run(step: Step): Promise<{ name: string; ok: boolean; output: string; seconds: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    const child = spawn(step.command, [...step.words], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const finish = (ok: boolean): void =>
      resolve({ name: step.name, ok, output, seconds: (performance.now() - began) / 1000 });
    child.once("error", (error) => {
      output += error.message;
      finish(false);
    });
    child.once("close", (code) => finish(code === 0));
  });
}
