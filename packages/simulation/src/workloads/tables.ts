// Tables that come and go under load. Each client has a table name of its own: it creates the table, waits until it is
// usable, finds it empty whatever an earlier table of that name held, fills it, finds everything there, deletes it, and
// begins again. Meanwhile the other workloads' tables must not notice.
//
// A request whose outcome is unknown may take effect at any later time: after one, the client takes another name.
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import type { CallResult, SimulatedClient } from "../simulated-client.ts";
import { type Workload, type WorkloadContext } from "./workload.ts";

const itemsPerTable = 6;
const waitPollMs = 60;

interface Called {
  readonly open: OpenOperation;
  /** Undefined when it is not known to have been done. */
  readonly body: Record<string, unknown> | undefined;
}

interface Held {
  readonly id: { readonly S: string };
  readonly life: { readonly N: string };
}

const itemsIn = (body: Record<string, unknown>): readonly Held[] => body["Items"] as readonly Held[];

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
    const call = async (f: string, value: unknown, target: string, input: object): Promise<Called> => {
      const open = context.history.invoke(client.name, f, value, name);
      const result = await client.call(target, { TableName: name, ...input });
      note(open, result, f === "scan" ? (body) => itemsIn(body).map(({ id }) => id.S) : () => value);
      const refusal = result.kind === "refused" ? `${result.type}: ${result.message}` : undefined;
      if (refusal !== undefined) violated(`${target} on the active ${name}: ${refusal}`, open);
      return { open, body: result.kind === "ok" ? result.body : undefined };
    };
    const scan = (): Promise<Called> => call("scan", null, "Scan", { ConsistentRead: true });
    const before = await scan();
    const held = before.body?.["Count"] ?? 0;
    if (held !== 0) violated(`the new table ${name} holds ${String(held)} items`, before.open);
    const acknowledged = new Map<string, OpenOperation>();
    for (let item = 0; item < itemsPerTable && !context.isStopped(); item++) {
      const id = `item-${item}`;
      const put = await call("put", id, "PutItem", { Item: { id: { S: id }, life: { N: String(life) } } });
      if (put.body !== undefined) acknowledged.set(id, put.open);
      await context.think();
    }
    const after = await scan();
    if (after.body === undefined) return;
    const items = itemsIn(after.body);
    const found = new Set(items.map((item) => item.id.S));
    const lost = [...acknowledged].filter(([id]) => !found.has(id));
    if (lost.length > 0) {
      const ids = lost.map(([id]) => id).join(", ");
      violated(`${ids} of ${name} were acknowledged and are not there`, ...lost.map(([, open]) => open), after.open);
    }
    const old = items.filter((item) => item.life.N !== String(life));
    for (const item of old) {
      violated(`${name} holds ${item.id.S} of its life ${item.life.N}, not ${life}`, after.open);
    }
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

/** A refusal of anything but a table's creation and deletion is a violation, which the caller notes. */
function note(open: OpenOperation, result: CallResult, valueOf: (body: Record<string, unknown>) => unknown): void {
  switch (result.kind) {
    case "ok":
      return open.ok(valueOf(result.body));
    case "unreachable":
      return open.fail("unreachable");
    case "unknown":
      return open.info(result.reason);
    case "refused":
      return open.fail(result.type);
  }
}
