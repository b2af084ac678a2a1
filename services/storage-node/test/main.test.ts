// The node's own process on a real directory.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import { createLogStore } from "@azimuth/storage/create-log-store.ts";
import { createRealFiles } from "@azimuth/storage/real-files.ts";
import { openRocksDbEngine } from "@azimuth/storage/rocksdb-engine.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");

const onFatal = (error: Error): never => {
  throw error;
};

function startNode(data: string) {
  return spawn(process.execPath, [
    "--disable-warning=ExperimentalWarning", main, "--name", "node-1", "--zone", "az-1", "--listen", "127.0.0.1:0",
    "--members", "node-1=az-1=127.0.0.1:1", "--data", data,
  ], { stdio: ["ignore", "pipe", "pipe"] });
}

/** Names and contents of what lies in the log's directory. */
function contentOf(directory: string): readonly string[] {
  return readdirSync(directory).map((name) => `${name} ${readFileSync(join(directory, name)).toString("base64")}`);
}

test("a node started on the directory of a live one ends without touching its log", async () => {
  const data = mkdtempSync(join(tmpdir(), "azimuth-node-"));
  const clock = createRealClock();
  const engine = await new Promise<Engine>((resolve) => {
    openRocksDbEngine({ path: join(data, "rocksdb"), clock, log: silentLogger, onFatal }, resolve);
  });
  const directory = join(data, "log");
  const store = createLogStore({ files: createRealFiles({ directory, onFatal }), log: silentLogger, onFatal });
  await new Promise<void>((resolve) => store.append([{ group: 1, create: { replica: 4097 } }], resolve));
  // A live node's log has what a recovery would take away: zeros behind its end, files about to be renamed.
  writeFileSync(join(directory, "map.json.temporary"), "");
  const before = contentOf(directory);
  const second = startNode(data);
  const ended = once(second, "exit");
  const [complained, [code]] = await Promise.all([text(second.stderr), ended]);
  assert.equal(code, 70);
  assert.match(complained, /lock/i);
  assert.deepEqual(contentOf(directory), before);
  store.close();
  await new Promise<void>((resolve) => engine.close(resolve));
  rmSync(data, { recursive: true });
});

test("a node that is told to end vouches for the last record of its log", async () => {
  const data = mkdtempSync(join(tmpdir(), "azimuth-node-"));
  const directory = join(data, "log");
  const open = () => createLogStore({ files: createRealFiles({ directory, onFatal }), log: silentLogger, onFatal });
  const store = open();
  await new Promise<void>((resolve) => store.append([{ group: 1, create: { replica: 4097 } }], resolve));
  const node = startNode(data);
  node.stdout.on("data", (line) => void (String(line).includes("storage node started") && node.kill("SIGTERM")));
  assert.deepEqual(await once(node, "exit"), [0, null]);
  const last = readdirSync(directory).findLast((name) => /^log-[0-9]+$/.test(name)) as string;
  const content = readFileSync(join(directory, last));
  content.writeUInt8(content.readUInt8(content.length - 1) ^ 1, content.length - 1);
  writeFileSync(join(directory, last), content);
  const { corrupted, lostRecords } = open();
  assert.ok(corrupted.length > 0 || lostRecords !== undefined, "what was flipped counts as a torn write");
  rmSync(data, { recursive: true });
});
