// Idle groups cost nothing and wake when they must.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCluster } from "./test-cluster.ts";

function quietCluster(seed: number): TestCluster {
  const cluster = new TestCluster({ seed, nodes: 3, limits: { quietAfterTicks: 10 } });
  cluster.createGroup(7, [1, 2, 3]);
  cluster.awaitLeader(7);
  cluster.clock.until(() => cluster.nodes.every((node) => node.status(7)!.quiet), 5000, "the group is quiet");
  return cluster;
}

test("an idle group goes quiet on all nodes, stays so, and exchanges nothing of its own", () => {
  const cluster = quietCluster(40);
  const { term } = cluster.node(1).status(7)!;
  let beats = 0;
  cluster.network.filter = (message) => {
    assert.equal(message.kind, "heartbeats");
    if (message.kind === "heartbeats") beats += message.beats.length;
    return message;
  };
  cluster.clock.advance(60_000);
  assert.equal(beats, 0);
  for (const node of cluster.nodes) {
    assert.equal(node.status(7)!.quiet, true);
    assert.equal(node.status(7)!.term, term);
  }
});

test("a proposal and a read wake a quiet group", () => {
  const cluster = quietCluster(41);
  const leader = cluster.leaderOf(7)!;
  assert.equal(cluster.propose(leader, 7, "awake").kind, "applied");
  assert.equal(leader.status(7)!.quiet, false);
  cluster.clock.until(() => cluster.nodes.every((node) => node.status(7)!.quiet), 5000, "quiet again");
  assert.equal(cluster.read(leader, 7).kind, "confirmed");
});

test("the crash of a quiet leader's node is noticed by the broken connection", () => {
  const cluster = quietCluster(42);
  cluster.leaderOf(7)!.crash();
  const took = cluster.clock.until(() => cluster.leaderOf(7) !== undefined, 5000, "a new leader");
  assert.ok(took < 1000, `failover took ${took} ms`);
});

test("a quiet leader's node that only falls silent is noticed after an election timeout", () => {
  const cluster = quietCluster(43);
  const leader = cluster.leaderOf(7)!;
  for (const node of cluster.nodes) if (node !== leader) cluster.network.cut(leader.number, node.number);
  const took = cluster.clock.until(() => cluster.leaderOf(7) !== leader, 10_000, "a new leader");
  assert.ok(took < 3000, `failover took ${took} ms`);
});

test("a learner leaves it to the voters to follow a leader whose node is gone", () => {
  const cluster = new TestCluster({ seed: 46, nodes: 4 });
  cluster.createGroup(0, [1, 2, 3]);
  const leader = cluster.awaitLeader(0);
  const learner = cluster.addEmptyReplica(0, 4, 2);
  cluster.change(leader, 0, [{ kind: "add-learner", replica: learner }]);
  cluster.clock.until(() => cluster.node(4).status(0)?.initialised === true, 10_000, "the learner has its state");
  leader.crash();
  assert.notEqual(cluster.awaitLeader(0).number, 4);
});

test("the control plane's group never goes quiet", () => {
  const cluster = new TestCluster({ seed: 44, nodes: 3, limits: { quietAfterTicks: 10 } });
  cluster.createGroup(0, [1, 2, 3]);
  cluster.awaitLeader(0);
  cluster.clock.advance(10_000);
  for (const node of cluster.nodes) assert.equal(node.status(0)!.quiet, false);
});

test("a follower that missed an entry does not go quiet and keeps its leader awake until it has it", () => {
  const cluster = quietCluster(45);
  const leader = cluster.leaderOf(7)!;
  const behind = cluster.nodes.find((node) => node !== leader)!;
  behind.crash();
  assert.equal(cluster.propose(leader, 7, "missed").kind, "applied");
  cluster.clock.advance(5000);
  assert.equal(leader.status(7)!.quiet, false);
  behind.start();
  cluster.clock.until(() => cluster.nodes.every((node) => node.status(7)!.quiet), 10_000, "all quiet");
  assert.deepEqual(cluster.stored(behind, 7), cluster.stored(leader, 7));
});
