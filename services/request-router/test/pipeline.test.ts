// The pipeline with a map and partitions of the test's making.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { Dispatcher } from "@azimuth/control-plane/dispatch.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { createPipeline, type PipelineDoors, type RouterRequest } from "../src/pipeline.ts";

const answeredBy = { node: "node-1", partition: 7, replica: 4097, leads: true };

function tableOf(tableId: number): TableDefinition {
  return {
    tableId, uuid: "00000000-0000-4000-8000-000000000000", name: "users", status: "ACTIVE",
    attributes: [{ name: "id", type: "S" }],
    key: { partition: { name: "id", type: "S" }, sort: undefined },
    billingMode: "PAY_PER_REQUEST", throughput: { readUnits: 0, writeUnits: 0 },
    createdAt: 0, deletionProtection: false, tableClass: "STANDARD", tags: {},
  };
}

/** A router whose map still has table 1; asking for it finds that table `now` has its name, if any. */
function routerWithOldMap(now: TableDefinition | undefined) {
  let known: TableDefinition | undefined = tableOf(1);
  const written: number[] = [];
  const dispatcher: Dispatcher = {
    write({ tableId }, _context, done) {
      written.push(tableId);
      if (tableId !== 1) return done({ kind: "ok", outcome: {}, answeredBy, lastToken: "f".repeat(16) });
      known = now;
      done({ kind: "gone" });
    },
    read: () => assert.fail("nothing is read"),
  };
  const pipeline = createPipeline({
    clock: { now: () => 0, wallNow: () => 0 },
    random: { bytes: (count: number) => new Uint8Array(count) },
    log: silentLogger,
    metrics: { succeeded() {}, failed() {} },
    authenticate: () => ({ accessKeyId: "AKIA" }),
    catalog: { find: () => known, prepare: async () => {} },
    dispatcher,
    controlClient: {},
    parseContext: { region: "us-east-1", accountId: "000000000000" },
    deadlineMs: 1000,
  } as unknown as PipelineDoors);
  const body = Buffer.from(JSON.stringify({ TableName: "users", Item: { id: { S: "a" } } }));
  const request = {
    id: "r", path: "/", query: "", method: "POST", headers: {}, body,
    target: { api: "DynamoDB", operation: "PutItem" },
  } as unknown as RouterRequest;
  return { written, answer: pipeline(request) };
}

test("a write to a table that was deleted and made again goes to the new one, though this router's map is old", async () => {
  const { written, answer } = routerWithOldMap(tableOf(2));
  const { status, replicas } = await answer;
  assert.equal(status, 200);
  assert.equal(replicas, "node-1; partition=7; replica=4097; role=leader");
  assert.deepEqual(written, [1, 2]);
});

test("a write to a table that was deleted is refused", async () => {
  const { written, answer } = routerWithOldMap(undefined);
  const { status, body } = await answer;
  assert.equal(status, 400);
  assert.match(String(body), /ResourceNotFoundException/);
  assert.deepEqual(written, [1]);
});
