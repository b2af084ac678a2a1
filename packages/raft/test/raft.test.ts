// What the facade promises its host beyond what the transcripts show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { blankMessage } from "../src/core.ts";
import { encodeConfigChange } from "../src/membership/config-change-codec.ts";
import { emptyConfig } from "../src/membership/configuration.ts";
import { defaultRaftOptions } from "../src/options.ts";
import { Inflights } from "../src/replication/inflights.ts";
import type { Entry, Message } from "../src/types.ts";
import { SimulatedReplica, type ReplicaLimits } from "./simulated-replica.ts";

function singleVoter(limits: Partial<ReplicaLimits> = {}): SimulatedReplica {
  const replica = new SimulatedReplica(1, { ...defaultRaftOptions, ...limits }, createSeededRandom(1), {
    applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1] },
  });
  replica.raft.campaign();
  settle(replica);
  return replica;
}

function settle(replica: SimulatedReplica): void {
  while (replica.raft.hasReady() || replica.disk.canSync || replica.applyQueue.length > 0) {
    if (replica.raft.hasReady()) replica.takeReady();
    replica.sync();
    while (replica.apply() !== undefined);
  }
}

/** The first entries of term 1. */
function emptyEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => ({
    index: at + 1, term: 1, kind: "normal", data: new Uint8Array(0),
  }));
}

test("proposals beyond the limit of uncommitted bytes are dropped, and accepted again once committed", () => {
  const replica = singleVoter({ uncommittedBytesMax: 10 });
  assert.equal(replica.raft.propose(new Uint8Array(100)).kind, "accepted");
  const refused = replica.raft.propose(new Uint8Array(1));
  assert.deepEqual(refused, { kind: "dropped", reason: "too-much-uncommitted" });
  settle(replica);
  assert.equal(replica.raft.propose(new Uint8Array(1)).kind, "accepted");
});

test("a fresh leader is ready once it has applied an entry of its own term", () => {
  const replica = singleVoter();
  assert.equal(replica.raft.hasAppliedInTerm, true);
  replica.crash(0);
  replica.restart();
  assert.equal(replica.raft.hasAppliedInTerm, false);
  replica.raft.campaign();
  while (replica.raft.role !== "leader") {
    replica.takeReady();
    replica.sync();
  }
  assert.equal(replica.raft.hasAppliedInTerm, false);
  settle(replica);
  assert.equal(replica.raft.hasAppliedInTerm, true);
});

test("a follower commits no further than an append proves that it shares", () => {
  const replica = new SimulatedReplica(2, defaultRaftOptions, createSeededRandom(2), {
    applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1, 2, 3] },
  });
  const entries = emptyEntries(4);
  replica.step({ ...blankMessage, from: 3, to: 2, term: 1, entries }, undefined);
  // The leader of term 2 shares the first two entries; what it committed at 3 and 4 is of its own.
  replica.step({ ...blankMessage, from: 1, to: 2, term: 2, index: 2, logTerm: 1, commit: 4 }, undefined);
  assert.equal(replica.raft.committed, 2);
});

test("a snapshot makes configuration changes void that were handed out and not applied", () => {
  for (const takenFirst of [false, true]) {
    const replica = new SimulatedReplica(2, defaultRaftOptions, createSeededRandom(2), {
      applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1, 2] },
    });
    const steps = [{ kind: "add-learner", replica: 3 }] as const;
    const data = encodeConfigChange({ kind: "change", steps, context: new Uint8Array(0) });
    const entries: Entry[] = [{ index: 1, term: 1, kind: "config", data }];
    replica.step({ ...blankMessage, from: 1, to: 2, term: 1, commit: 1, entries }, undefined);
    replica.takeReady();
    replica.sync();
    replica.takeReady();
    assert.equal(replica.applyQueue.length, 1);
    // The snapshot's configuration is what later changes made of it: replica 3 is gone again.
    const config = { ...emptyConfig, voters: [1, 2, 4] };
    const snapshot = { index: 5, term: 1, config };
    const state = { applied: 5, term: 1, digest: 7, config };
    replica.step({ ...blankMessage, type: "snapshot", from: 1, to: 2, term: 1, snapshot }, state);
    if (takenFirst) replica.takeReady();
    replica.apply();
    settle(replica);
    assert.deepEqual(replica.raft.config, config);
    assert.equal(replica.raft.appliedIndex, 5);
    assert.deepEqual(replica.engine, state);
  }
});

test("a refused vote of any term tells what is committed, if the entry is the same", () => {
  const replica = new SimulatedReplica(2, defaultRaftOptions, createSeededRandom(2), {
    applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1, 2, 3] },
  });
  const entries = emptyEntries(2);
  replica.step({ ...blankMessage, from: 3, to: 2, term: 5, entries }, undefined);
  const refusal: Message = { ...blankMessage, type: "pre-vote-response", from: 1, to: 2, term: 2, reject: true };
  replica.step({ ...refusal, commit: 2, logTerm: 2 }, undefined);
  assert.equal(replica.raft.committed, 0);
  replica.step({ ...refusal, commit: 1, logTerm: 1 }, undefined);
  assert.equal(replica.raft.committed, 1);
  replica.step({ ...refusal, commit: 9, logTerm: 1 }, undefined);
  assert.equal(replica.raft.committed, 1);
});

