// The sender alone, with a group whose Raft only notes what it is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Message } from "@azimuth/raft/types.ts";
import { createMemoryEngine } from "@azimuth/storage/memory-engine.ts";
import type { Group } from "../src/group.ts";
import { replicaIdOf } from "../src/host-api.ts";
import { newCounters, type HostContext } from "../src/host-context.ts";
import { defaultReplicationLimits } from "../src/limits.ts";
import { SnapshotSender } from "../src/snapshot-sender.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("a snapshot asked for while one of an earlier life of the replica ends is reported, so that it is asked for again", () => {
  const clock = new VirtualClock();
  const reports: boolean[] = [];
  const group = {
    id: 7, replica: replicaIdOf(0, 1), incarnation: 0, closed: false, leads: true,
    machine: { ranges: () => [] },
    raft: { term: 3, reportSnapshot: (_replica: number, installed: boolean) => void reports.push(installed) },
  };
  const sender = new SnapshotSender({
    node: 1, clock, random: createSeededRandom(1), log: silentLogger,
    engine: createMemoryEngine({ clock }),
    limits: defaultReplicationLimits,
    groups: new Map(), counters: newCounters(),
    send: () => {}, touch: () => {}, wake: () => {},
  } as unknown as HostContext);
  const message = { type: "snapshot", to: replicaIdOf(0, 2), term: 3 } as Message;
  sender.start(group as unknown as Group, message);
  group.incarnation++;
  sender.start(group as unknown as Group, message);
  sender.sweep();
  clock.advance(2 * defaultReplicationLimits.snapshotRetryMs);
  assert.deepEqual(reports, [false]);
});
