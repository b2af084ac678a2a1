// The processes that the bench starts and measures: by pid, one by one. CPU time is what the kernel has
// counted for a process and all its threads, read from /proc.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** The unit of /proc/PID/stat; Linux has told programs 100 a second on every platform for decades. */
const ticksPerSecond = 100;
const stopPatienceMs = 5000;

/** User and system time of all these processes so far, in microseconds. */
export function cpuMicroseconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, may hold blanks; user and system time are the 12th and 13th field behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks / ticksPerSecond) * 1e6;
}

export interface Child {
  readonly pid: number;
  /** The last of what it wrote, for error messages. */
  output(): string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export function startChild(command: string, words: readonly string[]): Child {
  const child = spawn(command, [...words], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  if (child.pid === undefined) throw new Error(`${command} cannot be started`);
  return { pid: child.pid, output: () => output, process: child, stop: () => stopChild(child) };
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), stopPatienceMs);
  await gone;
  clearTimeout(patience);
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const listening = (): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer();
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Attempts until it is true; failures count as not yet. */
export async function untilReady(
  what: string, patienceMs: number, attempt: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      if (await attempt()) return;
    } catch (error) {
      last = error;
    }
    await wait(50);
  }
  const reason = last instanceof Error ? last.message : "no reason";
  throw new Error(`${what} was not ready within ${patienceMs / 1000} s: ${reason}`);
}
