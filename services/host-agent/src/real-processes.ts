// The real process door: child processes of this one. Output goes straight to a file descriptor, not through
// the agent, so that a process survives its agent and a full pipe never stalls it.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessExit, Processes, ProcessHandle, ProcessSpec } from "./processes.ts";

export function createRealProcesses(): Processes {
  return { start: startProcess };
}

function startProcess(spec: ProcessSpec, exited: (exit: ProcessExit) => void): ProcessHandle {
  const output = spec.logFile === undefined ? undefined : openLog(spec.logFile);
  const child = spawn(spec.command, [...spec.arguments], {
    stdio: ["ignore", output ?? "inherit", output ?? "inherit"],
    env: { ...process.env, ...spec.environment },
  });
  if (output !== undefined) closeSync(output);
  if (spec.pidFile !== undefined && child.pid !== undefined) writePid(spec.pidFile, child.pid);
  let gone = false;
  const finish = (exit: ProcessExit): void => {
    if (gone) return;
    gone = true;
    if (spec.pidFile !== undefined) rmSync(spec.pidFile, { force: true });
    exited(exit);
  };
  child.once("exit", (code, signal) => finish({ code, signal }));
  child.once("error", (error) => {
    if (child.pid === undefined) finish({ code: null, signal: null, failure: error.message });
  });
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
