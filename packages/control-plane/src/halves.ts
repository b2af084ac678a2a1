// What a split makes of a partition's record: the same for group 0, which records it, and for whoever hears of it from
// one of the replicas before (MapFollower.learnSplit).
import { assert } from "@azimuth/foundation/assert.ts";
import { previousToken } from "@azimuth/placement/token.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import { generationOf } from "./replica-fate.ts";

/** A split that the partition's log holds. */
export interface SplitDone {
  /** Number of the second half. */
  readonly child: number;
  /** Its first token. */
  readonly at: string;
  /** The members of both groups at that moment. */
  readonly voters: readonly number[];
}

/** What a replica says that was asked by an epoch from before its last split; `epoch`: of both halves. */
export interface SplitTold extends SplitDone {
  readonly epoch: number;
}

/** `at` is behind the first token of the range and in it. */
export function halvesOf(
  record: PartitionRecord, { child, at, voters }: SplitDone,
): readonly [PartitionRecord, PartitionRecord] {
  const { splitting: _done, ...rest } = record;
  const lastToken = previousToken(at);
  assert(lastToken !== undefined && at <= record.lastToken, "a split leaves something to both halves");
  const epoch = record.epoch + 1;
  const second: PartitionRecord = {
    partition: child, tableId: record.tableId, firstToken: at, lastToken: record.lastToken, epoch,
    configEpoch: Math.max(...voters.map(generationOf)),
    voters, learners: [], bootstrap: [], replacing: undefined,
  };
  // A founder that has not begun yet would begin with the range of now and the log of then: it waits for a snapshot.
  return [{ ...rest, lastToken, epoch, bootstrap: [] }, second];
}
