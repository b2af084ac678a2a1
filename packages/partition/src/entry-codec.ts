// What a partition's log entry carries: effects, not commands. A replica applies it by writing it (ARCHITECTURE,
// "The leader decides"). Layout, in order:
//
//   version u8 | epoch varint | flags u8 | generation varint | item-count delta + 2^31 u32 | byte delta + 2^40 u64
//   [request token 16 bytes | hash token 8 bytes | outcome bytes]   when flags & hasRecord
//   [index version varint | queue records removed varint | built indexes: count varint, ids varint
//    | index changes: count varint, each index id varint | token 8 bytes | kind u8 | key bytes | value bytes (puts)]
//                                                                    when flags & hasIndexWork
//   [count varint, then each local index: id varint | entry-count delta + 2^31 u32 | byte delta + 2^40 u64]
//                                                                    when flags & hasLocalDeltas
//   [child varint | first token 8 bytes | voters: count varint, ids varint | prepared at varint
//    | items varint | bytes varint | local indexes: count varint, each id, items and bytes varint]
//                                                                    when flags & hasSplit
//   effects: count varint, then each: kind u8 | key bytes | value bytes (puts only)
//
// Keys are whole engine keys. `generation` stamps idempotency records and, with flag `expires`, tells which
// generations are dropped.
import { assert } from "@azimuth/foundation/assert.ts";
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";
import type { Split } from "./split.ts";
import { readSizes, writeSizes } from "./statistics.ts";
import type { IndexSizeDelta } from "@azimuth/operations/index-entries.ts";

const version = 1;
const hasRecord = 1;
const isRetry = 2;
const expires = 4;
const hasIndexWork = 8;
const hasLocalDeltas = 16;
const hasSplit = 32;
const countBias = 2 ** 31;
const bytesBias = 2 ** 40;

export interface IdempotencyRecord {
  /** Identity of the write over all its attempts, 16 bytes. */
  readonly requestToken: Uint8Array;
  /** Token of the item's partition key, 16 hex digits: the record lives where the item lives. */
  readonly token: string;
  /** MessagePack of the outcome, to answer a retry with. */
  readonly outcome: Uint8Array;
  readonly isRetry: boolean;
}

export type EntryEffect =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: Uint8Array };

/** A change that a global secondary index is to hear of; it goes into the queue (index-queue.ts). */
export interface QueuedChange {
  readonly indexId: number;
  /** Of the index's own partition key. */
  readonly token: string;
  /** Below the index's prefix. */
  readonly key: Uint8Array;
  /** Undefined: the entry goes. */
  readonly value: Uint8Array | undefined;
}

/** What an entry of a table with global secondary indexes has besides its effects. */
export interface IndexWork {
  /** TableDefinition.indexVersion under which this was decided. */
  readonly indexVersion: number;
  /** Records that the effects take out of the queue. */
  readonly removed: number;
  /** When not empty: the global indexes that this partition has filled, in place of those it had. */
  readonly built: readonly number[];
  readonly changes: readonly QueuedChange[];
}

export interface PartitionEntry {
  /** The partition's range epoch under which this was decided. */
  readonly epoch: number;
  /** Of the record (record-generations.ts); with `expires`, the last generation to drop. */
  readonly generation: number;
  readonly expires: boolean;
  readonly itemCountDelta: number;
  readonly itemBytesDelta: number;
  readonly record: IdempotencyRecord | undefined;
  readonly indexWork?: IndexWork | undefined;
  /** Of local indexes; absent and empty are the same. */
  readonly localDeltas?: readonly IndexSizeDelta[] | undefined;
  /** Divides the partition; the effects then are on the child's records. */
  readonly split?: Split | undefined;
  readonly effects: readonly EntryEffect[];
}

export function encodeEntry(entry: PartitionEntry): Uint8Array {
  let estimate = 64;
  for (const effect of entry.effects) {
    estimate += effect.key.length + 8 + (effect.kind === "put" ? effect.value.length : 0);
  }
  if (entry.record !== undefined) estimate += 32 + entry.record.outcome.length;
  const writer = new ByteWriter(estimate);
  const { record, indexWork, localDeltas = [], split } = entry;
  const flags =
    (record === undefined ? 0 : hasRecord) | (record?.isRetry === true ? isRetry : 0) |
    (entry.expires ? expires : 0) | (indexWork === undefined ? 0 : hasIndexWork) |
    (localDeltas.length === 0 ? 0 : hasLocalDeltas) | (split === undefined ? 0 : hasSplit);
  writer.uint8(version).varint(entry.epoch).uint8(flags).varint(entry.generation);
  writer.uint32(entry.itemCountDelta + countBias).uint64(entry.itemBytesDelta + bytesBias);
  if (record !== undefined) {
    assert(record.requestToken.length === 16, "a request token has 16 bytes");
    writer.raw(record.requestToken).raw(Buffer.from(record.token, "hex")).bytes(record.outcome);
  }
  if (indexWork !== undefined) writeIndexWork(writer, indexWork);
  if (localDeltas.length > 0) writeLocalDeltas(writer, localDeltas);
  if (split !== undefined) writeSplit(writer, split);
  writer.varint(entry.effects.length);
  for (const effect of entry.effects) {
    if (effect.kind === "put") writer.uint8(1).bytes(effect.key).bytes(effect.value);
    else writer.uint8(2).bytes(effect.key);
  }
  return writer.finish();
}

