// Keys that belong to one Raft group: a space byte and the group's number in 8 bytes.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";

export function groupKey(space: number, group: number): Uint8Array {
  return new ByteWriter(9).uint8(space).uint64(group).finish();
}

export function decodeGroupKey(space: number, key: Uint8Array): number {
  const reader = new ByteReader(key);
  assert(reader.uint8() === space && reader.remaining === 8, "the key is not one of this group space");
  return reader.uint64();
}
