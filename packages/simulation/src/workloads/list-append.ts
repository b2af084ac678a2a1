// Appends to lists, checked Elle's way: every appended value is unique, so that one strong read of a list tells the
// order of all appends to it, and every other read must be a prefix. Lists are left alone once they are long.
import { checkListAppend } from "@azimuth/history/list-append.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "lists";
const listsAtATime = 3;
const operationsPerList = 120;

interface ListItem {
  readonly elements?: { readonly L: readonly { readonly N: string }[] };
}

export function createListAppendWorkload(): Workload {
  let operations = 0;
  let last = 0;
  const used = new Set<string>();

  async function append(context: WorkloadContext, client: SimulatedClient, key: string): Promise<void> {
    const value = ++last;
    const steps = [["append", key, value]];
    const open = context.history.invoke(client.name, "txn", steps);
    const result = await client.call("UpdateItem", {
      TableName: table,
      Key: { id: { S: key } },
      UpdateExpression: "SET elements = list_append(if_not_exists(elements, :empty), :new)",
      ExpressionAttributeValues: { ":empty": { L: [] }, ":new": { L: [{ N: String(value) }] } },
    });
    record(context, open, result, () => steps);
  }

  async function read(context: WorkloadContext, client: SimulatedClient, key: string): Promise<boolean> {
    const open = context.history.invoke(client.name, "txn", [["r", key, null]]);
    const result = await client.call("GetItem", { TableName: table, Key: { id: { S: key } }, ConsistentRead: true });
    record(context, open, result, (body) => {
      const elements = itemOf<ListItem>(body)?.elements?.L ?? [];
      return [["r", key, elements.map((element) => Number(element.N))]];
    });
    return result.kind === "ok";
  }

  return {
    name: "list-append",
    setUp: (context) => createTable(context, table, false),
    async run(context, client) {
      while (!context.isStopped()) {
        const generation = Math.floor(operations++ / (operationsPerList * listsAtATime));
        const key = `list-${generation}-${context.random.integer(listsAtATime)}`;
        used.add(key);
        if (context.random.chance(0.6)) await append(context, client, key);
        else await read(context, client, key);
        await context.think();
      }
    },
    async check(context) {
      for (const key of used) while (!(await read(context, context.clients[0] as SimulatedClient, key)));
      context.judged(checkListAppend(context.history.operations()));
    },
  };
}
