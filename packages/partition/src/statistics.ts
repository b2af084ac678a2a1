// Running figures of a partition, part of its replicated state: how many items and bytes it holds, and which
// idempotency generations have records, so that expiry and snapshots know their ranges without looking.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";

export interface PartitionStatistics {
  readonly items: number;
  readonly bytes: number;
  /** Generations that hold idempotency records, ascending. */
  readonly generations: readonly number[];
}

export const emptyStatistics: PartitionStatistics = { items: 0, bytes: 0, generations: [] };

export function encodeStatistics(statistics: PartitionStatistics): Uint8Array {
  const writer = new ByteWriter(32).varint(statistics.items).varint(statistics.bytes);
  writer.varint(statistics.generations.length);
  for (const generation of statistics.generations) writer.varint(generation);
  return writer.finish();
}

export function decodeStatistics(bytes: Uint8Array): PartitionStatistics {
  const reader = new ByteReader(bytes);
  const items = reader.varint();
  const size = reader.varint();
  const generations: number[] = [];
  for (let count = reader.varint(); count > 0; count--) generations.push(reader.varint());
  return { items, bytes: size, generations };
}

/** `generations` with `added` in its place; the same array when it is there already. */
export function withGeneration(generations: readonly number[], added: number): readonly number[] {
  if (generations.includes(added)) return generations;
  return [...generations, added].sort((left, right) => left - right);
}
