// What the router gets from the parse of a transaction: its parts, each a command on one item, and how to make the
// response of what became of them. The parts of a write are carried out together or not at all
// (packages/partition/src/transaction-coordinator.ts); those of a read are one moment's values
// (transaction-reader.ts).
import type { Outcome, PointReadCommand, WriteCommand } from "./operation.ts";

export interface TransactWritePlan {
  readonly kind: "transact-write";
  /** In the order of the request, no two on one item. */
  readonly parts: readonly WriteCommand[];
  /** ClientRequestToken: requests that carry the same one are one transaction. */
  readonly clientToken: string | undefined;
  /** Of what the transaction does, to recognise another request under the same token. */
  readonly payloadHash: string;
  reply(result: TransactWriteResult): string;
}

/** A part's answer: what its outcome was (units and the like), kept for repetitions of the request. */
export interface PartAnswer extends Outcome {
  readonly units: number;
  /** Size of the item that the part finds or leaves, the larger: what a repetition is charged for reading. */
  readonly itemBytes: number;
}

export type TransactWriteResult =
  /** `replayed`: an earlier request with this token did it. */
  | { readonly kind: "done"; readonly answers: readonly PartAnswer[]; readonly replayed: boolean }
  /** Nothing was done; the refusals are in the order of the parts, undefined for those that would have been done. */
  | { readonly kind: "cancelled"; readonly refusals: readonly Outcome["refused"][] }
  | { readonly kind: "in-progress" }
  | { readonly kind: "mismatch" };

export interface TransactGetPlan {
  readonly kind: "transact-get";
  readonly parts: readonly PointReadCommand[];
  reply(result: TransactGetResult): string;
}

export type TransactGetResult =
  | { readonly kind: "done"; readonly outcomes: readonly Outcome[] }
  | { readonly kind: "cancelled"; readonly refusals: readonly Outcome["refused"][] };

/** What stands in the way of a write to an item, or a transactional read, while a transaction holds it. */
export const conflictRefusal = {
  type: "TransactionConflictException",
  message: "Transaction is ongoing for the item",
} as const;
