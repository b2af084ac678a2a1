import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Outcome, WriteCommand } from "@azimuth/operations/operation.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import type { TransactWritePlan } from "@azimuth/operations/transact-plan.ts";
import {
  decideLedger, takeOverAfterMs, type LedgerCommand, type LedgerRecord,
} from "@azimuth/operations/transaction-ledger.ts";
import {
  commitAll, itemCommand, runTransaction, type DeliveryResult, type TransactionResult,
} from "../src/transaction-coordinator.ts";
import { PartitionBench, table } from "./partition-bench.ts";

const context = { findTable: () => table, region: "us-east-1", accountId: "000000000000" };
const id = Buffer.from("one-transaction.");
const ledger = 99;
const items = ["a", "b", "c"];

/** A ledger and one real partition for each item; messages are delivered at once, or not at all. */
class Cluster {
  readonly benches = new Map(items.map((item) => [item, new PartitionBench()]));
  record: LedgerRecord | undefined;
  delivered: string[] = [];
  wallNow = 1_700_000_000_000;
  readonly #random = createSeededRandom("coordinator");
  #now = 0;
  /** Time passes when somebody waits. */
  readonly #clock = {
    now: () => this.#now,
    wallNow: () => this.wallNow,
    after: (delayMs: number, callback: () => void) => {
      this.#now += delayMs;
      callback();
    },
  } as unknown as Clock;

  /** A coordinator whose messages beyond `messagesMax` are neither sent nor answered. */
  run(messagesMax: number, action: (item: string) => object = addOne): Promise<TransactionResult> {
    const plan = planOf(action);
    let sent = 0;
    const deliver = (command: WriteCommand): Promise<DeliveryResult> =>
      ++sent > messagesMax ? new Promise(() => {}) : Promise.resolve(this.deliver(command));
    const random = this.#random.split(`${this.delivered.length}`);
    return runTransaction({ clock: this.#clock, random, deliver, wasDeleted: () => false }, {
      id, ledger, payloadHash: plan.payloadHash, parts: plan.parts, deadline: 5000,
    });
  }

  deliver(command: WriteCommand): DeliveryResult {
    this.delivered.push(command.operation === "Ledger" ? String(command["event"]) : command.operation);
    if (command.operation === "Ledger") return { kind: "ok", outcome: this.#ledger(command as LedgerCommand) };
    const bench = this.#benchOf(command);
    let result: DeliveryResult = { kind: "unknown" };
    bench.partition.write({ command, epoch: 1, requestToken: new Uint8Array(0), attempt: 0 }, (reply) => {
      result = reply.status === "ok" ? { kind: "ok", outcome: reply.outcome } : { kind: "unavailable" };
    });
    bench.settle();
    bench.apply();
    return result;
  }

  #ledger(command: LedgerCommand): Outcome {
    const { next, answer } = decideLedger(this.record, command, this.wallNow);
    if (next !== undefined) this.record = next ?? undefined;
    return { ...answer };
  }

  #benchOf({ position }: WriteCommand): PartitionBench {
    const name = items.find((item) => Buffer.from(position.key).includes(item, 8)) as string;
    return this.benches.get(name) as PartitionBench;
  }

  /** How often each item was added to, and whether any lock is left. */
  state(): string {
    const counts = items.map((item) => {
      const bench = this.benches.get(item) as PartitionBench;
      const condition = { ConditionExpression: "amount = :n" };
      for (const n of [1, 2]) {
        const input = { Key: { id: { S: item } }, UpdateExpression: "SET seen = :n", ...condition };
        const probe = bench.send("UpdateItem", { ...input, ExpressionAttributeValues: { ":n": { N: String(n) } } });
        bench.settle();
        bench.lose();
        if (probe.refusal() === undefined) return n;
      }
      return 0;
    });
    const locks = [...this.benches.values()].reduce((sum, { partition }) => sum + partition.locks.size, 0);
    return `${counts.join("")} with ${locks} locks`;
  }
}

function addOne(item: string): object {
  const input = { TableName: "users", Key: { id: { S: item } }, UpdateExpression: "ADD amount :one" };
  return { Update: { ...input, ExpressionAttributeValues: { ":one": { N: "1" } } } };
}

/** One item's action has a condition that fails. */
function addButLast(item: string): object {
  const action = addOne(item) as { Update: object };
  return item === "c" ? { Update: { ...action.Update, ConditionExpression: "attribute_exists(id)" } } : action;
}

