// How changes find the partitions of an index, with nodes that answer as the test says.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { wholeMap } from "@azimuth/control-plane/watch.ts";
import type { IndexWriteCommand } from "@azimuth/partition/index-writes.ts";
import { encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { RequestFields, Requester, RequestResult } from "@azimuth/rpc/requests.ts";
import { createIndexSender } from "../src/index-sender.ts";

test("a split of an index partition that group 0 has not recorded is learned from a replica, and its half is found", () => {
  const routes = new MapFollower();
  const voters = [1, 2, 3];
  routes.applyDelta(wholeMap({
    clusterId: "one", revision: 1, nextTable: 9, nextPartition: 9, control: undefined, tables: [], credentials: [],
    nodes: voters.map((number) => ({
      number, name: `node-${number}`, zone: `az-${number}`, endpoint: "", incarnation: "", state: "up" as const,
    })),
    partitions: [{
      partition: 1, tableId: 8, firstToken: "0".repeat(16), lastToken: "f".repeat(16), epoch: 1, configEpoch: 0,
      voters, learners: [], bootstrap: voters, replacing: undefined,
    }],
  }));
  const sent: { readonly group: number; readonly epoch: number }[] = [];
  const requester = {
    request(_to: string, { group, epoch }: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) {
      sent.push({ group, epoch });
      const body = encodeBody({ epoch: 2, child: 7, at: `8${"0".repeat(15)}`, voters });
      answer({ kind: "response", status: epoch === 1 ? "wrong-epoch" : "ok", body, replica: 1, leads: true });
    },
  } as unknown as Requester;
  const sender = createIndexSender({
    clock: { now: () => 0 } as unknown as Clock, requester, routes, refreshMap: () => assert.fail("group 0 is away"),
  });
  const command: IndexWriteCommand = { indexId: 8, source: 5, changes: [] };
  const taken: boolean[] = [];
  const deliver = (): void => {
    const target = sender.locate(8, `9${"0".repeat(15)}`);
    assert.ok(target !== undefined);
    sender.deliver(target, command, (isTaken) => void taken.push(isTaken));
  };
  deliver();
  deliver();
  assert.deepEqual(sent, [{ group: 1, epoch: 1 }, { group: 7, epoch: 2 }]);
  assert.deepEqual(taken, [false, true], "the batch is sorted anew in between");
});
