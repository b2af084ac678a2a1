// Random crashes, cuts and restarts while clients write. Whatever happens: no acknowledged proposal is
// lost, none that was certainly refused appears, every entry is applied once and in the same order
// everywhere, and a confirmed read covers everything acknowledged before it was asked. A failure names its
// seed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import type { ReplicationLimits } from "../src/limits.ts";
import { TestCluster } from "./test-cluster.ts";

const limits: Partial<ReplicationLimits> = {
  quietAfterTicks: 8,
  orphanedProposalTicks: 30,
  compactionPeriodMs: 300,
  flushAfterBytes: 500,
  logTailEntries: 3,
  logEntriesMax: 30,
  snapshotChunkBytes: 150,
  snapshotBytesPerSecond: 100_000,
  snapshotTimeoutMs: 1500,
  appendBatchBytesMax: 400,
  applyBatchBytesMax: 600,
  applyQueueBytesMax: 800,
};
const groups = [1, 2];

class Workload {
  readonly cluster: TestCluster;
  readonly random: Random;
  readonly acknowledged = new Map<string, number>();
  readonly refused = new Set<string>();
  readonly #highest = new Map<number, number>();
  unknown = 0;
  readsConfirmed = 0;
  #next = 0;

  constructor(cluster: TestCluster, random: Random) {
    this.cluster = cluster;
    this.random = random;
  }

  step(): void {
    const { cluster, random } = this;
    const node = random.pick(cluster.nodes);
    switch (random.integer(40)) {
      case 0:
        if (node.alive) node.crash();
        break;
      case 1:
      case 2:
        if (!node.alive) node.start();
        break;
      case 3:
        cluster.network.cut(node.number, random.pick(cluster.nodes).number);
        break;
      case 4:
      case 5:
        cluster.network.heal();
        break;
      case 6:
        cluster.network.disconnect(node.number, random.pick(cluster.nodes).number);
        break;
      case 7:
        if (node.alive) node.host.transferLeadership(1, 4096 + random.between(1, cluster.nodes.length));
        break;
      case 8:
        cluster.clock.advance(random.integer(3000));
        break;
      default:
        for (const group of groups) this.#write(group);
        for (const group of groups) this.#read(group);
    }
    cluster.clock.advance(random.integer(60));
    for (const alive of cluster.alive) alive.host.checkInvariants();
  }

  #write(group: number): void {
    for (const node of this.cluster.alive) {
      if (node.status(group)?.role !== "leader" && !this.random.chance(0.05)) continue;
      for (let count = this.random.integer(6); count > 0; count--) {
        const text = `${group}-${this.#next++}`;
        node.host.propose(group, utf8(text), (result) => {
          if (result.kind === "applied") {
            this.acknowledged.set(text, result.index);
            this.#highest.set(group, Math.max(this.#highest.get(group) ?? 0, result.index));
          } else if (result.kind === "unknown") this.unknown++;
          else this.refused.add(text);
        });
      }
    }
  }

  #read(group: number): void {
    for (const node of this.cluster.alive) {
      if (node.status(group)?.role !== "leader") continue;
      const before = this.#highest.get(group) ?? 0;
      node.host.readIndex(group, (result) => {
        if (result.kind !== "confirmed") return;
        this.readsConfirmed++;
        assert.ok(result.index >= before, `a read as of ${result.index} misses ${before}`);
        assert.ok(node.status(group)!.applied >= result.index);
      });
    }
  }

  finish(): void {
    const { cluster } = this;
    cluster.network.heal();
    for (const node of cluster.nodes) if (!node.alive) node.start();
    const found = new Map<string, number>();
    for (const group of groups) {
      const [first, ...others] = cluster.converge(group, 60_000);
      for (const other of others) assert.deepEqual(other, first);
      for (const node of cluster.nodes) {
        assert.deepEqual(node.machines.get(group)!.items.map((item) => `${item.index}:${item.text}`), first);
      }
      for (const item of first ?? []) {
        const [index, text] = item.split(":") as [string, string];
        assert.ok(!found.has(text), `${text} was applied twice`);
        found.set(text, Number(index));
      }
    }
    for (const [text, index] of this.acknowledged) assert.equal(found.get(text), index, `${text} was acknowledged`);
    for (const text of this.refused) assert.ok(!found.has(text), `${text} was refused`);
  }
}

const seeds = Array.from({ length: 12 }, (_, i) => 1000 + i);

for (const seed of seeds) {
  test(`nothing acknowledged is lost and replicas agree through random crashes and cuts, seed ${seed}`, () => {
    const cluster = new TestCluster({ seed, nodes: seed % 3 === 0 ? 5 : 3, limits });
    cluster.network.delayMsMax = seed % 2 === 0 ? 3 : 30;
    for (const group of groups) cluster.createGroup(group, cluster.nodes.map((node) => node.number));
    const workload = new Workload(cluster, createSeededRandom(`workload-${seed}`));
    for (let step = 0; step < 400; step++) workload.step();
    workload.finish();
    assert.ok(workload.acknowledged.size > 50, `only ${workload.acknowledged.size} proposals were acknowledged`);
    assert.ok(workload.readsConfirmed > 20);
  });
}
