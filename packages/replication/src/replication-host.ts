// The multi-raft host: all replicas of one node on one event loop, one log and one engine.
//
// Raft itself is pure (packages/raft). The host gives it time (one timer ticks all groups that are awake),
// messages, disk and an applier, each shared by all groups:
//   turn.ts              step what arrived, take every group's Ready
//   append-pipeline.ts   one synced log write for all groups
//   apply-pipeline.ts    one engine batch for all groups
//   heartbeats.ts, quiescence.ts   cost per pair of nodes, none for idle groups
//   snapshot-*.ts, compaction.ts   replicas that are too far behind; logs that would grow
//   group-lifecycle.ts   creation, restart, destruction
// This file wires them and holds the clock and the door to callers.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { ConfigChange, ProposeResult, ReplicaId } from "@azimuth/raft/types.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { AppendPipeline } from "./append-pipeline.ts";
import { ApplyPipeline } from "./apply-pipeline.ts";
import { Compaction } from "./compaction.ts";
import { Flusher } from "./flusher.ts";
import { type Group, membersOf } from "./group.ts";
import { bootstrapTerm, GroupLifecycle } from "./group-lifecycle.ts";
import { Heartbeats } from "./heartbeats.ts";
import {
  nodeOfReplica, type CreateGroupOptions, type GroupStatus, type ProposalResult, type ReadResult, type ReplicationHost,
} from "./host-api.ts";
import { newCounters, type HostContext, type HostCounters } from "./host-context.ts";
import { defaultReplicationLimits, type ReplicationLimits } from "./limits.ts";
import { maybeQuiesce } from "./quiescence.ts";
import { SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";
import type { StateMachine } from "./state-machine.ts";
import { Turn } from "./turn.ts";

export interface ReplicationHostOptions {
  /** Number of this node; every replica id it is given must belong to it. */
  readonly node: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly engine: Engine;
  readonly logStore: LogStore;
  /** Best effort, like Transport.send. Messages of one turn should travel together. */
  readonly send: (toNode: number, message: WireMessage) => void;
  readonly limits?: Partial<ReplicationLimits>;
}

export interface HostStats extends HostCounters {
  readonly groups: number;
  readonly leaders: number;
  readonly quiet: number;
  readonly snapshotsUnderWay: number;
  /** Replicas whose stored state failed its checks: they take no part until they are replaced. */
  readonly closed: readonly { readonly group: number; readonly reason: string }[];
}

export interface NodeReplicationHost extends ReplicationHost {
  /** Starts the clock. Before it, messages are dropped. */
  start(): void;
  /** Takes a message of another node's host; false when its kind is not the host's. */
  handleMessage(fromNode: number, message: WireMessage): boolean;
  peerDown(node: number): void;
  peerUp(node: number): void;
  /** Stops; what waits is answered `unknown`. `done` runs when no write is under way. */
  stop(done: () => void): void;
  /** Hands all leaderships to other replicas, as far as that works within two election timeouts. */
  drain(done: () => void): void;
  stats(): HostStats;
  /** Throws when a group's state contradicts itself; for simulation, after any step. */
  checkInvariants(): void;
}

export function createReplicationHost(options: ReplicationHostOptions): NodeReplicationHost {
  return new Host(options);
}

class Host implements NodeReplicationHost {
  readonly #context: HostContext;
  readonly #appends: AppendPipeline;
  readonly #applies: ApplyPipeline;
  readonly #flusher: Flusher;
  readonly #heartbeats: Heartbeats;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #lifecycle: GroupLifecycle;
  readonly #compaction: Compaction;
  readonly #turn: Turn;
  #timers: Timer[] = [];
  #ticks = 0;
  #tickedAt = 0;
  #running = false;
  #stopped = false;

  constructor(options: ReplicationHostOptions) {
    const { node, clock, random, log, engine, logStore, send } = options;
    const context: HostContext = {
      node, clock, random, log, engine, logStore, send,
      limits: { ...defaultReplicationLimits, ...options.limits },
      groups: new Map(),
      counters: newCounters(),
      touch: (group) => this.#turn.touch(group),
      wake: (group) => this.#wake(group),
    };
    this.#context = context;
    const appends = this.#appends = new AppendPipeline(context);
    const applies = this.#applies = new ApplyPipeline(context);
    const heartbeats = this.#heartbeats = new Heartbeats(context);
    const flusher = this.#flusher = new Flusher(context);
    const lifecycle = this.#lifecycle = new GroupLifecycle(context, {
      appends, applies, flusher,
      released: (group) => {
        this.#receiver.forget(group);
        this.#sender.sweep();
      },
    });
    const sender = this.#sender = new SnapshotSender(context);
    const receiver = this.#receiver = new SnapshotReceiver(context, {
      appends, applies, flusher,
      drain: (group) => this.#turn.drain(group),
      load: (group, loaded) => lifecycle.load(group, loaded),
    });
    const pinnedIndex = (group: Group): number => sender.pinnedIndex(group);
    this.#compaction = new Compaction(context, { appends, applies, flusher }, pinnedIndex);
    this.#turn = new Turn(context, { appends, applies, heartbeats, sender, receiver });
  }

  start(): void {
    assert(!this.#running && !this.#stopped, "the replication host was started before");
    this.#running = true;
    const { clock, limits } = this.#context;
    this.#tickedAt = clock.now();
    this.#lifecycle.forgetUnborn(() => this.#running);
    this.#timers = [
      clock.every(limits.tickMs, () => this.#tick()),
      clock.every(limits.compactionPeriodMs, () => this.#compaction.run()),
    ];
  }

  createGroup(options: CreateGroupOptions, done: () => void): void {
    this.#lifecycle.create(options, () => {
      done();
      const founders = options.bootstrap?.voters ?? [];
      if (options.stands ?? founders[options.group % founders.length] === options.replica) {
        this.#standAsFounder(options.group, this.#context.limits.electionTimeoutTicks);
      }
    });
  }

  openGroup(options: { group: number; machine: StateMachine }): void {
    this.#lifecycle.open(options.group, options.machine);
  }

  destroyGroup(group: number, done: () => void): void {
    this.#lifecycle.destroy(group, done);
  }

  propose(id: number, data: Uint8Array, waiter: (result: ProposalResult) => void): number {
    assert(data.length > 0, "an empty proposal");
    const group = this.#open(id);
    if (group === undefined) return this.#refuse(waiter, { kind: "not-leader", leader: 0 });
    const { proposalBytesMax, waitersPerGroupMax } = this.#context.limits;
    if (data.length > proposalBytesMax) return this.#refuse(waiter, { kind: "dropped", reason: "too-large" });
    if (group.waiters.size >= waitersPerGroupMax) {
      return this.#refuse(waiter, { kind: "dropped", reason: "too-many-waiting" });
    }
    return this.#accept(group, group.raft.propose(data), waiter);
  }

  proposeConfigChange(id: number, change: ConfigChange, waiter: (result: ProposalResult) => void): void {
    const group = this.#open(id);
    if (group === undefined) this.#refuse(waiter, { kind: "not-leader", leader: 0 });
    else this.#accept(group, group.raft.proposeConfigChange(change), waiter);
  }

  readIndex(id: number, done: (result: ReadResult) => void): void {
    const group = this.#open(id);
    if (group === undefined) return done({ kind: "not-leader", leader: 0 });
    if (!group.leads || group.reads.size >= this.#context.limits.readsPerGroupMax) {
      this.#doubtLeader(group);
      return done({ kind: "not-leader", leader: group.raft.leader });
    }
    this.#context.counters.reads++;
    group.reads.ask(done);
    group.idleTicks = 0;
    this.#wake(group);
  }

  transferLeadership(id: number, to: ReplicaId): void {
    const group = this.#open(id);
    if (group === undefined) return;
    group.raft.transferLeadership(to);
    this.#wake(group);
  }

  status(group: number): GroupStatus | undefined {
    return this.#context.groups.get(group)?.status() ?? this.#lifecycle.statusOfAbsent(group);
  }

  groups(): readonly number[] {
    return this.#lifecycle.known();
  }

  handleMessage(fromNode: number, message: WireMessage): boolean {
    switch (message.kind) {
      case "raft":
      case "heartbeats":
      case "snapshot-chunk":
      case "snapshot-reply":
        if (!this.#running) return true;
        this.#heartbeats.heard(fromNode);
        // A bare sign of life says no more than that.
        if (message.kind === "heartbeats" && message.beats.length === 0) return true;
        this.#turn.receive(fromNode, message);
        return true;
      default:
        return false;
    }
  }

  peerUp(node: number): void {
    this.#heartbeats.heard(node);
  }

  /** The connection to a node broke: most likely its process died, and nobody need wait for a timeout. */
  peerDown(node: number): void {
    if (!this.#running) return;
    this.#sender.sweep(node);
    this.#receiver.sweep(node);
    for (const group of this.#context.groups.values()) {
      if (group.resetting) continue;
      if (group.leads) {
        for (const replica of membersOf(group.raft.config)) {
          if (nodeOfReplica(replica) === node) group.raft.reportUnreachable(replica);
        }
        this.#context.touch(group);
      } else this.#missLeaderAt(node, group);
    }
  }

  drain(done: () => void): void {
    const { clock, limits } = this.#context;
    let left = 2 * limits.electionTimeoutTicks;
    const given = new Set<Group>();
    const gone = new Set<Group>();
    const round = (): void => {
      const groups = [...this.#context.groups.values()];
      for (const group of given) if (!group.leads) gone.add(group);
      // What was given away and comes back comes from a node that is drained, too: it is not thrown to and fro.
      const led = groups.filter((group) => group.leads && !gone.has(group));
      if (led.length === 0 || left-- <= 0 || this.#stopped) return done();
      for (const group of led) {
        given.add(group);
        this.#handOver(group);
      }
      clock.after(limits.tickMs, round);
    };
    round();
  }

  stop(done: () => void): void {
    if (this.#stopped) return done();
    this.#running = false;
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#turn.stop();
    this.#sender.closeAll();
    for (const group of this.#context.groups.values()) {
      group.waiters.abandon();
      group.reads.dropAll(0);
    }
    this.#flusher.close();
    this.#applies.close();
    this.#appends.whenIdle(() => {
      this.#appends.close();
      this.#applies.whenIdle(done);
    });
  }

  stats(): HostStats {
    const groups = [...this.#context.groups.values()];
    return {
      ...this.#context.counters,
      groups: groups.length,
      leaders: groups.filter((group) => group.leads).length,
      quiet: groups.filter((group) => group.quiet).length,
      snapshotsUnderWay: this.#sender.active + this.#receiver.active,
      closed: this.#lifecycle.closed,
    };
  }

  checkInvariants(): void {
    for (const group of this.#context.groups.values()) {
      if (!group.resetting) group.checkInvariants();
    }
  }

  #open(id: number): Group | undefined {
    const group = this.#context.groups.get(id);
    return group === undefined || group.resetting || !this.#running ? undefined : group;
  }

  #accept(group: Group, result: ProposeResult, waiter: (result: ProposalResult) => void): number {
    if (result.kind !== "accepted") {
      this.#doubtLeader(group);
      return this.#refuse(waiter, result);
    }
    this.#context.counters.proposals++;
    group.waiters.add(result.index, result.term, waiter);
    this.#wake(group);
    return result.index;
  }

  /** Somebody looks for a leader here: perhaps the one this quiet group relies on is gone unnoticed. */
  #doubtLeader(group: Group): void {
    if (group.quiet && !group.leads) this.#wake(group);
  }

  /** Answers on a later turn: a caller may rely on its waiter not running within the call. */
  #refuse(waiter: (result: ProposalResult) => void, result: ProposalResult): number {
    this.#context.clock.defer(() => waiter(result));
    return 0;
  }

  #wake(group: Group): void {
    if (group.quiet) {
      probe("a quiet group woke");
      group.quiet = false;
      group.idleTicks = 0;
    }
    this.#turn.touch(group);
  }

  #tick(): void {
    this.#ticks++;
    this.#noticeStandstill();
    for (const node of this.#heartbeats.newlySilent()) {
      for (const group of this.#context.groups.values()) {
        if (group.quiet && !group.leads) this.#missLeaderAt(node, group);
      }
    }
    for (const group of this.#context.groups.values()) {
      if (group.quiet || group.resetting) continue;
      group.waiters.tick();
      if (maybeQuiesce(this.#context, this.#heartbeats, group)) continue;
      group.raft.tick();
      this.#turn.touch(group);
      if (group.leads && buggify("a leader hands over without need")) this.#handOver(group);
    }
    if (this.#ticks % this.#context.limits.heartbeatTicks === 0) this.#heartbeats.beat();
    if (this.#ticks % this.#context.limits.electionTimeoutTicks === 0) {
      this.#sender.sweep();
      this.#receiver.sweep();
    }
    this.#turn.schedule();
  }

  /** After a pause of this process (a stopped machine, a stalled loop) others are not to blame for the silence. */
  #noticeStandstill(): void {
    const { clock, limits } = this.#context;
    const late = clock.now() - this.#tickedAt - limits.tickMs;
    this.#tickedAt = clock.now();
    if (late > limits.tickMs) this.#heartbeats.forgive(late);
  }

  /**
   * The leader's node is gone. Voters campaign one after the other, each group in another order, so that
   * the first has won before the second begins: two at once would split the votes and cost a whole election
   * timeout.
   */
  #missLeaderAt(node: number, group: Group): void {
    const { raft } = group;
    if (raft.leader === 0 || nodeOfReplica(raft.leader) !== node) return;
    raft.leaderUnreachable();
    this.#wake(group);
    const voters = raft.config.voters.filter((replica) => nodeOfReplica(replica) !== node);
    // Who is no voter any more, or not yet, has no place of its own.
    const turn = (Math.max(0, voters.indexOf(raft.id)) + group.id) % Math.max(1, voters.length);
    const { clock, random, limits } = this.#context;
    const { term } = raft;
    clock.after((turn * 1.2 + random.next() * 0.4) * limits.tickMs, () => {
      const unchanged = this.#running && !group.closed && group.raft === raft && raft.term === term;
      if (!unchanged || raft.leader !== 0 || raft.role !== "follower") return;
      probe("a replica campaigned because its leader's node was gone");
      raft.campaign();
      this.#turn.touch(group);
    });
  }

  /**
   * A new group's first election need not wait for a timeout: one founder, in each group another, campaigns
   * at once, and again each tick while the others may still be creating their replicas.
   */
  #standAsFounder(id: number, timesLeft: number): void {
    const group = this.#open(id);
    if (group === undefined || timesLeft === 0) return;
    const { raft } = group;
    if (raft.term !== bootstrapTerm || raft.leader !== 0 || raft.role === "candidate") return;
    raft.campaign();
    this.#wake(group);
    const { clock, limits } = this.#context;
    clock.after(limits.tickMs, () => this.#standAsFounder(id, timesLeft - 1));
  }

  #handOver(group: Group): void {
    const { raft } = group;
    let best: { readonly replica: ReplicaId; readonly match: number } | undefined;
    for (const candidate of raft.progress()) {
      const eligible = candidate.replica !== raft.id && candidate.active
        && raft.config.voters.includes(candidate.replica);
      if (eligible && (best === undefined || candidate.match > best.match)) best = candidate;
    }
    if (best === undefined) return;
    raft.transferLeadership(best.replica);
    this.#wake(group);
  }
}
