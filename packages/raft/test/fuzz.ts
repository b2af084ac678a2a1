// Random runs of a whole group, checked after every step (safety-checker.ts), then healed and required to
// become live: one leader, everything applied everywhere, reads answered, a joint configuration left.
//
// Each run draws its own limits and its own appetite for every kind of trouble, so that some runs are nearly
// calm and reach far while others are all crashes. The same seed and steps give the same run.
import { ByteWriter } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import { emptyConfig, isMember, isVoter } from "../src/membership/configuration.ts";
import type { ConfigChange, ConfigChangeStep, ConfigState, Ready, ReplicaId } from "../src/types.ts";
import { SafetyChecker } from "./safety-checker.ts";
import type { EngineState } from "./simulated-disk.ts";
import { SimulatedNetwork, type Packet } from "./simulated-network.ts";
import { SimulatedReplica, type ReplicaLimits } from "./simulated-replica.ts";

export interface FuzzStatistics {
  steps: number;
  elections: number;
  committed: number;
  proposals: number;
  reads: number;
  confirmedReads: number;
  configChanges: number;
  snapshots: number;
  crashes: number;
  transfers: number;
}

interface Action {
  readonly weight: number;
  readonly run: () => void;
}

const replicasMax = 9;
const votersMax = 5;
/** Ticks within which a healed group must be live: several election rounds. */
const livenessTicksMax = 600;

export function fuzz(options: { seed: number | string; steps: number }): FuzzStatistics {
  const run = new FuzzRun(createSeededRandom(options.seed));
  try {
    for (let step = 0; step < options.steps; step++) run.step();
    run.becomeLive();
  } catch (error) {
    const replay = `packages/raft/test/fuzz-main.ts --seed ${options.seed} --runs 1 --steps ${options.steps}`;
    throw new Error(`fuzz failed at step ${run.statistics.steps}; replay: node ${replay}`, { cause: error });
  }
  return run.finish();
}

class FuzzRun {
  readonly statistics: FuzzStatistics = {
    steps: 0, elections: 0, committed: 0, proposals: 0, reads: 0, confirmedReads: 0, configChanges: 0,
    snapshots: 0, crashes: 0, transfers: 0,
  };
  readonly #random: Random;
  readonly #limits: ReplicaLimits;
  readonly #replicas = new Map<ReplicaId, SimulatedReplica>();
  readonly #network: SimulatedNetwork;
  readonly #checker: SafetyChecker;
  readonly #actions: readonly Action[];
  readonly #totalWeight: number;
  /** Replicas that were created but may not have become members; ids of members are never used again. */
  #lastId: ReplicaId;
  readonly #everMembers = new Set<ReplicaId>();
  /** Replicas whose time hardly passes, as if their processes were paused again and again. */
  readonly #slow = new Set<ReplicaId>();
  #readId = 0;
  #loss: number;
  #duplication: number;
  #reordering: number;
  #eagerness: number;

  constructor(random: Random) {
    this.#random = random;
    this.#limits = drawLimits(random);
    this.#network = new SimulatedNetwork(random);
    this.#loss = random.pick([0, 0, 0.02, 0.1, 0.3]);
    this.#duplication = random.pick([0, 0.02, 0.1]);
    this.#reordering = random.pick([0, 0.1, 0.5, 1]);
    this.#eagerness = random.pick([0.2, 0.6, 0.95]);
    const voters = random.chance(0.1) ? [1] : random.chance(0.4) ? [1, 2, 3] : [1, 2, 3, 4, 5];
    const startIndex = random.integer(2);
    const config: ConfigState = { ...emptyConfig, voters };
    const initial: EngineState = { applied: startIndex, term: startIndex, digest: 0, config };
    for (const id of voters) this.#create(id, initial);
    for (const id of voters) this.#everMembers.add(id);
    this.#lastId = voters.length;
    this.#checker = new SafetyChecker(this.#replicas, startIndex, config);
    this.#actions = this.#drawActions();
    this.#totalWeight = this.#actions.reduce((sum, action) => sum + action.weight, 0);
  }

