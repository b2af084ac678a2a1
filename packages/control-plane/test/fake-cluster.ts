// A cluster around the control plane, without disks, network or Raft: nodes follow the map, hold replicas as
// `reconcile` says, report, and carry out instructions. Data groups elect, replicate and change their
// membership at once whenever a majority of their voters is there, and never otherwise.
//
// It also watches: no node may destroy a replica that its group still counts on.
import assert from "node:assert/strict";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import type { ConfigChange } from "@azimuth/raft/types.ts";
import { nodeOfReplica, type GroupStatus, type ReplicationHost } from "@azimuth/replication/host-api.ts";
import { createMemoryEngine } from "@azimuth/storage/memory-engine.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { ClusterMap, PartitionRecord } from "../src/cluster-map.ts";
import type { ControlAnswer, ControlCommand, ControlOutcome, NewTable } from "../src/commands.ts";
import { createControlPlane, type ControlPlane } from "../src/control-plane.ts";
import { executeInstruction, type Instruction } from "../src/instructions.ts";
import { MapFollower } from "../src/map-follower.ts";
import { groupReportOf, type GroupReport } from "../src/node-report.ts";
import { defaultAutoadminOptions, type AutoadminOptions } from "../src/observations.ts";
import { reconcile } from "../src/replica-fate.ts";
import { FakeControlGroup, settledConfig } from "./fake-control-group.ts";
import { ManualClock } from "./manual-clock.ts";

export interface FakeNode {
  readonly name: string;
  readonly zone: string;
  number: number;
  incarnation: string;
  session: number;
  sequence: number;
  alive: boolean;
  follower: MapFollower;
  readonly held: Map<number, { readonly replica: number; corrupted: boolean; initialised: boolean }>;
  readonly destroyed: Set<string>;
}

interface FakeGroup {
  voters: number[];
  learners: number[];
  leader: number;
  term: number;
  index: number;
}

export interface FakeClusterOptions {
  readonly seed: number | string;
  readonly zones: Readonly<Record<string, number>>;
  readonly autoadmin?: Partial<AutoadminOptions>;
  readonly partitionsPerTable?: number;
  readonly timeToLiveIntervalMs?: number;
}

const stepMs = 100;

export class FakeCluster {
  readonly clock = new ManualClock();
  readonly random: Random;
  readonly nodes: FakeNode[] = [];
  /** What every partition reports to have filled. */
  builtIndexes: readonly number[] = [];
  /** What every partition reports of local indexes. */
  localIndexes: NonNullable<GroupReport["localIndexes"]> = [];
  readonly groups = new Map<number, FakeGroup>();
  readonly control: FakeControlGroup;
  readonly planes = new Map<number, { plane: ControlPlane; engine: Engine }>();
  readonly instructed: { readonly node: number; readonly instruction: Instruction }[] = [];

  readonly #options: FakeClusterOptions;

  constructor(options: FakeClusterOptions) {
    this.#options = options;
    this.random = createSeededRandom(options.seed);
    for (const [zone, count] of Object.entries(options.zones)) {
      for (let i = 1; i <= count; i++) this.addNode(`node-${zone}${i}`, zone);
    }
    const zones = new Set(this.nodes.map((node) => node.zone));
    const founders = [...zones].slice(0, 3).map((zone) => this.nodes.find((node) => node.zone === zone) as FakeNode);
    founders.forEach((node, position) => (node.number = position + 1));
    this.control = new FakeControlGroup(this.clock, this.random.split("log"), founders.map((node) => node.number));
    for (const { number } of founders) this.#startPlane(number);
    this.control.elect(1);
    this.run(5000);
  }

  addNode(name: string, zone: string): FakeNode {
    const node: FakeNode = {
      name, zone, number: 0, incarnation: `disk-${this.random.integer(1e9)}`, session: 0, sequence: 0, alive: true,
      follower: new MapFollower(), held: new Map(), destroyed: new Set(),
    };
    this.nodes.push(node);
    return node;
  }

  node(name: string): FakeNode {
    const found = this.nodes.find((node) => node.name === name);
    assert.ok(found, `no node ${name}`);
    return found;
  }

  get plane(): ControlPlane {
    const leading = this.planes.get(this.control.leader);
    assert.ok(leading, "group 0 has no leader");
    return leading.plane;
  }

