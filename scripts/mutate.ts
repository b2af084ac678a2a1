// npm run mutate: a jury for the tests. Applies small wrong changes, one at a time, to a copy of the tree, and reports
// who notices: the tests of the package concerned, and the swarm of the simulator, after how many of its seeds.
//
//   npm run mutate [-- --by tests|seeds|both] [--only TEXT]... [--seeds 300] [--from 1] [--until 12000] [--jobs 1]
//   npm run mutate -- --missed             seeds only for what the tests have missed
//   npm run mutate -- --skip-unmodified    while closing a hole
//   npm run mutate -- --list
//
// The first row is the code without any mutation, before the same judges: what they find there is a false alarm. A
// mutation that nobody notices is a hole: the command fails, and the hole is to be closed by a test or a checker, not
// by taking the mutation off the list. One whose text is not found (`npm run check` says so, too) fails as well.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FlagError, oneOf, parseWords, wholeNumber } from "@azimuth/foundation/flags.ts";
import {
  endJudges, findFailingSeed, findFailingTest, foldersThatJudge, mutate, packageOf, type Finding,
} from "./mutation-judges.ts";
import { mutations, type Mutation } from "./mutations.ts";
import { root } from "./source-files.ts";

const workspaceScope = "@azimuth";
const outputBytesMax = 1 << 28;
const judges = ["tests", "seeds", "both"];
const numberMax = 2 ** 48;
const jobsMax = 256;

const options = {
  only: { type: "string", multiple: true },
  by: { type: "string", default: "both" },
  missed: { type: "boolean", default: false },
  "skip-unmodified": { type: "boolean", default: false },
  seeds: { type: "string", default: "300" },
  from: { type: "string", default: "1" },
  until: { type: "string", default: "12000" },
  jobs: { type: "string", default: "1" },
  list: { type: "boolean", default: false },
} as const;

interface MutateArguments {
  readonly chosen: readonly Mutation[];
  readonly by: string;
  readonly missed: boolean;
  readonly skipsUnmodified: boolean;
  readonly seeds: { readonly from: number; readonly seeds: number; readonly until: number };
  readonly jobs: number;
  readonly list: boolean;
}

/** What a judge said: undefined when it was not asked, false when it noticed nothing. */
type Word = Finding | false | undefined;

