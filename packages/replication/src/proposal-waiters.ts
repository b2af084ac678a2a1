// Who waits for which entry of one group. An entry is named by index and term: when the entry applied at an
// index has another term than the waiter's, the waiter's entry lost its place and can never be applied
// (Raft's log matching: one committed entry per index), which is the only certain "no" after a proposal was
// accepted.
//
// Invariant: at most one waiter per index. A second proposal at an index means that this replica led, lost
// leadership together with the tail of its log, and leads again; the first may survive on another replica,
// so its waiter is answered `unknown`.
import type { ProposalResult } from "./host-api.ts";

export type ProposalDone = (result: ProposalResult) => void;

interface Waiting {
  readonly term: number;
  readonly done: ProposalDone;
  /** Ticks left once leadership is lost. */
  ticksLeft: number;
}

export class ProposalWaiters {
  readonly #byIndex = new Map<number, Waiting>();
  /** Whether anybody waits for a limited time. */
  #anyOrphans = false;

  get size(): number {
    return this.#byIndex.size;
  }

  add(index: number, term: number, done: ProposalDone): void {
    const earlier = this.#byIndex.get(index);
    this.#byIndex.set(index, { term, done, ticksLeft: Infinity });
    earlier?.done({ kind: "unknown" });
  }

  /** The entry applied at `index` had `term`. */
  applied(index: number, term: number, value: unknown): void {
    const waiting = this.#byIndex.get(index);
    if (waiting === undefined) return;
    this.#byIndex.delete(index);
    if (waiting.term === term) waiting.done({ kind: "applied", index, value });
    else waiting.done({ kind: "dropped", reason: "superseded" });
  }

  /** Leadership was lost: whoever waits may learn its fate from the next leader, but not for ever. */
  orphan(ticks: number): void {
    this.#anyOrphans = this.#byIndex.size > 0;
    for (const waiting of this.#byIndex.values()) waiting.ticksLeft = Math.min(waiting.ticksLeft, ticks);
  }

  tick(): void {
    if (!this.#anyOrphans) return;
    this.#anyOrphans = false;
    for (const [index, waiting] of this.#byIndex) {
      if (--waiting.ticksLeft > 0) {
        if (waiting.ticksLeft < Infinity) this.#anyOrphans = true;
        continue;
      }
      this.#byIndex.delete(index);
      waiting.done({ kind: "unknown" });
    }
  }

  /** Nothing will be learnt about entries up to `through` any more. */
  abandon(through = Infinity): void {
    for (const [index, waiting] of this.#byIndex) {
      if (index > through) continue;
      this.#byIndex.delete(index);
      waiting.done({ kind: "unknown" });
    }
  }
}
