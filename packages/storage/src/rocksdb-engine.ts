// The real storage engine: RocksDB through rocksdb-native (docs/decisions/0001-storage-binding.md).
//
// A native call costs tens of microseconds whatever it carries, so calls are gathered: all `get`s of one turn
// of the event loop become one native read batch, all `write`s that wait become one native write batch.
// Native work runs on a pool of threads in any order; writes must not overtake each other, so one native
// write is under way at a time and the next batch gathers behind it.
//
// Nothing is synced but by `flush`. Memtables become durable in their order, so what was flushed is a prefix of the
// batches, and the replicated log repeats the rest. RocksDB's own log, which the binding cannot turn off, is no part
// of that: it spans several files, none of them synced, and power loss may take the end of an older one and leave a
// newer one whole. RocksDB would replay what is left, a state with a hole, so that log is removed before.
// Any error goes to `onFatal`, once, and no callback runs after.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import RocksDB, { BloomFilterPolicy } from "rocksdb-native";
import { silentIterator, type Engine, type WriteOperation } from "./engine.ts";
import { createRocksDbReader, type NativeCalls } from "./rocksdb-reader.ts";

const writeBufferBytes = 32 * 1024 * 1024;
const writeBuffersMax = 3;
const tableBlockBytes = 8192;
const bloomBitsPerKey = 10;
const backgroundJobsMax = 2;
const ownLogPattern = /^[0-9]+\.log$/;
/** Operations in one native write batch; what exceeds it waits for the next. */
const operationsPerWriteMax = 4096;

