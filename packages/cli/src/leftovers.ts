// Finds and ends the processes that an agent left behind when it was itself killed: they hold their data directories
// and ports. A recorded pid may since belong to somebody else, so a process is only ours if its command line is
// the one it was started with.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { LocalCluster } from "./local-plan.ts";
import { forgetPids, recordedPids } from "./local-files.ts";

const pollMs = 10;

/** Names of the processes that were ended; they are gone when it returns. */
export async function endLeftovers(directory: string, cluster: LocalCluster): Promise<readonly string[]> {
  const ended: string[] = [];
  for (const { name, pid } of recordedPids(directory)) {
    const spec = cluster.processes.find((process) => process.name === name);
    const isOurs = (): boolean => spec !== undefined && commandLineOf(pid).includes(spec.arguments.join(" "));
    if (!isOurs()) continue;
    process.kill(pid, "SIGKILL");
    while (isOurs()) await wait(pollMs);
    ended.push(name);
  }
  forgetPids(directory);
  return ended;
}

/** Empty when there is no such process, or only its exit code is left of it. */
function commandLineOf(pid: number): string {
  const path = `/proc/${pid}/cmdline`;
  if (existsSync("/proc/self/cmdline")) return existsSync(path) ? readFileSync(path, "utf8").split("\0").join(" ") : "";
  return spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" }).stdout ?? "";
}
