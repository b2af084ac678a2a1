// Counters: everyone adds 1 with ADD. In the end each counter is at least the acknowledged and at most the attempted
// increments, and when no outcome stayed unknown, exactly the acknowledged ones: no write is lost, none done twice.
import type { SimulatedClient } from "../simulated-client.ts";
import { callUntilKnown, createTable, type Workload, type WorkloadContext } from "./workload.ts";

const table = "counters";
const counters = 6;

export function createCountersWorkload(): Workload {
  const counts = Array.from({ length: counters }, () => ({ attempted: 0, acknowledged: 0 }));
  return {
    name: "counters",
    setUp: (context) => createTable(context, table, false),
    async run(context: WorkloadContext, client: SimulatedClient) {
      while (!context.isStopped()) {
        const counter = context.random.integer(counters);
        const count = counts[counter] as { attempted: number; acknowledged: number };
        count.attempted++;
        const result = await client.call("UpdateItem", {
          TableName: table,
          Key: { id: { S: `counter-${counter}` } },
          UpdateExpression: "ADD amount :one",
          ExpressionAttributeValues: { ":one": { N: "1" } },
          ReturnValues: "UPDATED_NEW",
        });
        if (result.kind === "ok") count.acknowledged++;
        else if (result.kind === "refused" && result.type !== "ConnectionRefused") {
          context.violated(`counters: refused with ${result.type}: ${result.message}`);
        } else if (result.kind === "refused") {
          count.attempted--;
        }
        await context.world.sleep(context.random.next() * 40);
      }
    },
    async check(context) {
      for (const [counter, { attempted, acknowledged }] of counts.entries()) {
        const key = { id: { S: `counter-${counter}` } };
        const body = await callUntilKnown(context, "GetItem", { TableName: table, Key: key, ConsistentRead: true });
        const item = body["Item"] as { amount?: { N: string } } | undefined;
        const value = Number(item?.amount?.N ?? 0);
        if (value < acknowledged || value > attempted) {
          context.violated(`counters: ${counter} is ${value}, ${acknowledged} acknowledged, ${attempted} attempted`);
        }
      }
    },
  };
}
