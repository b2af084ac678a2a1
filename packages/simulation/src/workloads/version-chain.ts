// The version chain: read version n strongly, then update to n + 1 on condition that it still is n, with a unique
// token. Acknowledged updates form one chain without forks; a strong read never returns a version older than one
// acknowledged before it began, and whoever wrote a version is who acknowledged it. packages/history judges.
import { checkVersionChain } from "@azimuth/history/version-chain.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "chains";
const chains = 4;

interface ChainItem {
  readonly version?: { readonly N: string };
  readonly writer?: { readonly S: string };
}

const seenIn = (body: Record<string, unknown>): { version: number; token: string } | null => {
  const item = itemOf<ChainItem>(body);
  return item === undefined ? null : { version: Number(item.version?.N), token: item.writer?.S ?? "" };
};

export function createVersionChainWorkload(): Workload {
  async function read(context: WorkloadContext, client: SimulatedClient, key: string): Promise<number | undefined> {
    const open = context.history.invoke(client.name, "read", null, key);
    const result = await client.call("GetItem", { TableName: table, Key: { id: { S: key } }, ConsistentRead: true });
    record(context, open, result, seenIn);
    return result.kind === "ok" ? (seenIn(result.body)?.version ?? 0) : undefined;
  }

  async function extend(context: WorkloadContext, client: SimulatedClient, key: string, token: string): Promise<void> {
    const from = await read(context, client, key);
    if (from === undefined) return;
    const open = context.history.invoke(client.name, "advance", { from, token }, key);
    const result = await client.call("UpdateItem", {
      TableName: table,
      Key: { id: { S: key } },
      UpdateExpression: "SET version = :next, writer = :token",
      ConditionExpression: from === 0 ? "attribute_not_exists(version)" : "version = :version",
      ExpressionAttributeValues: {
        ":next": { N: String(from + 1) },
        ":token": { S: token },
        ...(from === 0 ? {} : { ":version": { N: String(from) } }),
      },
    });
    record(context, open, result, () => null);
  }

  return {
    name: "version-chain",
    setUp: (context) => createTable(context, table, false),
    async run(context, client, number) {
      for (let step = 0; !context.isStopped(); step++) {
        await extend(context, client, `chain-${context.random.integer(chains)}`, `${number}-${step}`);
        await context.think();
      }
    },
    async check(context) {
      for (let chain = 0; chain < chains; chain++) {
        while ((await read(context, context.clients[0] as SimulatedClient, `chain-${chain}`)) === undefined);
      }
      context.judged(checkVersionChain(context.history.operations()));
    },
  };
}
