// Running figures of a partition, part of its replicated state: how many items and bytes it holds, which idempotency
// generations have records, so that expiry and snapshots know their ranges without looking, how far it is with its
// table's global secondary indexes, what its local ones hold, and which range it has once it was split.
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import type { IndexSizeDelta } from "@azimuth/operations/index-entries.ts";
import type { RangeVersion } from "./descriptor.ts";

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
  /** What the local indexes hold here. */
  readonly localIndexes: readonly IndexSize[];
  /** Since the last split, or since the one that made this partition; undefined: the range is as the map gave it. */
  readonly range: RangeVersion | undefined;
  /** The last split of this partition, until the next. */
  readonly lastSplit: LastSplit | undefined;
}

export interface LastSplit {
  readonly child: number;
  /** The child's first token. */
  readonly at: string;
  readonly voters: readonly number[];
}

export interface IndexSize {
  readonly indexId: number;
  readonly items: number;
  readonly bytes: number;
}

export const emptyStatistics: PartitionStatistics = {
  items: 0, bytes: 0, generations: [], queued: 0, indexVersion: 0, builtIndexes: [], localIndexes: [],
  range: undefined, lastSplit: undefined,
};

export function encodeStatistics(statistics: PartitionStatistics): Uint8Array {
  const writer = new ByteWriter(32).varint(statistics.items).varint(statistics.bytes);
  writer.varint(statistics.generations.length);
  for (const generation of statistics.generations) writer.varint(generation);
  writer.varint(statistics.queued).varint(statistics.indexVersion).varint(statistics.builtIndexes.length);
  for (const index of statistics.builtIndexes) writer.varint(index);
  writeSizes(writer, statistics.localIndexes);
  writeRange(writer, statistics);
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
  // Records from before local indexes were counted end here.
  const localIndexes = reader.remaining === 0 ? [] : readSizes(reader);
  return { items, bytes: size, generations, queued, indexVersion, builtIndexes, localIndexes, ...readRange(reader) };
}

export function writeSizes(writer: ByteWriter, sizes: readonly IndexSize[]): void {
  writer.varint(sizes.length);
  for (const { indexId, items, bytes } of sizes) writer.varint(indexId).varint(items).varint(bytes);
}

export function readSizes(reader: ByteReader): readonly IndexSize[] {
  const sizes: IndexSize[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    sizes.push({ indexId: reader.varint(), items: reader.varint(), bytes: reader.varint() });
  }
  return sizes;
}

/** Nothing at all for a partition that was never split. */
function writeRange(writer: ByteWriter, { range, lastSplit }: PartitionStatistics): void {
  if (range === undefined) return;
  writer.varint(range.epoch).raw(Buffer.from(range.lastToken, "hex")).varint(lastSplit?.child ?? 0);
  if (lastSplit === undefined) return;
  writer.raw(Buffer.from(lastSplit.at, "hex")).varint(lastSplit.voters.length);
  for (const voter of lastSplit.voters) writer.varint(voter);
}

function readRange(reader: ByteReader): Pick<PartitionStatistics, "range" | "lastSplit"> {
  if (reader.remaining === 0) return { range: undefined, lastSplit: undefined };
  const range = { epoch: reader.varint(), lastToken: readToken(reader) };
  const child = reader.varint();
  if (child === 0) return { range, lastSplit: undefined };
  const at = readToken(reader);
  const voters: number[] = [];
  for (let count = reader.varint(); count > 0; count--) voters.push(reader.varint());
  return { range, lastSplit: { child, at, voters } };
}

function readToken(reader: ByteReader): string {
  return Buffer.from(reader.raw(8)).toString("hex");
}

/** Not below zero: entries from before they were counted may go. */
export function withDeltas(sizes: readonly IndexSize[], deltas: readonly IndexSizeDelta[]): readonly IndexSize[] {
  const sizeById = new Map(sizes.map((size) => [size.indexId, size]));
  for (const { indexId, items, bytes } of deltas) {
    const before = sizeById.get(indexId) ?? { items: 0, bytes: 0 };
    const after = { items: Math.max(0, before.items + items), bytes: Math.max(0, before.bytes + bytes) };
    sizeById.set(indexId, { indexId, ...after });
  }
  return [...sizeById.values()];
}

/** `generations` with `added` in its place; the same array when it is there already. */
export function withGeneration(generations: readonly number[], added: number): readonly number[] {
  if (generations.includes(added)) return generations;
  return [...generations, added].sort((left, right) => left - right);
}
