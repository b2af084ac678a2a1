import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeOfReplica, replicaIdOf } from "../src/host-api.ts";

test("a replica's node is in its id, and replica 0, which is none, is on node 0, which is none", () => {
  assert.equal(nodeOfReplica(replicaIdOf(7, 12)), 12);
  assert.equal(nodeOfReplica(0), 0);
});
