// The end of the log that is not durable yet, laid over the durable LogView: entries from `offset` on, and
// perhaps a received snapshot that becomes the log's new start.
//
// Invariants: `entries[k].index === offset + k`; everything below `offset` is durable and may be read from
// the view; the view's own entries at or above `offset` are out of date and never looked at.
//
// Each write handed to a Ready is remembered as "Ready n makes everything through index i durable". When an
// entry at index j is overwritten while its write is under way, `i` of every such write is lowered to j - 1.
// So a late completion can never mark a newer entry stable, even if an old leader's entry comes back at the
// same index and term after having been overwritten in between (the ABA problem: at the moment of that
// completion the disk may still pass through the state in between).
import { assert } from "@azimuth/foundation/assert.ts";
import type { Entry, SnapshotMeta } from "../types.ts";

interface Write {
  readonly number: number;
  /** Lowered when entries of this write are overwritten. */
  through: number;
  readonly snapshot: SnapshotMeta | undefined;
}

const noEntries: readonly Entry[] = [];

export class UnstableLog {
  offset: number;
  entries: Entry[] = [];
  snapshot: SnapshotMeta | undefined = undefined;
  #snapshotHanded = false;
  /** Entries up to here have been handed to a Ready. */
  #handedThrough: number;
  #writes: Write[] = [];

  constructor(offset: number) {
    this.offset = offset;
    this.#handedThrough = offset - 1;
  }

  get lastIndex(): number {
    return this.offset + this.entries.length - 1;
  }

  get hasUnhanded(): boolean {
    return this.#handedThrough < this.lastIndex || (this.snapshot !== undefined && !this.#snapshotHanded);
  }

  /** Appends entries, dropping everything at or above the first one's index. */
  append(entries: readonly Entry[]): void {
    const first = entries[0];
    assert(first !== undefined && first.index <= this.lastIndex + 1, "append would leave a hole in the log");
    if (first.index <= this.lastIndex) this.#overwriteFrom(first.index);
    for (const entry of entries) this.entries.push(entry);
  }

  #overwriteFrom(index: number): void {
    if (index <= this.offset) {
      this.entries = [];
      this.offset = index;
    } else {
      this.entries.length = index - this.offset;
    }
    this.#handedThrough = Math.min(this.#handedThrough, index - 1);
    for (const write of this.#writes) write.through = Math.min(write.through, index - 1);
  }

  /** Replaces the whole log by the state of a snapshot. */
  restore(snapshot: SnapshotMeta): void {
    this.entries = [];
    this.offset = snapshot.index + 1;
    this.snapshot = snapshot;
    this.#snapshotHanded = false;
    this.#handedThrough = snapshot.index;
    for (const write of this.#writes) write.through = 0;
  }

  /** What has not been handed out yet, now bound to Ready `number`. */
  handOut(number: number): { entries: readonly Entry[]; snapshot: SnapshotMeta | undefined } {
    const snapshot = this.#snapshotHanded ? undefined : this.snapshot;
    const last = this.lastIndex;
    const entries = this.#handedThrough < last
      ? this.entries.slice(this.#handedThrough + 1 - this.offset)
      : noEntries;
    this.#snapshotHanded = this.snapshot !== undefined;
    this.#handedThrough = last;
    if (snapshot !== undefined || entries.length > 0) this.#writes.push({ number, through: last, snapshot });
    return { entries, snapshot };
  }

  /** Ready `number` and all before it are durable. Returns the snapshot that is thereby installed, if any. */
  persisted(number: number): SnapshotMeta | undefined {
    let stableThrough = 0;
    let installed: SnapshotMeta | undefined;
    let done = 0;
    for (const write of this.#writes) {
      if (write.number > number) break;
      done++;
      stableThrough = Math.max(stableThrough, write.through);
      if (write.snapshot !== undefined && write.snapshot === this.snapshot) installed = write.snapshot;
    }
    if (done > 0) this.#writes.splice(0, done);
    if (installed !== undefined) {
      this.snapshot = undefined;
      this.#snapshotHanded = false;
    }
    if (stableThrough >= this.offset) {
      this.entries.splice(0, stableThrough - this.offset + 1);
      this.offset = stableThrough + 1;
    }
    return installed;
  }

  checkInvariants(): void {
    for (const [position, entry] of this.entries.entries()) {
      assert(entry.index === this.offset + position, "unstable entries are not contiguous");
    }
    assert(this.#handedThrough >= this.offset - 1, "a durable entry was never handed out");
    assert(this.#handedThrough <= this.lastIndex, "an entry beyond the log was handed out");
  }
}
