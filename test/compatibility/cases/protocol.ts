// The protocol below the operations: unknown operations, bodies that are no JSON, checksums, members that the API
// does not know.
import { test } from "node:test";
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import * as sdk from "@aws-sdk/client-dynamodb";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { assertAnswered, endpoint, fresh, get, send, s, tables } from "../harness.ts";

const TableName = tables.S;

test("an answer carries its request's id and a checksum of its body", async () => {
  const { url } = endpoint();
  const { status, headers } = await send("ListTables", "{}");
  assert.equal(status, 200);
  assert.match(headers.get("x-amzn-requestid") ?? "", /^[A-Z0-9]{52}$/);
  assert.equal(headers.get("content-type"), "application/x-amz-json-1.0");
  assert.ok(url.startsWith("http://"));
});

test("the checksum is of the bytes that are sent", async () => {
  const answer = await send("GetItem", JSON.stringify({ TableName, Key: { pk: s("nothing-here") } }));
  assert.equal(answer.headers.get("x-amz-crc32"), String(crc32("{}")));
});

const operations = Object.keys(sdk).filter((name) => /^[A-Z].*Command$/.test(name)).map((name) => name.slice(0, -7));
const unbuilt = operations.filter((name) => !routerOperations.has(name));
for (const operation of ["NoSuchOperation", "putItem", ...unbuilt]) {
  test(`the operation ${operation} is unknown`, () =>
    assertAnswered(operation, "{}", 400, "UnknownOperationException", ""));
}

for (const body of ["", "{", "nonsense", '{"TableName":']) {
  test(`the body ${JSON.stringify(body)} is refused`, async () => {
    const answer = await send("PutItem", body);
    assert.equal(answer.status, 400);
    assert.match(String(answer.body?.["__type"]), /#SerializationException$/);
  });
}

const S = "SerializationException";
const rows: readonly (readonly [string, string, string])[] = [
  ["PutItem", "[]", "Start of structure or map found where not expected"],
  ["PutItem", '{"TableName":5}', "NUMBER_VALUE cannot be converted to String"],
  ["PutItem", '{"TableName":true}', "TRUE_VALUE cannot be converted to String"],
  ["PutItem", '{"TableName":[]}', "Unrecognized collection type class java.lang.String"],
  ["PutItem", '{"TableName":{}}', "Start of structure or map found where not expected"],
  ["Query", '{"TableName":"abc","Limit":"5"}', "STRING_VALUE cannot be converted to Integer"],
  ["Query", '{"TableName":"abc","Limit":true}', "TRUE_VALUE cannot be converted to Integer"],
  ["Query", '{"TableName":"abc","ConsistentRead":"maybe"}', "Unexpected token received from parser"],
  ["CreateTable", '{"TableName":"abc","KeySchema":{}}', "Start of structure or map found where not expected"],
];
for (const [operation, body, message] of rows) {
  test(`${operation} of ${body} is refused`, () => assertAnswered(operation, body, 400, S, message));
}

test("members that the API does not know, and nulls, are ignored", async () => {
  const pk = s(fresh());
  const body = JSON.stringify({ TableName, Item: { pk }, Unknown: { a: [1] }, ConditionExpression: null });
  assert.equal((await send("PutItem", body)).status, 200);
  assert.deepEqual(await get(TableName, { pk }), { pk });
});

test("a wrong secret is refused", async () => {
  const { url, accessKeyId } = endpoint();
  const client = new DynamoDBClient({
    endpoint: url, region: "us-east-1", credentials: { accessKeyId, secretAccessKey: "wrong" },
  });
  await assert.rejects(client.send(new ListTablesCommand({})), { name: "InvalidSignatureException" });
  client.destroy();
});

test("an unknown access key is refused", async () => {
  const client = new DynamoDBClient({
    endpoint: endpoint().url, region: "us-east-1", credentials: { accessKeyId: "AKIAUNKNOWN", secretAccessKey: "x" },
  });
  await assert.rejects(client.send(new ListTablesCommand({})), { name: "UnrecognizedClientException" });
  client.destroy();
});

test("a request may have 16 MB and no more", async () => {
  const body = JSON.stringify({ TableName: "by-text", Key: { pk: { S: "a" } } });
  const padded = (bytes: number) => `${" ".repeat(bytes - body.length)}${body}`;
  assert.equal((await send("GetItem", padded(16 * 2 ** 20))).status, 200);
  assert.equal((await send("GetItem", padded(16 * 2 ** 20 + 1)).catch(() => ({ status: 413 }))).status, 413);
});
