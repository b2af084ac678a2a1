// The log as the state machine sees it: the durable view with the unstable end laid over it, and the three
// cursors that walk along it.
//
// Invariant: start ≤ applied ≤ handed ≤ committed ≤ lastIndex, where `handed` is the last committed entry
// given to the applier. Only entries that are durable here are handed to the applier, so what is applied can
// never be missing from the log after a crash.
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { Entry, HardState, LogView, SnapshotMeta } from "../types.ts";
import { UnstableLog } from "./unstable-log.ts";

const noEntries: readonly Entry[] = [];
/** Bytes looked at in one step when searching committed entries for configuration changes. */
const scanBytesMax = 1 << 20;

export class RaftLog {
  readonly unstable: UnstableLog;
  readonly #view: LogView;
  committed: number;
  applied: number;
  handed: number;

  constructor(view: LogView, hardState: HardState, applied: number) {
    this.#view = view;
    this.unstable = new UnstableLog(view.lastIndex() + 1);
    const start = view.start().index;
    this.applied = Math.max(applied, start);
    this.handed = this.applied;
    // The stored commit index need not be synced, so what is applied may be ahead of it after a crash.
    this.committed = Math.max(hardState.commit, this.applied);
    assert(this.committed <= view.lastIndex(), "the log ends before its commit index: entries were lost");
  }

  get lastIndex(): number {
    return this.unstable.lastIndex;
  }

  get firstIndex(): number {
    const snapshot = this.unstable.snapshot;
    return snapshot === undefined ? this.#view.firstIndex() : snapshot.index + 1;
  }

  get lastTerm(): number {
    const term = this.term(this.lastIndex);
    assert(term !== undefined, "the term of the last entry is unknown");
    return term;
  }

  /** Everything through this index is durable here. */
  get stableIndex(): number {
    return this.unstable.offset - 1;
  }

  get hasPendingSnapshot(): boolean {
    return this.unstable.snapshot !== undefined;
  }

  /** Undefined when the entry is compacted away or not there. */
  term(index: number): number | undefined {
    const unstable = this.unstable;
    if (index >= unstable.offset) return unstable.entries[index - unstable.offset]?.term;
    if (unstable.snapshot !== undefined) {
      return index === unstable.snapshot.index ? unstable.snapshot.term : undefined;
    }
    return this.#view.term(index);
  }

  matches(index: number, term: number): boolean {
    return this.term(index) === term;
  }

  /** At least one entry of [low, high), then as many as fit in `maxBytes` of data. */
  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    if (low >= high) return noEntries;
    const offset = this.unstable.offset;
    if (low >= offset) return this.#unstableEntries(low, high, maxBytes, true);
    const durable = this.#view.entries(low, Math.min(high, offset), maxBytes);
    if (high <= offset || durable.length < offset - low) return durable;
    let bytes = 0;
    for (const entry of durable) bytes += entry.data.length;
    const rest = this.#unstableEntries(offset, high, maxBytes - bytes, false);
    return rest.length === 0 ? durable : [...durable, ...rest];
  }

  #unstableEntries(low: number, high: number, maxBytes: number, atLeastOne: boolean): readonly Entry[] {
    const { entries, offset } = this.unstable;
    const from = low - offset;
    const limit = Math.min(high - offset, entries.length);
    let to = from;
    let bytes = 0;
    while (to < limit) {
      bytes += (entries[to] as Entry).data.length;
      if (bytes > maxBytes && !(atLeastOne && to === from)) break;
      to++;
    }
    return entries.slice(from, to);
  }

  /** Raft paper, section 5.4.1: is a log that ends with (index, term) at least as up to date as this one? */
  isUpToDate(index: number, term: number): boolean {
    const lastTerm = this.lastTerm;
    return term > lastTerm || (term === lastTerm && index >= this.lastIndex);
  }

  /** The largest index ≤ `index` whose term is ≤ `term`; its term is 0 when it is compacted away. */
  findConflict(index: number, term: number): { index: number; term: number } {
    let at = index;
    for (;;) {
      const own = this.term(at);
      if (own === undefined) return { index: at, term: 0 };
      if (own <= term || at === 0) return { index: at, term: own };
      at--;
    }
  }

  append(entries: readonly Entry[]): void {
    const first = entries[0];
    assert(first === undefined || first.index > this.committed, "a committed entry would be overwritten");
    if (first !== undefined && first.index <= this.lastIndex) probe("entries of an earlier leader were replaced");
    if (first !== undefined) this.unstable.append(entries);
  }

  /**
   * The follower's half of log matching: appends what is new of `entries` if the log matches at (index,
   * term). Returns the last index known to match the leader's, or undefined when it does not match.
   */
  maybeAppend(index: number, term: number, entries: readonly Entry[]): number | undefined {
    if (!this.matches(index, term)) return undefined;
    let known = 0;
    for (const entry of entries) {
      if (!this.matches(entry.index, entry.term)) break;
      known++;
    }
    if (known < entries.length) this.append(known === 0 ? entries : entries.slice(known));
    return index + entries.length;
  }

  commitTo(index: number): boolean {
    if (index <= this.committed) return false;
    assert(index <= this.lastIndex, "the commit index is beyond the log: acknowledged entries were lost");
    this.committed = index;
    return true;
  }

  restore(snapshot: SnapshotMeta): void {
    assert(snapshot.index > this.committed, "a snapshot would take back committed entries");
    this.unstable.restore(snapshot);
    this.committed = snapshot.index;
    this.handed = snapshot.index;
  }

  /** Returns true when a received snapshot became the durable start of the log. */
  persisted(number: number): boolean {
    const installed = this.unstable.persisted(number);
    if (installed === undefined) return false;
    this.applied = Math.max(this.applied, installed.index);
    return true;
  }

  get hasCommittedToHand(): boolean {
    return this.handed < Math.min(this.committed, this.stableIndex) && !this.hasPendingSnapshot;
  }

  handOutCommitted(maxBytes: number): readonly Entry[] {
    if (!this.hasCommittedToHand) return noEntries;
    const high = Math.min(this.committed, this.stableIndex) + 1;
    const entries = this.#view.entries(this.handed + 1, high, maxBytes);
    assert(entries.length > 0 && entries[0]?.index === this.handed + 1, "committed entries are missing");
    this.handed += entries.length;
    return entries;
  }

  appliedTo(index: number): void {
    assert(index <= this.committed, "an entry was applied before it was committed");
    if (index <= this.applied) return;
    this.applied = index;
    this.handed = Math.max(this.handed, index);
  }

  /** Is there a configuration change that is committed but not applied? */
  hasUnappliedConfigChange(): boolean {
    let low = Math.max(this.applied + 1, this.firstIndex);
    while (low <= this.committed) {
      const entries = this.entries(low, this.committed + 1, scanBytesMax);
      assert(entries.length > 0, "committed entries are missing");
      for (const entry of entries) if (entry.kind === "config") return true;
      low += entries.length;
    }
    return false;
  }

  checkInvariants(): void {
    this.unstable.checkInvariants();
    assert(this.applied <= this.handed, "applied an entry that was not handed out");
    assert(this.handed <= this.committed, "handed out an entry that is not committed");
    assert(this.committed <= this.lastIndex, "committed beyond the log");
  }
}
