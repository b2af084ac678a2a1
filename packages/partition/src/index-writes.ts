// What a base partition sends to a partition of one of its global indexes, and how it is taken there.
//
// The sender goes through its queue in order and sends the next batch only when the last is acknowledged, again and
// again until it is; a new leader of the base partition begins with the oldest record that is still in the queue. So
// what arrives from one source is its changes in order, with repetitions. The index partition keeps a mark per
// source, the position of the last change taken, written with the change: what is not above the mark is dropped. Each
// change thus takes effect once, and a late copy of an old batch can undo nothing.
import { bytesName, concatBytes } from "@azimuth/foundation/bytes.ts";
import {
  decodeIndexMark, encodeIndexMark, indexMarkKey,
} from "@azimuth/storage/keys/index-mark-key.ts";
import type { QueuePosition } from "@azimuth/storage/keys/index-queue-key.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import type { EntryEffect } from "./entry-codec.ts";
import type { PartitionDescriptor } from "./descriptor.ts";
import { nothingToDo, type TaskDecision, type WriteTask } from "./write-task.ts";

export const indexWriteMethod = "index-write";

export interface IndexWriteChange {
  /** In the source's queue. */
  readonly index: number;
  readonly ordinal: number;
  readonly token: string;
  /** Below the index's prefix. */
  readonly key: Uint8Array;
  /** Null: the entry goes. */
  readonly value: Uint8Array | null;
}

export interface IndexWriteCommand {
  readonly indexId: number;
  /** The base partition. */
  readonly source: number;
  /** In the order of their positions. */
  readonly changes: readonly IndexWriteChange[];
}

const noToken = new Uint8Array(0);

/** Undefined when not all of it belongs into this partition. */
export function indexWrite(
  command: IndexWriteCommand,
  epoch: number,
  descriptor: PartitionDescriptor,
): WriteTask | undefined {
  const { partition, tableId, firstToken, lastToken } = descriptor;
  const { indexId, source, changes } = command;
  const fits = changes.every(({ token }) => token >= firstToken && token <= lastToken);
  if (indexId !== tableId || !fits) return undefined;
  const prefix = tablePrefix(indexId);
  const markKey = indexMarkKey(partition, source);
  const keyed = changes.map((change) => ({ change, whole: concatBytes(prefix, change.key) }));
  return {
    epoch, requestToken: noToken, attempt: 0, token: firstToken,
    keys: [markKey, ...keyed.map(({ whole }) => whole)],
    decide(look): TaskDecision {
      const stored = look(markKey);
      const mark = stored && decodeIndexMark(stored);
      const fresh = keyed.filter(({ change }) => mark === undefined || isAfter(change, mark));
      const last = fresh.at(-1);
      if (last === undefined) return nothingToDo({});
      const finalByKey = new Map(fresh.map(({ change, whole }) => [bytesName(whole), { whole, value: change.value }]));
      let itemCountDelta = 0;
      let itemBytesDelta = 0;
      const effects: EntryEffect[] = [];
      for (const { whole, value } of finalByKey.values()) {
        const before = look(whole);
        itemCountDelta += (value === null ? 0 : 1) - (before === undefined ? 0 : 1);
        itemBytesDelta += (value?.length ?? 0) - (before?.length ?? 0);
        effects.push(value === null ? { kind: "delete", key: whole } : { kind: "put", key: whole, value });
      }
      effects.push({ kind: "put", key: markKey, value: encodeIndexMark(last.change) });
      return { effects, unseen: [], itemCountDelta, itemBytesDelta, indexWork: undefined, outcome: {} };
    },
  };
}

function isAfter(left: QueuePosition, right: QueuePosition): boolean {
  return left.index === right.index ? left.ordinal > right.ordinal : left.index > right.index;
}
