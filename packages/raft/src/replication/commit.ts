// Advancing the commit index at a leader, and what follows from it.
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "../core.ts";

/**
 * Commits what a quorum has made durable, but by counting only entries of this leader's term: an older entry
 * on a majority may still be overwritten (Raft paper, figure 8). It commits together with the first newer
 * one.
 */
export function maybeCommit(core: RaftCore): boolean {
  const reached = core.quorumMatch;
  if (reached > core.log.committed && reached < core.termStartIndex) {
    probe("entries of an earlier term waited for one of this term");
  }
  if (reached < core.termStartIndex || !core.log.commitTo(reached)) return false;
  core.replicationWanted = true;
  for (const id of core.reads.takeWaiting()) registerRead(core, id);
  return true;
}

/** Registers a read as of the current commit index; only after this term has committed an entry. */
export function registerRead(core: RaftCore, id: number): void {
  if (core.isOnlyVoter) core.reads.confirmNow(id, core.log.committed);
  else core.reads.add(id, core.log.committed);
}
