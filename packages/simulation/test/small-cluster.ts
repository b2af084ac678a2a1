// A small calm cluster with one table and some items, for planting in it what the simulator's judges must notice.
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { ReplicationLimits } from "@azimuth/replication/limits.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import type { Operator } from "../src/operator.ts";
import { SimulatedClient } from "../src/simulated-client.ts";
import { within } from "../src/within.ts";
import { createTable, type WorkloadContext } from "../src/workloads/workload.ts";
import { type NodeLife, World } from "../src/world.ts";

const items = 12;
const limitMs = 60_000;

export interface SmallCluster {
  readonly world: World;
  readonly operator: Operator;
  readonly client: SimulatedClient;
  readonly tableId: number;
}

export async function startSmallCluster(replication?: Partial<ReplicationLimits>): Promise<SmallCluster> {
  const random = createSeededRandom("judges");
  const limits = replication === undefined ? {} : { replication };
  const world = new World({ random, zones: 3, nodesPerZone: 1, routers: 1, partitionsPerTable: 2, ...limits });
  const operator = world.startOperator();
  world.startAll();
  const client = new SimulatedClient(world, random.split("client"), "client", 1);
  const setUp = async (): Promise<void> => {
    await createTable({ world, clients: [client] } as unknown as WorkloadContext, "things", false);
    for (let number = 0; number < items; number++) {
      await client.call("PutItem", { TableName: "things", Item: { id: { S: `thing-${number}` } } });
    }
  };
  await within(world, limitMs, setUp(), "the table is not usable");
  await world.advance(world.time.now() + 1000);
  const tableId = operator.map().tables.find(({ name }) => name === "things")?.tableId;
  if (tableId === undefined) throw new Error("the operator does not know the table");
  return { world, operator, client, tableId };
}

export function lifeOf({ world }: SmallCluster, node: string): NodeLife {
  const life = world.nodes.get(node)?.life;
  if (life === undefined) throw new Error(`${node} does not run`);
  return life;
}

/** Writes behind the back of everybody into these nodes' engines. */
export async function plant(cluster: SmallCluster, nodes: readonly string[], operation: WriteOperation): Promise<void> {
  for (const node of nodes) {
    const { clock, engine } = lifeOf(cluster, node);
    const written = new Promise<void>((resolve) => clock.run(() => engine.write([operation], resolve)));
    await within(cluster.world, limitMs, written, "nothing was written");
  }
}
