// Scans of a whole table that changes meanwhile, in its contents and in its partitions: items are put and deleted all
// over the tokens, while others scan page by page, alone or in parallel segments. An item that was there all the time
// is returned exactly once, whatever was split or led by somebody else in between. Of an eventually consistent scan
// less is asked; but once all is quiet it comes to the same. packages/history judges.
import { checkRanges } from "@azimuth/history/ranges.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { untilSame } from "./until-same.ts";
import { createTable, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "scanned";
const items = 60;
const eventualScans = 0.3;

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

  /** What was found; undefined if nobody answered. */
  async function scan(
    context: WorkloadContext, client: SimulatedClient, eventual: boolean,
  ): Promise<readonly number[] | undefined> {
    const { random, history } = context;
    const segments = random.pick([1, 1, 2, 5]);
    const limit = random.between(1, 25);
    const open = history.invoke(client.name, "range", eventual ? { eventual } : {}, table);
    const found: number[] = [];
    for (let segment = 0; segment < segments; segment++) {
      const part = segments === 1 ? {} : { Segment: segment, TotalSegments: segments };
      let startKey: object | undefined;
      do {
        const start = startKey === undefined ? {} : { ExclusiveStartKey: startKey };
        const input = { TableName: table, ConsistentRead: !eventual, Limit: limit, ...part, ...start };
        const result = await client.call("Scan", input);
        if (result.kind !== "ok") {
          record(context, open, result, () => null);
          return undefined;
        }
        const page = result.body as Page;
        for (const { id } of page.Items ?? []) found.push(Number(id.S.slice("item-".length)));
        startKey = page.LastEvaluatedKey;
      } while (startKey !== undefined);
    }
    // A scan's order means nothing; the checker wants one.
    const inOrder = found.toSorted((left, right) => left - right);
    open.ok(inOrder);
    return inOrder;
  }

  return {
    name: "scans",
    setUp: (context) => createTable(context, table, false),
    async run(context, client) {
      while (!context.isStopped()) {
        if (context.random.chance(0.8)) await change(context, client);
        else await scan(context, client, context.random.chance(eventualScans));
        await context.think();
      }
    },
    async check(context) {
      const client = context.clients[0] as SimulatedClient;
      await untilSame(context, "Scan", () => scan(context, client, false), () => scan(context, client, true));
      context.judged(checkRanges(context.history.operations()));
    },
  };
}
