// The storage engine door: an ordered map of byte strings with atomic batches, as RocksDB is. No write is
// synced: the replicated log is the truth (ARCHITECTURE, "On disk"). `flush` makes everything written before it
// durable, as `close` does, and only below that point may the log be truncated.
//
// Invariants every implementation keeps (test/engine-conformance.ts):
// - a batch becomes visible whole, before its callback runs, and never in part;
// - batches are applied in the order of the calls;
// - after a crash, even of the process alone, the engine holds a prefix of the batches: all those before the last
//   completed flush, and perhaps some after it, with none missing in between;
// - an iterator or snapshot sees the state at its creation.
// What is asked of it after `close` is never answered: whoever asks goes on with what an ending process had begun.
// An error from the engine is not handled by anybody: the implementation reports it through `onFatal` and the
// process ends.

export type WriteOperation =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: Uint8Array }
  /** Deletes every key in [start, end). */
  | { readonly kind: "delete-range"; readonly start: Uint8Array; readonly end: Uint8Array };

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface IterateOptions {
  /** The range is [start, end). */
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly reverse?: boolean;
}

/** Pulls a range in chunks. Call `next` again only after its callback; call `close` exactly once. */
export interface EngineIterator {
  /** At least one pair (unless the range is exhausted) and no more than about `bytesMax` bytes; empty at the end. */
  next(bytesMax: number, done: (pairs: readonly KeyValue[]) => void): void;
  close(): void;
}

export interface EngineReader {
  /** Values in the order of `keys`; undefined where there is none. Reads of one turn share one native call. */
  get(keys: readonly Uint8Array[], done: (values: readonly (Uint8Array | undefined)[]) => void): void;
  iterate(options: IterateOptions): EngineIterator;
}

export interface EngineSnapshot extends EngineReader {
  close(): void;
}

export interface Engine extends EngineReader {
  write(operations: readonly WriteOperation[], done: () => void): void;
  snapshot(): EngineSnapshot;
  /** `done` runs once every batch whose callback had run before this call is durable. */
  flush(done: () => void): void;
  /** Estimated bytes on disk and in memory of keys in [start, end). */
  approximateBytes(start: Uint8Array, end: Uint8Array, done: (bytes: number) => void): void;
  close(done: () => void): void;
}

/** Of an engine that was closed. */
export const silentIterator: EngineIterator = { next() {}, close() {} };
