// Scans of a whole table that changes meanwhile, in its contents and in its partitions: items are put and deleted all
// over the tokens, while others scan page by page, alone or in parallel segments. An item that was there all the time
// is returned exactly once, whatever was split or led by somebody else in between. packages/history judges.
import { checkRanges } from "@azimuth/history/ranges.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "scanned";
const items = 60;

interface Page {
  readonly Items?: readonly { readonly id: { readonly S: string } }[];
  readonly LastEvaluatedKey?: object;
}

export function createScansWorkload(): Workload {
  async function change(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const { random, history } = context;
    const item = random.integer(items);
    const key = { id: { S: `item-${item}` } };
    if (random.chance(0.7)) {
      const open = history.invoke(client.name, "insert", item, table);
      const input = { TableName: table, Item: { ...key, payload: { S: "x".repeat(random.integer(60)) } } };
      record(context, open, await client.call("PutItem", input), () => item);
    } else {
      const open = history.invoke(client.name, "remove", item, table);
      record(context, open, await client.call("DeleteItem", { TableName: table, Key: key }), () => item);
    }
  }

  async function scan(context: WorkloadContext, client: SimulatedClient): Promise<void> {
    const { random, history } = context;
    const segments = random.pick([1, 1, 2, 5]);
    const limit = random.between(1, 25);
    const open = history.invoke(client.name, "range", {}, table);
    const found: number[] = [];
    for (let segment = 0; segment < segments; segment++) {
      const part = segments === 1 ? {} : { Segment: segment, TotalSegments: segments };
      let startKey: object | undefined;
      do {
        const start = startKey === undefined ? {} : { ExclusiveStartKey: startKey };
        const input = { TableName: table, ConsistentRead: true, Limit: limit, ...part, ...start };
        const result = await client.call("Scan", input);
        if (result.kind !== "ok") return record(context, open, result, () => null);
        const page = result.body as Page;
        for (const { id } of page.Items ?? []) found.push(Number(id.S.slice("item-".length)));
        startKey = page.LastEvaluatedKey;
      } while (startKey !== undefined);
    }
    // A scan's order means nothing; the checker wants one.
    open.ok(found.toSorted((left, right) => left - right));
  }

  return {
    name: "scans",
    setUp: (context) => createTable(context, table, false),
    async run(context, client) {
      while (!context.isStopped()) {
        if (context.random.chance(0.8)) await change(context, client);
        else await scan(context, client);
        await context.think();
      }
    },
    async check(context) {
      await scan(context, context.clients[0] as SimulatedClient);
      context.judged(checkRanges(context.history.operations()));
    },
  };
}
