// Transactions through the AWS SDK on real processes: a bank over two tables whose total, read in one transaction, never
// changes while nodes lose power, and the answers around tokens and conflicts as DynamoDB gives them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  type DynamoDBClient, GetItemCommand, PutItemCommand, TransactGetItemsCommand, TransactWriteItemsCommand,
  type TransactWriteItem,
} from "@aws-sdk/client-dynamodb";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { createClient, createWorkloadTable } from "./workload.ts";

const tables = ["checking", "savings"] as const;
const accounts = 16;
const initial = 1000;
const workers = 4;
const rounds = Number(process.env["AZIMUTH_ROUNDS"] ?? 4);
let cluster: TestCluster;
let client: DynamoDBClient;

const at = (number: number) => ({ TableName: tables[number % 2] as string, Key: { id: { S: `account-${number}` } } });
const everyone = Array.from({ length: accounts }, (_, number) => ({ Get: at(number) }));

before(async () => {
  cluster = await startTestCluster();
  client = createClient(cluster.endpoint);
  for (const table of tables) await createWorkloadTable(client, table);
  for (let number = 0; number < accounts; number++) {
    const { TableName, Key } = at(number);
    await client.send(new PutItemCommand({ TableName, Item: { ...Key, balance: { N: String(initial) } } }));
  }
});

after(async () => {
  client.destroy();
  await cluster.stop();
});

/** Errors that a transaction may meet without anything being wrong. */
const expectedErrors: ReadonlySet<string> = new Set([
  "TransactionCanceledException", "TransactionInProgressException", "InternalServerError",
]);

interface Tally {
  done: number;
  cancelled: number;
  unknown: number;
  reads: number;
  readonly wrong: string[];
}

function move(from: number, to: number, amount: number): TransactWriteItem[] {
  const change = (account: number, by: number, condition: object): TransactWriteItem => ({
    Update: {
      ...at(account), UpdateExpression: "ADD balance :by", ExpressionAttributeValues: { ":by": { N: String(by) } }, ...condition,
    } as TransactWriteItem["Update"] & object,
  });
  return [change(from, -amount, {}), change(to, amount, { ConditionExpression: "attribute_exists(id)" })];
}

async function transferUntil(isStopped: () => boolean, seed: number, tally: Tally): Promise<void> {
  for (let step = seed; !isStopped(); step += 7) {
    const from = step % accounts;
    const to = (from + 1 + (step % (accounts - 1))) % accounts;
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: move(from, to, (step % 9) + 1) }));
      tally.done++;
    } catch (error) {
      const { name } = error as Error;
      if (!expectedErrors.has(name)) tally.wrong.push(`a transfer met ${name}: ${(error as Error).message}`);
      if (name === "TransactionCanceledException") tally.cancelled++;
      else tally.unknown++;
    }
  }
}

async function readTotal(): Promise<number> {
  const { Responses } = await client.send(new TransactGetItemsCommand({ TransactItems: everyone }));
  return (Responses ?? []).reduce((sum, { Item }) => sum + Number(Item?.["balance"]?.N), 0);
}

async function auditUntil(isStopped: () => boolean, tally: Tally): Promise<void> {
  while (!isStopped()) {
    try {
      const total = await readTotal();
      tally.reads++;
      if (total !== accounts * initial) tally.wrong.push(`at one moment the bank held ${total}`);
    } catch (error) {
      const { name } = error as Error;
      if (!expectedErrors.has(name)) tally.wrong.push(`a read met ${name}: ${(error as Error).message}`);
    }
    await wait(20);
  }
}

test("no money is lost, made or seen in two places while nodes lose power", async (context) => {
  const tally: Tally = { done: 0, cancelled: 0, unknown: 0, reads: 0, wrong: [] };
  let stopped = false;
  const isStopped = (): boolean => stopped;
  const running = [
    ...Array.from({ length: workers }, (_, number) => transferUntil(isStopped, number * 13, tally)),
    auditUntil(isStopped, tally),
  ];
  for (let round = 0; round < rounds; round++) {
    await wait(1500);
    const target = await cluster.busiestLeader();
    await cluster.act("kill", target);
    await wait(1500);
    await cluster.act("restart", target);
  }
  await wait(1000);
  stopped = true;
  await Promise.all(running);
  await cluster.caughtUp(30_000);
  let total: number | undefined;
  for (let attempt = 0; total === undefined && attempt < 40; attempt++) {
    total = await readTotal().catch(() => undefined);
    if (total === undefined) await wait(500);
  }
  const { done, cancelled, unknown, reads, wrong } = tally;
  context.diagnostic(`${done} transfers, ${cancelled} cancelled, ${unknown} unknown, ${reads} reads of all accounts`);
  assert.deepEqual(wrong, []);
  assert.equal(total, accounts * initial);
  assert.ok(done > rounds * 5 && reads > 3, `only ${done} transfers and ${reads} reads`);
});

test("a token makes a repetition harmless, and refuses another payload", async () => {
  const TransactItems = move(0, 1, 5);
  const before = await balanceOf(0);
  const send = (more: object = {}) => client.send(new TransactWriteItemsCommand({
    TransactItems, ClientRequestToken: "token-1", ReturnConsumedCapacity: "TOTAL", ...more,
  }));
  const first = await send();
  assert.equal(first.ConsumedCapacity?.[0]?.WriteCapacityUnits, 2);
  const second = await send();
  assert.equal(second.ConsumedCapacity?.[0]?.ReadCapacityUnits, 2);
  assert.equal(second.ConsumedCapacity?.[0]?.WriteCapacityUnits, undefined);
  assert.equal(await balanceOf(0), before - 5);
  await assert.rejects(send({ TransactItems: move(0, 1, 6) }), { name: "IdempotentParameterMismatchException" });
});

test("a cancelled transaction tells why, action by action, and shows the item that was asked for", async () => {
  const TransactItems: TransactWriteItem[] = [
    { Put: { TableName: tables[0], Item: { id: { S: "new" } } } },
    {
      ConditionCheck: {
        ...at(1), ConditionExpression: "balance < :zero", ExpressionAttributeValues: { ":zero": { N: "0" } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    },
  ];
  await assert.rejects(client.send(new TransactWriteItemsCommand({ TransactItems })), (error: Error) => {
    const { name, message, CancellationReasons } = error as Error & { CancellationReasons: { Code: string; Item?: object }[] };
    assert.equal(name, "TransactionCanceledException");
    assert.equal(message,
      "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]");
    assert.deepEqual(CancellationReasons.map(({ Code }) => Code), ["None", "ConditionalCheckFailed"]);
    assert.ok(CancellationReasons[1]?.Item !== undefined);
    return true;
  });
  const { Item } = await client.send(new GetItemCommand({ TableName: tables[0], Key: { id: { S: "new" } }, ConsistentRead: true }));
  assert.equal(Item, undefined);
});

async function balanceOf(account: number): Promise<number> {
  const { Item } = await client.send(new GetItemCommand({ ...at(account), ConsistentRead: true }));
  return Number(Item?.["balance"]?.N);
}
