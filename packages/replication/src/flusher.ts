// Flushes of the engine, shared: whoever asks while one is under way gets the next one. When a flush is
// done, every group's applied index as of its start is durable, and the log below it is no longer needed
// for recovery.
import type { HostContext } from "./host-context.ts";

export class Flusher {
  readonly #context: HostContext;
  #waiting: (() => void)[] = [];
  #underWay = false;
  #closed = false;

  constructor(context: HostContext) {
    this.#context = context;
  }

  /** Nothing is flushed any more: the engine is about to be closed. */
  close(): void {
    this.#closed = true;
  }

  /** `done` runs once everything that was visible in the engine at this call is durable. */
  flush(done: () => void): void {
    this.#waiting.push(done);
    if (this.#underWay) return;
    this.#underWay = true;
    // Deferred, so that all who ask in one turn share it.
    this.#context.clock.defer(() => this.#start());
  }

  #start(): void {
    if (this.#closed) return;
    const callbacks = this.#waiting.splice(0);
    // A group that is being emptied for a snapshot has nothing applied any more, although it still says so.
    const groups = [...this.#context.groups.values()].filter((group) => !group.resetting);
    const applied = groups.map((group) => ({
      group,
      incarnation: group.incarnation,
      index: group.applied.index,
    }));
    this.#context.counters.flushes++;
    this.#context.engine.flush(() => {
      this.#underWay = false;
      for (const { group, incarnation, index } of applied) {
        if (group.incarnation === incarnation) group.durableApplied = Math.max(group.durableApplied, index);
      }
      for (const callback of callbacks) callback();
      if (this.#waiting.length > 0 && !this.#underWay) {
        this.#underWay = true;
        this.#start();
      }
    });
  }
}
