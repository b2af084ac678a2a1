// Reads from RocksDB or from one of its snapshots: gets gathered per turn, iterators read in chunks.
//
// An iterator pins a snapshot at its creation, because the native iterator is opened later, on another thread,
// and would see writes made since. The binding reads a given number of pairs, not of bytes, so each
// chunk asks for as many as should fit judging by the average of those before; what comes too much is kept for
// the next call.
import { assert } from "@azimuth/foundation/assert.ts";
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type RocksDB from "rocksdb-native";
import type { EngineIterator, EngineReader, IterateOptions, KeyValue } from "./engine.ts";

const keysPerReadMax = 1024;
const firstChunkPairs = 32;
const chunkPairsMax = 512;

/** Bookkeeping of the native calls of one engine, shared by its readers and writer. */
export interface NativeCalls {
  begin(): void;
  end(): void;
  fail(error: Error): void;
  hasFailed(): boolean;
  /** Runs `done` with the result unless something failed before; a rejection is fatal. */
  run<T>(promise: Promise<T>, done: (value: T) => void): void;
  /** Runs `done` once no call is under way. */
  whenIdle(done: () => void): void;
  readonly openIterators: Set<() => void>;
  closeIterators(): void;
}

export interface RocksDbReader extends EngineReader {
  /** Runs `done` once the gets asked for so far were handed to RocksDB. */
  whenSubmitted(done: () => void): void;
}

interface QueuedGet {
  readonly keys: readonly Uint8Array[];
  readonly done: (values: readonly (Uint8Array | undefined)[]) => void;
}

export function createRocksDbReader(database: RocksDB, clock: Clock, calls: NativeCalls): RocksDbReader {
  let queue: QueuedGet[] = [];
  let submittedWaiter: (() => void) | undefined;

  const submit = (): void => {
    const gets = queue;
    queue = [];
    for (let from = 0; from < gets.length; ) {
      let to = from;
      for (let keys = 0; to < gets.length && (to === from || keys < keysPerReadMax); to++) {
        keys += (gets[to] as QueuedGet).keys.length;
      }
      readBatch(database, calls, gets.slice(from, to));
      from = to;
    }
    submittedWaiter?.();
    calls.end();
  };

  return {
    get(keys, done) {
      if (queue.length === 0) {
        calls.begin();
        clock.defer(submit);
      }
      queue.push({ keys, done });
    },
    iterate: (options) => createIterator(database, clock, calls, options),
    whenSubmitted(done) {
      if (queue.length === 0) done();
      else submittedWaiter = done;
    },
  };
}

function readBatch(database: RocksDB, calls: NativeCalls, gets: readonly QueuedGet[]): void {
  let count = 0;
  for (const get of gets) count += get.keys.length;
  const batch = database.read({ capacity: Math.max(count, 1), autoDestroy: true });
  const promises: Promise<Uint8Array | null>[] = [];
  for (const get of gets) for (const key of get.keys) promises.push(batch.get(key));
  batch.tryFlush();
  calls.run(Promise.all(promises), (found) => {
    let at = 0;
    for (const get of gets) {
      const values: (Uint8Array | undefined)[] = [];
      for (let i = 0; i < get.keys.length; i++) values.push(found[at++] ?? undefined);
      get.done(values);
    }
  });
}

function createIterator(
  database: RocksDB,
  clock: Clock,
  calls: NativeCalls,
  { start, end, reverse = false }: IterateOptions,
): EngineIterator {
  if (compareBytes(start, end) >= 0) return emptyIterator(clock, calls);
  const pinned = database.snapshot();
  const native = pinned.iterator({ gte: start, lt: end, reverse, capacity: firstChunkPairs });
  // The native iterator holds its own reference to the snapshot.
  void pinned.close();

  let pairs: KeyValue[] = [];
  let capacity = firstChunkPairs;
  let opened = false;
  let exhausted = false;
  let busy = false;
  let closed = false;
  let pairsSeen = 0;
  let bytesSeen = 0;

  native.push = (pair) => {
    if (pair === null) exhausted = true;
    else {
      pairs.push(pair);
      pairsSeen++;
      bytesSeen += pair.key.length + pair.value.length;
    }
    return true;
  };

  const guarded = (next: () => void) => (error: Error | null): void => {
    if (error) calls.fail(error);
    if (!calls.hasFailed()) next();
  };

  const read = (bytesMax: number, done: (pairs: readonly KeyValue[]) => void): void => {
    const finish = (): void => {
      busy = false;
      if (closed) destroy();
      else done(takeUpTo(bytesMax));
      calls.end();
    };
    if (closed || exhausted || pairs.length > 0) return finish();
    if (!opened) {
      return native._open(
        guarded(() => {
          opened = true;
          read(bytesMax, done);
        }),
      );
    }
    setCapacity(bytesMax);
    return native._read(guarded(finish));
  };

  const setCapacity = (bytesMax: number): void => {
    const average = pairsSeen === 0 ? bytesMax / firstChunkPairs : bytesSeen / pairsSeen;
    const wanted = Math.min(chunkPairsMax, Math.max(1, Math.ceil(bytesMax / Math.max(average, 1))));
    if (wanted === capacity) return;
    capacity = wanted;
    native._capacity = wanted;
    native._resize();
  };

  const takeUpTo = (bytesMax: number): readonly KeyValue[] => {
    let count = 0;
    for (let bytes = 0; count < pairs.length && (count === 0 || bytes < bytesMax); count++) {
      const pair = pairs[count] as KeyValue;
      bytes += pair.key.length + pair.value.length;
    }
    const taken = count === pairs.length ? pairs : pairs.slice(0, count);
    pairs = pairs.slice(count);
    return taken;
  };

  const destroy = (): void => {
    calls.begin();
    native._destroy(guarded(() => calls.end()));
  };

  const close = (): void => {
    if (closed) return;
    closed = true;
    calls.openIterators.delete(close);
    if (!busy) destroy();
  };
  calls.openIterators.add(close);

  return {
    next(bytesMax, done) {
      assert(!closed && !busy, "next was called on a closed iterator or before the last chunk had come");
      busy = true;
      calls.begin();
      if (exhausted || pairs.length > 0) clock.defer(() => read(bytesMax, done));
      else read(bytesMax, done);
    },
    close,
  };
}

function emptyIterator(clock: Clock, calls: NativeCalls): EngineIterator {
  let closed = false;
  return {
    next(_bytesMax, done) {
      calls.begin();
      clock.defer(() => {
        if (!closed) done([]);
        calls.end();
      });
    },
    close() {
      closed = true;
    },
  };
}
