// Runs the conformance suite over both engines, and tests how RocksDB fails.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
import { close } from "./engine-helpers.ts";

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

test("two RocksDB engines cannot share a directory", async () => {
  const path = mkdtempSync(join(tmpdir(), "azimuth-engine-"));
  const open = (onFatal: (error: Error) => void): Promise<Engine> =>
    new Promise((resolve) => openRocksDbEngine({ path, clock, log: silentLogger, onFatal }, resolve));
  const first = await open((error) => assert.fail(error));
  const error = await new Promise<Error>((resolve) => void open(resolve));
  assert.match(String(error.message), /lock/i);
  await close(first);
  rmSync(path, { recursive: true });
});
