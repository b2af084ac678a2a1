// The bytes of the node's log: segments of frames, one frame for each append, one section for each group in it.
//
//   segment  header, then frames
//   header   magic:4 version:4 number:8 firstSequence:8 length:4  tombstones  crc:4
//   frame    marker:4 count:4 sequence:8 (group:8 length:4 crc:4) × count  crc:4  section × count
//
// The frame's own checksum covers what stands before it, so that a damaged section is known to be its group's
// alone and the next frame is still found. Every section states the whole small state of its group (replica, term,
// vote, commit, start, snapshot), so the latest section and the live entries are all that a group
// needs of the log, and older segments can go. Sequence numbers increase by one per frame, over all segments: a
// frame proves that everything before it was synced, because only one append is under way at a time.
import { crc32 } from "node:zlib";
import { assert } from "@azimuth/foundation/assert.ts";
import { ByteReader, ByteWriter, concatBytes } from "@azimuth/foundation/bytes.ts";
import type { Entry, EntryKind, HardState, SnapshotMeta } from "@azimuth/raft/types.ts";
import { readConfig, writeConfig } from "./config-codec.ts";
import { Tombstones } from "./log-tombstones.ts";

const segmentMagic = 0x415a534d; // "AZSM"
const frameMarker = 0x415a4652; // "AZFR"
const formatVersion = 1;
const segmentHeaderFixedBytes = 28;
const frameHeaderFixedBytes = 16;
const sectionHeaderBytes = 16;
const crcBytes = 4;

const flagCreated = 1;
const flagRemoved = 2;
const flagSnapshot = 4;
const flagCorrupted = 8;
const entryKinds: readonly EntryKind[] = ["normal", "config"];

/** What a frame says about one group. Entries above `keptLast` are dropped, then `entries` are put in their places. */
export interface Section {
  readonly group: number;
  readonly replica: number;
  /** The replica begins here; nothing before belongs to it. */
  readonly created: boolean;
  /** With `created`: the replicas of this group removed before, should the records of that be damaged. */
  readonly tombstones: Tombstones | undefined;
  /** The replica is gone for good; everything else in the section is meaningless. */
  readonly removed: boolean;
  /** Why this replica's records must not be trusted; kept until it is removed. */
  readonly corrupted: string | undefined;
  readonly hardState: HardState;
  /** Entries up to here are dropped, after all else. */
  readonly start: { readonly index: number; readonly term: number };
  readonly snapshot: SnapshotMeta | undefined;
  readonly keptLast: number;
}

/** Where in a segment the data of an entry lies. */
export interface PlacedEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  readonly offset: number;
  readonly length: number;
}

export interface EncodedFrame {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
  /** For each section, the offset of each entry's data from the start of the frame. */
  readonly dataOffsets: readonly (readonly number[])[];
}

export function encodeFrame(
  sequence: number,
  sections: readonly { readonly section: Section; readonly entries: readonly Entry[] }[],
): EncodedFrame {
  const headerBytes = frameHeaderFixedBytes + sections.length * sectionHeaderBytes + crcBytes;
  const header = new ByteWriter(headerBytes).uint32(frameMarker).uint32(sections.length).uint64(sequence);
  const bodies = new ByteWriter(estimateBytes(sections));
  const dataOffsets: number[][] = [];
  const ends: number[] = [];
  for (const { section, entries } of sections) {
    const offsets: number[] = [];
    writeSection(bodies, section);
    bodies.varint(entries.length);
    if (entries.length > 0) bodies.varint((entries[0] as Entry).index);
    for (const entry of entries) {
      bodies.varint(entry.term).uint8(entryKinds.indexOf(entry.kind)).bytes(entry.data);
      offsets.push(headerBytes + bodies.length - entry.data.length);
    }
    dataOffsets.push(offsets);
    ends.push(bodies.length);
  }
  const body = bodies.finish();
  let start = 0;
  sections.forEach(({ section }, at) => {
    const end = ends[at] as number;
    header.uint64(section.group).uint32(end - start).uint32(crc32(body.subarray(start, end)));
    start = end;
  });
  assert(header.length === headerBytes - crcBytes, "a frame header has the wrong length");
  const parts = [...withChecksum(header.finish()), body];
  return { parts, bytes: headerBytes + body.length, dataOffsets };
}

