import assert from "node:assert/strict";
import { test } from "node:test";
import type { PointReadCommand, WriteCommand } from "@azimuth/operations/operation.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import type { TransactGetPlan, TransactWritePlan } from "@azimuth/operations/transact-plan.ts";
import { itemCommand } from "../src/transaction-coordinator.ts";
import type { TransactionDoors, TransactionReadCommand } from "../src/transaction-reads.ts";
import type { TransactionCommand } from "../src/transaction-writes.ts";
import { Answer, PartitionBench, table, type BenchOptions } from "./partition-bench.ts";

const context = { findTable: () => table, region: "us-east-1", accountId: "000000000000" };
const ledger = 99;
const transactions = {
  own: { id: Buffer.from("own-transaction."), ledger },
  other: { id: Buffer.from("othertransaction"), ledger },
};

type Who = keyof typeof transactions;
type Step = "Prepare" | "Commit" | "Abort";

const addOne = {
  Update: {
    TableName: "users", Key: { id: { S: "a" } }, UpdateExpression: "ADD amount :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  },
};
const neverHolds = {
  Update: { ...addOne.Update, ConditionExpression: "attribute_exists(nothing)", ReturnValuesOnConditionCheckFailure: "ALL_OLD" },
};
const onlyCheck = {
  ConditionCheck: { TableName: "users", Key: { id: { S: "a" } }, ConditionExpression: "attribute_exists(id)" },
};

function partOf(action: object): WriteCommand {
  const plan = routerOperations.get("TransactWriteItems")!.parse({ TransactItems: [action] }, context) as TransactWritePlan;
  return plan.parts[0] as WriteCommand;
}

function step(bench: PartitionBench, kind: Step, who: Who = "own", run = "r1", action: object = addOne): Answer {
  const part = partOf(action);
  const operation: TransactionCommand["operation"] = `Transaction${kind}`;
  const command = { ...itemCommand(operation, transactions[who], run, part), ...(kind === "Prepare" ? { part } : {}) };
  const answer = new Answer();
  bench.partition.write({ command, epoch: 1, requestToken: new Uint8Array(0), attempt: 0 }, (reply) => answer.fill(reply));
  bench.settle();
  return answer;
}

function told({ reply }: Answer): string {
  if (reply?.status !== "ok") return reply?.status ?? "waiting";
  return reply.outcome.refused?.type ?? String(reply.outcome["state"] ?? "done");
}

function amount(bench: PartitionBench): string | undefined {
  const read = bench.send("GetItem", { Key: { id: { S: "a" } }, ConsistentRead: true });
  bench.settle();
  const { reply } = read;
  assert.ok(reply?.status === "ok", "the read is answered");
  const item = reply.outcome["item"] as Uint8Array | undefined;
  return item === undefined ? undefined : /amount/.test(Buffer.from(item).toString("latin1")) ? "with amount" : "without amount";
}

function benchWithItem(options: BenchOptions = {}): PartitionBench {
  const bench = new PartitionBench(options);
  bench.send("PutItem", { Item: { id: { S: "a" } } });
  bench.settle();
  bench.apply();
  return bench;
}

const before: Readonly<Record<string, (bench: PartitionBench) => void>> = {
  free: () => {},
  "locked by it": (bench) => void (step(bench, "Prepare"), bench.apply()),
  "locked by another": (bench) => void (step(bench, "Prepare", "other"), bench.apply()),
  committed: (bench) => void (step(bench, "Prepare"), bench.apply(), step(bench, "Commit"), bench.apply()),
  aborted: (bench) => void (step(bench, "Prepare"), bench.apply(), step(bench, "Abort"), bench.apply()),
};

const actions: Readonly<Record<string, (bench: PartitionBench) => Answer>> = {
  prepare: (bench) => step(bench, "Prepare"),
  commit: (bench) => step(bench, "Commit"),
  abort: (bench) => step(bench, "Abort"),
  "a prepare in vain": (bench) => step(bench, "Prepare", "own", "r1", neverHolds),
  "a plain write": (bench) => bench.send("UpdateItem", {
    Key: { id: { S: "a" } }, UpdateExpression: "SET mark = :one", ExpressionAttributeValues: { ":one": { N: "1" } },
  }),
  "a read": (bench) => bench.send("GetItem", { Key: { id: { S: "a" } }, ConsistentRead: true }),
};

const conflict = "TransactionConflictException";
const inVain = "ConditionalCheckFailedException";

/** answer / locks held afterwards / the item afterwards */
const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  free: {
    prepare: "prepared / 1 / without amount",
    commit: "ended / 0 / without amount",
    abort: "ended / 0 / without amount",
    "a prepare in vain": `${inVain} / 0 / without amount`,
    "a plain write": "done / 0 / without amount",
    "a read": "done / 0 / without amount",
  },
  "locked by it": {
    prepare: "prepared / 1 / without amount",
    commit: "ended / 0 / with amount",
    abort: "ended / 0 / without amount",
    "a prepare in vain": "prepared / 1 / without amount",
    "a plain write": `${conflict} / 1 / without amount`,
    "a read": "done / 1 / without amount",
  },
  "locked by another": {
    prepare: `${conflict} / 1 / without amount`,
    commit: "ended / 1 / without amount",
    abort: "ended / 1 / without amount",
    "a prepare in vain": `${conflict} / 1 / without amount`,
    "a plain write": `${conflict} / 1 / without amount`,
    "a read": "done / 1 / without amount",
  },
  committed: {
    prepare: "over / 0 / with amount",
    commit: "ended / 0 / with amount",
    abort: "ended / 0 / with amount",
    "a prepare in vain": "over / 0 / with amount",
    "a plain write": "done / 0 / with amount",
    "a read": "done / 0 / with amount",
  },
  aborted: {
    prepare: "over / 0 / without amount",
    commit: "ended / 0 / without amount",
    abort: "ended / 0 / without amount",
    "a prepare in vain": "over / 0 / without amount",
    "a plain write": "done / 0 / without amount",
    "a read": "done / 0 / without amount",
  },
};

