// A router that cannot ask must not deny: what it says of tables it does not know.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlAnswer } from "@azimuth/control-plane/commands.ts";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { createTableCatalog, type TableCatalog } from "../src/table-catalog.ts";

function catalogThatHears(answer: ControlAnswer): TableCatalog {
  const controlClient = {
    send: (_command: unknown, _options: unknown, done: (answer: ControlAnswer) => void) => done(answer),
  } as unknown as ControlClient;
  const clock = { now: () => 0 } as unknown as Clock;
  return createTableCatalog({ clock, follower: new MapFollower(), controlClient, refreshMap: (done) => done() });
}

test("a table that nobody could be asked about is not denied", async () => {
  const catalog = catalogThatHears({ status: "unavailable", reason: "nobody leads" });
  await assert.rejects(catalog.prepare(["users"], "trace"), { type: "InternalServerError" });
});

test("a table that the control plane does not know is denied", async () => {
  const refused = { type: "ResourceNotFoundException", message: "no" };
  const catalog = catalogThatHears({ status: "ok", outcome: { refused } });
  await catalog.prepare(["users"], "trace");
  assert.equal(catalog.find("users"), undefined);
});

const users: TableDefinition = {
  tableId: 1,
  uuid: "00000000-0000-4000-8000-000000000000",
  name: "users",
  status: "DELETING",
  attributes: [{ name: "id", type: "S" }],
  key: { partition: { name: "id", type: "S" }, sort: undefined },
  billingMode: "PAY_PER_REQUEST",
  throughput: { readUnits: 0, writeUnits: 0 },
  createdAt: 0,
  deletionProtection: false,
  tableClass: "STANDARD",
  tags: {},
};

function followerOf(revision: number, table: TableDefinition, follower = new MapFollower()): MapFollower {
  follower.applyDelta({
    clusterId: "c", revision, since: 0, full: true, nextTable: 9, nextPartition: 1, control: undefined, nodes: [], tables: [table],
    partitions: [], credentials: [], deleted: { nodes: [], tables: [], partitions: [], credentials: [] },
  });
  return follower;
}

test("a table that is being deleted may have been made anew: the control plane is asked, and its map awaited", async () => {
  const follower = followerOf(1, users);
  const anew: TableDefinition = { ...users, tableId: 2, status: "ACTIVE" };
  let asked = 0;
  const controlClient = {
    send: (_command: unknown, _options: unknown, done: (answer: ControlAnswer) => void) => {
      asked++;
      done({ status: "ok", outcome: { table: anew } });
    },
  } as unknown as ControlClient;
  const clock = { now: () => 0, after: (_delay: number, run: () => void) => run() } as unknown as Clock;
  const refreshMap = (done: () => void): void => {
    followerOf(2, anew, follower);
    done();
  };
  const catalog = createTableCatalog({ clock, follower, controlClient, refreshMap });
  await catalog.prepare(["users"], "trace");
  assert.equal(asked, 1);
  assert.equal(catalog.find("users")?.tableId, 2);
});
