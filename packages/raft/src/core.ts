// The mutable state of one replica's Raft core, shared by the files that each handle one message or
// transition. No decisions here: only the state, how messages leave it, and what is derived from it.
//
// Two outboxes. `messages` leave with the next Ready. `durableMessages` speak about state that must survive a
// crash (a vote, an acknowledged entry), so they leave only after the Ready that stores this state is
// durable.
import { assert } from "@azimuth/foundation/assert.ts";
import { isVoter, members } from "./membership/configuration.ts";
import { RaftLog } from "./log/raft-log.ts";
import type { RaftOptions } from "./options.ts";
import { quorumReached } from "./quorum.ts";
import { ReadQueue } from "./read-queue.ts";
import { Progress } from "./replication/progress.ts";
import {
  noReplica, type ConfigState, type HardState, type LogView, type Message, type ReplicaId, type Role,
} from "./types.ts";

export interface InitialState {
  readonly hardState: HardState;
  /** The configuration as of `applied`. */
  readonly config: ConfigState;
  readonly applied: number;
}

/** Every message starts from this, so that all have the same fields in the same order. */
export const blankMessage: Message = {
  type: "append",
  from: noReplica,
  to: noReplica,
  term: 0,
  index: 0,
  logTerm: 0,
  entries: [],
  commit: 0,
  reject: false,
  hintIndex: 0,
  readPosition: 0,
  force: false,
  snapshot: undefined,
};

export class RaftCore {
  readonly options: RaftOptions;
  readonly id: ReplicaId;
  readonly log: RaftLog;
  readonly reads: ReadQueue;

  term: number;
  vote: ReplicaId;
  role: Role = "follower";
  leader: ReplicaId = noReplica;
  config: ConfigState;

  /** At a leader: every member of the configuration, itself included. Empty elsewhere. */
  readonly progress = new Map<ReplicaId, Progress>();
  /** At a candidate or pre-candidate: the answers so far. */
  readonly votes = new Map<ReplicaId, boolean>();

  /** Ticks since the leader was heard; at a leader, since it last checked its quorum. */
  electionElapsed = 0;
  heartbeatElapsed = 0;
  electionTimeout = 0;
  /** Ticks until campaigning because the leader's node is known to be gone; 0 when that is not so. */
  hurryTicks = 0;

  /** Told to campaign at once, but a committed configuration change has to be applied first. */
  campaignWhenApplied = false;

  /** At a leader: the replica that leadership is being handed to. */
  transferee: ReplicaId = noReplica;
  /** At a leader: no new configuration change until this index is applied. */
  pendingConfigIndex = 0;
  /** At a leader: index of the first entry of its term. */
  termStartIndex = 0;
  /** At a leader: bytes proposed and not yet handed out as committed. */
  uncommittedBytes = 0;
  /** At a leader: appends may have to go out with the next Ready. */
  replicationWanted = false;

  messages: Message[] = [];
  durableMessages: Message[] = [];

  readonly #matchOf = (replica: ReplicaId): number => this.progress.get(replica)?.match ?? 0;
  readonly #readPositionOf = (replica: ReplicaId): number =>
    replica === this.id ? this.reads.position : (this.progress.get(replica)?.readPosition ?? 0);
  readonly #activeOf = (replica: ReplicaId): number =>
    replica === this.id || this.progress.get(replica)?.active === true ? 1 : 0;

  constructor(options: RaftOptions, view: LogView, initial: InitialState) {
    assert(options.id > 0, "a replica id must be positive");
    const { electionTimeoutTicks, heartbeatTicks } = options;
    assert(electionTimeoutTicks > heartbeatTicks, "an election must take longer than a heartbeat");
    assert(heartbeatTicks > 0, "heartbeats need a period");
    this.options = options;
    this.id = options.id;
    this.log = new RaftLog(view, initial.hardState, initial.applied);
    this.reads = new ReadQueue(options.pendingReadsMax);
    this.term = initial.hardState.term;
    this.vote = initial.hardState.vote;
    this.config = initial.config;
    this.drawElectionTimeout();
  }

  drawElectionTimeout(): void {
    const ticks = this.options.electionTimeoutTicks;
    this.electionTimeout = this.options.random.between(ticks, 2 * ticks - 1);
  }

  /** May this replica campaign? A replica without state, or waiting for a snapshot, may not. */
  get promotable(): boolean {
    return isVoter(this.config, this.id) && !this.log.hasPendingSnapshot;
  }

  get isOnlyVoter(): boolean {
    const { voters, votersOutgoing } = this.config;
    return voters.length === 1 && voters[0] === this.id && votersOutgoing.length === 0;
  }

  /**
   * A leader knows what is committed only after committing an entry of its own term (Raft paper, section
   * 8).
   */
  get hasCommittedInTerm(): boolean {
    return this.role === "leader" && this.log.committed >= this.termStartIndex;
  }

  /** The largest index that a quorum has made durable. */
  get quorumMatch(): number {
    return quorumReached(this.config, this.#matchOf);
  }

  get quorumReadPosition(): number {
    return quorumReached(this.config, this.#readPositionOf);
  }

  get quorumActive(): boolean {
    return quorumReached(this.config, this.#activeOf) === 1;
  }

  send(message: Message): void {
    assert(message.to !== this.id && message.to !== noReplica, "a message must go to another replica");
    this.messages.push(message);
  }

  /** Sends once everything this replica knows now is durable. Messages to itself count as received then. */
  sendWhenDurable(message: Message): void {
    this.durableMessages.push(message);
  }

  createProgress(replica: ReplicaId, match: number, next: number): Progress {
    const { inflightAppendsMax, inflightBytesMax } = this.options;
    return new Progress({ replica, match, next, inflightAppendsMax, inflightBytesMax });
  }

  /**
   * Makes `progress` hold exactly the members; newcomers start as heard of, so that they get their chance.
   */
  alignProgress(): void {
    const current = members(this.config);
    for (const replica of this.progress.keys()) {
      if (!current.includes(replica)) this.progress.delete(replica);
    }
    for (const replica of current) {
      if (this.progress.has(replica)) continue;
      const progress = this.createProgress(replica, 0, Math.max(1, this.log.lastIndex));
      progress.active = true;
      this.progress.set(replica, progress);
    }
  }
}
