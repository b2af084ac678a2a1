// The scripts as users start them: what a mistake in the words ends with, and what a run leaves behind.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseHistory } from "@azimuth/history/jepsen-format.ts";
import { root } from "../source-files.ts";

function run(script: string, ...words: string[]): { code: number | null; out: string; error: string } {
  const args = ["--disable-warning=ExperimentalWarning", join(root, script), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd: root });
  return { code: status, out: stdout, error: stderr };
}

test("a mistake ends each command with one sentence and exit code 2, before anything is run", () => {
  const missing = join(tmpdir(), "no", "such", "place", "h.jsonl");
  const mistakes: [string, string[], RegExp][] = [
    ["scripts/sim.ts", ["--until", "5s"], /^npm run sim: --until is a whole number from 1 to \d+, not "5s"\n$/],
    ["scripts/sim.ts", ["--seed", "1", "--history", missing], /^npm run sim: --history: .* cannot be written .*\n$/],
    ["scripts/sim.ts", ["--meta", "--node", "/none"], /^npm run sim: --node: \/none is no Node that could be run\n$/],
    ["scripts/mutate.ts", ["--jobs", "x"], /^npm run mutate: --jobs is a whole number from 1 to \d+, not "x"\n$/],
    ["scripts/mutate.ts", ["--only", "nothing so"], /^npm run mutate: --only: no mutation has "nothing so" .*\n$/],
    ["packages/raft/test/fuzz-main.ts", ["--steps", "many"], /^fuzz: --steps is a whole number .*, not "many"\n$/],
  ];
  for (const [script, words, sentence] of mistakes) {
    const { code, out, error } = run(script, ...words);
    assert.match(error, sentence);
    assert.deepEqual([code, out], [2, ""], error);
  }
});

test("a run with a history leaves a file for each workload, and one that is stopped is the beginning of the whole", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "azimuth-sim-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const words = ["--seed", "5", "--until", "2000", "--scenario", "calm", "--workloads", "bank,list-append"];
  const whole = run("scripts/sim.ts", ...words, "--history", join(folder, "whole.jsonl"));
  assert.equal(whole.code, 0, whole.out + whole.error);
  assert.match(whole.out, /^seed 5, commit \w+\nhistory: .*whole\.bank\.jsonl\n.*\nseed 5: ok; /);
  const part = run("scripts/sim.ts", ...words, "--stop-at", "1500", "--history", join(folder, "part.jsonl"));
  assert.equal(part.code, 0, part.out + part.error);
  assert.deepEqual(readdirSync(folder).sort(), [
    "part.bank.jsonl", "part.list-append.jsonl", "whole.bank.jsonl", "whole.list-append.jsonl",
  ]);
  const before = (name: string, at: number) =>
    parseHistory(readFileSync(join(folder, name), "utf8")).filter(({ time }) => time < at);
  const [stopped, all] = [before("part.bank.jsonl", 1500), before("whole.bank.jsonl", 1500)];
  assert.ok(stopped.length > 10, `${stopped.length} events`);
  assert.deepEqual(stopped, all);
});
