// Majorities, of one set of voters or of both sets of a joint configuration. A joint decision needs a
// majority of the incoming and of the outgoing voters (Raft thesis, section 4.3).
import type { ConfigState, ReplicaId } from "./types.ts";

export type VoteResult = "won" | "lost" | "pending";

// Scratch space: the functions below never call out while they use it.
const sorted: number[] = [];

/**
 * The largest value that a majority of `voters` has reached; infinite for no voters, as an empty set vetoes
 * nothing.
 */
function majorityReached(voters: readonly ReplicaId[], valueOf: (replica: ReplicaId) => number): number {
  const count = voters.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const value = valueOf(voters[i] as ReplicaId);
    let at = i;
    while (at > 0 && (sorted[at - 1] as number) < value) {
      sorted[at] = sorted[at - 1] as number;
      at--;
    }
    sorted[at] = value;
  }
  return sorted[count >> 1] as number;
}

/** The largest value that both majorities have reached; 0 when there are no voters at all. */
export function quorumReached(config: ConfigState, valueOf: (replica: ReplicaId) => number): number {
  const reached = Math.min(
    majorityReached(config.voters, valueOf),
    majorityReached(config.votersOutgoing, valueOf),
  );
  return Number.isFinite(reached) ? reached : 0;
}

function majorityVotes(voters: readonly ReplicaId[], votes: ReadonlyMap<ReplicaId, boolean>): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing++;
    else if (vote) granted++;
  }
  const needed = (voters.length >> 1) + 1;
  if (voters.length === 0 || granted >= needed) return "won";
  return granted + missing >= needed ? "pending" : "lost";
}

export function voteResult(config: ConfigState, votes: ReadonlyMap<ReplicaId, boolean>): VoteResult {
  if (config.voters.length === 0) return "lost";
  const incoming = majorityVotes(config.voters, votes);
  const outgoing = majorityVotes(config.votersOutgoing, votes);
  if (incoming === "lost" || outgoing === "lost") return "lost";
  return incoming === "won" && outgoing === "won" ? "won" : "pending";
}
