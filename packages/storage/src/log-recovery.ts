// Reads the log back after a restart, and tells a torn tail from damage to what was synced.
//
// Only one append is ever under way, so a frame with sequence number n proves that all before n were synced, as does a
// segment that begins at n, or the mark that a clean shutdown leaves. What cannot be read is a torn tail only if it is
// of the very last append in the last segment and nothing proves that it was synced: it is cut off. Everything
// else is damage: of one group, when only that group's section is wrong, of all groups when a frame is gone.
// The damaged groups are reported and kept apart until they are removed; nothing is guessed about them.
import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { AppendFile, Files } from "./files.ts";
import * as format from "./log-format.ts";
import { StoredGroup, type EntryCache, type Segment, type Slot } from "./log-group.ts";
import { Tombstones } from "./log-tombstones.ts";

const segmentNamePattern = /^log-[0-9]{12}$/;
const cleanCloseName = "log-clean-close";

export function segmentName(number: number): string {
  return `log-${String(number).padStart(12, "0")}`;
}

export interface RecoveredLog {
  readonly segments: Segment[];
  readonly groups: Map<number, StoredGroup>;
  readonly tombstones: Tombstones;
  /** Groups whose synced records are damaged, with the reason. */
  readonly corrupted: Map<number, string>;
  /** Why whole records are lost, and with them perhaps groups of which nothing is left. */
  readonly lostRecords: string | undefined;
  readonly nextSequence: number;
  readonly nextSegmentNumber: number;
  /** The last segment ends in damage that must stay visible: go on in a new one. */
  readonly lastIsClosed: boolean;
}

interface ScannedSegment {
  readonly name: string;
  readonly number: number;
  readonly header: format.SegmentHeader | undefined;
  readonly items: format.Scanned[];
  /** Where the bytes that mean something end. */
  end: number;
  readonly size: number;
}

export function recoverLog(files: Files, cache: EntryCache): RecoveredLog {
  const scanned = files
    .list()
    .filter((name) => segmentNamePattern.test(name))
    .map((name) => scanSegment(files, name));
  const syncedByClose = readCleanClose(files);
  cutTornTail(scanned, syncedByClose);
  const last = scanned.at(-1);
  if (last !== undefined && last.header === undefined && last.items.length === 0) {
    // The file was created, and the process died before its first append was durable.
    files.remove(last.name);
    scanned.pop();
  } else if (last !== undefined && last.end < last.size) {
    files.truncate(last.name, last.end);
  }
  rewriteLastAppend(files, scanned.at(-1));
  const replay = new Replay(cache);
  for (const segment of scanned) replay.segment(segment, files.open(segment.name));
  replay.finish(syncedByClose);
  const lastItem = scanned.at(-1)?.items.at(-1);
  return {
    segments: replay.segments,
    groups: replay.buildGroups(),
    tombstones: replay.tombstones,
    corrupted: replay.corrupted,
    lostRecords: replay.lostRecords,
    nextSequence: Math.max(replay.nextSequence, syncedByClose + 1),
    nextSegmentNumber: (scanned.at(-1)?.number ?? 0) + 1,
    lastIsClosed: lastItem !== undefined && !isWhole(lastItem),
  };
}

/** A clean shutdown vouches for every frame up to `sequence`. */
export function writeCleanClose(files: Files, sequence: number): void {
  const body = new ByteWriter(8).uint64(sequence).finish();
  files.writeAtomically(cleanCloseName, new ByteWriter(12).raw(body).uint32(crc32(body)).finish());
}

function readCleanClose(files: Files): number {
  const content = files.readWhole(cleanCloseName);
  if (content?.length !== 12) return 0;
  const right = new ByteReader(content, 8).uint32() === crc32(content.subarray(0, 8));
  return right ? new ByteReader(content).uint64() : 0;
}

function scanSegment(files: Files, name: string): ScannedSegment {
  const number = Number(name.slice(4));
  const file = files.open(name);
  const { size } = file;
  const bytes = file.read(0, size);
  file.close();
  const decoded = format.decodeSegmentHeader(bytes);
  const header = decoded?.header.number === number ? decoded : undefined;
  const { items, end } = format.scanFrames(bytes, header?.end ?? 0);
  return { name, number, header: header?.header, items: [...items], end, size };
}

function isWhole(item: format.Scanned): boolean {
  return item.kind === "frame" && item.whole;
}

/** Takes the torn tail, if there is one, off the last segment. */
function cutTornTail(scanned: readonly ScannedSegment[], syncedByClose: number): void {
  const last = scanned.at(-1);
  const tail = last?.items.at(-1);
  if (last === undefined || tail === undefined) return;
  // A file's header is part of its first append: without it that append is torn, even if its frame came through.
  const isFirst = last.header === undefined && last.items.every((item) => item === tail || item.kind === "damage");
  if (isWhole(tail) && !isFirst) return;
  const seen = latestSequence(scanned, tail);
  // Of a frame that can be read in part the number says whether it is newer than all that is known to be synced.
  // What cannot be read at all came after the latest frame, unless the shutdown vouches for one that is not there.
  const torn = tail.kind === "frame" ? tail.sequence > Math.max(seen, syncedByClose) : syncedByClose <= seen;
  if (!torn) return;
  probe("a torn write was cut off the log");
  last.items.splice(isFirst ? 0 : -1);
  last.end = tail.offset;
}

/**
 * The last append may be here only because the system has it in memory: the process before this one ended when its sync
 * failed. From now on it counts, so it is made durable first. A file's header came with its first frame, and is perhaps
 * all that is left of it.
 */
function rewriteLastAppend(files: Files, last: ScannedSegment | undefined): void {
  if (last === undefined) return;
  const { name, items } = last;
  files.rewrite(name, items.length <= 1 ? 0 : (items.at(-1) as format.Scanned).offset);
}

