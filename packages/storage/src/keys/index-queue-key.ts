// Changes that wait to reach a global secondary index: "q" | partition (8 bytes) | log index (8) | ordinal (4) → what
// changes (packages/partition, index-queue.ts).
//
// A record is made by the entry of the base partition's log that changed the item, so the order of the keys is the
// order of the changes, and the position (log index, ordinal) names a change for ever.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import { indexQueueSpace } from "./spaces.ts";

export interface QueuePosition {
  /** Index in the base partition's log. */
  readonly index: number;
  /** Among the changes of one entry, from 0. */
  readonly ordinal: number;
}

export function indexQueueKey(partition: number, position: QueuePosition): Uint8Array {
  return prefixWriter(partition).uint64(position.index).uint32(position.ordinal).finish();
}

export function decodeIndexQueueKey(key: Uint8Array): QueuePosition & { readonly partition: number } {
  const reader = new ByteReader(key);
  assert(reader.uint8() === indexQueueSpace && key.length === 21, "not a key of the index queue");
  return { partition: reader.uint64(), index: reader.uint64(), ordinal: reader.uint32() };
}

/** Every waiting change of one partition. */
export function indexQueueRange(partition: number): { start: Uint8Array; end: Uint8Array } {
  return { start: prefixWriter(partition).finish(), end: prefixWriter(partition + 1).finish() };
}

function prefixWriter(partition: number): ByteWriter {
  return new ByteWriter(21).uint8(indexQueueSpace).uint64(partition);
}
