import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBody, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { RequestMessage } from "@azimuth/rpc/messages.ts";
import {
  controlCommandIn, expectMapDelta, indexWriteIn, instructionIn, nodeReportIn, readCommandIn, watchRequestIn,
  writeCommandIn,
} from "@azimuth/storage-node/request-bodies.ts";

const token = new Uint8Array(16);
const position = { token: "0011223344556677", key: new Uint8Array([1]) };
const put = { kind: "write", operation: "PutItem", tableId: 1, position };
const get = { kind: "point-read", operation: "GetItem", tableId: 1, position, consistent: true };

function requestWith(body: Uint8Array, requestToken = token): RequestMessage {
  return { kind: "request", id: 1, method: "write", group: 1, epoch: 1, trace: "", token: requestToken, attempt: 0, body };
}

const readers: readonly ((body: Uint8Array) => unknown)[] = [
  ...[writeCommandIn, readCommandIn, indexWriteIn, controlCommandIn, watchRequestIn]
    .map((read) => (body: Uint8Array) => read(requestWith(body))),
  nodeReportIn, instructionIn, expectMapDelta,
];

test("commands as they should be come through whole", () => {
  assert.equal(writeCommandIn(requestWith(encodeBody(put))).operation, "PutItem");
  assert.equal(readCommandIn(requestWith(encodeBody(get))).operation, "GetItem");
  assert.equal(writeCommandIn(requestWith(encodeBody({ ...put, operation: "TransactionAbort" }))).operation, "TransactionAbort");
  assert.deepEqual(controlCommandIn(requestWith(encodeBody({ operation: "ListTables", limit: 5 }))), { operation: "ListTables", limit: 5 });
  assert.deepEqual(watchRequestIn(requestWith(encodeBody({ since: 0 }))), { since: 0 });
});

test("commands of an unknown name, of another kind, or without what all have are malformed", () => {
  const wrong = [
    { ...put, operation: "No" }, { ...put, operation: 5 }, { ...put, operation: "GetItem" }, { ...put, kind: "point-read" },
    { ...put, operation: "TransactionRead" }, { ...put, operation: "constructor" }, { ...put, tableId: -1 },
    { ...put, tableId: 1.5 }, { ...put, position: undefined }, { ...put, position: { ...position, key: "text" } },
  ];
  for (const command of wrong) {
    assert.throws(() => writeCommandIn(requestWith(encodeBody(command))), MalformedBody, JSON.stringify(command));
  }
  assert.throws(() => writeCommandIn(requestWith(encodeBody(put), new Uint8Array(15))), MalformedBody);
  assert.throws(() => readCommandIn(requestWith(encodeBody(put))), MalformedBody);
  assert.throws(() => controlCommandIn(requestWith(encodeBody({ operation: "toString" }))), MalformedBody);
  assert.throws(() => watchRequestIn(requestWith(encodeBody({ since: "1" }))), MalformedBody);
  assert.throws(() => instructionIn(encodeBody({ kind: "change-replicas", group: 1, steps: [], expect: {} })), MalformedBody);
});

test("any bytes and any plain values are read or malformed, and nothing else happens", () => {
  const bodies = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.jsonValue().map((value) => encodeBody(value as object)));
  fc.assert(fc.property(bodies, (body) => {
    for (const read of readers) {
      try {
        read(body);
      } catch (error) {
        assert.ok(error instanceof MalformedBody, String(error));
      }
    }
  }), { numRuns: 500 });
});
