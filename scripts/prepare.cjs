// Makes a fresh clone runnable: installs the dependencies when they are missing or older than the
// lock file, and checks that the pinned Node is really there. Written for any Node that npm runs on,
// so it is plain CommonJS and uses no dependency.
"use strict";
const { existsSync, statSync } = require("node:fs");
const { join } = require("node:path");
const { spawnSync } = require("node:child_process");

const root = join(__dirname, "..");
const installedMarker = join(root, "node_modules", ".package-lock.json");
const lockFile = join(root, "package-lock.json");
const pinnedNode = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function fail(sentence) {
  process.stderr.write(`azimuth: ${sentence}\n`);
  process.exit(1);
}

if (modifiedAt(installedMarker) === 0 || modifiedAt(lockFile) > modifiedAt(installedMarker)) {
  process.stdout.write("azimuth: installing dependencies (once)\n");
  const npm = process.env.npm_execpath;
  const args = [existsSync(lockFile) ? "ci" : "install", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit" })
    : spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (result.status !== 0) fail("`npm ci` failed; see its message above, mend it and run the command again.");
}

if (!existsSync(pinnedNode)) {
  const installer = join(root, "node_modules", "node", "installArchSpecificPackage.js");
  if (existsSync(installer)) {
    spawnSync(process.execPath, [installer], { cwd: join(root, "node_modules", "node"), stdio: "inherit" });
  }
}
if (!existsSync(pinnedNode)) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 24) {
    fail(
      `Node 24 is needed and this is ${process.versions.node}; ` +
        "run `npm rebuild node` with install scripts allowed, or install Node 24.",
    );
  }
}
