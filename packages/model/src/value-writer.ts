// The byte-level half of writing items: one scratch buffer for the whole process, grown as needed.
//
// Encoding is synchronous and never re-entered, so the buffer and the position are module state: measured, this
// is a third of the cost of a writer object per item. A caller brackets its writes with `begin` and `finish`;
// an exception in between leaves garbage that the next `begin` forgets.
import { assert } from "@azimuth/foundation/assert.ts";

let scratch = Buffer.allocUnsafe(64 * 1024);
let position = 0;

/** Longest text that is copied character by character; above, one native call is cheaper. */
const shortText = 24;

export function begin(): void {
  position = 0;
}

/** A copy of what was written since `begin`. */
export function finish(): Uint8Array {
  const bytes = Buffer.allocUnsafe(position);
  scratch.copy(bytes, 0, 0, position);
  return bytes;
}

function reserve(length: number): void {
  if (position + length <= scratch.length) return;
  const grown = Buffer.allocUnsafe(Math.max(position + length, scratch.length * 2));
  scratch.copy(grown, 0, 0, position);
  scratch = grown;
}

/** Leaves room for a fixed 32-bit number to be filled in later; returns its place. */
export function reserveUint32(): number {
  reserve(4);
  const place = position;
  position += 4;
  return place;
}

export function fillUint32(place: number, value: number): void {
  scratch.writeUInt32BE(value, place);
}

export function writeByte(value: number): void {
  reserve(1);
  scratch[position++] = value;
}

export function writeVarint(value: number): void {
  assert(value >= 0 && value <= 0x7fffffff, "length out of range");
  reserve(5);
  let rest = value;
  while (rest >= 0x80) {
    scratch[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  scratch[position++] = rest;
}

/** Length and UTF-8 bytes; returns the number of UTF-8 bytes. */
export function writeText(text: string): number {
  const length = text.length;
  if (length <= shortText && writeShortAscii(text, length)) return length;
  reserve(length * 3 + 5);
  const start = position;
  const lengthBytes = varintLength(length);
  const written = scratch.write(text, start + lengthBytes, "utf8");
  const neededBytes = varintLength(written);
  if (neededBytes !== lengthBytes) {
    scratch.copyWithin(start + neededBytes, start + lengthBytes, start + lengthBytes + written);
  }
  writeVarint(written);
  position = start + neededBytes + written;
  return written;
}

function writeShortAscii(text: string, length: number): boolean {
  reserve(shortText + 1);
  const start = position + 1;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return false;
    scratch[start + at] = code;
  }
  scratch[position] = length;
  position = start + length;
  return true;
}

/** Length and bytes. */
export function writeBytes(bytes: Uint8Array): void {
  writeVarint(bytes.length);
  reserve(bytes.length);
  scratch.set(bytes, position);
  position += bytes.length;
}

/** Length and the bytes that base64 text stands for; returns their number. */
export function writeBase64(text: string): number {
  const length = (text.length / 4) * 3 - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  writeVarint(length);
  reserve(length);
  const written = scratch.write(text, position, length, "base64");
  assert(written === length, "base64 was checked before");
  position += length;
  return length;
}

function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}
