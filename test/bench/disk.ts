// What the disk itself takes for one synced write: append 1 KB, fdatasync, again. The yardstick of a single
// client's latency, taken in the same run because disks of virtual machines change their minds.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Milliseconds, of `count` synced appends, in ascending order. */
export function syncedAppends(directory: string, count: number): readonly number[] {
  const path = join(directory, "synced-appends");
  const descriptor = openSync(path, "w");
  const bytes = Buffer.alloc(1024, "x");
  const took: number[] = [];
  for (let each = 0; each < count; each++) {
    const began = performance.now();
    writeSync(descriptor, bytes);
    fdatasyncSync(descriptor);
    took.push(performance.now() - began);
  }
  closeSync(descriptor);
  rmSync(path);
  return took.sort((left, right) => left - right);
}