export interface RocksDbEngineOptions {
  /** Directory of the database; created when it does not exist. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
}

export function openRocksDbEngine(options: RocksDbEngineOptions, done: (engine: Engine) => void): void {
  try {
    removeOwnLog(options.path);
  } catch (error) {
    return options.onFatal(asError(error));
  }
  const database = new RocksDB(options.path, {
    writeBufferSize: writeBufferBytes,
    maxWriteBufferNumber: writeBuffersMax,
    maxBackgroundJobs: backgroundJobsMax,
    tableBlockSize: tableBlockBytes,
    filterPolicy: new BloomFilterPolicy(bloomBitsPerKey),
  });
  const opened = (): void => {
    options.log.debug("opened RocksDB", { path: options.path });
    done(createEngine(database, options));
  };
  return void database.ready().then(opened, (error: unknown) => options.onFatal(asError(error)));
}

/** Should another process have the directory open, it loses only what it does not rely on either. */
function removeOwnLog(path: string): void {
  mkdirSync(path, { recursive: true });
  for (const name of readdirSync(path)) if (ownLogPattern.test(name)) rmSync(join(path, name), { force: true });
}

interface QueuedWrite {
  readonly operations: readonly WriteOperation[];
  readonly done: () => void;
}

function createEngine(database: RocksDB, { clock, onFatal }: RocksDbEngineOptions): Engine {
  const calls = createNativeCalls(onFatal);
  const reader = createRocksDbReader(database, clock, calls);
  const writer = createWriter(database, calls);
  const flush = createFlusher(database, calls);
  let closing = false;
  let closed = false;
  let closeWaiters: (() => void)[] = [];

  const finishClose = (): void => {
    closed = true;
    const waiters = closeWaiters;
    closeWaiters = [];
    for (const waiter of waiters) waiter();
  };
  const closeNative = (): void => {
    // With nothing left to repeat, the next start is quick.
    const flushed = database.flush().then(() => database.close());
    flushed.then(finishClose, (error: unknown) => calls.fail(asError(error)));
  };

  return {
    get(keys, done) {
      if (!closing) reader.get(keys, done);
    },
    iterate(options) {
      return closing ? silentIterator : reader.iterate(options);
    },
    write(operations, done) {
      if (!closing) writer({ operations, done });
    },
    snapshot() {
      assert(!closing, "the engine is closed");
      const session = database.snapshot();
      const snapshotReader = createRocksDbReader(session, clock, calls);
      let snapshotClosed = false;
      return {
        get(keys, done) {
          assert(!snapshotClosed, "the snapshot is closed");
          snapshotReader.get(keys, done);
        },
        iterate(options) {
          assert(!snapshotClosed, "the snapshot is closed");
          return snapshotReader.iterate(options);
        },
        close() {
          if (snapshotClosed) return;
          snapshotClosed = true;
          snapshotReader.whenSubmitted(() => void session.close());
        },
      };
    },
    flush(done) {
      if (!closing) flush(done);
    },
    approximateBytes(start, end, done) {
      if (closing) return;
      const sizes = { includeMemtables: true, includeFiles: true };
      calls.run(database.approximateSize(start, end, sizes), done);
    },
    close(done) {
      if (closed) return clock.defer(done);
      closeWaiters.push(done);
      if (closing) return undefined;
      closing = true;
      calls.closeIterators();
      return calls.whenIdle(closeNative);
    },
  };
}

/** Counts the native calls under way and stops every callback after the first error. */
function createNativeCalls(onFatal: (error: Error) => void): NativeCalls {
  let underWay = 0;
  let failed = false;
  let idleWaiter: (() => void) | undefined;
  const openIterators = new Set<() => void>();
  const calls: NativeCalls = {
    begin() {
      underWay++;
    },
    end() {
      underWay--;
      if (underWay === 0 && !failed) idleWaiter?.();
    },
    fail(error) {
      if (failed) return;
      failed = true;
      onFatal(error);
    },
    hasFailed: () => failed,
    run(promise, done) {
      calls.begin();
      const succeeded = (value: never): void => {
        if (failed) return;
        done(value);
        calls.end();
      };
      promise.then(succeeded as (value: unknown) => void, (error: unknown) => calls.fail(asError(error)));
    },
    whenIdle(done) {
      idleWaiter = done;
      if (underWay === 0 && !failed) done();
    },
    openIterators,
    closeIterators() {
      for (const close of [...openIterators]) close();
    },
  };
  return calls;
}

/** What is written while a batch is under way forms the next one; the first starts at once. */
function createWriter(database: RocksDB, calls: NativeCalls): (write: QueuedWrite) => void {
  let queue: QueuedWrite[] = [];
  let underWay = false;

  const submit = (): void => {
    underWay = true;
    const writes = takeWrites();
    let count = 0;
    for (const write of writes) count += write.operations.length;
    const batch = database.write({ capacity: Math.max(count, 1), autoDestroy: true });
    for (const write of writes) addOperations(batch, write.operations);
    calls.run(batch.flush(), () => finish(writes));
  };

  const takeWrites = (): QueuedWrite[] => {
    let taken = 0;
    for (let operations = 0; taken < queue.length && (taken === 0 || operations < operationsPerWriteMax); taken++) {
      operations += (queue[taken] as QueuedWrite).operations.length;
    }
    const writes = queue.slice(0, taken);
    queue = queue.slice(taken);
    return writes;
  };

  const finish = (writes: readonly QueuedWrite[]): void => {
    underWay = false;
    if (queue.length > 0) submit();
    for (const write of writes) write.done();
  };

  return (write) => {
    queue.push(write);
    if (!underWay) submit();
  };
}

function addOperations(batch: ReturnType<RocksDB["write"]>, operations: readonly WriteOperation[]): void {
  for (const operation of operations) {
    if (operation.kind === "put") batch.tryPut(operation.key, operation.value);
    else if (operation.kind === "delete") batch.tryDelete(operation.key);
    else if (Buffer.compare(operation.start, operation.end) < 0) {
      batch.tryDeleteRange(operation.start, operation.end);
    }
  }
}

/** One native flush at a time; calls that come while it runs share the next one. */
function createFlusher(database: RocksDB, calls: NativeCalls): (done: () => void) => void {
  let running = false;
  let waiting: (() => void)[] = [];
  const start = (): void => {
    running = true;
    const served = waiting;
    waiting = [];
    calls.run(database.flush(), () => {
      running = false;
      if (waiting.length > 0) start();
      for (const done of served) done();
    });
  };
  return (done) => {
    waiting.push(done);
    if (!running) start();
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
