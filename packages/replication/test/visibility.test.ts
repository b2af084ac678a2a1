// Who may speak when: reads wait until what they were confirmed for is applied, and a new leader decides only once an
// entry of its own term is.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import { ApplyPipeline } from "../src/apply-pipeline.ts";
import type { Group } from "../src/group.ts";
import type { ReadResult } from "../src/host-api.ts";
import { newCounters, type HostContext } from "../src/host-context.ts";
import { defaultReplicationLimits } from "../src/limits.ts";
import { PendingReads } from "../src/pending-reads.ts";

test("a confirmed read is served when its index is applied, not before", () => {
  const reads = new PendingReads();
  const results: ReadResult[] = [];
  reads.ask((result) => results.push(result));
  reads.begin(1);
  reads.confirm({ id: 1, index: 5 }, 4);
  assert.deepEqual(results, []);
  reads.appliedThrough(4);
  assert.deepEqual(results, []);
  reads.appliedThrough(5);
  assert.deepEqual(results, [{ kind: "confirmed", index: 5 }]);
});

test("a confirmed read whose index is applied already is served at once", () => {
  const reads = new PendingReads();
  const results: ReadResult[] = [];
  reads.ask((result) => results.push(result));
  reads.begin(1);
  reads.confirm({ id: 1, index: 5 }, 5);
  assert.deepEqual(results, [{ kind: "confirmed", index: 5 }]);
});

/** A leader of term 3 that still has entries of term 2 to apply, with only what the pipeline looks at. */
function newLeader(ready: number[]): Group {
  return {
    id: 7, role: "leader", term: 3, readyTerm: 0, incarnation: 0, closed: false, loading: false, receiving: false,
    committed: [],
    applied: { index: 10, term: 2, config: emptyConfig },
    raft: { applied() {} },
    machine: { apply: () => undefined, appliedThrough() {}, leaderReady: (term: number) => ready.push(term) },
    waiters: { applied() {} },
    reads: { appliedThrough() {} },
  } as unknown as Group;
}

test("a new leader may decide only once an entry of its own term is visible", () => {
  const written: { readonly operations: readonly WriteOperation[]; readonly done: () => void }[] = [];
  const context = {
    limits: { ...defaultReplicationLimits, applyBatchEntriesMax: 1 },
    counters: newCounters(),
    engine: { write: (operations: readonly WriteOperation[], done: () => void) => written.push({ operations, done }) },
    touch() {},
  } as unknown as HostContext;
  const pipeline = new ApplyPipeline(context);
  const ready: number[] = [];
  const data = Buffer.from("x");
  pipeline.enqueue(newLeader(ready), [
    { index: 11, term: 2, kind: "normal", data },
    { index: 12, term: 2, kind: "normal", data },
    { index: 13, term: 3, kind: "normal", data: new Uint8Array(0) },
  ]);
  pipeline.kick();
  written.shift()?.done();
  written.shift()?.done();
  assert.deepEqual(ready, [], "two entries of the term before are applied");
  assert.equal(written.length, 1);
  assert.deepEqual(ready, [], "the third is not visible yet");
  written.shift()?.done();
  assert.deepEqual(ready, [3]);
});
