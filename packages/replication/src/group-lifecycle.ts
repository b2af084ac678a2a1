// How a replica comes to this node, comes back after a restart, and goes.
//
// Order is everything here. Creating: the engine's applied record is durable before the log knows the
// group, so that a group in the log always has a state (and, for a partition born by a split, so that the
// split itself is durable in the engine before the child exists). Destroying: the state goes before the log
// does, so that a crash in between leaves a replica known to be empty, never data that nobody owns.
//
// Every bootstrap member starts from the same made-up past: entry 1 of term 1, applied, with the given
// configuration. Starting at 1 and not at 0 makes a leader's first probe of an empty replica fail, which is
// how that replica gets a snapshot instead of a log that does not begin at its beginning.
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import { Raft } from "@azimuth/raft/raft.ts";
import { defaultRaftOptions, type RaftOptions } from "@azimuth/raft/options.ts";
import type { ReplicaId } from "@azimuth/raft/types.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import {
  appliedKey, appliedRange, decodeAppliedKey, decodeAppliedState, encodeAppliedState, type AppliedState,
} from "@azimuth/storage/keys/applied-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { AppendPipeline } from "./append-pipeline.ts";
import type { ApplyPipeline } from "./apply-pipeline.ts";
import type { Flusher } from "./flusher.ts";
import { Group, membersOf } from "./group.ts";
import { nodeOfReplica, type CreateGroupOptions, type GroupStatus } from "./host-api.ts";
import type { HostContext } from "./host-context.ts";
import type { StateMachine } from "./state-machine.ts";

const bootstrapIndex = 1;
const appliedChunkBytes = 64 * 1024;
export const bootstrapTerm = 1;
const nothingApplied: AppliedState = { index: 0, term: 0, config: emptyConfig };

export interface LifecycleParts {
  readonly appends: AppendPipeline;
  readonly applies: ApplyPipeline;
  readonly flusher: Flusher;
  /** The group leaves: whoever holds something of it lets go. */
  released(group: Group): void;
}

export class GroupLifecycle {
  readonly #context: HostContext;
  readonly #parts: LifecycleParts;
  readonly #machines = new Map<number, StateMachine>();
  readonly #closedReasons = new Map<number, string>();
  readonly #leaving = new Set<number>();
  /** Groups being created, opened or destroyed, with what waits for the end of that. */
  readonly #inTransition = new Map<number, (() => void)[]>();

  constructor(context: HostContext, parts: LifecycleParts) {
    this.#context = context;
    this.#parts = parts;
    for (const { group, reason } of context.logStore.corrupted) this.#closedReasons.set(group, reason);
  }

