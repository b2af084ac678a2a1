// Index agreement: clients put, change and delete items of a table with a local and a global secondary index; midway
// one of them adds another global index to the live table. Once all is quiet every index has exactly the entries that
// follow from the items: none lost, none left behind. The local index has to agree at once, the global ones soon.
import { conditionFailed, type SimulatedClient } from "../simulated-client.ts";
import { lines, scanAll, type Attributes } from "./scan-all.ts";
import { callUntilKnown, type Workload, type WorkloadContext } from "./workload.ts";

const table = "indexed";
const items = 24;
const groups = 4;
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
  return {
    name: "index-agreement",
    setUp,
    async run(context, client, number) {
      for (let step = 0; !context.isStopped(); step++) {
        if (number === 0 && step === 5) await addIndex(client);
        await write(context, client, `${number}-${step}`);
        await context.think();
      }
    },
    async check(context) {
      await untilActive(context);
      const truth = await scanAll(context, { TableName: table, ConsistentRead: true });
      for (const index of [local, global, added]) await checkIndex(context, index, truth);
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

async function write(context: WorkloadContext, client: SimulatedClient, token: string): Promise<void> {
  const { random } = context;
  const number = random.integer(items);
  const Key = { id: { S: `id-${number % 6}` }, at: { N: String(number) } };
  const value = (name: string): { S: string } => ({ S: `${name}-${random.integer(groups)}` });
  const amount = { N: String(random.integer(9)) };
  const optional = (name: string, attribute: object): object => (random.chance(0.7) ? { [name]: attribute } : {});
  const result = await pickWrite();
  if (result.kind === "refused" && result.type !== conditionFailed) {
    context.violated(`refused with ${result.type}: ${result.message}`);
  }

  function pickWrite() {
    if (random.chance(0.2)) return client.call("DeleteItem", { TableName: table, Key });
    if (random.chance(0.5)) {
      const indexed = { ...optional("amount", amount), ...optional("group", value("group")) };
      const Item = { ...Key, token: { S: token }, ...indexed, ...optional("colour", value("colour")) };
      return client.call("PutItem", { TableName: table, Item });
    }
    const removes = random.chance(0.3);
    const values = { ":g": value("group"), ":c": value("colour"), ":a": amount };
    return client.call("UpdateItem", {
      TableName: table,
      Key,
      UpdateExpression: removes
        ? "SET #t = :t REMOVE #g, colour"
        : "SET #t = :t, #g = :g, colour = :c, amount = :a",
      ExpressionAttributeNames: { "#t": "token", "#g": "group" },
      ExpressionAttributeValues: { ":t": { S: token }, ...(removes ? {} : values) },
    });
  }
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
