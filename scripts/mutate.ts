// npm run mutate: a jury for the tests. Applies small wrong changes, one at a time, to a copy of the tree, and reports
// which are noticed: by the tests of the package concerned, or by seeds of the simulator, and after how many of them.
//
//   npm run mutate [-- --only TEXT] [--seeds 300] [--from 1] [--until 20000] [--tests-only] [--sim-only] [--list]
//
// A mutation that nobody notices is a hole in the tests: the command fails, and the hole is to be closed by a test, not
// by taking the mutation off the list. One whose text is not found has been overtaken by the code and fails, too.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { mutations, type Mutation } from "./mutations.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const workspaceScope = "@azimuth";
const testsTimeoutMs = 240_000;
const seedsTimeoutMs = 3_600_000;
const outputBytesMax = 1 << 28;
const nodeFlags = ["--disable-warning=ExperimentalWarning"];
/** Tests of these packages exercise the package as well. */
const widerTests: Readonly<Record<string, readonly string[]>> = {
  "packages/raft": ["packages/replication"],
  "packages/storage": ["packages/replication"],
};

const { values: flags } = parseArgs({
  options: {
    only: { type: "string" },
    seeds: { type: "string", default: "300" },
    from: { type: "string", default: "1" },
    until: { type: "string", default: "20000" },
    jobs: { type: "string" },
    "tests-only": { type: "boolean", default: false },
    "sim-only": { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

interface Judgement {
  readonly mutation: string;
  /** Undefined when nobody noticed. */
  readonly caughtBy: string | undefined;
  readonly seconds: number;
}

/** A copy of the working tree whose workspace packages are the copies, and whose other packages are the tree's own. */
function copyTree(): string {
  const copy = mkdtempSync(join(tmpdir(), "azimuth-mutate-"));
  const gitOptions = { cwd: root, encoding: "utf8", maxBuffer: outputBytesMax } as const;
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], gitOptions);
  for (const file of listed.split("\n")) {
    if (file === "") continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file), { force: true, errorOnExist: false });
  }
  const modules = join(copy, "node_modules");
  mkdirSync(join(modules, workspaceScope), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== workspaceScope) symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const folder of ["packages", "services"]) {
    for (const name of readdirSync(join(copy, folder))) {
      symlinkSync(join(copy, folder, name), join(modules, workspaceScope, name));
    }
  }
  return copy;
}

function packageOf(file: string): string {
  return file.split("/").slice(0, 2).join("/");
}

function testFilesOf(copy: string, folder: string): readonly string[] {
  try {
    const names = readdirSync(join(copy, folder, "test")).filter((name) => name.endsWith(".test.ts"));
    return names.map((name) => join(folder, "test", name));
  } catch {
    return [];
  }
}

/** The name of the first test that fails; undefined when all pass. */
function failingTest(copy: string, folder: string): string | undefined {
  const files = testFilesOf(copy, folder);
  if (files.length === 0) return undefined;
  const args = [...nodeFlags, "--test", "--test-reporter=tap", ...files];
  const options = { cwd: copy, encoding: "utf8", timeout: testsTimeoutMs, maxBuffer: outputBytesMax } as const;
  const { status, stdout } = spawnSync(process.execPath, args, options);
  if (status === 0) return undefined;
  const failed = /^\s*not ok \d+ - (.*)$/m.exec(stdout)?.[1];
  return `${folder}: ${failed ?? "the tests ended without a result"}`;
}

/** Which seed fails, and after how many. */
function failingSeed(copy: string): string | undefined {
  const { seeds, from, until } = flags;
  const args = [...nodeFlags, "scripts/sim.ts", "--first", "--seeds", seeds, "--from", from, "--until", until];
  if (flags.jobs !== undefined) args.push("--jobs", flags.jobs);
  const options = { cwd: copy, encoding: "utf8", timeout: seedsTimeoutMs, maxBuffer: outputBytesMax } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  if (status === 0) return undefined;
  const done = /^(\d+) seeds, /m.exec(stdout)?.[1] ?? "?";
  const seed = /^replay: .*--seed (\S+)/m.exec(stdout)?.[1] ?? /seed (\d+) ended/.exec(stderr)?.[1] ?? "?";
  const why = /^VIOLATED (.*)$/m.exec(stdout)?.[1] ?? "the process ended";
  return `seed ${seed}, the ${done}th: ${why.slice(0, 120)}`;
}

function judge(copy: string, mutation: Mutation): Judgement {
  const startedAt = performance.now();
  const path = join(copy, mutation.file);
  const original = readFileSync(path, "utf8");
  const done = (caughtBy: string | undefined): Judgement => {
    writeFileSync(path, original);
    return { mutation: mutation.name, caughtBy, seconds: (performance.now() - startedAt) / 1000 };
  };
  if (original.split(mutation.from).length !== 2) return done(undefined);
  writeFileSync(path, original.replace(mutation.from, () => mutation.to));
  const own = packageOf(mutation.file);
  if (!flags["sim-only"]) {
    for (const folder of [own, ...(widerTests[own] ?? [])]) {
      const test = failingTest(copy, folder);
      if (test !== undefined) return done(test);
    }
  }
  return done(flags["tests-only"] ? undefined : failingSeed(copy));
}

/** Unmodified code must raise no alarm, or the verdicts mean nothing. */
function findFalseAlarm(copy: string, chosen: readonly Mutation[]): string | undefined {
  if (flags["sim-only"]) return undefined;
  const own = [...new Set(chosen.map(({ file }) => packageOf(file)))];
  for (const folder of new Set(own.flatMap((each) => [each, ...(widerTests[each] ?? [])]))) {
    const test = failingTest(copy, folder);
    if (test !== undefined) return test;
  }
  return undefined;
}

function main(): boolean {
  const chosen = mutations.filter(({ name }) => flags.only === undefined || name.includes(flags.only));
  if (flags.list) {
    for (const { name, file } of chosen) process.stdout.write(`${name}  (${file})\n`);
    return true;
  }
  const copy = copyTree();
  const judgements: Judgement[] = [];
  try {
    const alarm = findFalseAlarm(copy, chosen);
    if (alarm !== undefined) {
      process.stdout.write(`without any mutation, ${alarm} fails\n`);
      return false;
    }
    for (const mutation of chosen) {
      const stale = readFileSync(join(copy, mutation.file), "utf8").split(mutation.from).length !== 2;
      const judgement = judge(copy, mutation);
      judgements.push(judgement);
      const verdict = stale ? "STALE: its text is not there once" : judgement.caughtBy ?? "NOT CAUGHT";
      process.stdout.write(`${mutation.name}\n    ${verdict}  (${judgement.seconds.toFixed(0)} s)\n`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  const caught = judgements.filter(({ caughtBy }) => caughtBy !== undefined).length;
  process.stdout.write(`${caught} of ${judgements.length} mutations caught\n`);
  return caught === judgements.length;
}

process.exitCode = main() ? 0 : 1;
