// A clock for tests: time stands still until the test runs what is due.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";

export interface ManualClock extends Clock {
  /** Runs deferred callbacks and timers in order until nothing is left, moving time as needed. */
  runAll(): void;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

export function createManualClock(): ManualClock {
  let now = 0;
  let order = 0;
  let due: Due[] = [];
  const add = (at: number, callback: () => void): Timer => {
    const entry = { at, order: order++, callback };
    due.push(entry);
    return {
      cancel() {
        due = due.filter((each) => each !== entry);
      },
    };
  };
  return {
    now: () => now,
    wallNow: () => now,
    after: (delayMs, callback) => add(now + delayMs, callback),
    every() {
      throw new Error("no test needs a repeating timer here");
    },
    defer: (callback) => void add(now, callback),
    runAll() {
      for (;;) {
        due.sort((left, right) => left.at - right.at || left.order - right.order);
        const next = due.shift();
        if (next === undefined) return;
        now = next.at;
        next.callback();
      }
    },
  };
}
