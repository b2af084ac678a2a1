// An ordered map of byte strings in memory with snapshots that cost nothing: what the memory engine is built on.
//
// The pairs lie in chunks of sorted arrays, the chunks in one sorted array. A snapshot hands out the current
// arrays and gives the map a new owner mark; a chunk whose mark is not the map's own is copied before it is
// changed. So a snapshot is O(1), a write copies at most one chunk and the list of chunks after each snapshot,
// and an image once handed out never changes.
//
// Invariants: no chunk is empty; keys ascend strictly within and across chunks; a chunk's `bytes` is the sum of
// its keys' and values' lengths.
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import type { KeyValue, WriteOperation } from "./engine.ts";

const chunkPairsMax = 128;

/** Marks who may change a chunk in place. */
type Owner = object;

interface Chunk {
  readonly owner: Owner;
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
  bytes: number;
}

/** An immutable state of the map. */
export interface SortedImage {
  readonly chunks: readonly Chunk[];
}

export const emptyImage: SortedImage = { chunks: [] };

export class SortedMap {
  #owner: Owner = {};
  #chunks: Chunk[];
  #listIsShared: boolean;

  constructor(image: SortedImage = emptyImage) {
    this.#chunks = image.chunks as Chunk[];
    this.#listIsShared = true;
  }

