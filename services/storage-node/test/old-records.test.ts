// The node's part in forgetting answered writes: it looks now and then whether their records may go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { recordsKeptMs } from "@azimuth/partition/limits.ts";
import { SimulatedClient } from "@azimuth/simulation/simulated-client.ts";
import { within } from "@azimuth/simulation/within.ts";
import { createTable, type WorkloadContext } from "@azimuth/simulation/workloads/workload.ts";
import { World } from "@azimuth/simulation/world.ts";
import { idempotencySpace } from "@azimuth/storage/keys/spaces.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";

const limitMs = 60_000;
const slackMs = 20_000;

test("the records of answered writes go from every node when their time is over, and not before", async () => {
  const random = createSeededRandom("old records");
  const world = new World({ random, zones: 3, nodesPerZone: 1, routers: 1 });
  world.startAll();
  const client = new SimulatedClient(world, random.split("client"), "client", 1);
  const created = createTable({ world, clients: [client] } as unknown as WorkloadContext, "things", false);
  await within(world, limitMs, created, "there is no table");
  const put = client.call("PutItem", { TableName: "things", Item: { id: { S: "a" } } });
  assert.equal((await within(world, limitMs, put, "no answer")).kind, "ok");
  const count = async (): Promise<readonly number[]> => {
    const range = { start: Buffer.of(idempotencySpace), end: Buffer.of(idempotencySpace + 1), chunkBytes: 1 << 20 };
    const counts: number[] = [];
    for (const { life } of world.nodes.values()) {
      let records = 0;
      assert.ok(life !== undefined);
      const walked = new Promise<void>((resolve) =>
        walkRange(life.engine, range, (pairs) => void (records += pairs.length), resolve));
      await within(world, limitMs, walked, "the walk did not end");
      counts.push(records);
    }
    return counts;
  };
  await world.advance(world.time.now() + recordsKeptMs / 2);
  assert.deepEqual(await count(), [1, 1, 1]);
  await world.advance(world.time.now() + recordsKeptMs / 2 + slackMs);
  assert.deepEqual(await count(), [0, 0, 0]);
});
