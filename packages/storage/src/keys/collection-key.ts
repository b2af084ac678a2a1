// Size of an item collection, of tables with local secondary indexes only: "n" | table (4 bytes) | token (8) |
// partition key (delimited) → bytes of all items and local index entries of that partition key.
import { ByteReader, ByteWriter, concatBytes } from "@azimuth/foundation/bytes.ts";
import { collectionSpace } from "./spaces.ts";
import { tokenRange } from "./token-bytes.ts";

/** `position` is what all keys of the collection begin with below the table's prefix: token and partition key. */
export function collectionKey(tableId: number, position: Uint8Array): Uint8Array {
  return concatBytes(prefixOf(tableId), position);
}

export function collectionRange(
  tableId: number,
  firstToken: string,
  lastToken: string,
): { start: Uint8Array; end: Uint8Array } {
  return tokenRange(prefixOf(tableId), firstToken, lastToken);
}

export function encodeCollectionSize(bytes: number): Uint8Array {
  return new ByteWriter(8).varint(bytes).finish();
}

export function decodeCollectionSize(value: Uint8Array): number {
  return new ByteReader(value).varint();
}

function prefixOf(tableId: number): Uint8Array {
  return new ByteWriter(5).uint8(collectionSpace).uint32(tableId).finish();
}
