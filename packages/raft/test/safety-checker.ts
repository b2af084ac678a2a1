// Watches a simulated group from outside and throws when Raft promised otherwise:
//
// - election safety: at most one leader per term;
// - log matching: an entry's (index, term) determines its content and the term before it;
// - leader completeness: a new leader has every committed entry;
// - state-machine agreement: after applying index i, every replica has the same digest;
// - durability: what commits is on the disks of a quorum, and a vote leaves only when it is on disk;
// - term and commit index never fall while a replica runs, nor its durable term ever;
// - a confirmed read is at least as new as everything committed when it was asked for;
// - no configuration change is proposed while an earlier one in the log is not applied.
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { ConfigState, ConfirmedRead, Entry, Message, Ready, ReplicaId } from "../src/types.ts";
import type { SimulatedReplica } from "./simulated-replica.ts";

interface KnownEntry {
  readonly kind: Entry["kind"];
  readonly content: string;
  readonly previousTerm: number | undefined;
}

/** Larger than any term or index a run reaches, so that index × this + term is a key. */
const termsMax = 2 ** 24;

export class SafetyChecker {
  readonly #replicas: ReadonlyMap<ReplicaId, SimulatedReplica>;
  readonly #leaderByTerm = new Map<number, ReplicaId>();
  readonly #known = new Map<number, KnownEntry>();
  /** Term of the committed entry at each index; undefined where nothing is committed. */
  readonly #committedTerms: (number | undefined)[];
  readonly #digests = new Map<number, number>();
  readonly #lastSeen = new Map<ReplicaId, { term: number; commit: number; role: string }>();
  readonly #readFloors = new Map<number, number>();
  /** Configuration of the highest applied index seen, and that index. */
  latestConfig: ConfigState;
  latestApplied: number;
  /** Where that configuration was first seen applied. */
  latestConfigIndex: number;

  constructor(replicas: ReadonlyMap<ReplicaId, SimulatedReplica>, startIndex: number, config: ConfigState) {
    this.#replicas = replicas;
    this.#committedTerms = new Array<number | undefined>(startIndex + 1).fill(undefined);
    this.latestConfig = config;
    this.latestApplied = startIndex;
    this.latestConfigIndex = startIndex;
  }

  get maxCommitted(): number {
    return this.#committedTerms.length - 1;
  }

  get elections(): number {
    return this.#leaderByTerm.size;
  }

  /** After any call into a running replica's core. */
  observe(replica: SimulatedReplica): void {
    const { raft, id } = replica;
    raft.checkInvariants();
    const { term, committed: commit, role } = raft;
    const last = this.#lastSeen.get(id);
    if (last !== undefined) {
      assert(term >= last.term, `replica ${id}: term fell from ${last.term} to ${term}`);
      assert(commit >= last.commit, `replica ${id}: commit index fell from ${last.commit} to ${commit}`);
    }
    if (role === "leader") this.#observeLeader(replica, last?.role !== "leader" || last.term !== term);
    if (last === undefined || commit > last.commit) this.#observeCommit(replica, last?.commit);
    if (last === undefined || last.term !== term || last.commit !== commit || last.role !== role) {
      this.#lastSeen.set(id, { term, commit, role });
    }
  }

  forget(id: ReplicaId): void {
    this.#lastSeen.delete(id);
  }

