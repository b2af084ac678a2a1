// What a snapshot stream carries: the header's metadata and a checksum over every chunk's pairs.
import { crc32 } from "node:zlib";
import type { SnapshotMeta } from "@azimuth/raft/types.ts";
import { decodeShaped, encodeBody, expectShape, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { KeyValue } from "@azimuth/storage/engine.ts";

export interface SnapshotHeader extends SnapshotMeta {
  /** What the state covers, in the state machine's own words; empty when that never changes. */
  readonly extent: string;
}

export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  return encodeBody(header);
}

/** Undefined when the bytes are no such metadata. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader | undefined {
  try {
    const shape = { index: "number", term: "number", config: "object", extent: "string" } as const;
    const meta = decodeShaped<SnapshotHeader>(bytes, shape);
    const lists = { voters: "list", votersOutgoing: "list", learners: "list", learnersNext: "list" } as const;
    expectShape(meta.config, { ...lists, autoLeave: "boolean" });
    return meta;
  } catch (error) {
    if (error instanceof MalformedBody) return undefined;
    throw error;
  }
}

/** CRC-32 over lengths and bytes of all pairs, so that bytes cannot move from a key to its value unseen. */
export function checksumOf(pairs: readonly KeyValue[]): number {
  const lengths = Buffer.allocUnsafe(8);
  let checksum = 0;
  for (const { key, value } of pairs) {
    lengths.writeUInt32BE(key.length, 0);
    lengths.writeUInt32BE(value.length, 4);
    checksum = crc32(value, crc32(key, crc32(lengths, checksum)));
  }
  return checksum;
}