function withChecksum(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return [bytes, new ByteWriter(crcBytes).uint32(crc32(bytes)).finish()];
}

function estimateBytes(sections: readonly { readonly entries: readonly Entry[] }[]): number {
  let bytes = 0;
  for (const { entries } of sections) {
    bytes += 128;
    for (const entry of entries) bytes += entry.data.length + 16;
  }
  return bytes;
}

function writeSection(writer: ByteWriter, section: Section): void {
  const { hardState, start, snapshot, corrupted } = section;
  const flags =
    (section.created ? flagCreated : 0) |
    (section.removed ? flagRemoved : 0) |
    (snapshot ? flagSnapshot : 0) |
    (corrupted === undefined ? 0 : flagCorrupted);
  writer.uint8(flags).varint(section.replica);
  writer.varint(hardState.term).varint(hardState.vote).varint(hardState.commit);
  writer.varint(start.index).varint(start.term).varint(section.keptLast);
  if (snapshot) {
    writer.varint(snapshot.index).varint(snapshot.term);
    writeConfig(writer, snapshot.config);
  }
  if (corrupted !== undefined) writer.text(corrupted);
  if (section.created) (section.tombstones ?? new Tombstones()).write(writer);
}

/** Reads one section whose checksum was right; `base` is the offset of `bytes` in the segment. */
function readSection(
  group: number,
  bytes: Uint8Array,
  base: number,
): { readonly section: Section; readonly entries: readonly PlacedEntry[] } {
  const reader = new ByteReader(bytes);
  const flags = reader.uint8();
  const replica = reader.varint();
  const hardState = { term: reader.varint(), vote: reader.varint(), commit: reader.varint() };
  const start = { index: reader.varint(), term: reader.varint() };
  const keptLast = reader.varint();
  const snapshot =
    flags & flagSnapshot
      ? { index: reader.varint(), term: reader.varint(), config: readConfig(reader) }
      : undefined;
  const corrupted = flags & flagCorrupted ? reader.text() : undefined;
  const created = (flags & flagCreated) !== 0;
  const removed = (flags & flagRemoved) !== 0;
  const tombstones = created ? new Tombstones() : undefined;
  tombstones?.read(reader);
  const entries: PlacedEntry[] = [];
  const count = reader.varint();
  const first = count > 0 ? reader.varint() : 0;
  for (let at = 0; at < count; at++) {
    const term = reader.varint();
    const kind = entryKinds[reader.uint8()] as EntryKind;
    const { length } = reader.bytes();
    entries.push({ index: first + at, term, kind, offset: base + reader.offset - length, length });
  }
  assert(reader.remaining === 0, "a section has bytes after its end");
  const identity = { group, replica, created, tombstones, removed, corrupted };
  return { section: { ...identity, hardState, start, snapshot, keptLast }, entries };
}

export interface SegmentHeader {
  readonly number: number;
  /** Sequence number of the first frame in this segment: all before it were synced. */
  readonly firstSequence: number;
  readonly tombstones: Tombstones;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const body = new ByteWriter();
  header.tombstones.write(body);
  const writer = new ByteWriter(segmentHeaderFixedBytes + body.length + crcBytes);
  writer.uint32(segmentMagic).uint32(formatVersion).uint64(header.number).uint64(header.firstSequence);
  writer.uint32(body.length).raw(body.finish());
  return concatBytes(...withChecksum(writer.finish()));
}