  get map(): ClusterMap {
    return this.plane.map();
  }

  run(milliseconds: number): void {
    for (let passed = 0; passed < milliseconds; passed += stepMs) this.step();
  }

  runUntil(condition: () => boolean, withinMs: number, what: string): void {
    for (let passed = 0; passed < withinMs; passed += stepMs) {
      if (condition()) return;
      this.step();
    }
    assert.ok(condition(), `not within ${withinMs} ms: ${what}`);
  }

  step(): void {
    this.clock.advance(stepMs);
    this.control.step();
    for (const node of this.nodes) if (node.alive) this.#register(node);
    for (const node of this.nodes) if (node.alive) this.#follow(node);
    for (const [id, group] of this.groups) this.#elect(id, group);
    for (const node of this.nodes) if (node.alive) this.#report(node);
    for (const { plane } of this.planes.values()) plane.checkInvariants();
  }

  /** Runs the clock until the answer is there. */
  ask(command: ControlCommand): ControlAnswer {
    let answer: ControlAnswer | undefined;
    this.plane.handle(command, (given) => (answer = given));
    for (let turns = 0; answer === undefined && turns < 200; turns++) this.clock.advance(1);
    assert.ok(answer, `no answer to ${command.operation}`);
    return answer;
  }

  outcome(command: ControlCommand): ControlOutcome {
    const answer = this.ask(command);
    assert.equal(answer.status, "ok");
    return (answer as { outcome: ControlOutcome }).outcome;
  }

  createTable(name: string): void {
    this.outcome({ operation: "CreateTable", definition: newTable(name) });
    const isActive = (): boolean => this.map.tables.find((table) => table.name === name)?.status === "ACTIVE";
    this.runUntil(isActive, 5000, `${name} becomes ACTIVE`);
  }

  kill(name: string): void {
    const node = this.node(name);
    node.alive = false;
    node.session++;
    node.sequence = 0;
    const survivor = this.control.voters.find((voter) => this.#isUp(voter));
    if (nodeOfReplica(this.control.leader) === node.number && survivor !== undefined) this.control.elect(survivor);
  }

  restart(name: string): void {
    const node = this.node(name);
    node.alive = true;
    // It kept its map, or asks anew and may get an older one.
    if (this.random.chance(0.5)) node.follower = new MapFollower();
  }

  loseDisk(name: string): void {
    const node = this.node(name);
    for (const [replica, { plane }] of this.planes) {
      if (nodeOfReplica(replica) !== node.number) continue;
      this.control.lose(replica);
      plane.close();
      this.planes.delete(replica);
    }
    node.incarnation = `disk-${this.random.integer(1e9)}`;
    node.number = 0;
    node.held.clear();
    node.destroyed.clear();
  }

  zonesOf(partition: PartitionRecord): readonly string[] {
    return partition.voters.map((voter) => this.zoneOfNumber(nodeOfReplica(voter)));
  }

  zoneOfNumber(number: number): string {
    return this.map.nodes.find((node) => node.number === number)?.zone ?? "?";
  }

  /** Nothing is under way, and the map says of every group what the group itself says. */
  isSettled(): boolean {
    const { control, partitions } = this.map;
    if (control === undefined || control.replacing !== undefined) return false;
    return partitions.every((record) => {
      const group = this.groups.get(record.partition);
      return record.replacing === undefined && group !== undefined && group.leader !== 0
        && [...group.voters].sort().join() === [...record.voters].sort().join() && group.learners.length === 0;
    });
  }

  leadersByNode(): Map<string, number> {
    const counts = new Map(this.nodes.map((node) => [node.name, 0]));
    for (const group of this.groups.values()) {
      const node = this.nodes.find((candidate) => candidate.number === nodeOfReplica(group.leader));
      if (node !== undefined) counts.set(node.name, (counts.get(node.name) as number) + 1);
    }
    return counts;
  }

  #startPlane(replica: number): void {
    const options = this.#options;
    const engine = createMemoryEngine({ clock: this.clock });
    const plane = createControlPlane({
      clock: this.clock, random: this.random.split(`plane-${replica}`), log: silentLogger, engine,
      host: this.control.host(replica),
      instruct: (node, instruction) => this.#deliver(node, instruction),
    }, {
      replicas: 3, partitionsPerTable: options.partitionsPerTable, accountId: "000000000000",
      timeToLiveIntervalMs: options.timeToLiveIntervalMs,
      autoadmin: { ...defaultAutoadminOptions, ...options.autoadmin },
    });
    this.planes.set(replica, { plane, engine });
    this.control.join(replica, plane, engine);
  }

