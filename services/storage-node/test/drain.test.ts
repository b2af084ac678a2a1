// A node that was drained and not stopped, on virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { World } from "@azimuth/simulation/world.ts";

test("a node that leads on after it was drained does what the control plane asks for", async () => {
  const random = createSeededRandom("drain").split("world");
  const world = new World({ random, zones: 1, nodesPerZone: 1, routers: 1, partitionsPerTable: 1 });
  const operator = world.startOperator();
  world.startAll();
  await world.advance(5000);
  void world.request("router-1", "CreateTable", {
    TableName: "items",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  }, {});
  await world.advance(8000);
  const life = world.nodes.get("node-1")?.life;
  let drained = false;
  life?.clock.run(() => life.node.drain(() => (drained = true)));
  await world.advance(18_000);
  assert.ok(drained, "there is nobody to hand over to");
  operator.send({ operation: "StartSplit", partition: 1 });
  await world.advance(25_000);
  assert.deepEqual(operator.map().partitions.map(({ splitting }) => splitting), [undefined, undefined]);
});