/** Byte fields are views of `bytes`. */
export function decodeEntry(bytes: Uint8Array): PartitionEntry {
  const reader = new ByteReader(bytes);
  assert(reader.uint8() === version, "unknown version of a partition entry");
  const epoch = reader.varint();
  const flags = reader.uint8();
  const generation = reader.varint();
  const itemCountDelta = reader.uint32() - countBias;
  const itemBytesDelta = reader.uint64() - bytesBias;
  let record: IdempotencyRecord | undefined;
  if ((flags & hasRecord) !== 0) {
    const requestToken = reader.raw(16);
    const token = Buffer.from(reader.raw(8)).toString("hex");
    record = { requestToken, token, outcome: reader.bytes(), isRetry: (flags & isRetry) !== 0 };
  }
  const indexWork = (flags & hasIndexWork) === 0 ? undefined : readIndexWork(reader);
  const localDeltas = (flags & hasLocalDeltas) === 0 ? undefined : readLocalDeltas(reader);
  const split = (flags & hasSplit) === 0 ? undefined : readSplit(reader);
  const count = reader.varint();
  const effects: EntryEffect[] = [];
  for (let i = 0; i < count; i++) {
    const kind = reader.uint8();
    assert(kind === 1 || kind === 2, "unknown kind of effect");
    const key = reader.bytes();
    effects.push(kind === 1 ? { kind: "put", key, value: reader.bytes() } : { kind: "delete", key });
  }
  assert(reader.remaining === 0, "bytes left over after a partition entry");
  return {
    epoch, generation, expires: (flags & expires) !== 0, itemCountDelta, itemBytesDelta, record, indexWork,
    localDeltas, split, effects,
  };
}

function writeLocalDeltas(writer: ByteWriter, deltas: readonly IndexSizeDelta[]): void {
  writer.varint(deltas.length);
  for (const { indexId, items, bytes } of deltas) {
    writer.varint(indexId).uint32(items + countBias).uint64(bytes + bytesBias);
  }
}

function readLocalDeltas(reader: ByteReader): readonly IndexSizeDelta[] {
  const deltas: IndexSizeDelta[] = [];
  for (let count = reader.varint(); count > 0; count--) {
    deltas.push({
      indexId: reader.varint(), items: reader.uint32() - countBias, bytes: reader.uint64() - bytesBias,
    });
  }
  return deltas;
}

function writeIndexWork(writer: ByteWriter, { indexVersion, removed, built, changes }: IndexWork): void {
  writer.varint(indexVersion).varint(removed).varint(built.length);
  for (const id of built) writer.varint(id);
  writer.varint(changes.length);
  for (const change of changes) writeChange(writer, change);
}

function readIndexWork(reader: ByteReader): IndexWork {
  const indexVersion = reader.varint();
  const removed = reader.varint();
  const built: number[] = [];
  for (let count = reader.varint(); count > 0; count--) built.push(reader.varint());
  const changes: QueuedChange[] = [];
  for (let count = reader.varint(); count > 0; count--) changes.push(readChange(reader));
  return { indexVersion, removed, built, changes };
}

function writeSplit(writer: ByteWriter, { child, at, voters, preparedAt, items, bytes, localIndexes }: Split): void {
  writer.varint(child).raw(Buffer.from(at, "hex")).varint(voters.length);
  for (const voter of voters) writer.varint(voter);
  writer.varint(preparedAt).varint(items).varint(bytes);
  writeSizes(writer, localIndexes);
}

function readSplit(reader: ByteReader): Split {
  const child = reader.varint();
  const at = Buffer.from(reader.raw(8)).toString("hex");
  const voters: number[] = [];
  for (let count = reader.varint(); count > 0; count--) voters.push(reader.varint());
  const [preparedAt, items, bytes] = [reader.varint(), reader.varint(), reader.varint()];
  return { child, at, voters, preparedAt, items, bytes, localIndexes: readSizes(reader) };
}

function writeChange(writer: ByteWriter, { indexId, token, key, value }: QueuedChange): void {
  writer.varint(indexId).raw(Buffer.from(token, "hex")).uint8(value === undefined ? 2 : 1).bytes(key);
  if (value !== undefined) writer.bytes(value);
}

function readChange(reader: ByteReader): QueuedChange {
  const indexId = reader.varint();
  const token = Buffer.from(reader.raw(8)).toString("hex");
  const kind = reader.uint8();
  const key = reader.bytes();
  return { indexId, token, key, value: kind === 1 ? reader.bytes() : undefined };
}

/** The form in which a change rests in the queue. */
export function encodeChange(change: QueuedChange): Uint8Array {
  const writer = new ByteWriter(64 + change.key.length + (change.value?.length ?? 0));
  writeChange(writer, change);
  return writer.finish();
}

export function decodeChange(bytes: Uint8Array): QueuedChange {
  return readChange(new ByteReader(bytes));
}
