// Carries out one TransactWriteItems, from whichever process was asked (docs/decisions/0007-transactions.md):
//
//   begin in the ledger → prepare every item → commit in the ledger → commit every item → answer → finish in the ledger
//
// The coordinator has no state that matters: the ledger's record decides (operations, transaction-ledger.ts). It may
// die anywhere, or be followed by another that takes the transaction over. It only ever commits a run whose items it
// has all seen prepared, and only tells a client of success once every item shows it.
import { hash } from "node:crypto";
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { Outcome, WriteCommand } from "@azimuth/operations/operation.ts";
import { conflictRefusal, type PartAnswer, type TransactWriteResult } from "@azimuth/operations/transact-plan.ts";
import {
  ledgerCommand, type LedgerAnswer, type LedgerEvent, type LedgerRecord, type ParticipantItem,
} from "@azimuth/operations/transaction-ledger.ts";
import type { ConflictOutcome, PreparedOutcome, TransactionCommand } from "./transaction-writes.ts";

export type DeliveryResult =
  | { readonly kind: "ok"; readonly outcome: Outcome }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown" }
  | { readonly kind: "unavailable" };

/** Gets a write to the leader of its item's partition, trying again until the deadline (Clock.now). */
export type Deliver = (command: WriteCommand, deadline: number) => Promise<DeliveryResult>;

export interface CoordinatorDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly deliver: Deliver;
  /** True when the table is known to be no more, not merely unknown here. */
  wasDeleted(tableId: number): boolean;
}

export interface WriteTransaction {
  /** 16 bytes; requests of one client token have the same. */
  readonly id: Uint8Array;
  readonly payloadHash: string;
  readonly parts: readonly WriteCommand[];
  /** Id of the ledger's table. */
  readonly ledger: number;
  readonly deadline: number;
}

/** Without an answer: a table is gone; nobody can tell; or nothing was done, and nothing will be. */
export type TransactionResult = TransactWriteResult | { readonly kind: "gone" | "unknown" | "unavailable" };

const nameBytes = 16;
/** Share of the time left that prepares may take: the rest is for ending what they began. */
const prepareShare = 0.6;
const finishWithinMs = 5000;
/** How long to wait for items that younger transactions hold, looking again after about so long. */
const waitForYoungerMs = 500;
const waitPauseMs = 15;
const ageDigits = 15;

export async function runTransaction(
  doors: CoordinatorDoors,
  transaction: WriteTransaction,
): Promise<TransactionResult> {
  const { payloadHash, parts } = transaction;
  const name = toHex(doors.random.bytes(nameBytes));
  const participants = parts.map(({ tableId, position }) => ({ tableId, position }));
  const event = { event: "begin", run: name, owner: name, payloadHash, participants } as const;
  const begun = await askLedger(doors, transaction, event);
  switch (begun?.state) {
    case undefined:
      return { kind: "unavailable" };
    case "begun":
      return prepareAndCommit(doors, transaction, begun.run);
    case "committed":
      return complete(doors, transaction, begun.record, true);
    case "done":
      return { kind: "done", answers: begun.record.answers, replayed: true };
    case "in-progress":
    case "mismatch":
      return { kind: begun.state };
    default:
      return { kind: "unavailable" };
  }
}

async function prepareAndCommit(
  doors: CoordinatorDoors,
  transaction: WriteTransaction,
  run: string,
): Promise<TransactionResult> {
  const { parts, deadline } = transaction;
  const now = doors.clock.now();
  const prepareBy = now + (deadline - now) * prepareShare;
  const age = `${String(doors.clock.wallNow()).padStart(ageDigits, "0")}/${run}`;
  const results = await Promise.all(parts.map((part) =>
    prepareItem(doors, { ...itemCommand("TransactionPrepare", transaction, run, part), part, age }, prepareBy)));
  const answers = results.map(answerOf);
  if (!answers.every((answer) => answer !== undefined)) return cancel(doors, transaction, run, results);
  const committed = await askLedger(doors, transaction, { event: "commit", run, answers });
  switch (committed?.state) {
    case "committed":
      if (buggify("a coordinator leaves what it has committed to others")) return { kind: "unknown" };
      return complete(doors, transaction, committed.record, false);
    case "done":
      return { kind: "done", answers: committed.record.answers, replayed: false };
    case "over":
      // Somebody settled it meanwhile: it took too long.
      probe("a transaction was aborted before its coordinator could commit it");
      await endAll(doors, transaction, run, parts);
      return { kind: "unavailable" };
    default:
      return { kind: "unknown" };
  }
}

/**
 * An item that a younger transaction holds is waited for a little; one that an older one holds is a conflict at once.
 * So of transactions that stand in each other's way one always gets through, and none waits in a circle.
 */
