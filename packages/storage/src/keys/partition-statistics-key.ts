// Key of a partition's running figures (items, bytes, live idempotency generations): 's' | partition u64.
// One record per partition, written in the same batch as the effects it counts.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";

const space = 0x73;

export function partitionStatisticsKey(partition: number): Uint8Array {
  return new ByteWriter(9).uint8(space).uint64(partition).finish();
}

export function decodePartitionStatisticsKey(key: Uint8Array): number {
  const reader = new ByteReader(key);
  assert(reader.uint8() === space, "not a partition statistics key");
  return reader.uint64();
}
