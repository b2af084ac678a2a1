// Hosts in one process on a virtual clock: nodes that can crash and restart on what their disks kept, a
// network that delays and loses, and shortcuts for what tests ask.
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import type { ConfigChangeStep, ConfigState, ReplicaId } from "@azimuth/raft/types.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import { createLogStore } from "@azimuth/storage/create-log-store.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { createMemoryEngineDisk, openMemoryEngine, type MemoryEngineDisk } from "@azimuth/storage/memory-engine.ts";
import { createSimulatedDisk, type SimulatedDisk } from "@azimuth/storage/simulated-files.ts";
import { type GroupStatus, type ProposalResult, type ReadResult, replicaIdOf } from "../src/host-api.ts";
import type { ReplicationLimits } from "../src/limits.ts";
import { createReplicationHost, type NodeReplicationHost } from "../src/replication-host.ts";
import { ListMachine, readItems } from "./list-machine.ts";
import { TestNetwork } from "./test-network.ts";
import { type ProcessClock, VirtualClock } from "./virtual-clock.ts";

export class TestNode {
  readonly number: number;
  readonly #cluster: TestCluster;
  #engineDisk: MemoryEngineDisk = createMemoryEngineDisk();
  readonly logDisk: SimulatedDisk;
  readonly machines = new Map<number, ListMachine>();
  #clock: ProcessClock | undefined;
  host!: NodeReplicationHost;
  engine!: Engine;
  logStore!: LogStore;
  alive = false;
  starts = 0;

  constructor(cluster: TestCluster, number: number) {
    this.#cluster = cluster;
    this.number = number;
    const latency = cluster.random.split(`disk-${number}`);
    this.logDisk = createSimulatedDisk({ clock: cluster.clock, latencyMs: () => 0.5 + latency.next() * 1.5 });
    this.start();
  }

