// Index agreement: clients put, change and delete items of a table with a local and a global secondary index; midway
// one of them adds another global index to the live table. Once all is quiet every index has exactly the entries that
// follow from the items: none lost, none left behind. The local index has to agree at once, the global ones soon.
// Meanwhile clients query the indexes: what they are shown of an item is what some write made of it, all of it.
import { checkEventualReads } from "@azimuth/history/eventual-reads.ts";
import type { Operation } from "@azimuth/history/history.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { lines, scanAll, type Attributes } from "./scan-all.ts";
import { callUntilKnown, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "indexed";
const items = 24;
const partitionKeys = 6;
const groups = 4;
const queries = 0.2;
/** Virtual time that global indexes have to catch up, and to be made, once the faults are over. */
const agreementLimitMs = 30_000;

interface IndexOfTest {
  readonly name: string;
  /** An item is in the index if it has this attribute. */
  readonly attribute: string;
  readonly consistent: boolean;
}

const local: IndexOfTest = { name: "byAmount", attribute: "amount", consistent: true };
const global: IndexOfTest = { name: "byGroup", attribute: "group", consistent: false };
const added: IndexOfTest = { name: "byColour", attribute: "colour", consistent: false };

export function createIndexAgreementWorkload(): Workload {
  let versions = 0;
  return {
    name: "index-agreement",
    setUp,
    async run(context, client, number) {
      for (let step = 0; !context.isStopped(); step++) {
        if (number === 0 && step === 5) await addIndex(client);
        if (context.random.chance(queries)) await query(context, client);
        else await write(context, client, ++versions);
        await context.think();
      }
    },
    async check(context) {
      await untilActive(context);
      const truth = await scanAll(context, { TableName: table, ConsistentRead: true });
      for (const index of [local, global, added]) await checkIndex(context, index, truth);
      context.judged(checkEventualReads(context.history.operations().flatMap(readsOf)));
    },
  };
}

async function setUp(context: WorkloadContext): Promise<void> {
  const hash = { AttributeName: "id", KeyType: "HASH" };
  const input = {
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      definition("id", "S"), definition("at", "N"), definition("amount", "N"), definition("group", "S"),
    ],
    KeySchema: [hash, { AttributeName: "at", KeyType: "RANGE" }],
    LocalSecondaryIndexes: [{
      IndexName: local.name, KeySchema: [hash, { AttributeName: "amount", KeyType: "RANGE" }],
      Projection: { ProjectionType: "ALL" },
    }],
    GlobalSecondaryIndexes: [{
      IndexName: global.name,
      KeySchema: [{ AttributeName: "group", KeyType: "HASH" }, { AttributeName: "amount", KeyType: "RANGE" }],
      Projection: { ProjectionType: "ALL" },
    }],
  };
  const client = context.clients[0] as SimulatedClient;
  for (;;) {
    const created = await client.call("CreateTable", input);
    if (created.kind === "ok" || (created.kind === "refused" && created.type === "ResourceInUseException")) break;
    await context.world.sleep(100);
  }
  while ((await describe(context)).TableStatus !== "ACTIVE") await context.world.sleep(50);
}