  #observeLeader(replica: SimulatedReplica, isNew: boolean): void {
    const { raft, id } = replica;
    const known = this.#leaderByTerm.get(raft.term);
    assert(known === undefined || known === id, `term ${raft.term} has two leaders: ${known} and ${id}`);
    this.#leaderByTerm.set(raft.term, id);
    if (!isNew) return;
    for (let index = replica.disk.firstIndex(); index < this.#committedTerms.length; index++) {
      const expected = this.#committedTerms[index];
      if (expected === undefined) continue;
      assert(
        raft.termAt(index) === expected,
        `leader ${id} of term ${raft.term} lacks committed entry ${index} of term ${expected}`,
      );
    }
  }

  #observeCommit(replica: SimulatedReplica, before: number | undefined): void {
    const { raft, id } = replica;
    for (let index = (before ?? replica.disk.start().index) + 1; index <= raft.committed; index++) {
      const term = raft.termAt(index);
      if (term === undefined) continue;
      const known = this.#committedTerms[index];
      assert(
        known === undefined || known === term,
        `replica ${id} commits term ${term} at ${index}, another committed term ${known}`,
      );
      if (known !== undefined) continue;
      if (index >= this.#committedTerms.length) this.#committedTerms.length = index + 1;
      this.#committedTerms[index] = term;
      if (raft.role === "leader") this.#checkOnQuorumOfDisks(raft.config, index, term);
    }
  }

  #checkOnQuorumOfDisks(config: ConfigState, index: number, term: number): void {
    for (const voters of [config.voters, config.votersOutgoing]) {
      if (voters.length === 0) continue;
      let count = 0;
      for (const voter of voters) {
        const disk = this.#replicas.get(voter)?.disk;
        if (disk !== undefined && (disk.term(index) === term || disk.start().index >= index)) count++;
      }
      assert(count > voters.length / 2, `entry ${index} of term ${term} is committed on ${count} disks only`);
    }
  }

  observeReady(replica: SimulatedReplica, ready: Ready): void {
    for (const entry of ready.entries) this.#observeEntry(replica, entry);
    for (const message of ready.messages) this.#observeMessage(replica, message);
    for (const read of ready.reads) this.#observeRead(read);
    for (const id of ready.droppedReads) this.#readFloors.delete(id);
  }

  #observeEntry(replica: SimulatedReplica, entry: Entry): void {
    const key = entry.index * termsMax + entry.term;
    const known = this.#known.get(key);
    const content = `${entry.kind}:${toHex(entry.data)}`;
    // Entries of this Ready may have been overwritten since: then the term before them is unknown here.
    const current = replica.raft.termAt(entry.index) === entry.term;
    const previousTerm = current ? replica.raft.termAt(entry.index - 1) : undefined;
    if (known === undefined) {
      this.#known.set(key, { kind: entry.kind, content, previousTerm });
      return;
    }
    assert(known.content === content, `entry ${entry.index} of term ${entry.term} has two contents`);
    if (known.previousTerm !== undefined && previousTerm !== undefined) {
      assert(known.previousTerm === previousTerm, `the logs before entry ${entry.index} do not match`);
    }
  }

  #observeMessage(replica: SimulatedReplica, message: Message): void {
    const stored = replica.disk.hardState;
    const voteLeaves = message.type === "vote-response" && !message.reject;
    if (voteLeaves || message.type === "append-response" || message.type === "vote") {
      assert(stored.term >= message.term, `replica ${replica.id} spoke of a term before storing it`);
    }
    if (voteLeaves && stored.term === message.term) {
      assert(stored.vote === message.to, `replica ${replica.id} voted before storing its vote`);
    }
  }

  readAsked(id: number): void {
    this.#readFloors.set(id, this.maxCommitted);
  }

  #observeRead(read: ConfirmedRead): void {
    const floor = this.#readFloors.get(read.id);
    assert(floor !== undefined, `read ${read.id} was confirmed without being asked`);
    assert(read.index >= floor, `read ${read.id} at ${read.index} is stale: ${floor} was committed`);
    this.#readFloors.delete(read.id);
  }

  configProposed(replica: SimulatedReplica, index: number): void {
    const { raft } = replica;
    for (let at = raft.appliedIndex + 1; at < index; at++) {
      const known = this.#known.get(at * termsMax + (raft.termAt(at) as number));
      assert(known?.kind !== "config", `a configuration change was proposed while ${at} is in flight`);
    }
  }

  observeApplied(replica: SimulatedReplica): void {
    const { applied, digest, config } = replica.engine;
    const known = this.#digests.get(applied);
    assert(known === undefined || known === digest, `replica ${replica.id} has another state at ${applied}`);
    this.#digests.set(applied, digest);
    assert(this.#committedTerms[applied] === replica.engine.term, `applied ${applied} is not committed`);
    if (applied > this.latestApplied) {
      this.latestApplied = applied;
      if (config !== this.latestConfig) this.latestConfigIndex = applied;
      this.latestConfig = config;
    }
  }
}
