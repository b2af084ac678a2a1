// Range reads of a collection that changes meanwhile: elements are put into and taken out of an item collection, while
// others read it page by page with Query, forwards and backwards. An element that was there all the time is returned
// exactly once, one that was never there not at all, and the order is kept. Of an eventually consistent read less is
// asked; but once all is quiet it comes to the same. packages/history judges.
import { checkRanges } from "@azimuth/history/ranges.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { untilSame } from "./until-same.ts";
import { createTable, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "collections";
const collections = 2;
const elements = 40;
const eventualReads = 0.3;

interface Page {
  readonly Items?: readonly { readonly at: { readonly N: string } }[];
  readonly LastEvaluatedKey?: object;
}

export function createRangesWorkload(): Workload {
  async function change(context: WorkloadContext, client: SimulatedClient, collection: string): Promise<void> {
    const { random, history } = context;
    const element = random.integer(elements);
    const key = { id: { S: collection }, at: { N: String(element) } };
    if (random.chance(0.6)) {
      const open = history.invoke(client.name, "insert", element, collection);
      const payload = { S: "x".repeat(random.integer(60)) };
      const input = { TableName: table, Item: { ...key, payload } };
      record(context, open, await client.call("PutItem", input), () => element);
    } else {
      const open = history.invoke(client.name, "remove", element, collection);
      record(context, open, await client.call("DeleteItem", { TableName: table, Key: key }), () => element);
    }
  }

  /** What was found; undefined if nobody answered. */
  async function readRange(
    context: WorkloadContext, client: SimulatedClient, collection: string, whole: boolean, eventual: boolean,
  ): Promise<readonly number[] | undefined> {
    const { random, history } = context;
    const from = random.integer(elements);
    const to = random.between(from, elements - 1);
    const descending = random.chance(0.5);
    const manner = { descending, ...(eventual ? { eventual } : {}) };
    const open = history.invoke(client.name, "range", whole ? manner : { from, to, ...manner }, collection);
    const found: number[] = [];
    let startKey: object | undefined;
    do {
      const result = await client.call("Query", {
        TableName: table,
        KeyConditionExpression: whole ? "id = :id" : "id = :id AND #at BETWEEN :from AND :to",
        ...(whole ? {} : { ExpressionAttributeNames: { "#at": "at" } }),
        ExpressionAttributeValues: {
          ":id": { S: collection },
          ...(whole ? {} : { ":from": { N: String(from) }, ":to": { N: String(to) } }),
        },
        ConsistentRead: !eventual,
        ScanIndexForward: !descending,
        Limit: random.between(1, 12),
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      });
      if (result.kind !== "ok") {
        record(context, open, result, () => null);
        return undefined;
      }
      const page = result.body as Page;
      for (const item of page.Items ?? []) found.push(Number(item.at.N));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined);
    open.ok(found);
    return found;
  }

  return {
    name: "ranges",
    setUp: (context) => createTable(context, table, true),
    async run(context, client) {
      while (!context.isStopped()) {
        const collection = `collection-${context.random.integer(collections)}`;
        const { random } = context;
        if (random.chance(0.75)) await change(context, client, collection);
        else await readRange(context, client, collection, random.chance(0.5), random.chance(eventualReads));
        await context.think();
      }
    },
    async check(context) {
      for (let each = 0; each < collections; each++) {
        const client = context.clients[0] as SimulatedClient;
        const name = `collection-${each}`;
        const inOrder = async (eventual: boolean): Promise<readonly number[] | undefined> =>
          (await readRange(context, client, name, true, eventual))?.toSorted((one, other) => one - other);
        await untilSame(context, `Query of ${name}`, () => inOrder(false), () => inOrder(true));
      }
      context.judged(checkRanges(context.history.operations()));
    },
  };
}
