// The contract of the node's replicated log: one synced, checksummed, segmented file set shared by all groups of
// a node. create-log-store.ts implements it over the files door.
//
// - One `append` is one write and one sync, for however many groups. While a sync is under way the next
//   batch gathers: the caller (packages/replication) calls `append` again only after the callback.
// - The in-memory view of a group (GroupLog) reflects an append when its callback runs, not before.
// - Appending entries at index i removes everything at or above i.
// - Recovery tells a torn tail (the last record of the last segment, never acknowledged: cut off) from
//   corruption of synced data (fatal for the groups concerned: never silently dropped).
import type { Entry, HardState, LogView, SnapshotMeta } from "@azimuth/raft/types.ts";

export type GroupId = number;

/** What to store for one group. Applied in the order: reset, snapshot, entries, hardState, compact. */
export interface GroupWrite {
  readonly group: GroupId;
  /** Forget entries, snapshot and configuration but keep term and vote: the replica waits for a snapshot. */
  readonly reset?: true;
  /** New start of the log (a snapshot was installed, or the group is bootstrapped). Drops all entries. */
  readonly snapshot?: SnapshotMeta;
  readonly entries?: readonly Entry[];
  readonly hardState?: HardState;
  /** Entries up to and including `index` are no longer needed. */
  readonly compact?: { readonly index: number; readonly term: number };
  /** The group is gone from this node for good; nothing of it remains but a tombstone for `replica`. */
  readonly remove?: { readonly replica: number };
  /** First write of a group: which replica of it this node holds. */
  readonly create?: { readonly replica: number };
}

export interface GroupLog extends LogView {
  readonly group: GroupId;
  readonly replica: number;
  readonly hardState: HardState;
  /** Configuration as of the last snapshot or bootstrap; undefined while the replica waits for its first one. */
  readonly snapshot: SnapshotMeta | undefined;
  /** Bytes of entries stored for this group. */
  readonly bytes: number;
}

export interface LogStore {
  /** Groups that exist on this node, from recovery and from `create` writes. */
  groups(): readonly GroupLog[];
  group(id: GroupId): GroupLog | undefined;
  /** Replica ids of this group that were removed from this node and must never come back. */
  wasRemoved(group: GroupId, replica: number): boolean;
  /** Replica ids and groups whose stored records failed their checksum: they must not vote, lead or answer. */
  readonly corrupted: readonly { readonly group: GroupId; readonly reason: string }[];
  /**
   * Why whole records are lost, if they are: beyond the groups in `corrupted`, all that are known, there may be
   * some of which nothing is left. Undefined in health.
   */
  readonly lostRecords?: string | undefined;
  append(writes: readonly GroupWrite[], done: () => void): void;
  /** Bytes and files on disk, syncs so far. */
  stats(): { readonly bytes: number; readonly segments: number; readonly syncs: number; readonly appends: number };
  close(): void;
}
