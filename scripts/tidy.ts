// What neither the compiler nor the linter sees: lengths of lines and files, an opening comment, leftovers, one title
// for each document, links that lead somewhere, exports that nobody uses, and mutations that the code has overtaken.
//   node scripts/tidy.ts        prints each finding as path:line: sentence
import { posix } from "node:path";
import { findStaleMutations } from "./mutation-judges.ts";
import { sourceFiles, type SourceFile } from "./source-files.ts";

/** The style aims at 110; tests may keep a case on one line. */
const lineColumnsMax = 120;
const testLineColumnsMax = 140;
const fileLinesMax = 800;
const code = /\.(ts|js|cjs|mjs|css)$/;
const leftover = /\b(TODO|FIXME|XXX|HACK)\b(?!\([a-z-]+\))/;

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly sentence: string;
}

export function findUntidy(files: readonly SourceFile[]): readonly Finding[] {
  const paths = new Set(files.map(({ path }) => path));
  return [
    ...files.filter(({ path }) => code.test(path)).flatMap((file) => untidyCode(file)),
    ...files.filter(({ path }) => path.endsWith(".md")).flatMap((file) => untidyDocument(file, paths)),
    ...deadExports(files),
  ];
}

function untidyCode({ path, text }: SourceFile): readonly Finding[] {
  const lines = text.split("\n");
  const columnsMax = path.includes("test/") ? testLineColumnsMax : lineColumnsMax;
  const findings: Finding[] = [];
  lines.forEach((line, index) => {
    const find = (sentence: string): number => findings.push({ path, line: index + 1, sentence });
    // A line with one long text in it, as a URL or an expected reply, may stay whole.
    const isLong = line.length > columnsMax && !/["'`/][^\s"'`]{60,}/.test(line);
    if (isLong) find(`has ${line.length} columns, more than ${columnsMax}`);
    if (leftover.test(line) && path !== "scripts/tidy.ts") find("has a leftover without an owner");
    if (/\s$/.test(line)) find("ends in white space");
  });
  if (lines.length > fileLinesMax) {
    findings.push({ path, line: 1, sentence: `has ${lines.length} lines, more than ${fileLinesMax}` });
  }
  if (!text.endsWith("\n")) findings.push({ path, line: lines.length, sentence: "does not end in a newline" });
  if (/^(packages|services)\/[^/]+\/src\/.*\.ts$/.test(path) && !/^(#!.*\n)?(\/\/|\/\*)/.test(text)) {
    findings.push({ path, line: 1, sentence: "does not open with a comment that says what it is" });
  }
  return findings;
}

function untidyDocument({ path, text }: SourceFile, paths: ReadonlySet<string>): readonly Finding[] {
  const findings: Finding[] = [];
  const prose = text.replaceAll(/^```[^]*?^```/gm, (block) => "\n".repeat(block.split("\n").length - 1));
  const titles = prose.split("\n").filter((line) => line.startsWith("# ")).length;
  if (titles !== 1) findings.push({ path, line: 1, sentence: `has ${titles} titles, not one` });
  for (const match of prose.matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)) {
    const target = match[1] as string;
    if (/^[a-z]+:/.test(target)) continue;
    const reached = posix.join(posix.dirname(path), target).replace(/\/$/, "");
    const exists = paths.has(reached) || [...paths].some((one) => one.startsWith(`${reached}/`));
    const line = prose.slice(0, match.index).split("\n").length;
    if (!exists) findings.push({ path, line, sentence: `links to ${target}, which is not there` });
  }
  return findings;
}

/** Exports whose name occurs nowhere else. Types are spared: they name what a signature carries. */
function deadExports(files: readonly SourceFile[]): readonly Finding[] {
  const sources = files.filter(({ path }) => /\.(ts|js|cjs|mjs)$/.test(path));
  const uses = new Map<string, number>();
  for (const { text } of sources) {
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) uses.set(word, (uses.get(word) ?? 0) + 1);
  }
  return sources.filter(({ path }) => /^(packages|services)\/[^/]+\/src\//.test(path)).flatMap(({ path, text }) =>
    [...text.matchAll(/^export (?:async )?(?:function|const|class) ([\w$]+)/gm)]
      .filter((match) => uses.get(match[1] as string) === 1)
      .map((match) => ({
        path, line: text.slice(0, match.index).split("\n").length, sentence: `exports ${match[1]}, which nobody uses`,
      })));
}

if (import.meta.main) {
  const files = sourceFiles();
  const stale = findStaleMutations(files).map((sentence) => ({ path: "scripts/mutations.ts", line: 1, sentence }));
  const findings = [...findUntidy(files), ...stale];
  for (const { path, line, sentence } of findings) process.stdout.write(`${path}:${line}: ${sentence}\n`);
  if (findings.length > 0) process.exitCode = 1;
}
