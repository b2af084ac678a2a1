// Attempts of one write: all carry the same token, and each after the first says that it is not the first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { WriteCommand } from "@azimuth/operations/operation.ts";
import { encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { RequestFields, Requester, RequestResult } from "@azimuth/rpc/requests.ts";
import { createDispatcher, type DispatchResult } from "../src/dispatch.ts";
import type { MapFollower } from "../src/map-follower.ts";
import { ManualClock } from "./manual-clock.ts";

interface Sent extends RequestFields {
  readonly to: string;
  readonly answer: (result: RequestResult) => void;
}

test("a write that was lost is sent again as a later attempt of the same write", () => {
  const clock = new ManualClock();
  const sent: Sent[] = [];
  const requester = {
    request: (to: string, fields: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) =>
      void sent.push({ ...fields, to, answer }),
  } as unknown as Requester;
  const follower = {
    partitionFor: () => ({ partition: 1, epoch: 1, voters: [4097, 4098, 4099] }),
    node: (number: number) => ({ name: `node-${number}`, zone: `az-${number}` }),
  } as unknown as MapFollower;
  const random = createSeededRandom(1);
  const dispatcher = createDispatcher({
    clock, random, requester, follower, zone: "az-1", isSilent: () => false, refreshMap: (done) => done(),
  });
  const results: DispatchResult[] = [];
  const command = { kind: "write", tableId: 1, position: { token: "0".repeat(16) } } as unknown as WriteCommand;
  const context = { trace: "t", deadline: 5000, requestToken: Buffer.from("sixteen bytes ok"), firstAttempt: 0 };
  dispatcher.write(command, context, (result) => results.push(result));
  sent[0]?.answer({ kind: "disconnected" });
  clock.advance(100);
  sent[1]?.answer({ kind: "response", status: "unknown", body: new Uint8Array(0) });
  clock.advance(100);
  sent[2]?.answer({ kind: "response", status: "ok", body: encodeBody({}) });
  assert.deepEqual(sent.map(({ attempt }) => attempt), [0, 1, 2]);
  for (const { token } of sent) assert.deepEqual(token, context.requestToken);
  assert.deepEqual(results.map(({ kind }) => kind), ["ok"]);
});
