// A zone is cut off without a word: what the clients of the other zones' router see, and what the router in the
// cut zone says of itself. Whole clusters on virtual time, several seeds each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { World } from "@azimuth/simulation/world.ts";

const seeds = 6;
const writers = 4;
const otherZones = ["node-2", "node-3", "router-2"];
const cutZone = ["node-1", "router-1"];

async function startWorld(seed: number): Promise<World> {
  const random = createSeededRandom(`cut-${seed}`);
  const world = new World({ random: random.split("world"), zones: 3, nodesPerZone: 1, routers: 2 });
  world.startAll();
  await world.advance(5000);
  let created = false;
  void world.request("router-2", "CreateTable", {
    TableName: "items",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  }, {}).then(({ status }) => (created = status === 200));
  await world.advance(8000);
  assert.ok(created, "the table was not created");
  return world;
}

function eachLink(act: (from: string, to: string) => void): void {
  for (const inside of cutZone) {
    for (const outside of otherZones) {
      act(inside, outside);
      act(outside, inside);
    }
  }
}

const isReady = (world: World, router: string): boolean => world.routers.get(router)?.life?.router.isReady() ?? false;

test("clients of a router that can reach a majority wait at most 2.5 s when a zone is cut off", async (context) => {
  const longest: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const world = await startWorld(seed);
    const random = createSeededRandom(`load-${seed}`);
    let worst = 0;
    let stopped = false;
    const failures: unknown[] = [];
    for (let writer = 0; writer < writers; writer++) {
      void (async () => {
        for (let step = 0; !stopped; step++) {
          const startedAt = world.time.now();
          const Item = { id: { S: `${writer}-${step % 9}` } };
          const answer = await world.request("router-2", "PutItem", { TableName: "items", Item }, {});
          if (answer.status !== 200) failures.push(answer);
          worst = Math.max(worst, world.time.now() - startedAt);
          await world.sleep(20);
        }
      })();
    }
    await world.advance(world.time.now() + 1000 + random.next() * 500);
    eachLink((from, to) => world.network.cut(from, to));
    await world.advance(world.time.now() + 6000);
    assert.ok(isReady(world, "router-2"));
    stopped = true;
    await world.advance(world.time.now() + 3000);
    assert.deepEqual(failures, []);
    longest.push(worst);
  }
  longest.sort((left, right) => left - right);
  context.diagnostic(`longest waits: ${longest.map((each) => each.toFixed(0)).join(", ")} ms`);
  assert.ok((longest.at(-1) as number) < 2500, `a client waited ${longest.at(-1)} ms`);
  assert.ok((longest[seeds / 2] as number) < 1500, `half of the clients waited more than ${longest[seeds / 2]} ms`);
});

test("a router that reaches only its own zone says so within 3 s, and that it is well soon after healing", async () => {
  const world = await startWorld(1);
  assert.ok(isReady(world, "router-1"));
  eachLink((from, to) => world.network.cut(from, to));
  await world.advance(world.time.now() + 1000);
  assert.ok(isReady(world, "router-1"), "a second of silence is no reason yet");
  await world.advance(world.time.now() + 2000);
  assert.ok(!isReady(world, "router-1"));
  assert.ok(isReady(world, "router-2"));
  eachLink((from, to) => world.network.heal(from, to));
  await world.advance(world.time.now() + 3000);
  assert.ok(isReady(world, "router-1"));
});

test("a router without a cluster, or with one zone of three, is not ready", async () => {
  const world = new World({ random: createSeededRandom("alone"), zones: 3, nodesPerZone: 1, routers: 1 });
  world.startRouter("router-1");
  await world.advance(5000);
  assert.ok(!isReady(world, "router-1"));
  for (const node of world.nodes.keys()) world.startNode(node);
  await world.advance(10_000);
  assert.ok(isReady(world, "router-1"));
  world.crashNode("node-1");
  await world.advance(15_000);
  assert.ok(isReady(world, "router-1"), "two zones are a majority");
  world.crashNode("node-2");
  await world.advance(20_000);
  assert.ok(!isReady(world, "router-1"));
});
