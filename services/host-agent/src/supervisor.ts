// The processes of one host and what may be done to them: start, kill (power loss), pause and resume (a hang),
// stop (politely, then by force) and restart. Commands on one process run one after another, except kill,
// which never waits for anything. State changes to "killed", "stopped" or "exited" only when the operating
// system has reported the end of the process.
//
//   running --pause--> paused --resume--> running
//   running|paused --kill--> killed, --stop--> stopped, --by itself--> exited;  any of the three --restart--> running
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { ProcessExit, Processes, ProcessHandle, ProcessSpec } from "./processes.ts";

export type ProcessState = "running" | "paused" | "stopped" | "killed" | "exited";

export interface ProcessReport {
  readonly name: string;
  readonly zone: string | null;
  readonly kind: string;
  /** Null while no process runs. */
  readonly pid: number | null;
  readonly state: ProcessState;
  /** When it entered the state: milliseconds since 1970. */
  readonly since: number;
  /** How often it was started. */
  readonly starts: number;
  /** How it last ended: "SIGKILL", "code 1", or why it did not start. */
  readonly lastExit: string | null;
}

export interface SupervisorDoors {
  readonly clock: Clock;
  readonly log: Logger;
  readonly processes: Processes;
}

export interface SupervisorConfig {
  readonly specs: readonly ProcessSpec[];
  /** How long a process may take to end after SIGTERM before it gets SIGKILL. */
  readonly stopLimitMs: number;
  readonly restartDelayMs: number;
}

export interface Supervisor {
  list(): readonly ProcessReport[];
  /** Names of the processes a target means: one process by name, or all of a zone. */
  resolve(target: string): readonly string[];
  start(name: string): Promise<void>;
  kill(name: string): Promise<void>;
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  restart(name: string): Promise<void>;
}

interface Entry {
  readonly spec: ProcessSpec;
  state: ProcessState;
  since: number;
  starts: number;
  lastExit: string | null;
  handle: ProcessHandle | undefined;
  /** The state that the next exit leads to, set by the command that causes it. */
  endsAs: "exited" | "killed" | "stopped";
  waiters: (() => void)[];
  queue: Promise<void>;
  revival: Timer | undefined;
}

export function createSupervisor(doors: SupervisorDoors, config: SupervisorConfig): Supervisor {
  const { clock, log } = doors;
  const entries = new Map<string, Entry>();
  for (const spec of config.specs) {
    assert(!entries.has(spec.name), `two processes are named ${spec.name}`);
    entries.set(spec.name, {
      spec, state: "stopped", since: clock.wallNow(), starts: 0, lastExit: null, handle: undefined,
      endsAs: "exited", waiters: [], queue: Promise.resolve(), revival: undefined,
    });
  }

  const entryOf = (name: string): Entry => {
    const entry = entries.get(name);
    assert(entry !== undefined, `no process is named ${name}`);
    return entry;
  };

  /** Runs commands on one process in the order they came. */
  const inTurn = (name: string, command: (entry: Entry) => Promise<void>): Promise<void> => {
    const entry = entryOf(name);
    const result = entry.queue.then(() => command(entry));
    entry.queue = result.catch(() => undefined);
    return result;
  };

  const enter = (entry: Entry, state: ProcessState): void => {
    entry.state = state;
    entry.since = clock.wallNow();
    log.info(`process ${state}`, { process: entry.spec.name, pid: entry.handle?.pid ?? null, exit: entry.lastExit });
  };

  const launch = async (entry: Entry): Promise<void> => {
    entry.revival?.cancel();
    if (entry.handle !== undefined) return;
    entry.endsAs = "exited";
    entry.starts++;
    entry.handle = doors.processes.start(entry.spec, (exit) => ended(entry, exit));
    enter(entry, "running");
  };

  const ended = (entry: Entry, exit: ProcessExit): void => {
    entry.lastExit = exit.failure ?? exit.signal ?? `code ${exit.code}`;
    entry.handle = undefined;
    enter(entry, entry.endsAs);
    for (const waiter of entry.waiters.splice(0)) waiter();
    if (entry.endsAs === "exited" && entry.spec.restart === "on-crash") {
      entry.revival = clock.after(config.restartDelayMs, () => void inTurn(entry.spec.name, launch));
    }
  };

  const whenEnded = (entry: Entry): Promise<void> =>
    entry.handle === undefined ? Promise.resolve() : new Promise((resolve) => entry.waiters.push(resolve));

  const kill = (entry: Entry): Promise<void> => {
    entry.revival?.cancel();
    if (entry.handle === undefined) return Promise.resolve();
    entry.endsAs = "killed";
    entry.handle.signal("SIGKILL");
    return whenEnded(entry);
  };

  const stop = async (entry: Entry): Promise<void> => {
    entry.revival?.cancel();
    if (entry.handle === undefined) return;
    entry.endsAs = "stopped";
    entry.handle.signal("SIGTERM");
    if (entry.state === "paused") entry.handle.signal("SIGCONT");
    const limit = clock.after(config.stopLimitMs, () => {
      log.warn("did not end in time, killing it", { process: entry.spec.name, limitMs: config.stopLimitMs });
      entry.handle?.signal("SIGKILL");
    });
    await whenEnded(entry);
    limit.cancel();
  };

  const pause = async (entry: Entry): Promise<void> => {
    if (entry.state === "running" && entry.handle?.signal("SIGSTOP") === true) enter(entry, "paused");
  };

  const resume = async (entry: Entry): Promise<void> => {
    if (entry.state === "paused" && entry.handle?.signal("SIGCONT") === true) enter(entry, "running");
  };

  return {
    list: () => [...entries.values()].map(report),
    resolve: (target) =>
      [...entries.values()].map(({ spec }) => spec)
        .filter((spec) => spec.name === target || spec.zone === target).map((spec) => spec.name),
    start: (name) => inTurn(name, launch),
    kill: (name) => kill(entryOf(name)),
    pause: (name) => inTurn(name, pause),
    resume: (name) => inTurn(name, resume),
    stop: (name) => inTurn(name, stop),
    restart: (name) => inTurn(name, async (entry) => {
      await stop(entry);
      await launch(entry);
    }),
  };
}

function report(entry: Entry): ProcessReport {
  const { spec, state, since, starts, lastExit } = entry;
  const pid = entry.handle?.pid ?? null;
  return { name: spec.name, zone: spec.zone, kind: spec.kind, pid, state, since, starts, lastExit };
}