async function addIndex(client: SimulatedClient): Promise<void> {
  await client.call("UpdateTable", {
    TableName: table,
    AttributeDefinitions: [definition("colour", "S")],
    GlobalSecondaryIndexUpdates: [{
      Create: {
        IndexName: added.name, KeySchema: [{ AttributeName: "colour", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    }],
  });
}

/** Every write decides over group and colour, so that an entry with its version must have both of them. */
async function write(context: WorkloadContext, client: SimulatedClient, version: number): Promise<void> {
  const { random } = context;
  const number = random.integer(items);
  const Key = { id: { S: `id-${number % partitionKeys}` }, at: { N: String(number) } };
  const token = { S: String(version) };
  const drawn = (name: string): { S: string } => ({ S: `${name}-${random.integer(groups)}` });
  const amount = { N: String(random.integer(9)) };
  if (random.chance(0.2)) {
    const open = context.history.invoke(client.name, "delete", null, String(number));
    return record(context, open, await client.call("DeleteItem", { TableName: table, Key }), () => null);
  }
  const isPut = random.chance(0.5);
  const removes = !isPut && random.chance(0.3);
  const isMissing = (): boolean => removes || (isPut && random.chance(0.3));
  const group = isMissing() ? undefined : drawn("group");
  const colour = isMissing() ? undefined : drawn("colour");
  const written = { version, value: { group: group?.S ?? null, colour: colour?.S ?? null } };
  const open = context.history.invoke(client.name, "write", written, String(number));
  const indexed = { ...(group === undefined ? {} : { group }), ...(colour === undefined ? {} : { colour }) };
  const result = isPut
    ? await client.call("PutItem", {
      TableName: table, Item: { ...Key, token, ...indexed, ...(random.chance(0.7) ? { amount } : {}) },
    })
    : await client.call("UpdateItem", {
      TableName: table,
      Key,
      UpdateExpression: removes ? "SET #t = :t REMOVE #g, colour" : "SET #t = :t, #g = :g, colour = :c, amount = :a",
      ExpressionAttributeNames: { "#t": "token", "#g": "group" },
      ExpressionAttributeValues: { ":t": token, ...(removes ? {} : { ":g": group, ":c": colour, ":a": amount }) },
    });
  record(context, open, result, () => null);
}

async function query(context: WorkloadContext, client: SimulatedClient): Promise<void> {
  const { random } = context;
  const index = random.pick([local, global]);
  const [name, value] = index === global
    ? ["group", `group-${random.integer(groups)}`]
    : ["id", `id-${random.integer(partitionKeys)}`];
  const open = context.history.invoke(client.name, "query", { index: index.name, [name]: value });
  const result = await client.call("Query", {
    TableName: table,
    IndexName: index.name,
    KeyConditionExpression: "#k = :k",
    ExpressionAttributeNames: { "#k": name },
    ExpressionAttributeValues: { ":k": { S: value } },
  });
  record(context, open, result, (body) => (body["Items"] as Attributes[]).map((item): Entry => ({
    key: String(item["at"]?.N),
    version: Number(item["token"]?.S),
    value: { group: item["group"]?.S ?? null, colour: item["colour"]?.S ?? null },
  })));
}

/** What a query showed of one item. */
interface Entry {
  readonly key: string;
  readonly version: number;
  readonly value: { readonly group: string | null; readonly colour: string | null };
}

/** A query as a read of each item that it showed; of the others it says nothing. */
function readsOf(operation: Operation): readonly Operation[] {
  if (operation.f !== "query") return [operation];
  if (operation.outcome !== "ok") return [];
  return (operation.output as readonly Entry[]).map(({ key, ...seen }) =>
    ({ ...operation, f: "read", key, input: undefined, output: seen }));
}

async function untilActive(context: WorkloadContext): Promise<void> {
  const client = context.clients[0] as SimulatedClient;
  const deadline = context.world.time.now() + agreementLimitMs;
  for (;;) {
    const { GlobalSecondaryIndexes = [] } = await describe(context);
    const index = GlobalSecondaryIndexes.find(({ IndexName }) => IndexName === added.name);
    if (index?.IndexStatus === "ACTIVE") return;
    if (index === undefined) await addIndex(client);
    if (context.world.time.now() > deadline) return context.violated(`${added.name} is still ${index?.IndexStatus}`);
    await context.world.sleep(200);
  }
}

async function checkIndex(context: WorkloadContext, index: IndexOfTest, truth: readonly Attributes[]): Promise<void> {
  const { name, attribute, consistent } = index;
  const needed = name === global.name ? [attribute, "amount"] : [attribute];
  const wanted = lines(truth.filter((item) => needed.every((each) => item[each] !== undefined)));
  const deadline = context.world.time.now() + (consistent ? 0 : agreementLimitMs);
  for (;;) {
    const found = lines(await scanAll(context, { TableName: table, IndexName: name, ConsistentRead: consistent }));
    const missing = wanted.filter((line) => !found.includes(line));
    const extra = found.filter((line) => !wanted.includes(line));
    if (missing.length === 0 && extra.length === 0 && found.length === wanted.length) return;
    if (context.world.time.now() >= deadline) {
      const [lacks, has] = [missing, extra].map((these) => these.join(" ") || "nothing");
      return context.violated(`${name} lacks ${lacks} and has ${has} besides`);
    }
    await context.world.sleep(200);
  }
}

interface Description {
  readonly TableStatus?: string;
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexName: string; readonly IndexStatus: string }[];
}

async function describe(context: WorkloadContext): Promise<Description> {
  return (await callUntilKnown(context, "DescribeTable", { TableName: table }))["Table"] as Description;
}

function definition(AttributeName: string, AttributeType: string): object {
  return { AttributeName, AttributeType };
}