async function prepareItem(
  doors: CoordinatorDoors,
  command: TransactionCommand & { readonly age: string },
  deadline: number,
): Promise<DeliveryResult> {
  const waitUntil = Math.min(deadline, doors.clock.now() + waitForYoungerMs);
  for (;;) {
    const result = await doors.deliver(command, deadline);
    if (result.kind !== "ok" || result.outcome.refused?.type !== conflictRefusal.type) return result;
    const isHolderYounger = command.age < (result.outcome as ConflictOutcome).holder;
    const pauseMs = waitPauseMs * (0.5 + doors.random.next());
    if (!isHolderYounger || doors.clock.now() + pauseMs >= waitUntil) return result;
    await new Promise<void>((resolve) => void doors.clock.after(pauseMs, resolve));
  }
}

function answerOf(result: DeliveryResult): PartAnswer | undefined {
  const prepared = result.kind === "ok" && result.outcome["state"] === "prepared";
  return prepared ? (result.outcome as PreparedOutcome).answer : undefined;
}

/** Not every item was prepared. The ledger says whether another coordinator of the same run was luckier. */
async function cancel(
  doors: CoordinatorDoors,
  transaction: WriteTransaction,
  run: string,
  results: readonly DeliveryResult[],
): Promise<TransactionResult> {
  const settled = await askLedger(doors, transaction, { event: "settle", run, force: true });
  if (settled?.state === "committed") return complete(doors, transaction, settled.record, false);
  if (settled?.state === "done") return { kind: "done", answers: settled.record.answers, replayed: false };
  if (settled?.state !== "over") return { kind: "unknown" };
  const refusals = results.map((result) => (result.kind === "ok" ? (result.outcome.refused ?? undefined) : undefined));
  const touched = transaction.parts.filter((_, position) => refusals[position] === undefined);
  await endAll(doors, transaction, run, touched);
  if (refusals.some((refusal) => refusal !== undefined)) return { kind: "cancelled", refusals };
  return { kind: results.some((result) => result.kind === "gone") ? "gone" : "unavailable" };
}

/** Ends the run's locks; what cannot be reached now lets go by itself later. */
async function endAll(
  doors: CoordinatorDoors,
  transaction: WriteTransaction,
  run: string,
  items: readonly ParticipantItem[],
): Promise<void> {
  await Promise.all(items.map((item) =>
    doors.deliver(itemCommand("TransactionAbort", transaction, run, item), transaction.deadline)));
}

/** Brings a committed transaction to every item, and then says so in the ledger. */
async function complete(
  doors: CoordinatorDoors,
  transaction: Pick<WriteTransaction, "id" | "ledger" | "deadline">,
  record: LedgerRecord,
  replayed: boolean,
): Promise<TransactionResult> {
  const applied = await commitAll(doors, transaction, record);
  if (!applied) return { kind: "unknown" };
  return { kind: "done", answers: record.answers, replayed };
}

/**
 * Commits every item of a committed transaction, then finishes it in the ledger without waiting for that. False when
 * some item could not be reached in time: its partition will ask the ledger by itself. A table that was deleted took
 * its items with it.
 */
export async function commitAll(
  doors: CoordinatorDoors,
  transaction: Pick<WriteTransaction, "id" | "ledger" | "deadline">,
  { run, participants }: LedgerRecord,
): Promise<boolean> {
  const results = await Promise.all(participants.map((item) =>
    doors.deliver(itemCommand("TransactionCommit", transaction, run, item), transaction.deadline)));
  const isDone = ({ kind }: DeliveryResult, position: number): boolean =>
    kind === "ok" || (kind === "gone" && doors.wasDeleted((participants[position] as ParticipantItem).tableId));
  if (!results.every(isDone)) return false;
  const finish = ledgerCommand(transaction.ledger, transaction.id, { event: "finish", run });
  void doors.deliver(finish, doors.clock.now() + finishWithinMs);
  return true;
}

/** Undefined when the ledger did not answer, or its table is gone. */
async function askLedger(
  doors: CoordinatorDoors,
  { id, ledger, deadline }: Pick<WriteTransaction, "id" | "ledger" | "deadline">,
  event: LedgerEvent,
): Promise<LedgerAnswer | undefined> {
  const result = await doors.deliver(ledgerCommand(ledger, id, event), deadline);
  return result.kind === "ok" ? (result.outcome as unknown as LedgerAnswer) : undefined;
}

export function itemCommand(
  operation: TransactionCommand["operation"],
  { id, ledger }: { readonly id: Uint8Array; readonly ledger: number },
  run: string,
  { tableId, position }: ParticipantItem,
): TransactionCommand {
  const digest = hash("sha256", Buffer.concat([id, Buffer.from(`${run}/${tableId}/`), position.key]), "buffer");
  const marker = Uint8Array.from(digest.subarray(0, nameBytes));
  return { kind: "write", operation, tableId, position, id, run, ledger, marker };
}
