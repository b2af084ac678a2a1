// The floors: a package imports only packages of lower floors, by the file that owns the thing. No barrel files, no
// reaching into a neighbour's folder by a relative path, and nobody imports the simulation but tests and scripts.
//   node scripts/check-floors.ts        prints each breach as path:line: sentence
import { posix } from "node:path";
import { sourceFiles, type SourceFile } from "./source-files.ts";

/** The host agent knows nothing of the database; the console and the command line stand on its HTTP vocabulary. */
const floorOf: Readonly<Record<string, number>> = {
  foundation: 0,
  model: 1, raft: 1,
  storage: 2, rpc: 2, expression: 2, auth: 2, placement: 2, history: 2, capacity: 2, streams: 2, partiql: 2,
  operations: 3, replication: 3,
  partition: 4, "control-plane": 4, "host-agent": 4,
  "request-router": 5, "storage-node": 5, console: 5,
  simulation: 6, drills: 6, cli: 6,
};

const importPattern = /\b(?:from|import)\s*\(?\s*"([^"]+)"/g;

export interface Breach {
  readonly path: string;
  readonly line: number;
  readonly sentence: string;
}

export function findBreaches(files: readonly SourceFile[]): readonly Breach[] {
  return files.filter(({ path }) => /\.(ts|js|cjs|mjs)$/.test(path)).flatMap(breachesOf);
}

function breachesOf(file: SourceFile): readonly Breach[] {
  const owner = packageOf(file.path);
  const breaches = imports(file).flatMap(({ line, target }) => {
    const sentence = judge(file.path, owner, target);
    return sentence === undefined ? [] : [{ path: file.path, line, sentence }];
  });
  if (owner === undefined || !isBarrel(file)) return breaches;
  return [...breaches, { path: file.path, line: 1, sentence: "is a barrel file" }];
}

function imports(file: SourceFile): readonly { readonly line: number; readonly target: string }[] {
  return [...file.text.matchAll(importPattern)].map((match) => ({
    line: file.text.slice(0, match.index).split("\n").length,
    target: match[1] as string,
  }));
}

function judge(path: string, owner: string | undefined, target: string): string | undefined {
  const from = owner === undefined ? undefined : floorOf[owner];
  if (owner !== undefined && from === undefined) return `the package ${owner} has no floor`;
  if (target.startsWith(".")) return judgeRelative(path, owner, target);
  const match = /^@azimuth\/([^/]+)(\/.+)?$/.exec(target);
  if (match === null) return undefined;
  const to = match[1] as string;
  if (floorOf[to] === undefined) return `imports ${to}, which has no floor`;
  const namesFile = match[2] !== undefined && /\.[a-z]+$/.test(match[2]);
  if (!namesFile) return `imports ${target}: name the file that owns the thing`;
  if (owner === undefined) return undefined;
  if (to === owner) return isTest(path) ? undefined : `imports its own package by name: ${target}`;
  if (isTest(path)) return undefined;
  if (to === "simulation") return "imports the simulation, which only tests and scripts may";
  if ((floorOf[to] as number) >= (from as number)) return `on floor ${from} imports ${to} of floor ${floorOf[to]}`;
  return undefined;
}

function judgeRelative(path: string, owner: string | undefined, target: string): string | undefined {
  if (owner === undefined) return undefined;
  const reached = packageOf(posix.join(posix.dirname(path), target));
  return reached === owner ? undefined : `reaches out of its package: ${target}`;
}

/** A file that only hands on what others own, or is named like one. */
function isBarrel(file: SourceFile): boolean {
  if (file.path.endsWith("/src/index.ts")) return true;
  const code = file.text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("//"));
  return code.length > 0 && code.every((line) => /^export (type )?(\*|\{).* from ".*";$/.test(line));
}

function packageOf(path: string): string | undefined {
  return /^(?:packages|services)\/([^/]+)\//.exec(path)?.[1];
}

function isTest(path: string): boolean {
  return path.includes("/test/");
}

if (import.meta.main) {
  // The tests of this script hold what it must find.
  const breaches = findBreaches(sourceFiles().filter(({ path }) => !path.startsWith("scripts/test/")));
  for (const { path, line, sentence } of breaches) process.stdout.write(`${path}:${line}: ${sentence}\n`);
  if (breaches.length > 0) process.exitCode = 1;
}
