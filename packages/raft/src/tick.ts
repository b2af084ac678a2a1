// The passing of time: heartbeats and the quorum check at a leader, election timeouts elsewhere.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "./core.ts";
import { maybeCampaign } from "./election/election.ts";
import { abortTransfer } from "./election/transfer.ts";
import { maybeLeaveJoint } from "./membership/membership.ts";
import { broadcastHeartbeat } from "./replication/send.ts";
import { becomeFollower } from "./roles.ts";
import { noReplica } from "./types.ts";

/**
 * Longest delay before campaigning when the leader's node is known to be gone; spreads the candidates a
 * little.
 */
const hurryTicksMax = 3;

export function tick(core: RaftCore): void {
  if (core.role === "leader") tickLeader(core);
  else tickOther(core);
}

function tickLeader(core: RaftCore): void {
  core.heartbeatElapsed++;
  core.electionElapsed++;
  if (core.electionElapsed >= core.options.electionTimeoutTicks) {
    core.electionElapsed = 0;
    if (!core.quorumActive) {
      probe("a leader gave up because it heard no majority");
      becomeFollower(core, core.term, noReplica);
      return;
    }
    for (const progress of core.progress.values()) progress.beginRound(progress.replica === core.id);
    abortTransfer(core);
  }
  if (core.heartbeatElapsed >= core.options.heartbeatTicks) {
    core.heartbeatElapsed = 0;
    broadcastHeartbeat(core);
    maybeLeaveJoint(core);
  }
}

function tickOther(core: RaftCore): void {
  core.electionElapsed++;
  if (core.hurryTicks > 0 && --core.hurryTicks === 0) {
    maybeCampaign(core, false);
    return;
  }
  const isTime = core.electionElapsed >= core.electionTimeout || buggify("a follower campaigns before its time");
  if (isTime && core.promotable) {
    core.electionElapsed = 0;
    maybeCampaign(core, false);
  }
}

/** Only what the host knows of the connection: other voters still judge by what they hear (pre-vote). */
export function leaderUnreachable(core: RaftCore): void {
  if (core.role !== "follower" || core.leader === noReplica) return;
  core.leader = noReplica;
  if (core.promotable) core.hurryTicks = core.options.random.between(1, hurryTicksMax);
}