test("reads beyond the limit are refused", () => {
  const limits = { ...defaultRaftOptions, pendingReadsMax: 1 };
  const replica = new SimulatedReplica(1, limits, createSeededRandom(1), {
    applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1] },
  });
  assert.equal(replica.raft.readIndex(1), "not-leader");
  replica.raft.campaign();
  while (replica.raft.role !== "leader") {
    replica.takeReady();
    replica.sync();
  }
  assert.equal(replica.raft.readIndex(2), "accepted");
  assert.equal(replica.raft.readIndex(3), "too-many");
});

test("a group may go quiet only when nothing is under way", () => {
  const replica = singleVoter();
  assert.equal(replica.raft.canQuiesce(), true);
  replica.raft.propose(new Uint8Array(1));
  assert.equal(replica.raft.canQuiesce(), false);
  replica.takeReady();
  replica.sync();
  replica.takeReady();
  assert.equal(replica.raft.canQuiesce(), false, "not applied yet");
  settle(replica);
  assert.equal(replica.raft.canQuiesce(), true);
});

test("passing over a configuration change without applying it is a broken invariant", () => {
  const replica = singleVoter();
  const steps = [{ kind: "add-learner", replica: 2 }] as const;
  replica.raft.proposeConfigChange({ kind: "change", steps, context: new Uint8Array(0) });
  while (replica.applyQueue.length === 0) {
    replica.takeReady();
    replica.sync();
  }
  assert.throws(() => replica.raft.applied(2), /passed over/);
});

test("a log that ends before its commit index is refused", () => {
  const replica = singleVoter();
  replica.disk.hardState = { ...replica.disk.hardState, commit: 99 };
  replica.crash(0);
  assert.throws(() => replica.restart(), /entries were lost/);
});

test("appends under way are bounded by count and by bytes, and freed in order", () => {
  const byCount = new Inflights(3, 1000);
  for (const index of [1, 2, 3]) byCount.add(index, 10);
  assert.equal(byCount.full, true);
  byCount.freeThrough(2);
  assert.equal(byCount.count, 1);
  for (const index of [4, 5]) byCount.add(index, 10);
  assert.throws(() => byCount.add(6, 10), /more appends/);
  byCount.freeThrough(5);
  assert.equal(byCount.count, 0);
  const byBytes = new Inflights(100, 25);
  byBytes.add(1, 10);
  assert.equal(byBytes.full, false);
  byBytes.add(2, 20);
  assert.equal(byBytes.full, true);
});

test("what a leader tells of who was heard of lately does not blink when it checks its quorum", () => {
  const replica = new SimulatedReplica(1, defaultRaftOptions, createSeededRandom(3), {
    applied: 0, term: 0, digest: 0, config: { ...emptyConfig, voters: [1, 2] },
  });
  replica.raft.campaign();
  settle(replica);
  const term = 1;
  replica.step({ ...blankMessage, type: "pre-vote-response", from: 2, to: 1, term }, undefined);
  settle(replica);
  replica.step({ ...blankMessage, type: "vote-response", from: 2, to: 1, term }, undefined);
  settle(replica);
  assert.equal(replica.raft.role, "leader");
  const isActive = (): boolean => replica.raft.progress().every(({ active }) => active);
  const rounds = (count: number, answers: boolean): boolean[] =>
    Array.from({ length: count * defaultRaftOptions.electionTimeoutTicks }, () => {
      if (answers) replica.step({ ...blankMessage, type: "heartbeat-response", from: 2, to: 1, term }, undefined);
      replica.raft.tick();
      return isActive();
    });
  assert.ok(rounds(2, true).every(Boolean));
  assert.equal(rounds(1, false).at(-1), true, "it was heard of in the round before");
});

// The acknowledgement may come while the snapshot is on its way, so that the leader replicates again before it learns
// that the snapshot failed.
test("a replica that gave up for a snapshot what it had acknowledged is offered a snapshot again", () => {
  const replica = new SimulatedReplica(1, defaultRaftOptions, createSeededRandom(3), {
    applied: 1, term: 1, digest: 0, config: { ...emptyConfig, voters: [1, 2, 3] },
  });
  const sent: Message[] = [];
  const answer = (from: number, message: Partial<Message>): void => {
    replica.step({ ...blankMessage, from, to: 1, term: replica.raft.term, ...message }, undefined);
    while (replica.raft.hasReady() || replica.disk.canSync || replica.applyQueue.length > 0) {
      if (replica.raft.hasReady()) sent.push(...replica.takeReady().messages);
      replica.sync();
      while (replica.apply() !== undefined);
    }
  };
  replica.raft.campaign();
  settle(replica);
  answer(3, { type: "pre-vote-response", term: replica.raft.term + 1 });
  answer(3, { type: "vote-response" });
  assert.equal(replica.raft.role, "leader");
  answer(2, { type: "append-response", index: replica.raft.lastIndex });
  replica.raft.propose(new Uint8Array(10));
  answer(3, { type: "append-response", index: replica.raft.lastIndex + 1 });
  const offersTo2 = (): number => sent.filter(({ type, to }) => type === "snapshot" && to === 2).length;
  for (const attempt of [1, 2, 3]) {
    for (let round = 0; round < 20 && offersTo2() < attempt; round++) {
      const asked = sent.findLast(({ type, to }) => type === "append" && to === 2);
      answer(2, { type: "append-response", index: asked?.index ?? 0, reject: true, hintIndex: 0 });
      answer(2, { type: "heartbeat-response" });
    }
    assert.equal(offersTo2(), attempt);
    replica.raft.reportSnapshot(2, false);
    answer(2, { type: "heartbeat-response" });
  }
});
