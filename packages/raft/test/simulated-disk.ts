// The durable half of a simulated replica: the log (a LogView), the hard state, and the flushed engine state.
//
// Writes queue in order and become visible and durable one sync at a time. A crash keeps a prefix of the
// writes not yet synced and loses the rest; a write is all or nothing. A write that asks for no sync waits
// for the next one that does, and may be lost until then. The engine flushes independently and recovers to
// its last flush; the log is never compacted beyond that.
import { assert } from "@azimuth/foundation/assert.ts";
import type { ConfigState, Entry, HardState, LogView, Ready, SnapshotMeta } from "../src/types.ts";

export interface EngineState {
  readonly applied: number;
  /** Term of the entry at `applied`. */
  readonly term: number;
  /** Digest of everything applied, in order. */
  readonly digest: number;
  readonly config: ConfigState;
}

interface Write {
  readonly ready: Ready;
  readonly staged: EngineState | undefined;
}

export class SimulatedDisk implements LogView {
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  flushed: EngineState;
  #start: { index: number; term: number };
  #entries: Entry[] = [];
  pending: Write[] = [];

  constructor(initial: EngineState) {
    this.flushed = initial;
    this.#start = { index: initial.applied, term: initial.term };
    this.hardState = { term: initial.term, vote: 0, commit: initial.applied };
  }

  firstIndex(): number {
    return this.#start.index + 1;
  }

  lastIndex(): number {
    return this.#start.index + this.#entries.length;
  }

  start(): { readonly index: number; readonly term: number } {
    return this.#start;
  }

  term(index: number): number | undefined {
    if (index === this.#start.index) return this.#start.term;
    return this.#entries[index - this.firstIndex()]?.term;
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    const stored = low >= this.firstIndex() && high <= this.lastIndex() + 1;
    assert(stored && low < high, "entries outside the stored log");
    const result: Entry[] = [];
    let bytes = 0;
    for (let index = low; index < high; index++) {
      const entry = this.#entries[index - this.firstIndex()] as Entry;
      bytes += entry.data.length;
      if (bytes > maxBytes && result.length > 0) break;
      result.push(entry);
    }
    return result;
  }

  write(ready: Ready, staged: EngineState | undefined): void {
    if (ready.entries.length > 0 || ready.hardState !== undefined || ready.snapshot !== undefined) {
      this.pending.push({ ready, staged });
    }
  }

  get canSync(): boolean {
    return this.pending.some((write) => write.ready.mustSync);
  }

  /** Makes everything through the next write that asked for a sync durable; returns the Readys done. */
  sync(): readonly Ready[] {
    const done: Ready[] = [];
    while (this.canSync) {
      const write = this.pending.shift() as Write;
      this.#store(write);
      done.push(write.ready);
      if (write.ready.mustSync) break;
    }
    return done;
  }

  /** Loses all but the first `kept` writes of those that were not synced. */
  crash(kept: number): void {
    for (const write of this.pending.slice(0, kept)) this.#store(write);
    this.pending = [];
  }

  #store({ ready, staged }: Write): void {
    if (ready.snapshot !== undefined) this.#install(ready.snapshot, staged);
    const first = ready.entries[0];
    if (first !== undefined) {
      assert(first.index <= this.lastIndex() + 1, "a write would leave a hole in the stored log");
      assert(first.index > this.#start.index, "a write would overwrite compacted entries");
      this.#entries.length = first.index - this.firstIndex();
      for (const entry of ready.entries) this.#entries.push(entry);
    }
    if (ready.hardState !== undefined) {
      assert(ready.hardState.commit <= this.lastIndex(), "the commit index was stored before its entries");
      this.hardState = ready.hardState;
    }
  }

  #install(snapshot: SnapshotMeta, staged: EngineState | undefined): void {
    assert(staged?.applied === snapshot.index, "the state of a snapshot was not staged");
    this.flushed = staged;
    this.#start = { index: snapshot.index, term: snapshot.term };
    this.#entries = [];
  }

  flush(engine: EngineState): void {
    assert(engine.applied >= this.flushed.applied, "the engine went back");
    this.flushed = engine;
  }

  compact(index: number): void {
    assert(index <= this.flushed.applied, "entries that are still needed would be compacted away");
    if (index <= this.#start.index || index > this.lastIndex()) return;
    const term = this.term(index) as number;
    this.#entries = this.#entries.slice(index - this.#start.index);
    this.#start = { index, term };
  }
}
