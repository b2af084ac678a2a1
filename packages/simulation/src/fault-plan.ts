// Which kinds of faults there are, which belong together, and what a seed draws of them (swarm testing: a run with few
// kinds goes deeper into those than one with all).
import type { Random } from "@azimuth/foundation/random.ts";

export const faultKinds = [
  "crash-node",
  "crash-zone",
  "crash-router",
  "pause",
  "partition-zone",
  "partition-node",
  "one-way-cut",
  "clog",
  "swizzle",
  "reset",
  "lossy",
  "lost-responses",
  "disk-stall",
  "disk-full",
  "failed-sync",
  "engine-full",
  "failed-engine-write",
  "clock-jump",
  "clock-drift",
  "rolling-restart",
  "crash-all",
  "lose-disk",
  "damage-log",
  "add-node",
  "drain-node",
  "remove-node",
  "control-outage",
] as const;

export type FaultKind = (typeof faultKinds)[number];

const clockJumpsMsMax = [5000, 5000, 240_000];

export interface FaultPlan {
  readonly kinds: readonly FaultKind[];
  /** Mean time from the end of one fault to the beginning of the next. */
  readonly pauseMeanMs: number;
  readonly lengthMeanMs: number;
  /** A clock that jumps is off by up to this, either way. */
  readonly clockJumpMsMax: number;
  /** Faults under way at once. */
  readonly concurrentMax: number;
}

export function drawFaultPlan(random: Random, from: readonly FaultKind[] = faultKinds): FaultPlan {
  const count = Math.min(from.length, random.between(1, from.length));
  return {
    kinds: random.shuffle(from).slice(0, count),
    pauseMeanMs: random.pick([200, 500, 1500, 4000]),
    lengthMeanMs: random.pick([100, 500, 2000, 6000]),
    clockJumpMsMax: random.split("clock-jumps").pick(clockJumpsMsMax),
    concurrentMax: random.between(1, 3),
  };
}

/** Kinds that belong together, for `--scenario`. */
export const scenarios: Readonly<Record<string, readonly FaultKind[]>> = {
  swarm: faultKinds,
  calm: [],
  crashes: ["crash-node", "crash-zone", "crash-all", "crash-router", "rolling-restart", "pause"],
  network: ["partition-zone", "partition-node", "one-way-cut", "clog", "swizzle", "reset", "lossy", "lost-responses"],
  disks: [
    "disk-stall", "disk-full", "failed-sync", "engine-full", "failed-engine-write", "lose-disk", "damage-log",
    "crash-node", "crash-all",
  ],
  // With faults that make clients retry: what wrong clocks may break is that a retry is recognised.
  clocks: ["clock-jump", "clock-drift", "pause", "lost-responses", "reset", "crash-node"],
  splits: ["crash-node", "crash-all", "pause", "partition-node", "lossy", "lose-disk", "add-node", "control-outage"],
  membership: ["lose-disk", "damage-log", "add-node", "drain-node", "remove-node", "control-outage", "crash-node"],
};
