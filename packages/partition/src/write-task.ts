// What passes through the write path (write-path.ts): a client's write to an item, a batch of changes for an index,
// or something the leader does of itself. A task names the keys it looks at; once they have been read it decides,
// synchronously, what its log entry does.
import type { IndexSizeDelta } from "@azimuth/operations/index-entries.ts";
import type { Outcome } from "@azimuth/operations/operation.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { EntryEffect, IndexWork } from "./entry-codec.ts";

/** The latest decided value of one of the task's keys (whole engine keys). */
export type Look = (key: Uint8Array) => Uint8Array | undefined;

export interface WriteTask {
  /** Of the range, as the asker knows it. */
  readonly epoch: number;
  /** Identity over all attempts, 16 bytes; empty when it needs none. */
  readonly requestToken: Uint8Array;
  readonly attempt: number;
  /** Where its idempotency record goes. */
  readonly token: string;
  readonly keys: readonly Uint8Array[];
  /** It ends what a split waits for, so it goes on while other writes are held back. */
  readonly passesSeal?: boolean;
  decide(look: Look, table: TableDefinition): TaskDecision;
}

export interface TaskDecision {
  /** Effects on the task's keys, which later tasks may look at before they are applied. */
  readonly effects: readonly EntryEffect[];
  /** Effects on keys that no task looks at. */
  readonly unseen: readonly EntryEffect[];
  readonly itemCountDelta: number;
  readonly itemBytesDelta: number;
  readonly indexWork: IndexWork | undefined;
  /** Of the table's local indexes; absent: none changes. */
  readonly localDeltas?: readonly IndexSizeDelta[];
  readonly outcome: Outcome;
}

/** Nothing to replicate. */
export function nothingToDo(outcome: Outcome): TaskDecision {
  return { effects: [], unseen: [], itemCountDelta: 0, itemBytesDelta: 0, indexWork: undefined, outcome };
}

export function isNothing({ effects, unseen, indexWork }: TaskDecision): boolean {
  return effects.length === 0 && unseen.length === 0 && indexWork === undefined;
}

const noToken = new Uint8Array(0);

/** A task of the leader's own: it may be decided again, so it needs no record. */
export function ownTask(
  { epoch, firstToken }: { readonly epoch: number; readonly firstToken: string },
  keys: readonly Uint8Array[],
  decide: WriteTask["decide"],
): WriteTask {
  return { epoch, requestToken: noToken, attempt: 0, token: firstToken, keys, decide };
}
