// The control plane's records: "c" | kind (delimited text) | id (final text). Kinds are words such as "table" or
// "node"; records of one kind are contiguous and in the order of their ids.
import { assert } from "@azimuth/foundation/assert.ts";
import { concatBytes } from "@azimuth/foundation/bytes.ts";
import { decodeOrderedString, encodeOrderedString } from "./ordered-string.ts";
import { controlSpace } from "./spaces.ts";

export function controlKey(kind: string, id: string): Uint8Array {
  return concatBytes(kindPrefix(kind), encodeOrderedString(id, "final"));
}

export function decodeControlKey(key: Uint8Array): { readonly kind: string; readonly id: string } {
  assert(key[0] === controlSpace, "not a key of the control plane");
  const kind = decodeOrderedString(key, 1, "delimited");
  return { kind: kind.value, id: decodeOrderedString(key, kind.end, "final").value };
}

/** Every record of one kind. */
export function controlKindRange(kind: string): { start: Uint8Array; end: Uint8Array } {
  const start = kindPrefix(kind);
  const end = start.slice();
  // The prefix ends in 00 00; no other kind's prefix lies between it and 00 01.
  end[end.length - 1] = 1;
  return { start, end };
}

/** Every record of the control plane. */
export function controlRange(): { start: Uint8Array; end: Uint8Array } {
  return { start: Uint8Array.of(controlSpace), end: Uint8Array.of(controlSpace + 1) };
}

function kindPrefix(kind: string): Uint8Array {
  return Uint8Array.from(concatBytes(Uint8Array.of(controlSpace), encodeOrderedString(kind, "delimited")));
}
