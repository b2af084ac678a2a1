// Writes protobuf's wire format into slabs of memory, in one pass. Three ideas make it fast:
// - space is reserved once per message (`reserve` with an upper bound), so that fields are written unchecked;
// - the length before a nested message is always a varint of four bytes, patched afterwards: protobuf allows
//   such padding, so no second pass over the data is needed to learn sizes first;
// - `take` cuts off what was written and the rest of the slab serves the next frame. Bytes that were handed
//   out are never written again, so a frame may wait in a socket's queue as long as it likes.
// Fields that are zero, false or empty are left out, as proto3 has it.
import { assert } from "@azimuth/foundation/assert.ts";

const defaultSlabBytes = 256 * 1024;
const noSlab = Buffer.alloc(0);
const nestedLengthBytes = 4;
const nestedLengthMax = 2 ** 28 - 1;
const shortTextLength = 64;

/** Upper bound of one field's tag (field numbers below 16) and its longest varint. */
export const scalarFieldBytesMax = 11;
/** Upper bound of the overhead of one nested message or byte field: tag and length. */
export const lengthFieldBytesMax = 6;

export class ProtobufWriter {
  readonly #slabBytes: number;
  #slab: Buffer = noSlab;
  #start = 0;
  #offset = 0;

  /** A slab is taken when first needed, of this size or what is then reserved. */
  constructor(slabBytes = defaultSlabBytes) {
    this.#slabBytes = slabBytes;
  }

  /** Bytes written since the last `take`. */
  get length(): number {
    return this.#offset - this.#start;
  }

  /** Makes room for `extra` more bytes; everything written until the next call must fit in them. */
  reserve(extra: number): void {
    if (this.#offset + extra <= this.#slab.length) return;
    const written = this.length;
    const needed = written + extra;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, written === 0 ? needed : needed * 2));
    this.#slab.copy(grown, 0, this.#start, this.#offset);
    this.#slab = grown;
    this.#start = 0;
    this.#offset = written;
  }

  /** The bytes written since the last call. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#offset);
    this.#start = this.#offset;
    return taken;
  }

  integer(field: number, value: number): void {
    if (value === 0) return;
    assert(Number.isSafeInteger(value) && value > 0, "a protobuf integer is out of range");
    this.#slab[this.#offset++] = field << 3;
    this.#varint(value);
  }

  boolean(field: number, value: boolean): void {
    if (!value) return;
    this.#slab[this.#offset++] = field << 3;
    this.#slab[this.#offset++] = 1;
  }

  fixed32(field: number, value: number): void {
    if (value === 0) return;
    this.#slab[this.#offset++] = (field << 3) | 5;
    this.#offset = this.#slab.writeUInt32LE(value, this.#offset);
  }

  bytes(field: number, value: Uint8Array): void {
    const length = value.length;
    if (length === 0) return;
    this.#slab[this.#offset++] = (field << 3) | 2;
    this.#varint(length);
    this.#slab.set(value, this.#offset);
    this.#offset += length;
  }

  text(field: number, value: string): void {
    const length = value.length;
    if (length === 0) return;
    const slab = this.#slab;
    slab[this.#offset++] = (field << 3) | 2;
    if (length <= shortTextLength && this.#ascii(value)) return;
    this.#varint(Buffer.byteLength(value, "utf8"));
    this.#offset += slab.write(value, this.#offset, "utf8");
  }

  /** Length and characters of a short text; false, with nothing written, when one is not ASCII. */
  #ascii(value: string): boolean {
    const slab = this.#slab;
    const start = this.#offset + 1;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      slab[start + i] = code;
    }
    slab[this.#offset] = value.length;
    this.#offset = start + value.length;
    return true;
  }

  /** Repeated integers, packed. */
  integers(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const start = this.open(field);
    for (const value of values) this.#varint(value);
    this.close(start);
  }

  /** Begins a nested message; give what it returns to `close`. */
  open(field: number): number {
    this.#slab[this.#offset++] = (field << 3) | 2;
    this.#offset += nestedLengthBytes;
    return this.length;
  }

  close(start: number): void {
    const length = this.length - start;
    assert(length <= nestedLengthMax, "a nested protobuf message is too long");
    const slab = this.#slab;
    let offset = this.#start + start - nestedLengthBytes;
    slab[offset++] = (length & 0x7f) | 0x80;
    slab[offset++] = ((length >>> 7) & 0x7f) | 0x80;
    slab[offset++] = ((length >>> 14) & 0x7f) | 0x80;
    slab[offset] = length >>> 21;
  }

  #varint(value: number): void {
    const slab = this.#slab;
    let offset = this.#offset;
    let rest = value;
    while (rest > 0x7fffffff) {
      slab[offset++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      slab[offset++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    slab[offset++] = rest;
    this.#offset = offset;
  }
}