/** The latest frame that something but `tail` tells of. */
function latestSequence(scanned: readonly ScannedSegment[], tail: format.Scanned): number {
  let sequence = 0;
  for (const { header, items } of scanned) {
    if (header !== undefined) sequence = Math.max(sequence, header.firstSequence - 1);
    for (const item of items) {
      if (item.kind === "frame" && item !== tail) sequence = Math.max(sequence, item.sequence);
    }
  }
  return sequence;
}

interface ReplayedGroup {
  readonly replica: number;
  section: format.Section;
  segment: Segment;
  readonly slots: Map<number, Slot>;
  last: number;
}

/** Repeats the sections in order. Entries whose predecessors went with older segments are dead, or come again later. */
class Replay {
  readonly segments: Segment[] = [];
  readonly tombstones = new Tombstones();
  readonly corrupted = new Map<number, string>();
  nextSequence = 1;
  readonly #cache: EntryCache;
  readonly #groups = new Map<number, ReplayedGroup>();
  /** The number of some frame or segment is known, so that the next one is. */
  #begun = false;
  /** Set once a whole frame is known to be lost: groups seen later without their beginning are damaged too. */
  lostRecords: string | undefined;

  constructor(cache: EntryCache) {
    this.#cache = cache;
  }

  segment(scanned: ScannedSegment, file: AppendFile): void {
    const segment: Segment = { number: scanned.number, file, size: scanned.end, live: 0 };
    this.segments.push(segment);
    if (scanned.header === undefined) this.#damageAll(`the header of ${scanned.name} is damaged`);
    else {
      this.tombstones.addAll(scanned.header.tombstones);
      this.#expect(scanned.header.firstSequence, scanned.name);
    }
    for (const item of scanned.items) {
      if (item.kind === "damage") this.#damageAll(`bytes ${item.offset}…${item.end} of ${scanned.name} are damaged`);
      else this.#frame(item, segment, scanned.name);
    }
  }

  #expect(sequence: number, name: string): void {
    if (this.#begun && sequence !== this.nextSequence) {
      this.#damageAll(`record ${sequence} in ${name} follows ${this.nextSequence - 1}: some are missing`);
    }
    this.#begun = true;
    this.nextSequence = sequence;
  }

  #frame(frame: format.Scanned & { kind: "frame" }, segment: Segment, name: string): void {
    this.#expect(frame.sequence, name);
    this.nextSequence = frame.sequence + 1;
    for (const { group, content } of frame.sections) {
      if (content === undefined) {
        probe("a damaged record was found in the log");
        this.corrupted.set(group, `its part of record ${frame.sequence} in ${name} is damaged`);
      } else this.#section(content.section, content.entries, segment);
    }
  }

  #section(section: format.Section, entries: readonly format.PlacedEntry[], segment: Segment): void {
    const { group, replica } = section;
    if (section.removed) {
      this.tombstones.add(group, replica);
      this.#groups.delete(group);
      this.corrupted.delete(group);
      return;
    }
    let state = section.created ? undefined : this.#groups.get(group);
    if (section.tombstones !== undefined) this.tombstones.addAll(section.tombstones);
    if (section.created) this.corrupted.delete(group);
    else if (state === undefined && this.lostRecords !== undefined) this.#mark(group, this.lostRecords);
    if (section.corrupted !== undefined) this.#mark(group, section.corrupted);
    if (section.corrupted !== undefined && replica === 0) return;
    state ??= { replica, section, segment, slots: new Map(), last: 0 };
    this.#groups.set(group, state);
    deleteBetween(state.slots, section.keptLast + 1, state.last);
    state.last = section.keptLast;
    for (const { index, term, kind, length, offset } of entries) {
      state.slots.set(index, { term, kind, length, segment, offset, checksum: undefined, data: undefined });
      state.last = Math.max(state.last, index);
    }
    deleteBetween(state.slots, state.section.start.index, section.start.index);
    state.section = section;
    state.segment = segment;
  }

  /** The clean shutdown's mark vouches for frames that may not be there. */
  finish(syncedByClose: number): void {
    if (syncedByClose >= this.nextSequence) {
      this.#damageAll(`records ${this.nextSequence}…${syncedByClose} are missing at the end of the log`);
    }
  }

  buildGroups(): Map<number, StoredGroup> {
    const built = new Map<number, StoredGroup>();
    for (const [id, state] of this.#groups) {
      const group = new StoredGroup(id, state.replica, this.#cache);
      const { start } = state.section;
      const slots: Slot[] = [];
      for (let index = start.index + 1; index <= state.last; index++) {
        const slot = state.slots.get(index);
        if (slot === undefined) {
          this.#mark(id, `entry ${index} is missing`);
          break;
        }
        slot.checksum = crc32(slot.segment.file.read(slot.offset, slot.length));
        slots.push(slot);
      }
      group.apply({ ...state.section, keptLast: start.index }, state.segment, start.index + 1, slots);
      built.set(id, group);
    }
    return built;
  }

  #damageAll(reason: string): void {
    this.lostRecords ??= reason;
    for (const group of this.#groups.keys()) this.#mark(group, reason);
  }

  #mark(group: number, reason: string): void {
    if (!this.corrupted.has(group)) this.corrupted.set(group, reason);
  }
}

/** Deletes the keys [from, to], which may span far more than the map holds. */
function deleteBetween(slots: Map<number, Slot>, from: number, to: number): void {
  if (to - from > slots.size) {
    for (const index of slots.keys()) if (index >= from && index <= to) slots.delete(index);
    return;
  }
  for (let index = from; index <= to; index++) slots.delete(index);
}
