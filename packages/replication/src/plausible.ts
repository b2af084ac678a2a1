// What a message from another node may not be, whoever sent it: a replica of a third node speaking, numbers that no
// group ever reaches, entries that do not follow each other. Such a message is dropped before Raft sees it, where
// it would break an invariant or, worse, be remembered. What is plausible is trusted.
import type { Entry, Message } from "@azimuth/raft/types.ts";
import type { Heartbeat } from "@azimuth/rpc/messages.ts";
import { nodeOfReplica } from "./host-api.ts";

/** Terms, indexes and read positions stay far below it: a million a second for nine years. */
const numberMax = 2 ** 48;
/** How far ahead of a replica's own term and log a message may be. */
const leapMax = 2 ** 32;

export interface Standing {
  readonly term: number;
  readonly lastIndex: number;
}

export function isPlausible(fromNode: number, message: Message, own: Standing): boolean {
  const { from, term, index, logTerm, commit, hintIndex, readPosition, entries, snapshot } = message;
  return nodeOfReplica(from) === fromNode
    && isNear(term, own.term) && isNear(index, own.lastIndex) && isNear(hintIndex, own.lastIndex)
    && isNear(commit, own.lastIndex) && logTerm <= numberMax && readPosition <= numberMax
    && (entries.length === 0 || follows(entries, index, term))
    && (snapshot === undefined || (isNear(snapshot.index, own.lastIndex) && snapshot.term <= term));
}

export function isPlausibleBeat(fromNode: number, beat: Heartbeat, own: Standing): boolean {
  return nodeOfReplica(beat.from) === fromNode && isNear(beat.term, own.term) && isNear(beat.commit, own.lastIndex)
    && beat.readPosition <= numberMax;
}

function isNear(number: number, own: number): boolean {
  return number <= own + leapMax && number <= numberMax;
}

function follows(entries: readonly Entry[], index: number, term: number): boolean {
  let previous = index;
  for (const entry of entries) {
    if (entry.index !== previous + 1 || entry.term > term) return false;
    previous = entry.index;
  }
  return true;
}
