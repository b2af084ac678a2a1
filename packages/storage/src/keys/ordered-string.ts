// Strings within keys: their UTF-8 bytes, ordered as DynamoDB orders them, in the forms of ordered-bytes.ts.
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import { decodeOrderedBytes, encodeOrderedBytes, type Decoded, type KeyForm } from "./ordered-bytes.ts";

export function encodeOrderedString(value: string, form: KeyForm): Uint8Array {
  return encodeOrderedBytes(utf8(value), form);
}

export function decodeOrderedString(key: Uint8Array, offset: number, form: KeyForm): Decoded<string> {
  const { value, end } = decodeOrderedBytes(key, offset, form);
  return { value: fromUtf8(value), end };
}
