// The door through which time enters. Everything that waits, times out or stamps takes a Clock; the real
// one is in real-clock.ts, the simulator has its own, and nothing else may touch timers or Date.

export interface Timer {
  /** Forgets the timer. Calling it again, or after it fired, does nothing. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. May have a fraction. */
  now(): number;
  /** Milliseconds since 1970 by this machine's wall clock; may be wrong and may jump. An integer. */
  wallNow(): number;
  /** Calls `callback` once, `delayMs` from now or later. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls `callback` every `periodMs` until cancelled. */
  every(periodMs: number, callback: () => void): Timer;
  /** Calls `callback` at the end of the current turn of the event loop, after what has already arrived. */
  defer(callback: () => void): void;
}
