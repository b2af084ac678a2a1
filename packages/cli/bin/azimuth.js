#!/usr/bin/env node
// Runs the command line on the pinned Node, whatever Node started npx: the sources are TypeScript.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(realpathSync(fileURLToPath(import.meta.url)));
const binary = process.platform === "win32" ? "node.exe" : "node";
const pinned = join(here, "..", "..", "..", "node_modules", "node", "bin", binary);
if (!existsSync(pinned) && Number(process.versions.node.split(".")[0]) < 24) {
  const sentence = `Node 24 is needed and this is ${process.versions.node}; run npm install here first.`;
  process.stderr.write(`azimuth: ${sentence}\n`);
  process.exit(1);
}
const main = join(here, "..", "src", "main.ts");
const child = spawn(existsSync(pinned) ? pinned : process.execPath, [
  "--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2),
], { stdio: "inherit" });
child.on("exit", (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
});
