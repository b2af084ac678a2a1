// Reads of one group on their way through ReadIndex: asked → under way in Raft → confirmed at an index →
// applied here. One round of heartbeats is under way at a time; reads asked meanwhile share the next one, so
// the more reads there are, the more a round carries.
import type { ConfirmedRead } from "@azimuth/raft/types.ts";
import type { ReadResult } from "./host-api.ts";

export type ReadDone = (result: ReadResult) => void;

interface ConfirmedReads {
  readonly index: number;
  readonly waiting: readonly ReadDone[];
}

export class PendingReads {
  #asked: ReadDone[] = [];
  readonly #underWay = new Map<number, readonly ReadDone[]>();
  /** Ordered by index: confirmed indexes never decrease within a term, and sorting covers the rest. */
  #confirmed: ConfirmedReads[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether reads wait for a round and none is under way. */
  get mayBegin(): boolean {
    return this.#asked.length > 0 && this.#underWay.size === 0;
  }

  ask(done: ReadDone): void {
    this.#asked.push(done);
    this.#size++;
  }

  /** The reads asked since the last call, to be known by `id` from now on. */
  begin(id: number): void {
    this.#underWay.set(id, this.#asked);
    this.#asked = [];
  }

  confirm(read: ConfirmedRead, applied: number): void {
    const waiting = this.#underWay.get(read.id);
    if (waiting === undefined) return;
    this.#underWay.delete(read.id);
    if (read.index <= applied) this.#finish(waiting, { kind: "confirmed", index: read.index });
    else {
      this.#confirmed.push({ index: read.index, waiting });
      this.#confirmed.sort((left, right) => left.index - right.index);
    }
  }

  /** Leadership was lost before the read was confirmed, or Raft did not take it. */
  drop(id: number, leader: number): void {
    const waiting = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (waiting !== undefined) this.#finish(waiting, { kind: "not-leader", leader });
  }

  appliedThrough(applied: number): void {
    while (this.#confirmed.length > 0 && (this.#confirmed[0] as { index: number }).index <= applied) {
      const { index, waiting } = this.#confirmed.shift() as { index: number; waiting: readonly ReadDone[] };
      this.#finish(waiting, { kind: "confirmed", index });
    }
  }

  dropAll(leader: number): void {
    const all = [...this.#underWay.values(), ...this.#confirmed.map((read) => read.waiting), this.#asked];
    this.#underWay.clear();
    this.#confirmed = [];
    this.#asked = [];
    for (const waiting of all) this.#finish(waiting, { kind: "not-leader", leader });
  }

  #finish(waiting: readonly ReadDone[], result: ReadResult): void {
    this.#size -= waiting.length;
    for (const done of waiting) done(result);
  }
}
