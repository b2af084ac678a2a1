// The sets of possibilities that the search for a linearization walks through. A configuration says: these of the open
// operations have taken effect, and the object is in this state.
//
// Open operations have slots. A bit in `done` marks an operation that must take effect and has. A bit in `cost`
// marks a disadvantage: an operation of unknown outcome that has been used up, or a pure operation (a read)
// that is still waiting for its state. Of two configurations with equal state and `done`, the one whose costs
// are a subset can do whatever the other can; only it is kept. This is what keeps timeouts affordable.
//
// Sets are found by a Zobrist hash (one random number per slot, combined by exclusive or, so that a change
// costs one operation) and always compared in full on a hit.
import type { Operation } from "../history.ts";

/** Bits by slot, 31 to a word; missing words are zero. */
export type Bits = readonly number[];

const bitsPerWord = 31;

export interface Configuration<State> {
  readonly state: State;
  /** An interned number of the state's encoding. */
  readonly stateId: number;
  readonly done: Bits;
  readonly cost: Bits;
  /** Of state and `done`. */
  readonly hash: number;
  /** What has been linearized, newest first. */
  readonly path: Step | undefined;
  /** Another one, at least as good, has taken its place. */
  superseded: boolean;
}

export interface Step {
  readonly operation: Operation;
  readonly before: Step | undefined;
  readonly length: number;
}

export function hasBit(bits: Bits, slot: number): boolean {
  return (((bits[Math.floor(slot / bitsPerWord)] ?? 0) >>> (slot % bitsPerWord)) & 1) === 1;
}

export function flipBit(bits: Bits, slot: number): Bits {
  const word = Math.floor(slot / bitsPerWord);
  const result = bits.slice();
  while (result.length <= word) result.push(0);
  result[word] = (result[word] as number) ^ (1 << (slot % bitsPerWord));
  while (result.length > 0 && result[result.length - 1] === 0) result.pop();
  return result;
}

function sameBits(one: Bits, other: Bits): boolean {
  if (one.length !== other.length) return false;
  for (let word = 0; word < one.length; word++) if (one[word] !== other[word]) return false;
  return true;
}

function isSubset(small: Bits, large: Bits): boolean {
  if (small.length > large.length) return false;
  for (let word = 0; word < small.length; word++) {
    if (((small[word] as number) & ~(large[word] as number)) !== 0) return false;
  }
  return true;
}

/** A well-mixed number for a slot or state; the same in every run. */
export function zobrist(number: number): number {
  let hash = Math.imul(number + 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0x27d4eb2f);
  return hash ^ (hash >>> 16);
}

/** States hash apart from slots. */
export function zobristOfState(stateId: number): number {
  return zobrist(stateId ^ 0x5bd1e995);
}

export class ConfigurationSet<State> {
  readonly #byHash = new Map<number, Configuration<State>[]>();
  /** In the order of insertion; may hold superseded ones. */
  readonly all: Configuration<State>[] = [];

  /** False when one at least as good is there already. Marks those that the new one is better than as superseded. */
  add(added: Configuration<State>): boolean {
    const bucket = this.#byHash.get(added.hash);
    if (bucket === undefined) {
      this.#byHash.set(added.hash, [added]);
      this.all.push(added);
      return true;
    }
    for (let at = 0; at < bucket.length; at++) {
      const other = bucket[at] as Configuration<State>;
      if (other.stateId !== added.stateId || !sameBits(other.done, added.done)) continue;
      if (isSubset(other.cost, added.cost)) return false;
      if (!isSubset(added.cost, other.cost)) continue;
      other.superseded = true;
      bucket.splice(at--, 1);
    }
    bucket.push(added);
    this.all.push(added);
    return true;
  }
}
