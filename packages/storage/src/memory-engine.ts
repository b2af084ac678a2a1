// The simulated storage engine: an ordered map in memory that keeps the engine's contract, crashes included.
//
// What survives a crash is kept apart from the handle: a MemoryEngineDisk holds the flushed image and the ordered
// batches written since. `disk.crash(random)` keeps the image and often nothing else, sometimes a random prefix of
// those batches, since RocksDB also flushes by itself, and orphans the handle opened on it: none of its callbacks runs
// again.
// Nothing completes within the call that asked for it: completions go through the clock, each after its latency,
// writes in the order of the calls.
//
// Invariant: the disk's image with all its unflushed batches applied equals the live map.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import {
  silentIterator, type Engine, type EngineIterator, type EngineReader, type IterateOptions, type KeyValue,
  type WriteOperation,
} from "./engine.ts";
import { bytesInRange, emptyImage, getFromImage, openCursor, SortedMap, type SortedImage } from "./sorted-map.ts";

/** Beyond this many unflushed batches the oldest become durable by themselves, as a full memtable does. */
const unflushedBatchesMax = 10_000;

export type MemoryEngineWork = "read" | "write" | "flush";

export interface MemoryEngineOptions {
  readonly clock: Clock;
  /** Milliseconds until a piece of work completes; without it, the end of the turn. */
  readonly latencyMs?: (work: MemoryEngineWork) => number;
  /** Receives the error of `disk.failNextWrite`. */
  readonly onFatal?: (error: Error) => void;
}

export interface MemoryEngineDisk {
  /** Ends the handle open on this disk; keeps what was flushed, and of what was not nothing or a random prefix. */
  crash(random: Random): void;
  /** The next write or flush is reported through `onFatal` and does not happen. */
  failNextWrite(reason: string): void;
  /** While full, every write and flush is reported through `onFatal` and does not happen. */
  setFull(full: boolean): void;
  /** Batches written and not yet durable. */
  readonly unflushedBatches: number;
}

export function createMemoryEngineDisk(): MemoryEngineDisk {
  return new Disk();
}

export function openMemoryEngine(disk: MemoryEngineDisk, options: MemoryEngineOptions): Engine {
  assert(disk instanceof Disk, "the disk is not a memory engine's");
  return createEngine(disk, options);
}

/** An engine on a disk of its own, for tests that do not crash. */
export function createMemoryEngine(options: MemoryEngineOptions): Engine {
  return openMemoryEngine(createMemoryEngineDisk(), options);
}

class Disk implements MemoryEngineDisk {
  #durable = new SortedMap();
  #unflushed: (readonly WriteOperation[])[] = [];
  /** Number of the first batch in `#unflushed`, counted since the disk was made. */
  #firstUnflushed = 0;
  #failure: string | undefined;
  #full = false;
  /** Increases when a handle is orphaned. */
  session = 0;
  isOpen = false;

  get unflushedBatches(): number {
    return this.#unflushed.length;
  }

