// One replica's Raft core: a synchronous state machine without disk, network, clock, promises or chance of
// its own.
//
// The host feeds it (`tick`, `step`, `propose`, `readIndex`, ...) and then, while `hasReady()`, takes a Ready
// and does what it says:
// 1. Send `messages` at once. The core holds back what may not leave yet.
// 2. Store `snapshot`, `entries` and `hardState`, in that order and atomically: all of one Ready or nothing
//    (a configuration entry is safe to hold only together with the commit index that came with it). Sync if
//    `mustSync`. When durable, call `persisted(number)`: it says that this and all earlier Readys are
//    durable. For a Ready without `mustSync` it need not be called. A lone changed commit index may be lost
//    in a crash.
// 3. Apply `committed` in order. Call `applyConfigChange` at each entry of kind `config`, before `applied`
//    passes it. Store the configuration it returns together with the applied index: `initial.config` at a
//    restart is the configuration as of `initial.applied`.
// 4. Serve each of `reads` once its index is applied; refuse `droppedReads`.
// Several Readys may be under way: the next may be taken before the last is durable or applied.
//
// What is guaranteed (with at most a minority of voters losing their disks): one leader per term; entries
// handed out as committed are durable here, the same at every replica, and never taken back; a confirmed read
// sees all that was committed when it was asked for. Votes and acknowledgements, the replica's own included,
// leave or count only when what they speak of is durable; so do requests for votes (see election.ts).
//
// A received snapshot: the host stages its state, then steps the message with the meta of what was staged. If
// the core accepts it, the next Ready has `snapshot`; storing it makes the staged state current, and
// `persisted` counts it as applied. Otherwise the staged state is to be thrown away.
//
// A replica with an empty configuration waits for a snapshot: it answers votes and never campaigns. The
// group's first configuration is not in the log, so such a replica refuses entries until it has one.
import { RaftCore, type InitialState } from "./core.ts";
import { maybeCampaign, maybeCampaignAfterApplying } from "./election/election.ts";
import { transferLeadership } from "./election/transfer.ts";
import { checkInvariants } from "./invariants.ts";
import { isJoint } from "./membership/configuration.ts";
import { applyConfigChange, maybeLeaveJoint } from "./membership/membership.ts";
import type { RaftOptions } from "./options.ts";
import { propose, proposeConfigChange } from "./propose.ts";
import { ReadyBuilder } from "./ready-builder.ts";
import { registerRead } from "./replication/commit.ts";
import type { ProgressState } from "./replication/progress.ts";
import { step } from "./step.ts";
import { leaderUnreachable, tick } from "./tick.ts";
import {
  noReplica,
  type ConfigChange,
  type ConfigState,
  type LogView,
  type Message,
  type ProposeResult,
  type Ready,
  type ReplicaId,
  type Role,
} from "./types.ts";

/** How far another replica is, as its leader knows it. */
export interface ProgressStatus {
  readonly replica: ReplicaId;
  readonly match: number;
  readonly next: number;
  readonly state: ProgressState;
  readonly active: boolean;
  readonly pendingSnapshot: number;
}

export class Raft {
  readonly #core: RaftCore;
  readonly #ready: ReadyBuilder;

  constructor(options: RaftOptions, log: LogView, initial: InitialState) {
    this.#core = new RaftCore(options, log, initial);
    this.#ready = new ReadyBuilder(this.#core);
  }

  get id(): ReplicaId {
    return this.#core.id;
  }

  get role(): Role {
    return this.#core.role;
  }

  get leader(): ReplicaId {
    return this.#core.leader;
  }

  get term(): number {
    return this.#core.term;
  }

  get vote(): ReplicaId {
    return this.#core.vote;
  }

  get committed(): number {
    return this.#core.log.committed;
  }

  get appliedIndex(): number {
    return this.#core.log.applied;
  }

  get lastIndex(): number {
    return this.#core.log.lastIndex;
  }

  /** Everything through this index is durable here. */
  get stableIndex(): number {
    return this.#core.log.stableIndex;
  }

