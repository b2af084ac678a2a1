// Ends what coordinators left behind, on every storage node, for the partitions it leads:
//
// - a lock that is older than any transaction takes asks the ledger what became of its run, and does that: commits,
//   or lets go. A run that is still pending after some more time is aborted in the ledger first: then nobody can
//   commit it any more.
// - the ledger's partitions go over their records now and then: what is committed but not finished is brought to its
//   items; what nobody settled is aborted; what is over for ten minutes is forgotten.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import {
  decodeLedgerRecord, ledgerCommand, rememberedForMs, type LedgerAnswer, type LedgerEvent, type LedgerRecord,
} from "@azimuth/operations/transaction-ledger.ts";
import { readToken } from "@azimuth/storage/keys/token-bytes.ts";
import type { EngineReader } from "@azimuth/storage/engine.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { rangeChunkBytes } from "./limits.ts";
import type { Partition } from "./partition.ts";
import { commitAll, itemCommand, type CoordinatorDoors } from "./transaction-coordinator.ts";
import { decodeLock, type HeldLock, type Lock } from "./transaction-locks.ts";
import type { TransactionDoors } from "./transaction-reads.ts";

export interface RecoveryDoors extends CoordinatorDoors {
  readonly engine: EngineReader;
  partitions(): Iterable<Partition>;
  /** Id of the ledger's table; undefined while there is none. */
  ledger(): number | undefined;
}

/** Locks this old are asked about, and this old their pending run is aborted. */
const askAfterMs = 2000;
const abortAfterMs = 6000;
const askWithinMs = 3000;
/** Ledger records in no final state for this long are settled. */
const settleAfterMs = 30_000;
const recordSweepMs = 20_000;
const asksMax = 100;
const prefixBytes = 5;

export interface TransactionRecovery extends TransactionDoors {
  /** To be called about once a second. */
  look(): void;
}

export function createTransactionRecovery(doors: RecoveryDoors): TransactionRecovery {
  const { clock } = doors;
  const asked = new Set<HeldLock>();
  const askedAt = new WeakMap<HeldLock, number>();
  const settling = new Set<string>();
  let sweptAt = clock.now();

  function look(): void {
    endLocks();
    const isEarly = buggify("a ledger is swept early");
    if (!isEarly && clock.now() - sweptAt < recordSweepMs) return;
    sweptAt = clock.now();
    const ledger = doors.ledger();
    const settleAgeMs = isEarly ? 0 : settleAfterMs;
    for (const partition of doors.partitions()) {
      if (partition.readyTerm === 0 || partition.descriptor.tableId !== ledger) continue;
      sweepLedger(partition, ledger, settleAgeMs);
    }
  }

  /** Those first that were asked about longest ago: a part of the ledger that is away must not keep others waiting. */
  function endLocks(): void {
    const due: { readonly partition: Partition; readonly held: HeldLock; readonly force: boolean }[] = [];
    for (const partition of doors.partitions()) {
      if (partition.readyTerm === 0 || partition.locks.size === 0) continue;
      for (const held of partition.locks.all()) {
        if (asked.has(held)) continue;
        const age = clock.now() - held.seenAt;
        const isEarly = buggify("a lock is ended early");
        if (isEarly || age >= askAfterMs) due.push({ partition, held, force: isEarly || age >= abortAfterMs });
      }
    }
    const lastAsked = (held: HeldLock): number => askedAt.get(held) ?? 0;
    due.sort((one, other) => lastAsked(one.held) - lastAsked(other.held));
    for (const { partition, held, force } of due.slice(0, asksMax - asked.size)) void endLock(partition, held, force);
  }

  /** `force`: not even a pending run is waited for any more. */
  async function endLock(partition: Partition, held: HeldLock, force: boolean): Promise<void> {
    asked.add(held);
    askedAt.set(held, clock.now());
    const lock = decodeLock(held.value);
    const answer = await ask(lock, { event: "settle", run: lock.run, force });
    if (answer !== undefined && answer.state !== "pending") {
      if (clock.now() - held.seenAt >= askAfterMs) {
        if (answer.state === "over") probe("a lock was ended whose transaction nobody had committed");
        else probe("a lock was ended whose transaction another had committed");
      }
      const operation = answer.state === "committed" ? "TransactionCommit" : "TransactionAbort";
      const key = held.key.subarray(prefixBytes);
      const item = { tableId: partition.descriptor.tableId, position: { token: readToken(key, 0), key } };
      await doors.deliver(itemCommand(operation, lock, lock.run, item), clock.now() + askWithinMs);
    }
    asked.delete(held);
  }

  /** Undefined when the ledger does not answer, or this node's map does not know it yet. */
  async function ask(
    { id, ledger }: Pick<Lock, "id" | "ledger">,
    event: LedgerEvent,
  ): Promise<LedgerAnswer | undefined> {
    const result = await doors.deliver(ledgerCommand(ledger, id, event), clock.now() + askWithinMs);
    return result.kind === "ok" ? (result.outcome as unknown as LedgerAnswer) : undefined;
  }

  function sweepLedger(partition: Partition, ledger: number, settleAgeMs: number): void {
    const { firstToken, lastToken } = partition.descriptor;
    const range = { ...partitionRange(ledger, firstToken, lastToken), chunkBytes: rangeChunkBytes };
    walkRange(doors.engine, range, (pairs) => {
      for (const { value } of pairs) {
        const { id, record } = decodeLedgerRecord(value);
        sweepRecord(ledger, Uint8Array.from(id), record, settleAgeMs);
      }
    }, () => {});
  }

  function sweepRecord(ledger: number, id: Uint8Array, record: LedgerRecord, settleAgeMs: number): void {
    const { run, state } = record;
    const age = Math.abs(clock.wallNow() - record.since);
    const isOver = state === "done" || state === "aborted";
    if (age < (isOver ? rememberedForMs : settleAgeMs) || settling.size >= asksMax || settling.has(run)) return;
    if (!isOver) probe("a sweep of the ledger settled a transaction");
    settling.add(run);
    const deadline = clock.now() + askWithinMs;
    const settle = async (): Promise<void> => {
      if (isOver) await ask({ id, ledger }, { event: "forget", run });
      else if (state === "committed") await commitAll(doors, { id, ledger, deadline }, record);
      else await ask({ id, ledger }, { event: "settle", run, force: true });
      settling.delete(run);
    };
    void settle();
  }

  return {
    look,
    stateOf(lock, done) {
      void ask(lock, { event: "settle", run: lock.run, force: false }).then((answer) => {
        switch (answer?.state) {
          case "pending":
          case "committed":
            return done(answer.state);
          default:
            return done(answer === undefined ? "unknown" : "over");
        }
      });
    },
  };
}