function planOf(action: (item: string) => object): TransactWritePlan {
  const input = { TransactItems: items.map(action) };
  return routerOperations.get("TransactWriteItems")!.parse(input, context) as TransactWritePlan;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

test("a transaction is begun, prepared, committed, brought to every item, and only then done", async () => {
  const cluster = new Cluster();
  const result = await cluster.run(Infinity);
  assert.equal(result.kind, "done");
  assert.deepEqual(cluster.delivered, [
    "begin", ...items.map(() => "TransactionPrepare"), "commit", ...items.map(() => "TransactionCommit"), "finish",
  ]);
  assert.equal(cluster.state(), "111 with 0 locks");
  assert.equal(cluster.record?.state, "done");
});

test("a repetition is answered by the ledger and does nothing", async () => {
  const cluster = new Cluster();
  await cluster.run(Infinity);
  const result = await cluster.run(Infinity);
  assert.equal(result.kind === "done" && result.replayed, true);
  assert.equal(cluster.state(), "111 with 0 locks");
});

test("a refused action cancels all, releases what was prepared, and leaves the token free", async () => {
  const cluster = new Cluster();
  const result = await cluster.run(Infinity, addButLast);
  assert.equal(result.kind, "cancelled");
  assert.deepEqual(result.kind === "cancelled" && result.refusals.map((refusal) => refusal?.type),
    [undefined, undefined, "ConditionalCheckFailedException"]);
  assert.equal(cluster.state(), "000 with 0 locks");
  assert.equal((await cluster.run(Infinity)).kind, "done");
  assert.equal(cluster.state(), "111 with 0 locks");
});

const messagesOfARun = 2 + 2 * items.length + 1;

for (let messages = 0; messages <= messagesOfARun; messages++) {
  test(`a coordinator that dies after ${messages} messages is finished by the client's next attempt`, async () => {
    const cluster = new Cluster();
    void cluster.run(messages);
    await turns();
    if (messages > 0 && messages < messagesOfARun) {
      const early = await cluster.run(Infinity);
      const isSettled = cluster.record?.state === "committed" || cluster.record?.state === "done";
      assert.equal(early.kind, isSettled ? "done" : "in-progress");
    }
    cluster.wallNow += takeOverAfterMs;
    const result = await cluster.run(Infinity);
    assert.equal(result.kind, "done");
    assert.equal(cluster.state(), "111 with 0 locks");
  });

  test(`a coordinator that dies after ${messages} messages and is settled by others leaves all or nothing`, async () => {
    const cluster = new Cluster();
    void cluster.run(messages);
    await turns();
    const { record } = cluster;
    if (record?.state === "pending") {
      cluster.deliver({
        kind: "write", operation: "Ledger", tableId: ledger, position: { token: "", key: id },
        event: "settle", run: record.run, force: true,
      } as LedgerCommand);
    } else if (record?.state === "committed") {
      const deliver = (command: WriteCommand) => Promise.resolve(cluster.deliver(command));
      const doors = { clock: { now: () => 0 } as Clock, random: createSeededRandom("x"), deliver, wasDeleted: () => false };
      assert.ok(await commitAll(doors, { id, ledger, deadline: 5000 }, record));
    }
    const isCommitted = cluster.record?.state === "done";
    assert.match(cluster.state(), isCommitted ? /^111 with 0/ : /^000/);
    const late = await cluster.run(Infinity);
    assert.equal(late.kind, isCommitted || cluster.state() === "111 with 0 locks" ? "done" : "cancelled");
  });
}

test("one item whose table is not known here keeps the transaction unfinished, one whose table was deleted does not", async () => {
  for (const wasDeleted of [false, true]) {
    const cluster = new Cluster();
    void cluster.run(2 + items.length);
    await turns();
    const record = cluster.record as LedgerRecord;
    assert.equal(record.state, "committed");
    const isGone = ({ operation, position }: WriteCommand): boolean =>
      operation === "TransactionCommit" && Buffer.from(position.key).includes("c", 8);
    const deliver = (command: WriteCommand): Promise<DeliveryResult> =>
      Promise.resolve(isGone(command) ? { kind: "gone" } : cluster.deliver(command));
    const doors = {
      clock: { now: () => 0 } as Clock, random: createSeededRandom("x"), deliver, wasDeleted: () => wasDeleted,
    };
    assert.equal(await commitAll(doors, { id, ledger, deadline: 5000 }, record), wasDeleted);
    assert.equal(cluster.record?.state, wasDeleted ? "done" : "committed");
  }
});

const ages: readonly (readonly [string, number, TransactionResult["kind"], number])[] = [
  ["a younger transaction is waited for", 1, "done", 1],
  ["an older transaction is a conflict at once", -1, "cancelled", 0],
];

for (const [what, offsetMs, expected, waits] of ages) {
  test(`an item held by ${what}`, async () => {
    const cluster = new Cluster();
    const part = planOf(addOne).parts[1] as WriteCommand;
    const other = { id: Buffer.from("othertransaction"), ledger };
    const age = `${String(cluster.wallNow + offsetMs).padStart(15, "0")}/x`;
    cluster.deliver({ ...itemCommand("TransactionPrepare", other, "x", part), part, age });
    let pauses = 0;
    const after = (_ms: number, callback: () => void) => {
      pauses++;
      cluster.deliver(itemCommand("TransactionAbort", other, "x", part));
      callback();
      return { cancel() {} };
    };
    const clock = { now: () => 0, wallNow: () => cluster.wallNow, after } as unknown as Clock;
    const plan = planOf(addOne);
    const doors = {
      clock, random: createSeededRandom("x"), wasDeleted: () => false,
      deliver: (command: WriteCommand) => Promise.resolve(cluster.deliver(command)),
    };
    const result = await runTransaction(doors, {
      id, ledger, payloadHash: plan.payloadHash, parts: plan.parts, deadline: 5000,
    });
    assert.equal(result.kind, expected);
    assert.equal(pauses, waits);
  });
}
