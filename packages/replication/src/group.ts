// One replica of one group as the host holds it: Raft's state machine, the replicated state machine above
// it, and what is on its way between them. Plain state with a few accessors; the pipelines
// (append-pipeline.ts, apply-pipeline.ts) and the turn (turn.ts) move it.
//
// Invariants:
// - `applied` describes what is visible in the engine; it never passes what Raft has committed.
// - `incarnation` changes whenever `raft` is replaced or the group is closed: completions of work begun
//   under an earlier incarnation are ignored.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Raft } from "@azimuth/raft/raft.ts";
import type { ConfigState, Entry, HardState, ReplicaId, Role } from "@azimuth/raft/types.ts";
import type { AppliedState } from "@azimuth/storage/keys/applied-key.ts";
import type { GroupLog } from "@azimuth/storage/log-store.ts";
import type { GroupStatus } from "./host-api.ts";
import { PendingReads } from "./pending-reads.ts";
import { ProposalWaiters } from "./proposal-waiters.ts";
import type { StateMachine } from "./state-machine.ts";

export class Group {
  readonly id: number;
  readonly replica: ReplicaId;
  readonly machine: StateMachine;
  readonly waiters = new ProposalWaiters();
  readonly reads = new PendingReads();

  raft: Raft;
  log: GroupLog;
  incarnation = 0;
  closed = false;

  /** The latest one that Raft asked to store, whether stored yet or not. */
  hardState: HardState;
  /** A hard state in which only the commit index is new: it needs no sync and travels with the next write. */
  heldHardState: HardState | undefined;
  /** Writes of this group in the append pipeline. */
  storing = 0;

  /** What the machine was told. */
  role: Role = "follower";
  leader: ReplicaId = 0;
  term = 0;
  /** Term for which the machine was told that it may decide. */
  readyTerm = 0;

  applied: AppliedState;
  /** Commit index that the log holds durably: a crash does not take it back. */
  storedCommit: number;
  /** The same as of the start: until it is applied, the engine may hold much less than it did before. */
  #committedAtStart: number;
  /** Of the last change of the configuration that was applied; 0: not since the start or a snapshot. */
  #changedAt = 0;
  #configBefore: ConfigState;
  /** Committed entries that no batch has taken yet. */
  committed: Entry[] = [];
  /** The machine loads its memory from the engine; nothing is applied meanwhile. */
  loading = false;
  /** A snapshot is being received: Raft's own log and the engine's ranges are empty or partly filled. */
  receiving = false;
  /** The log is being emptied for a snapshot; `raft` is about to be replaced and must not be stepped. */
  resetting = false;
  /** Applied index known to survive a crash. */
  durableApplied = 0;
  /** Compaction's memory of the last look at this group. */
  appliedAtLastLook = 0;

  quiet = false;
  idleTicks = 0;
  /** The commit index as of the last look, to tell idle groups from working ones. */
  lastIndexAtTick = 0;

  constructor(log: GroupLog, machine: StateMachine, raft: Raft, applied: AppliedState) {
    this.id = log.group;
    this.replica = log.replica;
    this.machine = machine;
    this.raft = raft;
    this.log = log;
    this.hardState = log.hardState;
    this.applied = applied;
    this.durableApplied = applied.index;
    this.storedCommit = log.hardState.commit;
    this.#committedAtStart = log.hardState.commit;
    this.#configBefore = applied.config;
    this.term = raft.term;
  }

  get leads(): boolean {
    return this.raft.role === "leader";
  }

  /** False while the replica has no state (it waits for a snapshot) or has not loaded it yet. */
  get initialised(): boolean {
    return this.applied.index > 0 && !this.receiving && !this.loading;
  }

  /** True while it applies again what a crash took from its engine. */
  get replaying(): boolean {
    return this.applied.index < this.#committedAtStart;
  }

  /** A change of the configuration was applied, with the entry at `index`. */
  configChanged(index: number, before: ConfigState): void {
    this.#configBefore = this.#changedAt <= this.storedCommit ? before : this.#configBefore;
    this.#changedAt = index;
  }

  /**
   * The configuration as of `applied`, once a crash cannot take back that it holds: others may then act on it, and
   * destroy a replica whose vote an older configuration needs.
   */
  get settledConfig(): ConfigState {
    return this.#changedAt <= this.storedCommit ? this.applied.config : this.#configBefore;
  }

  /** The state is that of a snapshot, or none. */
  restartFrom(applied: AppliedState): void {
    this.applied = applied;
    this.#changedAt = 0;
    this.#committedAtStart = 0;
  }

  get busy(): boolean {
    return this.waiters.size > 0 || this.reads.size > 0 || this.committed.length > 0 || this.storing > 0
      || this.loading || this.receiving;
  }

  checkInvariants(): void {
    this.raft.checkInvariants();
    assert(this.applied.index <= this.raft.committed, "the engine is ahead of what is committed");
    assert(this.durableApplied <= this.applied.index, "more is durable than was applied");
    const start = this.log.start().index;
    assert(this.applied.index === 0 || start <= this.durableApplied, "the log lacks what is not durable");
  }

  status(): GroupStatus {
    const raft = this.raft;
    return {
      group: this.id,
      replica: this.replica,
      role: raft.role,
      leader: raft.leader,
      term: raft.term,
      commit: raft.committed,
      applied: this.applied.index,
      firstIndex: this.log.firstIndex(),
      lastIndex: raft.lastIndex,
      quiet: this.quiet,
      initialised: this.initialised,
      replaying: this.replaying,
      // Raft knows the next one before what it comes with is visible.
      config: this.settledConfig,
      progress: raft.role === "leader" ? raft.progress() : [],
    };
  }
}

const membersByConfig = new WeakMap<ConfigState, readonly ReplicaId[]>();

/** Every replica that a configuration names, once. Remembered: configurations are never changed in place. */
export function membersOf(config: ConfigState): readonly ReplicaId[] {
  let members = membersByConfig.get(config);
  if (members === undefined) {
    const { voters, votersOutgoing, learners, learnersNext } = config;
    members = [...new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext])];
    membersByConfig.set(config, members);
  }
  return members;
}
