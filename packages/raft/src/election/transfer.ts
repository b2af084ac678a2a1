// Handing leadership to a chosen voter (Raft thesis, section 3.10): stop taking proposals, bring the target
// up to date, then tell it to campaign at once. Given up after one election timeout (see tick.ts).
import type { RaftCore } from "../core.ts";
import { blankMessage } from "../core.ts";
import type { Progress } from "../replication/progress.ts";
import { noReplica, type ReplicaId } from "../types.ts";

export function transferLeadership(core: RaftCore, to: ReplicaId): void {
  const progress = core.progress.get(to);
  const wanted = core.role === "leader" && to !== core.id && to !== core.transferee;
  if (!wanted || progress === undefined || !core.config.voters.includes(to)) return;
  core.transferee = to;
  // The whole transfer gets one election timeout.
  core.electionElapsed = 0;
  if (progress.match === core.log.lastIndex) {
    maybeSendTimeoutNow(core, progress);
  } else {
    progress.probeWanted = true;
    core.replicationWanted = true;
  }
}

export function maybeSendTimeoutNow(core: RaftCore, progress: Progress): void {
  if (core.transferee !== progress.replica || progress.match !== core.log.lastIndex) return;
  core.send({ ...blankMessage, type: "timeout-now", from: core.id, to: progress.replica, term: core.term });
}

export function abortTransfer(core: RaftCore): void {
  core.transferee = noReplica;
}
