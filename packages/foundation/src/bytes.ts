// Byte strings: comparison in the order RocksDB uses, growth-by-doubling writing and bounds-checked reading.
// Every binary format of the project is written with ByteWriter and read with ByteReader. Integers are
// safe integers (below 2^53); variable-length ones are LEB128.
import { assert } from "./assert.ts";

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true });

/** Up to here a loop is done before the call out of JavaScript that longer strings are worth has begun. */
const comparedHereMax = 64;

export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  if (shared > comparedHereMax) return Buffer.compare(left, right);
  for (let position = 0; position < shared; position++) {
    const difference = (left[position] as number) - (right[position] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return Math.sign(left.length - right.length);
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

export function utf8(text: string): Uint8Array {
  return textEncoder.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  return textDecoder.decode(bytes);
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  return Buffer.from(text, "hex");
}

/** The bytes as a text that only these bytes have: what a Map or Set is keyed by. */
export function bytesName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The smallest byte string greater than every one that starts with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  for (let last = prefix.length - 1; last >= 0; last--) {
    if (prefix[last] !== 0xff) {
      const end = Uint8Array.prototype.slice.call(prefix, 0, last + 1);
      end[last] = (end[last] as number) + 1;
      return end;
    }
  }
  return undefined;
}

export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #reserve(extra: number): number {
    const offset = this.#length;
    const needed = offset + extra;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, offset);
      this.#buffer = grown;
    }
    this.#length = needed;
    return offset;
  }

  uint8(value: number): this {
    const offset = this.#reserve(1);
    this.#buffer[offset] = value;
    return this;
  }

  uint16(value: number): this {
    const offset = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, offset);
    return this;
  }

  uint32(value: number): this {
    const offset = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, offset);
    return this;
  }

  /** A safe integer in 8 big-endian bytes, so that byte order is number order. */
  uint64(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "uint64 out of range");
    const offset = this.#reserve(8);
    this.#buffer.writeUInt32BE(Math.floor(value / 4294967296), offset);
    this.#buffer.writeUInt32BE(value >>> 0, offset + 4);
    return this;
  }

  float64(value: number): this {
    const offset = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, offset);
    return this;
  }

  varint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, "varint out of range");
    let rest = value;
    while (rest >= 0x80) {
      this.uint8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.uint8(rest);
  }

  raw(bytes: Uint8Array): this {
    const offset = this.#reserve(bytes.length);
    this.#buffer.set(bytes, offset);
    return this;
  }

  /** Length as varint, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** Length in bytes as varint, then UTF-8. */
  text(text: string): this {
    const length = Buffer.byteLength(text, "utf8");
    this.varint(length);
    const offset = this.#reserve(length);
    this.#buffer.write(text, offset, length, "utf8");
    return this;
  }

  /** The bytes written so far. The writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }
}

export class ByteReader {
  readonly #buffer: Buffer;
  #offset: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#offset = offset;
    this.#end = bytes.byteLength;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  #take(length: number): number {
    const offset = this.#offset;
    assert(length >= 0 && offset + length <= this.#end, "read past the end of the bytes");
    this.#offset = offset + length;
    return offset;
  }

  uint8(): number {
    return this.#buffer[this.#take(1)] as number;
  }

  uint16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  uint64(): number {
    const offset = this.#take(8);
    const value = this.#buffer.readUInt32BE(offset) * 4294967296 + this.#buffer.readUInt32BE(offset + 4);
    assert(Number.isSafeInteger(value), "uint64 above the safe integers");
    return value;
  }

  float64(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.uint8();
      value += (byte & 0x7f) * scale;
      assert(value <= Number.MAX_SAFE_INTEGER, "varint above the safe integers");
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
  }

  /** A view of the next `length` bytes; it shares memory with the input. */
  raw(length: number): Uint8Array {
    const offset = this.#take(length);
    return this.#buffer.subarray(offset, offset + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    const length = this.varint();
    const offset = this.#take(length);
    return this.#buffer.toString("utf8", offset, offset + length);
  }
}
