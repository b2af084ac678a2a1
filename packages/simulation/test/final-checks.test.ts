// The judges of a run's end, before whom a healed cluster has nothing to hide: each is shown a cluster in which one thing
// is wrong, and must tell of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { encodeLedgerRecord, ledgerPosition, type LedgerRecord } from "@azimuth/operations/transaction-ledger.ts";
import { positionOf } from "@azimuth/operations/position.ts";
import { recordsKeptMs } from "@azimuth/partition/limits.ts";
import { appliedKey } from "@azimuth/storage/keys/applied-key.ts";
import { birthKey } from "@azimuth/storage/keys/birth-key.ts";
import { idempotencyKey } from "@azimuth/storage/keys/idempotency-key.ts";
import { indexQueueKey } from "@azimuth/storage/keys/index-queue-key.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { lockSpace } from "@azimuth/storage/keys/spaces.ts";
import { checkCopies, waitForCopies } from "../src/final-checks.ts";
import { gapsOf } from "../src/health.ts";
import { checkPeace } from "../src/peace.ts";
import type { CallResult, SimulatedClient } from "../src/simulated-client.ts";
import { findStrays } from "../src/strays.ts";
import { within } from "../src/within.ts";
import { writeEverywhere } from "../src/write-probes.ts";
import { lifeOf, plant, type SmallCluster, startSmallCluster } from "./small-cluster.ts";

const nodes = ["node-1", "node-2", "node-3"];
const value = Buffer.from("planted");

function keyOf(id: string): Uint8Array {
  return positionOf({ partition: { type: "S", value: id }, sort: undefined }).key;
}

function itemKeyOf({ tableId }: SmallCluster, id: string): Uint8Array {
  return Buffer.concat([tablePrefix(tableId), keyOf(id)]);
}

function strays(cluster: SmallCluster, map = cluster.operator.map(), withRecords = false): Promise<readonly string[]> {
  return within(cluster.world, 10_000, findStrays(cluster.world, map, withRecords), "no look at the nodes");
}

/** Draws the rare checks that are named, and the first of every choice. */
function choosing(...checks: readonly string[]): Random {
  return {
    split: (name: string) => ({ chance: () => checks.includes(name) }),
    pick: <Item>(from: readonly Item[]) => from[0],
  } as unknown as Random;
}

test("in a cluster in which nothing is wrong nothing is found", async () => {
  const cluster = await startSmallCluster();
  const { world, operator, client } = cluster;
  assert.deepEqual(await waitForCopies(world, operator, false), []);
  assert.deepEqual(await checkCopies(world, operator), []);
  const random = choosing("records", "failover");
  assert.deepEqual(await checkPeace({ world, operator, client, random, zoneIsDown: false, mayFail: false }), []);
});

test("a copy that lacks an item, has another value or has an item of its own is told of", async () => {
  for (const [id, kind] of [["thing-1", "delete"], ["thing-1", "put"], ["thing-100", "put"]] as const) {
    const cluster = await startSmallCluster();
    const key = itemKeyOf(cluster, id);
    await plant(cluster, ["node-2"], kind === "put" ? { kind, key, value } : { kind, key });
    const [found, ...others] = await checkCopies(cluster.world, cluster.operator);
    assert.match(found ?? "", /^the copies of group \d+ differ at entry \d+: /);
    const digests = nodes.map((node) => new RegExp(`${node} (\\w+)`).exec(found as string)?.[1]);
    assert.equal(digests[0], digests[2]);
    assert.notEqual(digests[0], digests[1]);
    assert.ok(others.every((other) => other.includes("counts")), others.join("\n"));
  }
});

test("what all copies hold and none counts is told of", async () => {
  const cluster = await startSmallCluster();
  await plant(cluster, nodes, { kind: "put", key: itemKeyOf(cluster, "thing-100"), value });
  const found = await checkCopies(cluster.world, cluster.operator);
  assert.equal(found.length, 1);
  assert.match(found[0] as string, /^partition \d+ counts (\d+) items of \d+ bytes and has (?!\1 )\d+ of \d+$/);
});

