// A Clock that the test moves: timers fire in order of their time as `advance` passes them, deferred callbacks
// run by `turn`.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";

export class ManualClock implements Clock {
  #now = 1000;
  #deferred: (() => void)[] = [];
  #timers = new Set<{ at: number; fire: () => void }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return Math.floor(this.#now);
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire: callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  every(periodMs: number, callback: () => void): Timer {
    let current: Timer;
    const again = (): void => {
      current = this.after(periodMs, () => {
        again();
        callback();
      });
    };
    again();
    return { cancel: () => current.cancel() };
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Runs what was deferred, and what that defers. */
  turn(): void {
    while (this.#deferred.length > 0) {
      for (const callback of this.#deferred.splice(0)) callback();
    }
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      this.turn();
    }
    this.#now = end;
  }
}
