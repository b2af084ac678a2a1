// Every limit of this package: sizes of frames and queues, periods of pings, dials and retries.

export interface TransportLimits {
  /** A frame is closed once it holds this many bytes; a message is never divided, so one frame may be larger. */
  readonly frameBytes: number;
  /** The largest frame that is accepted. */
  readonly frameBytesMax: number;
  /** Bytes given to a stream and not yet taken by its socket, before later messages are gathered instead. */
  readonly unwrittenBytesMax: number;
  /** Bytes queued for one peer before Raft messages, which are repeated anyway, are dropped. */
  readonly queueBytesForRaftMax: number;
  /** Bytes queued for one peer before its connection is broken. */
  readonly queueBytesMax: number;
  readonly dialTimeoutMs: number;
  /** The first pause after a failed dial; it doubles up to the longest. */
  readonly retryPauseMinMs: number;
  readonly retryPauseMaxMs: number;
  /** A peer is pinged this often, and given up when an answer takes longer than the timeout. */
  readonly pingPeriodMs: number;
  readonly pingTimeoutMs: number;
  /** A connection without a stream is closed after this. */
  readonly idleMs: number;
  readonly streamsPerConnectionMax: number;
}

export const defaultTransportLimits: TransportLimits = {
  frameBytes: 1 << 20,
  frameBytesMax: 64 << 20,
  unwrittenBytesMax: 2 << 20,
  queueBytesForRaftMax: 32 << 20,
  queueBytesMax: 128 << 20,
  dialTimeoutMs: 3000,
  retryPauseMinMs: 50,
  retryPauseMaxMs: 1000,
  pingPeriodMs: 1000,
  pingTimeoutMs: 2000,
  idleMs: 10_000,
  streamsPerConnectionMax: 4,
};
