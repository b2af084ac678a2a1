// A host for one core in tests: a simulated disk below, a state machine that digests what it applies above.
// Nothing happens by itself: taking a Ready, finishing a write and applying are separate calls, so that a
// test or the fuzzer decides the order, and what is under way when the replica crashes.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { decodeConfigChange } from "../src/membership/config-change-codec.ts";
import type { RaftOptions } from "../src/options.ts";
import { Raft } from "../src/raft.ts";
import type { ConfigState, Entry, Message, Ready, ReplicaId, SnapshotMeta } from "../src/types.ts";
import { SimulatedDisk, type EngineState } from "./simulated-disk.ts";

export type ReplicaLimits = Omit<RaftOptions, "id" | "random">;

export class SimulatedReplica {
  readonly id: ReplicaId;
  readonly disk: SimulatedDisk;
  readonly #limits: ReplicaLimits;
  readonly #random: Random;
  #raft: Raft | undefined;
  engine: EngineState;
  applyQueue: Entry[] = [];
  /** States that arrived with snapshot messages, by the meta that announced them. */
  #staged = new WeakMap<SnapshotMeta, EngineState>();

  constructor(id: ReplicaId, limits: ReplicaLimits, random: Random, initial: EngineState) {
    this.id = id;
    this.disk = new SimulatedDisk(initial);
    this.engine = initial;
    this.#limits = limits;
    this.#random = random;
    this.restart();
  }

  get running(): boolean {
    return this.#raft !== undefined;
  }

  get raft(): Raft {
    assert(this.#raft !== undefined, "the replica is down");
    return this.#raft;
  }

  get config(): ConfigState {
    return this.engine.config;
  }

  restart(): void {
    assert(this.#raft === undefined, "the replica is up");
    this.engine = this.disk.flushed;
    this.applyQueue = [];
    this.#raft = new Raft({ ...this.#limits, id: this.id, random: this.#random }, this.disk, {
      hardState: this.disk.hardState,
      config: this.engine.config,
      applied: this.engine.applied,
    });
  }

  crash(keptWrites: number): void {
    this.disk.crash(keptWrites);
    this.#raft = undefined;
  }

  /** `state` is what a snapshot message announces; the host has it before the core hears of it. */
  step(message: Message, state: EngineState | undefined): void {
    if (message.snapshot !== undefined && state !== undefined) this.#staged.set(message.snapshot, state);
    this.raft.step(message);
  }

  takeReady(): Ready {
    const ready = this.raft.takeReady();
    this.disk.write(ready, ready.snapshot === undefined ? undefined : this.#staged.get(ready.snapshot));
    for (const entry of ready.committed) this.applyQueue.push(entry);
    return ready;
  }

  /** Finishes the next sync; false when none is under way. */
  sync(): boolean {
    const done = this.disk.sync();
    const last = done[done.length - 1];
    if (last === undefined) return false;
    for (const { snapshot } of done) {
      if (snapshot === undefined) continue;
      this.engine = this.disk.flushed;
      this.applyQueue = this.applyQueue.filter((entry) => entry.index > snapshot.index);
    }
    this.raft.persisted(last.number);
    return true;
  }

  /** Applies one committed entry and returns it. */
  apply(): Entry | undefined {
    const entry = this.applyQueue.shift();
    if (entry === undefined) return undefined;
    assert(entry.index === this.engine.applied + 1, "entries must be applied in order, each once");
    const config = entry.kind === "config"
      ? this.raft.applyConfigChange(decodeConfigChange(entry.data))
      : this.engine.config;
    this.engine = {
      applied: entry.index, term: entry.term, digest: digest(this.engine.digest, entry), config,
    };
    this.raft.applied(entry.index);
    return entry;
  }

  /** What a host streams for a snapshot: the state as it is now. */
  snapshotMeta(): SnapshotMeta {
    return { index: this.engine.applied, term: this.engine.term, config: this.engine.config };
  }
}

function digest(previous: number, entry: Entry): number {
  let value = Math.imul(previous ^ entry.term, 16777619) ^ entry.index;
  for (const byte of entry.data) value = Math.imul(value ^ byte, 16777619);
  return value >>> 0;
}
