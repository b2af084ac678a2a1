// Where an item is: the token of its partition key, and its key below the table's prefix. The token is a function of
// the partition key's bytes as they are on disk, so that equal keys have one token however they were written.
import type { Key, KeyValue } from "@azimuth/model/key.ts";
import { tokenOf } from "@azimuth/placement/token.ts";
import { encodeKeyAttribute, itemKey } from "@azimuth/storage/keys/item-key.ts";
import type { ItemPosition, Token } from "./operation.ts";

export function positionOf(key: Key): ItemPosition {
  const partition = encodeKeyAttribute(key.partition.type, key.partition.value, "delimited");
  const token = tokenOf(partition);
  return { token, key: itemKey(token, partition, key.sort && sortKeyBytes(key.sort)) };
}

/** What all keys of one partition key begin with. */
export function partitionPrefix(partition: KeyValue): { readonly token: Token; readonly prefix: Uint8Array } {
  const bytes = encodeKeyAttribute(partition.type, partition.value, "delimited");
  const token = tokenOf(bytes);
  return { token, prefix: itemKey(token, bytes, undefined) };
}

export function sortKeyBytes(value: KeyValue): Uint8Array {
  return encodeKeyAttribute(value.type, value.value, "final");
}
