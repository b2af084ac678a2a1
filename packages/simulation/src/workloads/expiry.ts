// Time to live under faults and wrong clocks. Each client has items of its own, so it knows what they must be: it
// writes them with a time to expire (past, soon, late, never, or a value that is none), prolongs them, and looks. An
// item may be gone only once some process's clock can have passed its time, and then stays away; what was prolonged
// in time stays. In the end everything whose time has come is gone, out of the indexes too.
import type { OpenOperation } from "@azimuth/history/recorder.ts";
import { conditionFailed, type CallResult, type SimulatedClient } from "../simulated-client.ts";
import { lines, scanAll, type Attributes } from "./scan-all.ts";
import { itemOf, record, type Workload, type WorkloadContext } from "./workload.ts";

const table = "expiring";
const timeAttribute = "expires";
const localIndex = "byAmount";
const globalIndex = "byGroup";
const slots = 4;
const groups = 3;
const daySeconds = 24 * 60 * 60;
/** More than five years in the past is taken for a mistake. */
const mistakeSeconds = 6 * 365 * daySeconds;
/** Virtual time in which everything that expires soon is gone, once the faults are over. */
const goneLimitMs = 30_000;

type Attribute = Attributes[string];

interface Item {
  readonly attributes: Attributes;
  /** Seconds since 1970 after which it may go; Infinity: never. */
  readonly expires: number;
  /** Virtual time of its last write, or before. */
  readonly since: number;
  /** Its last write. */
  readonly write: OpenOperation;
}

