// The life of a group in good times and through crashes of its nodes.
import assert from "node:assert/strict";
import { test } from "node:test";
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
