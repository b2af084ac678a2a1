// Tables that come and go under load. Each client has a table name of its own: it creates the table, waits until it is
// usable, finds it empty whatever an earlier table of that name held, fills it, finds everything there, deletes it, and
// begins again. Meanwhile the other workloads' tables must not notice.
import type { SimulatedClient } from "../simulated-client.ts";
import { type Workload, type WorkloadContext } from "./workload.ts";

const itemsPerTable = 6;
const waitPollMs = 60;

export function createTablesWorkload(): Workload {
  async function describe(client: SimulatedClient, name: string): Promise<string | undefined> {
    const result = await client.call("DescribeTable", { TableName: name });
    if (result.kind === "ok") return (result.body["Table"] as { TableStatus: string }).TableStatus;
    return result.kind === "refused" && result.type === "ResourceNotFoundException" ? "gone" : undefined;
  }

  async function create(context: WorkloadContext, client: SimulatedClient, name: string): Promise<boolean> {
    const input = {
      TableName: name,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    };
    const open = context.history.invoke(client.name, "create", name, name);
    const result = await client.call("CreateTable", input);
    if (result.kind === "ok") open.ok();
    else open.info(result.kind);
    while (!context.isStopped()) {
      const status = await describe(client, name);
      if (status === "ACTIVE") return true;
      if (status === "gone") await client.call("CreateTable", input);
      await context.world.sleep(waitPollMs);
    }
    return false;
  }

  async function use(context: WorkloadContext, client: SimulatedClient, name: string, life: number): Promise<void> {
    const { violated, world } = context;
    const call = async (target: string, input: object): Promise<Record<string, unknown> | undefined> => {
      const result = await client.call(target, input);
      if (result.kind === "refused") violated(`${target} on the active table ${name}: ${result.type}: ${result.message}`);
      return result.kind === "ok" ? result.body : undefined;
    };
    const before = await call("Scan", { TableName: name, ConsistentRead: true });
    if (before !== undefined && before["Count"] !== 0) violated(`the new table ${name} holds ${String(before["Count"])} items`);
    const acknowledged = new Set<string>();
    for (let item = 0; item < itemsPerTable && !context.isStopped(); item++) {
      const id = `item-${item}`;
      const put = await call("PutItem", { TableName: name, Item: { id: { S: id }, life: { N: String(life) } } });
      if (put !== undefined) acknowledged.add(id);
      await context.think();
    }
    const after = await call("Scan", { TableName: name, ConsistentRead: true });
    if (after === undefined) return;
    const items = after["Items"] as { id: { S: string }; life: { N: string } }[];
    const found = new Set(items.map((item) => item.id.S));
    for (const id of acknowledged) if (!found.has(id)) violated(`${id} of ${name} was acknowledged and is not there at ${world.time.now()}`);
    for (const item of items) if (item.life.N !== String(life)) violated(`${name} holds ${item.id.S} of its life ${item.life.N}, not ${life}`);
  }

  async function remove(context: WorkloadContext, client: SimulatedClient, name: string): Promise<boolean> {
    const open = context.history.invoke(client.name, "drop", name, name);
    const result = await client.call("DeleteTable", { TableName: name });
    if (result.kind === "ok") open.ok();
    else open.info(result.kind);
    while (!context.isStopped()) {
      const status = await describe(client, name);
      if (status === "gone") return true;
      if (status === "ACTIVE") await client.call("DeleteTable", { TableName: name });
      await context.world.sleep(waitPollMs);
    }
    return false;
  }

  return {
    name: "tables",
    async setUp() {},
    async run(context, client, number) {
      const name = `table-${number}`;
      for (let life = 1; !context.isStopped(); life++) {
        if (!(await create(context, client, name))) return;
        await use(context, client, name, life);
        if (!(await remove(context, client, name))) return;
        await context.think();
      }
    },
    async check() {},
  };
}