/** One item that a client has, as far as it knows; after an unknown outcome it takes another key. */
class Slot {
  readonly #name: string;
  #generation = 0;
  #writes = 0;
  item: Item | undefined;
  /** Who saw last that it is not there. */
  gone: OpenOperation | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  get key(): Attributes {
    return { id: { S: this.#name }, at: { N: String(this.#generation) } };
  }

  get name(): string {
    return `${this.#name}/${this.#generation}`;
  }

  nextToken(): Attribute {
    return { S: `${this.name}/${this.#writes++}` };
  }

  abandon(): void {
    this.#generation++;
    this.item = undefined;
  }
}

export function createExpiryWorkload(): Workload {
  const all: Slot[] = [];
  return {
    name: "expiry",
    setUp,
    async run(context, client, number) {
      const own = Array.from({ length: slots }, (_, each) => new Slot(`${number}-${each}`));
      all.push(...own);
      while (!context.isStopped()) {
        const slot = context.random.pick(own);
        const draw = context.random.next();
        if (slot.item === undefined || draw < 0.2) await put(context, client, slot);
        else if (draw < 0.6) await change(context, client, slot);
        else await look(context, client, slot);
        await context.think();
      }
    },
    async check(context) {
      await untilGone(context);
      for (const slot of all) await look(context, context.clients[0] as SimulatedClient, slot);
      const truth = await scanAll(context, { TableName: table, ConsistentRead: true });
      await checkIndex(context, { IndexName: localIndex, ConsistentRead: true }, truth);
      await checkIndex(context, { IndexName: globalIndex }, truth);
    },
  };
}

async function setUp(context: WorkloadContext): Promise<void> {
  const client = context.clients[0] as SimulatedClient;
  const hash = { AttributeName: "id", KeyType: "HASH" };
  const Projection = { ProjectionType: "ALL" };
  await until(context, () => client.call("CreateTable", {
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: Object.entries({ id: "S", at: "N", amount: "N", group: "S" }).map(
      ([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }),
    ),
    KeySchema: [hash, { AttributeName: "at", KeyType: "RANGE" }],
    LocalSecondaryIndexes: [
      { IndexName: localIndex, KeySchema: [hash, { AttributeName: "amount", KeyType: "RANGE" }], Projection },
    ],
    GlobalSecondaryIndexes: [
      { IndexName: globalIndex, KeySchema: [{ AttributeName: "group", KeyType: "HASH" }], Projection },
    ],
  }), "ResourceInUseException");
  const TimeToLiveSpecification = { AttributeName: timeAttribute, Enabled: true };
  await until(
    context,
    () => client.call("UpdateTimeToLive", { TableName: table, TimeToLiveSpecification }),
    "ValidationException",
  );
  for (;;) {
    const described = await client.call("DescribeTable", { TableName: table });
    const found = described.kind === "ok" ? (described.body["Table"] as { TableStatus?: string }) : undefined;
    if (found?.TableStatus === "ACTIVE") return;
    await context.world.sleep(50);
  }
}

/** Calls until it has happened; `alreadyDone` is how a repetition is refused. */
async function until(context: WorkloadContext, call: () => Promise<CallResult>, alreadyDone: string): Promise<void> {
  let repeated = false;
  for (;;) {
    const result = await call();
    if (result.kind === "ok" || (repeated && result.kind === "refused" && result.type === alreadyDone)) return;
    repeated ||= result.kind === "unknown";
    await context.world.sleep(100);
  }
}

/** A value for the attribute, undefined for none, and the second after which the item may go. */
function drawTime({ random, world }: WorkloadContext): { readonly value: Attribute | undefined; expires: number } {
  const now = Math.floor(world.wallNow() / 1000);
  const at = (seconds: number) => ({ value: { N: String(seconds) }, expires: seconds });
  switch (random.integer(7)) {
    case 0:
      return at(now - random.integer(10));
    case 1:
    case 2:
      return at(now + random.integer(4));
    case 3:
      return at(now + random.between(3, 10));
    case 4:
      return at(now + daySeconds);
    case 5:
      return { value: { N: String(now - mistakeSeconds) }, expires: Infinity };
    default:
      return { value: random.chance(0.5) ? { S: String(now) } : undefined, expires: Infinity };
  }
}

async function put(context: WorkloadContext, client: SimulatedClient, slot: Slot): Promise<void> {
  const { random, world } = context;
  const { value, expires } = drawTime(context);
  const attributes: Attributes = {
    ...slot.key,
    token: slot.nextToken(),
    amount: { N: String(random.integer(9)) },
    group: { S: `group-${random.integer(groups)}` },
    ...(value === undefined ? {} : { [timeAttribute]: value }),
  };
  const since = world.time.now();
  const open = context.history.invoke(client.name, "put", attributes, slot.name);
  const result = await client.call("PutItem", { TableName: table, Item: attributes });
  record(context, open, result, () => null);
  if (result.kind === "ok") slot.item = { attributes, expires, since, write: open };
  else if (result.kind === "unknown") slot.abandon();
}

/** Changes the time of an item that must be there. */
async function change(context: WorkloadContext, client: SimulatedClient, slot: Slot): Promise<void> {
  const before = slot.item as Item;
  const { value, expires } = drawTime(context);
  const token = slot.nextToken();
  const since = context.world.time.now();
  const open = context.history.invoke(client.name, "change", { token, [timeAttribute]: value }, slot.name);
  const result = await client.call("UpdateItem", {
    TableName: table,
    Key: slot.key,
    UpdateExpression: value === undefined ? "SET #k = :k REMOVE #t" : "SET #k = :k, #t = :t",
    ConditionExpression: "attribute_exists(id)",
    ExpressionAttributeNames: { "#k": "token", "#t": timeAttribute },
    ExpressionAttributeValues: { ":k": token, ...(value === undefined ? {} : { ":t": value }) },
  });
  record(context, open, result, () => null);
  if (result.kind === "ok") {
    const { [timeAttribute]: _, ...rest } = before.attributes;
    const attributes = { ...rest, token, ...(value === undefined ? {} : { [timeAttribute]: value }) };
    slot.item = { attributes, expires, since, write: open };
  } else if (result.kind === "unknown") slot.abandon();
  else if (result.kind === "refused" && result.type === conditionFailed) isGone(context, slot, open);
}

async function look(context: WorkloadContext, client: SimulatedClient, slot: Slot): Promise<void> {
  const open = context.history.invoke(client.name, "look", null, slot.name);
  const result = await client.call("GetItem", { TableName: table, Key: slot.key, ConsistentRead: true });
  record(context, open, result, (body) => itemOf(body) ?? null);
  if (result.kind !== "ok") return;
  const found = itemOf<Attributes>(result.body);
  if (found === undefined) return isGone(context, slot, open);
  const [seen] = lines([found]);
  const { item } = slot;
  if (item === undefined) return context.violated(`${slot.name} came back: ${seen}`, slot.gone, open);
  const [written] = lines([item.attributes]);
  if (seen !== written) context.violated(`${slot.name} is ${seen} and not ${written}`, item.write, open);
}

/** The item was seen not to be there. */
function isGone(context: WorkloadContext, slot: Slot, seen: OpenOperation): void {
  const { item } = slot;
  slot.item = undefined;
  slot.gone = seen;
  if (item === undefined) return;
  const latest = context.world.latestWallSince(item.since);
  if (item.expires * 1000 <= latest) return;
  const what = lines([item.attributes])[0];
  context.violated(`${slot.name} is gone, though no clock was past ${latest / 1000}: ${what}`, item.write, seen);
}

async function untilGone(context: WorkloadContext): Promise<void> {
  const deadline = context.world.time.now() + context.world.clocksBehindMs() + goneLimitMs;
  const isSoon = (item: Attributes): boolean => {
    const seconds = Number(item[timeAttribute]?.N ?? Infinity);
    const now = context.world.wallNow() / 1000;
    return seconds > now - mistakeSeconds / 2 && seconds < now + daySeconds / 2;
  };
  for (;;) {
    const left = (await scanAll(context, { TableName: table, ConsistentRead: true })).filter(isSoon);
    if (left.length === 0) return;
    if (context.world.time.now() > deadline) return context.violated(`not gone in time: ${lines(left).join(" ")}`);
    await context.world.sleep(200);
  }
}

async function checkIndex(context: WorkloadContext, index: object, truth: readonly Attributes[]): Promise<void> {
  const deadline = context.world.time.now() + goneLimitMs;
  const wanted = lines(truth).join("\n");
  for (;;) {
    const found = lines(await scanAll(context, { TableName: table, ...index })).join("\n");
    if (found === wanted) return;
    if (context.world.time.now() > deadline) {
      return context.violated(`${JSON.stringify(index)} has\n${found}\nwhere the table has\n${wanted}`);
    }
    await context.world.sleep(200);
  }
}