for (const [state, row] of Object.entries(expected)) {
  for (const [action, outcome] of Object.entries(row)) {
    test(`an item ${state} meets ${action}: ${outcome}`, () => {
      const bench = benchWithItem();
      before[state]?.(bench);
      const answer = actions[action]?.(bench) as Answer;
      bench.settle();
      bench.apply();
      assert.equal(`${told(answer)} / ${bench.partition.locks.size} / ${amount(bench)}`, outcome);
    });
  }
}

test("a conflict with a lock that is decided but not applied waits until it is", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  const write = bench.send("DeleteItem", { Key: { id: { S: "a" } } });
  bench.settle();
  assert.equal(write.status(), undefined);
  bench.apply();
  assert.equal(write.refusal(), conflict);
});

test("a conflict with a prepare that was lost is not told", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  const write = bench.send("DeleteItem", { Key: { id: { S: "a" } } });
  bench.settle();
  bench.lose();
  assert.equal(write.status(), "not-leader");
});

test("a write after a commit that is decided but not applied builds on it", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  bench.apply();
  step(bench, "Commit");
  const write = bench.send("UpdateItem", {
    Key: { id: { S: "a" } }, UpdateExpression: "SET copied = amount", ConditionExpression: "amount = :one",
    ExpressionAttributeValues: { ":one": { N: "1" } },
  });
  bench.settle();
  bench.apply();
  assert.equal(told(write), "done");
});

test("another run of the same transaction does not touch the lock", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  bench.apply();
  assert.equal(told(step(bench, "Prepare", "own", "r2")), conflict);
  step(bench, "Commit", "own", "r2");
  bench.apply();
  assert.equal(bench.partition.locks.size, 1);
});

test("a condition check locks the item, and its commit leaves it as it is", () => {
  const bench = benchWithItem();
  const prepared = step(bench, "Prepare", "own", "r1", onlyCheck);
  bench.apply();
  assert.equal(told(prepared), "prepared");
  assert.equal(bench.partition.locks.size, 1);
  step(bench, "Commit", "own", "r1", onlyCheck);
  bench.apply();
  assert.equal(bench.partition.locks.size, 0);
  assert.equal(bench.partition.statistics.items, 1);
});

test("locks are found again when a replica begins with what its engine holds", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  bench.apply();
  bench.partition.locks.clear();
  let loaded = false;
  bench.partition.load(() => {
    loaded = true;
  });
  bench.settle();
  assert.ok(loaded);
  assert.equal(bench.partition.locks.size, 1);
  bench.lead(3);
  step(bench, "Commit");
  bench.apply();
  assert.equal(amount(bench), "with amount");
});

test("a strong read of a locked item shows what the ledger says of the transaction, or nothing", () => {
  const states = { pending: "without amount", committed: "with amount" } as const;
  for (const [state, seen] of Object.entries(states)) {
    const stateOf: TransactionDoors["stateOf"] = (_lock, done) => done(state as keyof typeof states);
    const bench = benchWithItem({ transactions: { stateOf } });
    step(bench, "Prepare");
    bench.apply();
    assert.equal(amount(bench), seen);
  }
  const bench = benchWithItem({ transactions: { stateOf: (_lock, done) => done("unknown") } });
  step(bench, "Prepare");
  bench.apply();
  const read = bench.send("GetItem", { Key: { id: { S: "a" } }, ConsistentRead: true });
  bench.settle();
  assert.equal(read.status(), "unavailable");
});

