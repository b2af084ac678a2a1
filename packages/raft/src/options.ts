// Limits and periods of one Raft group. A tick is the unit of time: the host decides how long it is.
import type { Random } from "@azimuth/foundation/random.ts";
import type { ReplicaId } from "./types.ts";

export interface RaftOptions {
  readonly id: ReplicaId;
  readonly random: Random;
  /** A follower campaigns after a random number of ticks in [electionTimeoutTicks, 2 × electionTimeoutTicks - 1]. */
  readonly electionTimeoutTicks: number;
  readonly heartbeatTicks: number;
  /** Bytes of entry data in one append message. At least one entry is always sent. */
  readonly appendBytesMax: number;
  /** Appends under way to one follower, by count and by bytes, before the leader waits for an answer. */
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  /** Bytes handed to the applier in one Ready. */
  readonly committedBytesPerReadyMax: number;
  /** Bytes proposed and not yet committed before proposals are dropped. */
  readonly uncommittedBytesMax: number;
  /** Reads that wait for confirmation. */
  readonly pendingReadsMax: number;
}

export const defaultRaftOptions = {
  electionTimeoutTicks: 10,
  heartbeatTicks: 2,
  appendBytesMax: 1 << 20,
  inflightAppendsMax: 256,
  inflightBytesMax: 8 << 20,
  committedBytesPerReadyMax: 8 << 20,
  uncommittedBytesMax: 16 << 20,
  pendingReadsMax: 100_000,
} as const satisfies Omit<RaftOptions, "id" | "random">;
