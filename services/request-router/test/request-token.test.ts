import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { requestIdentity } from "../src/request-token.ts";

const body = Buffer.from("{}");

function identify(headers: Record<string, string>, key = "key", content: Uint8Array = body) {
  return requestIdentity(headers, key, "PutItem", content, createSeededRandom("x"));
}

test("all attempts of one invocation are the same write, and tell that they are later ones", () => {
  const first = identify({ "amz-sdk-invocation-id": "one", "amz-sdk-request": "attempt=1; max=3" });
  const third = identify({ "amz-sdk-invocation-id": "one", "amz-sdk-request": "attempt=3; max=3" });
  assert.deepEqual(first.token, third.token);
  assert.equal(first.attempt, 0);
  assert.ok(third.attempt > first.attempt);
});

test("another invocation, client or content is another write", () => {
  const own = identify({ "amz-sdk-invocation-id": "one" });
  assert.notDeepEqual(identify({ "amz-sdk-invocation-id": "two" }).token, own.token);
  assert.notDeepEqual(identify({ "amz-sdk-invocation-id": "one" }, "other").token, own.token);
  assert.notDeepEqual(identify({ "amz-sdk-invocation-id": "one" }, "key", Buffer.from("{ }")).token, own.token);
});

test("without an invocation id every request is a write of its own", () => {
  const random = createSeededRandom("y");
  const [one, other] = [1, 2].map(() => requestIdentity({}, "key", "PutItem", body, random));
  assert.notDeepEqual(one?.token, other?.token);
});