  start(): void {
    const { clock, network, random, limits } = this.#cluster;
    const process = (this.#clock = clock.process());
    const own = random.split(`node-${this.number}-${this.starts++}`);
    this.engine = openMemoryEngine(this.#engineDisk, { clock: process, latencyMs: () => own.next() * 0.3 });
    const onFatal = (error: Error): never => {
      throw error;
    };
    const segmentBytes = this.#cluster.segmentBytes;
    this.logStore = createLogStore({ files: this.logDisk.open(onFatal), log: silentLogger, onFatal, segmentBytes });
    this.host = createReplicationHost({
      node: this.number,
      clock: process,
      random: own,
      log: silentLogger,
      engine: this.engine,
      logStore: this.logStore,
      send: (to, message) => network.send(this.number, to, message),
      limits,
    });
    for (const { group } of this.logStore.groups()) this.open(group);
    network.attach(this.number, {
      receive: (from, message) => void this.host.handleMessage(from, message),
      peerDown: (node) => this.host.peerDown(node),
    });
    this.alive = true;
    this.host.start();
  }

  open(group: number): void {
    this.host.openGroup({ group, machine: this.machine(group) });
  }

  machine(group: number): ListMachine {
    const machine = new ListMachine(group, this.engine);
    this.machines.set(group, machine);
    return machine;
  }

  /** Everything in memory is gone, and of the disks what was not durable, perhaps; `kept`: of the engine's batches. */
  crash(kept?: "all" | "none"): void {
    this.#clock?.stop();
    this.alive = false;
    const random = this.#cluster.random.split(`engine-crash-${this.number}-${this.starts}`);
    const integer = (bound: number): number => (kept === "all" ? bound - 1 : 0);
    this.#engineDisk.crash(kept === undefined ? random : { ...random, integer });
    this.logDisk.crash(this.#cluster.random.split(`log-crash-${this.number}-${this.starts}`));
    this.#cluster.network.detach(this.number);
  }

  /** Between a crash and a start: the engine's disk was lost or replaced by an empty one. */
  loseEngine(): void {
    this.#engineDisk = createMemoryEngineDisk();
  }

  status(group: number): GroupStatus | undefined {
    return this.alive ? this.host.status(group) : undefined;
  }
}

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: TestNetwork;
  readonly limits: Partial<ReplicationLimits>;
  readonly nodes: TestNode[] = [];
  /** Small, so that segments end and are deleted all the time. */
  readonly segmentBytes = 8192;

  constructor(options: { seed: number; nodes: number; limits?: Partial<ReplicationLimits> }) {
    this.random = createSeededRandom(options.seed);
    this.network = new TestNetwork(this.clock, this.random.split("network"));
    this.limits = options.limits ?? {};
    for (let number = 1; number <= options.nodes; number++) this.nodes.push(new TestNode(this, number));
  }

  node(number: number): TestNode {
    return this.nodes[number - 1] as TestNode;
  }

  get alive(): TestNode[] {
    return this.nodes.filter((node) => node.alive);
  }

  /** A group with one voter on each of the given nodes, durable on all of them. */
  createGroup(group: number, nodes: readonly number[]): void {
    const config: ConfigState = { ...emptyConfig, voters: nodes.map((node) => replicaIdOf(1, node)) };
    let left = nodes.length;
    for (const number of nodes) {
      const node = this.node(number);
      const machine = node.machine(group);
      const replica = replicaIdOf(1, number);
      node.host.createGroup({ group, replica, bootstrap: config, machine }, () => left--);
    }
    this.clock.until(() => left === 0, 1000, "the group is created");
  }

  /** An empty replica that waits for a snapshot. */
  addEmptyReplica(group: number, node: number, generation: number): ReplicaId {
    const replica = replicaIdOf(generation, node);
    let created = false;
    const machine = this.node(node).machine(group);
    this.node(node).host.createGroup({ group, replica, bootstrap: undefined, machine }, () => (created = true));
    this.clock.until(() => created, 1000, "the replica is created");
    return replica;
  }

  leaderOf(group: number): TestNode | undefined {
    const leaders = this.alive.filter((node) => {
      const status = node.status(group);
      return status?.role === "leader" && node.machines.get(group)?.readyTerms.at(-1) === status.term;
    });
    // A deposed leader that does not know it yet has a lower term.
    leaders.sort((left, right) => (right.status(group)?.term ?? 0) - (left.status(group)?.term ?? 0));
    return leaders[0];
  }

  awaitLeader(group: number, limitMs = 10_000): TestNode {
    this.clock.until(() => this.leaderOf(group) !== undefined, limitMs, `group ${group} has a leader`);
    return this.leaderOf(group) as TestNode;
  }

  propose(node: TestNode, group: number, text: string, limitMs = 10_000): ProposalResult {
    let result: ProposalResult | undefined;
    node.host.propose(group, utf8(text), (answer) => (result = answer));
    this.clock.until(() => result !== undefined, limitMs, `the proposal "${text}" is answered`);
    return result as ProposalResult;
  }

  change(node: TestNode, group: number, steps: readonly ConfigChangeStep[], limitMs = 10_000): ProposalResult {
    let result: ProposalResult | undefined;
    const change = { kind: "change" as const, steps, context: new Uint8Array(0) };
    node.host.proposeConfigChange(group, change, (answer) => (result = answer));
    this.clock.until(() => result !== undefined, limitMs, "the configuration change is answered");
    return result as ProposalResult;
  }

  read(node: TestNode, group: number, limitMs = 10_000): ReadResult {
    let result: ReadResult | undefined;
    node.host.readIndex(group, (answer) => (result = answer));
    this.clock.until(() => result !== undefined, limitMs, "the read is answered");
    return result as ReadResult;
  }

  /** Lets time pass until all replicas on living nodes have applied the same, and returns the engines' content. */
  converge(group: number, limitMs = 20_000): string[][] {
    const replicas = this.alive.filter((node) => node.host.groups().includes(group));
    this.clock.until(() => {
      const statuses = replicas.map((node) => node.status(group) as GroupStatus);
      const applied = statuses[0]?.applied;
      const led = statuses.find((status) => status.role === "leader");
      return led !== undefined && led.lastIndex === applied
        && statuses.every((status) => status.initialised && status.applied === applied);
    }, limitMs, `group ${group} converges`);
    return replicas.map((node) => this.stored(node, group));
  }

  stored(node: TestNode, group: number): string[] {
    let texts: string[] | undefined;
    readItems(node.engine, group, (items) => (texts = items.map((item) => `${item.index}:${item.text}`)));
    this.clock.until(() => texts !== undefined, 1000, "the engine is read");
    return texts as string[];
  }
}
