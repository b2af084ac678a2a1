import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createControlMembership, type ControlMembershipDoors } from "../src/control-membership.ts";

test("a replica of the control plane that is being destroyed is not opened again by a change of the map", () => {
  let held: { readonly replica: number } | undefined;
  let voters = [1, 2, 3];
  let destroyed = (): void => {};
  const removed: number[] = [];
  const opened: boolean[] = [];
  const membership = createControlMembership({
    log: silentLogger,
    logStore: { group: () => held, wasRemoved: (_: number, replica: number) => removed.includes(replica) },
    follower: { group: () => ({ partition: 0, voters, learners: [], bootstrap: [], configEpoch: 1 }) },
    founders: [1, 2, 3],
    identity: () => ({ number: 2, foundedWith: {}, controlReplica: 0 }),
    create: () => ({
      open({ recovered, replica }: { recovered: boolean; replica: number }, done: () => void) {
        opened.push(recovered);
        held = { replica };
        done();
      },
      destroy: (done: () => void) => (destroyed = done),
    }),
    joined() {},
    left: () => membership.follow(),
  } as unknown as ControlMembershipDoors);
  membership.follow();
  assert.deepEqual(opened, [false]);
  voters = [1, 3, 4101];
  membership.follow();
  assert.equal(membership.current(), undefined);
  membership.follow();
  assert.deepEqual(opened, [false], "its log is still there");
  held = undefined;
  removed.push(2);
  destroyed();
  assert.deepEqual(opened, [false]);
  voters = [1, 3, 4098];
  membership.follow();
  assert.deepEqual(opened, [false, false], "one with another id may come");
});

test("a replica of the control plane that a crash kept from being noted is noted when it is opened again", () => {
  for (const [controlReplica, noted] of [[undefined, [4098]], [2, [4098]], [4098, []]] as const) {
    const joined: number[] = [];
    const membership = createControlMembership({
      log: silentLogger,
      logStore: { group: () => ({ replica: 4098 }) },
      follower: { group: () => undefined },
      founders: [1, 2, 3],
      identity: () => ({ number: 2, foundedWith: {}, controlReplica }),
      create: () => ({ open() {} }),
      joined: (replica: number) => void joined.push(replica),
    } as unknown as ControlMembershipDoors);
    membership.follow();
    assert.deepEqual(joined, noted, "should the log lose it, it is missed");
  }
});
