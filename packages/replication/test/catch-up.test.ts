// Replicas that fell behind: by the log when it still has what they need, by a snapshot otherwise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import { replicaIdOf } from "../src/host-api.ts";
import type { ReplicationLimits } from "../src/limits.ts";
import { itemKey } from "./list-machine.ts";
import { TestCluster, type TestNode } from "./test-cluster.ts";

/** Flushes and cuts the log all the time, so that a short absence needs a snapshot. */
const eagerCompaction: Partial<ReplicationLimits> = {
  compactionPeriodMs: 200,
  flushAfterBytes: 1,
  logTailEntries: 2,
  logEntriesMax: 20,
  snapshotChunkBytes: 200,
};

const slowSnapshots = { ...eagerCompaction, snapshotBytesPerSecond: 5000 };

function fill(cluster: TestCluster, node: TestNode, count: number, label: string): void {
  let left = count;
  for (let i = 0; i < count; i++) {
    node.host.propose(7, Buffer.from(`${label} ${i}`), (result) => {
      assert.equal(result.kind, "applied");
      left--;
    });
  }
  cluster.clock.until(() => left === 0, 10_000, `${label} is applied`);
}

function assertAgreement(cluster: TestCluster, items: number): void {
  const [first, ...others] = cluster.converge(7);
  assert.equal(first?.length, items);
  for (const other of others) assert.deepEqual(other, first);
}

function snapshots(cluster: TestCluster): number {
  return cluster.alive.reduce((sum, node) => sum + node.host.stats().snapshotsReceived, 0);
}

