import assert from "node:assert/strict";
import { test } from "node:test";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { errorAnswer, nameReplicas, parseDocument, serializationFailure } from "@azimuth/request-router/http-answer.ts";

test("an error has its qualified type, its members and its message", () => {
  const exception = new DynamoDbException("ConditionalCheckFailedException", "The conditional request failed", 400, {
    Item: { a: { S: "1" } },
  });
  const { status, body } = errorAnswer(exception);
  assert.equal(status, 400);
  assert.deepEqual(JSON.parse(body as string), {
    __type: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    Item: { a: { S: "1" } },
    message: "The conditional request failed",
  });
});

test("some exceptions spell the message with a capital, and an empty one is left out", () => {
  const cancelled = errorAnswer(new DynamoDbException("TransactionCanceledException", "Transaction cancelled"));
  assert.deepEqual(Object.keys(JSON.parse(cancelled.body as string) as object), ["__type", "Message"]);
  assert.equal(serializationFailure().body, '{"__type":"com.amazon.coral.service#SerializationException"}');
});

test("a document is parsed, and bytes that are none are told apart from null", () => {
  assert.deepEqual(parseDocument(Buffer.from('{"a":[1]}')), { document: { a: [1] } });
  assert.deepEqual(parseDocument(Buffer.from("null")), { document: null });
  for (const text of ["", "{", "{'a':1}", "undefined"]) assert.equal(parseDocument(Buffer.from(text)), undefined);
});

test("the replicas that answered are named once each, and not more than a header holds", () => {
  const one = { node: "node-2", partition: 17, replica: 4098, leads: false };
  assert.equal(nameReplicas([]), undefined);
  assert.equal(nameReplicas([one]), "node-2; partition=17; replica=4098; role=follower");
  const other = { ...one, partition: 18, leads: true };
  assert.equal(
    nameReplicas([one, other, one]),
    "node-2; partition=17; replica=4098; role=follower, node-2; partition=18; replica=4098; role=leader",
  );
  const many = Array.from({ length: 100 }, (_, partition) => ({ ...one, partition }));
  const named = nameReplicas(many)?.split(", ") ?? [];
  assert.deepEqual([named.length, named.at(-1)], [17, "..."]);
});
