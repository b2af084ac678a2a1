// The life of a group in good times and through crashes of its nodes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import { appliedRange, decodeAppliedKey } from "@azimuth/storage/keys/applied-key.ts";
import { replicaIdOf } from "../src/host-api.ts";
import { TestCluster } from "./test-cluster.ts";

test("three hosts elect a leader, replicate a proposal and apply it everywhere", () => {
  const cluster = new TestCluster({ seed: 1, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const result = cluster.propose(leader, 7, "hello");
  assert.equal(result.kind, "applied");
  assert.equal(result.kind === "applied" && result.value, 1);
  const [first, ...others] = cluster.converge(7);
  assert.equal(first?.length, 1);
  for (const other of others) assert.deepEqual(other, first);
});

test("a new group has a leader at once, in each group another founder, also when the others come later", () => {
  const cluster = new TestCluster({ seed: 5, nodes: 3 });
  for (const group of [6, 7, 8]) {
    const begunAt = cluster.clock.now();
    cluster.createGroup(group, [1, 2, 3]);
    const leader = cluster.awaitLeader(group);
    assert.equal(leader.number, (group % 3) + 1);
    assert.ok(cluster.clock.now() - begunAt < 100, `group ${group} took ${cluster.clock.now() - begunAt} ms`);
  }
  const voters = [1, 2, 3].map((node) => replicaIdOf(1, node));
  const create = (number: number): void => {
    const { host } = cluster.node(number);
    const machine = cluster.node(number).machine(9);
    host.createGroup({ group: 9, replica: replicaIdOf(1, number), bootstrap: { ...emptyConfig, voters }, machine }, () => {});
  };
  create(1);
  cluster.clock.advance(220);
  const lateAt = cluster.clock.now();
  create(2);
  assert.equal(cluster.awaitLeader(9).number, 1);
  assert.ok(cluster.clock.now() - lateAt < 100, `the first pair took ${cluster.clock.now() - lateAt} ms`);
});

test("a heartbeat costs its receiver one turn, and a bare sign of life none", () => {
  const cluster = new TestCluster({ seed: 6, nodes: 3, limits: { quietAfterTicks: 0 } });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  cluster.converge(7);
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const { term, commit, replica } = leader.status(7)!;
  const beat = {
    group: 7, from: replica, to: follower.status(7)!.replica, term, commit, readPosition: 0, response: false, quiesce: false,
  };
  const turnsFor = (beats: readonly (typeof beat)[]): number => {
    cluster.clock.advance(1);
    const before = follower.host.stats().turns;
    follower.host.handleMessage(leader.number, { kind: "heartbeats", beats });
    cluster.clock.advance(0.001);
    return follower.host.stats().turns - before;
  };
  assert.equal(turnsFor([beat]), 1);
  assert.equal(turnsFor([]), 0);
});

test("a proposal at a follower is answered with the leader", () => {
  const cluster = new TestCluster({ seed: 2, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  cluster.converge(7);
  const follower = cluster.nodes.find((node) => node !== leader)!;
  assert.deepEqual(cluster.propose(follower, 7, "no"), {
    kind: "not-leader",
    leader: leader.status(7)!.replica,
  });
});

test("after the leader crashes another one takes over within a second and nothing acknowledged is lost", () => {
  const cluster = new TestCluster({ seed: 3, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  for (let i = 0; i < 20; i++) assert.equal(cluster.propose(leader, 7, `before ${i}`).kind, "applied");
  leader.crash();
  const crashedAt = cluster.clock.now();
  const next = cluster.awaitLeader(7);
  assert.ok(cluster.clock.now() - crashedAt < 1000, `failover took ${cluster.clock.now() - crashedAt} ms`);
  assert.equal(cluster.propose(next, 7, "after").kind, "applied");
  leader.start();
  const [first, ...others] = cluster.converge(7);
  assert.equal(first?.length, 21);
  for (const other of others) assert.deepEqual(other, first);
});

test("a node that crashes before its engine was flushed applies the log again, each entry once", () => {
  const cluster = new TestCluster({ seed: 4, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 10; i++) cluster.propose(leader, 7, `${round}/${i}`);
    const follower = cluster.nodes.find((node) => node.alive && cluster.leaderOf(7) !== node)!;
    follower.crash();
    follower.start();
    const [first, ...others] = cluster.converge(7);
    assert.equal(first?.length, (round + 1) * 10);
    for (const other of others) assert.deepEqual(other, first);
    for (const node of cluster.nodes) {
      assert.deepEqual(node.machines.get(7)!.items.map((item) => `${item.index}:${item.text}`), first);
    }
  }
});

test("a replica that starts again replays until it has applied what it knew to be committed", () => {
  const cluster = new TestCluster({ seed: 4, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  for (let i = 0; i < 10; i++) cluster.propose(leader, 7, String(i));
  cluster.converge(7);
  const follower = cluster.nodes.find((node) => node !== leader)!;
  follower.crash("none");
  const known = follower.logStore.group(7)!.hardState.commit;
  assert.ok(known > 1);
  follower.start();
  const seen: boolean[] = [];
  for (let looks = 0; looks < 100_000 && seen.at(-1) !== false; looks++) {
    cluster.clock.advance(0.01);
    const status = follower.status(7);
    if (status?.initialised !== true) continue;
    assert.equal(status.replaying, status.applied < known);
    if (status.replaying !== seen.at(-1)) seen.push(status.replaying);
  }
  assert.deepEqual(seen, [true, false]);
});

test("all nodes crash at once and come back with everything that was acknowledged", () => {
  const cluster = new TestCluster({ seed: 5, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  for (let i = 0; i < 30; i++) cluster.propose(leader, 7, `item ${i}`);
  for (const node of cluster.nodes) node.crash();
  for (const node of cluster.nodes) node.start();
  cluster.awaitLeader(7);
  const [first, ...others] = cluster.converge(7);
  assert.equal(first?.length, 30);
  for (const other of others) assert.deepEqual(other, first);
});

test("a read index is confirmed by the leader once everything before is applied, and refused elsewhere", () => {
  const cluster = new TestCluster({ seed: 6, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  cluster.propose(leader, 7, "x");
  const read = cluster.read(leader, 7);
  assert.equal(read.kind, "confirmed");
  assert.ok(read.kind === "confirmed" && read.index <= leader.status(7)!.applied);
  const follower = cluster.nodes.find((node) => node !== leader)!;
  assert.equal(cluster.read(follower, 7).kind, "not-leader");
});

test("a leader cut off from its followers confirms no read and answers its proposals unknown", () => {
  const cluster = new TestCluster({ seed: 7, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  cluster.converge(7);
  for (const node of cluster.nodes) if (node !== leader) cluster.network.cut(leader.number, node.number);
  assert.equal(cluster.propose(leader, 7, "lost?").kind, "unknown");
  assert.equal(cluster.read(leader, 7).kind, "not-leader");
});

test("an overwritten proposal is answered as superseded once its place is taken", () => {
  const cluster = new TestCluster({ seed: 8, nodes: 3, limits: { orphanedProposalTicks: 1000 } });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  cluster.converge(7);
  const others = cluster.nodes.filter((node) => node !== leader);
  for (const node of others) cluster.network.cut(leader.number, node.number);
  const results: string[] = [];
  leader.host.propose(7, new Uint8Array([1]), (result) => results.push(result.kind));
  cluster.clock.until(() => others.includes(cluster.leaderOf(7)!), 10_000, "the others elect a leader");
  assert.equal(cluster.propose(cluster.leaderOf(7)!, 7, "theirs").kind, "applied");
  cluster.network.heal();
  cluster.converge(7);
  assert.deepEqual(results, ["dropped"]);
});

test("fifty groups that propose at once share their syncs and their engine batches", () => {
  const cluster = new TestCluster({ seed: 9, nodes: 3 });
  const groups = Array.from({ length: 50 }, (_, i) => i + 1);
  for (const group of groups) cluster.createGroup(group, [1, 2, 3]);
  for (const group of groups) cluster.awaitLeader(group);
  cluster.clock.advance(1000);
  const before = cluster.nodes.map((node) => node.host.stats());
  let left = groups.length;
  for (const group of groups) {
    cluster.leaderOf(group)!.host.propose(group, new Uint8Array([group]), (result) => {
      assert.equal(result.kind, "applied");
      left--;
    });
  }
  cluster.clock.until(() => left === 0, 5000, "all are applied");
  cluster.nodes.forEach((node, at) => {
    const stats = node.host.stats();
    assert.ok(stats.logWrites - before[at]!.logWrites <= 8, `${stats.logWrites - before[at]!.logWrites} syncs`);
    assert.ok(stats.engineBatches - before[at]!.engineBatches <= 16);
  });
});

test("a drained node hands its leaderships over", () => {
  const cluster = new TestCluster({ seed: 10, nodes: 3 });
  for (const group of [1, 2, 3, 4, 5, 6]) cluster.createGroup(group, [1, 2, 3]);
  for (const group of [1, 2, 3, 4, 5, 6]) cluster.awaitLeader(group);
  cluster.clock.advance(500);
  const node = cluster.leaderOf(1)!;
  let drained = false;
  node.host.drain(() => (drained = true));
  cluster.clock.until(() => drained, 5000, "the node is drained");
  assert.equal(node.host.stats().leaders, 0);
});

test("nodes that are all drained at once do not throw their leaderships to and fro", () => {
  const cluster = new TestCluster({ seed: 11, nodes: 3 });
  const groups = Array.from({ length: 12 }, (_, position) => position + 1);
  for (const group of groups) cluster.createGroup(group, [1, 2, 3]);
  for (const group of groups) cluster.awaitLeader(group);
  cluster.clock.advance(500);
  const termsNow = (): number[] =>
    groups.map((group) => Math.max(...cluster.nodes.map((node) => node.status(group)!.term)));
  const before = termsNow();
  let drained = 0;
  for (const node of cluster.nodes) node.host.drain(() => drained++);
  cluster.clock.until(() => drained === 3, 5000, "the nodes are drained");
  const risen = termsNow().map((term, position) => term - (before[position] as number));
  assert(Math.max(...risen) <= 4, `terms rose by ${risen.join()}`);
});

test("a destroyed group leaves nothing in the engine and its replica must not come back", () => {
  const cluster = new TestCluster({ seed: 11, nodes: 1 });
  cluster.createGroup(7, [1]);
  const node = cluster.awaitLeader(7);
  cluster.propose(node, 7, "x");
  let destroyed = false;
  node.host.destroyGroup(7, () => (destroyed = true));
  assert.deepEqual(node.host.groups(), []);
  assert.equal(cluster.propose(node, 7, "y").kind, "not-leader");
  cluster.clock.until(() => destroyed, 1000, "the group is destroyed");
  assert.deepEqual(cluster.stored(node, 7), []);
  node.crash();
  node.start();
  cluster.clock.advance(100);
  assert.deepEqual(node.host.groups(), []);
  assert.throws(() => cluster.addEmptyReplica(7, 1, 1), /was removed/);
});

test("a replica whose creation a crash cut short before the log knew it leaves nothing", () => {
  const cluster = new TestCluster({ seed: 14, nodes: 1 });
  const node = cluster.node(1);
  cluster.createGroup(8, [1]);
  cluster.awaitLeader(8);
  const applied = (): readonly number[] => {
    let groups: readonly number[] | undefined;
    const iterator = node.engine.iterate(appliedRange());
    iterator.next(1000, (pairs) => (groups = pairs.map(({ key }) => decodeAppliedKey(key))));
    cluster.clock.until(() => groups !== undefined, 1000, "the engine is read");
    return groups as readonly number[];
  };
  const replica = replicaIdOf(1, 1);
  const bootstrap = { ...emptyConfig, voters: [replica] };
  const unknown = (): void => assert.fail("the group was created");
  node.host.createGroup({ group: 7, replica, bootstrap, machine: node.machine(7) }, unknown);
  node.logStore.append = () => node.crash("all");
  cluster.clock.until(() => !node.alive, 1000, "the log is to be written");
  node.start();
  assert.deepEqual(applied(), [7, 8]);
  cluster.clock.advance(100);
  assert.deepEqual(applied(), [8]);
  cluster.createGroup(7, [1]);
  node.crash();
  node.start();
  cluster.clock.advance(100);
  assert.deepEqual(applied(), [7, 8]);
});

test("a stopped host answers what waits as unknown and writes nothing more", () => {
  const cluster = new TestCluster({ seed: 12, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const results: string[] = [];
  leader.host.propose(7, new Uint8Array([1]), (result) => results.push(result.kind));
  let stopped = false;
  leader.host.stop(() => (stopped = true));
  assert.deepEqual(results, ["unknown"]);
  cluster.clock.until(() => stopped, 1000, "the host is stopped");
  const { appends } = leader.logStore.stats();
  leader.logStore.close();
  cluster.clock.advance(20_000);
  assert.equal(leader.logStore.stats().appends, appends);
});

test("the loss of the leader's node is made good within a few ticks in nearly all cases", () => {
  let slow = 0;
  for (let seed = 100; seed < 130; seed++) {
    const cluster = new TestCluster({ seed, nodes: 3 });
    cluster.createGroup(7, [1, 2, 3]);
    cluster.awaitLeader(7).crash();
    if (cluster.clock.until(() => cluster.leaderOf(7) !== undefined, 10_000, "a new leader") > 150) slow++;
  }
  assert.ok(slow <= 3, `${slow} of 30 failovers took longer than 150 ms`);
});

test("a leader that falls silent, its connections unbroken, is made good within seconds", () => {
  for (let seed = 130; seed < 140; seed++) {
    const cluster = new TestCluster({ seed, nodes: 3 });
    cluster.createGroup(7, [1, 2, 3]);
    const silent = cluster.awaitLeader(7);
    const term = silent.status(7)!.term;
    for (const other of cluster.nodes) if (other !== silent) cluster.network.cut(silent.number, other.number);
    const another = (): boolean => (cluster.leaderOf(7)?.status(7)?.term ?? 0) > term;
    const took = cluster.clock.until(another, 60_000, "another leader");
    assert.ok(took < 4000, `it took ${took} ms`);
  }
});

test("a replica whose log is damaged takes no part, is reported, and can be destroyed", () => {
  const cluster = new TestCluster({ seed: 13, nodes: 3 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  for (let i = 0; i < 30; i++) cluster.propose(leader, 7, `item ${i}`);
  const damaged = cluster.nodes.find((node) => node !== leader)!;
  cluster.clock.advance(100);
  damaged.crash();
  const [name] = damaged.logDisk.names();
  damaged.logDisk.flipByte(name!, 600);
  damaged.start();
  cluster.clock.advance(5000);
  assert.deepEqual(damaged.host.stats().closed.map(({ group }) => group), [7]);
  assert.notEqual(damaged.status(7)?.initialised, true);
  assert.equal(cluster.propose(cluster.awaitLeader(7), 7, "with the other two").kind, "applied");
  let destroyed = false;
  damaged.host.destroyGroup(7, () => (destroyed = true));
  cluster.clock.until(() => destroyed, 1000, "the damaged replica is destroyed");
  assert.deepEqual(damaged.host.stats().closed, []);
  assert.deepEqual(cluster.stored(damaged, 7), []);
});

test("a status tells the configuration as of what it says is applied", () => {
  const cluster = new TestCluster({ seed: 31, nodes: 4 });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const replica = cluster.addEmptyReplica(7, 4, 2);
  const change = { kind: "change" as const, steps: [{ kind: "add-learner" as const, replica }], context: new Uint8Array(0) };
  let changedAt: number | undefined;
  let earliest = Infinity;
  leader.host.proposeConfigChange(7, change, (result) => {
    assert(result.kind === "applied");
    changedAt = result.index;
  });
  cluster.clock.until(() => {
    const { config, applied } = leader.status(7)!;
    if (config.learners.length > 0) earliest = Math.min(earliest, applied);
    return changedAt !== undefined;
  }, 10_000, "the change is applied");
  cluster.clock.advance(100);
  assert.equal(leader.status(7)!.config.learners.length, 1);
  assert(earliest >= (changedAt as unknown as number), `${earliest} is before the change`);
});
