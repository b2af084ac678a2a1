// What a transaction asks of one item's partition, as tasks of the write path:
//
//   prepare   decides the part as the write alone would be decided; if it may be done, locks the item and keeps the
//             effects in the lock
//   commit    does the lock's effects and ends the lock
//   abort     ends the lock
//
// An item that is locked takes no other write, so what prepare decided still holds when commit comes. All three may
// come again and in any order: commit and abort of a lock that is not (or no longer) there do nothing, and leave a
// record by which a prepare that arrives late is turned away. Should one slip through after the record's time, its
// lock is found to belong to a run that is over (transaction-recovery.ts).
import { assert } from "@azimuth/foundation/assert.ts";
import { concatBytes, equalBytes } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { encodedItemSize } from "@azimuth/model/item-codec.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Decision, Outcome, WriteCommand, WriteOperation } from "@azimuth/operations/operation.ts";
import { nodeOperations } from "@azimuth/operations/registry.ts";
import { conflictRefusal, type PartAnswer } from "@azimuth/operations/transact-plan.ts";
import { idempotencyKey } from "@azimuth/storage/keys/idempotency-key.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { lockKey } from "@azimuth/storage/keys/lock-key.ts";
import { refusalOf } from "./read-path.ts";
import type { WriteRequest } from "./requests.ts";
import { collectionKeyOf, withIndexes } from "./table-writes.ts";
import { decodeLock, encodeLock, type Lock } from "./transaction-locks.ts";
import { nothingToDo, type Look, type TaskDecision, type WriteTask } from "./write-task.ts";

export interface TransactionCommand extends WriteCommand {
  readonly operation: "TransactionPrepare" | "TransactionCommit" | "TransactionAbort";
  readonly id: Uint8Array;
  readonly run: string;
  /** Id of the ledger's table. */
  readonly ledger: number;
  /** For a prepare: Lock.age. */
  readonly age?: string;
  /** Names this run's business with this item, 16 bytes: the token of the record that ends it. */
  readonly marker: Uint8Array;
  /** For a prepare: what to do. */
  readonly part?: WriteCommand;
}

/** Of a prepare that met another transaction's lock. */
export interface ConflictOutcome extends Outcome {
  readonly refused: typeof conflictRefusal;
  /** Age of the transaction that holds the item. */
  readonly holder: string;
}

/** Outcomes: of a prepare "prepared" (with the part's answer), "over" or refused; of the others "ended". */
export interface PreparedOutcome extends Outcome {
  readonly state: "prepared";
  readonly answer: PartAnswer;
}

const operations: ReadonlySet<string> = new Set(["TransactionPrepare", "TransactionCommit", "TransactionAbort"]);
const noToken = new Uint8Array(0);

export function isTransactionCommand(command: WriteCommand): command is TransactionCommand {
  return operations.has(command.operation);
}

/** The keys of a task on one item. */
interface Keys {
  readonly item: Uint8Array;
  readonly lock: Uint8Array;
  readonly collection: Uint8Array | undefined;
  readonly all: readonly Uint8Array[];
}

export function transactionWrite(
  clock: Clock,
  { command, epoch }: WriteRequest<TransactionCommand>,
  table: TableDefinition,
  generations: Iterable<number>,
): WriteTask {
  const item = concatBytes(tablePrefix(command.tableId), command.position.key);
  const collection = collectionKeyOf(table, command.position.key);
  const all = collection === undefined ? [item] : [item, collection];
  const keys: Keys = { item, lock: lockKey(item), collection, all };
  const { token } = command.position;
  const task = { epoch, attempt: 0, token };
  switch (command.operation) {
    case "TransactionPrepare": {
      const records = recordKeys(command, generations);
      return {
        ...task, requestToken: noToken, keys: [...all, ...records],
        decide: (look, current) => prepare(clock, command, current, keys, records, look),
      };
    }
    case "TransactionCommit":
      return {
        ...task, requestToken: command.marker, keys: all,
        decide: (look, current) => commit(command, current, keys, look),
      };
    case "TransactionAbort":
      return {
        ...task, requestToken: command.marker, keys: all,
        decide: (look) => end(nothingToDo({ state: "ended" }), command, keys, look),
      };
  }
}

/** Where the record of this run's end may be: of any generation that is kept, or just begins. */
function recordKeys(
  { tableId, position, marker }: TransactionCommand,
  generations: Iterable<number>,
): readonly Uint8Array[] {
  return Array.from(generations, (generation) => idempotencyKey(tableId, generation, position.token, marker));
}

function prepare(
  clock: Clock,
  command: TransactionCommand,
  table: TableDefinition,
  keys: Keys,
  records: readonly Uint8Array[],
  look: Look,
): TaskDecision {
  if (records.some((record) => look(record) !== undefined)) return nothingToDo({ state: "over" });
  const held = look(keys.lock);
  if (held !== undefined) {
    const lock = decodeLock(held);
    if (!isOf(lock, command)) return nothingToDo({ refused: conflictRefusal, holder: lock.age });
    return nothingToDo({ state: "prepared", answer: lock.answer });
  }
  const { part } = command;
  assert(part !== undefined && equalBytes(part.position.key, command.position.key), "a prepare brings its part");
  const operation = nodeOperations.get(part.operation) as WriteOperation | undefined;
  assert(operation?.kind === "write", `unknown write ${part.operation}`);
  const prefix = tablePrefix(table.tableId);
  const get = (below: Uint8Array): Uint8Array | undefined => look(concatBytes(prefix, below));
  try {
    const decision = operation.decide({ table, now: clock.wallNow(), get }, part);
    if (decision.outcome.refused !== undefined) return nothingToDo(decision.outcome);
    const { outcome } = withIndexes(table, decision, look, keys.collection);
    const answer = { ...outcome, itemBytes: largerImage(decision, look(keys.item)) } as PartAnswer;
    const { id, run, ledger, age = "" } = command;
    const lock: Lock = { id, run, ledger, age, effects: decision.effects, answer };
    const effects = [{ kind: "put" as const, key: keys.lock, value: encodeLock(lock) }];
    return { ...nothingToDo({ state: "prepared", answer }), effects };
  } catch (error) {
    return nothingToDo(refusalOf(error));
  }
}

/** Of the item that the part found or of the one it leaves, whichever is larger. */
function largerImage({ effects: [effect] }: Decision, before: Uint8Array | undefined): number {
  const after = effect?.kind === "put" ? encodedItemSize(effect.value) : 0;
  return Math.max(before === undefined ? 0 : encodedItemSize(before), after);
}

function commit(command: TransactionCommand, table: TableDefinition, keys: Keys, look: Look): TaskDecision {
  const held = look(keys.lock);
  const lock = held && decodeLock(held);
  if (lock === undefined || !isOf(lock, command)) return nothingToDo({ state: "ended" });
  // What the commit does was weighed by the prepare: limits do not stop it any more.
  const done = withIndexes(table, { effects: lock.effects, outcome: {} }, look, keys.collection, "weighed");
  return end({ ...done, outcome: { state: "ended" } }, command, keys, look);
}

/** `decision`, and the end of the lock; nothing at all when the item is not locked by this run. */
function end(decision: TaskDecision, command: TransactionCommand, keys: Keys, look: Look): TaskDecision {
  const held = look(keys.lock);
  if (held === undefined || !isOf(decodeLock(held), command)) return nothingToDo({ state: "ended" });
  return { ...decision, effects: [...decision.effects, { kind: "delete", key: keys.lock }] };
}

function isOf(lock: Lock, { id, run }: TransactionCommand): boolean {
  return lock.run === run && equalBytes(lock.id, id);
}
