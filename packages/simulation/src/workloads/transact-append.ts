// Lists that transactions append to and read several at a time, judged Elle's way for strict serializability: what
// any read saw, of one list or of several at one moment, must be explained by one order of all transactions that also
// respects real time. Single appends and strong single reads take part as transactions of one step.
import { checkListAppend } from "@azimuth/history/list-append.ts";
import type { CallResult, SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, type Workload, type WorkloadContext } from "./workload.ts";

const tables = ["transact-lists-1", "transact-lists-2"] as const;
const listsAtATime = 5;
const operationsPerList = 100;

interface ListItem {
  readonly elements?: { readonly L: readonly { readonly N: string }[] };
}

interface Answer {
  readonly Responses: readonly { readonly Item?: ListItem }[];
}

const conflicts: ReadonlySet<string> = new Set(["TransactionCanceledException", "TransactionConflictException"]);

type Open = ReturnType<WorkloadContext["history"]["invoke"]>;

export function createTransactAppendWorkload(): Workload {
  let operations = 0;
  let last = 0;
  const used = new Set<string>();

  function choose({ random }: WorkloadContext, count: number): readonly string[] {
    const generation = Math.floor(operations++ / (operationsPerList * listsAtATime));
    const all = Array.from({ length: listsAtATime }, (_, number) => `list-${generation}-${number}`);
    const chosen = random.shuffle(all).slice(0, count);
    for (const key of chosen) used.add(key);
    return chosen;
  }

  async function append(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const steps = choose(context, context.random.between(1, 3)).map((key) => ["append", key, ++last] as const);
    const open = context.history.invoke(client.name, "txn", steps);
    const TransactItems = steps.map(([, key, value]) => ({ Update: appendTo(key, value) }));
    const token = context.random.chance(0.5) ? { ClientRequestToken: `append-${last}` } : {};
    end(context, open, await client.call("TransactWriteItems", { TransactItems, ...token }), () => steps);
  }

  async function appendAlone(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const [key] = choose(context, 1) as [string];
    const steps = [["append", key, ++last]] as const;
    const open = context.history.invoke(client.name, "txn", steps);
    end(context, open, await client.call("UpdateItem", appendTo(key, last)), () => steps);
  }

  async function read(context: WorkloadContext, client: SimulatedClient, keys: readonly string[]): Promise<boolean> {
    const open = context.history.invoke(client.name, "txn", keys.map((key) => ["r", key, null]));
    const TransactItems = keys.map((key) => ({ Get: at(key) }));
    const result = await client.call("TransactGetItems", { TransactItems });
    end(context, open, result, (body) => (body as unknown as Answer).Responses.map(({ Item }, position) =>
      ["r", keys[position], elementsOf(Item)]));
    return result.kind === "ok";
  }

  async function readAlone(context: WorkloadContext, client: SimulatedClient, key: string): Promise<void> {
    const open = context.history.invoke(client.name, "txn", [["r", key, null]]);
    const result = await client.call("GetItem", { ...at(key), ConsistentRead: true });
    end(context, open, result, (body) => [["r", key, elementsOf(itemOf<ListItem>(body))]]);
  }

  return {
    name: "transact-append",
    async setUp(context) {
      for (const table of tables) await createTable(context, table, false);
    },
    async run(context, client) {
      while (!context.isStopped()) {
        const choice = context.random.next();
        if (choice < 0.4) await append(context, client);
        else if (choice < 0.5) await appendAlone(context, client);
        else if (choice < 0.8) await read(context, client, choose(context, context.random.between(2, 4)));
        else for (const key of choose(context, 3)) await readAlone(context, client, key);
        await context.think();
      }
    },
    async check(context) {
      const client = context.clients[0] as SimulatedClient;
      for (const key of used) while (!(await read(context, client, [key]))) await context.world.sleep(500);
      context.judged(checkListAppend(context.history.operations()));
    },
  };
}

/** Neighbouring lists lie in different tables. */
function at(key: string): { TableName: string; Key: { id: { S: string } } } {
  return { TableName: tables[Number(key.at(-1)) % tables.length] as string, Key: { id: { S: key } } };
}

function appendTo(key: string, value: number): object {
  return {
    ...at(key),
    UpdateExpression: "SET elements = list_append(if_not_exists(elements, :empty), :new)",
    ExpressionAttributeValues: { ":empty": { L: [] }, ":new": { L: [{ N: String(value) }] } },
  };
}

function elementsOf(item: ListItem | undefined): readonly number[] {
  return (item?.elements?.L ?? []).map((element) => Number(element.N));
}

/** A transaction may be refused because another holds an item; then nothing was done. */
function end(
  context: WorkloadContext,
  open: Open,
  result: CallResult,
  valueOf: (body: Record<string, unknown>) => unknown,
): void {
  switch (result.kind) {
    case "ok":
      return open.ok(valueOf(result.body));
    case "unreachable":
      return open.fail("unreachable");
    case "unknown":
      return open.info(result.reason);
    case "refused":
      if (result.type === "TransactionInProgressException") return open.info(result.type);
      open.fail(result.type);
      if (conflicts.has(result.type)) return undefined;
      return context.violated(`refused with ${result.type}: ${result.message}`, open);
  }
}
