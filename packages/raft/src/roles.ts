// The four role changes. Nothing else assigns `role`, `leader`, or a new `term`.
//
// Legal: any → follower; follower, candidate, pre-candidate → pre-candidate or candidate; candidate → leader.
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "./core.ts";
import { isJoint } from "./membership/configuration.ts";
import { noReplica, type Entry, type ReplicaId } from "./types.ts";

const noData = new Uint8Array(0);

export function becomeFollower(core: RaftCore, term: number, leader: ReplicaId): void {
  reset(core, term);
  core.role = "follower";
  core.leader = leader;
}

/** Asks whether an election could be won, changing neither term nor vote (Raft thesis, section 9.6). */
export function becomePreCandidate(core: RaftCore): void {
  assert(core.role !== "leader", "a leader cannot become a pre-candidate");
  reset(core, core.term);
  core.role = "pre-candidate";
  core.leader = noReplica;
}

export function becomeCandidate(core: RaftCore): void {
  assert(core.role !== "leader", "a leader cannot become a candidate");
  reset(core, core.term + 1);
  core.role = "candidate";
  core.leader = noReplica;
  core.vote = core.id;
}

/**
 * Starts a term of leadership with an empty entry, the only kind whose commitment commits the rest (rule of
 * fig. 8).
 */
export function becomeLeader(core: RaftCore): void {
  assert(core.role === "candidate", "only a candidate becomes leader");
  reset(core, core.term);
  core.role = "leader";
  core.leader = core.id;
  const last = core.log.lastIndex;
  if (isJoint(core.config)) probe("a leader was elected between two configurations");
  if (last > core.log.committed) probe("a new leader inherited entries that are not committed");
  core.alignProgress();
  for (const replica of [...core.progress.keys()]) {
    const match = replica === core.id ? core.log.stableIndex : 0;
    const progress = core.createProgress(replica, match, last + 1);
    progress.active = replica === core.id;
    core.progress.set(replica, progress);
  }
  // There may be a configuration change in the log that is not applied: no other before everything is.
  core.pendingConfigIndex = last;
  core.termStartIndex = last + 1;
  const first: Entry = { index: last + 1, term: core.term, kind: "normal", data: noData };
  core.log.append([first]);
  core.replicationWanted = true;
}

function reset(core: RaftCore, term: number): void {
  assert(term >= core.term, "the term went back");
  if (term !== core.term) {
    core.term = term;
    core.vote = noReplica;
  }
  core.electionElapsed = 0;
  core.heartbeatElapsed = 0;
  core.hurryTicks = 0;
  core.campaignWhenApplied = false;
  core.drawElectionTimeout();
  core.votes.clear();
  core.transferee = noReplica;
  if (core.role === "leader") {
    core.progress.clear();
    core.reads.dropAll();
    core.uncommittedBytes = 0;
    core.replicationWanted = false;
  }
}
