// Campaigning and voting (Raft paper 5.2 and 5.4; pre-vote: thesis 9.6).
//
// A campaign first asks for pre-votes at the next term, changing nothing; only a quorum of them starts a real
// election. A transfer of leadership skips this and makes voters ignore the lease of the leader they hear.
//
// Requests for real votes wait until the candidate's own log, term and vote are durable. Otherwise a
// candidate that crashes and forgets its last entries could campaign in the same term again and count a vote
// that was given to the longer log.
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "../core.ts";
import { blankMessage } from "../core.ts";
import { members } from "../membership/configuration.ts";
import { voteResult } from "../quorum.ts";
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from "../roles.ts";
import { noReplica, type Message, type ReplicaId } from "../types.ts";

/** Campaigns unless this replica leads, may not, or has committed configuration changes yet to apply. */
export function maybeCampaign(core: RaftCore, transfer: boolean): void {
  if (core.role === "leader" || !core.promotable || core.log.hasUnappliedConfigChange()) return;
  if (transfer) campaignForVotes(core, true);
  else campaignForPreVotes(core);
}

/** The end of a transfer of leadership, at its target. */
export function handleTimeoutNow(core: RaftCore): void {
  core.campaignWhenApplied = core.promotable && core.log.hasUnappliedConfigChange();
  maybeCampaign(core, true);
}

/** More is applied: what kept a transfer's target from campaigning may be over. */
export function maybeCampaignAfterApplying(core: RaftCore): void {
  if (core.campaignWhenApplied && !core.log.hasUnappliedConfigChange()) handleTimeoutNow(core);
}

function campaignForPreVotes(core: RaftCore): void {
  becomePreCandidate(core);
  for (const replica of voters(core)) {
    if (replica !== core.id) core.send(voteRequest(core, "pre-vote", replica, core.term + 1, false));
  }
  recordVote(core, core.id, true);
}

function campaignForVotes(core: RaftCore, transfer: boolean): void {
  becomeCandidate(core);
  for (const replica of voters(core)) {
    if (replica === core.id) {
      core.sendWhenDurable({
        ...blankMessage, type: "vote-response", from: core.id, to: core.id, term: core.term,
      });
    } else {
      core.sendWhenDurable(voteRequest(core, "vote", replica, core.term, transfer));
    }
  }
}

function voters(core: RaftCore): ReplicaId[] {
  return members(core.config).filter((replica) => !core.config.learners.includes(replica));
}

function voteRequest(
  core: RaftCore, type: "vote" | "pre-vote", to: ReplicaId, term: number, force: boolean,
): Message {
  const { lastIndex, lastTerm } = core.log;
  return { ...blankMessage, type, from: core.id, to, term, index: lastIndex, logTerm: lastTerm, force };
}

/** A voter that hears a leader does not help to depose it (check quorum, thesis 4.2.3). */
export function ignoresCandidates(core: RaftCore, message: Message): boolean {
  const hearsLeader = core.leader !== noReplica && core.electionElapsed < core.options.electionTimeoutTicks;
  if (hearsLeader && !message.force) probe("a candidate was ignored for the leader that is heard");
  return hearsLeader && !message.force;
}

/**
 * Answers a vote or pre-vote request whose term is not below ours. Whoever asks is answered, even by a
 * learner: it may have been promoted without knowing it yet, and its vote may be the one that is needed.
 */
export function handleVoteRequest(core: RaftCore, message: Message): void {
  const preVote = message.type === "pre-vote";
  const type = preVote ? "pre-vote-response" : "vote-response";
  const free = core.vote === message.from
    || (core.vote === noReplica && core.leader === noReplica)
    || (preVote && message.term > core.term);
  if (free && core.log.isUpToDate(message.index, message.logTerm)) {
    if (!preVote) {
      core.electionElapsed = 0;
      core.vote = message.from;
    }
    // A granted pre-vote echoes the term asked for: ours has not changed.
    core.sendWhenDurable({ ...blankMessage, type, from: core.id, to: message.from, term: message.term });
  } else {
    rejectVote(core, type, message.from);
  }
}

/**
 * A rejection tells how far the voter knows the log to be committed. The candidate may hold the very same
 * entries without knowing that they are, a change of configuration among them; and in the old configuration
 * it may need the vote of a replica that, being removed and having the longer log, can neither lead nor ever
 * vote for it.
 */
export function rejectVote(core: RaftCore, type: "vote-response" | "pre-vote-response", to: ReplicaId): void {
  const commit = core.log.committed;
  core.sendWhenDurable({
    ...blankMessage,
    type,
    from: core.id,
    to,
    term: core.term,
    reject: true,
    commit,
    logTerm: core.log.term(commit) ?? 0,
  });
}

export function handleVoteResponse(core: RaftCore, message: Message): void {
  learnCommit(core, message);
  if (core.role === "leader") return;
  if (core.role === "follower") return;
  const expected = core.role === "candidate" ? "vote-response" : "pre-vote-response";
  if (message.type !== expected) return;
  // A grant left over from an earlier pre-vote names a term that is no longer asked for.
  if (expected === "pre-vote-response" && !message.reject && message.term !== core.term + 1) return;
  recordVote(core, message.from, !message.reject);
}

/** Takes what a refusal says about the commit index; see rejectVote. */
export function learnCommit(core: RaftCore, message: Message): void {
  const { commit, logTerm } = message;
  if (core.role === "leader") return;
  if (commit <= core.log.committed || logTerm === 0 || !core.log.matches(commit, logTerm)) return;
  core.log.commitTo(commit);
  if (core.role === "follower" || !core.log.hasUnappliedConfigChange()) return;
  becomeFollower(core, core.term, noReplica);
}

function recordVote(core: RaftCore, from: ReplicaId, granted: boolean): void {
  if (!core.votes.has(from)) core.votes.set(from, granted);
  const result = voteResult(core.config, core.votes);
  if (result === "lost") becomeFollower(core, core.term, noReplica);
  else if (result === "won" && core.role === "pre-candidate") campaignForVotes(core, false);
  else if (result === "won") becomeLeader(core);
}