  /** Undefined when the entry is compacted away or not there. */
  termAt(index: number): number | undefined {
    return this.#core.log.term(index);
  }

  get config(): ConfigState {
    return this.#core.config;
  }

  /** This replica leads and has applied an entry of its own term, hence everything committed before. */
  get hasAppliedInTerm(): boolean {
    return this.#core.role === "leader" && this.#core.log.applied >= this.#core.termStartIndex;
  }

  tick(): void {
    tick(this.#core);
  }

  step(message: Message): void {
    step(this.#core, message);
  }

  propose(data: Uint8Array): ProposeResult {
    return propose(this.#core, data);
  }

  proposeConfigChange(change: ConfigChange): ProposeResult {
    return proposeConfigChange(this.#core, change);
  }

  /** An accepted `id` comes back in a later Ready's `reads` or `droppedReads`. */
  readIndex(id: number): "accepted" | "not-leader" | "too-many" {
    const core = this.#core;
    if (core.role !== "leader") return "not-leader";
    if (core.reads.full) return "too-many";
    if (core.hasCommittedInTerm) registerRead(core, id);
    else core.reads.waitForCommit(id);
    return "accepted";
  }

  /** Ignored unless this replica leads and `to` is another voter. */
  transferLeadership(to: ReplicaId): void {
    transferLeadership(this.#core, to);
  }

  /** Campaigns now, with pre-vote. */
  campaign(): void {
    maybeCampaign(this.#core, false);
  }

  /**
   * The connection to the leader's node broke: forget its lease and campaign soon, unless it is heard
   * again.
   */
  leaderUnreachable(): void {
    leaderUnreachable(this.#core);
  }

  /** A message to this replica was probably lost: probe instead of pipelining. */
  reportUnreachable(replica: ReplicaId): void {
    const progress = this.#core.progress.get(replica);
    if (progress?.state === "replicate") progress.becomeProbe();
  }

  /**
   * Every snapshot message must end in this report, or nothing more is sent to the replica until it
   * answers.
   */
  reportSnapshot(replica: ReplicaId, ok: boolean): void {
    const progress = this.#core.progress.get(replica);
    if (progress?.state !== "snapshot") return;
    if (!ok) progress.pendingSnapshot = 0;
    progress.becomeProbe();
    // Its answer, or the answer to the next heartbeat, tells when to go on.
    progress.pause();
  }

  hasReady(): boolean {
    return this.#ready.hasReady();
  }

  takeReady(): Ready {
    return this.#ready.takeReady();
  }

  persisted(readyNumber: number): void {
    this.#ready.persisted(readyNumber);
  }

  applied(index: number): void {
    this.#ready.applied(index);
    maybeLeaveJoint(this.#core);
    maybeCampaignAfterApplying(this.#core);
  }

  /**
   * At each applied entry of kind `config`, in order. Without effect if a snapshot has overtaken the entry.
   */
  applyConfigChange(change: ConfigChange): ConfigState {
    return this.#ready.configApplied() ? applyConfigChange(this.#core, change) : this.#core.config;
  }

  /** May the host stop ticking this group? Everything is everywhere, and nobody waits for anything. */
  canQuiesce(): boolean {
    const core = this.#core;
    const { log } = core;
    const still = core.role === "leader" && log.applied === log.lastIndex && !this.#ready.hasUnpersisted
      && core.reads.count === 0 && core.transferee === noReplica && !isJoint(core.config) && !this.hasReady();
    if (!still) return false;
    for (const progress of core.progress.values()) {
      if (progress.replica === core.id) continue;
      if (!progress.active || progress.match !== log.lastIndex) return false;
    }
    return true;
  }

  /** At a leader: the other replicas. Empty elsewhere. */
  progress(): readonly ProgressStatus[] {
    const others: ProgressStatus[] = [];
    for (const { replica, match, next, state, heardLately: active, pendingSnapshot } of this.#core.progress.values()) {
      if (replica !== this.#core.id) others.push({ replica, match, next, state, active, pendingSnapshot });
    }
    return others;
  }

  checkInvariants(): void {
    checkInvariants(this.#core);
  }
}
