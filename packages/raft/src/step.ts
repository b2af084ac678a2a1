// Every message passes here first: terms are compared (Raft paper, section 5.1), then the role decides.
import { assert, unreachable } from "@azimuth/foundation/assert.ts";
import type { RaftCore } from "./core.ts";
import { blankMessage } from "./core.ts";
import {
  handleTimeoutNow,
  handleVoteRequest,
  handleVoteResponse,
  ignoresCandidates,
  learnCommit,
  rejectVote,
} from "./election/election.ts";
import { handleAppend, handleHeartbeat, handleSnapshot } from "./replication/follower.ts";
import { handleAppendResponse, handleHeartbeatResponse } from "./replication/responses.ts";
import { becomeFollower } from "./roles.ts";
import { noReplica, type Message } from "./types.ts";

export function step(core: RaftCore, message: Message): void {
  assert(message.to === core.id, "a message for another replica");
  if (message.term > core.term) {
    if (!acceptsHigherTerm(core, message)) return;
  } else if (message.term < core.term) {
    answerLowerTerm(core, message);
    return;
  }
  dispatch(core, message);
}

/** Moves to the message's term where that is due; false when the message is to be ignored. */
function acceptsHigherTerm(core: RaftCore, message: Message): boolean {
  switch (message.type) {
    case "pre-vote":
      // Asks about a term that has not begun.
      return !ignoresCandidates(core, message);
    case "vote":
      if (ignoresCandidates(core, message)) return false;
      becomeFollower(core, message.term, noReplica);
      return true;
    case "pre-vote-response":
      // A grant echoes the term asked for. A rejection carries the voter's own term, which must be adopted:
      // or a candidate with the longer log and one with the higher term would reject each other forever.
      if (message.reject) becomeFollower(core, message.term, noReplica);
      return true;
    case "append":
    case "heartbeat":
    case "snapshot":
      becomeFollower(core, message.term, message.from);
      return true;
    case "append-response":
    case "heartbeat-response":
    case "vote-response":
    case "timeout-now":
      becomeFollower(core, message.term, noReplica);
      return true;
    default:
      return unreachable(message.type, "message type");
  }
}

function answerLowerTerm(core: RaftCore, message: Message): void {
  switch (message.type) {
    case "append":
    case "heartbeat":
    case "snapshot":
      // We are at a higher term and, ignoring candidates, nobody will ever be deposed on our account: tell
      // the leader our term, so that it steps down once and a new term can include us.
      core.sendWhenDurable({
        ...blankMessage, type: "append-response", from: core.id, to: message.from, term: core.term,
      });
      return;
    case "pre-vote":
      rejectVote(core, "pre-vote-response", message.from);
      return;
    case "pre-vote-response":
      // From a voter that has not seen our term. What it knows to be committed is so in any term.
      learnCommit(core, message);
      return;
    default:
      return;
  }
}

function dispatch(core: RaftCore, message: Message): void {
  switch (message.type) {
    case "vote":
    case "pre-vote":
      handleVoteRequest(core, message);
      return;
    case "vote-response":
    case "pre-vote-response":
      handleVoteResponse(core, message);
      return;
    case "append":
      hearLeader(core, message);
      handleAppend(core, message);
      return;
    case "heartbeat":
      hearLeader(core, message);
      handleHeartbeat(core, message);
      return;
    case "snapshot":
      hearLeader(core, message);
      handleSnapshot(core, message);
      return;
    case "append-response":
      if (core.role === "leader") handleAppendResponse(core, message);
      return;
    case "heartbeat-response":
      if (core.role === "leader") handleHeartbeatResponse(core, message);
      return;
    case "timeout-now":
      if (core.role === "follower") handleTimeoutNow(core);
      return;
    default:
      unreachable(message.type, "message type");
  }
}

function hearLeader(core: RaftCore, message: Message): void {
  assert(core.role !== "leader", "two leaders in one term");
  if (core.role !== "follower") becomeFollower(core, core.term, message.from);
  assert(core.leader === noReplica || core.leader === message.from, "two leaders in one term");
  core.leader = message.from;
  core.electionElapsed = 0;
  core.hurryTicks = 0;
}