  #drawActions(): readonly Action[] {
    const appetite = (weight: number): number => weight * this.#random.pick([0, 0.3, 1, 3, 10]);
    const applyWeight = this.#random.pick([2, 20]);
    return [
      { weight: 80, run: () => this.#deliver() },
      { weight: 30, run: () => this.#onRunning((replica) => this.#tick(replica)) },
      { weight: 40, run: () => this.#onBusy((one) => one.raft.hasReady(), (one) => this.#takeReady(one)) },
      { weight: 30, run: () => this.#onBusy((one) => one.disk.canSync, (one) => one.sync()) },
      {
        weight: applyWeight,
        run: () => this.#onBusy((one) => one.applyQueue.length > 0, (one) => this.#apply(one)),
      },
      { weight: 0.2, run: () => this.#slow.clear() },
      { weight: appetite(0.2), run: () => this.#onRunning((replica) => this.#slow.add(replica.id)) },
      { weight: 10, run: () => this.#onLeader((replica) => this.#propose(replica)) },
      { weight: appetite(6), run: () => this.#onLeader((replica) => this.#read(replica)) },
      { weight: appetite(1), run: () => this.#onLeader((replica) => this.#changeConfig(replica)) },
      { weight: appetite(0.3), run: () => this.#onLeader((replica) => this.#transfer(replica)) },
      { weight: appetite(0.2), run: () => this.#crash() },
      { weight: 3, run: () => this.#restart() },
      { weight: appetite(0.1), run: () => this.#partition() },
      { weight: 0.2, run: () => this.#network.heal() },
      { weight: appetite(2), run: () => this.#onRunning((replica) => replica.disk.flush(replica.engine)) },
      { weight: appetite(1), run: () => this.#onRunning((replica) => this.#compact(replica)) },
      { weight: appetite(0.1), run: () => this.#onRunning((replica) => replica.raft.leaderUnreachable()) },
      { weight: appetite(0.1), run: () => this.#onRunning((replica) => replica.raft.campaign()) },
      { weight: appetite(0.5), run: () => this.#reportUnreachable() },
      { weight: 0.3, run: () => this.#destroyRemoved() },
    ];
  }

  step(): void {
    this.statistics.steps++;
    let at = this.#random.next() * this.#totalWeight;
    for (const action of this.#actions) {
      at -= action.weight;
      if (at < 0) {
        action.run();
        return;
      }
    }
  }

  finish(): FuzzStatistics {
    this.statistics.elections = this.#checker.elections;
    this.statistics.committed = this.#checker.maxCommitted;
    return this.statistics;
  }

  #create(id: ReplicaId, initial: EngineState): void {
    const replica = new SimulatedReplica(id, this.#limits, this.#random.split(`replica ${id}`), initial);
    this.#replicas.set(id, replica);
  }

  /** One input to a replica's core, then the checks, then perhaps what follows from it at once. */
  #onRunning(input: (replica: SimulatedReplica) => void): void {
    const ids = [...this.#replicas.keys()];
    const replica = this.#replicas.get(this.#random.pick(ids)) as SimulatedReplica;
    if (replica.running) this.#touch(replica, input);
  }

  /** When there is nothing to do, time passes. */
  #onBusy(isBusy: (replica: SimulatedReplica) => boolean, input: (replica: SimulatedReplica) => void): void {
    const busy = this.#running().filter(isBusy);
    if (busy.length > 0) this.#touch(this.#random.pick(busy), input);
    else this.#onRunning((replica) => this.#tick(replica));
  }

  #touch(replica: SimulatedReplica, input: (replica: SimulatedReplica) => void): void {
    input(replica);
    this.#checker.observe(replica);
    while (replica.raft.hasReady() && this.#random.chance(this.#eagerness)) {
      this.#takeReady(replica);
      this.#checker.observe(replica);
      if (this.#random.chance(this.#eagerness)) replica.sync();
      this.#checker.observe(replica);
      while (replica.applyQueue.length > 0 && this.#random.chance(this.#eagerness)) this.#apply(replica);
    }
  }

  #tick(replica: SimulatedReplica): void {
    if (!this.#slow.has(replica.id) || this.#random.chance(0.05)) replica.raft.tick();
  }

  #onLeader(input: (replica: SimulatedReplica) => void): void {
    for (const replica of this.#random.shuffle([...this.#replicas.values()])) {
      if (!replica.running || replica.raft.role !== "leader") continue;
      this.#touch(replica, input);
      return;
    }
  }

  #takeReady(replica: SimulatedReplica): void {
    if (!replica.raft.hasReady()) return;
    const ready = replica.takeReady();
    this.#checker.observeReady(replica, ready);
    this.statistics.confirmedReads += ready.reads.length;
    this.#sendAll(replica, ready);
  }

  #sendAll(replica: SimulatedReplica, ready: Ready): void {
    for (const message of ready.messages) {
      let packet: Packet = { message, state: undefined };
      if (message.type === "snapshot") {
        packet = { message: { ...message, snapshot: replica.snapshotMeta() }, state: replica.engine };
      }
      if (this.#random.chance(this.#loss)) this.#lost(packet);
      else this.#send(packet);
      if (this.#random.chance(this.#duplication)) this.#send(packet);
    }
  }

  #send(packet: Packet): void {
    const lost = this.#network.send(packet);
    if (lost !== undefined) this.#lost(lost);
  }

  #lost({ message }: Packet): void {
    if (message.type === "snapshot") this.#reportSnapshot(message.from, message.to, false);
  }

  #reportSnapshot(from: ReplicaId, to: ReplicaId, ok: boolean): void {
    const sender = this.#replicas.get(from);
    if (sender?.running) sender.raft.reportSnapshot(to, ok);
  }

  #deliver(): void {
    const packet = this.#network.take(this.#random.chance(this.#reordering));
    if (packet === undefined) {
      this.#onRunning((replica) => this.#tick(replica));
      return;
    }
    const { message, state } = packet;
    const receiver = this.#replicas.get(message.to);
    if (!receiver?.running || this.#network.isCut(message.from, message.to)) {
      this.#lost(packet);
      return;
    }
    if (state !== undefined) {
      this.statistics.snapshots++;
      this.#reportSnapshot(message.from, message.to, true);
    }
    this.#touch(receiver, () => receiver.step(message, state));
  }

  #apply(replica: SimulatedReplica): void {
    const before = replica.raft.lastIndex;
    if (replica.apply() === undefined) return;
    this.#checker.observeApplied(replica);
    this.#checker.observe(replica);
    for (const id of [...replica.config.voters, ...replica.config.learners]) this.#everMembers.add(id);
    if (replica.raft.lastIndex > before) this.#checker.configProposed(replica, replica.raft.lastIndex);
  }

  #propose(replica: SimulatedReplica): void {
    this.statistics.proposals++;
    const data = new ByteWriter(64).uint32(this.statistics.proposals);
    replica.raft.propose(data.raw(new Uint8Array(this.#random.integer(40))).finish());
  }

  #read(replica: SimulatedReplica): void {
    const id = ++this.#readId;
    if (replica.raft.readIndex(id) !== "accepted") return;
    this.statistics.reads++;
    this.#checker.readAsked(id);
  }

  #changeConfig(replica: SimulatedReplica): void {
    const steps = this.#drawSteps(replica.config);
    const change: ConfigChange = { kind: "change", steps, context: new Uint8Array(0) };
    const result = replica.raft.proposeConfigChange(change);
    if (result.kind !== "accepted") return;
    this.statistics.configChanges++;
    this.#checker.configProposed(replica, result.index);
  }

  #drawSteps(config: ConfigState): ConfigChangeStep[] {
    const steps = new Map<ReplicaId, ConfigChangeStep>();
    const count = this.#random.chance(0.5) ? 1 : this.#random.between(2, 3);
    let voters = config.voters.length;
    for (let i = 0; i < count; i++) {
      const current = [...config.voters, ...config.learners];
      const replica = this.#random.chance(0.4) ? this.#newcomer() : this.#random.pick(current);
      const kind = this.#random.pick(["add-voter", "add-learner", "remove"] as const);
      if (replica === undefined || steps.has(replica)) continue;
      if (kind === "add-voter" && !config.voters.includes(replica) && ++voters > votersMax) continue;
      if (kind === "remove" && !current.includes(replica)) continue;
      steps.set(replica, { kind, replica });
    }
    return [...steps.values()];
  }

  /** A replica that never was a member, created empty if need be. */
  #newcomer(): ReplicaId | undefined {
    for (const id of this.#replicas.keys()) if (!this.#everMembers.has(id)) return id;
    if (this.#replicas.size >= replicasMax) return undefined;
    const id = ++this.#lastId;
    this.#create(id, { applied: 0, term: 0, digest: 0, config: emptyConfig });
    return id;
  }

  #transfer(replica: SimulatedReplica): void {
    this.statistics.transfers++;
    replica.raft.transferLeadership(this.#random.pick(replica.config.voters));
  }

  #crash(): void {
    const replica = this.#random.pick([...this.#replicas.values()]);
    if (replica.running) this.#crashOne(replica);
  }

  #crashOne(replica: SimulatedReplica): void {
    this.statistics.crashes++;
    replica.crash(this.#random.integer(replica.disk.pending.length + 1));
    this.#checker.forget(replica.id);
  }

  #restart(): void {
    const down = [...this.#replicas.values()].filter((replica) => !replica.running);
    if (down.length > 0) this.#restartOne(this.#random.pick(down));
  }

  #restartOne(replica: SimulatedReplica): void {
    replica.restart();
    this.#checker.observe(replica);
  }

  #partition(): void {
    const ids = [...this.#replicas.keys()];
    const leader = this.#running().find((replica) => replica.raft.role === "leader");
    const around = leader !== undefined && this.#random.chance(0.6);
    const side = new Set(ids.filter(() => this.#random.chance(around ? 0.2 : 0.5)));
    if (around) side.add(leader.id);
    // A leader that is cut off and hardly sees time pass goes on leading in its old world for long.
    if (around && this.#random.chance(0.5)) for (const id of side) this.#slow.add(id);
    const oneWay = this.#random.chance(0.3);
    for (const from of ids) {
      for (const to of ids) {
        if (side.has(from) && !side.has(to)) this.#network.cut(from, to);
        if (!oneWay && !side.has(from) && side.has(to)) this.#network.cut(from, to);
      }
    }
  }

  #compact(replica: SimulatedReplica): void {
    const { disk } = replica;
    const keep = this.#random.integer(5);
    disk.compact(Math.min(disk.flushed.applied, disk.lastIndex()) - keep);
  }

  #reportUnreachable(): void {
    this.#onLeader((leader) => leader.raft.reportUnreachable(this.#random.pick([...this.#replicas.keys()])));
  }

  /**
   * Replicas that the group has removed disappear for good, some time later, but not before every voter that
   * remains knows of it: of two voters, the one removed may be needed to commit (and to tell) its own
   * removal.
   */
  #destroyRemoved(): void {
    const config = this.#checker.latestConfig;
    for (const id of this.#replicas.keys()) {
      if (!this.#everMembers.has(id) || isMember(config, id)) continue;
      const known = (voter: ReplicaId): number => this.#replicas.get(voter)?.disk.flushed.applied ?? 0;
      if (config.voters.some((voter) => known(voter) < this.#checker.latestConfigIndex)) continue;
      this.#replicas.delete(id);
      this.#checker.forget(id);
      return;
    }
  }

  /** No more trouble: within bounded time there is one leader and every member has everything. */
  becomeLive(): void {
    this.#network.heal();
    this.#loss = 0;
    this.#duplication = 0;
    this.#reordering = 0;
    this.#eagerness = 1;
    const absent = this.#drawAbsent();
    for (const replica of this.#replicas.values()) {
      if (replica === absent && replica.running) this.#crashOne(replica);
      if (replica !== absent && !replica.running) this.#restartOne(replica);
    }
    for (let tick = 0; tick < livenessTicksMax; tick++) {
      this.#settle();
      if (this.#isLive()) return;
      for (const replica of this.#running()) this.#touch(replica, () => replica.raft.tick());
    }
    throw new Error(`not live after ${livenessTicksMax} calm ticks: ${this.#describe()}`);
  }

  /** A group whose configuration never changed must do without one of its voters, too. */
  #drawAbsent(): SimulatedReplica | undefined {
    const { voters } = this.#checker.latestConfig;
    const spare = this.statistics.configChanges === 0 && voters.length >= 3 && this.#random.chance(0.7);
    return spare ? this.#replicas.get(this.#random.pick(voters)) : undefined;
  }

  #running(): SimulatedReplica[] {
    return [...this.#replicas.values()].filter((replica) => replica.running);
  }

  #settle(): void {
    for (let busy = true; busy;) {
      busy = this.#network.size > 0;
      while (this.#network.size > 0) this.#deliver();
      for (const replica of this.#running()) {
        while (replica.sync()) {
          busy = true;
          this.#checker.observe(replica);
        }
        while (replica.applyQueue.length > 0) this.#apply(replica);
        if (replica.raft.hasReady()) busy = true;
        this.#touch(replica, () => undefined);
      }
    }
  }

  #isLive(): boolean {
    const config = this.#checker.latestConfig;
    const members = this.#running().filter((replica) => isMember(config, replica.id));
    const leaders = members.filter((replica) => replica.raft.role === "leader");
    const leader = leaders[0];
    if (leader !== undefined && !isVoter(config, leader.id)) return false;
    if (leaders.length !== 1 || leader === undefined || !leader.raft.hasAppliedInTerm) return false;
    return members.every((member) => member.engine.applied === leader.raft.lastIndex)
      && (members.length < config.voters.length || leader.raft.canQuiesce());
  }

  #describe(): string {
    const lines = this.#running().map((replica) => JSON.stringify({
      id: replica.id, role: replica.raft.role, term: replica.raft.term, leader: replica.raft.leader,
      committed: replica.raft.committed, applied: replica.engine.applied, last: replica.raft.lastIndex,
      first: replica.disk.firstIndex(), config: replica.raft.config, progress: replica.raft.progress(),
    }));
    return `\n${lines.join("\n")}`;
  }
}

function drawLimits(random: Random): ReplicaLimits {
  const electionTimeoutTicks = random.between(3, 10);
  return {
    electionTimeoutTicks,
    heartbeatTicks: random.between(1, Math.min(3, electionTimeoutTicks - 1)),
    appendBytesMax: random.pick([1, 60, 1000]),
    inflightAppendsMax: random.pick([1, 3, 64]),
    inflightBytesMax: random.pick([100, 10_000]),
    committedBytesPerReadyMax: random.pick([1, 80, 10_000]),
    uncommittedBytesMax: random.pick([100, 10_000]),
    pendingReadsMax: random.pick([2, 100]),
  };
}
