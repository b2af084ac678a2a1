// What a partition is asked and what it answers. Answers that are not "ok" tell the router how to correct itself;
// "unknown" alone means that the write may or may not happen.
import type { Outcome } from "@azimuth/operations/operation.ts";

export interface WriteRequest<Command> {
  readonly command: Command;
  /** The partition's range epoch that the router knows. */
  readonly epoch: number;
  /** Identity of the write over all its attempts, 16 bytes; empty when it needs none. */
  readonly requestToken: Uint8Array;
  /** 0 the first time; a retry first looks for the record of an earlier attempt. */
  readonly attempt: number;
}

export interface ReadRequest<Command> {
  readonly command: Command;
  readonly epoch: number;
}

export type PartitionReply =
  | { readonly status: "ok"; readonly outcome: Outcome }
  /** `leader` is a node number, 0 when unknown. Nothing was done. */
  | { readonly status: "not-leader"; readonly leader: number }
  | { readonly status: "wrong-epoch" }
  /** The replica cannot answer now (no state yet, too much waiting). Nothing was done. */
  | { readonly status: "unavailable"; readonly reason: string }
  | { readonly status: "unknown" };
