// The version chain: read version n strongly, then update to n + 1 on condition that it still is n, with a unique
// token. Acknowledged updates form one chain without forks; a strong read never returns a version older than one
// acknowledged before it began, and whoever wrote a version is who acknowledged it.
import type { SimulatedClient } from "../simulated-client.ts";
import { callUntilKnown, createTable, type Workload, type WorkloadContext } from "./workload.ts";

const table = "chains";
const chains = 4;

interface Chain {
  readonly writerByVersion: Map<number, string>;
  newestAcknowledged: number;
}

interface ChainItem {
  readonly version?: { readonly N: string };
  readonly writer?: { readonly S: string };
}

export function createVersionChainWorkload(): Workload {
  const state = Array.from({ length: chains }, (): Chain => ({ writerByVersion: new Map(), newestAcknowledged: 0 }));

  async function extend(context: WorkloadContext, client: SimulatedClient, chainNumber: number, token: string): Promise<void> {
    const chain = state[chainNumber] as Chain;
    const key = { id: { S: `chain-${chainNumber}` } };
    const atLeast = chain.newestAcknowledged;
    const read = await client.call("GetItem", { TableName: table, Key: key, ConsistentRead: true });
    if (read.kind !== "ok") return;
    const item = read.body["Item"] as ChainItem | undefined;
    const version = Number(item?.version?.N ?? 0);
    if (version < atLeast) {
      context.violated(`version-chain ${chainNumber}: read ${version} after ${atLeast} was acknowledged`);
    }
    const known = chain.writerByVersion.get(version);
    if (known !== undefined && known !== item?.writer?.S) {
      context.violated(`version-chain ${chainNumber}: version ${version} is by ${item?.writer?.S}, acknowledged to ${known}`);
    }
    const written = await client.call("UpdateItem", {
      TableName: table,
      Key: key,
      UpdateExpression: "SET version = :next, writer = :token",
      ConditionExpression: version === 0 ? "attribute_not_exists(version)" : "version = :version",
      ExpressionAttributeValues: {
        ":next": { N: String(version + 1) },
        ":token": { S: token },
        ...(version === 0 ? {} : { ":version": { N: String(version) } }),
      },
    });
    if (written.kind !== "ok") return;
    const other = chain.writerByVersion.get(version + 1);
    if (other !== undefined) {
      context.violated(`version-chain ${chainNumber}: ${other} and ${token} both wrote version ${version + 1}`);
    }
    chain.writerByVersion.set(version + 1, token);
    chain.newestAcknowledged = Math.max(chain.newestAcknowledged, version + 1);
  }

  return {
    name: "version-chain",
    setUp: (context) => createTable(context, table, false),
    async run(context, client, number) {
      for (let step = 0; !context.isStopped(); step++) {
        await extend(context, client, context.random.integer(chains), `${number}-${step}`);
        await context.world.sleep(context.random.next() * 40);
      }
    },
    async check(context) {
      for (const [number, chain] of state.entries()) {
        const key = { id: { S: `chain-${number}` } };
        const body = await callUntilKnown(context, "GetItem", { TableName: table, Key: key, ConsistentRead: true });
        const item = body["Item"] as ChainItem | undefined;
        const version = Number(item?.version?.N ?? 0);
        if (version < chain.newestAcknowledged) {
          context.violated(`version-chain ${number}: ends at ${version}, ${chain.newestAcknowledged} was acknowledged`);
        }
      }
    },
  };
}
