import { test } from "node:test";
import assert from "node:assert/strict";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { NodeState } from "../src/cluster-map.ts";
import { FakeCluster } from "./fake-cluster.ts";

const three = { a: 2, b: 2, c: 2 };
const quick = { nodeDeadAfterMs: 3000, nodeLiveWithinMs: 1000 };

function assertPlaced(cluster: FakeCluster, without: string): void {
  const lost = cluster.node(without).number;
  for (const partition of cluster.map.partitions) {
    assert.equal(partition.voters.length, 3);
    assert.equal(new Set(cluster.zonesOf(partition)).size, 3);
    assert.ok(partition.voters.every((voter) => nodeOfReplica(voter) !== lost), `${without} still has a replica`);
  }
}

test("the replicas of a dead node are replaced in the same zone, and the node returns to none of them", () => {
  const cluster = new FakeCluster({ seed: 1, zones: three, autoadmin: { ...quick, replicaImbalanceMin: 0 } });
  cluster.createTable("one");
  cluster.createTable("two");
  cluster.kill("node-b2");
  cluster.run(2000);
  assert.equal(cluster.map.partitions.filter((partition) => partition.replacing !== undefined).length, 0);
  cluster.runUntil(() => cluster.map.nodes.some((node) => node.name === "node-b2" && node.state === "down")
    && cluster.isSettled(), 30_000, "repaired");
  assertPlaced(cluster, "node-b2");
  assert.equal(cluster.map.nodes.find((node) => node.name === "node-b2")?.state, "down");
  cluster.restart("node-b2");
  cluster.run(300);
  assert.equal(cluster.node("node-b2").held.size, 0);
  cluster.run(3000);
  assert.equal(cluster.map.nodes.find((node) => node.name === "node-b2")?.state, "up");
});

test("a node that is only away for a moment keeps its replicas", () => {
  const cluster = new FakeCluster({ seed: 2, zones: three, autoadmin: quick });
  cluster.createTable("one");
  const before = cluster.map.partitions;
  cluster.kill("node-b2");
  cluster.run(2500);
  cluster.restart("node-b2");
  cluster.run(5000);
  assert.deepEqual(cluster.map.partitions, before);
});

test("when a whole zone is gone nothing is moved, however long it takes", () => {
  const cluster = new FakeCluster({ seed: 3, zones: three, autoadmin: quick });
  cluster.createTable("one");
  const before = cluster.map.partitions;
  cluster.kill("node-c1");
  cluster.kill("node-c2");
  cluster.run(60_000);
  assert.deepEqual(cluster.map.partitions, before);
  assert.ok(cluster.instructed.every(({ instruction }) => instruction.kind === "transfer-leader"));
});

test("a node that comes back with an empty disk gets a new number, and new replicas in its old places", () => {
  const cluster = new FakeCluster({ seed: 4, zones: { a: 1, b: 1, c: 1 }, autoadmin: quick });
  cluster.createTable("one");
  const old = cluster.node("node-c1").number;
  cluster.kill("node-c1");
  cluster.loseDisk("node-c1");
  cluster.restart("node-c1");
  cluster.runUntil(() => cluster.isSettled()
    && cluster.map.partitions.every((partition) => partition.voters.every((voter) => nodeOfReplica(voter) !== old)),
  30_000, "every replica is on the new number");
  assert.notEqual(cluster.node("node-c1").number, old);
  for (const partition of cluster.map.partitions) assert.equal(new Set(cluster.zonesOf(partition)).size, 3);
  cluster.run(2000);
  assert.equal(cluster.map.nodes.find((node) => node.number === old), undefined, "nothing mentions the old number");
});

