import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import type { RequestFields, Requester, RequestResult } from "@azimuth/rpc/requests.ts";
import type { ClusterMap } from "../src/cluster-map.ts";
import { MapFollower } from "../src/map-follower.ts";
import { createMapWatchClient } from "../src/map-watch-client.ts";
import { wholeMap } from "../src/watch.ts";
import { ManualClock } from "./manual-clock.ts";

test("who knows only nodes that hold group 0 no more takes their copy of the map and goes on asking", () => {
  const clock = new ManualClock();
  const follower = new MapFollower();
  const map: ClusterMap = {
    clusterId: "c", revision: 7, nextTable: 1, nextPartition: 2, control: undefined, tables: [], partitions: [], credentials: [],
    nodes: [{ number: 4, name: "node-4", zone: "az-1", endpoint: "node-4:1" }] as unknown as ClusterMap["nodes"],
  };
  const asked: string[] = [];
  const requester = {
    request(to: string, _fields: RequestFields, _timeoutMs: number, answer: (result: RequestResult) => void) {
      asked.push(to);
      const holdsGroup0 = to === "node-4";
      const body = holdsGroup0 ? new Uint8Array(0) : encodeBody(wholeMap(map) as unknown as Plain);
      const status = holdsGroup0 ? "ok" : "elsewhere";
      clock.after(0, () => answer({ kind: "response", status, body, replica: 0, leads: false }));
    },
  } as unknown as Requester;
  const candidates = (): readonly string[] => ["node-1", ...[...follower.nodes()].map(({ name }) => name)];
  const watch = createMapWatchClient({ clock, log: silentLogger, requester, follower, candidates });
  watch.start();
  clock.advance(1000);
  assert.equal(follower.revision, 7);
  assert.deepEqual(asked, ["node-1", "node-4"]);
  watch.stop();
});
