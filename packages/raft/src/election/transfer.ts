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
  sendTimeoutNow(core, progress.replica);
}

/**
 * A leader that is no longer a voter steps down, and spares the group an election timeout. If the best voter
 * left cannot win, because it lags or has yet to learn of the change, the timeout decides after all.
 */
export function sendTimeoutNowToBest(core: RaftCore): void {
  let best: Progress | undefined;
  for (const voter of core.config.voters) {
    const progress = core.progress.get(voter);
    if (progress !== undefined && (best === undefined || progress.match > best.match)) best = progress;
  }
  if (best !== undefined) sendTimeoutNow(core, best.replica);
}

function sendTimeoutNow(core: RaftCore, to: ReplicaId): void {
  core.send({ ...blankMessage, type: "timeout-now", from: core.id, to, term: core.term });
}

export function abortTransfer(core: RaftCore): void {
  core.transferee = noReplica;
}
