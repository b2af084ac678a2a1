// What a leader sends to keep its followers' logs like its own: appends, heartbeats, and the offer of a
// snapshot.
//
// Proposals and acknowledgements only mark that replication is wanted; the appends are made once per Ready,
// so that everything proposed in one turn travels in one message per follower.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "../core.ts";
import { blankMessage } from "../core.ts";
import { isVoter } from "../membership/configuration.ts";
import type { Entry, Message, SnapshotMeta } from "../types.ts";
import type { Progress } from "./progress.ts";

const noEntries: readonly Entry[] = [];

/** Sends every follower what it lacks, as far as flow control allows. */
export function replicate(core: RaftCore): void {
  core.replicationWanted = false;
  for (const progress of core.progress.values()) {
    if (progress.replica === core.id) continue;
    const allowEmpty = progress.probeWanted || progress.canBumpCommit(core.log.committed);
    progress.probeWanted = false;
    let sent = sendAppend(core, progress, allowEmpty);
    while (sent) sent = sendAppend(core, progress, false);
  }
}

function sendAppend(core: RaftCore, progress: Progress, allowEmpty: boolean): boolean {
  if (progress.paused) return false;
  const { log } = core;
  const previous = progress.next - 1;
  const previousTerm = log.term(previous);
  if (previousTerm === undefined) return offerSnapshot(core, progress);
  if (progress.next <= log.applied && buggify("a leader offers a snapshot to one that only lags")) {
    return offerSnapshot(core, progress);
  }
  const windowFull = progress.state === "replicate" && progress.inflights.full;
  const bytesMax = buggify("a leader sends one entry at a time") ? 1 : core.options.appendBytesMax;
  const entries = windowFull ? noEntries : log.entries(progress.next, log.lastIndex + 1, bytesMax);
  if (entries.length === 0 && !allowEmpty) return false;
  core.send({
    ...blankMessage,
    type: "append",
    from: core.id,
    to: progress.replica,
    term: core.term,
    index: previous,
    logTerm: previousTerm,
    entries,
    commit: log.committed,
  });
  let bytes = 0;
  for (const entry of entries) bytes += entry.data.length;
  progress.sent(entries.length, bytes, log.committed);
  return true;
}

/**
 * Tells the host that this follower needs a snapshot. A follower that is not heard of must first come back.
 */
export function offerSnapshot(core: RaftCore, progress: Progress): false {
  const index = core.log.applied;
  const term = core.log.term(index);
  if (!progress.active || index === 0 || term === undefined) return false;
  const snapshot: SnapshotMeta = { index, term, config: core.config };
  probe("a leader offered a snapshot");
  if (core.log.lastIndex > core.log.committed) probe("a snapshot was offered while entries were under way");
  progress.becomeSnapshot(index);
  core.send({
    ...blankMessage, type: "snapshot", from: core.id, to: progress.replica, term: core.term, snapshot,
  });
  return false;
}

export function broadcastHeartbeat(core: RaftCore): void {
  const position = core.reads.startRound();
  for (const progress of core.progress.values()) {
    if (progress.replica !== core.id) core.send(heartbeat(core, progress, position));
  }
}

/** One round of heartbeats to confirm the reads that wait. Learners have no say in it. */
export function broadcastReadRound(core: RaftCore): void {
  const position = core.reads.startRound();
  for (const progress of core.progress.values()) {
    if (progress.replica !== core.id && isVoter(core.config, progress.replica)) {
      core.send(heartbeat(core, progress, position));
    }
  }
}

function heartbeat(core: RaftCore, progress: Progress, readPosition: number): Message {
  return {
    ...blankMessage,
    type: "heartbeat",
    from: core.id,
    to: progress.replica,
    term: core.term,
    // Never beyond what this follower provably shares: the rest of its log may be another leader's.
    commit: Math.min(progress.match, core.log.committed),
    readPosition,
  };
}
