// A clock that moves only when told to. Deferred work and due timers run inside `advance`, in the order of
// their times; at equal times in the order they were asked for.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  readonly periodMs: number | undefined;
}

export class ManualClock implements Clock {
  #now = 0;
  #order = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return 1_700_000_000_000 + Math.floor(this.#now);
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ at: this.#now + delayMs, order: this.#order++, callback, periodMs: undefined });
  }

  every(periodMs: number, callback: () => void): Timer {
    let current = this.#add({ at: this.#now + periodMs, order: this.#order++, callback: () => again(), periodMs });
    const again = (): void => {
      current = this.#add({ at: this.#now + periodMs, order: this.#order++, callback: () => again(), periodMs });
      callback();
    };
    return { cancel: () => current.cancel() };
  }

  defer(callback: () => void): void {
    this.after(0, callback);
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#due.filter((due) => due.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((due) => due !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }

  #add(due: Due): Timer {
    this.#due.push(due);
    return { cancel: () => void (this.#due = this.#due.filter((other) => other !== due)) };
  }
}
