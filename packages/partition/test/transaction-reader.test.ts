import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { PointReadCommand } from "@azimuth/operations/operation.ts";
import { conflictRefusal } from "@azimuth/operations/transact-plan.ts";
import type { DeliveryResult } from "../src/transaction-coordinator.ts";
import { readTransaction, type TransactionReadResult } from "../src/transaction-reader.ts";
import type { TransactionReadCommand } from "../src/transaction-reads.ts";

const parts = ["x", "y"].map((name): PointReadCommand => ({
  kind: "point-read", operation: "GetItem", tableId: 7, consistent: true,
  position: { token: "0000000000000000", key: Buffer.from(name) },
}));

type Answer = (command: TransactionReadCommand, round: number) => DeliveryResult;

const seen = (value: number): DeliveryResult => ({ kind: "ok", outcome: { value } });
const verdict = (unchanged: boolean): DeliveryResult => ({ kind: "ok", outcome: { unchanged } });

async function read(answer: Answer): Promise<{ result: TransactionReadResult; steps: string[]; watches: Set<string> }> {
  const steps: string[] = [];
  const watches = new Set<string>();
  const doors = {
    clock: {} as Clock,
    random: createSeededRandom("reader"),
    read: (sent: PointReadCommand): Promise<DeliveryResult> => {
      const command = sent as TransactionReadCommand;
      steps.push(`${command.step} ${Buffer.from(command.position.key).toString()}`);
      watches.add(command.watch);
      return Promise.resolve(answer(command, Math.floor((steps.length - 1) / (2 * parts.length))));
    },
  };
  return { result: await readTransaction(doors, parts, 5000), steps, watches };
}

test("every item is looked at before any is verified", async () => {
  const { result, steps } = await read(({ step }) => (step === "look" ? seen(1) : verdict(true)));
  assert.deepEqual(steps, ["look x", "look y", "verify x", "verify y"]);
  assert.deepEqual(result, { kind: "done", outcomes: [{ value: 1 }, { value: 1 }] });
});

test("when an item changed, all are looked at again, under new watches", async () => {
  const { result, watches } = await read((command, round) =>
    (command.step === "look" ? seen(round) : verdict(round > 0)));
  assert.deepEqual(result, { kind: "done", outcomes: [{ value: 1 }, { value: 1 }] });
  assert.equal(watches.size, 4);
});

test("items that change every time are a conflict in the end", async () => {
  const { result } = await read(({ step, position }) =>
    (step === "look" ? seen(0) : verdict(Buffer.from(position.key).toString() === "x")));
  assert.deepEqual(result, { kind: "cancelled", refusals: [undefined, conflictRefusal] });
});

test("an item that a transaction holds cancels the read, and nothing is verified", async () => {
  const { result, steps } = await read(({ position }) =>
    (Buffer.from(position.key).toString() === "y" ? { kind: "ok", outcome: { refused: conflictRefusal } } : seen(1)));
  assert.deepEqual(result, { kind: "cancelled", refusals: [undefined, conflictRefusal] });
  assert.deepEqual(steps, ["look x", "look y"]);
});

test("what cannot be verified is not told", async () => {
  const { result } = await read(({ step }) => (step === "look" ? seen(1) : { kind: "unavailable" }));
  assert.deepEqual(result, { kind: "unavailable" });
});
