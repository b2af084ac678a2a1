// Every maximum and period of the multi-raft host, in one place. A tick is the host's unit of time: each
// awake group is ticked once per `tickMs`. With the defaults a leader is missed after 0.5 to 1 s of
// silence, and at once when the connection to its node breaks.

export interface ReplicationLimits {
  readonly tickMs: number;
  readonly electionTimeoutTicks: number;
  readonly heartbeatTicks: number;
  /** Ticks without work before a group goes quiet; 0 turns quiescence off. */
  readonly quietAfterTicks: number;
  /** Ticks that a proposal waits for its fate after leadership was lost, before it is answered `unknown`. */
  readonly orphanedProposalTicks: number;

  /** Messages that wait for the next turn; what comes above is lost, which Raft tolerates. */
  readonly inboxMessagesMax: number;
  /** Bytes of entry data in one write of the log. */
  readonly appendBatchBytesMax: number;
  /** Bytes of entry data and number of entries in one batch of the engine. */
  readonly applyBatchBytesMax: number;
  readonly applyBatchEntriesMax: number;
  /** Bytes committed and not yet applied; above it, groups that have some take no further Ready. */
  readonly applyQueueBytesMax: number;
  /** Proposals and reads of one group that wait, and bytes of one proposal. */
  readonly waitersPerGroupMax: number;
  readonly readsPerGroupMax: number;
  readonly proposalBytesMax: number;

  readonly snapshotChunkBytes: number;
  /** Chunks sent and not yet answered. */
  readonly snapshotWindowChunks: number;
  readonly snapshotSendsMax: number;
  readonly snapshotReceivesMax: number;
  readonly snapshotBytesPerSecond: number;
  /** A stream without progress for this long is given up. */
  readonly snapshotTimeoutMs: number;
  /** Pause before a failed snapshot is tried again. */
  readonly snapshotRetryMs: number;

  readonly compactionPeriodMs: number;
  /** The engine is flushed once this many bytes were applied, or after this time if anything was. */
  readonly flushAfterBytes: number;
  readonly flushAfterMs: number;
  /** Entries kept behind the durable applied index, so that a short absence is caught up from the log. */
  readonly logTailEntries: number;
  /** Above either, the log is cut even if a replica still needs it: that replica will get a snapshot. */
  readonly logEntriesMax: number;
  readonly logBytesMax: number;
}

export const defaultReplicationLimits: ReplicationLimits = {
  tickMs: 50,
  electionTimeoutTicks: 10,
  heartbeatTicks: 2,
  quietAfterTicks: 40,
  orphanedProposalTicks: 40,

  inboxMessagesMax: 100_000,
  appendBatchBytesMax: 8 << 20,
  applyBatchBytesMax: 8 << 20,
  applyBatchEntriesMax: 4096,
  applyQueueBytesMax: 64 << 20,
  waitersPerGroupMax: 50_000,
  readsPerGroupMax: 50_000,
  proposalBytesMax: 16 << 20,

  snapshotChunkBytes: 256 << 10,
  snapshotWindowChunks: 4,
  snapshotSendsMax: 2,
  snapshotReceivesMax: 2,
  snapshotBytesPerSecond: 64 << 20,
  snapshotTimeoutMs: 10_000,
  snapshotRetryMs: 500,

  compactionPeriodMs: 3000,
  flushAfterBytes: 32 << 20,
  flushAfterMs: 60_000,
  logTailEntries: 1000,
  logEntriesMax: 100_000,
  logBytesMax: 64 << 20,
};
