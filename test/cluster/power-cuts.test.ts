// Power cuts under load, on real processes: no acknowledged write is lost, none applied twice, no strong read is stale,
// no call fails for good, and two zones down give clear errors that end when one returns.
//
// AZIMUTH_ROUNDS sets the number of rounds (default 4).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { startTestCluster, type TestCluster } from "./test-cluster.ts";
import { freeze, survive } from "./survive.ts";
import { createClient, createWorkloadTable } from "./workload.ts";

const rounds = Number(process.env["AZIMUTH_ROUNDS"] ?? 4);
let cluster: TestCluster;

before(async () => {
  cluster = await startTestCluster();
});

after(async () => {
  await cluster.stop();
});

test("nothing acknowledged is lost or doubled while nodes and zones lose power", async (context) => {
  const report = await survive(cluster, rounds, (line) => context.diagnostic(line));
  context.diagnostic(`${report.operations} calls, ${report.refused} refused conditions`);
  assert.deepEqual(report.violations, []);
  assert.deepEqual(report.failures, []);
  assert.ok(report.operations > rounds * 100, `only ${report.operations} calls were made`);
});

test("a leader that freezes and wakes loses nothing and serves nothing stale", async (context) => {
  const report = await freeze(cluster, Math.ceil(rounds / 2), (line) => context.diagnostic(line));
  context.diagnostic(`${report.operations} calls, ${report.refused} refused conditions`);
  assert.deepEqual(report.violations, []);
  assert.deepEqual(report.failures, []);
});

test("with two zones down strong operations fail with a retryable error, and resume when one returns", async () => {
  const client = createClient(cluster.endpoint);
  await createWorkloadTable(client, "majority");
  const put = (value: string): Promise<unknown> =>
    client.send(new PutItemCommand({ TableName: "majority", Item: { id: { S: "a" }, value: { S: value } } }));
  await put("before");
  await cluster.act("kill", "az-1");
  await cluster.act("kill", "az-2");
  const startedAt = performance.now();
  await assert.rejects(put("during"), (error: { name: string; $metadata: { httpStatusCode: number } }) => {
    assert.equal(error.name, "InternalServerError");
    assert.equal(error.$metadata.httpStatusCode, 500);
    return true;
  });
  assert.ok(performance.now() - startedAt < 40_000, "the refusal took too long");
  await cluster.act("restart", "az-1");
  await put("after");
  const { Item } = await client.send(
    new GetItemCommand({ TableName: "majority", Key: { id: { S: "a" } }, ConsistentRead: true }),
  );
  assert.equal(Item?.["value"]?.S, "after");
  await cluster.act("restart", "az-2");
  await cluster.caughtUp(30_000);
  client.destroy();
});
