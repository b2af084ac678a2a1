// How a partition divides: the entry of its log that does it, and what follows for both halves.
//
//   parent [first, last] of epoch e  →  parent [first, before `at`] of epoch e + 1
//                                       child  [at, last] of epoch e + 1, a group of its own with the same voters
//
// No data moves: keys are ordered by table and token, so the child's are in the engine already, on every replica that
// has applied the entry, and the same on all of them. Its group begins there with the made-up past that every group
// begins with. A replica that had not applied the entry when it was replaced by a snapshot has no part in that; it gets
// the child by a snapshot, too.
//
// The leader prepares the entry (splitter.ts); every replica judges it again when it is applied, by the log alone.
// Invariants:
// - nothing waits in the parent's index queue, so all that it ever sent is acknowledged and the child begins a
//   history of its own, as another source;
// - nothing was applied between what the entry was prepared on and the entry, so its figures and marks are exact;
// - the group is in no change of membership: its voters are the child's.
import type { ConfigState } from "@azimuth/raft/types.ts";
import { sameMembers } from "@azimuth/raft/membership/configuration.ts";
import { previousToken } from "@azimuth/placement/token.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import { rangeVersionOf, type PartitionDescriptor } from "./descriptor.ts";
import { withDeltas, type IndexSize, type PartitionStatistics } from "./statistics.ts";

/** What the entry of a split says. */
export interface Split {
  /** Number of the partition that begins with it. */
  readonly child: number;
  /** Its first token, 16 hex digits. */
  readonly at: string;
  readonly voters: readonly number[];
  /** Index of the last entry applied when it was prepared. */
  readonly preparedAt: number;
  /** Of the child's range. */
  readonly items: number;
  readonly bytes: number;
  readonly localIndexes: readonly IndexSize[];
}

/** A child whose replica on this node is to be created. */
export interface Birth {
  readonly descriptor: PartitionDescriptor;
  readonly voters: readonly number[];
}

export function isWithin({ firstToken, lastToken }: PartitionDescriptor, at: string): boolean {
  return at > firstToken && at <= lastToken;
}

/** Whether the entry at `index` may split the partition. */
export function maySplit(
  split: Split, index: number, descriptor: PartitionDescriptor, { queued }: PartitionStatistics, config: ConfigState,
): boolean {
  return isSettled(config) && sameMembers(config.voters, split.voters) && isWithin(descriptor, split.at)
    && index === split.preparedAt + 1 && queued === 0;
}

/** No change of membership is under way. */
export function isSettled({ votersOutgoing, learners, learnersNext }: ConfigState): boolean {
  return votersOutgoing.length + learners.length + learnersNext.length === 0;
}

export function parentAfter(descriptor: PartitionDescriptor, { at }: Split): PartitionDescriptor {
  const lastToken = previousToken(at);
  assert(lastToken !== undefined, "a split leaves the parent something");
  return { ...descriptor, lastToken, epoch: descriptor.epoch + 1 };
}

export function childOf(descriptor: PartitionDescriptor, { child, at }: Split): PartitionDescriptor {
  return { ...descriptor, partition: child, firstToken: at, epoch: descriptor.epoch + 1 };
}

/** The figures of both halves. What is not counted by range holds for each as it held for the whole. */
export function divide(
  statistics: PartitionStatistics, split: Split, parent: PartitionDescriptor, child: PartitionDescriptor,
): { readonly parent: PartitionStatistics; readonly child: PartitionStatistics } {
  const { items, bytes, localIndexes, voters, at } = split;
  const given = localIndexes.map((size) => ({ ...size, items: -size.items, bytes: -size.bytes }));
  return {
    parent: {
      ...statistics, items: statistics.items - items, bytes: statistics.bytes - bytes,
      localIndexes: withDeltas(statistics.localIndexes, given), range: rangeVersionOf(parent),
      lastSplit: { child: split.child, at, voters },
    },
    child: {
      ...statistics, items, bytes, localIndexes, range: rangeVersionOf(child), lastSplit: undefined,
    },
  };
}

export function encodeBirth(birth: Birth): Uint8Array {
  return encodeBody(birth as unknown as Plain);
}

export function decodeBirth(value: Uint8Array): Birth {
  return decodeBody<Birth>(value);
}
