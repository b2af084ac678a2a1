// Reads of any replica, held to what they promise: what is read was really written, and not only after the read had
// ended; and a replica, as long as its process lives, never shows less of an item than it has shown before. Each key's
// versions only grow, by conditional updates. Answers name the replica they come from: those to writes and strongly
// consistent reads, too, which say what the leader has applied.
import { checkEventualReads } from "@azimuth/history/eventual-reads.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "eventual";
const keys = 5;

interface Versioned {
  readonly version?: { readonly N: string };
}

export function createEventualReadsWorkload(): Workload {
  const newest = new Map<string, number>();

  async function write(context: WorkloadContext, client: SimulatedClient, key: string): Promise<void> {
    const version = (newest.get(key) ?? 0) + 1;
    newest.set(key, version);
    const open = context.history.invoke(client.name, "write", { version }, key);
    const result = await client.call("UpdateItem", {
      TableName: table,
      Key: { id: { S: key } },
      UpdateExpression: "SET version = :version",
      ConditionExpression: "attribute_not_exists(version) OR version < :version",
      ExpressionAttributeValues: { ":version": { N: String(version) } },
    });
    record(context, open, result, (_, replica) => ({ version, replica }));
  }

  async function read(context: WorkloadContext, client: SimulatedClient, key: string): Promise<void> {
    const open = context.history.invoke(client.name, "read", null, key);
    const ConsistentRead = context.random.chance(0.1);
    const result = await client.call("GetItem", { TableName: table, Key: { id: { S: key } }, ConsistentRead });
    record(context, open, result, (body, replica) => ({
      version: Number(itemOf<Versioned>(body)?.version?.N ?? 0), replica,
    }));
  }

  return {
    name: "eventual-reads",
    setUp: (context) => createTable(context, table, false),
    async run(context, client) {
      while (!context.isStopped()) {
        const key = `key-${context.random.integer(keys)}`;
        if (context.random.chance(0.3)) await write(context, client, key);
        else await read(context, client, key);
        await context.think();
      }
    },
    async check(context) {
      context.judged(checkEventualReads(context.history.operations()));
    },
  };
}
