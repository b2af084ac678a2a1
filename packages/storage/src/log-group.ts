// One group's part of the log in memory: its small state, and a slot for each live entry that says where in which
// segment its data lies. Recently used data is kept in the slots up to a bound shared by all groups (EntryCache);
// the rest is read from its file, and checked against the checksum taken when it left the cache.
//
// Invariants: slots are the entries start.index + 1 … lastIndex without a gap; every slot, and the group's latest
// section, is counted in the `live` of the segment it lies in.
import { crc32 } from "node:zlib";
import { assert } from "@azimuth/foundation/assert.ts";
import type { Entry, EntryKind, HardState, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { AppendFile } from "./files.ts";
import type { Section } from "./log-format.ts";
import type { GroupLog } from "./log-store.ts";

export interface Segment {
  readonly number: number;
  readonly file: AppendFile;
  /** Bytes in use, durable. */
  size: number;
  /** Entries and latest sections of groups that lie here; without any, the segment can go. */
  live: number;
}

export interface Slot {
  readonly term: number;
  readonly kind: EntryKind;
  readonly length: number;
  readonly segment: Segment;
  readonly offset: number;
  /** Checksum of the data; undefined while it was never out of the cache. */
  checksum: number | undefined;
  data: Uint8Array | undefined;
}

/** Bounds the entry data held in memory over all groups: first in, first out. */
export class EntryCache {
  /** Told of data that does not match its checksum when it is read back. */
  readonly onDamage: (error: Error) => void;
  readonly #bytesMax: number;
  #queue: Slot[] = [];
  #bytes = 0;
  #held = 0;

  constructor(bytesMax: number, onDamage: (error: Error) => void) {
    this.#bytesMax = bytesMax;
    this.onDamage = onDamage;
  }

  /** Call with a slot that holds its data. */
  add(slot: Slot): void {
    this.#queue.push(slot);
    this.#held++;
    this.#bytes += slot.length;
    if (this.#bytes > this.#bytesMax) this.#evict();
    if (this.#queue.length > 2 * this.#held + 1000) this.#queue = this.#queue.filter((each) => each.data !== undefined);
  }

  release(slot: Slot): void {
    if (slot.data === undefined) return;
    slot.data = undefined;
    this.#held--;
    this.#bytes -= slot.length;
  }

  #evict(): void {
    let evicted = 0;
    while (this.#bytes > this.#bytesMax / 2 && evicted < this.#queue.length) {
      const slot = this.#queue[evicted++] as Slot;
      if (slot.data === undefined) continue;
      slot.checksum ??= crc32(slot.data);
      this.release(slot);
    }
    this.#queue = this.#queue.slice(evicted);
  }
}

export class StoredGroup implements GroupLog {
  readonly group: number;
  readonly replica: number;
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  snapshot: SnapshotMeta | undefined;
  bytes = 0;
  readonly #cache: EntryCache;
  #start = { index: 0, term: 0 };
  #slots: Slot[] = [];
  /** Where the latest section of this group lies. */
  #section: Segment | undefined;

  constructor(group: number, replica: number, cache: EntryCache) {
    this.group = group;
    this.replica = replica;
    this.#cache = cache;
  }

  firstIndex(): number {
    return this.#start.index + 1;
  }

  lastIndex(): number {
    return this.#start.index + this.#slots.length;
  }

  start(): { readonly index: number; readonly term: number } {
    return this.#start;
  }

  term(index: number): number | undefined {
    return index === this.#start.index ? this.#start.term : this.slot(index)?.term;
  }

  slot(index: number): Slot | undefined {
    return this.#slots[index - this.#start.index - 1];
  }

  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    assert(low > this.#start.index && low < high && high <= this.lastIndex() + 1, `no entries [${low}, ${high})`);
    const found: Entry[] = [];
    for (let index = low, bytes = 0; index < high; index++) {
      const slot = this.slot(index) as Slot;
      bytes += slot.length;
      if (index > low && bytes > maxBytes) break;
      found.push({ index, term: slot.term, kind: slot.kind, data: this.#dataOf(slot, index) });
    }
    return found;
  }

  #dataOf(slot: Slot, index: number): Uint8Array {
    if (slot.data !== undefined) return slot.data;
    const data = slot.length === 0 ? new Uint8Array(0) : slot.segment.file.read(slot.offset, slot.length);
    const right = data.length === slot.length && crc32(data) === slot.checksum;
    if (!right) {
      const error = new Error(`entry ${index} of group ${this.group} does not match its checksum any more`);
      this.#cache.onDamage(error);
      throw error;
    }
    slot.data = data;
    this.#cache.add(slot);
    return data;
  }

  /** The section that states this group as it is, for a checkpoint. */
  section(corrupted: string | undefined): Section {
    return {
      group: this.group,
      replica: this.replica,
      created: false,
      tombstones: undefined,
      removed: false,
      corrupted,
      hardState: this.hardState,
      start: this.#start,
      snapshot: this.snapshot,
      keptLast: this.lastIndex(),
    };
  }

  /** Takes over what a section says once it is durable in `segment`; `slots` are its entries from `first` on. */
  apply(section: Section, segment: Segment, first: number, slots: readonly Slot[]): void {
    this.hardState = section.hardState;
    this.snapshot = section.snapshot;
    this.#pinSection(segment);
    const kept = Math.max(0, Math.min(this.#slots.length, section.keptLast - this.#start.index));
    for (const slot of this.#slots.splice(kept)) this.#drop(slot);
    if (slots.length > 0 && (this.#slots.length === 0 || first > this.lastIndex() + 1)) this.#beginAt(first);
    slots.forEach((slot, at) => this.#place(first + at, slot));
    const compacted = Math.max(0, Math.min(this.#slots.length, section.start.index - this.#start.index));
    for (const slot of this.#slots.splice(0, compacted)) this.#drop(slot);
    this.#start = section.start;
  }

  /** A snapshot lies between the entries there are and the next ones: those before it are void. */
  #beginAt(first: number): void {
    for (const slot of this.#slots.splice(0)) this.#drop(slot);
    this.#start = { index: first - 1, term: 0 };
  }

  #place(index: number, slot: Slot): void {
    const at = index - this.#start.index - 1;
    const before = this.#slots[at];
    assert(at >= 0 && at <= this.#slots.length, `entry ${index} of group ${this.group} would leave a gap`);
    if (before !== undefined) this.#drop(before);
    this.#slots[at] = slot;
    this.bytes += slot.length;
    slot.segment.live++;
    if (slot.data !== undefined) this.#cache.add(slot);
  }

  #drop(slot: Slot): void {
    this.bytes -= slot.length;
    slot.segment.live--;
    this.#cache.release(slot);
  }

  #pinSection(segment: Segment): void {
    if (this.#section !== undefined) this.#section.live--;
    this.#section = segment;
    segment.live++;
  }

  /** Lets go of every segment: the group is removed. */
  release(): void {
    for (const slot of this.#slots.splice(0)) this.#drop(slot);
    if (this.#section !== undefined) this.#section.live--;
    this.#section = undefined;
  }

  /** Indexes of the entries whose data lies in `segment`, ascending. */
  indexesIn(segment: Segment): number[] {
    const indexes: number[] = [];
    this.#slots.forEach((slot, at) => {
      if (slot.segment === segment) indexes.push(this.#start.index + 1 + at);
    });
    return indexes;
  }

  sectionLiesIn(segment: Segment): boolean {
    return this.#section === segment;
  }

  checkInvariants(): void {
    let bytes = 0;
    for (const slot of this.#slots) bytes += slot.length;
    assert(bytes === this.bytes, `group ${this.group} counts ${this.bytes} bytes of entries where ${bytes} are`);
    assert(this.#slots.every((slot) => slot.segment.live > 0), "an entry lies in a segment that counts nothing");
  }
}
