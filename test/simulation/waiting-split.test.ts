// A partition is to be split, and cannot: an index that it sends to has lost its majority for as long as that lasts.
// Meanwhile the disk of one of its nodes is lost, and somebody else must take the replica over.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import { checkCopies, waitForCopies } from "@azimuth/simulation/final-checks.ts";
import { whatIsMissing } from "@azimuth/simulation/health.ts";
import type { Operator } from "@azimuth/simulation/operator.ts";
import { SimulatedClient } from "@azimuth/simulation/simulated-client.ts";
import { within } from "@azimuth/simulation/within.ts";
import { World } from "@azimuth/simulation/world.ts";

const zones = ["az-1", "az-2", "az-3"];

class Run {
  readonly world: World;
  readonly operator: Operator;
  readonly client: SimulatedClient;
  #items = 0;

  constructor(seed: string) {
    const random = createSeededRandom(seed);
    this.world = new World({
      random: random.split("world"), zones: zones.length, nodesPerZone: 2, routers: 1, partitionsPerTable: 1,
      nodeDeadAfterMs: 5000,
    });
    this.operator = this.world.startOperator();
    this.world.startAll();
    this.client = new SimulatedClient(this.world, random.split("client"), "client", 1);
  }

  async until(limitMs: number, what: string, holds: () => boolean): Promise<void> {
    const deadline = this.world.time.now() + limitMs;
    while (!holds()) {
      assert.ok(this.world.time.now() < deadline, `not within ${limitMs} ms: ${what}`);
      await this.world.advance(this.world.time.now() + 50);
    }
  }

  async createTable(name: string): Promise<void> {
    const hash = (AttributeName: string): object[] => [{ AttributeName, KeyType: "HASH" }];
    const created = await within(this.world, 30_000, this.client.call("CreateTable", {
      TableName: name, BillingMode: "PAY_PER_REQUEST", KeySchema: hash("id"),
      AttributeDefinitions: ["id", "group"].map((each) => ({ AttributeName: each, AttributeType: "S" })),
      GlobalSecondaryIndexes: [{ IndexName: "far", KeySchema: hash("group"), Projection: { ProjectionType: "ALL" } }],
    }), "no answer");
    assert.equal(created.kind, "ok");
    await this.until(30_000, "the table is whole", () => this.table(name)?.status === "ACTIVE"
      && whatIsMissing(this.world, this.operator) === undefined);
  }

  async put(table: string): Promise<void> {
    const Item = { id: { S: `item ${++this.#items}` }, group: { S: "all" } };
    const answer = await within(this.world, 60_000, this.client.call("PutItem", { TableName: table, Item }), "no answer");
    assert.equal(answer.kind, "ok");
  }

  async countIn(table: string, IndexName: string | undefined): Promise<number> {
    const input = { TableName: table, IndexName, Select: "COUNT" };
    const answer = await within(this.world, 60_000, this.client.call("Scan", input), "no answer");
    assert.equal(answer.kind, "ok");
    return (answer as { readonly body: { readonly Count?: number } }).body.Count ?? 0;
  }

  table(name: string) {
    return this.operator.map().tables.find((table) => table.name === name);
  }

  /** The one, or the first, of a table or an index. */
  partition(tableId: number | undefined): PartitionRecord {
    return this.operator.map().partitions.find((record) => record.tableId === tableId)!;
  }

  /** Names of the nodes that have the replicas, in the order of zones. */
  nodesOf({ voters }: Pick<PartitionRecord, "voters">): readonly string[] {
    const numbers = voters.map(nodeOfReplica);
    const nodes = this.operator.map().nodes.filter(({ number }) => numbers.includes(number));
    return nodes.toSorted((one, other) => (one.zone < other.zone ? -1 : 1)).map(({ name }) => name);
  }
}

test("a replica of a partition whose split waits for an index is replaced, and the split comes with the index", async () => {
  const run = new Run("waiting-split");
  const { world, operator } = run;
  await run.createTable("songs");
  const { tableId, indexes = [] } = run.table("songs")!;
  const songs = (): PartitionRecord => run.partition(tableId);
  const { partition } = songs();
  const indexNodes = run.nodesOf(run.partition(indexes[0]?.indexId));
  const songNodes = run.nodesOf(songs());
  const controlNodes = run.nodesOf(operator.map().control!);
  // The index loses its nodes of two zones, the table one of the third, and the control plane must keep two.
  const plans = songNodes.map((lost, zone) => ({ lost, away: indexNodes.filter((_, other) => other !== zone) }));
  const chosen = plans.find((each) =>
    controlNodes.filter((node) => node !== each.lost && !each.away.includes(node)).length >= 2);
  assert.ok(chosen !== undefined && songNodes.every((node) => !indexNodes.includes(node)), "placed as this test needs it");
  const { lost, away } = chosen;
  for (let count = 0; count < 20; count++) await run.put("songs");

  for (const node of away) world.crashNode(node);
  await run.put("songs");
  operator.send({ operation: "StartSplit", partition });
  await run.until(5000, "the split is announced", () => songs().splitting !== undefined);
  const before = songs().voters;

  world.loseDisk(lost);
  await run.until(60_000, "the replica is replaced", () =>
    songs().replacing === undefined && songs().voters.join() !== before.join());
  assert.ok(!run.nodesOf(songs()).includes(lost));
  assert.notEqual(songs().splitting, undefined, "the index is still away");
  await run.put("songs");

  for (const node of [...away, lost]) world.startNode(node);
  await run.until(60_000, "the split is done", () => songs().splitting === undefined);
  assert.deepEqual(await waitForCopies(world, operator, false), []);
  assert.deepEqual(await checkCopies(world, operator), []);
  assert.equal(operator.map().partitions.filter((record) => record.tableId === tableId).length, 2);
  assert.deepEqual([await run.countIn("songs", undefined), await run.countIn("songs", "far")], [22, 22]);
});
