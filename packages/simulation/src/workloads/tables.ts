// Tables that come and go under load. Each client has a table name of its own: it creates the table, waits until it is
// usable, finds it empty whatever an earlier table of that name held, fills it, finds everything there, deletes it, and
// begins again. Meanwhile the other workloads' tables must not notice.
//
// A request whose outcome is unknown may take effect at any later time: after one, the client takes another name.
import type { SimulatedClient } from "../simulated-client.ts";
import { type Workload, type WorkloadContext } from "./workload.ts";

const itemsPerTable = 6;
const waitPollMs = 60;

export function createTablesWorkload(): Workload {
  /** Names that some request may still create or delete. */
  const tainted = new Set<string>();

  async function change(
    client: SimulatedClient,
    target: "CreateTable" | "DeleteTable",
    name: string,
    input: object,
  ): Promise<boolean> {
    const result = await client.call(target, { TableName: name, ...input });
    if (result.kind === "unknown") tainted.add(name);
    return result.kind === "ok";
  }

  async function describe(client: SimulatedClient, name: string): Promise<string | undefined> {
    const result = await client.call("DescribeTable", { TableName: name });
    if (result.kind === "ok") return (result.body["Table"] as { TableStatus: string }).TableStatus;
    return result.kind === "refused" && result.type === "ResourceNotFoundException" ? "gone" : undefined;
  }

  async function create(context: WorkloadContext, client: SimulatedClient, name: string): Promise<boolean> {
    const input = {
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    };
    const open = context.history.invoke(client.name, "create", name, name);
    if (await change(client, "CreateTable", name, input)) open.ok();
    else open.info();
    while (!context.isStopped()) {
      if (tainted.has(name)) return false;
      const status = await describe(client, name);
      if (status === "ACTIVE") return true;
      if (status === "gone") await change(client, "CreateTable", name, input);
      await context.world.sleep(waitPollMs);
    }
    return false;
  }

  async function use(context: WorkloadContext, client: SimulatedClient, name: string, life: number): Promise<void> {
    const { violated } = context;
    const call = async (target: string, input: object): Promise<Record<string, unknown> | undefined> => {
      const result = await client.call(target, input);
      if (result.kind === "refused") violated(`${target} on the active ${name}: ${result.type}: ${result.message}`);
      return result.kind === "ok" ? result.body : undefined;
    };
    const before = await call("Scan", { TableName: name, ConsistentRead: true });
    const held = before?.["Count"] ?? 0;
    if (held !== 0) violated(`the new table ${name} holds ${String(held)} items`);
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
    const lost = [...acknowledged].filter((id) => !found.has(id));
    if (lost.length > 0) violated(`${lost.join(", ")} of ${name} were acknowledged and are not there`);
    const old = items.filter((item) => item.life.N !== String(life));
    for (const item of old) violated(`${name} holds ${item.id.S} of its life ${item.life.N}, not ${life}`);
  }

  async function remove(context: WorkloadContext, client: SimulatedClient, name: string): Promise<void> {
    const open = context.history.invoke(client.name, "drop", name, name);
    if (await change(client, "DeleteTable", name, {})) open.ok();
    else open.info();
    while (!context.isStopped()) {
      if (tainted.has(name)) return;
      const status = await describe(client, name);
      if (status === "gone") return;
      if (status === "ACTIVE") await change(client, "DeleteTable", name, {});
      await context.world.sleep(waitPollMs);
    }
  }

  return {
    name: "tables",
    async setUp() {},
    async run(context, client, number) {
      for (let life = 1, names = 0; !context.isStopped(); life++) {
        let name = `table-${number}-${names}`;
        if (tainted.has(name)) name = `table-${number}-${++names}`;
        if (await create(context, client, name)) {
          await use(context, client, name, life);
          await remove(context, client, name);
        }
        await context.think();
      }
    },
    async check() {},
  };
}
