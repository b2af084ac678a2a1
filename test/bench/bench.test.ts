import assert from "node:assert/strict";
import { test } from "node:test";
import { SigningKeys } from "@azimuth/auth/signing-keys.ts";
import { verifyRequest } from "@azimuth/auth/verify-request.ts";
import { profileTable, sumProfile } from "./profile-summary.ts";
import { median } from "./report.ts";
import { createSigner } from "./sign.ts";

test("the load generator's signature is one that the router accepts", () => {
  const body = Buffer.from('{"TableName":"bench"}');
  const sign = createSigner({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", region: "eu-west-1" });
  const { date, authorization } = sign("127.0.0.1:8000", "GetItem", body);
  const target = "DynamoDB_20120810.GetItem";
  const headers = { host: "127.0.0.1:8000", "x-amz-date": date, "x-amz-target": target, authorization };
  const verify = (secret: string) => verifyRequest(
    { method: "POST", path: "/", query: "", headers, body },
    { now: Date.now(), findSecret: () => secret, keys: new SigningKeys() },
  );
  assert.deepEqual(verify("secret"), { kind: "ok", accessKeyId: "AKIDEXAMPLE", region: "eu-west-1" });
  assert.equal(verify("another").kind, "refused");
});

test("a profile's samples count for the innermost frame that belongs to an area, and idle time for none", () => {
  const frame = (functionName: string, url = "") => ({ functionName, url, lineNumber: 0 });
  const sum = sumProfile({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2, 5] },
      { id: 2, callFrame: frame("step", "file:///a/packages/raft/src/raft.ts"), children: [3, 4] },
      { id: 3, callFrame: frame("constructor", "node:internal/buffer") },
      { id: 4, callFrame: frame("append", "file:///a/packages/storage/src/log-group.ts") },
      { id: 5, callFrame: frame("(idle)") },
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [100, 20, 3, 5000],
  });
  assert.deepEqual([...sum.byArea], [["Raft", 120], ["log", 3]]);
  assert.equal(sum.busyMicroseconds, 123);
  assert.match(profileTable(new Map([["node-1", sum]]), 10, 1), /^Raft +12\.0 +12\.0$/m);
});

test("the median of an even number of rounds lies between the middle two", () => {
  assert.equal(median([9, 1, 4]), 4);
  assert.equal(median([9, 1, 4, 2]), 3);
});
