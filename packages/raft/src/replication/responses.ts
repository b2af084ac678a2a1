// What a leader does with its followers' answers: append-response, heartbeat-response.
import type { RaftCore } from "../core.ts";
import { maybeSendTimeoutNow } from "../election/transfer.ts";
import type { Message } from "../types.ts";
import { maybeCommit } from "./commit.ts";
import type { Progress } from "./progress.ts";
import { offerSnapshot } from "./send.ts";

export function handleAppendResponse(core: RaftCore, message: Message): void {
  const progress = core.progress.get(message.from);
  if (progress === undefined) return;
  progress.active = true;
  if (message.reject) handleRejection(core, progress, message);
  else handleAcknowledgement(core, progress, message);
}

function handleRejection(core: RaftCore, progress: Progress, message: Message): void {
  // Skip our own entries of terms the follower cannot have at or below its hint.
  const hint = message.logTerm > 0
    ? core.log.findConflict(Math.min(message.hintIndex, core.log.lastIndex), message.logTerm).index
    : message.hintIndex;
  if (!progress.maybeRetreat(message.index, hint)) return;
  if (progress.state === "replicate") progress.becomeProbe();
  if (message.index === progress.match && message.hintIndex === 0) {
    // Where it is known to match, as even an empty log does at index 0, only a replica without any state refuses: a
    // new one, or one that gave up its log for a snapshot that never came to its end. `match` stays as it was. That
    // snapshot was committed without this replica and lay above all it had acknowledged, so no commit rests on it.
    progress.pause();
    offerSnapshot(core, progress);
    return;
  }
  progress.probeWanted = true;
  core.replicationWanted = true;
}

function handleAcknowledgement(core: RaftCore, progress: Progress, message: Message): void {
  if (message.index > core.log.lastIndex) return;
  const confirmsProbe = progress.state === "probe" && progress.match === message.index;
  if (!progress.maybeAdvance(message.index) && !confirmsProbe) return;
  if (progress.state === "probe") {
    progress.becomeReplicate();
  } else if (progress.state === "snapshot") {
    // Any index from which our log continues will do, be it another snapshot's than the one offered.
    if (progress.match + 1 >= core.log.firstIndex) progress.becomeReplicate();
  } else {
    progress.inflights.freeThrough(message.index);
  }
  maybeCommit(core);
  core.replicationWanted = true;
  maybeSendTimeoutNow(core, progress);
}

export function handleHeartbeatResponse(core: RaftCore, message: Message): void {
  const progress = core.progress.get(message.from);
  if (progress === undefined) return;
  progress.active = true;
  progress.resume();
  if (progress.match < core.log.lastIndex || progress.state === "probe") {
    progress.probeWanted = true;
    core.replicationWanted = true;
  }
  if (message.readPosition > progress.readPosition) {
    progress.readPosition = message.readPosition;
    if (core.reads.count > 0) core.reads.confirmThrough(core.quorumReadPosition);
  }
}