test("a copy that does not come is told of", async () => {
  const { world, operator } = await startSmallCluster();
  world.crashNode("node-3");
  const [missing] = await waitForCopies(world, operator, false);
  assert.match(missing ?? "", /has copies on node-1 node-2 only/);
});

test("a map whose partitions leave a gap, overlap or begin or end too late is told of", async () => {
  const { operator } = await startSmallCluster();
  const map = operator.map();
  assert.deepEqual(gapsOf(map), []);
  const own = map.partitions.filter(({ tableId }) => tableId === map.tables.at(-1)?.tableId);
  assert.equal(own.length, 2);
  const changed = (position: number, change: object): ClusterMap =>
    ({ ...map, partitions: own.map((record, each) => (each === position ? { ...record, ...change } : record)) });
  const wrong: [ClusterMap, RegExp][] = [
    [changed(0, { firstToken: `0${"1".repeat(15)}` }), /no partition for the first tokens/],
    [changed(1, { lastToken: `f${"0".repeat(15)}` }), /no partition for the last tokens/],
    [changed(0, { lastToken: `7${"0".repeat(15)}` }), /leave a gap or overlap/],
    [changed(1, { firstToken: `7${"0".repeat(15)}` }), /leave a gap or overlap/],
  ];
  for (const [each, expected] of wrong) assert.match(gapsOf(each).join(), expected);
});

test("keys of no replica and work that nobody ends are told of, each by its kind", async () => {
  const cluster = await startSmallCluster();
  const { tableId, operator } = cluster;
  const [record] = operator.map().partitions.filter((each) => each.tableId === tableId);
  const { partition = 0, firstToken = "" } = record ?? {};
  const lock = Buffer.concat([Buffer.of(lockSpace), tablePrefix(tableId).subarray(1), keyOf("thing-1")]);
  const kinds: [Uint8Array, RegExp][] = [
    [tablePrefix(tableId + 50), /^node-2 holds a key of no replica, 1 times/],
    [appliedKey(77), /a key of no replica/],
    [idempotencyKey(tableId, 1000, firstToken, new Uint8Array(16)), /a key of no replica/],
    [birthKey(77), /a key of no replica|a child that is to be born/],
    [lock, /^node-2 holds a lock, 1 times/],
    [indexQueueKey(partition, { index: 5, ordinal: 0 }), /a change for an index/],
  ];
  assert.deepEqual(await strays(cluster), []);
  for (const [key, expected] of kinds) {
    await plant(cluster, ["node-2"], { kind: "put", key, value });
    const found = await strays(cluster);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0] as string, expected);
    await plant(cluster, ["node-2"], { kind: "delete", key });
  }
  const map = { ...operator.map(), partitions: operator.map().partitions.filter((each) => each !== record) };
  assert.deepEqual(await strays(cluster, map), nodes.map((node) => `${node} holds a replica of group ${partition}`));
});

test("a transaction that nobody settles is told of, one that has ended is not", async () => {
  const cluster = await startSmallCluster();
  const { world, client, operator } = cluster;
  const Item = { id: { S: "thing-1" } };
  const transact = { TransactItems: [{ Put: { TableName: "things", Item } }] };
  const done = await within(world, 60_000, client.call("TransactWriteItems", transact), "no answer");
  assert.equal(done.kind, "ok");
  await world.advance(world.time.now() + 1000);
  assert.deepEqual(await strays(cluster), []);
  const ledger = operator.map().tables.find(({ name }) => name === "$transactions")?.tableId ?? 0;
  const id = Buffer.alloc(16, 7);
  for (const state of ["pending", "committed"] as const) {
    const record: LedgerRecord =
      { run: "run", state, payloadHash: "", owner: "", since: world.wallNow(), participants: [], answers: [] };
    const key = Buffer.concat([tablePrefix(ledger), ledgerPosition(id).key]);
    await plant(cluster, ["node-2"], { kind: "put", key, value: encodeLedgerRecord(id, record) });
    assert.match((await strays(cluster)).join(), new RegExp(`^node-2 holds a transaction that is ${state}, 1 times`));
  }
});

