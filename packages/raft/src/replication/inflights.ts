// Appends under way to one follower: a ring of (last index, bytes), bounded by count and by bytes. It grows
// on demand, since most followers of most groups never have more than a few.
import { assert } from "@azimuth/foundation/assert.ts";

export class Inflights {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #indexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    assert(countMax > 0 && bytesMax > 0, "inflight limits must be positive");
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  /** The last append may pass the limit of bytes; none may follow it. */
  get full(): boolean {
    return this.#count >= this.#countMax || this.#bytes >= this.#bytesMax;
  }

  add(lastIndex: number, bytes: number): void {
    assert(!this.full, "more appends under way than allowed");
    if (this.#count === this.#indexes.length) this.#grow();
    const slot = (this.#start + this.#count) % this.#indexes.length;
    this.#indexes[slot] = lastIndex;
    this.#sizes[slot] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Forgets every append whose last index is at most `index`: the follower has them. */
  freeThrough(index: number): void {
    while (this.#count > 0 && (this.#indexes[this.#start] as number) <= index) {
      this.#bytes -= this.#sizes[this.#start] as number;
      this.#start = (this.#start + 1) % this.#indexes.length;
      this.#count--;
    }
  }

  clear(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const capacity = Math.min(this.#countMax, Math.max(4, this.#indexes.length * 2));
    const indexes = new Array<number>(capacity).fill(0);
    const sizes = new Array<number>(capacity).fill(0);
    for (let i = 0; i < this.#count; i++) {
      const slot = (this.#start + i) % this.#indexes.length;
      indexes[i] = this.#indexes[slot] as number;
      sizes[i] = this.#sizes[slot] as number;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
