// A router that cannot ask must not deny: what it says of tables it does not know.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlAnswer } from "@azimuth/control-plane/commands.ts";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
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
