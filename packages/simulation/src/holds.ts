// What several faults do to the same thing at once (two crashes that keep one node down, two partitions that cut one
// link) lasts until the last of them ends: the end of one fault must not undo another.

/** Ends what was begun; further calls do nothing. */
export type Undo = () => void;

export class Holds {
  readonly #counts = new Map<string, number>();

  /** Begins `what` (which may be under way already) and returns what ends it, once nobody else holds it either. */
  hold(what: string, begin: () => void, end: () => void): Undo {
    this.#counts.set(what, this.count(what) + 1);
    begin();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#counts.set(what, this.count(what) - 1);
      if (this.count(what) === 0) end();
    };
  }

  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }
}
