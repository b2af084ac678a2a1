// What ends the locks that coordinators left behind, against a ledger of which a part does not answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { itemKey, tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { lockKey } from "@azimuth/storage/keys/lock-key.ts";
import type { Partition } from "../src/partition.ts";
import type { DeliveryResult } from "../src/transaction-coordinator.ts";
import { encodeLock, LockTable } from "../src/transaction-locks.ts";
import { createTransactionRecovery } from "../src/transaction-recovery.ts";

const tableId = 7;

test("locks whose part of the ledger is away do not keep others from being ended", async () => {
  let now = 0;
  const clock = { now: () => now, wallNow: () => now } as unknown as Clock;
  const locks = new LockTable(clock);
  const lock = { id: new Uint8Array(16), ledger: 99, age: "", effects: [], answer: { units: 1, itemBytes: 1 } };
  const hold = (count: number, run: string): void => {
    for (let number = 0; number < count; number++) {
      const key = Buffer.concat([tablePrefix(tableId), itemKey("0".repeat(16), Buffer.from(`${run} ${number}`), undefined)]);
      locks.load([{ key: lockKey(key), value: encodeLock({ ...lock, run }) }]);
    }
  };
  hold(250, "stuck");
  hold(5, "over");
  const unanswered: (() => void)[] = [];
  let ended = 0;
  const recovery = createTransactionRecovery({
    clock, random: createSeededRandom(1), wasDeleted: () => false, ledger: () => undefined,
    engine: { get: () => {}, iterate: () => assert.fail("no records are looked at") },
    partitions: () => [{ readyTerm: 1, locks, descriptor: { tableId } } as unknown as Partition],
    deliver: ({ operation, run }) => {
      if (operation === "TransactionAbort") ended++;
      if (run === "stuck") return new Promise((done) => unanswered.push(() => done({ kind: "unavailable" })));
      return Promise.resolve({ kind: "ok", outcome: { state: "over" } } as DeliveryResult);
    },
  });
  for (let round = 1; round <= 3; round++) {
    now += 5000;
    recovery.look();
    assert.equal(unanswered.length, round === 3 ? 95 : 100, "so many are asked about at once");
    for (const giveUp of unanswered.splice(0)) giveUp();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
  assert.equal(ended, 5);
});
