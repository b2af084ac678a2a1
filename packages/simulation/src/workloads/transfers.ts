// A bank whose transfers are transactions over two tables: the debit if the account has the money, the credit, and a
// receipt. At any moment all accounts together, read in one transaction, hold what they held at first, and no account
// is overdrawn; a receipt is there exactly when its transfer was done.
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import type { CallResult, SimulatedClient } from "../simulated-client.ts";
import {
  callUntilKnown, createTable, itemOf, recordUntilKnown, type Workload, type WorkloadContext,
} from "./workload.ts";

const tables = ["transfer-accounts-1", "transfer-accounts-2"] as const;
const receipts = "transfer-receipts";
const accounts = 6;
const initial = 100;

interface Account {
  readonly balance?: { readonly N: string };
}

interface Answer {
  readonly Responses: readonly { readonly Item?: Account }[];
}

interface Transfer {
  readonly open: OpenOperation;
  /** True: acknowledged; false: refused; undefined: nobody knows. */
  readonly done: boolean | undefined;
}

const balancesIn = (body: Record<string, unknown>): readonly number[] =>
  (body as unknown as Answer).Responses.map(({ Item }) => Number(Item?.balance?.N));

const names = Array.from({ length: accounts }, (_, number) => ({
  TableName: tables[number % tables.length] as string,
  Key: { id: { S: `account-${number}` } },
}));

export function createTransfersWorkload(): Workload {
  let transfers = 0;
  const known = new Map<string, Transfer>();

  async function transfer(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const { random, history } = context;
    const [from, to] = random.shuffle(names) as [(typeof names)[number], (typeof names)[number]];
    const id = `transfer-${++transfers}`;
    const amount = { N: String(random.between(1, 60)) };
    const value = { id, from: from.Key.id.S, to: to.Key.id.S, amount: amount.N };
    const open = history.invoke(client.name, "transfer", value);
    known.set(id, { open, done: undefined });
    const update = (account: (typeof names)[number], sign: "+" | "-") => ({
      Update: {
        ...account,
        UpdateExpression: `SET balance = balance ${sign} :amount`,
        ExpressionAttributeValues: { ":amount": amount },
        ...(sign === "-" ? { ConditionExpression: "balance >= :amount" } : {}),
      },
    });
    const receipt = {
      Put: {
        TableName: receipts,
        Item: { id: { S: id }, amount },
        ConditionExpression: "attribute_not_exists(id)",
      },
    };
    const TransactItems = random.shuffle([update(from, "-"), update(to, "+"), receipt]);
    const token = random.chance(0.5) ? { ClientRequestToken: id } : {};
    const result = await client.call("TransactWriteItems", { TransactItems, ...token });
    known.set(id, { open, done: note(context, open, result, () => value) });
  }

  async function readTogether(context: WorkloadContext, client: SimulatedClient): Promise<boolean> {
    const open = context.history.invoke(client.name, "read-all", null);
    const result = await client.call("TransactGetItems", { TransactItems: names.map((name) => ({ Get: name })) });
    note(context, open, result, balancesIn);
    if (result.kind === "ok") audit(context, balancesIn(result.body), open);
    return result.kind === "ok";
  }

  function audit(context: WorkloadContext, balances: readonly number[], open: OpenOperation): void {
    const total = balances.reduce((sum, balance) => sum + balance, 0);
    if (total === accounts * initial && balances.every((balance) => balance >= 0)) return;
    context.violated(`at one moment the accounts held ${balances.join(", ")}: ${total}`, open);
  }

  return {
    name: "transfers",
    async setUp(context) {
      for (const table of [...tables, receipts]) await createTable(context, table, false);
      for (const { TableName, Key } of names) {
        await callUntilKnown(context, "PutItem", { TableName, Item: { ...Key, balance: { N: String(initial) } } });
      }
    },
    async run(context, client) {
      while (!context.isStopped()) {
        if (context.random.chance(0.6)) await transfer(context, client);
        else await readTogether(context, client);
        await context.think();
      }
    },
    async check(context) {
      while (!(await readTogether(context, context.clients[0] as SimulatedClient))) await context.world.sleep(500);
      for (const [id, { done, open }] of known) {
        if (done === undefined) continue;
        const input = { TableName: receipts, Key: { id: { S: id } }, ConsistentRead: true };
        const what = { f: "read", key: id, target: "GetItem", input };
        const receipt = await recordUntilKnown(context, what, (body) => itemOf<object>(body) ?? null);
        if ((itemOf<object>(receipt.body) !== undefined) === done) continue;
        context.violated(`${id} was ${done ? "acknowledged and is lost" : "refused and was done"}`, open, receipt.open);
      }
    },
  };
}

/** Ends an operation of the history; true when it was done, false when it was refused. */
function note(
  context: WorkloadContext,
  open: OpenOperation,
  result: CallResult,
  valueOf: (body: Record<string, unknown>) => unknown,
): boolean | undefined {
  switch (result.kind) {
    case "ok":
      open.ok(valueOf(result.body));
      return true;
    case "unreachable":
      open.fail("unreachable");
      return false;
    case "unknown":
      open.info(result.reason);
      return undefined;
    case "refused":
      open.fail(result.type);
      if (result.type === "TransactionCanceledException") return false;
      if (result.type === "TransactionInProgressException") return undefined;
      context.violated(`refused with ${result.type}: ${result.message}`, open);
      return false;
  }
}
