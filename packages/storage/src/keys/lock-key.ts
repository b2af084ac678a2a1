// Locks of transactions on items: "l" | table id (4 bytes) | token (8 bytes) | partition key (delimited) | sort key
// (final), the item's own key in another space, so that a lock lies in the partition of its item, wherever that goes.
import { assert } from "@azimuth/foundation/assert.ts";
import { tablePrefix } from "./item-key.ts";
import { itemSpace, lockSpace } from "./spaces.ts";
import { tokenRange } from "./token-bytes.ts";

/** `itemKey` is a whole key. */
export function lockKey(itemKey: Uint8Array): Uint8Array {
  assert(itemKey[0] === itemSpace, "only items are locked");
  const key = Uint8Array.from(itemKey);
  key[0] = lockSpace;
  return key;
}

export function isLockKey(key: Uint8Array): boolean {
  return key[0] === lockSpace;
}

/** Where the locks on items of a table with tokens in [firstToken, lastToken], both included, lie. */
export function lockRange(
  tableId: number,
  firstToken: string,
  lastToken: string,
): { start: Uint8Array; end: Uint8Array } {
  const prefix = Uint8Array.from(tablePrefix(tableId));
  prefix[0] = lockSpace;
  return tokenRange(prefix, firstToken, lastToken);
}
