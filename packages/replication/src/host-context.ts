// What the parts of the host share: the doors it was given, its groups, and the way to ask for another turn.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import type { Group } from "./group.ts";
import type { ReplicationLimits } from "./limits.ts";

export interface HostCounters {
  turns: number;
  proposals: number;
  reads: number;
  messagesDropped: number;
  logWrites: number;
  engineBatches: number;
  entriesApplied: number;
  snapshotsSent: number;
  snapshotsReceived: number;
  snapshotsFailed: number;
  flushes: number;
  compactions: number;
}

export interface HostContext {
  readonly node: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly engine: Engine;
  readonly logStore: LogStore;
  readonly limits: ReplicationLimits;
  readonly groups: Map<number, Group>;
  readonly counters: HostCounters;
  send(node: number, message: WireMessage): void;
  /** Something happened to the group: the next turn looks at it. */
  touch(group: Group): void;
  /** Ends the quiet of a group: its clock runs again. */
  wake(group: Group): void;
}

export function newCounters(): HostCounters {
  return {
    turns: 0,
    proposals: 0,
    reads: 0,
    messagesDropped: 0,
    logWrites: 0,
    engineBatches: 0,
    entriesApplied: 0,
    snapshotsSent: 0,
    snapshotsReceived: 0,
    snapshotsFailed: 0,
    flushes: 0,
    compactions: 0,
  };
}
