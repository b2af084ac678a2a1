// The contract of the multi-raft host (replication-host.ts): many Raft groups on one event loop, one log,
// one engine.
import type { ConfigChange, ConfigState, ReplicaId, Role } from "@azimuth/raft/types.ts";
import type { StateMachine } from "./state-machine.ts";

export type ProposalResult =
  /** Committed and applied; `value` is what StateMachine.apply returned. */
  | { readonly kind: "applied"; readonly index: number; readonly value: unknown }
  /** Certainly not applied, now or later. */
  | { readonly kind: "not-leader"; readonly leader: ReplicaId }
  | { readonly kind: "dropped"; readonly reason: string }
  /** Leadership was lost or the replica destroyed while the entry was under way: it may or may not be applied. */
  | { readonly kind: "unknown" };

export type ReadResult =
  | { readonly kind: "confirmed"; readonly index: number }
  | { readonly kind: "not-leader"; readonly leader: ReplicaId };

export interface CreateGroupOptions {
  readonly group: number;
  readonly replica: ReplicaId;
  readonly bootstrap: ConfigState | undefined;
  readonly machine: StateMachine;
  /** Whether it stands for election at once; absent: one of the members of `bootstrap` does, by the group's number. */
  readonly stands?: boolean;
}

export interface GroupStatus {
  readonly group: number;
  readonly replica: ReplicaId;
  readonly role: Role;
  readonly leader: ReplicaId;
  readonly term: number;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly quiet: boolean;
  /** False while the replica has no state yet (waits for a snapshot). */
  readonly initialised: boolean;
  /** True from a restart until the replica has applied what it knew to be committed before. */
  readonly replaying: boolean;
  readonly config: ConfigState;
  /** At the leader: how far each other replica's log matches, and whether it was heard of lately. */
  readonly progress: readonly ReplicaProgress[];
}

export interface ReplicaProgress {
  readonly replica: ReplicaId;
  readonly match: number;
  readonly active: boolean;
}

export interface ReplicationHost {
  /**
   * Creates a replica of a group on this node. With `bootstrap` it starts as a member of that configuration
   * with the state that the engine has for it, empty or from a split (the same for all members, which must be given
   * the same configuration); without, it waits for a snapshot. Durable before `done`.
   */
  createGroup(options: CreateGroupOptions, done: () => void): void;
  /** Restarts a replica that the log store recovered. Call for each before `start`. */
  openGroup(options: { group: number; machine: StateMachine }): void;
  /** Removes the replica, its log and its state, and remembers that it must not come back. */
  destroyGroup(group: number, done: () => void): void;
  /**
   * `waiter` runs exactly once, never before this call returns. Returns the log index at which the entry was
   * accepted, so that the caller can keep an overlay of what it proposed; 0 when it was not accepted.
   */
  propose(group: number, data: Uint8Array, waiter: (result: ProposalResult) => void): number;
  proposeConfigChange(group: number, change: ConfigChange, waiter: (result: ProposalResult) => void): void;
  /** Confirms leadership as of now; runs `done` once everything committed before is applied here. */
  readIndex(group: number, done: (result: ReadResult) => void): void;
  transferLeadership(group: number, to: ReplicaId): void;
  status(group: number): GroupStatus | undefined;
  groups(): readonly number[];
}

/** Replica ids are `generation × 4096 + node number`, so that a message finds its node by the id. */
export const replicaIdsPerGeneration = 4096;

/** 0 for replica 0, which is none. */
export function nodeOfReplica(replica: ReplicaId): number {
  return replica % replicaIdsPerGeneration;
}

export function replicaIdOf(generation: number, node: number): ReplicaId {
  return generation * replicaIdsPerGeneration + node;
}
