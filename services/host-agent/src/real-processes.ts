// The real process door: child processes of this one. Output goes straight to a file descriptor, not through
// the agent, so that a process survives its agent and a full pipe never stalls it.
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessExit, Processes, ProcessHandle, ProcessSpec } from "./processes.ts";

export function createRealProcesses(): Processes {
  return { start };
}

function start(spec: ProcessSpec, exited: (exit: ProcessExit) => void): ProcessHandle {
  try {
    return follow(spec, spawnChild(spec), exited);
  } catch (error) {
    // Its log cannot be opened, or the system has no process to give.
    const failure = (error as Error).message;
    queueMicrotask(() => exited({ code: null, signal: null, failure }));
    return { pid: undefined, signal: () => false };
  }
}

function spawnChild(spec: ProcessSpec): ChildProcess {
  const output = spec.logFile === undefined ? undefined : openLog(spec.logFile);
  try {
    return spawn(spec.command, [...spec.arguments], {
      stdio: ["ignore", output ?? "inherit", output ?? "inherit"],
      env: { ...process.env, ...spec.environment },
    });
  } finally {
    if (output !== undefined) closeSync(output);
  }
}

function follow(spec: ProcessSpec, child: ChildProcess, exited: (exit: ProcessExit) => void): ProcessHandle {
  let gone = false;
  let failure: string | undefined;
  const finish = (exit: ProcessExit): void => {
    if (gone) return;
    gone = true;
    if (spec.pidFile !== undefined) removePid(spec.pidFile);
    exited(exit);
  };
  child.once("exit", (code, signal) => finish({ code, signal, ...(failure === undefined ? {} : { failure }) }));
  child.once("error", (error) => {
    if (child.pid === undefined) finish({ code: null, signal: null, failure: error.message });
  });
  try {
    if (spec.pidFile !== undefined && child.pid !== undefined) writePid(spec.pidFile, child.pid);
  } catch (error) {
    // Whoever comes after this agent could not find it.
    failure = (error as Error).message;
    child.kill("SIGKILL");
  }
  return { pid: child.pid, signal: (signal) => !gone && child.kill(signal) };
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, "a");
}

function writePid(path: string, pid: number): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${pid}\n`);
}

function removePid(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It names a process that is no more, as one does that an agent leaves behind when it is killed.
  }
}