test("records of answered writes are told of when their time is over", async () => {
  const cluster = await startSmallCluster();
  const { world } = cluster;
  assert.deepEqual(await strays(cluster), []);
  const found = await strays(cluster, undefined, true);
  assert.match(found.join(), /the record of a write answered long ago/);
  await world.advance(world.time.now() + recordsKeptMs + 30_000);
  assert.deepEqual(await strays(cluster, undefined, true), []);
});

test("a partition that takes no writes is told of, and a transaction that is never done", async () => {
  const cluster = await startSmallCluster();
  const { world, operator, client } = cluster;
  const write = (by: SimulatedClient) =>
    within(world, 60_000, writeEverywhere(world, operator, by, 3000), "the probes did not end");
  assert.deepEqual(await write(client), []);
  const transact = { TransactItems: [{ Delete: { TableName: "things", Key: { id: { S: "thing-1" } } } }] };
  await within(world, 60_000, client.call("TransactWriteItems", transact), "no answer");
  await world.advance(world.time.now() + 1000);
  assert.deepEqual(await write(client), []);
  const cancelling = {
    call: (target: string, input: object): Promise<CallResult> => target !== "TransactWriteItems"
      ? client.call(target, input)
      : Promise.resolve({ kind: "refused", type: "TransactionCanceledException", message: "always", item: undefined }),
  } as unknown as SimulatedClient;
  const never = await write(cancelling);
  assert.equal(never.length, 1);
  assert.match(never[0] as string, /^TransactWriteItems of .* was not taken within 3000 ms/);
  const type = "ResourceNotFoundException";
  const denying = {
    call: (): Promise<CallResult> => Promise.resolve({ kind: "refused", type, message: "", item: undefined }),
  } as unknown as SimulatedClient;
  assert.equal((await write(denying)).length, 3, "a table that is there must not be denied");
  let map = operator.map();
  const deleting = { map: () => {
    const before = map;
    map = { ...map, tables: [] };
    return before;
  } };
  assert.deepEqual(await within(world, 60_000, writeEverywhere(world, deleting, denying, 3000), "no end"), []);
  for (const node of ["node-2", "node-3"]) world.pause(node);
  const stuck = await write(client);
  assert.equal(stuck.length, 3, "both partitions and the transaction");
  assert.match(stuck[0] as string, /^PutItem of .* was not taken within 3000 ms/);
});

test("an attempt that fails in peace is told of, and a failover that takes its time", async () => {
  const slow = await startSmallCluster({ electionTimeoutTicks: 400 });
  const { world, operator, client } = slow;
  const late = await checkPeace({ world, operator, client, random: choosing("failover"), zoneIsDown: false, mayFail: false });
  assert.match(late[0] ?? "", /was not taken within/);

  const cluster = await startSmallCluster();
  const failing = cluster.client;
  const call = failing.call.bind(failing);
  failing.call = (target, input) => {
    failing.onFailedAttempt(`${target}: HTTP 500`);
    return call(target, input);
  };
  const peace = { world: cluster.world, operator: cluster.operator, client: failing, random: choosing() };
  const found = await checkPeace({ ...peace, zoneIsDown: false, mayFail: false });
  assert.deepEqual([...new Set(found)], ["failed though nothing is wrong: PutItem: HTTP 500"]);
  assert.deepEqual(await checkPeace({ ...peace, zoneIsDown: false, mayFail: true }), []);
});

test("a failed attempt is noticed by the client that made it", async () => {
  const cluster = await startSmallCluster();
  const { world, client } = cluster;
  const failures: string[] = [];
  client.onFailedAttempt = (what) => failures.push(what);
  for (const node of nodes) lifeOf(cluster, node).clock.pause();
  const result = await within(world, 120_000, client.call("PutItem", { TableName: "things", Item: { id: { S: "x" } } }), "?");
  assert.notEqual(result.kind, "ok");
  assert.equal(failures.length, 3);
  assert.match(failures[0] as string, /^PutItem .*"x".*: /);
});
