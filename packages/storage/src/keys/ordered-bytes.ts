// Byte strings within keys, so that the order of the keys is the order of the byte strings.
//
// final      the bytes themselves; nothing may follow.
// delimited  each 00 becomes 00 ff, and 00 00 ends it; any part may follow. The end sorts below every
//            continuation, so a byte string sorts before those it is a prefix of.
import { assert } from "@azimuth/foundation/assert.ts";

export type KeyForm = "delimited" | "final";

export interface Decoded<T> {
  readonly value: T;
  /** Offset of the first byte after the part. */
  readonly end: number;
}

const escaped = 0xff;

export function encodeOrderedBytes(value: Uint8Array, form: KeyForm): Uint8Array {
  if (form === "final") return value;
  let zeros = 0;
  for (let at = value.indexOf(0); at >= 0; at = value.indexOf(0, at + 1)) zeros++;
  const result = new Uint8Array(value.length + zeros + 2);
  if (zeros === 0) {
    result.set(value);
    return result;
  }
  let to = 0;
  for (const byte of value) {
    result[to++] = byte;
    if (byte === 0) result[to++] = escaped;
  }
  return result;
}

export function decodeOrderedBytes(key: Uint8Array, offset: number, form: KeyForm): Decoded<Uint8Array> {
  if (form === "final") return { value: key.slice(offset), end: key.length };
  const value = new Uint8Array(key.length - offset);
  let length = 0;
  for (let at = offset; at + 1 < key.length; at++) {
    const byte = key[at] as number;
    if (byte === 0) {
      if (key[at + 1] === 0) return { value: value.slice(0, length), end: at + 2 };
      assert(key[at + 1] === escaped, "a delimited byte string has an unknown escape");
      at++;
    }
    value[length++] = byte;
  }
  assert(false, "a delimited byte string has no end");
}
