// What a partition's log entry carries: effects, not commands. A replica applies it by writing it (ARCHITECTURE,
// "The leader decides"). Layout, in order:
//
//   version u8 | epoch varint | flags u8 | generation varint | item-count delta + 2^31 u32 | byte delta + 2^40 u64
//   [request token 16 bytes | hash token 8 bytes | outcome bytes]   when flags & hasRecord
//   effects: count varint, then each: kind u8 | key bytes | value bytes (puts only)
//
// Keys are whole engine keys. `generation` stamps idempotency records and, with flag `expires`, tells which
// generations are dropped.
import { assert } from "@azimuth/foundation/assert.ts";
import { ByteReader, ByteWriter } from "@azimuth/foundation/bytes.ts";

const version = 1;
const hasRecord = 1;
const isRetry = 2;
const expires = 4;
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

export interface PartitionEntry {
  /** The partition's range epoch under which this was decided. */
  readonly epoch: number;
  /** Idempotency generation of the leader's clock; with `expires`, the last generation to drop. */
  readonly generation: number;
  readonly expires: boolean;
  readonly itemCountDelta: number;
  readonly itemBytesDelta: number;
  readonly record: IdempotencyRecord | undefined;
  readonly effects: readonly EntryEffect[];
}

export function encodeEntry(entry: PartitionEntry): Uint8Array {
  let estimate = 64;
  for (const effect of entry.effects) estimate += effect.key.length + 8 + (effect.kind === "put" ? effect.value.length : 0);
  if (entry.record !== undefined) estimate += 32 + entry.record.outcome.length;
  const writer = new ByteWriter(estimate);
  const { record } = entry;
  const flags =
    (record === undefined ? 0 : hasRecord) | (record?.isRetry === true ? isRetry : 0) | (entry.expires ? expires : 0);
  writer.uint8(version).varint(entry.epoch).uint8(flags).varint(entry.generation);
  writer.uint32(entry.itemCountDelta + countBias).uint64(entry.itemBytesDelta + bytesBias);
  if (record !== undefined) {
    assert(record.requestToken.length === 16, "a request token has 16 bytes");
    writer.raw(record.requestToken).raw(Buffer.from(record.token, "hex")).bytes(record.outcome);
  }
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
  const count = reader.varint();
  const effects: EntryEffect[] = [];
  for (let i = 0; i < count; i++) {
    const kind = reader.uint8();
    assert(kind === 1 || kind === 2, "unknown kind of effect");
    const key = reader.bytes();
    effects.push(kind === 1 ? { kind: "put", key, value: reader.bytes() } : { kind: "delete", key });
  }
  assert(reader.remaining === 0, "bytes left over after a partition entry");
  return { epoch, generation, expires: (flags & expires) !== 0, itemCountDelta, itemBytesDelta, record, effects };
}