  /** Replicas whose stored state cannot be trusted: they take no part and wait to be replaced. */
  get closed(): readonly { readonly group: number; readonly reason: string }[] {
    return [...this.#closedReasons].map(([group, reason]) => ({ group, reason }));
  }

  /** Groups that have a replica on this node, those that are being opened, created or are closed included. */
  known(): number[] {
    const known = new Set(this.#context.groups.keys());
    for (const group of this.#machines.keys()) if (!this.#leaving.has(group)) known.add(group);
    return [...known];
  }

  /** Of a replica that is known but takes no part, yet or any more. */
  statusOfAbsent(group: number): GroupStatus | undefined {
    const log = this.#context.logStore.group(group);
    if (log === undefined || !this.#machines.has(group) || this.#leaving.has(group)) return undefined;
    return {
      group,
      replica: log.replica,
      role: "follower",
      leader: 0,
      term: log.hardState.term,
      commit: 0,
      applied: 0,
      firstIndex: log.firstIndex(),
      lastIndex: log.lastIndex(),
      quiet: false,
      initialised: false,
      replaying: false,
      config: log.snapshot?.config ?? emptyConfig,
      progress: [],
    };
  }

  create(options: CreateGroupOptions, done: () => void): void {
    if (this.#postponed(options.group, () => this.create(options, done))) return;
    const { group, replica, bootstrap, machine } = options;
    const { logStore } = this.#context;
    assert(logStore.group(group) === undefined, `group ${group} exists on this node`);
    assert(!logStore.wasRemoved(group, replica), `replica ${replica} of group ${group} was removed from here`);
    assert(nodeOfReplica(replica) === this.#context.node, `replica ${replica} belongs to another node`);
    this.#begin(group);
    this.#machines.set(group, machine);
    this.#closedReasons.delete(group);
    const created = (applied: AppliedState): void => {
      this.#add(group, machine, applied, done);
    };
    if (bootstrap === undefined) {
      this.#parts.appends.add({ group, create: { replica } }, () => created(nothingApplied));
      return this.#parts.appends.kick();
    }
    assert(membersOf(bootstrap).includes(replica), `replica ${replica} is no member of group ${group}`);
    const applied = { index: bootstrapIndex, term: bootstrapTerm, config: bootstrap };
    const value = encodeAppliedState(applied);
    this.#context.engine.write([{ kind: "put", key: appliedKey(group), value }], () => this.#parts.flusher.flush(() => {
      const hardState = { term: bootstrapTerm, vote: 0, commit: bootstrapIndex };
      const write = { group, create: { replica }, snapshot: applied, hardState };
      this.#parts.appends.add(write, () => created(applied));
      this.#parts.appends.kick();
    }));
  }

  /**
   * A creation that a crash cut short before the log knew the group has left an applied record, and may never be asked
   * for again. Not after the log has lost something: what it does not know may be there all the same.
   */
  forgetUnborn(isRunning: () => boolean): void {
    const { engine, logStore } = this.#context;
    if (logStore.lostRecords !== undefined) return;
    const isUnborn = (group: number): boolean =>
      logStore.group(group) === undefined && !this.#machines.has(group) && !this.#closedReasons.has(group);
    walkRange(engine, { ...appliedRange(), chunkBytes: appliedChunkBytes }, (pairs) => {
      const unborn = pairs.map(({ key }) => decodeAppliedKey(key)).filter(isUnborn);
      if (unborn.length === 0 || !isRunning()) return;
      probe("a replica was forgotten that had not come into being");
      engine.write(unborn.map((group): WriteOperation => ({ kind: "delete", key: appliedKey(group) })), () => {});
    }, () => {});
  }

  open(group: number, machine: StateMachine): void {
    if (this.#closedReasons.has(group)) {
      this.#machines.set(group, machine);
      return;
    }
    const log = this.#context.logStore.group(group);
    assert(log !== undefined, `group ${group} is not in this node's log`);
    this.#begin(group);
    this.#machines.set(group, machine);
    this.#context.engine.get([appliedKey(group)], ([value]) => {
      const stored = value === undefined ? undefined : decodeAppliedState(value);
      if (log.snapshot === undefined) return this.#add(group, machine, nothingApplied, () => {});
      const start = log.start().index;
      if (stored !== undefined && stored.index >= start && stored.index <= log.lastIndex()) {
        if (stored.index < log.hardState.commit) probe("a crash came between the log and the engine");
        return this.#add(group, machine, stored, () => {});
      }
      // Emptying the log and waiting for a snapshot would forget entries that this replica acknowledged and
      // that a commit may rest on. Only a replica with a new id may start from nothing.
      const found = stored === undefined ? "lost its state" : `is at ${stored.index}`;
      this.#close(group, `the engine ${found}, the log holds ${start} to ${log.lastIndex()}`);
    });
  }

  destroy(id: number, done: () => void): void {
    if (this.#postponed(id, () => this.destroy(id, done))) return;
    const group = this.#context.groups.get(id);
    const replica = group?.replica ?? this.#context.logStore.group(id)?.replica;
    const machine = this.#machines.get(id);
    if (replica === undefined) {
      this.#closedReasons.delete(id);
      return done();
    }
    this.#begin(id);
    this.#leaving.add(id);
    if (group !== undefined) this.#release(group);
    const removed = (): void => {
      this.#machines.delete(id);
      this.#leaving.delete(id);
      this.#closedReasons.delete(id);
      this.#end(id);
      done();
    };
    this.#deleteState(id, machine, () => this.#parts.flusher.flush(() => {
      this.#parts.appends.add({ group: id, remove: { replica } }, removed);
      this.#parts.appends.kick();
    }));
  }

  #deleteState(group: number, machine: StateMachine | undefined, done: () => void): void {
    const { engine } = this.#context;
    // Whatever the group has under way was handed to the engine before this write, so it is visible after it.
    engine.write([{ kind: "delete", key: appliedKey(group) }], () => {
      // Without a machine it was destroyed before, and the log lost the record of that: no state is left.
      if (machine === undefined) return done();
      machine.remainsIn(engine, (ranges) => {
        engine.write(ranges.map((range): WriteOperation => ({ kind: "delete-range", ...range })), done);
      });
    });
  }

  /** Calls the machine's `load` and holds back entries until it is done. */
  load(group: Group, loaded: () => void): void {
    const { incarnation } = group;
    group.loading = true;
    group.machine.load(() => {
      if (group.incarnation !== incarnation) return;
      group.loading = false;
      loaded();
      this.#parts.applies.enqueue(group, []);
      this.#context.touch(group);
    });
  }

  #add(id: number, machine: StateMachine, applied: AppliedState, done: () => void): void {
    const context = this.#context;
    const log = context.logStore.group(id);
    assert(log !== undefined, `group ${id} vanished from the log`);
    // The commit index is stored lazily and may be behind what was applied.
    const hardState = { ...log.hardState, commit: Math.max(log.hardState.commit, applied.index) };
    const raft = new Raft(raftOptionsOf(context, log.replica, id), log, {
      hardState,
      config: applied.config,
      applied: applied.index,
    });
    const group = new Group(log, machine, raft, applied);
    group.hardState = hardState;
    context.groups.set(id, group);
    const loaded = (): void => {
      this.#end(id);
      done();
    };
    // What the engine may hold for a replica without a state is not its own, or not whole.
    if (applied.index === 0) loaded();
    else this.load(group, loaded);
    context.touch(group);
  }

  #close(id: number, reason: string): void {
    probe("a replica was closed because its state cannot be trusted");
    this.#context.log.error("a replica cannot be trusted and stays closed", { group: id, reason });
    this.#closedReasons.set(id, reason);
    this.#end(id);
  }

  #release(group: Group): void {
    group.closed = true;
    group.incarnation++;
    this.#parts.applies.forget(group);
    this.#context.groups.delete(group.id);
    this.#parts.released(group);
    group.waiters.abandon();
    group.reads.dropAll(0);
  }

  #postponed(group: number, again: () => void): boolean {
    const waiting = this.#inTransition.get(group);
    waiting?.push(again);
    return waiting !== undefined;
  }

  #begin(group: number): void {
    this.#inTransition.set(group, []);
  }

  #end(group: number): void {
    const waiting = this.#inTransition.get(group) ?? [];
    this.#inTransition.delete(group);
    for (const again of waiting) again();
  }
}

export function raftOptionsOf(context: HostContext, replica: ReplicaId, group: number): RaftOptions {
  const { electionTimeoutTicks, heartbeatTicks } = context.limits;
  const random = context.random.split(`group-${group}-${context.random.integer(2 ** 31)}`);
  return { ...defaultRaftOptions, id: replica, random, electionTimeoutTicks, heartbeatTicks };
}
