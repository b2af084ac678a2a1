// How far an index partition has taken what a base partition sends it: "m" | index partition (8 bytes) | base
// partition (8) → the position of the last change taken (packages/partition, index-writes.ts). Written in the batch of
// the changes it counts, so that each change takes effect once however often it arrives.
import { assert } from "@azimuth/foundation/assert.ts";
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import type { QueuePosition } from "./index-queue-key.ts";
import { indexMarkSpace } from "./spaces.ts";

export function indexMarkKey(partition: number, source: number): Uint8Array {
  return new ByteWriter(17).uint8(indexMarkSpace).uint64(partition).uint64(source).finish();
}

/** The base partition of a mark's key. */
export function sourceOfIndexMark(key: Uint8Array): number {
  const reader = new ByteReader(key);
  assert(reader.uint8() === indexMarkSpace && key.length === 17, "not a key of an index mark");
  reader.uint64();
  return reader.uint64();
}

/** The marks that one index partition keeps. */
export function indexMarkRange(partition: number): { start: Uint8Array; end: Uint8Array } {
  const prefix = (id: number): Uint8Array => new ByteWriter(9).uint8(indexMarkSpace).uint64(id).finish();
  return { start: prefix(partition), end: prefix(partition + 1) };
}

export function encodeIndexMark({ index, ordinal }: QueuePosition): Uint8Array {
  return new ByteWriter(12).varint(index).varint(ordinal).finish();
}

export function decodeIndexMark(value: Uint8Array): QueuePosition {
  const reader = new ByteReader(value);
  return { index: reader.varint(), ordinal: reader.varint() };
}
