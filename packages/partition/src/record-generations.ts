// Which generation the record of an answered write belongs to, and when a generation is so old that no retry asks for
// its records any more. Generations are numbers that grow along the log for as long as any is kept; a new one begins
// when the newest has lasted long enough, and one is dropped when its last record is old enough. The child of a split
// begins with those of its parent; from then on each has its own, since no token is in both.
//
// How old, each replica measures for itself, by its monotonic clock, from when it proposed or applied the record or
// loaded the state that holds it. That is never before the record was made: whatever wall clocks do, and whoever leads,
// no record goes before its time; after a restart or a change of leader some stay a little longer.
import type { Clock } from "@azimuth/foundation/clock.ts";
import { generationLastsMs, recordsKeptMs } from "./limits.ts";

interface Times {
  /** When it was first heard of. */
  readonly began: number;
  /** When a record of it was last heard of. */
  last: number;
}

export class RecordGenerations {
  readonly #clock: Pick<Clock, "now">;
  readonly #times = new Map<number, Times>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** All that may hold records that retries ask for, those that are only proposed included. */
  get known(): Iterable<number> {
    return this.#times.keys();
  }

  /** The state was replaced by one whose records are of these generations. */
  reset(generations: readonly number[]): void {
    this.#times.clear();
    for (const generation of generations) this.note(generation);
  }

  /** A record of this generation was proposed or applied. */
  note(generation: number): void {
    const now = this.#clock.now();
    const times = this.#times.get(generation);
    if (times === undefined) this.#times.set(generation, { began: now, last: now });
    else times.last = now;
  }

  /** The generation of a record that is made now. */
  current(): number {
    let newest = 0;
    for (const generation of this.#times.keys()) newest = Math.max(newest, generation);
    const began = this.#times.get(newest)?.began;
    return began !== undefined && this.#clock.now() - began < generationLastsMs ? newest : newest + 1;
  }

  /** The last of these, in ascending order, that may be dropped together with all before it; undefined: none. */
  expired(generations: readonly number[]): number | undefined {
    const latest = this.#clock.now() - recordsKeptMs;
    let through: number | undefined;
    for (const generation of generations) {
      const last = this.#times.get(generation)?.last;
      if (last === undefined || last > latest) break;
      through = generation;
    }
    return through;
  }

  forgetThrough(generation: number): void {
    for (const each of this.#times.keys()) if (each <= generation) this.#times.delete(each);
  }
}
