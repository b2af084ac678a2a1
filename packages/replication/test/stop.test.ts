// A host that stops while it works: its engine is closed next, and then nobody may ask it for anything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCluster, type TestNode } from "./test-cluster.ts";

/** Ends the node's process as a signal does, as soon as the engine is asked to write. */
function stopAtNextWrite(node: TestNode): { closed: boolean } {
  const state = { closed: false };
  const { engine, host } = node;
  const { write } = engine;
  engine.write = (operations, done) => {
    engine.write = write;
    engine.write(operations, done);
    host.stop(() => engine.close(() => (state.closed = true)));
  };
  return state;
}

test("a host that stops while it destroys a replica asks the engine for nothing afterwards", () => {
  const cluster = new TestCluster({ seed: 1, nodes: 1 });
  cluster.createGroup(1, [1]);
  const node = cluster.node(1);
  const state = stopAtNextWrite(node);
  node.host.destroyGroup(1, () => assert.fail("destroyed"));
  cluster.clock.until(() => state.closed, 1000, "the engine is closed");
});

test("a host that stops while it empties a replica for a snapshot asks the engine for nothing afterwards", () => {
  const cluster = new TestCluster({ seed: 1, nodes: 2 });
  cluster.createGroup(1, [1]);
  const leader = cluster.awaitLeader(1);
  const replica = cluster.addEmptyReplica(1, 2, 2);
  const state = stopAtNextWrite(cluster.node(2));
  cluster.change(leader, 1, [{ kind: "add-learner", replica }]);
  cluster.clock.until(() => state.closed, 5000, "the engine is closed");
});
