// What only the memory engine has: a disk that outlives it and crashes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Engine } from "../src/engine.ts";
import { createMemoryEngine, createMemoryEngineDisk, openMemoryEngine } from "../src/memory-engine.ts";
import { getFromImage, openCursor, SortedMap } from "../src/sorted-map.ts";
import { put } from "./engine-helpers.ts";
import { createManualClock } from "./manual-clock.ts";

const unexpected = (): never => assert.fail("a callback of a dead engine ran");

/** Keys and values of the whole engine. */
function contentOf(engine: Engine, clock: { runAll(): void }): readonly string[] {
  let found: readonly string[] = [];
  const iterator = engine.iterate({ start: utf8(""), end: utf8("\uffff") });
  iterator.next(Infinity, (pairs) => {
    found = pairs.map(({ key, value }) => `${Buffer.from(key)}=${Buffer.from(value)}`);
  });
  clock.runAll();
  iterator.close();
  return found;
}

test("a crash keeps what was flushed and a prefix of the batches after it", () => {
  const keptAfterFlush = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    const clock = createManualClock();
    const disk = createMemoryEngineDisk();
    const engine = openMemoryEngine(disk, { clock });
    let flushed = -1;
    for (let i = 0; i < 10; i++) {
      engine.write([put(`a${i}`, "1"), put(`b${i}`, "1")], () => undefined);
      if (i === 4) engine.flush(() => (flushed = 4));
      if (i % 2 === 0) clock.runAll();
    }
    clock.runAll();
    assert.equal(flushed, 4);
    disk.crash(createSeededRandom(seed));
    const content = contentOf(openMemoryEngine(disk, { clock }), clock);
    const kept = content.length / 2;
    assert.ok(kept >= 3, `batches 0 to 2 had completed before the flush, and ${kept} were kept`);
    const whole = Array.from({ length: kept }, (_, i) => i).flatMap((i) => [`a${i}=1`, `b${i}=1`]);
    assert.deepEqual(content, whole.toSorted());
    keptAfterFlush.add(kept);
  }
  assert.deepEqual([...keptAfterFlush].toSorted((left, right) => left - right), [3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a flush under way at the crash promises nothing, and no callback of the dead engine runs", () => {
  const clock = createManualClock();
  const disk = createMemoryEngineDisk();
  const engine = openMemoryEngine(disk, { clock, latencyMs: () => 5 });
  engine.write([put("a", "1")], unexpected);
  engine.flush(unexpected);
  engine.get([utf8("a")], unexpected);
  disk.crash(createSeededRandom(1));
  clock.runAll();
  assert.deepEqual(contentOf(openMemoryEngine(disk, { clock }), clock), []);
});

test("one disk holds one open engine at a time", () => {
  const clock = createManualClock();
  const disk = createMemoryEngineDisk();
  const engine = openMemoryEngine(disk, { clock });
  assert.throws(() => openMemoryEngine(disk, { clock }), /already open/);
  engine.close(() => undefined);
  openMemoryEngine(disk, { clock });
});

test("a failing write is fatal and does not happen", () => {
  const clock = createManualClock();
  const disk = createMemoryEngineDisk();
  const errors: string[] = [];
  const engine = openMemoryEngine(disk, { clock, onFatal: (error) => errors.push(error.message) });
  disk.failNextWrite("EIO");
  engine.write([put("a", "1")], unexpected);
  engine.write([put("b", "1")], unexpected);
  clock.runAll();
  assert.deepEqual(errors, ["EIO"]);
});

test("a full disk takes no write and no flush, before a crash nor after, until there is room", () => {
  const clock = createManualClock();
  const disk = createMemoryEngineDisk();
  const errors: string[] = [];
  const open = () => openMemoryEngine(disk, { clock, onFatal: (error) => errors.push(error.message) });
  disk.setFull(true);
  open().write([put("a", "1")], unexpected);
  clock.runAll();
  disk.crash(createSeededRandom(1));
  open().flush(unexpected);
  clock.runAll();
  assert.deepEqual(errors.map((error) => error.slice(0, 6)), ["ENOSPC", "ENOSPC"]);
  disk.crash(createSeededRandom(2));
  disk.setFull(false);
  let written = 0;
  open().write([put("a", "1")], () => written++);
  clock.runAll();
  assert.equal(written, 1);
});

test("unflushed batches are bounded: the oldest become durable by themselves", () => {
  const clock = createManualClock();
  const disk = createMemoryEngineDisk();
  const engine = openMemoryEngine(disk, { clock });
  for (let i = 0; i < 10_001; i++) engine.write([put(String(i).padStart(5, "0"), "1")], () => undefined);
  clock.runAll();
  assert.equal(disk.unflushedBatches, 5_001);
  disk.crash(createSeededRandom(3));
  assert.ok(contentOf(openMemoryEngine(disk, { clock }), clock).length >= 5_000);
});

test("a hundred thousand keys in random order stay sorted, and old snapshots stay as they were", () => {
  const random = createSeededRandom("many keys");
  const map = new SortedMap();
  const names = random.shuffle(Array.from({ length: 100_000 }, (_, i) => String(i).padStart(6, "0")));
  for (const name of names.slice(0, 50_000)) map.apply([put(name, "old")]);
  const image = map.snapshot();
  for (const name of names.slice(50_000)) map.apply([put(name, "new")]);
  map.apply([{ kind: "delete-range", start: utf8("010000"), end: utf8("090000") }]);
  map.checkInvariants();
  const count = (of: Parameters<typeof openCursor>[0]): number => {
    const next = openCursor(of, utf8(""), utf8("a"), false);
    let pairs = 0;
    while (next() !== undefined) pairs++;
    return pairs;
  };
  assert.deepEqual([count(image), count(map.peek())], [50_000, 20_000]);
  assert.equal(Buffer.from(getFromImage(image, utf8(names[0] as string)) as Uint8Array).toString(), "old");
});

test("an engine of its own needs nothing but a clock", () => {
  const clock = createManualClock();
  const engine = createMemoryEngine({ clock });
  engine.write([put("a", "1")], () => undefined);
  clock.runAll();
  assert.deepEqual(contentOf(engine, clock), ["a=1"]);
});