test("a strong read of a locked item is not answered with what is left when the replica loses its state meanwhile", () => {
  let tell: ((state: "pending") => void) | undefined;
  const bench = benchWithItem({ transactions: { stateOf: (_lock, done) => void (tell = done) } });
  step(bench, "Prepare");
  bench.apply();
  const read = bench.send("GetItem", { Key: { id: { S: "a" } }, ConsistentRead: true });
  bench.settle();
  assert.ok(tell !== undefined, "the ledger is asked");
  bench.loseLeadership();
  bench.initialised = false;
  tell("pending");
  bench.settle();
  assert.equal(read.status(), "unavailable");
});

test("who begins with a snapshot holds the items that are locked", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  bench.apply();
  const other = new PartitionBench();
  bench.giveSnapshotTo(other);
  const refused = other.send("PutItem", { Item: { id: { S: "a" } } });
  other.settle();
  assert.equal(refused.refusal(), "TransactionConflictException");
  step(other, "Commit");
  other.apply();
  assert.equal(amount(other), "with amount");
});

test("an expired item that a transaction holds is left until the transaction has ended", () => {
  const bench = new PartitionBench({ table: { ...table, timeToLive: "expires" } });
  bench.send("PutItem", { Item: { id: { S: "a" }, expires: { N: "1699999999" } } });
  bench.settle();
  bench.apply();
  step(bench, "Prepare");
  bench.apply();
  const sweep = (): void => {
    bench.partition.sweepExpired();
    bench.settle();
    bench.apply();
  };
  sweep();
  assert.equal(bench.partition.statistics.items, 1);
  step(bench, "Commit");
  bench.apply();
  sweep();
  assert.equal(bench.partition.statistics.items, 0);
});

test("items are counted when a commit makes or removes them, not when they are locked", () => {
  const bench = new PartitionBench();
  step(bench, "Prepare");
  bench.apply();
  assert.equal(bench.partition.statistics.items, 0);
  step(bench, "Commit");
  bench.apply();
  assert.equal(bench.partition.statistics.items, 1);
});

function look(bench: PartitionBench, stepName: TransactionReadCommand["step"], watch = "w"): Answer {
  const input = { TransactItems: [{ Get: { TableName: "users", Key: { id: { S: "a" } } } }] };
  const part = (routerOperations.get("TransactGetItems")!.parse(input, context) as TransactGetPlan).parts[0] as PointReadCommand;
  const { tableId, position } = part;
  const command: TransactionReadCommand = {
    kind: "point-read", operation: "TransactionRead", tableId, position, consistent: true, step: stepName, watch, part,
  };
  const answer = new Answer();
  bench.partition.read({ command, epoch: 1 }, (reply) => answer.fill(reply));
  bench.settle();
  return answer;
}

function isUnchanged({ reply }: Answer): unknown {
  return reply?.status === "ok" ? reply.outcome["unchanged"] : undefined;
}

test("what was looked at is verified when nothing touched it", () => {
  const bench = benchWithItem();
  assert.equal(told(look(bench, "look")), "done");
  assert.equal(isUnchanged(look(bench, "verify")), true);
  assert.equal(isUnchanged(look(bench, "verify")), false, "a watch is asked once");
});

const spoilers: Readonly<Record<string, (bench: PartitionBench) => void>> = {
  "a write": (bench) => void bench.send("PutItem", { Item: { id: { S: "a" } } }),
  "a lock": (bench) => void step(bench, "Prepare"),
  "another leadership": (bench) => (bench.loseLeadership(), bench.lead(5)),
};

for (const [what, spoil] of Object.entries(spoilers)) {
  test(`what was looked at is not verified after ${what}`, () => {
    const bench = benchWithItem();
    look(bench, "look");
    spoil(bench);
    bench.settle();
    bench.apply();
    assert.equal(isUnchanged(look(bench, "verify")), false);
  });
}

test("a write that was decided before the look but applied after it spoils the watch", () => {
  const bench = benchWithItem();
  bench.send("PutItem", { Item: { id: { S: "a" }, late: { N: "1" } } });
  bench.settle();
  look(bench, "look");
  bench.apply();
  assert.equal(isUnchanged(look(bench, "verify")), false);
});

test("writes to other items do not spoil the watch", () => {
  const bench = benchWithItem();
  look(bench, "look");
  bench.send("PutItem", { Item: { id: { S: "b" } } });
  bench.settle();
  bench.apply();
  assert.equal(isUnchanged(look(bench, "verify")), true);
});

test("a transactional look at a locked item is a conflict", () => {
  const bench = benchWithItem();
  step(bench, "Prepare");
  bench.apply();
  assert.equal(told(look(bench, "look")), conflict);
});
