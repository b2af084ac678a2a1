// Replicas move from node to node, by learner, snapshot and joint change, while nodes crash and clients
// write. What was acknowledged must survive the exchange of every replica.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import type { ConfigChangeStep } from "@azimuth/raft/types.ts";
import { nodeOfReplica, replicaIdOf } from "../src/host-api.ts";
import type { ReplicationLimits } from "../src/limits.ts";
import { TestCluster, type TestNode } from "./test-cluster.ts";

const limits: Partial<ReplicationLimits> = {
  quietAfterTicks: 8,
  compactionPeriodMs: 300,
  flushAfterBytes: 500,
  logTailEntries: 3,
  logEntriesMax: 30,
  snapshotChunkBytes: 200,
  snapshotTimeoutMs: 1500,
};
const group = 5;

/** A small version of the control plane's repair: replaces one replica after another, driven by what it sees. */
class Operator {
  readonly #cluster: TestCluster;
  readonly #random: Random;
  #generation = 1;
  #replacement: { readonly add: number; readonly remove: number } | undefined;
  readonly #doomed = new Map<number, number>();
  replaced = 0;

  constructor(cluster: TestCluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  get busy(): boolean {
    return this.#replacement !== undefined || this.#doomed.size > 0;
  }

  begin(): void {
    const config = this.#cluster.leaderOf(group)?.status(group)?.config;
    if (this.busy || config === undefined || config.votersOutgoing.length > 0) return;
    const free = this.#cluster.alive.filter((node) => !node.host.groups().includes(group)
      && !config.voters.some((replica) => nodeOfReplica(replica) === node.number));
    if (free.length === 0) return;
    const node = this.#random.pick(free).number;
    const add = replicaIdOf(++this.#generation, node);
    this.#replacement = { add, remove: this.#random.pick(config.voters) };
    this.#cluster.addEmptyReplica(group, node, this.#generation);
  }

  /** One look at the cluster, and the next step of the replacement. */
  look(): void {
    for (const [node, replica] of this.#doomed) this.#destroy(node, replica);
    const leader = this.#cluster.leaderOf(group);
    const config = leader?.status(group)?.config;
    if (this.#replacement === undefined || leader === undefined || config === undefined) return;
    const { add, remove } = this.#replacement;
    const change = (steps: ConfigChangeStep[]): void => {
      leader.host.proposeConfigChange(group, { kind: "change", steps, context: new Uint8Array(0) }, () => {});
    };
    if (config.votersOutgoing.length > 0) return;
    if (config.voters.includes(add)) {
      assert.ok(!config.voters.includes(remove));
      this.#replacement = undefined;
      this.#doomed.set(nodeOfReplica(remove), remove);
      this.replaced++;
    } else if (!config.learners.includes(add)) change([{ kind: "add-learner", replica: add }]);
    else if (this.#hasState(add)) {
      change([{ kind: "add-voter", replica: add }, { kind: "remove", replica: remove }]);
    }
  }

  #hasState(replica: number): boolean {
    return this.#cluster.node(nodeOfReplica(replica)).status(group)?.initialised === true;
  }

  #destroy(number: number, replica: number): void {
    const node = this.#cluster.node(number);
    if (!node.alive) return;
    const stored = node.logStore.group(group);
    if (stored?.replica !== replica) this.#doomed.delete(number);
    else if (node.host.groups().includes(group)) node.host.destroyGroup(group, () => {});
  }
}

for (const seed of [3001, 3002, 3003, 3004]) {
  test(`a group moves across nodes while they crash and keeps what was acknowledged, seed ${seed}`, () => {
    const cluster = new TestCluster({ seed, nodes: 5, limits });
    const random = createSeededRandom(`membership-${seed}`);
    const operator = new Operator(cluster, random);
    const acknowledged = new Map<string, number>();
    let next = 0;
    cluster.createGroup(group, [1, 2, 3]);
    for (let step = 0; step < 600; step++) {
      const node = random.pick(cluster.nodes);
      const choice = random.integer(40);
      if (choice === 0 && node.alive && cluster.alive.length > 3) node.crash();
      else if (choice < 4 && !node.alive) node.start();
      else if (choice === 4) cluster.network.disconnect(node.number, random.pick(cluster.nodes).number);
      else if (choice < 12) operator.begin();
      operator.look();
      const leader = cluster.leaderOf(group);
      for (let count = random.integer(4); leader !== undefined && count > 0; count--) {
        const text = `item ${next++}`;
        leader.host.propose(group, utf8(text), (result) => {
          if (result.kind === "applied") acknowledged.set(text, result.index);
        });
      }
      cluster.clock.advance(random.integer(150));
      for (const alive of cluster.alive) alive.host.checkInvariants();
    }
    for (const node of cluster.nodes) if (!node.alive) node.start();
    for (let step = 0; step < 600 && operator.busy; step++) {
      operator.look();
      cluster.clock.advance(100);
    }
    assert.ok(!operator.busy, "the last replacement ends");
    assert.ok(operator.replaced >= 3, `only ${operator.replaced} replicas were replaced`);
    const [first, ...others] = cluster.converge(group);
    assert.equal(others.length, 2);
    for (const other of others) assert.deepEqual(other, first);
    for (const [text, index] of acknowledged) assert.ok(first!.includes(`${index}:${text}`), `${text} was acknowledged`);
  });
}

test("a membership that a majority tells of survives a power cut without the replicas that left, whichever one is lost", () => {
  for (let seed = 40; seed < 55; seed++) {
    const lost = [1, 2, 4][seed % 3];
    const cluster = new TestCluster({ seed, nodes: 4 });
    cluster.createGroup(group, [1, 2, 3]);
    const leader = cluster.awaitLeader(group);
    const [add, remove] = [cluster.addEmptyReplica(group, 4, 2), replicaIdOf(1, 3)];
    cluster.change(leader, group, [{ kind: "add-learner", replica: add }]);
    cluster.clock.until(() => cluster.node(4).status(group)?.initialised === true, 10_000, "the learner has its state");
    if (leader.number === 3) leader.host.transferLeadership(group, replicaIdOf(1, 1));
    cluster.clock.until(() => (cluster.leaderOf(group)?.number ?? 3) !== 3, 10_000, "one leads that stays");
    cluster.change(cluster.leaderOf(group) as TestNode, group,
      [{ kind: "add-voter", replica: add }, { kind: "remove", replica: remove }]);
    const knows = (number: number): boolean => {
      const config = cluster.node(number).status(group)?.config;
      return config?.votersOutgoing.length === 0 && config.voters.includes(add) && !config.voters.includes(remove);
    };
    cluster.clock.until(() => [1, 2, 4].filter(knows).length >= 2, 10_000, "a majority tells of it");
    for (const node of cluster.nodes) node.crash();
    for (const number of [1, 2, 4]) if (number !== lost) cluster.node(number).start();
    cluster.awaitLeader(group);
  }
});
