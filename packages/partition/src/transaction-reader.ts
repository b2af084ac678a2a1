// Carries out one TransactGetItems, from whichever process was asked: looks at every item, then, having seen them all,
// verifies that none has changed since it was looked at (transaction-reads.ts). What was seen is then what all the
// items were at the moment between the two. Items that a transaction holds are a conflict; items that only
// changed meanwhile are looked at again, a few times.
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { Outcome, PointReadCommand } from "@azimuth/operations/operation.ts";
import { conflictRefusal, type TransactGetResult } from "@azimuth/operations/transact-plan.ts";
import type { DeliveryResult } from "./transaction-coordinator.ts";
import type { TransactionReadCommand, VerifiedOutcome } from "./transaction-reads.ts";

export interface ReaderDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly read: (command: PointReadCommand, deadline: number) => Promise<DeliveryResult>;
}

export type TransactionReadResult = TransactGetResult | { readonly kind: "gone" | "unavailable" };

const roundsMax = 5;
const watchBytes = 12;

export async function readTransaction(
  doors: ReaderDoors,
  parts: readonly PointReadCommand[],
  deadline: number,
): Promise<TransactionReadResult> {
  let changed: readonly boolean[] = [];
  for (let round = 0; round < roundsMax; round++) {
    const name = toHex(doors.random.bytes(watchBytes));
    const steps = (step: TransactionReadCommand["step"]): Promise<DeliveryResult[]> =>
      Promise.all(parts.map((part, position) => doors.read(readCommand(part, step, `${name}/${position}`), deadline)));
    const looked = await steps("look");
    const outcomes = looked.map((result) => (result.kind === "ok" ? result.outcome : undefined));
    const failure = looked.find((result) => result.kind !== "ok");
    if (failure !== undefined) return { kind: failure.kind === "gone" ? "gone" : "unavailable" };
    const refusals = outcomes.map((outcome) => outcome?.refused ?? undefined);
    if (refusals.some((refusal) => refusal !== undefined)) return { kind: "cancelled", refusals };
    const verified = await steps("verify");
    if (verified.some(({ kind }) => kind !== "ok")) return { kind: "unavailable" };
    changed = verified.map((result) => result.kind === "ok" && !(result.outcome as VerifiedOutcome).unchanged);
    if (!changed.includes(true)) return { kind: "done", outcomes: outcomes as Outcome[] };
  }
  return { kind: "cancelled", refusals: changed.map((each) => (each ? conflictRefusal : undefined)) };
}

function readCommand(
  part: PointReadCommand,
  step: TransactionReadCommand["step"],
  watch: string,
): TransactionReadCommand {
  const { tableId, position } = part;
  return { kind: "point-read", operation: "TransactionRead", tableId, position, consistent: true, step, watch, part };
}
