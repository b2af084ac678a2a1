// The process door: how the host agent starts operating-system processes and sends them signals. The real
// implementation is in real-processes.ts. A handle belongs to one started process: after its exit a signal
// does nothing, so a pid that the system has given to somebody else is never hit.

export interface ProcessSpec {
  /** Name within the cluster, e.g. "node-1". */
  readonly name: string;
  /** The zone whose power it shares; null for what stands outside the zones. */
  readonly zone: string | null;
  /** What it is, e.g. "storage-node"; decides the order of a shutdown. */
  readonly kind: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Added to the agent's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its output is appended; without it the output is the agent's own. */
  readonly logFile?: string;
  /** Holds the pid while the process lives, so that what an agent left behind can be found. */
  readonly pidFile?: string;
  /** "on-crash" starts it again when it ends without having been told to. */
  readonly restart?: "never" | "on-crash";
}

export type Signal = "SIGKILL" | "SIGTERM" | "SIGSTOP" | "SIGCONT";

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started, or not in a way that it could be left to run. */
  readonly failure?: string;
}

export interface ProcessHandle {
  /** Undefined when the process could not be started; `exited` follows. */
  readonly pid: number | undefined;
  /** False when the process is gone already. */
  signal(signal: Signal): boolean;
}

export interface Processes {
  /** `exited` runs exactly once, never before `start` has returned. */
  start(spec: ProcessSpec, exited: (exit: ProcessExit) => void): ProcessHandle;
}
