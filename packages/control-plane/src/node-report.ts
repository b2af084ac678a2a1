// What a storage node tells the control plane's leader every half second, and at once when a role changes:
// which replicas it holds and how they are. Reports are the autoadmin's only eyes. They are never stored: a
// new leader of group 0 starts blind and counts every node's silence from its own beginning.
//
// A report with a sequence not above the last one of the same session of the node is old and is dropped.
import type { GroupStatus } from "@azimuth/replication/host-api.ts";
import type { SplitDone } from "./halves.ts";
import type { Role } from "@azimuth/raft/types.ts";

/** Topic of the notice that carries a NodeReport. */
export const nodeReportTopic = "node-report";

export interface GroupReport {
  readonly group: number;
  readonly replica: number;
  readonly role: Role;
  /** Replica id; 0 when unknown. */
  readonly leader: number;
  readonly term: number;
  readonly applied: number;
  readonly lastIndex: number;
  /** False while the replica waits for its first snapshot. */
  readonly initialised: boolean;
  /** The membership as of `applied`. */
  readonly voters: readonly number[];
  readonly learners: readonly number[];
  /** Between two configurations: wait until it is left. */
  readonly joint: boolean;
  /** At the leader: the others. Empty elsewhere. */
  readonly progress: readonly { readonly replica: number; readonly match: number; readonly active: boolean }[];
  readonly items: number;
  readonly bytes: number;
  /** The replica found its log or state damaged and stopped: it must be replaced. */
  readonly corrupted: boolean;
  /** Global indexes added to the live table that hold everything this partition has; absent: none. */
  readonly builtIndexes?: readonly number[];
  /** What the partition holds of its table's local indexes; absent: none. */
  readonly localIndexes?: readonly { readonly indexId: number; readonly items: number; readonly bytes: number }[];
  /** The partition's last split; absent: none. */
  readonly lastSplit?: SplitDone;
  /** At the leader of a partition that has grown too large: where it would be divided best. */
  readonly splitAt?: string;
  /** At the leader: a split cannot begin now, since indexes are behind. */
  readonly splitRests?: boolean;
}

/** Of GroupReport, what the partition itself counts (packages/partition/src/statistics.ts). */
export type PartitionCounts = Required<Pick<GroupReport, "items" | "bytes" | "builtIndexes" | "localIndexes">>
  & { readonly lastSplit: GroupReport["lastSplit"] | undefined };

export interface NodeReport {
  readonly node: number;
  readonly incarnation: string;
  /** Drawn anew by each start of the process; within it, `sequence` rises. */
  readonly session: string;
  readonly sequence: number;
  readonly groups: readonly GroupReport[];
}

/** The report of one group as the replication host sees it. */
export function groupReportOf(
  status: GroupStatus,
  corrupted: boolean,
  counts: PartitionCounts = { items: 0, bytes: 0, builtIndexes: [], localIndexes: [], lastSplit: undefined },
  split: { readonly splitAt?: string | undefined; readonly splitRests?: boolean | undefined } = {},
): GroupReport {
  const { group, replica, role, leader, term, applied, lastIndex, initialised, config, progress } = status;
  return {
    group, replica, role, leader, term, applied, lastIndex, initialised, progress, corrupted,
    items: counts.items,
    bytes: counts.bytes,
    voters: config.voters,
    learners: config.learners,
    joint: config.votersOutgoing.length > 0,
    ...(counts.builtIndexes.length > 0 ? { builtIndexes: counts.builtIndexes } : {}),
    ...(counts.localIndexes.length > 0 ? { localIndexes: counts.localIndexes } : {}),
    ...(counts.lastSplit === undefined ? {} : { lastSplit: counts.lastSplit }),
    ...(split.splitAt === undefined ? {} : { splitAt: split.splitAt }),
    ...(split.splitRests === true ? { splitRests: true } : {}),
  };
}
