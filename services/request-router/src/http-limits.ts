// Every limit of the HTTP front.

export interface HttpLimits {
  /** DynamoDB's largest request, whatever its operation. */
  readonly bodyBytesMax: number;
  /** A body that is too large is still read up to this, so that the client sees the refusal. */
  readonly discardedBytesMax: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  /** Requests of one connection under way at once. */
  readonly pipelinedMax: number;
  /** From the first byte of a request, or the connection, to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** To the end of the body. */
  readonly requestTimeoutMs: number;
  /** How often the two timeouts above are looked at. */
  readonly timeoutCheckMs: number;
  /** A connection without a request is closed after this. */
  readonly keepAliveMs: number;
  /** A connection on which nothing moves in either direction is closed after this, whatever its state. */
  readonly stalledMs: number;
  /** After this long, draining closes what is still open. */
  readonly drainMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytesMax: 16 << 20,
  discardedBytesMax: 64 << 20,
  headerBytesMax: 16 << 10,
  connectionsMax: 10_000,
  pipelinedMax: 128,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  timeoutCheckMs: 1000,
  keepAliveMs: 65_000,
  stalledMs: 60_000,
  drainMs: 10_000,
};
