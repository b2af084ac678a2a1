// The files door on a disk in memory that crashes, tears, stalls, fills up, fails and rots.
//
// A SimulatedDisk outlives the processes that use it: `disk.open(onFatal)` is what one process sees, `crash` ends
// it. What was synced survives a crash whole. Of an append under way, each 512-byte sector is written, left as
// zeros or filled with garbage, and the file may end anywhere within it, or go on with preallocated zeros. When only
// the process ends, the next one finds it whole, as the system's cache has it, and a crash may still tear it.
// Creating, truncating, removing and atomic writing are durable when they return, as the door promises.
//
// Every operation is one or two numbered steps (an append has two: submitted and completed); `killAfter` stops the
// process at a given step, so that a test can crash at each of them in turn.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { AppendFile, Files } from "./files.ts";

const sectorBytes = 512;
const noSpace = "ENOSPC: no space left on the simulated disk";

/** Thrown into the running process when its time has come; nothing may catch it but the test or simulator. */
export class SimulatedKill extends Error {
  override readonly name = "SimulatedKill";
}

export interface SimulatedDiskOptions {
  readonly clock: Clock;
  /** Milliseconds a synced append takes; without it, until the end of the turn. */
  readonly latencyMs?: (bytes: number) => number;
}

export interface SimulatedDisk {
  /** The door for one process. Opening again orphans the door before. */
  open(onFatal: (error: Error) => void): Files;
  /** Ends the process; keeps what was synced and a random part of what was under way. */
  crash(random: Random): void;
  /** No append completes before this time of the clock. */
  stallUntil(timeMs: number): void;
  /** While full, appends and creations fail. */
  setFull(full: boolean): void;
  failNextSync(reason: string): void;
  /** Flips bits of one stored byte, as rot does. */
  flipByte(name: string, offset: number, mask?: number): void;
  /** The process dies once this many more steps were done; undefined takes it back. */
  killAfter(steps: number | undefined): void;
  readonly steps: number;
  /** Stored content by name, for tests. */
  content(name: string): Uint8Array | undefined;
  names(): readonly string[];
}

interface StoredFile {
  /** Grown by doubling; the first `size` bytes are the synced content. */
  buffer: Uint8Array;
  size: number;
  underWay: Uint8Array | undefined;
  /** The last append, if it failed: a process that ends leaves anything of it, one that goes on has lost it. */
  failed: Uint8Array | undefined;
  /** Where what a dead process left under way lies, as long as nobody wrote it again. */
  cached: { readonly from: number; readonly to: number } | undefined;
  readonly preallocated: boolean;
}

function storedFile(content: Uint8Array, preallocated: boolean): StoredFile {
  const nothing = { underWay: undefined, failed: undefined, cached: undefined };
  return { buffer: content, size: content.length, ...nothing, preallocated };
}

function extend(file: StoredFile, bytes: Uint8Array): void {
  if (file.size + bytes.length > file.buffer.length) {
    const grown = new Uint8Array(Math.max(2 * file.buffer.length, file.size + bytes.length, 4096));
    grown.set(file.buffer.subarray(0, file.size));
    file.buffer = grown;
  }
  file.buffer.set(bytes, file.size);
  file.size += bytes.length;
}

export function createSimulatedDisk(options: SimulatedDiskOptions): SimulatedDisk {
  return new Disk(options);
}

