// A client's write as a task: the operation decides what becomes of the item, and what the table's indexes then have
// to hold follows from the images before and after.
//
// - Entries of local indexes lie in this partition and are written by the same log entry as the item.
// - Changes for global indexes go with the entry, too, into the queue of this partition (index-queue.ts).
// - A table with local indexes counts the bytes of each item collection, which may not grow beyond 10 GB.
import { assert } from "@azimuth/foundation/assert.ts";
import { concatBytes } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { encodedItemSize } from "@azimuth/model/item-codec.ts";
import { itemSizeMax } from "@azimuth/model/item-size.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import {
  hasIndexes, localIndexesOf, maintainIndexes, type IndexMaintenance,
} from "@azimuth/operations/index-entries.ts";
import type { Decision, Outcome, WriteCommand, WriteOperation } from "@azimuth/operations/operation.ts";
import { nodeOperations } from "@azimuth/operations/registry.ts";
import { collectionKey, decodeCollectionSize, encodeCollectionSize } from "@azimuth/storage/keys/collection-key.ts";
import { decodeKeyAttribute, tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import type { EntryEffect, QueuedChange } from "./entry-codec.ts";
import { collectionBytesMax } from "./limits.ts";
import { refusalOf } from "./read-path.ts";
import type { WriteRequest } from "./requests.ts";
import { refuseLocked, type LockTable } from "./transaction-locks.ts";
import { isNothing, nothingToDo, type Look, type TaskDecision, type WriteTask } from "./write-task.ts";

const tokenBytes = 8;

export function clientWrite(
  clock: Clock,
  { command, epoch, requestToken, attempt }: WriteRequest<WriteCommand>,
  table: TableDefinition,
  locks: LockTable,
): WriteTask {
  const prefix = tablePrefix(command.tableId);
  const key = concatBytes(prefix, command.position.key);
  const collection = collectionKeyOf(table, command.position.key);
  return {
    epoch, requestToken, attempt,
    token: command.position.token,
    keys: collection === undefined ? [key] : [key, collection],
    decide(look, current) {
      const operation = nodeOperations.get(command.operation) as WriteOperation | undefined;
      assert(operation?.kind === "write", `unknown write ${command.operation}`);
      const get = (below: Uint8Array): Uint8Array | undefined => look(concatBytes(prefix, below));
      const view = { table: current, now: clock.wallNow(), get };
      try {
        if (locks.inUse) refuseLocked(look, key);
        return withIndexes(current, operation.decide(view, command), look, collection);
      } catch (error) {
        return nothingToDo(refusalOf(error));
      }
    },
  };
}

/**
 * A decision on items as effects on whole keys, with everything the table's indexes need. Limits on size are checked
 * unless they were `weighed` before.
 */
export function withIndexes(
  table: TableDefinition,
  { effects: decided, outcome }: Decision,
  look: Look,
  collection: Uint8Array | undefined,
  limits: "checked" | "weighed" = "checked",
): TaskDecision {
  const prefix = tablePrefix(table.tableId);
  let itemCountDelta = 0;
  let itemBytesDelta = 0;
  const effects: EntryEffect[] = [];
  const maintained: IndexMaintenance[] = [];
  let collectionDelta = 0;
  for (const effect of decided) {
    const key = concatBytes(prefix, effect.key);
    const before = look(key);
    const after = effect.kind === "put" ? effect.value : undefined;
    itemCountDelta += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    itemBytesDelta += (after?.length ?? 0) - (before?.length ?? 0);
    effects.push(after === undefined ? { kind: "delete", key } : { kind: "put", key, value: after });
    if (!hasIndexes(table)) continue;
    const maintenance = maintainIndexes(table, before, after);
    maintained.push(maintenance);
    if (limits === "checked") checkSizeWithLocalEntries(after, maintenance);
    collectionDelta += sizeOf(after) + maintenance.localBytesAfter - sizeOf(before) - maintenance.localBytesBefore;
  }
  const plain: TaskDecision = { effects, unseen: [], itemCountDelta, itemBytesDelta, indexWork: undefined, outcome };
  if (!hasIndexes(table) || isNothing(plain)) return plain;
  return addIndexes(table, plain, maintained, collection && grown(look, collection, collectionDelta, limits));
}

function addIndexes(
  table: TableDefinition,
  plain: TaskDecision,
  maintained: readonly IndexMaintenance[],
  collection: { readonly effect: EntryEffect; readonly bytes: number } | undefined,
): TaskDecision {
  const unseen: EntryEffect[] = [];
  const changes: QueuedChange[] = [];
  for (const { index, token, key, value } of maintained.flatMap((each) => each.changes)) {
    if (index.kind === "global") {
      changes.push({ indexId: index.indexId, token, key, value });
      continue;
    }
    const whole = concatBytes(tablePrefix(index.indexId), key);
    unseen.push(value === undefined ? { kind: "delete", key: whole } : { kind: "put", key: whole, value });
  }
  const hasGlobal = table.indexes?.some((index) => index.kind === "global") === true;
  const indexVersion = table.indexVersion ?? 0;
  return {
    ...plain,
    effects: collection === undefined ? plain.effects : [...plain.effects, collection.effect],
    unseen,
    indexWork: hasGlobal || indexVersion > 0 ? { indexVersion, removed: 0, built: [], changes } : undefined,
    localDeltas: maintained.flatMap((each) => each.localDeltas),
    outcome: withUnits(plain.outcome, maintained, collection?.bytes),
  };
}

function withUnits(outcome: Outcome, maintained: readonly IndexMaintenance[], collectionBytes?: number): Outcome {
  const local = Object.assign({}, ...maintained.map((each) => each.local)) as Record<string, number>;
  const global = Object.assign({}, ...maintained.map((each) => each.global)) as Record<string, number>;
  return { ...outcome, indexUnits: { local, global }, ...(collectionBytes === undefined ? {} : { collectionBytes }) };
}

/** Undefined for a table whose collections are not counted. */
export function collectionKeyOf(table: TableDefinition, itemKey: Uint8Array): Uint8Array | undefined {
  if (localIndexesOf(table).length === 0) return undefined;
  const { end } = decodeKeyAttribute(table.key.partition.type, itemKey, tokenBytes, "delimited");
  return collectionKey(table.tableId, itemKey.subarray(0, end));
}

function grown(look: Look, key: Uint8Array, delta: number, limits: "checked" | "weighed") {
  const stored = look(key);
  const bytes = (stored === undefined ? 0 : decodeCollectionSize(stored)) + delta;
  if (limits === "checked") checkCollectionSize(bytes, delta);
  const effect: EntryEffect = bytes <= 0
    ? { kind: "delete", key }
    : { kind: "put", key, value: encodeCollectionSize(bytes) };
  return { effect, bytes: Math.max(0, bytes) };
}

/** A collection that is too large may still shrink. */
export function checkCollectionSize(bytes: number, delta: number): void {
  if (delta <= 0 || bytes <= collectionBytesMax) return;
  throw new DynamoDbException("ItemCollectionSizeLimitExceededException", "Collection size exceeded.");
}

/** An item and its entries in local indexes share the limit of 400 KB. */
function checkSizeWithLocalEntries(after: Uint8Array | undefined, { localBytesAfter }: IndexMaintenance): void {
  if (localBytesAfter === 0 || sizeOf(after) + localBytesAfter <= itemSizeMax) return;
  throw validationException("Item size has exceeded the maximum allowed size");
}

function sizeOf(item: Uint8Array | undefined): number {
  return item === undefined ? 0 : encodedItemSize(item);
}
