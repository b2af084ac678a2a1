// The door through which chance enters: one interface, a seeded generator (sfc32) for simulation and tests,
// and a real one seeded by the operating system. `split` gives each component its own stream, so that a
// draw added in one place does not reshuffle all the others.

export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** An integer in [0, bound). */
  integer(bound: number): number;
  /** An integer in [low, high], both included. */
  between(low: number, high: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** One element of a non-empty list. */
  pick<T>(values: readonly T[]): T;
  /** A new array with the same elements in random order. */
  shuffle<T>(values: readonly T[]): T[];
  bytes(length: number): Uint8Array;
  /** An independent generator derived from this one's seed and `label`; does not advance this one. */
  split(label: string): Random;
}

/** A deterministic generator (sfc32, 128 bits of state). The same seed gives the same draws everywhere. */
export function createSeededRandom(seed: number | string): Random {
  return fromState(hashToState(String(seed)), String(seed));
}

function fromState(initial: readonly [number, number, number, number], path: string): Random {
  let [a, b, c, d] = initial;
  const next32 = (): number => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next32();
  const next = (): number => ((next32() >>> 5) * 67108864 + (next32() >>> 6)) / 9007199254740992;
  const random: Random = {
    next,
    integer: (bound) => Math.floor(next() * bound),
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new RangeError("pick from an empty list");
      return values[random.integer(values.length)] as T;
    },
    shuffle<T>(values: readonly T[]): T[] {
      const result = values.slice();
      for (let last = result.length - 1; last > 0; last--) {
        const other = random.integer(last + 1);
        [result[last], result[other]] = [result[other] as T, result[last] as T];
      }
      return result;
    },
    bytes(length) {
      const result = new Uint8Array(length);
      for (let i = 0; i < length; i++) result[i] = next32() & 0xff;
      return result;
    },
    split: (label) => fromState(hashToState(`${path}/${label}`), `${path}/${label}`),
  };
  return random;
}

/** Four 32-bit words from a string (xmur3 mixing). */
function hashToState(text: string): [number, number, number, number] {
  let hash = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  const word = (): number => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
    return (hash ^= hash >>> 16) >>> 0;
  };
  return [word(), word(), word(), word()];
}
