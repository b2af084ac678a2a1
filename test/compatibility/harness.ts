// What every case of the compatibility suite uses: one cluster for the whole run, tables of every kind of key, the
// SDK's client by the name of an operation, and two ways to state a case: a request that is refused with an exact
// exception, and a story with its answers.
//
// Environment: AZIMUTH_CHAOS=1 kills and restarts a zone every few seconds meanwhile; the SDK's retries must hide it.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-dynamodb";
import { createSigner } from "../bench/sign.ts";
import { startTestCluster, type TestCluster } from "../cluster/test-cluster.ts";
import { tryFor } from "../try-for.ts";

export type Value = sdk.AttributeValue;
export type Attributes = Record<string, Value>;

interface Capacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
  readonly Table?: { readonly CapacityUnits: number };
}

/** Every member of any answer that a case looks at. */
export interface Answer {
  readonly Item?: Attributes;
  readonly Attributes?: Attributes;
  readonly Items?: readonly Attributes[];
  readonly Count?: number;
  readonly ScannedCount?: number;
  readonly LastEvaluatedKey?: Attributes;
  readonly ConsumedCapacity?: Capacity & readonly Capacity[];
  readonly Responses?: Record<string, readonly Attributes[]>;
  readonly UnprocessedKeys?: Record<string, { readonly Keys: readonly Attributes[] }>;
  readonly UnprocessedItems?: Record<string, readonly object[]>;
  readonly ItemCollectionMetrics?: unknown;
  readonly Table?: sdk.TableDescription;
  readonly TableDescription?: sdk.TableDescription;
  readonly TableNames?: readonly string[];
  readonly LastEvaluatedTableName?: string;
  readonly Tags?: readonly sdk.Tag[];
  readonly Endpoints?: readonly { readonly Address: string; readonly CachePeriodInMinutes: number }[];
}

export const chaos = process.env["AZIMUTH_CHAOS"] === "1";

/** Tables by what their keys are: partition key, then sort key. */
export const tables = {
  S: "by-text", N: "by-number", B: "by-bytes",
  SS: "text-then-text", SN: "text-then-number", SB: "text-then-bytes",
} as const;

export const V = "ValidationException";
export const R = "ResourceNotFoundException";
export const C = "ConditionalCheckFailedException";
export const invalid = "One or more parameter values were invalid: ";
export const keyMismatch = "The provided key element does not match the schema";
export const conditionFailed = "The conditional request failed";
export const notNull = (path: string): string =>
  `Value null at '${path}' failed to satisfy constraint: Member must not be null`;
export const oneError = "1 validation error detected: ";

let cluster: TestCluster | undefined;
let client: sdk.DynamoDBClient | undefined;
let stopChaos: (() => Promise<void>) | undefined;

before(async () => {
  cluster = await startTestCluster({ ttlSweepMs: 1000 });
  const { url, accessKeyId, secretAccessKey } = cluster.endpoint;
  client = new sdk.DynamoDBClient({
    endpoint: url, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: chaos ? 20 : 3,
  });
  await Promise.all(Object.entries(tables).map(([keys, name]) => createTable(name, keys)));
  if (chaos) stopChaos = startChaos(cluster);
});

process.once("SIGTERM", () => void cluster?.stop().finally(() => process.exit(1)));

after(async () => {
  await stopChaos?.();
  client?.destroy();
  await cluster?.stop();
});

export function endpoint(): TestCluster["endpoint"] {
  assert.ok(cluster !== undefined, "the cluster has started");
  return cluster.endpoint;
}

/** Sends a request by the name of its operation, whatever its types. */
export async function call(operation: string, input: object = {}): Promise<Answer> {
  const Command = (sdk as unknown as Record<string, new (input: object) => sdk.GetItemCommand>)[`${operation}Command`];
  assert.ok(Command !== undefined && client !== undefined, `the SDK has no operation ${operation}`);
  return (await client.send(new Command(input))) as unknown as Answer;
}

/** The exception's name and message, and of a failed condition the item it saw. */
export async function refusalOf(operation: string, input: object) {
  try {
    await call(operation, input);
  } catch (error) {
    const { name, message, Item } = error as Error & { readonly Item?: Attributes };
    return { type: name, message, ...(Item === undefined ? {} : { Item }) };
  }
  return assert.fail(`${operation} was not refused`);
}

export async function assertRefused(
  operation: string, input: object, type: string, message: string | RegExp,
): Promise<void> {
  const refusal = await refusalOf(operation, input);
  if (typeof message === "string") return assert.deepEqual(refusal, { type, message });
  assert.equal(refusal.type, type, refusal.message);
  assert.match(refusal.message, message);
}

