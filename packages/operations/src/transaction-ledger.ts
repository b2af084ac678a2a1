// The ledger: what became of each transaction, one record each, in a table of the system's own. It is a table like
// any other (partitioned and replicated), and its operations are writes to one item, decided in the order of that
// partition's log: so each transaction has one fate, however many processes try to settle it.
//
//   (none) --begin--> pending --commit--> committed --finish--> done --(10 minutes)--> (none)
//                        '-----settle---> aborted  --(10 minutes)--> (none); a new begin makes it pending again
//
// A record stands for one `run`, a name that is never used again: what another run, or none, is found to be instead
// means that this run is over, and what it still holds it may let go. `committed` is the commit point. Only when every
// participant has applied it does `finish` make it `done`; so a lock whose run is not found pending or committed
// belongs to a transaction that was aborted, or that this participant has already applied.
import { probe } from "@azimuth/foundation/probe.ts";
import { decodeItem, encodeItem } from "@azimuth/model/item-codec.ts";
import type { KeySchema } from "@azimuth/model/table.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import type { Decision, ItemPosition, WriteCommand, WriteOperation, WriteView } from "./operation.ts";
import { positionOf } from "./position.ts";
import type { PartAnswer } from "./transact-plan.ts";

/** No table of a client's can have this name. */
export const ledgerTableName = "$transactions";
export const ledgerKey: KeySchema = { partition: { name: "id", type: "B" }, sort: undefined };

/** After this long another request with the same token may take a pending transaction over. */
export const takeOverAfterMs = 5000;
/** How long a ClientRequestToken is remembered after its transaction is done. */
export const rememberedForMs = 10 * 60_000;

export interface ParticipantItem {
  readonly tableId: number;
  readonly position: ItemPosition;
}

export interface LedgerRecord {
  readonly run: string;
  readonly state: "pending" | "committed" | "aborted" | "done";
  readonly payloadHash: string;
  /** Who coordinates. */
  readonly owner: string;
  /** By the leader's wall clock: when it came into this state, or under this owner. */
  readonly since: number;
  /** Until it is done. */
  readonly participants: readonly ParticipantItem[];
  /** Once it is committed. */
  readonly answers: readonly PartAnswer[];
}

export type LedgerEvent =
  | {
    readonly event: "begin"; readonly run: string; readonly owner: string; readonly payloadHash: string;
    readonly participants: readonly ParticipantItem[];
  }
  | { readonly event: "commit"; readonly run: string; readonly answers: readonly PartAnswer[] }
  /** Aborts it if it is pending and `force`, and tells its state. */
  | { readonly event: "settle"; readonly run: string; readonly force: boolean }
  | { readonly event: "finish"; readonly run: string }
  /** Removes the record if its time is over. */
  | { readonly event: "forget"; readonly run: string };

export type LedgerCommand = WriteCommand & LedgerEvent & { readonly operation: "Ledger" };

export type LedgerAnswer =
  /** begin: it is this owner's, as this run. */
  | { readonly state: "begun"; readonly run: string }
  | { readonly state: "in-progress" }
  | { readonly state: "mismatch" }
  /** settle: it may still be committed. */
  | { readonly state: "pending" }
  | { readonly state: "committed" | "done"; readonly record: LedgerRecord }
  /** The run is no more: aborted, or done and forgotten. */
  | { readonly state: "over" };

export interface LedgerDecision {
  /** Undefined: it stays as it is; null: it goes. */
  readonly next?: LedgerRecord | null;
  readonly answer: LedgerAnswer;
}

export const ledgerOnNode: WriteOperation<LedgerCommand> = { kind: "write", decide };

export function ledgerPosition(id: Uint8Array): ItemPosition {
  return positionOf({ partition: { type: "B", value: id }, sort: undefined });
}

export function ledgerCommand(tableId: number, id: Uint8Array, event: LedgerEvent): LedgerCommand {
  return { kind: "write", operation: "Ledger", tableId, position: ledgerPosition(id), id, ...event };
}

