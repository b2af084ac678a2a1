// A process door without processes: records the signals, and ends a process when the test (or SIGKILL) says so.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { ProcessExit, Processes, ProcessSpec, Signal } from "../src/processes.ts";

export interface FakeProcesses extends Processes {
  readonly signals: readonly { readonly name: string; readonly signal: Signal }[];
  readonly started: readonly string[];
  end(name: string, exit: ProcessExit): void;
  /** Names of processes that ignore SIGTERM. */
  readonly deaf: Set<string>;
}

export function createFakeProcesses(): FakeProcesses {
  const alive = new Map<string, (exit: ProcessExit) => void>();
  const signals: { name: string; signal: Signal }[] = [];
  const started: string[] = [];
  const deaf = new Set<string>();
  let nextPid = 100;
  const end = (name: string, exit: ProcessExit): void => {
    const exited = alive.get(name);
    alive.delete(name);
    exited?.(exit);
  };
  return {
    signals, started, deaf, end,
    start(spec, exited) {
      started.push(spec.name);
      alive.set(spec.name, exited);
      const mine = exited;
      return {
        pid: nextPid++,
        signal(signal) {
          if (alive.get(spec.name) !== mine) return false;
          signals.push({ name: spec.name, signal });
          const ends = signal === "SIGKILL" || (signal === "SIGTERM" && !deaf.has(spec.name));
          if (ends) queueMicrotask(() => end(spec.name, { code: null, signal }));
          return true;
        },
      };
    },
  };
}

export function specOf(name: string, zone: string | null, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, zone, kind: "storage-node", command: "node", arguments: [], ...more };
}

/** A clock whose timers fire when the test says so. */
export function createManualClock(): Clock & { fire(): void; readonly waiting: number } {
  const timers = new Set<() => void>();
  let wall = 1_000;
  const add = (callback: () => void) => {
    timers.add(callback);
    return { cancel: () => void timers.delete(callback) };
  };
  return {
    now: () => wall,
    wallNow: () => wall++,
    after: (_delayMs, callback) => add(callback),
    every: (_periodMs, callback) => add(callback),
    defer: (callback) => queueMicrotask(callback),
    fire() {
      for (const callback of [...timers]) {
        timers.delete(callback);
        callback();
      }
    },
    get waiting() {
      return timers.size;
    },
  };
}
