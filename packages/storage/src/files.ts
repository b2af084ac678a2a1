// The files door: the few file operations the log store needs, so that the simulator can put a disk under it
// that loses what was not synced, tears writes, stalls, fills up and fails. Names are plain names within one
// directory. Every failure is fatal; nobody retries an fsync. What fails at once is reported through `onFatal` (given
// at creation) and thrown; an append tells its callback, and who called has to end the process.

export interface AppendFile {
  readonly name: string;
  /** Bytes appended so far, durable or not. */
  readonly size: number;
  /**
   * Appends; `done` runs without an error once these bytes and all before them are durable. With one, nobody knows what
   * is on the disk: nothing may be appended any more. One call at a time.
   */
  appendSynced(parts: readonly Uint8Array[], done: (error: Error | undefined) => void): void;
  /** Durable bytes at [offset, offset + length), synchronously; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  close(): void;
}

export interface Files {
  /** Names of the files there are, sorted. */
  list(): readonly string[];
  /** Creates a file and makes its name durable. It must not exist. `preallocateBytes` is a hint. */
  create(name: string, preallocateBytes: number): AppendFile;
  /** Opens an existing file; `size` is its length. Appends go to the end. */
  open(name: string): AppendFile;
  /** Cuts a file that is not open and makes that durable. */
  truncate(name: string, size: number): void;
  /**
   * Writes what a file that is not open holds from `offset` on once more, and makes that durable. After a failed sync
   * a new process may be shown what never reached the disk, and another sync would have nothing to write.
   */
  rewrite(name: string, offset: number): void;
  remove(name: string): void;
  /** Replaces a small file atomically and durably. */
  writeAtomically(name: string, content: Uint8Array): void;
  /** Content of a small file; undefined when it does not exist. */
  readWhole(name: string): Uint8Array | undefined;
}
