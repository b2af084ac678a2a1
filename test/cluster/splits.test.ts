// Partitions that split under load, on real processes: while clients put items and scan, and leading nodes lose power,
// the table and its global index become many partitions. No call fails for good, every scan returns each item once,
// and in the end the figures are exact.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import {
  CreateTableCommand, DescribeTableCommand, type DynamoDBClient, PutItemCommand, ScanCommand, type ScanCommandInput,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { PartitionView } from "@azimuth/console/cluster-status.ts";
import { firstToken, lastToken, nextToken, previousToken, splitTokenRange } from "@azimuth/placement/token.ts";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { createClient } from "./workload.ts";

const TableName = "growing";
const IndexName = "by-group";
const partitionMb = 1;
const itemBytes = 20_000;
/** At least so many; from there on writers go slowly until the node is back. */
const itemsMin = 400;
const writers = 24;
const slowMs = 1000;
const scanPauseMs = 100;
const rounds = 2;
const darkMs = 1500;
const limitMs = 20_000;
let cluster: TestCluster;
let client: DynamoDBClient;
/** Versions by id. */
const acknowledged = new Map<string, number>();

before(async () => {
  process.env["AZIMUTH_PARTITIONS_PER_TABLE"] = "1";
  cluster = await startTestCluster({ partitionMb });
  client = createClient(cluster.endpoint);
  await client.send(new CreateTableCommand({
    TableName,
    AttributeDefinitions: ["id", "group"].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    GlobalSecondaryIndexes: [{
      IndexName, Projection: { ProjectionType: "ALL" },
      KeySchema: [{ AttributeName: "group", KeyType: "HASH" }, { AttributeName: "id", KeyType: "RANGE" }],
    }],
    BillingMode: "PAY_PER_REQUEST",
  }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { TableName });
});

after(async () => {
  delete process.env["AZIMUTH_PARTITIONS_PER_TABLE"];
  client.destroy();
  await cluster.stop();
});

/** Puts items until it is stopped, every third of them a second time; `acknowledged` gets their versions. */
async function write(next: () => number, isStopped: () => boolean): Promise<void> {
  for (let number = next(); number < itemsMin || !isStopped(); number = next()) {
    if (number >= itemsMin) await wait(slowMs);
    const id = `item-${number}`;
    for (let version = 1; version <= (number % 3 === 0 ? 2 : 1); version++) {
      await client.send(new PutItemCommand({ TableName, Item: {
        id: { S: id }, group: { S: `group-${number % 50}` }, version: { N: String(version) },
        padding: { S: "x".repeat(itemBytes) },
      } }));
      acknowledged.set(id, version);
    }
  }
}

/** The versions by id of all that a scan returns; fails when an item comes twice. */
async function scan(input: Partial<ScanCommandInput>, found = new Map<string, number>()): Promise<Map<string, number>> {
  let ExclusiveStartKey: ScanCommandInput["ExclusiveStartKey"];
  do {
    const page = await client.send(new ScanCommand({
      TableName, ProjectionExpression: "id, version", ...input, ExclusiveStartKey,
    }));
    for (const { id, version } of page.Items ?? []) {
      assert.ok(!found.has(id?.S ?? ""), `a scan returned ${id?.S} twice`);
      found.set(id?.S ?? "", Number(version?.N));
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return found;
}

/** Strong scans one after the other, each of which must show whatever was acknowledged before it began. */
async function scanUntil(isStopped: () => boolean): Promise<number> {
  let scans = 0;
  for (; !isStopped(); scans++) {
    await wait(scanPauseMs);
    const known = new Map(acknowledged);
    const found = await scan({ ConsistentRead: true });
    for (const [id, version] of known) {
      assert.ok((found.get(id) ?? 0) >= version, `scan ${scans} showed ${found.get(id)} of ${id} after ${version}`);
    }
  }
  return scans;
}

/** Of the table, or of the index by both names, as the console shows them. */
async function partitionsOf(table: string): Promise<readonly PartitionView[]> {
  return (await cluster.overview()).partitions.filter((partition) => partition.table === table);
}

/** Nothing is too large and nothing is being split. */
async function isSettled(table: string): Promise<boolean> {
  return (await partitionsOf(table)).every(({ bytes, splitting, leader }) =>
    bytes <= partitionMb * 2 ** 20 && splitting === null && leader !== null);
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what} within ${limitMs} ms`);
    await wait(50);
  }
}

function sorted(versions: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...versions].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

test("partitions split under load while a node loses power, and each item is there once", async (context) => {
  let given = 0;
  let isBack = false;
  let isWritten = false;
  const writing = Promise.all(Array.from({ length: writers }, () => write(() => given++, () => isBack)));
  const scanning = scanUntil(() => isWritten);
  const striking = (async () => {
    await until("the first split", async () => (await partitionsOf(TableName)).length > 1);
    for (let round = 0; round < rounds; round++) {
      const target = await cluster.busiestLeader();
      await cluster.act("kill", target);
      const { length } = await partitionsOf(TableName);
      context.diagnostic(`killed ${target} at ${length} partitions and ${acknowledged.size} items`);
      await wait(darkMs);
      await cluster.act("restart", target);
      await cluster.caughtUp(limitMs);
    }
  })().finally(() => (isBack = true));
  await Promise.all([writing, striking]).finally(() => (isWritten = true));
  context.diagnostic(`${await scanning} scans under load`);
  await cluster.caughtUp(limitMs);
  context.diagnostic(`${acknowledged.size} items`);
  assert.deepEqual(sorted(await scan({ ConsistentRead: true })), sorted(acknowledged));
});

test("table and index end as partitions that are small enough and cover every token", async (context) => {
  for (const table of [TableName, `${TableName}/${IndexName}`]) {
    await until(`${table} is divided`, () => isSettled(table));
    const partitions = (await partitionsOf(table))
      .toSorted((left, right) => ((left.firstToken ?? "") < (right.firstToken ?? "") ? -1 : 1));
    context.diagnostic(`${partitions.length} partitions of ${table}`);
    assert.ok(partitions.length >= (acknowledged.size * itemBytes) / (partitionMb * 2 ** 20));
    assert.equal(partitions[0]?.firstToken, firstToken);
    assert.equal(partitions.at(-1)?.lastToken, lastToken);
    for (const [index, { lastToken: last }] of partitions.slice(0, -1).entries()) {
      assert.equal(partitions[index + 1]?.firstToken, nextToken(last ?? ""));
    }
    assert.equal(partitions.reduce((sum, partition) => sum + partition.items, 0), acknowledged.size);
  }
});

test("parallel segments and the index return each item once, and the counts are exact", async () => {
  const found = new Map<string, number>();
  const TotalSegments = 4;
  await Promise.all(Array.from({ length: TotalSegments }, (_, Segment) =>
    scan({ ConsistentRead: true, Segment, TotalSegments }, found)));
  assert.deepEqual(sorted(found), sorted(acknowledged));
  await until("the index has every item", async () => (await scan({ IndexName })).size === acknowledged.size);
  assert.deepEqual(sorted(await scan({ IndexName })), sorted(acknowledged));
  await until("the counts are exact", async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    const { size } = acknowledged;
    return Table?.ItemCount === size && Table.GlobalSecondaryIndexes?.[0]?.ItemCount === size;
  });
});

test("`azimuth split` divides a partition where it is told, once", async () => {
  const [whole] = (await partitionsOf(TableName)).toSorted((left, right) => right.items - left.items);
  assert.ok(whole?.firstToken && whole.lastToken && whole.items > 1);
  const at = splitTokenRange(whole.firstToken, whole.lastToken, 3)[1]?.first ?? "";
  const asked = azimuth("split", String(whole.group), "--at", at);
  const child = Number(/partition (\d+) begins at/.exec(asked.stdout)?.[1]);
  assert.equal(asked.stdout, `partition ${whole.group} is being split: partition ${child} begins at ${at}\n`, asked.stderr);
  const half = async (group: number) => (await partitionsOf(TableName)).find((partition) => partition.group === group);
  await until("both halves are led", async () =>
    (await half(whole.group))?.splitting === null && typeof (await half(child))?.leader === "string");
  const [left, right] = [await half(whole.group), await half(child)];
  assert.deepEqual([left?.lastToken, right?.firstToken, right?.lastToken], [previousToken(at), at, whole.lastToken]);
  assert.equal((left?.items ?? 0) + (right?.items ?? 0), whole.items);
  assert.deepEqual([left?.replicas.length, right?.replicas.length], [3, 3]);
  const again = azimuth("split", String(whole.group), "--at", at);
  assert.deepEqual([again.status, again.stderr], [1, `azimuth: Partition ${whole.group} cannot be split there.\n`]);
  assert.match(azimuth("split", "999999").stderr, /There is no partition 999999/);
  assert.deepEqual(sorted(await scan({ ConsistentRead: true })), sorted(acknowledged));
});

function azimuth(...words: readonly string[]) {
  const bin = join(import.meta.dirname, "..", "..", "packages", "cli", "bin", "azimuth.js");
  return spawnSync(process.execPath, [bin, ...words, "--console", cluster.cluster.console], { encoding: "utf8" });
}
