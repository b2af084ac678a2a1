// The real Clock: Node's timers, performance.now and Date.
import type { Clock, Timer } from "./clock.ts";

export function createRealClock(): Clock {
  return {
    now: () => performance.now(),
    wallNow: () => Date.now(),
    after(delayMs, callback): Timer {
      const handle = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
    every(periodMs, callback): Timer {
      const handle = setInterval(callback, periodMs);
      return { cancel: () => clearInterval(handle) };
    },
    defer(callback) {
      setImmediate(callback);
    },
  };
}