  crash(random: Random): void {
    const unflushed = this.#unflushed.length;
    const kept = Math.max(0, random.integer(2 * unflushed + 1) - unflushed);
    for (const batch of this.#unflushed.slice(0, kept)) this.#durable.apply(batch);
    this.#firstUnflushed += this.#unflushed.length;
    this.#unflushed = [];
    this.#failure = undefined;
    this.session++;
    this.isOpen = false;
  }

  failNextWrite(reason: string): void {
    this.#failure = reason;
  }

  setFull(full: boolean): void {
    this.#full = full;
  }

  takeFailure(): string | undefined {
    if (this.#full) return "ENOSPC: no space left on the simulated disk";
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** The state a new handle sees: a clean shutdown loses nothing. */
  open(): SortedMap {
    assert(!this.isOpen, "a memory engine is already open on this disk");
    this.isOpen = true;
    for (const batch of this.#unflushed) this.#durable.apply(batch);
    this.#firstUnflushed += this.#unflushed.length;
    this.#unflushed = [];
    return new SortedMap(this.#durable.snapshot());
  }

  record(batch: readonly WriteOperation[]): void {
    this.#unflushed.push(batch);
    if (this.#unflushed.length <= unflushedBatchesMax) return;
    const oldest = this.#unflushed.splice(0, unflushedBatchesMax / 2);
    for (const old of oldest) this.#durable.apply(old);
    this.#firstUnflushed += oldest.length;
  }

  /** How many batches were ever recorded: the position a flush reaches. */
  get position(): number {
    return this.#firstUnflushed + this.#unflushed.length;
  }

  flushedTo(position: number): void {
    const flushed = this.#unflushed.splice(0, Math.max(0, position - this.#firstUnflushed));
    for (const batch of flushed) this.#durable.apply(batch);
    this.#firstUnflushed += flushed.length;
  }
}

function createEngine(disk: Disk, { clock, latencyMs, onFatal }: MemoryEngineOptions): Engine {
  const live = disk.open();
  const session = disk.session;
  const writesInOrder: (() => void)[] = [];
  let closed = false;
  let failed = false;
  let pending = 0;
  let closeWaiters: (() => void)[] = [];

  const schedule = (work: MemoryEngineWork, complete: () => void): void => {
    pending++;
    const run = (): void => {
      if (session !== disk.session || failed) return;
      pending--;
      complete();
      finishClose();
    };
    const delay = latencyMs?.(work) ?? 0;
    if (delay > 0) clock.after(delay, run);
    else clock.defer(run);
  };

  const fails = (): boolean => {
    const reason = disk.takeFailure();
    if (reason === undefined) return false;
    failed = true;
    onFatal?.(new Error(reason));
    return true;
  };

  const finishClose = (): void => {
    if (!closed || pending > 0) return;
    disk.isOpen = false;
    const waiters = closeWaiters;
    closeWaiters = [];
    for (const waiter of waiters) clock.defer(waiter);
  };

  return {
    ...readerOf(() => live.peek(), () => live.snapshot(), schedule, () => closed),
    write(operations, done) {
      if (closed) return;
      writesInOrder.push(() => {
        if (fails()) return;
        live.apply(operations);
        disk.record(operations);
        done();
      });
      // Whichever delay ends first completes the oldest write, so that latencies cannot reorder them.
      schedule("write", () => writesInOrder.shift()?.());
    },
    snapshot() {
      assert(!closed, "the engine is closed");
      const image = live.snapshot();
      let snapshotClosed = false;
      const isClosed = (): boolean => {
        assert(!snapshotClosed, "the snapshot is closed");
        return closed;
      };
      return {
        ...readerOf(() => image, () => image, schedule, isClosed),
        close() {
          snapshotClosed = true;
        },
      };
    },
    flush(done) {
      if (closed) return;
      const position = disk.position;
      schedule("flush", () => {
        if (fails()) return;
        disk.flushedTo(position);
        done();
      });
    },
    approximateBytes(start, end, done) {
      if (!closed) schedule("read", () => done(bytesInRange(live.peek(), start, end)));
    },
    close(done) {
      closed = true;
      closeWaiters.push(done);
      finishClose();
    },
  };
}

function readerOf(
  current: () => SortedImage,
  freeze: () => SortedImage,
  schedule: (work: MemoryEngineWork, complete: () => void) => void,
  isClosed: () => boolean,
): EngineReader {
  return {
    get(keys, done) {
      if (isClosed()) return;
      schedule("read", () => {
        const image = current();
        done(keys.map((key) => getFromImage(image, key)));
      });
    },
    iterate(options) {
      if (isClosed()) return silentIterator;
      return iteratorOver(freeze(), options, schedule);
    },
  };
}

function iteratorOver(
  image: SortedImage,
  { start, end, reverse = false }: IterateOptions,
  schedule: (work: MemoryEngineWork, complete: () => void) => void,
): EngineIterator {
  let next = openCursor(image, start, end, reverse);
  let closed = false;
  let busy = false;
  return {
    next(bytesMax, done) {
      assert(!closed && !busy, "next was called on a closed iterator or before the last chunk had come");
      busy = true;
      schedule("read", () => {
        busy = false;
        if (closed) return;
        const pairs: KeyValue[] = [];
        for (let bytes = 0; pairs.length === 0 || bytes < bytesMax; ) {
          const pair = next();
          if (pair === undefined) break;
          pairs.push(pair);
          bytes += pair.key.length + pair.value.length;
        }
        done(pairs);
      });
    },
    close() {
      assert(!closed, "an iterator was closed twice");
      closed = true;
      next = openCursor(emptyImage, start, end, reverse);
    },
  };
}
