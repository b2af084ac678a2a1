// What transactions hold in this partition: one lock per item, made by a prepare and ended by a commit or abort
// (transaction-writes.ts). Locks are replicated and stored like items, in a space of their own; there are few and
// they are asked for often, so every replica also keeps them in memory, as of the entries it has applied. What the
// leader has decided on top of that is in its overlay, as for everything else.
import { bytesName } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { Effect } from "@azimuth/operations/operation.ts";
import { conflictRefusal, type PartAnswer } from "@azimuth/operations/transact-plan.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import { isLockKey, lockKey } from "@azimuth/storage/keys/lock-key.ts";
import { readToken } from "@azimuth/storage/keys/token-bytes.ts";
import type { EntryEffect } from "./entry-codec.ts";
import type { Look } from "./write-task.ts";

/** Of the token in a lock's key: behind the space and the table's id. */
const tokenOffset = 5;

export interface Lock {
  /** Of the transaction, 16 bytes; with `ledger`, the id of the ledger's table, it leads to its record. */
  readonly id: Uint8Array;
  readonly run: string;
  readonly ledger: number;
  /** Where the transaction stands among others: the smaller text is the older one. */
  readonly age: string;
  /** What a commit does to the item; keys below the table's prefix. */
  readonly effects: readonly Effect[];
  readonly answer: PartAnswer;
}

export interface HeldLock {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** By this process's clock. */
  readonly seenAt: number;
}

export class LockTable {
  readonly #clock: Clock;
  readonly #held = new Map<string, HeldLock>();
  #used = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#held.size;
  }

  /** False as long as no transaction has come near this replica: then nobody needs to look. */
  get inUse(): boolean {
    return this.#used;
  }

  /** A prepare is about to be decided here. */
  noteUse(): void {
    this.#used = true;
  }

  /** The lock under a lock's key, as of what this replica has applied. */
  get(key: Uint8Array): Uint8Array | undefined {
    return this.#held.size === 0 ? undefined : this.#held.get(bytesName(key))?.value;
  }

  /** To be told every effect that is applied. */
  applied(effect: EntryEffect): void {
    if (!isLockKey(effect.key)) return;
    if (effect.kind === "delete") this.#held.delete(bytesName(effect.key));
    else this.#hold(effect.key, effect.value);
  }

  /** What the engine holds, when this replica begins with it. */
  load(pairs: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[]): void {
    for (const { key, value } of pairs) this.#hold(key, value);
  }

  clear(): void {
    this.#held.clear();
  }

  /** The range ends with this token now: locks behind it belong to another partition. */
  keepThrough(lastToken: string): void {
    for (const [name, { key }] of this.#held) if (readToken(key, tokenOffset) > lastToken) this.#held.delete(name);
  }

  all(): Iterable<HeldLock> {
    return this.#held.values();
  }

  #hold(key: Uint8Array, value: Uint8Array): void {
    this.#used = true;
    const held = { key: Uint8Array.from(key), value: Uint8Array.from(value), seenAt: this.#clock.now() };
    this.#held.set(bytesName(key), held);
  }
}

/** Throws the conflict when a transaction holds the item; `itemKey` is whole. */
export function refuseLocked(look: Look, itemKey: Uint8Array): void {
  if (look(lockKey(itemKey)) === undefined) return;
  throw new DynamoDbException(conflictRefusal.type, conflictRefusal.message);
}

export function encodeLock(lock: Lock): Uint8Array {
  return encodeBody(lock as unknown as Plain);
}

export function decodeLock(value: Uint8Array): Lock {
  return decodeBody<Lock>(value);
}
