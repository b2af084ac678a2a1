// npm run reset: stops the local cluster and deletes everything it kept, after asking.   npm run reset -- [--yes]
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { readLocalCluster } from "@azimuth/cli/local-files.ts";
import { stopLocalCluster } from "@azimuth/cli/local-cluster.ts";

const { values } = parseArgs({ options: { yes: { type: "boolean", short: "y" }, data: { type: "string" } } });
const directory = resolve(values.data ?? join(import.meta.dirname, "..", "data"));
process.exitCode = await reset();

async function reset(): Promise<number> {
  if (!existsSync(directory)) return say("There is nothing to delete.", 0);
  if (readLocalCluster(directory) === undefined && readdirSync(directory).length > 0) {
    return say(`${directory} is not a cluster's directory, so it is left alone.`, 1);
  }
  if (values.yes !== true && !(await confirmed())) return say("Nothing was deleted.", 1);
  await stopLocalCluster(directory);
  rmSync(directory, { recursive: true });
  return say(`Deleted ${directory}: tables, items, credentials and logs.`, 0);
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    say("Pass --yes to delete without being asked.", 1);
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Stop the cluster and delete all its data in ${directory}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function say(sentence: string, code: number): number {
  process.stdout.write(`${sentence}\n`);
  return code;
}