class Disk implements SimulatedDisk {
  readonly #options: SimulatedDiskOptions;
  readonly #files = new Map<string, StoredFile>();
  readonly #timers = new Set<Timer>();
  #session = 0;
  #stalledUntil = -Infinity;
  #full = false;
  #failure: string | undefined;
  #stepsLeft = Infinity;
  #steps = 0;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
  }

  get steps(): number {
    return this.#steps;
  }

  killAfter(steps: number | undefined): void {
    this.#stepsLeft = steps ?? Infinity;
  }

  stallUntil(timeMs: number): void {
    this.#stalledUntil = timeMs;
  }

  setFull(full: boolean): void {
    this.#full = full;
  }

  failNextSync(reason: string): void {
    this.#failure = reason;
  }

  flipByte(name: string, offset: number, mask = 0x10): void {
    const { buffer, size } = this.#get(name);
    assert(offset < size, `${name} has no byte ${offset}`);
    buffer[offset] = (buffer[offset] as number) ^ mask;
  }

  content(name: string): Uint8Array | undefined {
    const file = this.#files.get(name);
    return file?.buffer.slice(0, file.size);
  }

  names(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  crash(random: Random): void {
    this.#session++;
    this.#stepsLeft = Infinity;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const name of this.names()) {
      const file = this.#get(name);
      const left = file.underWay ?? file.failed;
      if (left !== undefined) extend(file, tear(left, random));
      file.underWay = undefined;
      file.failed = undefined;
      if (file.cached !== undefined) tearCached(file, file.cached, random);
      file.cached = undefined;
      if (file.preallocated && random.chance(0.5)) extend(file, new Uint8Array(random.integer(4 * sectorBytes)));
    }
  }

  open(onFatal: (error: Error) => void): Files {
    const session = ++this.#session;
    const step = (): void => this.#step(session);
    for (const file of this.#files.values()) keepInCache(file);
    return {
      list: () => this.names(),
      create: (name, preallocateBytes) => {
        step();
        assert(!this.#files.has(name), `${name} exists`);
        if (this.#full) this.#fatal(onFatal, noSpace);
        this.#files.set(name, storedFile(new Uint8Array(0), preallocateBytes > 0));
        return this.#openFile(name, session);
      },
      open: (name) => this.#openFile(name, session),
      truncate: (name, size) => {
        step();
        const file = this.#get(name);
        assert(file.underWay === undefined && size <= file.size, `${name} cannot be cut at ${size}`);
        file.size = size;
        if (file.cached !== undefined && size < file.cached.to) file.cached = undefined;
      },
      rewrite: (name, offset) => {
        step();
        const file = this.#get(name);
        assert(file.underWay === undefined && offset <= file.size, `${name} cannot be written again from ${offset}`);
        if (file.cached !== undefined && offset <= file.cached.from) file.cached = undefined;
      },
      remove: (name) => {
        step();
        this.#get(name);
        this.#files.delete(name);
      },
      writeAtomically: (name, content) => {
        step();
        this.#files.set(name, storedFile(content.slice(), false));
      },
      readWhole: (name) => this.content(name),
    };
  }

  #openFile(name: string, session: number): AppendFile {
    const file = this.#get(name);
    let closed = false;
    const complete = (done: (error: Error | undefined) => void, wasFull: boolean): void => {
      if (session !== this.#session) return;
      this.#step(session);
      const reason = wasFull ? noSpace : this.#failure;
      if (reason !== undefined) {
        this.#failure = undefined;
        file.failed = file.underWay;
        file.underWay = undefined;
        return done(new Error(reason));
      }
      extend(file, file.underWay as Uint8Array);
      file.underWay = undefined;
      if (!closed) done(undefined);
    };
    return {
      name,
      get size() {
        return file.size + (file.underWay?.length ?? 0);
      },
      appendSynced: (parts, done) => {
        this.#step(session);
        assert(!closed && file.underWay === undefined, `${name}: one append at a time, and none after close`);
        file.underWay = Buffer.concat(parts);
        file.failed = undefined;
        const isFull = this.#full;
        this.#later(file.underWay.length, () => complete(done, isFull));
      },
      read(offset, length) {
        assert(!closed, `${name} is closed`);
        return file.buffer.slice(offset, Math.min(file.size, offset + length));
      },
      close() {
        closed = true;
      },
    };
  }

  #later(bytes: number, callback: () => void): void {
    const { clock, latencyMs } = this.#options;
    const delay = Math.max(latencyMs?.(bytes) ?? 0, this.#stalledUntil - clock.now());
    if (delay <= 0) return clock.defer(callback);
    const timer = clock.after(delay, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
    return undefined;
  }

  #step(session: number): void {
    if (session !== this.#session) throw new SimulatedKill("the process that used this disk is dead");
    if (this.#stepsLeft <= 0) throw new SimulatedKill(`killed at step ${this.#steps} of the disk`);
    this.#stepsLeft--;
    this.#steps++;
  }

  #fatal(onFatal: (error: Error) => void, reason: string): never {
    const error = new Error(reason);
    onFatal(error);
    throw error;
  }

  #get(name: string): StoredFile {
    const file = this.#files.get(name);
    assert(file !== undefined, `there is no file ${name}`);
    return file;
  }
}

function keepInCache(file: StoredFile): void {
  const left = file.underWay ?? file.failed;
  if (left === undefined) return;
  file.cached = { from: file.size, to: file.size + left.length };
  extend(file, left);
  file.underWay = undefined;
  file.failed = undefined;
}

/** What follows was synced by itself and stays where it is. */
function tearCached(file: StoredFile, { from, to }: { from: number; to: number }, random: Random): void {
  const torn = tear(file.buffer.slice(from, to), random);
  file.buffer.fill(0, from, to);
  file.buffer.set(torn, from);
  if (file.size === to) file.size = from + torn.length;
}

/** What a crash leaves of an append: all, nothing, or a mixture of sectors, cut anywhere. */
function tear(underWay: Uint8Array, random: Random): Uint8Array {
  const fate = random.integer(4);
  if (fate === 0) return underWay;
  if (fate === 1) return new Uint8Array(0);
  const result = underWay.slice(0, random.integer(underWay.length + 1));
  if (fate === 2) return result;
  for (let from = 0; from < result.length; from += sectorBytes) {
    const sector = result.subarray(from, from + sectorBytes);
    const sectorFate = random.integer(3);
    if (sectorFate === 1) sector.fill(0);
    else if (sectorFate === 2) sector.set(random.bytes(sector.length));
  }
  return result;
}
