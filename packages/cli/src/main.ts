// `npx azimuth …`: the real doors around parseCommandLine and runCommand.
import { join, resolve } from "node:path";
import { createFetchJson } from "@azimuth/host-agent/http-client.ts";
import { helpText, parseCommandLine } from "./command-line.ts";
import { readLocalCluster } from "./local-files.ts";
import { CommandError, runCommand } from "./run-command.ts";

const defaultDirectory = join(import.meta.dirname, "..", "..", "..", "data");

const command = parseCommandLine(process.argv.slice(2));
if (command.kind === "help") {
  process.stdout.write(helpText);
} else if (command.kind === "mistake") {
  process.stderr.write(`azimuth: ${command.message}\n`);
  process.exitCode = 2;
} else {
  try {
    await runCommand({
      fetchJson: createFetchJson(),
      print: (text) => void process.stdout.write(text),
      now: () => Date.now(),
      colour: process.stdout.isTTY && process.env["NO_COLOR"] === undefined,
      readLocalCluster: (directory) => readLocalCluster(resolve(directory ?? defaultDirectory)),
      consoleFromEnvironment: process.env["AZIMUTH_CONSOLE"],
    }, command);
  } catch (error) {
    process.stderr.write(`azimuth: ${error instanceof CommandError ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