  snapshot(): SortedImage {
    this.#owner = {};
    this.#listIsShared = true;
    return { chunks: this.#chunks };
  }

  /** The current state, valid until the next change: for a read that ends within this turn. */
  peek(): SortedImage {
    return { chunks: this.#chunks };
  }

  apply(operations: readonly WriteOperation[]): void {
    for (const operation of operations) {
      if (operation.kind === "put") this.#put(operation.key, operation.value);
      else if (operation.kind === "delete") this.#delete(operation.key);
      else this.#deleteRange(operation.start, operation.end);
    }
  }

  #put(key: Uint8Array, value: Uint8Array): void {
    this.#ownList();
    if (this.#chunks.length === 0) {
      this.#chunks.push({ owner: this.#owner, keys: [key], values: [value], bytes: key.length + value.length });
      return;
    }
    const position = Math.max(0, findChunk(this.#chunks, key));
    const chunk = this.#ownChunk(position);
    const at = lowerBoundInChunk(chunk, key);
    const found = at < chunk.keys.length && compareBytes(chunk.keys[at] as Uint8Array, key) === 0;
    if (found) {
      chunk.bytes += value.length - (chunk.values[at] as Uint8Array).length;
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    chunk.bytes += key.length + value.length;
    if (chunk.keys.length > chunkPairsMax) this.#split(position, chunk);
  }

  #split(position: number, chunk: Chunk): void {
    const middle = chunk.keys.length >> 1;
    const right = chunkOf(this.#owner, chunk.keys.splice(middle), chunk.values.splice(middle));
    chunk.bytes -= right.bytes;
    this.#chunks.splice(position + 1, 0, right);
  }

  #delete(key: Uint8Array): void {
    const position = findChunk(this.#chunks, key);
    if (position < 0) return;
    const before = this.#chunks[position] as Chunk;
    const at = lowerBoundInChunk(before, key);
    if (at === before.keys.length || compareBytes(before.keys[at] as Uint8Array, key) !== 0) return;
    this.#trim(position, at, at + 1);
  }

  #deleteRange(start: Uint8Array, end: Uint8Array): void {
    if (compareBytes(start, end) >= 0) return;
    for (let position = Math.max(0, findChunk(this.#chunks, start)); position < this.#chunks.length; ) {
      const chunk = this.#chunks[position] as Chunk;
      if (compareBytes(chunk.keys[0] as Uint8Array, end) >= 0) return;
      const countBefore = this.#chunks.length;
      this.#trim(position, lowerBoundInChunk(chunk, start), lowerBoundInChunk(chunk, end));
      if (this.#chunks.length === countBefore) position++;
    }
  }

  /** Removes the pairs [from, to) of a chunk, and the chunk when none is left. */
  #trim(position: number, from: number, to: number): void {
    if (from === to) return;
    this.#ownList();
    if (to - from === (this.#chunks[position] as Chunk).keys.length) {
      this.#chunks.splice(position, 1);
      return;
    }
    const chunk = this.#ownChunk(position);
    const keys = chunk.keys.splice(from, to - from);
    const values = chunk.values.splice(from, to - from);
    chunk.bytes -= sumLengths(keys) + sumLengths(values);
  }

  #ownList(): void {
    if (!this.#listIsShared) return;
    this.#chunks = this.#chunks.slice();
    this.#listIsShared = false;
  }

  #ownChunk(position: number): Chunk {
    const chunk = this.#chunks[position] as Chunk;
    if (chunk.owner === this.#owner) return chunk;
    const { keys, values, bytes } = chunk;
    const copy: Chunk = { owner: this.#owner, keys: keys.slice(), values: values.slice(), bytes };
    this.#chunks[position] = copy;
    return copy;
  }

  checkInvariants(): void {
    let previous: Uint8Array | undefined;
    for (const chunk of this.#chunks) {
      assert(chunk.keys.length > 0 && chunk.keys.length === chunk.values.length, "a chunk is empty or uneven");
      assert(chunk.bytes === sumLengths(chunk.keys) + sumLengths(chunk.values), "a chunk's bytes are wrong");
      for (const key of chunk.keys) {
        assert(previous === undefined || compareBytes(previous, key) < 0, "keys are out of order");
        previous = key;
      }
    }
  }
}

export function getFromImage(image: SortedImage, key: Uint8Array): Uint8Array | undefined {
  const position = findChunk(image.chunks, key);
  if (position < 0) return undefined;
  const chunk = image.chunks[position] as Chunk;
  const at = lowerBoundInChunk(chunk, key);
  if (at === chunk.keys.length || compareBytes(chunk.keys[at] as Uint8Array, key) !== 0) return undefined;
  return chunk.values[at];
}

/** Walks the pairs of [start, end) in either direction; undefined at the end. */
export function openCursor(
  image: SortedImage,
  start: Uint8Array,
  end: Uint8Array,
  reverse: boolean,
): () => KeyValue | undefined {
  const { chunks } = image;
  const bound = reverse ? end : start;
  let position = Math.max(0, findChunk(chunks, bound));
  // Forward: the first key at or after `start`. Reverse: one past the last key before `end`.
  let at = chunks.length === 0 ? 0 : lowerBoundInChunk(chunks[position] as Chunk, bound);
  const pair = (): KeyValue => {
    const chunk = chunks[position] as Chunk;
    return { key: chunk.keys[at] as Uint8Array, value: chunk.values[at] as Uint8Array };
  };
  const forward = (): KeyValue | undefined => {
    while (position < chunks.length && at >= (chunks[position] as Chunk).keys.length) {
      position++;
      at = 0;
    }
    if (position >= chunks.length) return undefined;
    const found = pair();
    if (compareBytes(found.key, end) >= 0) return undefined;
    at++;
    return found;
  };
  const backward = (): KeyValue | undefined => {
    if (at === 0) {
      if (position === 0) return undefined;
      position--;
      at = (chunks[position] as Chunk).keys.length;
    }
    at--;
    const found = pair();
    if (compareBytes(found.key, start) >= 0) return found;
    at++;
    return undefined;
  };
  return reverse ? backward : forward;
}

/** Bytes of keys and values in [start, end); whole chunks are not walked. */
export function bytesInRange(image: SortedImage, start: Uint8Array, end: Uint8Array): number {
  let bytes = 0;
  for (let position = Math.max(0, findChunk(image.chunks, start)); position < image.chunks.length; position++) {
    const chunk = image.chunks[position] as Chunk;
    if (compareBytes(chunk.keys[0] as Uint8Array, end) >= 0) break;
    const from = lowerBoundInChunk(chunk, start);
    const to = lowerBoundInChunk(chunk, end);
    const whole = from === 0 && to === chunk.keys.length;
    bytes += whole ? chunk.bytes : sumLengths(chunk.keys.slice(from, to)) + sumLengths(chunk.values.slice(from, to));
  }
  return bytes;
}

function chunkOf(owner: Owner, keys: Uint8Array[], values: Uint8Array[]): Chunk {
  return { owner, keys, values, bytes: sumLengths(keys) + sumLengths(values) };
}

/** The last chunk whose first key is at or before `key`; -1 when there is none. */
function findChunk(chunks: readonly Chunk[], key: Uint8Array): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes((chunks[middle] as Chunk).keys[0] as Uint8Array, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function lowerBoundInChunk(chunk: Chunk, key: Uint8Array): number {
  let low = 0;
  let high = chunk.keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(chunk.keys[middle] as Uint8Array, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sumLengths(parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) sum += part.length;
  return sum;
}
