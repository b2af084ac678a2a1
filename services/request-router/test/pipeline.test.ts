// The pipeline with a map and partitions of the test's making.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { Dispatcher } from "@azimuth/control-plane/dispatch.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Outcome, WriteCommand } from "@azimuth/operations/operation.ts";
import { decideLedger, type LedgerCommand, type LedgerRecord } from "@azimuth/operations/transaction-ledger.ts";
import { createPipeline, type PipelineDoors, type RouterRequest } from "../src/pipeline.ts";

const answeredBy = { node: "node-1", partition: 7, replica: 4097, leads: true };

function tableOf(tableId: number, name = "users"): TableDefinition {
  return {
    tableId, uuid: "00000000-0000-4000-8000-000000000000", name, status: "ACTIVE",
    attributes: [{ name: "id", type: "S" }],
    key: { partition: { name: "id", type: "S" }, sort: undefined },
    billingMode: "PAY_PER_REQUEST", throughput: { readUnits: 0, writeUnits: 0 },
    createdAt: 0, deletionProtection: false, tableClass: "STANDARD", tags: {},
  };
}

const put = { TableName: "users", Item: { id: { S: "a" } } };

interface Written {
  readonly tableId: number;
  readonly token: string;
  readonly attempt: number;
}

/** A ledger with one transaction's record; a prepare is answered as prepared, all else as done. */
function transactionAnswers(): (command: WriteCommand) => Outcome {
  let record: LedgerRecord | undefined;
  return (command) => {
    if (command.operation !== "Ledger") return { state: "prepared", answer: {} };
    const { next, answer } = decideLedger(record, command as LedgerCommand, 0);
    if (next !== undefined) record = next ?? undefined;
    return { ...answer };
  };
}

/**
 * Sends to a router whose map still has table 1 as "users", and tables 3 and 4 as "others" and the ledger; asking for
 * "users" finds that table `now` has its name, if any.
 */
function askWithOldMap(now: TableDefinition | undefined, operation = "PutItem", document: object = put) {
  let known: TableDefinition | undefined = tableOf(1);
  const written: Written[] = [];
  let drawn = 0;
  const outcomeOf = transactionAnswers();
  const dispatcher: Dispatcher = {
    write(command, { requestToken, firstAttempt }, done) {
      const { tableId } = command;
      written.push({ tableId, token: Buffer.from(requestToken).toString("hex"), attempt: firstAttempt });
      if (tableId !== 1) return done({ kind: "ok", outcome: outcomeOf(command), answeredBy, lastToken: "f".repeat(16) });
      known = now;
      done({ kind: "gone" });
    },
    read: () => assert.fail("nothing is read"),
  };
  const pipeline = createPipeline({
    clock: { now: () => 0, wallNow: () => 0 },
    random: { bytes: (count: number) => new Uint8Array(count).fill(++drawn), next: () => 0 },
    log: silentLogger,
    metrics: { succeeded() {}, failed() {} },
    authenticate: () => ({ accessKeyId: "AKIA" }),
    catalog: {
      find: (name: string) => (name === "users" ? known : tableOf(name === "others" ? 3 : 4, name)),
      prepare: async () => {},
    },
    dispatcher,
    controlClient: {},
    parseContext: { region: "us-east-1", accountId: "000000000000" },
    deadlineMs: 1000,
  } as unknown as PipelineDoors);
  const request = {
    id: "r", path: "/", query: "", method: "POST", headers: {}, body: Buffer.from(JSON.stringify(document)),
    target: { api: "DynamoDB", operation },
  } as unknown as RouterRequest;
  return { written, answer: pipeline(request) };
}

test("a write to a table that was deleted and made again goes to the new one, though this router's map is old", async () => {
  const { written, answer } = askWithOldMap(tableOf(2));
  const { status, replicas } = await answer;
  assert.equal(status, 200);
  assert.equal(replicas, "node-1; partition=7; replica=4097; role=leader");
  assert.deepEqual(written.map(({ tableId }) => tableId), [1, 2]);
});

test("a write to a table that was deleted is refused", async () => {
  const { written, answer } = askWithOldMap(undefined);
  const { status, body } = await answer;
  assert.equal(status, 400);
  assert.match(String(body), /ResourceNotFoundException/);
  assert.deepEqual(written.map(({ tableId }) => tableId), [1]);
});

test("what a batch has written when one of its tables is found gone is not written again", async () => {
  const Statements = [
    { Statement: "DELETE FROM users WHERE id = 'a'" },
    { Statement: "UPDATE others SET hits = hits + 1 WHERE id = 'a'" },
  ];
  const errors = { made: undefined, gone: "ResourceNotFound" };
  for (const [what, error] of Object.entries(errors)) {
    const now = what === "made" ? tableOf(2) : undefined;
    const { written, answer } = askWithOldMap(now, "BatchExecuteStatement", { Statements });
    const { status, body } = await answer;
    assert.equal(status, 200);
    const { Responses } = JSON.parse(String(body)) as { readonly Responses: readonly { Error?: { Code: string } }[] };
    assert.deepEqual(Responses.map(({ Error }) => Error?.Code), [error, undefined]);
    const [first, second] = written.filter(({ tableId }) => tableId === 3);
    assert.equal(second?.token, first?.token, "the same write");
    assert.deepEqual([first?.attempt, second?.attempt], [0, 500]);
  }
});

test("a batch of items of which one's table is gone is refused when all of it has ended", async () => {
  const RequestItems = {
    users: [{ PutRequest: { Item: { id: { S: "a" } } } }], others: [{ PutRequest: { Item: { id: { S: "a" } } } }],
  };
  const { written, answer } = askWithOldMap(undefined, "BatchWriteItem", { RequestItems });
  assert.match(String((await answer).body), /ResourceNotFoundException/);
  assert.deepEqual(written.map(({ tableId }) => tableId), [1, 3]);
});

test("a transaction on a table that was made again is carried out there, as one that begins anew", async () => {
  const Item = { id: { S: "a" } };
  const TransactItems = [{ Put: { TableName: "others", Item } }, { Put: { TableName: "users", Item } }];
  const made = askWithOldMap(tableOf(2), "TransactWriteItems", { TransactItems });
  assert.equal((await made.answer).status, 200);
  const tables = made.written.map(({ tableId }) => tableId).filter((tableId) => tableId < 4);
  const [prepared, aborted, again, committed] = [[3, 1], [3, 1], [3, 2], [3, 2]];
  assert.deepEqual(tables, [prepared, aborted, again, committed].flat());
  const gone = askWithOldMap(undefined, "TransactWriteItems", { TransactItems });
  assert.match(String((await gone.answer).body), /ResourceNotFoundException/);
});