  #isUp(replica: number): boolean {
    return this.nodes.some((node) => node.alive && node.number === nodeOfReplica(replica));
  }

  #register(node: FakeNode): void {
    if (this.control.leader === 0) return;
    const known = node.follower.node(node.number);
    if (known !== undefined && known.incarnation === node.incarnation) return;
    const { name, zone, incarnation } = node;
    const founder = node.number === 0 ? undefined : node.number;
    this.plane.handle({ operation: "RegisterNode", name, zone, endpoint: `${name}:1`, incarnation, founder }, (answer) => {
      if (answer.status === "ok" && answer.outcome.node !== undefined) node.number = answer.outcome.node.number;
    });
  }

  #follow(node: FakeNode): void {
    const source = this.planes.get(this.random.pick([...this.planes.keys()]));
    const delta = source?.plane.changesSince(node.follower.revision);
    if (delta !== undefined) assert.equal(node.follower.applyDelta(delta), "applied");
    const held = [...node.held].map(([group, { replica }]) => ({ group, replica }));
    for (const replica of this.planes.keys()) {
      if (nodeOfReplica(replica) === node.number) held.push({ group: 0, replica });
    }
    const wasRemoved = (group: number, replica: number): boolean => node.destroyed.has(`${group}/${replica}`);
    const { create, destroy } = reconcile(node.follower, node.number, held, wasRemoved);
    for (const { group, replica } of destroy) this.#destroy(node, group, replica);
    for (const { group, replica, bootstraps, partition } of create) {
      if (group === 0) {
        this.#startPlane(replica);
        continue;
      }
      node.held.set(group, { replica, corrupted: false, initialised: bootstraps });
      if (!this.groups.has(group)) {
        this.groups.set(group, { voters: [...partition.bootstrap], learners: [], leader: 0, term: 0, index: 1 });
      }
    }
  }

  #destroy(node: FakeNode, group: number, replica: number): void {
    node.destroyed.add(`${group}/${replica}`);
    if (group === 0) {
      this.control.leave(replica);
      this.planes.get(replica)?.plane.close();
      this.planes.delete(replica);
      return;
    }
    const config = this.groups.get(group);
    const isDeleted = !this.map.partitions.some((partition) => partition.partition === group);
    if (!isDeleted) assert.ok(!config?.voters.includes(replica), `${node.name} destroyed a voter of group ${group}`);
    if (isDeleted) this.groups.delete(group);
    node.held.delete(group);
  }

  /** The node that holds this replica in good health now. */
  #holder(group: number, replica: number): FakeNode | undefined {
    return this.nodes.find((node) => {
      const held = node.held.get(group);
      return node.alive && held?.replica === replica && held.initialised && !held.corrupted;
    });
  }

  #hasMajority(id: number, voters: readonly number[]): boolean {
    const there = voters.filter((voter) => this.#holder(id, voter) !== undefined).length;
    return there * 2 > voters.length;
  }

  #elect(id: number, group: FakeGroup): void {
    if (!this.#hasMajority(id, group.voters)) {
      group.leader = 0;
      return;
    }
    if (!group.voters.includes(group.leader) || this.#holder(id, group.leader) === undefined) {
      group.leader = this.random.pick(group.voters.filter((voter) => this.#holder(id, voter) !== undefined));
      group.term++;
      group.index++;
    }
    for (const learner of group.learners) {
      const node = this.nodes.find((candidate) => candidate.alive && candidate.held.get(id)?.replica === learner);
      const held = node?.held.get(id);
      if (held !== undefined) held.initialised = true;
    }
  }

  #status(id: number, replica: number, initialised: boolean): GroupStatus {
    const group = this.groups.get(id) as FakeGroup;
    const { leader, term, index } = group;
    const isLeader = leader === replica;
    const others = [...group.voters, ...group.learners].filter((other) => other !== replica);
    return {
      group: id, replica, leader, term, role: isLeader ? "leader" : "follower",
      commit: index, applied: initialised ? index : 0, firstIndex: 1, lastIndex: index, quiet: false, initialised, replaying: false,
      config: initialised ? settledConfig(group.voters, group.learners) : settledConfig([]),
      progress: !isLeader ? [] : others.map((other) => {
        const active = this.#holder(id, other) !== undefined;
        return { replica: other, match: active ? index : 0, active };
      }),
    };
  }

  #report(node: FakeNode): void {
    const groups = [...node.held].filter(([id]) => this.groups.has(id)).map(([id, held]) =>
      groupReportOf(this.#status(id, held.replica, held.initialised), held.corrupted,
        { items: 7, bytes: 100, builtIndexes: this.builtIndexes, localIndexes: this.localIndexes, lastSplit: undefined }));
    for (const replica of this.planes.keys()) {
      if (nodeOfReplica(replica) === node.number) groups.push(groupReportOf(this.control.status(replica), false));
    }
    node.sequence++;
    const { number, incarnation, session, sequence } = node;
    if (number === 0) return;
    for (const { plane } of this.planes.values()) {
      plane.report({ node: number, incarnation, session: String(session), sequence, groups });
    }
  }

  #deliver(number: number, instruction: Instruction): void {
    this.instructed.push({ node: number, instruction });
    if (instruction.group === 0) return this.#deliverToControl(instruction);
    const node = this.nodes.find((candidate) => candidate.number === number && candidate.alive);
    const held = node?.held.get(instruction.group);
    if (held === undefined || this.random.chance(0.1)) return;
    const host = {
      status: () => this.#status(instruction.group, held.replica, held.initialised),
      transferLeadership: (id: number, to: number) => {
        const group = this.groups.get(id) as FakeGroup;
        if (this.#holder(id, to) !== undefined) Object.assign(group, { leader: to, term: group.term + 1 });
      },
      proposeConfigChange: (id: number, change: ConfigChange) => this.#change(id, change),
    };
    this.clock.after(this.random.between(1, 300), () => {
      if (this.groups.has(instruction.group)) executeInstruction(host as unknown as ReplicationHost, instruction, () => false);
    });
  }

  #deliverToControl(instruction: Instruction): void {
    const host = {
      status: () => this.control.status(this.control.leader),
      transferLeadership: (_group: number, to: number) => this.control.elect(to),
      proposeConfigChange: (_group: number, change: ConfigChange) => {
        const { voters, learners } = changed(this.control, change);
        if (voters.filter((voter) => this.#isUp(voter)).length * 2 > voters.length) {
          this.control.reconfigure(voters, learners);
        }
      },
    };
    this.clock.after(this.random.between(1, 300), () => {
      if (this.control.leader !== 0) executeInstruction(host as unknown as ReplicationHost, instruction, () => false);
    });
  }

  #change(id: number, change: ConfigChange): void {
    const group = this.groups.get(id) as FakeGroup;
    const { voters, learners } = changed(group, change);
    if (!this.#hasMajority(id, group.voters) || !this.#hasMajority(id, voters)) return;
    Object.assign(group, { voters, learners, index: group.index + 1 });
    if (!voters.includes(group.leader)) group.leader = 0;
  }
}

function changed(
  from: { readonly voters: readonly number[]; readonly learners: readonly number[] }, change: ConfigChange,
): { voters: number[]; learners: number[] } {
  let voters = [...from.voters];
  let learners = [...from.learners];
  for (const { kind, replica } of change.steps) {
    voters = voters.filter((other) => other !== replica);
    learners = learners.filter((other) => other !== replica);
    if (kind === "add-voter") voters.push(replica);
    if (kind === "add-learner") learners.push(replica);
  }
  return { voters, learners };
}

export function newTable(name: string, change: Partial<NewTable> = {}): NewTable {
  return {
    name,
    attributes: [{ name: "id", type: "S" }],
    key: { partition: { name: "id", type: "S" }, sort: undefined },
    billingMode: "PAY_PER_REQUEST",
    throughput: { readUnits: 0, writeUnits: 0 },
    deletionProtection: false,
    tableClass: "STANDARD",
    tags: {},
    ...change,
  };
}
