// Runs the conformance suite over both engines, and tests how RocksDB fails.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createRealClock } from "@azimuth/foundation/real-clock.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Engine } from "../src/engine.ts";
import { createMemoryEngineDisk, openMemoryEngine } from "../src/memory-engine.ts";
import { openRocksDbEngine } from "../src/rocksdb-engine.ts";
import { describeEngine, type EngineUnderTest } from "./engine-conformance.ts";
import { close, flush, get, put, write } from "./engine-helpers.ts";

const clock = createRealClock();

async function subjectOf(open: () => Promise<Engine>, remove: () => void): Promise<EngineUnderTest> {
  let current = await open();
  return {
    engine: current,
    async reopen() {
      await close(current);
      current = await open();
      return current;
    },
    async cleanUp() {
      await close(current);
      remove();
    },
  };
}

describeEngine("memory engine", () => {
  const disk = createMemoryEngineDisk();
  return subjectOf(
    async () => openMemoryEngine(disk, { clock }),
    () => undefined,
  );
});

describeEngine("memory engine with random latencies", () => {
  const disk = createMemoryEngineDisk();
  const random = createSeededRandom("latency");
  return subjectOf(
    async () => openMemoryEngine(disk, { clock, latencyMs: () => random.integer(2) }),
    () => undefined,
  );
});

describeEngine("RocksDB engine", () => {
  const path = mkdtempSync(join(tmpdir(), "azimuth-engine-"));
  const onFatal = (error: Error): never => {
    throw error;
  };
  return subjectOf(
    () => new Promise((resolve) => openRocksDbEngine({ path, clock, log: silentLogger, onFatal }, resolve)),
    () => rmSync(path, { recursive: true }),
  );
});

test("a RocksDB that cannot be opened is fatal, and no engine comes", async () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-engine-"));
  const path = join(directory, "a-file");
  writeFileSync(path, "not a directory");
  const error = await new Promise<Error>((resolve) => {
    const onFatal = resolve;
    openRocksDbEngine({ path, clock, log: silentLogger, onFatal }, () => assert.fail("an engine was opened"));
  });
  assert.ok(error instanceof Error);
  rmSync(directory, { recursive: true });
});

test("two RocksDB engines cannot share a directory, and the first goes on undisturbed", async () => {
  const path = mkdtempSync(join(tmpdir(), "azimuth-engine-"));
  const open = (onFatal: (error: Error) => void): Promise<Engine> =>
    new Promise((resolve) => openRocksDbEngine({ path, clock, log: silentLogger, onFatal }, resolve));
  const first = await open((error) => assert.fail(error));
  await write(first, put("before", "1"));
  const error = await new Promise<Error>((resolve) => void open(resolve));
  assert.match(String(error.message), /lock/i);
  await flush(first);
  await write(first, put("after", "1"));
  await close(first);
  const again = await open((failure) => assert.fail(failure));
  assert.deepEqual([await get(again, "before"), await get(again, "after")], ["1", "1"]);
  await close(again);
  rmSync(path, { recursive: true });
});

// RocksDB's own log is several files while a memtable is being flushed, and none is ever synced: after power loss the
// older may lack its end and the newer be whole. RocksDB takes that for a log without damage.
test("after a crash RocksDB has what was flushed, and nothing from its own log, which may have a hole", async () => {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-engine-"));
  const open = (name: string): Promise<Engine> => new Promise((resolve) => {
    const onFatal = (error: Error): never => assert.fail(error);
    openRocksDbEngine({ path: join(directory, name), clock, log: silentLogger, onFatal }, resolve);
  });
  const engine = await open("alive");
  await write(engine, put("flushed", "1"));
  await flush(engine);
  await write(engine, put("written", "1"));
  cpSync(join(directory, "alive"), join(directory, "crashed"), { recursive: true });
  await close(engine);
  assert.ok(readdirSync(join(directory, "crashed")).some((name) => name.endsWith(".log")));
  const crashed = await open("crashed");
  assert.deepEqual([await get(crashed, "flushed"), await get(crashed, "written")], ["1", undefined]);
  await close(crashed);
  rmSync(directory, { recursive: true });
});
