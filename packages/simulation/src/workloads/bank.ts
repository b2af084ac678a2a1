// A bank whose transfers are two conditional steps on single items: the debit takes the amount from one account, if it
// is there, and notes the transfer's number; the credit adds it to the other and notes it too, unless it is noted
// already. Any client may die between the steps; in the end every debit without its credit is completed. Then no money
// is lost or made, no account was ever overdrawn, and each account is exactly what its notes say.
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import { conditionFailed, type SimulatedClient } from "../simulated-client.ts";
import {
  callUntilKnown, createTable, itemOf, record, recordUntilKnown, type Workload, type WorkloadContext,
} from "./workload.ts";

const table = "accounts";
const accounts = 6;
const initial = 100;
/** An account's notes grow with its transfers; beyond this many the bank only reads. */
const transfersMax = 600;

interface Account {
  readonly balance?: { readonly N: string };
  readonly out?: { readonly SS: readonly string[] };
  readonly in?: { readonly SS: readonly string[] };
}

interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  /** The client saw the debit acknowledged, or refused. */
  debited: boolean | undefined;
  debit: OpenOperation | undefined;
}

/** What a read found. */
interface Seen {
  readonly account: Account | undefined;
  readonly open: OpenOperation;
}

const balanceIn = (body: Record<string, unknown>): number => Number(itemOf<Account>(body)?.balance?.N);

export function createBankWorkload(): Workload {
  const transfers: Transfer[] = [];
  const names = Array.from({ length: accounts }, (_, number) => `account-${number}`);

  function step(client: SimulatedClient, account: string, transfer: Transfer, kind: "debit" | "credit") {
    const isDebit = kind === "debit";
    const notes = isDebit ? "#out" : "#in";
    return client.call("UpdateItem", {
      TableName: table,
      Key: { id: { S: account } },
      UpdateExpression: `SET balance = balance ${isDebit ? "-" : "+"} :amount ADD ${notes} :note`,
      ConditionExpression: isDebit ? "balance >= :amount" : "NOT contains(#in, :id)",
      ExpressionAttributeNames: { [notes]: isDebit ? "out" : "in" },
      ExpressionAttributeValues: {
        ":amount": { N: String(transfer.amount) },
        ":note": { SS: [transfer.id] },
        ...(isDebit ? {} : { ":id": { S: transfer.id } }),
      },
    });
  }

  async function transferOnce(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const { random, history } = context;
    const [from, to] = random.shuffle(names) as [string, string];
    const id = `t${transfers.length}`;
    const transfer: Transfer = { id, from, to, amount: random.between(1, 30), debited: undefined, debit: undefined };
    transfers.push(transfer);
    const value = { id: transfer.id, amount: transfer.amount };
    const debit = history.invoke(client.name, "debit", value, from);
    transfer.debit = debit;
    const debited = await step(client, from, transfer, "debit");
    record(context, debit, debited, () => value);
    if (debited.kind === "ok") transfer.debited = true;
    if (debited.kind === "refused" || debited.kind === "unreachable") transfer.debited = false;
    // Now and then a client forgets the second half.
    if (debited.kind !== "ok" || random.chance(0.1)) return;
    const credit = history.invoke(client.name, "credit", value, to);
    const credited = await step(client, to, transfer, "credit");
    record(context, credit, credited, () => value);
    if (credited.kind !== "refused") return;
    context.violated(`the first credit of ${transfer.id} was refused as a repetition`, debit, credit);
  }

  async function read(context: WorkloadContext, client: SimulatedClient, account: string): Promise<void> {
    const open = context.history.invoke(client.name, "read", null, account);
    const input = { TableName: table, Key: { id: { S: account } }, ConsistentRead: true };
    const result = await client.call("GetItem", input);
    record(context, open, result, balanceIn);
    if (result.kind === "ok") audit(context, account, { account: itemOf<Account>(result.body), open });
  }

  /** What one account says of itself must agree at any moment. */
  function audit(context: WorkloadContext, name: string, { account, open }: Seen): number {
    const amountOf = (id: string): number => transfers[Number(id.slice(1))]?.amount ?? Number.NaN;
    const sum = (ids: readonly string[] = []): number => ids.reduce((total, id) => total + amountOf(id), 0);
    const balance = Number(account?.balance?.N);
    const expected = initial - sum(account?.out?.SS) + sum(account?.in?.SS);
    const isRight = balance === expected && balance >= 0;
    if (!isRight) context.violated(`${name} holds ${balance}, its notes say ${expected}`, open);
    return balance;
  }

  function halfDoneIn(seen: ReadonlyMap<string, Seen>): readonly Transfer[] {
    const has = (account: string, notes: "in" | "out", id: string): boolean =>
      seen.get(account)?.account?.[notes]?.SS.includes(id) === true;
    return transfers.filter(({ id, from, to }) => has(from, "out", id) && !has(to, "in", id));
  }

  async function complete(context: WorkloadContext, debited: readonly Transfer[]): Promise<void> {
    const client = context.clients[0] as SimulatedClient;
    for (const transfer of debited) {
      for (;;) {
        const result = await step(client, transfer.to, transfer, "credit");
        if (result.kind === "ok" || (result.kind === "refused" && result.type === conditionFailed)) break;
      }
    }
  }

  async function readAll(context: WorkloadContext): Promise<Map<string, Seen>> {
    const found = new Map<string, Seen>();
    for (const key of names) {
      const input = { TableName: table, Key: { id: { S: key } }, ConsistentRead: true };
      const { body, open } = await recordUntilKnown(context, { f: "read", key, target: "GetItem", input }, balanceIn);
      found.set(key, { account: itemOf<Account>(body), open });
    }
    return found;
  }

  return {
    name: "bank",
    async setUp(context) {
      await createTable(context, table, false);
      for (const name of names) {
        const item = { id: { S: name }, balance: { N: String(initial) } };
        await callUntilKnown(context, "PutItem", { TableName: table, Item: item });
      }
    },
    async run(context, client) {
      while (!context.isStopped()) {
        if (transfers.length < transfersMax && context.random.chance(0.7)) await transferOnce(context, client);
        else await read(context, client, context.random.pick(names));
        await context.think();
      }
    },
    async check(context) {
      const before = await readAll(context);
      const debited = new Set([...before.values()].flatMap(({ account }) => account?.out?.SS ?? []));
      for (const { id, from, debit, debited: known } of transfers) {
        if (known === undefined || known === debited.has(id)) continue;
        const what = `the debit of ${id} was ${known ? "acknowledged and is lost" : "refused and was done"}`;
        context.violated(what, debit, before.get(from)?.open);
      }
      // A debit that nobody was told of may come to pass as late as now.
      let seen = before;
      const completed = new Set<Transfer>();
      for (let halfDone = halfDoneIn(seen); halfDone.length > 0; ) {
        await complete(context, halfDone);
        for (const transfer of halfDone) completed.add(transfer);
        seen = await readAll(context);
        halfDone = halfDoneIn(seen).filter((transfer) => !completed.has(transfer));
      }
      let total = 0;
      for (const [name, each] of seen) total += audit(context, name, each);
      if (total !== accounts * initial) context.violated(`the bank holds ${total}, not ${accounts * initial}`);
    },
  };
}
