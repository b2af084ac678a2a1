// Counters: everyone adds 1 with ADD and reads the sum. At any moment a counter is at least the increments that were
// acknowledged before a read began, and at most those that were attempted before it ended; in the end the same. So no
// write is lost and none is done twice, however often it was sent.
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, record, recordUntilKnown, type Workload, type WorkloadContext } from "./workload.ts";

const table = "counters";
const counters = 6;

interface Count {
  /** Increments that may have happened. */
  attempted: number;
  acknowledged: number;
  /** The acknowledged increment that was told the highest sum. */
  highest: { readonly sum: number; readonly open: OpenOperation } | undefined;
}

export function createCountersWorkload(): Workload {
  const counts = Array.from({ length: counters }, (): Count =>
    ({ attempted: 0, acknowledged: 0, highest: undefined }));
  const amountOf = (body: Record<string, unknown>): number =>
    Number(itemOf<{ amount?: { N: string } }>(body)?.amount?.N ?? 0);

  async function increment(context: WorkloadContext, client: SimulatedClient, counter: number): Promise<void> {
    const count = counts[counter] as Count;
    const key = `counter-${counter}`;
    count.attempted++;
    const open = context.history.invoke(client.name, "add", 1, key);
    const result = await client.call("UpdateItem", {
      TableName: table,
      Key: { id: { S: key } },
      UpdateExpression: "ADD amount :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
      ReturnValues: "UPDATED_NEW",
    });
    const sumIn = (body: Record<string, unknown>): number =>
      Number((body["Attributes"] as { amount: { N: string } }).amount.N);
    record(context, open, result, sumIn);
    if (result.kind === "ok") {
      count.acknowledged++;
      const sum = sumIn(result.body);
      if (sum > (count.highest?.sum ?? 0)) count.highest = { sum, open };
    } else if (result.kind !== "unknown") count.attempted--;
  }

  async function read(context: WorkloadContext, client: SimulatedClient, counter: number): Promise<void> {
    const count = counts[counter] as Count;
    const key = `counter-${counter}`;
    const { acknowledged: atLeast, highest } = count;
    const open = context.history.invoke(client.name, "read", null, key);
    const result = await client.call("GetItem", { TableName: table, Key: { id: { S: key } }, ConsistentRead: true });
    record(context, open, result, amountOf);
    if (result.kind !== "ok") return;
    const amount = amountOf(result.body);
    if (amount >= atLeast && amount <= count.attempted) return;
    const what = `${key} read as ${amount}, with ${atLeast} acknowledged before and ${count.attempted} attempted`;
    context.violated(what, amount < atLeast ? highest?.open : undefined, open);
  }

  return {
    name: "counters",
    setUp: (context) => createTable(context, table, false),
    async run(context, client) {
      while (!context.isStopped()) {
        const counter = context.random.integer(counters);
        if (context.random.chance(0.7)) await increment(context, client, counter);
        else await read(context, client, counter);
        await context.think();
      }
    },
    async check(context) {
      for (const [counter, { attempted, acknowledged, highest }] of counts.entries()) {
        const key = `counter-${counter}`;
        const input = { TableName: table, Key: { id: { S: key } }, ConsistentRead: true };
        const { body, open } = await recordUntilKnown(context, { f: "read", key, target: "GetItem", input }, amountOf);
        const value = amountOf(body);
        if (value >= acknowledged && value <= attempted) continue;
        const what = `${key} is ${value}, ${acknowledged} acknowledged, ${attempted} attempted`;
        context.violated(what, value < acknowledged ? highest?.open : undefined, open);
      }
    },
  };
}
