// Time under the test's control: nothing happens until the test advances it, and the same calls always
// happen in the same order (by time, then in the order they were asked for). A process gets a clock of its
// own that can be stopped, so that a crash ends everything the process had begun.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";

interface Event {
  readonly at: number;
  readonly sequence: number;
  callback: (() => void) | undefined;
}

/** A process's view of the clock. */
export interface ProcessClock extends Clock {
  /** Nothing that was asked of this clock happens any more. */
  stop(): void;
}

/** Deferred callbacks in a row without time passing; more means that something spins. */
const eventsPerInstantMax = 1_000_000;

export class VirtualClock implements Clock {
  readonly #heap: Event[] = [];
  #now = 0;
  #sequence = 0;
  #eventsThisInstant = 0;

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return 1_700_000_000_000 + Math.floor(this.#now);
  }

  after(delayMs: number, callback: () => void): Timer {
    assert(delayMs >= 0, "a delay must not be negative");
    const event = this.#schedule(this.#now + delayMs, callback);
    return { cancel: () => (event.callback = undefined) };
  }

  every(periodMs: number, callback: () => void): Timer {
    assert(periodMs > 0, "a period must be positive");
    let timer: Timer;
    const run = (): void => {
      timer = this.after(periodMs, run);
      callback();
    };
    timer = this.after(periodMs, run);
    return { cancel: () => timer.cancel() };
  }

  defer(callback: () => void): void {
    this.#schedule(this.#now, callback);
  }

  /** A clock for one process. */
  process(): ProcessClock {
    let stopped = false;
    const guard = (callback: () => void) => (): void => {
      if (!stopped) callback();
    };
    return {
      now: () => this.now(),
      wallNow: () => this.wallNow(),
      after: (delayMs, callback) => this.after(delayMs, guard(callback)),
      every: (periodMs, callback) => {
        const timer = this.every(periodMs, () => {
          if (stopped) timer.cancel();
          else callback();
        });
        return timer;
      },
      defer: (callback) => this.defer(guard(callback)),
      stop: () => (stopped = true),
    };
  }

  /** Lets `durationMs` pass, with everything that happens in it. */
  advance(durationMs: number): void {
    const end = this.#now + durationMs;
    while (this.#heap.length > 0 && (this.#heap[0] as Event).at <= end) this.#runNext();
    this.#now = end;
    this.#eventsThisInstant = 0;
  }

  /** Lets time pass until the condition holds; throws when that takes longer than `limitMs`. */
  until(condition: () => boolean, limitMs: number, what: string): number {
    const start = this.#now;
    while (!condition()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > start + limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      this.#runNext();
    }
    return this.#now - start;
  }

  #runNext(): void {
    const event = this.#pop();
    this.#eventsThisInstant = event.at > this.#now ? 0 : this.#eventsThisInstant + 1;
    assert(this.#eventsThisInstant < eventsPerInstantMax, "time stands still: something spins");
    this.#now = Math.max(this.#now, event.at);
    event.callback?.();
  }

  #schedule(at: number, callback: () => void): Event {
    const event: Event = { at, sequence: this.#sequence++, callback };
    const heap = this.#heap;
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(heap[parent] as Event, event)) break;
      heap[child] = heap[parent] as Event;
      child = parent;
    }
    heap[child] = event;
    return event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const first = heap[0] as Event;
    const last = heap.pop() as Event;
    if (heap.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as Event)) child++;
      if (isBefore(last, heap[child] as Event)) break;
      heap[parent] = heap[child] as Event;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}