test("the control plane's own replica is replaced when its node dies, even the leader's", () => {
  const cluster = new FakeCluster({ seed: 13, zones: three, autoadmin: quick });
  cluster.createTable("one");
  const lost = cluster.nodes.find((node) => node.number === 1) as { name: string };
  assert.equal(cluster.control.leader, 1);
  cluster.kill(lost.name);
  cluster.runUntil(() => !cluster.control.voters.includes(1) && cluster.isSettled(), 30_000, "replaced");
  assert.equal(cluster.control.voters.length, 3);
  assert.equal(new Set(cluster.control.voters.map((voter) => cluster.zoneOfNumber(nodeOfReplica(voter)))).size, 3);
  assert.deepEqual(cluster.map.control?.voters.toSorted(), cluster.control.voters.toSorted());
  cluster.restart(lost.name);
  cluster.runUntil(() => !cluster.planes.has(1), 5000, "the old replica is destroyed");
});

test("a damaged replica is replaced on another node of its zone", () => {
  const cluster = new FakeCluster({ seed: 5, zones: three, autoadmin: { ...quick, replicaImbalanceMin: 0 } });
  cluster.createTable("one");
  const node = cluster.node("node-a1");
  const [group, held] = [...node.held][0] as [number, { replica: number; corrupted: boolean }];
  held.corrupted = true;
  cluster.runUntil(() => !node.held.has(group) && cluster.isSettled(), 10_000, "replaced");
  assert.ok(cluster.node("node-a2").held.has(group));
});

test("a damaged replica with no other node in its zone is taken out and made anew where it was", () => {
  const cluster = new FakeCluster({ seed: 6, zones: { a: 1, b: 1, c: 1 }, autoadmin: quick });
  cluster.createTable("one");
  const node = cluster.node("node-a1");
  const [group, held] = [...node.held][0] as [number, { replica: number; corrupted: boolean }];
  held.corrupted = true;
  const isAnew = (): boolean => {
    const now = node.held.get(group);
    return now !== undefined && now.replica !== held.replica && now.initialised;
  };
  cluster.runUntil(() => isAnew() && cluster.isSettled(), 20_000, "made anew");
  assert.equal(cluster.groups.get(group)?.voters.length, 3);
});

test("a replica that its node does not have is replaced like a damaged one", () => {
  const cluster = new FakeCluster({ seed: 7, zones: three, autoadmin: quick });
  cluster.createTable("one");
  const node = cluster.node("node-a1");
  const [group, held] = [...node.held][0] as [number, { replica: number }];
  node.held.delete(group);
  node.destroyed.add(`${group}/${held.replica}`);
  cluster.runUntil(() => !cluster.groups.get(group)?.voters.includes(held.replica) && cluster.isSettled(),
    20_000, "replaced");
});

test("a replacement whose new node dies is given up and started elsewhere", () => {
  const cluster = new FakeCluster({ seed: 8, zones: { a: 1, b: 1, c: 3 }, autoadmin: quick });
  cluster.createTable("one");
  const victim = cluster.nodes.find((node) => node.zone === "c" && node.held.size > 0);
  assert.ok(victim);
  cluster.kill(victim.name);
  cluster.runUntil(() => cluster.map.partitions.some((partition) => partition.replacing !== undefined), 10_000, "begun");
  const add = cluster.map.partitions.find((partition) => partition.replacing !== undefined)?.replacing?.add as number;
  const target = cluster.nodes.find((node) => node.number === nodeOfReplica(add));
  assert.ok(target);
  cluster.kill(target.name);
  cluster.runUntil(() => cluster.isSettled() && cluster.map.partitions.every((partition) =>
    partition.voters.every((voter) => ![victim.number, target.number].includes(nodeOfReplica(voter)))),
  60_000, "every replica is on the third node of the zone");
});

test("a draining node loses its leaderships and its replicas", () => {
  const cluster = new FakeCluster({ seed: 9, zones: three, autoadmin: quick });
  cluster.createTable("one");
  cluster.createTable("two");
  const node = cluster.node("node-b1");
  cluster.outcome({ operation: "SetNodeState", node: node.number, state: "draining" });
  cluster.runUntil(() => node.held.size === 0 && cluster.isSettled(), 60_000, "drained");
  assertPlaced(cluster, "node-b1");
});

