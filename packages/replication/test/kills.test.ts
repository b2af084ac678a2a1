// A replica's node is killed between every two writes that it makes, to its log or to its engine, while it catches up by
// a snapshot and goes on by the log; of what its engine had not flushed all survives, or nothing. Whatever the moment,
// it comes back and ends with the state of the others.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicationLimits } from "../src/limits.ts";
import { TestCluster, type TestNode } from "./test-cluster.ts";

const limits: Partial<ReplicationLimits> = {
  compactionPeriodMs: 100,
  flushAfterBytes: 1,
  logTailEntries: 2,
  logEntriesMax: 10,
  snapshotChunkBytes: 100,
  applyBatchEntriesMax: 1,
};
const writesMin = 20;
const items = 70;

/** Kills the node when its write number `kill` from now on is done, before anybody hears of it. */
function killAtWrite(node: TestNode, kill: number, kept: "all" | "none"): { killed: boolean } {
  const state = { killed: false };
  let writes = 0;
  const counted = (done: () => void) => () => {
    if (++writes !== kill) return done();
    state.killed = true;
    node.crash(kept);
  };
  const { engine, logStore } = node;
  const write = engine.write.bind(engine);
  const append = logStore.append.bind(logStore);
  engine.write = (operations, done) => write(operations, counted(done));
  logStore.append = (groupWrites, done) => append(groupWrites, counted(done));
  return state;
}

/** False when the node makes fewer writes. */
function survivesKillAt(kill: number, kept: "all" | "none"): boolean {
  const cluster = new TestCluster({ seed: 31, nodes: 3, limits });
  cluster.createGroup(7, [1, 2, 3]);
  const leader = cluster.awaitLeader(7);
  const away = cluster.nodes.find((node) => node !== leader)!;
  let acknowledged = 0;
  const fill = (count: number): void => {
    const wanted = acknowledged + count;
    for (let i = 0; i < count; i++) {
      leader.host.propose(7, Buffer.from(`item ${i}`), ({ kind }) => (acknowledged += kind === "applied" ? 1 : NaN));
    }
    cluster.clock.until(() => acknowledged === wanted, 10_000, `${wanted} items are applied`);
  };
  away.crash();
  fill(50);
  cluster.clock.advance(1000);
  away.start();
  const state = killAtWrite(away, kill, kept);
  cluster.clock.until(() => state.killed || away.status(7)?.initialised === true, 10_000, "a kill or the snapshot");
  fill(items - 50);
  for (let waited = 0; waited < 20 && !state.killed; waited++) cluster.clock.advance(100);
  if (state.killed) away.start();
  const contents = cluster.converge(7);
  for (const content of contents) {
    assert.equal(content.length, items, `killed at write ${kill}, ${kept} kept`);
    assert.deepEqual(content, contents[0], `killed at write ${kill}, ${kept} kept`);
  }
  return state.killed;
}

for (const kept of ["all", "none"] as const) {
  test(`a replica comes back from a kill between any two of its writes, with ${kept} of what was not flushed`, () => {
    let kill = 1;
    while (survivesKillAt(kill, kept)) kill++;
    assert.ok(kill > writesMin, `only ${kill} writes`);
  });
}
