// Group 0 without Raft: one shared log, applied at once by its leader and sooner or later by the others; a
// proposal commits a moment later unless leadership changes first, and then nobody knows (the seed decides
// whether it had been committed).
import assert from "node:assert/strict";
import type { Random } from "@azimuth/foundation/random.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { ConfigState } from "@azimuth/raft/types.ts";
import type { GroupStatus, ProposalResult, ReadResult, ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { StateMachine } from "@azimuth/replication/state-machine.ts";
import type { Engine, WriteOperation } from "@azimuth/storage/engine.ts";
import type { ManualClock } from "./manual-clock.ts";

interface Pending {
  readonly data: Uint8Array;
  readonly waiter: (result: ProposalResult) => void;
}

interface Member {
  readonly machine: StateMachine;
  readonly engine: Engine;
  applied: number;
}

export function settledConfig(voters: readonly number[], learners: readonly number[] = []): ConfigState {
  return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
}

export class FakeControlGroup {
  readonly #clock: ManualClock;
  readonly #random: Random;
  readonly #members = new Map<number, Member>();
  readonly #log: { readonly term: number; readonly data: Uint8Array }[] = [];
  #pending: Pending[] = [];
  voters: readonly number[];
  learners: readonly number[] = [];
  leader = 0;
  term = 0;

  constructor(clock: ManualClock, random: Random, voters: readonly number[]) {
    this.#clock = clock;
    this.#random = random;
    this.voters = voters;
  }

  get lastIndex(): number {
    return this.#log.length;
  }

  join(replica: number, machine: StateMachine, engine: Engine): void {
    const member = { machine, engine, applied: 0 };
    this.#members.set(replica, member);
    this.#catchUp(member);
  }

  /** Voters that are there to lead. */
  candidates(): readonly number[] {
    return this.voters.filter((voter) => this.#members.has(voter));
  }

  /** Its disk is gone. */
  lose(replica: number): void {
    this.#members.delete(replica);
    if (this.leader === replica) this.elect(this.candidates()[0] as number);
  }

  leave(replica: number): void {
    this.#members.delete(replica);
    assert.ok(!this.voters.includes(replica), "a voter of group 0 was destroyed");
  }

  /** Enters a new configuration by an entry of the log; a leader that is no member any more hands over. */
  reconfigure(voters: readonly number[], learners: readonly number[]): void {
    for (const voter of voters) {
      const isNew = !this.voters.includes(voter);
      assert.ok(!isNew || this.#members.has(voter), `the new voter ${voter} of group 0 is not there`);
    }
    this.voters = voters;
    this.learners = learners;
    this.#append(new Uint8Array());
    if (!voters.includes(this.leader)) this.elect(this.candidates()[0] as number);
  }

  /** Makes another member the leader, or none (0). What was under way becomes unknown. */
  elect(replica: number): void {
    const orphans = this.#pending;
    this.#pending = [];
    for (const { data } of orphans) if (this.#random.chance(0.5)) this.#append(data);
    const before = this.leader;
    this.leader = replica;
    this.term++;
    const former = this.#members.get(before);
    if (former !== undefined && before !== replica) former.machine.roleChanged("follower", replica, this.term);
    for (const { waiter } of orphans) waiter({ kind: "unknown" });
    if (replica === 0) return;
    this.#append(new Uint8Array());
    const member = this.#members.get(replica);
    assert.ok(member, `replica ${replica} of group 0 is not there`);
    this.#catchUp(member);
    member.machine.roleChanged("leader", replica, this.term);
    member.machine.leaderReady(this.term);
  }

  host(replica: number): ReplicationHost {
    const never = (): never => assert.fail("not used by the control plane");
    return {
      createGroup: never, openGroup: never, destroyGroup: never, proposeConfigChange: never, transferLeadership: never,
      groups: () => [0],
      status: () => this.status(replica),
      propose: (_group, data, waiter) => {
        if (this.leader !== replica) {
          waiter({ kind: "not-leader", leader: this.leader });
          return 0;
        }
        this.#pending.push({ data, waiter });
        this.#clock.after(this.#random.between(1, 20), () => this.#commitFirst());
        return this.#log.length + this.#pending.length;
      },
      readIndex: (_group, done: (result: ReadResult) => void) => {
        const confirmed = this.leader === replica;
        this.#clock.after(1, () => done(confirmed && this.leader === replica
          ? { kind: "confirmed", index: this.lastIndex } : { kind: "not-leader", leader: this.leader }));
      },
    };
  }

  status(replica: number): GroupStatus {
    return {
      group: 0, replica, leader: this.leader, role: this.leader === replica ? "leader" : "follower", term: this.term,
      commit: this.lastIndex, applied: this.#members.get(replica)?.applied ?? 0, firstIndex: 1,
      lastIndex: this.lastIndex, quiet: false, initialised: true, replaying: false, config: settledConfig(this.voters, this.learners),
      progress: this.leader !== replica ? [] : [...this.voters, ...this.learners]
        .filter((other) => other !== replica)
        .map((other) => ({ replica: other, match: this.lastIndex, active: this.#members.has(other) })),
    };
  }

  #commitFirst(): void {
    const first = this.#pending.shift();
    if (first === undefined) return;
    const index = this.#append(first.data);
    first.waiter({ kind: "applied", index, value: undefined });
  }

  /** Some of those that lag apply what they lack. */
  step(): void {
    for (const member of this.#members.values()) if (this.#random.chance(0.3)) this.#catchUp(member);
  }

  #append(data: Uint8Array): number {
    this.#log.push({ term: this.term, data });
    const leader = this.#members.get(this.leader);
    if (leader !== undefined) this.#catchUp(leader);
    return this.#log.length;
  }

  #catchUp(member: Member): void {
    while (member.applied < this.#log.length) {
      const { term, data } = this.#log[member.applied] as { term: number; data: Uint8Array };
      const batch: WriteOperation[] = [];
      member.applied++;
      member.machine.apply({ index: member.applied, term, data }, batch, emptyConfig);
      member.engine.write(batch, () => {});
      member.machine.appliedThrough(member.applied);
    }
  }
}
