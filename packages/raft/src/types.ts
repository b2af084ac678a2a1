// The nouns of packages/raft: what goes in and out of the pure state machine. All of it is plain data; the
// host (packages/replication) moves it between disk, network and applier. See raft.ts for the contract.

/**
 * Identifies one replica of one group. Never reused: a replica that lost its disk comes back as another id.
 */
export type ReplicaId = number;
/** 0 means "none" wherever a ReplicaId may be absent. */
export const noReplica: ReplicaId = 0;

export type EntryKind = "normal" | "config";

export interface Entry {
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  /** Empty for the entry a new leader appends at once. For `config`, an encoded ConfigChange. */
  readonly data: Uint8Array;
}

/** What must survive a crash besides the entries (Raft paper, figure 2). */
export interface HardState {
  readonly term: number;
  readonly vote: ReplicaId;
  readonly commit: number;
}

/**
 * Membership. While `votersOutgoing` is not empty the group is in a joint configuration (Raft thesis 4.3).
 */
export interface ConfigState {
  readonly voters: readonly ReplicaId[];
  readonly votersOutgoing: readonly ReplicaId[];
  readonly learners: readonly ReplicaId[];
  /** Voters of the outgoing configuration that become learners when it is left. */
  readonly learnersNext: readonly ReplicaId[];
  /** Leave the joint configuration as soon as entering it has been applied. */
  readonly autoLeave: boolean;
}

export type ConfigChangeStep =
  | { readonly kind: "add-voter"; readonly replica: ReplicaId }
  | { readonly kind: "add-learner"; readonly replica: ReplicaId }
  | { readonly kind: "remove"; readonly replica: ReplicaId };

/** `leave` ends a joint configuration and has no steps. One step is a simple change, several go joint. */
export interface ConfigChange {
  readonly kind: "change" | "leave";
  readonly steps: readonly ConfigChangeStep[];
  /** Opaque to Raft: the caller's own bytes, handed back when the change is applied. */
  readonly context: Uint8Array;
}

/**
 * Where a log starts after compaction or after installing a snapshot: everything up to `index` is in the
 * state.
 */
export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly config: ConfigState;
}

export type MessageType =
  | "append"
  | "append-response"
  | "heartbeat"
  | "heartbeat-response"
  | "vote"
  | "vote-response"
  | "pre-vote"
  | "pre-vote-response"
  | "snapshot"
  | "timeout-now";

/** One message between two replicas of a group. Fields that a type does not use are 0, false or empty. */
export interface Message {
  readonly type: MessageType;
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly term: number;
  /**
   * append: index of the entry before `entries`. append-response: last index accepted, or the rejected one.
   */
  readonly index: number;
  /**
   * append: term at `index`. vote, pre-vote: term of the candidate's last entry. append-response: hint term.
   * vote-response, pre-vote-response, when rejecting: term at `commit`.
   */
  readonly logTerm: number;
  readonly entries: readonly Entry[];
  /**
   * append, heartbeat: the follower may commit through here. vote responses, when rejecting: the voter's
   * commit index.
   */
  readonly commit: number;
  readonly reject: boolean;
  /** append-response, when rejecting: the largest index that may match (conflict hint). */
  readonly hintIndex: number;
  /** heartbeat and its response: number of the latest read request it confirms. */
  readonly readPosition: number;
  /** vote: part of a leadership transfer, so voters ignore the lease of the leader they hear. */
  readonly force: boolean;
  /** snapshot only. The state itself travels outside Raft, before this message is stepped. */
  readonly snapshot: SnapshotMeta | undefined;
}

export type Role = "follower" | "pre-candidate" | "candidate" | "leader";

/** Read-only, synchronous view of the durable log of one group, given by the log store. */
export interface LogView {
  /** Index of the first entry still stored; `lastIndex() + 1` when none is. */
  firstIndex(): number;
  lastIndex(): number;
  /** Term of an entry in [firstIndex - 1, lastIndex]; undefined when compacted away or not there. */
  term(index: number): number | undefined;
  /** Entries in [low, high), at least one, then as many as fit in `maxBytes` of data. */
  entries(low: number, high: number, maxBytes: number): readonly Entry[];
  /** The start of the log: index and term of the last entry that was compacted away, 0 and 0 at first. */
  start(): { readonly index: number; readonly term: number };
}

/** A read confirmed by ReadIndex: it may be served once `index` is applied (Raft thesis 6.4). */
export interface ConfirmedRead {
  readonly id: number;
  readonly index: number;
}

/** Everything the host must do after stepping a group; see raft.ts. */
export interface Ready {
  /** Passed back to `persisted` once what this Ready asks to store is durable. Increases by one each time. */
  readonly number: number;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** A received snapshot to make the new start of the log, before `entries`. */
  readonly snapshot: SnapshotMeta | undefined;
  /** True when entries, term or vote changed: the store must sync before `persisted`. */
  readonly mustSync: boolean;
  /** To send at once. Messages that wait for durability come in a later Ready, after `persisted`. */
  readonly messages: readonly Message[];
  /** To apply, in order, then report with `applied`. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ConfirmedRead[];
  /** Reads that will never be confirmed by this leader: leadership was lost. */
  readonly droppedReads: readonly number[];
  readonly roleChange: { readonly role: Role; readonly leader: ReplicaId; readonly term: number } | undefined;
}

/**
 * `invalid-config-change`: it does not follow from the current configuration, e.g. it would leave no voter.
 */
export type ProposalDropReason =
  | "transferring"
  | "too-much-uncommitted"
  | "config-change-in-flight"
  | "invalid-config-change";

export type ProposeResult =
  | { readonly kind: "accepted"; readonly index: number; readonly term: number }
  | { readonly kind: "not-leader"; readonly leader: ReplicaId }
  | { readonly kind: "dropped"; readonly reason: ProposalDropReason };