test("a follower that was away for a short time catches up from the log", () => {
  const cluster = new TestCluster({ seed: 20, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 300, "meanwhile");
  away.start();
  assertAgreement(cluster, 300);
  assert.equal(snapshots(cluster), 0);
});

test("a follower whose entries were cut off gets a snapshot and then follows the log", () => {
  const cluster = new TestCluster({ seed: 21, nodes: 3, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  fill(cluster, leader, 10, "together");
  away.crash();
  fill(cluster, leader, 100, "meanwhile");
  cluster.clock.advance(2000);
  assert.ok(leader.status(7)!.firstIndex > 50, "the log was cut");
  away.start();
  cluster.clock.until(() => away.status(7)?.initialised === true && snapshots(cluster) === 1, 10_000, "a snapshot");
  fill(cluster, cluster.awaitLeader(7), 10, "after");
  assertAgreement(cluster, 120);
  assert.equal(away.machines.get(7)!.loads, 2);
  assert.deepEqual(away.machines.get(7)!.texts, leader.machines.get(7)!.texts);
});

test("a log is cut only below what the engine has made durable", () => {
  const limits = { ...eagerCompaction, flushAfterBytes: 1 << 30, flushAfterMs: 3_600_000 };
  const cluster = new TestCluster({ seed: 22, nodes: 3, limits });
  cluster.createGroup(7, [1, 2, 3]);
  fill(cluster, cluster.awaitLeader(7), 200, "item");
  cluster.clock.advance(5000);
  for (const node of cluster.nodes) assert.equal(node.status(7)!.firstIndex, 2);
});

test("a log is cut while its group is never at rest", () => {
  const cluster = new TestCluster({ seed: 28, nodes: 3, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const proposeForEver = (): void => void leader.host.propose(7, new Uint8Array(20), proposeForEver);
  for (let i = 0; i < 30; i++) proposeForEver();
  cluster.clock.advance(2000);
  for (const node of cluster.nodes) {
    const { firstIndex, lastIndex } = node.status(7)!;
    assert.ok(lastIndex > 1000 && firstIndex > lastIndex / 2, `${firstIndex} of ${lastIndex}`);
  }
});

test("the sender's crash in the middle of a snapshot leaves an empty replica that gets another one", () => {
  const cluster = new TestCluster({ seed: 23, nodes: 3, limits: slowSnapshots });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 150, "meanwhile");
  cluster.clock.advance(2000);
  away.start();
  cluster.clock.until(() => cluster.stored(away, 7).length > 20, 10_000, "part of the snapshot");
  assert.equal(away.status(7)!.initialised, false);
  leader.crash();
  leader.start();
  assertAgreement(cluster, 150);
});

test("the receiver's crash in the middle of a snapshot leaves an empty replica that gets another one", () => {
  const cluster = new TestCluster({ seed: 24, nodes: 3, limits: slowSnapshots });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  fill(cluster, leader, 10, "together");
  away.crash();
  fill(cluster, leader, 140, "meanwhile");
  cluster.clock.advance(2000);
  away.start();
  cluster.clock.until(() => cluster.stored(away, 7).length > 20, 10_000, "part of the snapshot");
  away.crash();
  away.start();
  cluster.clock.advance(10);
  assert.equal(away.status(7)!.initialised, false);
  assertAgreement(cluster, 150);
});

test("a log is not cut behind a snapshot that is under way, however long it takes", () => {
  const limits = { ...eagerCompaction, snapshotBytesPerSecond: 1000 };
  const cluster = new TestCluster({ seed: 30, nodes: 3, limits });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 150, "before");
  cluster.clock.advance(2000);
  away.start();
  const offeredAt = leader.status(7)!.lastIndex;
  cluster.clock.until(() => cluster.stored(away, 7).length > 5, 10_000, "part of the snapshot");
  fill(cluster, leader, 100, "meanwhile");
  cluster.clock.advance(1000);
  assert.equal(away.status(7)!.initialised, false);
  assert.ok(leader.status(7)!.firstIndex <= offeredAt + 1, `${leader.status(7)!.firstIndex}, not ${offeredAt}`);
  assertAgreement(cluster, 250);
  assert.equal(snapshots(cluster), 1);
  cluster.clock.advance(1000);
  assert.ok(leader.status(7)!.firstIndex > offeredAt + 50, "then it is cut");
});

test("a replica that is destroyed in the middle of a snapshot leaves nothing of it, nor of what is under way", () => {
  const cluster = new TestCluster({ seed: 29, nodes: 3, limits: slowSnapshots });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 150, "meanwhile");
  cluster.clock.advance(2000);
  away.start();
  cluster.clock.until(() => cluster.stored(away, 7).length > 20, 10_000, "part of the snapshot");
  assert.equal(away.status(7)!.initialised, false);
  let isDestroyed = false;
  away.engine.write([{ kind: "put", key: itemKey(7, 999), value: Buffer.from("under way") }], () => {});
  away.host.destroyGroup(7, () => (isDestroyed = true));
  cluster.clock.until(() => isDestroyed, 1000, "the replica is destroyed");
  cluster.clock.advance(1000);
  assert.deepEqual(cluster.stored(away, 7), []);
});

test("a broken connection in the middle of a snapshot starts another attempt", () => {
  const cluster = new TestCluster({ seed: 25, nodes: 3, limits: slowSnapshots });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 150, "meanwhile");
  cluster.clock.advance(2000);
  away.start();
  cluster.clock.until(() => cluster.stored(away, 7).length > 20, 10_000, "part of the snapshot");
  cluster.network.disconnect(leader.number, away.number);
  assertAgreement(cluster, 150);
});

test("a follower whose acknowledgements were lost with their connection needs no state", () => {
  const cluster = new TestCluster({ seed: 29, nodes: 3, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const { replica } = follower.status(7)!;
  cluster.network.filter = (message) =>
    message.kind === "raft" && message.message.type === "append-response" && message.message.from === replica
      ? undefined : message;
  fill(cluster, leader, 150, "together");
  cluster.clock.until(() => follower.status(7)!.applied === leader.status(7)!.applied, 10_000, "the follower has all");
  cluster.clock.until(() => leader.status(7)!.firstIndex > 50, 10_000, "the log is cut");
  cluster.network.filter = (message) => message;
  cluster.network.disconnect(leader.number, follower.number);
  const progress = () => leader.status(7)!.progress.find((each) => each.replica === replica);
  cluster.clock.until(() => progress()?.match === leader.status(7)!.lastIndex, 10_000, "the leader knows");
  assert.equal(snapshots(cluster), 0);
});

test("a damaged chunk is refused and the snapshot is sent again", () => {
  const cluster = new TestCluster({ seed: 26, nodes: 3, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  away.crash();
  fill(cluster, leader, 150, "meanwhile");
  cluster.clock.advance(2000);
  let damaged = 0;
  cluster.network.filter = (message) => {
    if (message.kind !== "snapshot-chunk" || message.sequence !== 3 || damaged++ > 0) return message;
    return { ...message, pairs: message.pairs.map(({ key }) => ({ key, value: new Uint8Array([0]) })) };
  };
  away.start();
  assertAgreement(cluster, 150);
  assert.ok(damaged >= 2);
});

test("a replica is replaced by a learner that catches up by snapshot and a joint change that swaps both", () => {
  const cluster = new TestCluster({ seed: 27, nodes: 4, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  let leader = cluster.awaitLeader(7);
  fill(cluster, leader, 50, "before");
  cluster.clock.advance(2000);
  const gone = cluster.nodes.find((node) => node !== leader && node.number <= 3)!;
  gone.crash();
  const replica = cluster.addEmptyReplica(7, 4, 2);
  assert.equal(cluster.change(leader, 7, [{ kind: "add-learner", replica }]).kind, "applied");
  cluster.clock.until(() => cluster.node(4).status(7)?.initialised === true, 10_000, "the learner has the state");
  leader = cluster.awaitLeader(7);
  const steps = [
    { kind: "add-voter", replica },
    { kind: "remove", replica: replicaIdOf(1, gone.number) },
  ] as const;
  assert.equal(cluster.change(leader, 7, steps).kind, "applied");
  const voters = [1, 2, 3].filter((node) => node !== gone.number).map((node) => replicaIdOf(1, node));
  const wanted = { ...emptyConfig, voters: [...voters, replica].toSorted((left, right) => left - right) };
  cluster.clock.until(() => {
    const config = cluster.leaderOf(7)?.status(7)?.config;
    return config?.votersOutgoing.length === 0 && config.voters.includes(replica);
  }, 10_000, "the joint configuration is left");
  const config = cluster.leaderOf(7)!.status(7)!.config;
  assert.deepEqual([...config.voters].toSorted((left, right) => left - right), wanted.voters);
  fill(cluster, cluster.awaitLeader(7), 10, "after");
  assertAgreement(cluster, 60);
});

test("a replica whose engine lost what the log no longer has stays closed until another replaces it", () => {
  const cluster = new TestCluster({ seed: 29, nodes: 3, limits: eagerCompaction });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  fill(cluster, leader, 100, "item");
  cluster.clock.advance(2000);
  const unlucky = cluster.nodes.find((node) => node !== leader)!;
  const lost = unlucky.status(7)!.replica;
  assert.ok(unlucky.status(7)!.firstIndex > 50);
  unlucky.crash();
  unlucky.loseEngine();
  unlucky.start();
  cluster.clock.advance(5000);
  assert.equal(unlucky.status(7)!.initialised, false);
  assert.deepEqual(unlucky.host.stats().closed.map(({ group }) => group), [7]);
  assert.equal(cluster.change(leader, 7, [{ kind: "remove", replica: lost }]).kind, "applied");
  unlucky.host.destroyGroup(7, () => {});
  const replica = cluster.addEmptyReplica(7, unlucky.number, 2);
  assert.equal(cluster.change(leader, 7, [{ kind: "add-voter", replica }]).kind, "applied");
  assertAgreement(cluster, 100);
});
