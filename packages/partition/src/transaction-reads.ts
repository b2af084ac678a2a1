// Reads that transactions matter to, at the leader.
//
// A strong read of an item that a transaction holds asks the ledger what became of it: once a transaction is
// committed, nobody may see the value before it, though its commit has not reached this partition yet.
//
// A transactional read (TransactGetItems) looks at each item, then, when it has seen them all, verifies that none has
// changed since: what was seen was then true of all of them at the moment between the two. For that the leader
// watches the item from before it reads it: any entry that touches item or lock spoils the watch, and so does a change
// of leader. Each of the two steps is confirmed by ReadIndex like every strong read.
import { assert } from "@azimuth/foundation/assert.ts";
import { bytesName, concatBytes } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Outcome, PointReadCommand } from "@azimuth/operations/operation.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { lockKey } from "@azimuth/storage/keys/lock-key.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { decodeLock, type Lock } from "./transaction-locks.ts";

export interface TransactionReadCommand extends PointReadCommand {
  readonly operation: "TransactionRead";
  readonly step: "look" | "verify";
  /** Names this read of this item; never used again. */
  readonly watch: string;
  /** What to read. */
  readonly part: PointReadCommand;
}

export function isTransactionRead(command: { readonly operation: string }): command is TransactionReadCommand {
  return command.operation === "TransactionRead";
}

/** Outcome of a verification. */
export interface VerifiedOutcome extends Outcome {
  readonly unchanged: boolean;
}

export interface TransactionDoors {
  /** What the ledger says of a lock's run; "unknown" when it cannot be asked. */
  stateOf(lock: Lock, done: (state: "pending" | "committed" | "over" | "unknown") => void): void;
}

/** A watch that nobody asked about for so long is forgotten: its reader has given up. */
const watchLifeMs = 15_000;
const watchesMax = 100_000;

interface Watch {
  readonly item: string;
  readonly openedAt: number;
  clean: boolean;
}

export class ReadWatches {
  readonly #clock: Clock;
  /** In the order in which they were opened. */
  readonly #watches = new Map<string, Watch>();
  readonly #byItem = new Map<string, Set<Watch>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** From now on, until asked. A watch that is open stays as it is. */
  open(name: string, itemKey: Uint8Array): void {
    this.#forgetOld();
    if (this.#watches.has(name)) return;
    const watch: Watch = { item: itemName(itemKey), openedAt: this.#clock.now(), clean: true };
    this.#watches.set(name, watch);
    const others = this.#byItem.get(watch.item);
    if (others === undefined) this.#byItem.set(watch.item, new Set([watch]));
    else others.add(watch);
  }

  /** To be told the key of every effect applied: an item's or its lock's. */
  touched(key: Uint8Array): void {
    if (this.#watches.size === 0) return;
    for (const watch of this.#byItem.get(itemName(key)) ?? []) watch.clean = false;
  }

  /** Whether nothing touched the item since the watch was opened here; ends the watch. */
  close(name: string): boolean {
    const watch = this.#watches.get(name);
    if (watch === undefined) return false;
    this.#remove(name, watch);
    return watch.clean;
  }

  clear(): void {
    this.#watches.clear();
    this.#byItem.clear();
  }

  #forgetOld(): void {
    const before = this.#clock.now() - watchLifeMs;
    for (const [name, watch] of this.#watches) {
      if (watch.openedAt >= before && this.#watches.size < watchesMax) return;
      this.#remove(name, watch);
    }
  }

  #remove(name: string, watch: Watch): void {
    this.#watches.delete(name);
    const others = this.#byItem.get(watch.item);
    others?.delete(watch);
    if (others?.size === 0) this.#byItem.delete(watch.item);
  }
}

/** Item and lock have one name: their keys differ in the first byte only. */
function itemName(key: Uint8Array): string {
  return bytesName(key.subarray(1));
}

type Found = (stored: Uint8Array | undefined) => void;

export interface LockedReads {
  /** Reads an item once leadership is confirmed; `undecided` when a transaction's fate cannot be learnt. */
  read(command: PointReadCommand, found: Found, again: () => void, undecided: () => void): void;
  /** The same for a transaction's look at it; `locked` when another transaction holds it. */
  look(command: TransactionReadCommand, found: Found, locked: () => void): void;
}

export function createLockedReads(doors: PartitionDoors, partition: Partition): LockedReads {
  /** Runs that the ledger no longer knows but whose locks are still here, as of the last time that was found. */
  const ended = new Set<string>();

  function itemKeyOf({ tableId, position }: PointReadCommand): Uint8Array {
    return concatBytes(tablePrefix(tableId), position.key);
  }

  /** The lock is read before the item: where it is gone, what the commit wrote is there. */
  function withLock(itemKey: Uint8Array, done: (lock: Lock | undefined) => void): void {
    if (!partition.locks.inUse) return done(undefined);
    doors.engine.get([lockKey(itemKey)], ([stored]) => done(stored && decodeLock(stored)));
  }

  function fetch(itemKey: Uint8Array, found: Found): void {
    doors.engine.get([itemKey], ([stored]) => found(stored));
  }

  return {
    read(command, found, again, undecided) {
      const itemKey = itemKeyOf(command);
      withLock(itemKey, (lock) => {
        if (lock === undefined || ended.has(lock.run)) return fetch(itemKey, found);
        if (doors.transactions === undefined) return fetch(itemKey, found);
        doors.transactions.stateOf(lock, (state) => {
          if (state === "unknown") return undecided();
          if (state === "pending") return fetch(itemKey, found);
          if (state === "committed") return afterCommit(lock, itemKey, found);
          // Aborted, or committed and applied here by now: the next look tells. A lock that is still there then
          // belongs to a run that ended without it.
          if (ended.size >= watchesMax) ended.clear();
          ended.add(lock.run);
          again();
        });
      });
    },
    look(command, found, locked) {
      const itemKey = itemKeyOf(command);
      withLock(itemKey, (lock) => (lock === undefined ? fetch(itemKey, found) : locked()));
    },
  };

  function afterCommit(lock: Lock, itemKey: Uint8Array, found: Found): void {
    const [effect] = lock.effects;
    assert(lock.effects.length <= 1, "a part changes at most its own item");
    if (effect === undefined) return fetch(itemKey, found);
    found(effect.kind === "put" ? effect.value : undefined);
  }
}
