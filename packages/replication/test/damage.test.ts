// State that is not what the log says: a replica with a damaged log stays closed wherever the damage is, and a snapshot
// replaces all that was there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { itemKey } from "./list-machine.ts";
import { TestCluster, type TestNode } from "./test-cluster.ts";

function follower(cluster: TestCluster, leader: TestNode): TestNode {
  const found = cluster.nodes.find((node) => node !== leader);
  assert(found !== undefined);
  return found;
}

test("a replica stays closed wherever in its log the damage is", () => {
  let damagedBeyondTheEngine = 0;
  for (const share of [0.3, 0.4, 0.5, 0.6, 0.7]) {
    const cluster = new TestCluster({ seed: Math.round(share * 100), nodes: 3 });
    cluster.createGroup(7, [1, 2, 3]);
    const leader = cluster.awaitLeader(7);
    for (let i = 0; i < 30; i++) cluster.propose(leader, 7, `item ${i}`);
    const damaged = follower(cluster, leader);
    cluster.clock.advance(100);
    damaged.crash();
    const name = damaged.logDisk.names().find((each) => each.startsWith("log-0")) as string;
    const size = damaged.logDisk.content(name)?.length ?? 0;
    damaged.logDisk.flipByte(name, Math.floor(size * share));
    damaged.start();
    const wasDamaged = damaged.logStore.corrupted.length > 0;
    cluster.clock.advance(2000);
    if (!wasDamaged) continue;
    damagedBeyondTheEngine++;
    assert.notEqual(damaged.status(7)?.initialised, true, `with damage at ${share} of the log`);
    assert.equal(damaged.status(7)?.role ?? "follower", "follower");
    assert.equal(damaged.host.stats().closed.length, 1);
    assert.equal(damaged.host.stats().groups, 0);
  }
  assert.ok(damagedBeyondTheEngine >= 3, "the damage was noticed in most cases");
});

test("a snapshot leaves nothing of what the replica held before", () => {
  const limits = { compactionPeriodMs: 200, flushAfterBytes: 1, logTailEntries: 2, logEntriesMax: 20 };
  const cluster = new TestCluster({ seed: 41, nodes: 3, limits });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = follower(cluster, leader);
  cluster.propose(leader, 7, "together");
  cluster.clock.advance(1000);
  // What an entry made that a later one, which this replica never sees, has deleted.
  const key = itemKey(7, 1);
  let isWritten = false;
  away.engine.write([{ kind: "put", key, value: Buffer.from("long gone") }], () => away.engine.flush(() => (isWritten = true)));
  cluster.clock.until(() => isWritten, 1000, "the old item is durable");
  away.crash();
  for (let i = 0; i < 100; i++) cluster.propose(leader, 7, `meanwhile ${i}`);
  cluster.clock.advance(2000);
  away.start();
  const [first, ...others] = cluster.converge(7);
  assert.ok(away.host.stats().snapshotsReceived > 0, "it came by a snapshot");
  for (const other of others) assert.deepEqual(other, first);
});
