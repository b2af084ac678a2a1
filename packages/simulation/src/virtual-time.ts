// Virtual time: one queue of events for the whole simulated world, ordered by time and then by the order in which
// they were asked for, so that a seed decides everything. Time passes only by taking the next event.
//
// A process sees time through a ProcessClock of its own, which may be off, drift and jump, which stands still while
// the process is paused, and which dies with it: what a dead process had asked for never happens.
import { assert } from "@azimuth/foundation/assert.ts";
import { ClockErrors } from "./clock-errors.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";

class TimedEvent implements Timer {
  readonly at: number;
  readonly sequence: number;
  run: (() => void) | undefined;

  constructor(at: number, sequence: number, run: () => void) {
    this.at = at;
    this.sequence = sequence;
    this.run = run;
  }

  cancel(): void {
    this.run = undefined;
  }
}

/** Wall-clock time at virtual time 0: 2026-01-01T00:00:00Z. */
export const wallEpochMs = 1_767_225_600_000;
/** Events at one instant before the world is taken to spin for ever. */
const eventsPerInstantMax = 2_000_000;

export class VirtualTime {
  /** What is asked for a later time. */
  readonly #heap: TimedEvent[] = [];
  /**
   * What is asked for the present instant, which is every second event: all of it comes after what the heap holds for
   * this instant, which was asked for earlier, and nothing of it needs sorting.
   */
  readonly #present: TimedEvent[] = [];
  #presentTaken = 0;
  #sequence = 0;
  #now = 0;
  #eventsThisInstant = 0;
  /** Events run so far. */
  events = 0;
  /** How far the wall clocks of all processes were ever ahead. */
  readonly clockErrors = new ClockErrors();

  now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): Timer {
    const event = new TimedEvent(Math.max(time, this.#now), this.#sequence++, run);
    if (event.at === this.#now) this.#present.push(event);
    else this.#push(event);
    return event;
  }

  after(delayMs: number, run: () => void): Timer {
    return this.at(this.#now + delayMs, run);
  }

  /** Time of the next event; undefined when there is none. */
  nextAt(): number | undefined {
    return this.#peek()?.at;
  }

  /** Takes the next event, if there is one. */
  step(): void {
    const event = this.#peek();
    if (event === undefined) return;
    this.#drop(event);
    const run = event.run as () => void;
    event.run = undefined;
    this.#eventsThisInstant = event.at === this.#now ? this.#eventsThisInstant + 1 : 0;
    assert(this.#eventsThisInstant < eventsPerInstantMax, `the world spins at ${this.#now} ms`);
    this.#now = event.at;
    this.events++;
    run();
  }

  /** The next event that is not cancelled; cancelled ones before it are dropped. */
  #peek(): TimedEvent | undefined {
    for (;;) {
      const later = this.#heap[0];
      const event = later !== undefined && later.at === this.#now ? later : this.#present[this.#presentTaken] ?? later;
      if (event === undefined || event.run !== undefined) return event;
      this.#drop(event);
    }
  }

  #drop(event: TimedEvent): void {
    if (event === this.#heap[0]) {
      this.#pop();
      return;
    }
    this.#presentTaken++;
    if (this.#presentTaken < this.#present.length) return;
    this.#present.length = 0;
    this.#presentTaken = 0;
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap;
    let position = heap.length;
    heap.push(event);
    while (position > 0) {
      const parent = (position - 1) >>> 1;
      if (!isBefore(event, heap[parent] as TimedEvent)) break;
      heap[position] = heap[parent] as TimedEvent;
      position = parent;
    }
    heap[position] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    assert(last !== undefined, "no event is left");
    if (heap.length === 0) return;
    let position = 0;
    for (;;) {
      let child = 2 * position + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as TimedEvent, heap[child] as TimedEvent)) child++;
      if (!isBefore(heap[child] as TimedEvent, last)) break;
      heap[position] = heap[child] as TimedEvent;
      position = child;
    }
    heap[position] = last;
  }
}

function isBefore(left: TimedEvent, right: TimedEvent): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}

/** The clock of one process's life. */
export class ProcessClock implements Clock {
  readonly #time: VirtualTime;
  /** Runs what a failed event of this process throws; the world ends the process or the run. */
  readonly #guard: (run: () => void) => void;
  #dead = false;
  #pausedSince: number | undefined;
  #waiting: (() => void)[] = [];
  #offsetMs = 0;
  /** The local clock runs (1 + drift) times as fast as the world's. */
  #drift = 0;
  #localBase = 0;
  #worldBase = 0;
  #notedAt: number;
  #notedAheadMs = 0;

  constructor(time: VirtualTime, guard: (run: () => void) => void) {
    this.#time = time;
    this.#guard = guard;
    this.#notedAt = time.now();
  }

  now(): number {
    return this.#localBase + (this.#time.now() - this.#worldBase) * (1 + this.#drift);
  }

  /** What the wall clock is off by, besides what it has drifted; may be changed at any time. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  set offsetMs(offsetMs: number) {
    this.noteError();
    this.#offsetMs = offsetMs;
    this.#notedAheadMs = this.aheadMs;
  }

  /** How far the wall clock is ahead of virtual time; below 0 when it is behind. */
  get aheadMs(): number {
    return this.now() + this.#offsetMs - this.#time.now();
  }

  /** Tells `clockErrors` of the time since this was last done; between two changes the error grows evenly. */
  noteError(): void {
    const now = this.#time.now();
    this.#time.clockErrors.note(this.#notedAt, now, Math.max(this.#notedAheadMs, this.aheadMs));
    this.#notedAt = now;
    this.#notedAheadMs = this.aheadMs;
  }

  setDrift(drift: number): void {
    this.noteError();
    this.#localBase = this.now();
    this.#worldBase = this.#time.now();
    this.#drift = drift;
  }

  wallNow(): number {
    return Math.floor(wallEpochMs + this.now() + this.#offsetMs);
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#time.after(Math.max(0, delayMs) / (1 + this.#drift), () => this.run(callback));
  }

  every(periodMs: number, callback: () => void): Timer {
    assert(periodMs > 0, "a period is above 0");
    let cancelled = false;
    let timer: Timer;
    const again = (): void => {
      if (cancelled) return;
      timer = this.after(periodMs, again);
      callback();
    };
    timer = this.after(periodMs, again);
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  defer(callback: () => void): void {
    this.#time.after(0, () => this.run(callback));
  }

  /** Runs something as this process: later if it is paused, never if it is dead. */
  run(callback: () => void): void {
    if (this.#dead) return;
    if (this.#pausedSince !== undefined) this.#waiting.push(callback);
    else this.#guard(callback);
  }

  get isPaused(): boolean {
    return this.#pausedSince !== undefined;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  pause(): void {
    this.#pausedSince ??= this.#time.now();
  }

  resume(): void {
    if (this.#pausedSince === undefined) return;
    this.#pausedSince = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) this.#time.after(0, () => this.run(callback));
  }

  die(): void {
    this.noteError();
    this.#dead = true;
    this.#waiting = [];
  }
}