/** Undefined when the bytes do not begin with a whole header. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): { readonly header: SegmentHeader; readonly end: number } | undefined {
  if (bytes.length < segmentHeaderFixedBytes + crcBytes) return undefined;
  const reader = new ByteReader(bytes);
  if (reader.uint32() !== segmentMagic) return undefined;
  const version = reader.uint32();
  const unchecked = { number: reader.raw(8), firstSequence: reader.raw(8) };
  const length = reader.uint32();
  if (length + crcBytes > reader.remaining) return undefined;
  const bodyStart = reader.offset;
  reader.raw(length);
  if (crc32(bytes.subarray(0, bodyStart + length)) !== reader.uint32()) return undefined;
  assert(version === formatVersion, `the log has format ${version}; this program knows ${formatVersion}`);
  const tombstones = new Tombstones();
  tombstones.read(new ByteReader(bytes.subarray(bodyStart, bodyStart + length)));
  const number = new ByteReader(unchecked.number).uint64();
  const firstSequence = new ByteReader(unchecked.firstSequence).uint64();
  return { header: { number, firstSequence, tombstones }, end: reader.offset };
}

/** One stretch of a segment: a frame whose header is right, or bytes in which no frame can be found. */
export type Scanned =
  | {
      readonly kind: "frame";
      readonly offset: number;
      readonly end: number;
      readonly sequence: number;
      readonly sections: readonly ScannedSection[];
      /** All sections are there and right. */
      readonly whole: boolean;
    }
  | { readonly kind: "damage"; readonly offset: number; readonly end: number };

export interface ScannedSection {
  readonly group: number;
  /** Undefined when its checksum is wrong. */
  readonly content: { readonly section: Section; readonly entries: readonly PlacedEntry[] } | undefined;
}

/** Finds the frames from `offset` on. Zeros at the end are room prepared for appends, not damage. */
export function scanFrames(bytes: Uint8Array, offset: number): { items: readonly Scanned[]; end: number } {
  const items: Scanned[] = [];
  let at = offset;
  while (at < bytes.length) {
    const frame = readFrame(bytes, at);
    if (frame !== undefined) {
      items.push(frame);
      at = frame.end;
      continue;
    }
    if (isZero(bytes, at)) break;
    const next = findFrame(bytes, at + 1);
    items.push({ kind: "damage", offset: at, end: next });
    at = next;
  }
  return { items, end: at };
}

function readFrame(bytes: Uint8Array, offset: number): (Scanned & { kind: "frame" }) | undefined {
  if (bytes.length - offset < frameHeaderFixedBytes + crcBytes) return undefined;
  const reader = new ByteReader(bytes.subarray(offset));
  if (reader.uint32() !== frameMarker) return undefined;
  const count = reader.uint32();
  const headerBytes = frameHeaderFixedBytes + count * sectionHeaderBytes;
  if (bytes.length - offset < headerBytes + crcBytes) return undefined;
  const stored = new ByteReader(bytes, offset + headerBytes).uint32();
  if (crc32(bytes.subarray(offset, offset + headerBytes)) !== stored) return undefined;
  const sequence = reader.uint64();
  const sections: ScannedSection[] = [];
  let at = offset + headerBytes + crcBytes;
  for (let left = count; left > 0; left--) {
    const group = reader.uint64();
    const length = reader.uint32();
    const expected = reader.uint32();
    const body = bytes.subarray(at, at + length);
    const right = body.length === length && crc32(body) === expected;
    sections.push({ group, content: right ? readSection(group, body, at) : undefined });
    at += length;
  }
  const whole = sections.every(({ content }) => content !== undefined);
  return { kind: "frame", offset, end: Math.min(at, bytes.length), sequence, sections, whole };
}

/** Offset of the next frame whose header is right, or the end of the bytes. */
function findFrame(bytes: Uint8Array, from: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const marker = Buffer.alloc(4);
  marker.writeUInt32BE(frameMarker);
  for (let at = buffer.indexOf(marker, from); at >= 0; at = buffer.indexOf(marker, at + 1)) {
    if (readFrame(bytes, at) !== undefined) return at;
  }
  return bytes.length;
}

function isZero(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
