// Running figures of a partition, part of its replicated state: how many items and bytes it holds, which idempotency
// generations have records, so that expiry and snapshots know their ranges without looking, and how far it is with
// its table's global secondary indexes.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";

export interface PartitionStatistics {
  readonly items: number;
  readonly bytes: number;
  /** Generations that hold idempotency records, ascending. */
  readonly generations: readonly number[];
  /** Changes that wait in the index queue. */
  readonly queued: number;
  /** Highest TableDefinition.indexVersion under which anything was decided here. */
  readonly indexVersion: number;
  /** Global indexes made on the live table that hold everything this partition has. */
  readonly builtIndexes: readonly number[];
}

export const emptyStatistics: PartitionStatistics = {
  items: 0, bytes: 0, generations: [], queued: 0, indexVersion: 0, builtIndexes: [],
};

export function encodeStatistics(statistics: PartitionStatistics): Uint8Array {
  const writer = new ByteWriter(32).varint(statistics.items).varint(statistics.bytes);
  writer.varint(statistics.generations.length);
  for (const generation of statistics.generations) writer.varint(generation);
  writer.varint(statistics.queued).varint(statistics.indexVersion).varint(statistics.builtIndexes.length);
  for (const index of statistics.builtIndexes) writer.varint(index);
  return writer.finish();
}

export function decodeStatistics(bytes: Uint8Array): PartitionStatistics {
  const reader = new ByteReader(bytes);
  const items = reader.varint();
  const size = reader.varint();
  const generations: number[] = [];
  for (let count = reader.varint(); count > 0; count--) generations.push(reader.varint());
  // Records from before there were indexes end here.
  if (reader.remaining === 0) return { ...emptyStatistics, items, bytes: size, generations };
  const queued = reader.varint();
  const indexVersion = reader.varint();
  const builtIndexes: number[] = [];
  for (let count = reader.varint(); count > 0; count--) builtIndexes.push(reader.varint());
  return { items, bytes: size, generations, queued, indexVersion, builtIndexes };
}

/** `generations` with `added` in its place; the same array when it is there already. */
export function withGeneration(generations: readonly number[], added: number): readonly number[] {
  if (generations.includes(added)) return generations;
  return [...generations, added].sort((left, right) => left - right);
}