interface Row {
  /** Undefined: the code as it is. */
  readonly mutation: Mutation | undefined;
  readonly problem?: string | undefined;
  readonly tests: Word;
  readonly seeds: Word;
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

async function judge(copy: string, mutation: Mutation | undefined, words: MutateArguments): Promise<Row> {
  if (mutation === undefined) {
    return ask(copy, undefined, [...new Set(words.chosen.flatMap(foldersThatJudge))], words);
  }
  const path = join(copy, mutation.file);
  const original = readFileSync(path, "utf8");
  const result = mutate(original, mutation);
  if ("problem" in result) return { mutation, problem: result.problem, tests: undefined, seeds: undefined };
  writeFileSync(path, result.text);
  try {
    return await ask(copy, mutation, foldersThatJudge(mutation), words);
  } finally {
    writeFileSync(path, original);
  }
}

async function ask(
  copy: string, mutation: Mutation | undefined, folders: readonly string[], { by, missed, seeds }: MutateArguments,
): Promise<Row> {
  const byTests: Word = by === "seeds" ? undefined : await findFailingTest(copy, folders) ?? false;
  const wanted = by !== "tests" && !(missed && byTests) && mutation?.outOfSight === undefined;
  if (!wanted) return { mutation, tests: byTests, seeds: undefined };
  const found = await findFailingSeed(copy, { ...seeds, seenBy: mutation?.seenBy });
  return { mutation, tests: byTests, seeds: found ?? false };
}

async function judgeAll(words: MutateArguments): Promise<readonly Row[]> {
  const { chosen } = words;
  const queue: (Mutation | undefined)[] = words.skipsUnmodified ? [...chosen] : [undefined, ...chosen];
  const rows: Row[] = [];
  const copies: string[] = [];
  const clean = (): void => {
    endJudges();
    for (const copy of copies) rmSync(copy, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once("SIGINT", () => {
    clean();
    process.exit(1);
  });
  const work = async (): Promise<void> => {
    const copy = copyTree();
    copies.push(copy);
    while (queue.length > 0) {
      const startedAt = performance.now();
      const row = await judge(copy, queue.shift(), words);
      rows.push(row);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      const lines = row.problem ?? `    ${told(row, words).join("\n    ")}`;
      process.stdout.write(`${nameOf(row)}  (${seconds} s)\n${lines}\n`);
    }
  };
  try {
    await Promise.all(Array.from({ length: words.jobs }, work));
  } finally {
    clean();
  }
  const order = (row: Row): number => (row.mutation === undefined ? -1 : chosen.indexOf(row.mutation));
  return rows.toSorted((left, right) => order(left) - order(right));
}

function nameOf({ mutation }: Row): string {
  return mutation?.name ?? "unmodified";
}

function told({ mutation, tests, seeds }: Row, words: MutateArguments): readonly string[] {
  const byTests = tests === undefined ? "not asked" : tests === false ? "no test" : tests.what;
  const none = `not within ${words.seeds.seeds} seeds`;
  const bySeeds = seeds === undefined ? mutation?.outOfSight ?? "not asked" : seeds === false ? none : seeds.what;
  return [byTests, bySeeds];
}

function isCaught({ tests, seeds }: Row): boolean {
  return Boolean(tests) || Boolean(seeds);
}

/** The rows as a table in Markdown. */
function tableOf(rows: readonly Row[], words: MutateArguments): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const lines = rows.map((row) => {
    const [byTests, bySeeds] = told(row, words) as [string, string];
    const where = row.mutation === undefined ? "" : packageOf(row.mutation.file).split("/")[1];
    const count = row.seeds ? String(row.seeds.seeds) : "";
    const cells = [nameOf(row), where, row.problem ?? byTests, count, bySeeds];
    return `| ${cells.map((each) => cell(each ?? "")).join(" | ")} |`;
  });
  return ["| mutation | package | test | seeds | what the seed found |", "|---|---|---|---|---|", ...lines].join("\n");
}

function readArguments(argv: readonly string[]): MutateArguments {
  const flags = parseWords(options, argv);
  const { only, missed, list } = flags;
  for (const text of only ?? []) {
    const isThere = mutations.some(({ name }) => name.includes(text));
    if (!isThere) throw new FlagError(`--only: no mutation has "${text}" in its name`);
  }
  return {
    chosen: mutations.filter(({ name }) => only === undefined || only.some((text) => name.includes(text))),
    by: oneOf("by", flags.by, judges),
    missed,
    skipsUnmodified: flags["skip-unmodified"],
    seeds: {
      from: wholeNumber("from", flags.from, 0, numberMax),
      seeds: wholeNumber("seeds", flags.seeds, 1, numberMax),
      until: wholeNumber("until", flags.until, 1, numberMax),
    },
    jobs: wholeNumber("jobs", flags.jobs, 1, jobsMax),
    list,
  };
}

async function main(words: MutateArguments): Promise<boolean> {
  if (words.list) {
    for (const { name, file } of words.chosen) process.stdout.write(`${name}  (${file})\n`);
    return true;
  }
  const rows = await judgeAll(words);
  const mutated = rows.filter(({ mutation }) => mutation !== undefined);
  const alarms = rows.filter((row) => row.mutation === undefined && isCaught(row)).length;
  const caught = mutated.filter(isCaught).length;
  const bySeeds = mutated.filter(({ seeds }) => seeds).length;
  const byTests = mutated.filter(({ tests }) => tests).length;
  process.stdout.write(
    `\n${tableOf(rows, words)}\n\n${caught} of ${mutated.length} mutations caught, ` +
      `${byTests} by tests, ${bySeeds} by seeds; ${alarms} false alarms\n`,
  );
  return caught === mutated.length && alarms === 0;
}

try {
  process.exitCode = (await main(readArguments(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof FlagError)) throw error;
  process.stderr.write(`npm run mutate: ${error.message}\n`);
  process.exitCode = 2;
}
