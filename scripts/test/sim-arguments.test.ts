import assert from "node:assert/strict";
import { test } from "node:test";
import { FlagError } from "@azimuth/foundation/flags.ts";
import { parseSimArguments, replayOf, usage } from "../sim-arguments.ts";

const read = (words: string) => parseSimArguments(words === "" ? [] : words.split(" "));

function refused(words: string, sentence: RegExp): void {
  assert.throws(() => read(words), (error) => {
    assert.ok(error instanceof FlagError, String(error));
    assert.match(error.message, sentence);
    assert.doesNotMatch(error.message, /\n/, "one line");
    return true;
  }, words);
}

test("numbers that are none are refused, not run for ever or not at all", () => {
  for (const flag of ["until", "stop-at", "seed", "seeds", "from", "jobs"]) {
    for (const text of ["abc", "5s", "1.5", "0x10"]) refused(`--${flag} ${text}`, new RegExp(`^--${flag} is a whole number`));
  }
  refused("--seeds 0", /from 1 to/);
  refused("--jobs 0", /from 1 to/);
  refused("--until 0", /from 1 to/);
  refused("--seeds=-3", /from 1 to/);
});

test("names that there are not are refused, and the sentence says which there are", () => {
  refused("--scenario nope", /no "nope"; there are swarm, calm, .*membership$/);
  refused("--scenario toString", /no "toString"/);
  refused("--workloads nope", /no "nope"; there are registers, /);
  refused("--workloads bank,", /no ""/);
  refused("--workloads=", /no ""/);
  refused("--workloads bank,bank", /names bank twice/);
});

test("words that it does not know are refused", () => {
  refused("--sede 4", /^Unknown option '--sede'$/);
  refused("--seed", /argument missing$/);
  refused("42", /^Unexpected argument '42'/);
});

test("a flag that would have no effect is refused", () => {
  refused("--seeds 3 --history h.jsonl", /^--history needs --seed$/);
  refused("--seeds 3 --trace", /^--trace needs --seed$/);
  refused("--seed 3 --coverage", /^--seed and --coverage do not go together$/);
  refused("--seed 3 --seeds 4", /^--seed and --seeds do not go together$/);
  refused("--seed 3 --jobs 4", /^--seed and --jobs do not go together$/);
  refused("--corpus --until 4", /^--corpus and --until do not go together$/);
  refused("--seed 3 --meta --history h", /^--meta and --history do not go together$/);
  refused("--node x", /^--node needs --meta$/);
});

test("a seed alone is one run, replayed by the command that it prints", () => {
  const words = "--seed 42 --until 8000 --stop-at 3000 --scenario calm --workloads bank,ranges";
  const read42 = read(words);
  assert.ok(read42.mode === "one");
  assert.deepEqual(read42.job, {
    seed: "42", loadMs: 8000, stopAtMs: 3000, scenario: "calm", workloads: ["bank", "ranges"],
  });
  assert.equal(replayOf(read42.job), `npm run sim -- ${words}`);
  const plain = read("--seed 7");
  assert.equal(plain.mode === "one" && replayOf(plain.job), "npm run sim -- --seed 7");
});

test("many seeds are counted from where one says, else from anywhere", () => {
  const shown = (words: string): unknown => {
    const many = read(words);
    return "seeds" in many ? [many.mode, many.seeds, many.jobs] : many.mode;
  };
  assert.deepEqual(shown("--seeds 3 --from 10 --jobs 2"), ["many", { from: 10, count: 3 }, 2]);
  assert.deepEqual(shown(""), ["many", { from: undefined, count: 100 }, undefined]);
  assert.deepEqual(shown("--meta"), ["meta", { from: undefined, count: 10 }, undefined]);
  assert.deepEqual(shown("--meta --seed 5"), ["meta", { from: 5, count: 1 }, undefined]);
  assert.deepEqual(shown("--corpus"), ["many", "corpus", undefined]);
  assert.equal(shown("--help"), "help");
});

test("the help names every flag that users give", () => {
  const flags = [
    "seed", "seeds", "from", "jobs", "trace", "until", "stop-at", "scenario", "workloads", "history", "meta", "node",
    "coverage", "corpus", "first",
  ];
  for (const flag of flags) assert.ok(usage.includes(`--${flag}`), flag);
});
