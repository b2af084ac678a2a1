// Counts what a split will give to the child, while writes go on: a walk over an engine snapshot, corrected in the end
// by what became of every key that was written since. What the snapshot had of those keys is looked up at the end of
// the walk, so that little is left to do once writes are held back.
//
// Writes are noted from before the snapshot is taken: a key noted too early costs a look, one noted too late would
// be counted wrongly.
import { assert } from "@azimuth/foundation/assert.ts";
import { bytesName, compareBytes } from "@azimuth/foundation/bytes.ts";
import type { Engine, EngineIterator, EngineSnapshot } from "@azimuth/storage/engine.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import type { EntryEffect } from "./entry-codec.ts";
import { rangeChunkBytes } from "./limits.ts";
import type { IndexSize } from "./statistics.ts";

interface Counted {
  readonly indexId: number;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  items: number;
  bytes: number;
}

interface Touched {
  readonly key: Uint8Array;
  readonly of: Counted;
  /** Of the value in the snapshot, once it is looked up, and now; undefined: there is none. */
  lengthBefore: number | undefined;
  length: number | undefined;
}

/** Looked up at a time. */
const lookUpMax = 1000;

export class SplitMeasure {
  readonly #counted: readonly Counted[];
  readonly #touched = new Map<string, Touched>();
  /** Those of them that are not looked up yet. */
  readonly #unknown: Touched[] = [];
  #snapshot: EngineSnapshot | undefined;
  #iterator: EngineIterator | undefined;
  #closed = false;

  /** Of what lies under these ids (the table's or index's own, local indexes') with tokens in [first, last]. */
  constructor(ids: readonly number[], first: string, last: string) {
    this.#counted = ids.map((indexId) => ({ indexId, ...partitionRange(indexId, first, last), items: 0, bytes: 0 }));
  }

  /** To be told every effect that is applied, from the construction on. */
  touched(effect: EntryEffect): void {
    const { key } = effect;
    const of = this.#counted.find(({ start, end }) => compareBytes(key, start) >= 0 && compareBytes(key, end) < 0);
    if (of === undefined) return;
    const length = effect.kind === "put" ? effect.value.length : undefined;
    const name = bytesName(key);
    const known = this.#touched.get(name);
    if (known !== undefined) {
      known.length = length;
      return;
    }
    const touched: Touched = { key: Uint8Array.from(key), of, lengthBefore: undefined, length };
    this.#touched.set(name, touched);
    this.#unknown.push(touched);
  }

  /** Call when everything applied before the construction is visible in the engine. */
  walk(engine: Pick<Engine, "snapshot">, done: () => void): void {
    this.#snapshot = engine.snapshot();
    this.#walkOver([...this.#counted], done);
  }

  #walkOver(remaining: readonly Counted[], done: () => void): void {
    const [of, ...rest] = remaining;
    if (of === undefined) return this.#lookUp(done);
    assert(this.#snapshot !== undefined, "a walk goes over a snapshot");
    const iterator = this.#snapshot.iterate({ start: of.start, end: of.end });
    this.#iterator = iterator;
    const pull = (): void => iterator.next(rangeChunkBytes, (pairs) => {
      if (this.#closed) return;
      of.items += pairs.length;
      for (const { value } of pairs) of.bytes += value.length;
      if (pairs.length > 0) return pull();
      iterator.close();
      this.#iterator = undefined;
      this.#walkOver(rest, done);
    });
    pull();
  }

  /** What there is now, in the order of the ids; call after the walk, when nothing is being written. */
  finish(done: (sizes: readonly IndexSize[]) => void): void {
    this.#lookUp(() => {
      for (const { of, lengthBefore, length } of this.#touched.values()) {
        of.items += (length === undefined ? 0 : 1) - (lengthBefore === undefined ? 0 : 1);
        of.bytes += (length ?? 0) - (lengthBefore ?? 0);
      }
      done(this.#counted.map(({ indexId, items, bytes }) => ({ indexId, items, bytes })));
    });
  }

  #lookUp(done: () => void): void {
    assert(this.#snapshot !== undefined, "what was not walked over cannot be summed up");
    if (this.#unknown.length === 0) return done();
    const touched = this.#unknown.splice(0, lookUpMax);
    this.#snapshot.get(touched.map(({ key }) => key), (found) => {
      if (this.#closed) return;
      touched.forEach((each, position) => {
        each.lengthBefore = found[position]?.length;
      });
      this.#lookUp(done);
    });
  }

  /** Ends it: no callback runs any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#iterator?.close();
    this.#snapshot?.close();
  }
}
