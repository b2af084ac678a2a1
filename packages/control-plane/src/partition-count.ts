// How many partitions a new table starts with. A partition of DynamoDB serves 3,000 read units and 1,000
// write units a second; an on-demand table starts ready for 12,000 reads and 4,000 writes, which is four of
// them.
import type { NewTable } from "./commands.ts";

const readUnitsPerPartition = 3000;
const writeUnitsPerPartition = 1000;
const onDemandPartitions = 4;

/** More would make one entry of group 0's log, and one table's part of the map, unreasonably large. */
export const partitionsPerTableMax = 1024;

export function initialPartitionCount(definition: Pick<NewTable, "billingMode" | "throughput">): number {
  if (definition.billingMode === "PAY_PER_REQUEST") return onDemandPartitions;
  const { readUnits, writeUnits } = definition.throughput;
  const needed = Math.ceil(readUnits / readUnitsPerPartition + writeUnits / writeUnitsPerPartition);
  return Math.min(Math.max(1, needed), partitionsPerTableMax);
}
