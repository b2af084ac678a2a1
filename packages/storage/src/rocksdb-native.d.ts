// The part of rocksdb-native 3.18 that rocksdb-engine.ts uses. The package ships no types.
declare module "rocksdb-native" {
  export interface ReadBatch {
    get(key: Uint8Array): Promise<Uint8Array | null>;
    tryFlush(): void;
  }

  export interface WriteBatch {
    tryPut(key: Uint8Array, value: Uint8Array): void;
    tryDelete(key: Uint8Array): void;
    tryDeleteRange(start: Uint8Array, end: Uint8Array): void;
    flush(): Promise<void>;
  }

  /** A stream; the members here are its hooks, called directly to read exactly one chunk at a time. */
  export interface NativeIterator {
    _capacity: number;
    _resize(): void;
    _open(done: (error: Error | null) => void): void;
    _read(done: (error: Error | null) => void): void;
    _destroy(done: (error: Error | null) => void): void;
    push(pair: { readonly key: Uint8Array; readonly value: Uint8Array } | null): boolean;
  }

  export interface BatchOptions {
    readonly capacity: number;
    /** Frees the batch once it has run: a batch left alone would keep `close` waiting for ever. */
    readonly autoDestroy: true;
  }

  export interface RangeOptions {
    readonly gte: Uint8Array;
    readonly lt: Uint8Array;
    readonly reverse: boolean;
    readonly capacity: number;
  }

  export interface DatabaseOptions {
    readonly writeBufferSize: number;
    readonly maxWriteBufferNumber: number;
    readonly maxBackgroundJobs: number;
    readonly tableBlockSize: number;
    readonly filterPolicy: BloomFilterPolicy;
  }

  export class BloomFilterPolicy {
    constructor(bitsPerKey: number);
  }

  export default class RocksDB {
    constructor(path: string, options: DatabaseOptions);
    ready(): Promise<void>;
    close(): Promise<void>;
    snapshot(): RocksDB;
    read(options: BatchOptions): ReadBatch;
    write(options: BatchOptions): WriteBatch;
    iterator(options: RangeOptions): NativeIterator;
    flush(): Promise<void>;
    approximateSize(
      start: Uint8Array,
      end: Uint8Array,
      options: { readonly includeMemtables: boolean; readonly includeFiles: boolean },
    ): Promise<number>;
  }
}