function decide(view: WriteView, command: LedgerCommand): Decision {
  const { key } = command.position;
  const stored = view.get(key);
  const { next, answer } = decideLedger(stored && decodeLedgerRecord(stored).record, command, view.now);
  const outcome = { ...answer };
  if (next === undefined) return { effects: [], outcome };
  if (next === null) return { effects: [{ kind: "delete", key }], outcome };
  return { effects: [{ kind: "put", key, value: encodeLedgerRecord(command["id"] as Uint8Array, next) }], outcome };
}

/** What an event does to a record, and what is answered. Pure. */
export function decideLedger(record: LedgerRecord | undefined, event: LedgerEvent, now: number): LedgerDecision {
  if (event.event === "begin") return begin(record, event, now);
  if (record === undefined || record.run !== event.run) return { answer: { state: "over" } };
  switch (record.state) {
    case "pending":
      return atPending(record, event, now);
    case "committed":
      if (event.event !== "finish") return { answer: { state: "committed", record } };
      return finished({ ...record, state: "done", since: now, participants: [] });
    case "done":
      if (!isToForget(record, event, now)) return { answer: { state: "done", record } };
      return { next: null, answer: { state: "over" } };
    case "aborted":
      if (!isToForget(record, event, now)) return { answer: { state: "over" } };
      return { next: null, answer: { state: "over" } };
  }
}

function begin(
  record: LedgerRecord | undefined,
  { run, owner, payloadHash, participants }: LedgerEvent & { event: "begin" },
  now: number,
): LedgerDecision {
  const fresh: LedgerRecord = { run, state: "pending", payloadHash, owner, since: now, participants, answers: [] };
  if (record === undefined) return { next: fresh, answer: { state: "begun", run } };
  if (record.state === "aborted") {
    // A copy of the request that began the aborted run must not bring it back to life.
    if (record.run === run) return { answer: { state: "over" } };
    return { next: fresh, answer: { state: "begun", run } };
  }
  if (record.payloadHash !== payloadHash) return { answer: { state: "mismatch" } };
  if (record.state !== "pending") return { answer: { state: record.state, record } };
  if (record.owner === owner) return { answer: { state: "begun", run: record.run } };
  if (!isOld(record, takeOverAfterMs, now)) return { answer: { state: "in-progress" } };
  // Tables were made anew since, so the same request is about other items: the run that was to change theirs is over.
  if (!areSameTables(record.participants, participants)) return { next: fresh, answer: { state: "begun", run } };
  probe("a transaction was taken over");
  return { next: { ...record, owner, since: now }, answer: { state: "begun", run: record.run } };
}

function areSameTables(left: readonly ParticipantItem[], right: readonly ParticipantItem[]): boolean {
  return left.every(({ tableId }, position) => tableId === right[position]?.tableId);
}

function atPending(record: LedgerRecord, event: LedgerEvent, now: number): LedgerDecision {
  switch (event.event) {
    case "commit":
      return finished({ ...record, state: "committed", since: now, answers: event.answers });
    case "settle":
      if (!event.force) return { answer: { state: "pending" } };
      return { next: { ...record, state: "aborted", since: now, participants: [] }, answer: { state: "over" } };
    default:
      return { answer: { state: "pending" } };
  }
}

function finished(next: LedgerRecord & { readonly state: "committed" | "done" }): LedgerDecision {
  return { next, answer: { state: next.state, record: next } };
}

function isToForget(record: LedgerRecord, { event }: LedgerEvent, now: number): boolean {
  return event === "forget" && isOld(record, rememberedForMs, now);
}

/** In either direction: a clock that was wrong must not keep a transaction for ever. */
function isOld({ since }: LedgerRecord, ageMs: number, now: number): boolean {
  return Math.abs(now - since) >= ageMs;
}

/** A record is an item with two attributes. */
export function encodeLedgerRecord(id: Uint8Array, record: LedgerRecord): Uint8Array {
  const value = encodeBody(record as unknown as Plain);
  return encodeItem(new Map([["id", { type: "B", value: id }], ["record", { type: "B", value }]]));
}

export function decodeLedgerRecord(stored: Uint8Array): { readonly id: Uint8Array; readonly record: LedgerRecord } {
  const item = decodeItem(stored);
  const bytes = (name: string): Uint8Array => (item.get(name) as { readonly value: Uint8Array }).value;
  return { id: bytes("id"), record: decodeBody<LedgerRecord>(bytes("record")) };
}
