// The log store on a real directory: what the operating system and preallocation add to the simulated disk.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createLogStore } from "../src/create-log-store.ts";
import type { GroupWrite, LogStore } from "../src/log-store.ts";
import { createRealFiles } from "../src/real-files.ts";

function open(directory: string): LogStore {
  const onFatal = (error: Error): never => {
    throw error;
  };
  const files = createRealFiles({ directory, onFatal });
  return createLogStore({ files, log: silentLogger, onFatal, segmentBytes: 2_000_000 });
}

function append(store: LogStore, ...writes: readonly GroupWrite[]): Promise<void> {
  return new Promise((resolve) => store.append(writes, resolve));
}

function write(index: number, bytes: number): GroupWrite {
  return { group: 1, entries: [{ index, term: 1, kind: "normal", data: new Uint8Array(bytes).fill(index) }] };
}

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "azimuth-log-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("a log left without closing is recovered through its preallocated zeros, and goes on", () =>
  withDirectory(async (directory) => {
    let store = open(directory);
    await append(store, { group: 1, create: { replica: 1 } });
    for (let index = 1; index <= 10; index++) {
      await append(store, write(index, 300_000));
      if (index % 3 !== 0) continue;
      // The store before is abandoned, as by a killed process.
      store = open(directory);
      assert.deepEqual(store.corrupted, []);
      assert.equal(store.group(1)?.lastIndex(), index);
    }
    assert.equal(store.stats().segments, 2);
    const found = store.group(1)?.entries(1, 11, 1e9) ?? [];
    assert.deepEqual(found.map(({ data }) => [data.length, data[0]]), found.map(({ index }) => [300_000, index]));
  }));

test("a closed log leaves no preallocated bytes behind", () =>
  withDirectory(async (directory) => {
    const store = open(directory);
    await append(store, { group: 1, create: { replica: 1 } });
    await append(store, write(1, 1000));
    store.close();
    assert.equal(statSync(join(directory, "log-000000000001")).size, store.stats().bytes);
    assert.equal(open(directory).group(1)?.lastIndex(), 1);
  }));

test("a log cut short after a clean shutdown is damaged, not torn", () =>
  withDirectory(async (directory) => {
    const store = open(directory);
    await append(store, { group: 1, create: { replica: 1 } });
    await append(store, write(1, 1000));
    store.close();
    truncateSync(join(directory, "log-000000000001"), store.stats().bytes - 10);
    assert.deepEqual(open(directory).corrupted.map(({ group }) => group), [1]);
  }));
