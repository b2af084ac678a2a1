// Keys of items: "i" | table id (4 bytes) | token (8 bytes) | partition key (delimited) | sort key (final).
//
// An index is a table of its own here, with its own id. The token comes first, so a partition is a contiguous
// range and a split moves no data; items of one partition key lie together in the order of their sort keys.
// What stands after the table id is "the key below the table's prefix": that is what operations handle.
import { assert } from "@azimuth/foundation/assert.ts";
import { decodeOrderedBytes, encodeOrderedBytes, type Decoded, type KeyForm } from "./ordered-bytes.ts";
import { decodeOrderedNumber, encodeOrderedNumber } from "./ordered-number.ts";
import { decodeOrderedString, encodeOrderedString } from "./ordered-string.ts";
import { itemSpace } from "./spaces.ts";
import { readToken, tokenBytes, tokenRange, writeToken } from "./token-bytes.ts";

export type KeyAttributeType = "S" | "N" | "B";

const tablePrefixBytes = 5;
const tableIdMax = 0xffffffff;

/**
 * The key below the table's prefix. `partitionKey` is in the delimited form of encodeKeyAttribute, `sortKey` in the
 * final one.
 */
export function itemKey(token: string, partitionKey: Uint8Array, sortKey: Uint8Array | undefined): Uint8Array {
  const sortAt = tokenBytes + partitionKey.length;
  const key = Buffer.allocUnsafe(sortAt + (sortKey?.length ?? 0));
  writeToken(key, token, 0);
  key.set(partitionKey, tokenBytes);
  if (sortKey !== undefined) key.set(sortKey, sortAt);
  return key;
}

export interface ItemKeyParts {
  readonly token: string;
  readonly partitionKey: string | Uint8Array;
  readonly sortKey: string | Uint8Array | undefined;
}

/** Takes a key below the table's prefix apart; `sortType` is undefined for a table without a sort key. */
export function decodeItemKey(
  key: Uint8Array,
  partitionType: KeyAttributeType,
  sortType: KeyAttributeType | undefined,
): ItemKeyParts {
  const partition = decodeKeyAttribute(partitionType, key, tokenBytes, "delimited");
  const sort = sortType && decodeKeyAttribute(sortType, key, partition.end, "final");
  assert((sort ?? partition).end === key.length, "an item's key has bytes after its last part");
  return { token: readToken(key, 0), partitionKey: partition.value, sortKey: sort?.value };
}

export function tablePrefix(tableId: number): Uint8Array {
  assert(Number.isInteger(tableId) && tableId >= 0 && tableId <= tableIdMax, `not a table id: ${tableId}`);
  const prefix = Buffer.alloc(tablePrefixBytes);
  prefix[0] = itemSpace;
  prefix.writeUInt32BE(tableId, 1);
  return prefix;
}

/** Where the items of a table with tokens in [firstToken, lastToken], both included, lie. */
export function partitionRange(
  tableId: number,
  firstToken: string,
  lastToken: string,
): { start: Uint8Array; end: Uint8Array } {
  return tokenRange(tablePrefix(tableId), firstToken, lastToken);
}

/** `value` is text for S and N (canonical decimal), bytes for B. */
export function encodeKeyAttribute(type: KeyAttributeType, value: string | Uint8Array, form: KeyForm): Uint8Array {
  if (type === "B") {
    assert(typeof value !== "string", "a key attribute of type B needs bytes");
    return encodeOrderedBytes(value, form);
  }
  assert(typeof value === "string", `a key attribute of type ${type} needs text`);
  return type === "S" ? encodeOrderedString(value, form) : encodeOrderedNumber(value);
}

export function decodeKeyAttribute(
  type: KeyAttributeType,
  key: Uint8Array,
  offset: number,
  form: KeyForm,
): Decoded<string | Uint8Array> {
  if (type === "B") return decodeOrderedBytes(key, offset, form);
  return type === "S" ? decodeOrderedString(key, offset, form) : decodeOrderedNumber(key, offset);
}