export type Refusal = readonly [name: string, input: object, message: string | RegExp, type?: string];

/** A table of requests to one operation that are refused, as a test each; ValidationException unless it says so. */
export function refuses(operation: string, rows: readonly Refusal[]): void {
  for (const [name, input, message, type = V] of rows) {
    test(`${operation} refuses ${name}`, () => assertRefused(operation, input, type, message));
  }
}

let keys = 0;
/** A partition key that no other case uses. */
export const fresh = (): string => `key-${keys++}`;

export const s = (value: string): Value => ({ S: value });
export const n = (value: number | string): Value => ({ N: String(value) });
export const b = (...bytes: number[]): Value => ({ B: Uint8Array.from(bytes) });

export async function put(TableName: string, ...items: readonly Attributes[]): Promise<void> {
  for (const Item of items) await call("PutItem", { TableName, Item });
}

export async function get(TableName: string, Key: Attributes): Promise<Attributes | undefined> {
  return (await call("GetItem", { TableName, Key, ConsistentRead: true })).Item;
}

export async function createTable(TableName: string, keyTypes: string, more: object = {}): Promise<void> {
  const names = ["pk", "sk"].slice(0, keyTypes.length);
  try {
    await call("CreateTable", {
      TableName,
      AttributeDefinitions: names.map((AttributeName, place) => ({ AttributeName, AttributeType: keyTypes[place] })),
      KeySchema: names.map((AttributeName, place) => ({ AttributeName, KeyType: place === 0 ? "HASH" : "RANGE" })),
      BillingMode: "PAY_PER_REQUEST",
      ...more,
    });
  } catch (error) {
    // The SDK's retry of a creation that succeeded without an answer.
    if (!chaos || (error as Error).name !== "ResourceInUseException") throw error;
  }
  await untilStatus(TableName, "ACTIVE");
}

export async function deleteTable(TableName: string): Promise<void> {
  try {
    await call("DeleteTable", { TableName });
  } catch (error) {
    // The SDK's retry of a deletion that succeeded without an answer.
    if (!chaos || !["ResourceInUseException", "ResourceNotFoundException"].includes((error as Error).name)) throw error;
  }
}

export async function untilStatus(TableName: string, status: string): Promise<void> {
  await eventually(async () => assert.equal((await call("DescribeTable", { TableName })).Table?.TableStatus, status));
}

/** Tries until it succeeds: for answers that DynamoDB, too, gives only after a while. */
export const eventually = (attempt: () => Promise<void>): Promise<void> => tryFor(30_000, attempt);

/** The answer to a body sent as it is, signed but unchecked by the SDK. */
export async function send(
  operation: string, body: string,
): Promise<{ readonly status: number; readonly body: Record<string, unknown> | undefined; readonly headers: Headers }> {
  const { url, ...keys } = endpoint();
  const { host } = new URL(url);
  const sign = createSigner({ ...keys, region: "us-east-1" });
  const { date, authorization } = sign(host, operation, Buffer.from(body));
  const headers = {
    "content-type": "application/x-amz-json-1.0", "x-amz-date": date,
    "x-amz-target": `DynamoDB_20120810.${operation}`, authorization,
  };
  const response = await fetch(url, { method: "POST", headers, body });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}

export async function assertAnswered(
  operation: string, body: string, status: number, type: string, message: string,
): Promise<void> {
  const answer = await send(operation, body);
  assert.equal(answer.status, status);
  const { __type, message: text, Message: capital } = answer.body as Record<string, string>;
  assert.deepEqual([__type?.replace(/^.*#/, ""), text ?? capital ?? ""], [type, message]);
}

/** One zone at a time loses power, and comes back before the next one does. */
function startChaos(target: TestCluster): () => Promise<void> {
  let stopped = false;
  let round = 0;
  const run = async (): Promise<void> => {
    for (; !stopped; round++) {
      const zone = target.nodes[round % target.nodes.length] as string;
      await wait(1500);
      await target.act("kill", zone);
      await wait(2000);
      await target.act("restart", zone);
      await target.caughtUp(30_000);
    }
  };
  const running = run();
  running.catch((error: unknown) => process.stderr.write(`chaos: ${String(error)}\n`));
  return async () => {
    stopped = true;
    await running;
    process.stderr.write(`chaos: a zone was killed and restarted ${round} times\n`);
    assert.ok(round > 0, "no zone was killed");
  };
}