test("an operator's drain is not undone by what the autoadmin planned before it", () => {
  const cluster = new FakeCluster({ seed: 9, zones: three });
  const { number } = cluster.node("node-b1");
  const set = (state: NodeState, from?: NodeState) =>
    cluster.outcome({ operation: "SetNodeState", node: number, state, ...(from === undefined ? {} : { from }) });
  set("draining");
  assert.equal(set("up", "down").ignored, true);
  assert.equal(set("down", "up").ignored, true);
  assert.equal(cluster.map.nodes.find((node) => node.number === number)?.state, "draining");
  assert.equal(set("up").node?.state, "up");
});

test("a cluster that grows to three nodes fills its partitions up to three replicas", () => {
  const cluster = new FakeCluster({ seed: 10, zones: { a: 1 }, autoadmin: quick });
  cluster.createTable("one");
  assert.ok(cluster.map.partitions.every((partition) => partition.voters.length === 1));
  cluster.addNode("node-b1", "b");
  cluster.addNode("node-c1", "c");
  cluster.runUntil(() => cluster.isSettled()
    && cluster.map.partitions.every((partition) => new Set(cluster.zonesOf(partition)).size === 3), 30_000, "filled up");
});

test("a node that joins takes replicas over from the fuller nodes of its zone only", () => {
  const cluster = new FakeCluster({ seed: 11, zones: { a: 1, b: 1, c: 1 }, autoadmin: quick });
  for (const name of ["one", "two", "three"]) cluster.createTable(name);
  const joined = cluster.addNode("node-c2", "c");
  cluster.run(60_000);
  assert.equal(cluster.node("node-a1").held.size, 12);
  assert.ok(joined.held.size >= 5 && joined.held.size <= 7, `${joined.held.size} of 12`);
  assert.ok(cluster.isSettled());
});

test("leaderships even out, and then stay where they are", () => {
  const cluster = new FakeCluster({ seed: 12, zones: three, autoadmin: quick });
  for (const name of ["one", "two", "three"]) cluster.createTable(name);
  for (const [id, group] of cluster.groups) {
    const onZoneA = group.voters.find((voter) => cluster.zoneOfNumber(nodeOfReplica(voter)) === "a");
    assert.ok(onZoneA, `group ${id} has no replica in zone a`);
    group.leader = onZoneA;
    group.term++;
  }
  const isEven = (): boolean => {
    const counts = [...cluster.leadersByNode().values()];
    // Two nodes that share no partition can differ by more than one: no single transfer evens them out.
    return Math.max(...counts) - Math.min(...counts) <= 2;
  };
  cluster.runUntil(isEven, 60_000, "even");
  const transfers = cluster.instructed.length;
  cluster.run(60_000);
  assert.equal(cluster.instructed.length, transfers);
});

test("a repair goes on whatever happens to the leader of group 0 in between", () => {
  for (let seed = 0; seed < 25; seed++) {
    const cluster = new FakeCluster({ seed: `leaders-${seed}`, zones: three, autoadmin: quick });
    cluster.createTable("one");
    cluster.kill("node-c2");
    cluster.run(3000);
    for (let change = 0; change < 15; change++) {
      cluster.clock.advance(cluster.random.integer(50));
      cluster.control.elect(cluster.random.pick(cluster.control.candidates()));
      cluster.run(cluster.random.pick([100, 300, 1000, 3500]));
    }
    const lost = cluster.node("node-c2").number;
    cluster.runUntil(() => cluster.isSettled() && cluster.map.partitions.every((partition) =>
      partition.voters.every((voter) => nodeOfReplica(voter) !== lost)), 60_000, `repaired (seed ${seed})`);
    assertPlaced(cluster, "node-c2");
  }
});

test("a table made while a zone is away counts on it, so that each of its replicas may be lost", () => {
  const cluster = new FakeCluster({ seed: 9, zones: three, autoadmin: quick });
  cluster.kill("node-c1");
  cluster.kill("node-c2");
  const isDown = (name: string): boolean => cluster.map.nodes.some((node) => node.name === name && node.state === "down");
  cluster.runUntil(() => isDown("node-c1") && isDown("node-c2"), 30_000, "the zone is known to be away");
  cluster.createTable("orders");
  for (const partition of cluster.map.partitions) assert.equal(new Set(cluster.zonesOf(partition)).size, 3);
});
