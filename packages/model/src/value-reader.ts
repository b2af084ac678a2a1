// The byte-level half of reading items. Bounds are asserted: encoded items come from our own disk and wire under
// checksums, so a read past the end is a broken invariant. Attribute names repeat from item to item: a small
// table of names met before saves making the same string again.
import { AssertionError, assert } from "@azimuth/foundation/assert.ts";
import { utf8 } from "@azimuth/foundation/bytes.ts";

const cachedNameBytesMax = 32;
const nameCacheSlots = 2048;

interface CachedName {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** The name as JSON text in UTF-8, with the colon that follows it. */
  readonly json: Uint8Array;
}

const nameCache: (CachedName | undefined)[] = new Array<CachedName | undefined>(nameCacheSlots).fill(undefined);

export class EncodedReader {
  readonly buffer: Buffer;
  position: number;

  constructor(bytes: Uint8Array, start: number) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
    assert(start <= bytes.length, "encoded item is too short");
  }

  byte(): number {
    const value = this.buffer[this.position++];
    if (value === undefined) return this.corrupt("end");
    return value;
  }

  varint(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let shift = 7;
    for (;;) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
      if (shift > 28) this.corrupt("length");
    }
    if (value < 0) this.corrupt("length");
    return value;
  }

  /** Moves past a length and that many bytes; returns the end. The content starts at `end - length`. */
  take(length: number): number {
    const end = this.position + length;
    if (end > this.buffer.length) this.corrupt("length");
    this.position = end;
    return end;
  }

  text(): string {
    const length = this.varint();
    const end = this.take(length);
    return this.buffer.toString("utf8", end - length, end);
  }

  ascii(): string {
    const length = this.varint();
    const end = this.take(length);
    return this.buffer.toString("latin1", end - length, end);
  }

  bytes(): Uint8Array {
    const length = this.varint();
    const end = this.take(length);
    return this.buffer.subarray(end - length, end);
  }

  /** An attribute name, through the cache of names. */
  name(): string {
    return this.#cachedName().name;
  }

  /** An attribute name as the bytes of JSON text, with its colon. */
  nameJson(): Uint8Array {
    return this.#cachedName().json;
  }

  #cachedName(): CachedName {
    const length = this.varint();
    const end = this.take(length);
    const start = end - length;
    if (length > cachedNameBytesMax) return this.#readName(start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + this.buffer[at]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (nameCacheSlots - 1);
    const cached = nameCache[slot];
    if (cached !== undefined && this.#holds(cached.bytes, start, length)) return cached;
    return (nameCache[slot] = this.#readName(start, end));
  }

  #readName(start: number, end: number): CachedName {
    const name = this.buffer.toString("utf8", start, end);
    const bytes = Uint8Array.prototype.slice.call(this.buffer, start, end);
    return { bytes, name, json: utf8(`${JSON.stringify(name)}:`) };
  }

  #holds(bytes: Uint8Array, start: number, length: number): boolean {
    if (bytes.length !== length) return false;
    for (let at = 0; at < length; at++) if (bytes[at] !== this.buffer[start + at]) return false;
    return true;
  }

  corrupt(what: string): never {
    throw new AssertionError(`corrupt encoded item: ${what} at ${this.position}`);
  }
}

export function createReader(bytes: Uint8Array, start: number): EncodedReader {
  return new EncodedReader(bytes, start);
}
