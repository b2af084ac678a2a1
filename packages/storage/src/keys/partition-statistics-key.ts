// What a partition counts about itself: "s" | partition (8 bytes) → item count, bytes and live generations of
// idempotency records (packages/partition, statistics.ts). Written in the same batch as the effects it counts.
import { decodeGroupKey, groupKey } from "./group-key.ts";
import { statisticsSpace } from "./spaces.ts";

export function partitionStatisticsKey(partition: number): Uint8Array {
  return groupKey(statisticsSpace, partition);
}

export function decodePartitionStatisticsKey(key: Uint8Array): number {
  return decodeGroupKey(statisticsSpace, key);
}
