// A node that stays dead: its replicas are made anew on the other node of its zone, by learner, snapshot and joint change,
// while clients go on; and when the node comes back it gives up what it no longer holds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { createClient, createWorkloadTable } from "./workload.ts";

const items = 300;
const victim = "node-5";
const limitMs = 60_000;
let cluster: TestCluster;

interface RouterStatus {
  readonly nodes: readonly { readonly number: number; readonly name: string; readonly zone: string }[];
  readonly partitions: readonly { readonly partition: number; readonly voters: readonly number[]; readonly learners: readonly number[] }[];
}

/** Node names of each partition's voters, by the router's map. */
async function voters(): Promise<readonly (readonly string[])[]> {
  const response = await fetch(`http://${cluster.cluster.routerHttp}/status`);
  const { nodes, partitions } = (await response.json()) as RouterStatus;
  const nameOf = (replica: number): string => nodes.find(({ number }) => number === replica % 4096)?.name ?? `${replica}`;
  return partitions.map((partition) => partition.voters.map(nameOf));
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what} within ${limitMs} ms`);
    await wait(200);
  }
}

before(async () => {
  process.env["AZIMUTH_NODE_DEAD_AFTER_MS"] = "3000";
  cluster = await startTestCluster({ nodesPerZone: 2 });
});

after(async () => {
  delete process.env["AZIMUTH_NODE_DEAD_AFTER_MS"];
  await cluster.stop();
});

test("the replicas of a node that stays dead move to its zone's other node, and nothing is lost", async (context) => {
  const client = createClient(cluster.endpoint);
  for (const table of ["first", "second"]) await createWorkloadTable(client, table);
  const put = (table: string, number: number): Promise<unknown> =>
    client.send(new PutItemCommand({ TableName: table, Item: { id: { S: `item-${number}` }, value: { N: String(number) } } }));
  for (let number = 0; number < items; number++) await put(number % 2 === 0 ? "first" : "second", number);
  const held = (await voters()).filter((names) => names.includes(victim)).length;
  context.diagnostic(`${victim} held ${held} partitions`);
  assert.ok(held > 0, "the ring gave the victim something to lose");
  await cluster.act("kill", victim);
  const startedAt = performance.now();
  let number = items;
  await until("every partition has three voters elsewhere", async () => {
    await put("first", number);
    number += 2;
    return (await voters()).every((names) => names.length === 3 && !names.includes(victim));
  });
  context.diagnostic(`replaced after ${(performance.now() - startedAt).toFixed(0)} ms`);
  for (const names of await voters()) assert.equal(new Set(names.map(zoneOf)).size, 3, "three distinct zones");
  for (let each = 0; each < items; each++) {
    const TableName = each % 2 === 0 ? "first" : "second";
    const Key = { id: { S: `item-${each}` } };
    const { Item } = await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    assert.equal(Item?.["value"]?.N, String(each));
  }
  await cluster.act("restart", victim);
  await until("the returned node gives its old replicas up or takes new ones", async () => {
    const holders = (await voters()).filter((names) => names.includes(victim)).length;
    const groups = (await cluster.status(victim))?.groups;
    return groups !== undefined && groups.length <= holders && groups.every(({ initialised }) => initialised);
  });
  client.destroy();
});

function zoneOf(node: string): string {
  return cluster.cluster.nodes.find(({ name }) => name === node)?.zone ?? "";
}
