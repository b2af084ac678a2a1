// What a partition's leader knows ends with its leadership, and what was decided under another range is void.
import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { encodeEntry } from "../src/entry-codec.ts";
import { PartitionBench } from "./partition-bench.ts";

const createOnly = { Item: { id: { S: "a" } }, ConditionExpression: "attribute_not_exists(id)" };

test("a leader that comes back does not see what its earlier term proposed and lost", () => {
  const bench = new PartitionBench();
  const lost = bench.send("PutItem", createOnly);
  bench.settle();
  assert.equal(bench.proposals.length, 1);
  bench.loseLeadership();
  bench.lose();
  assert.equal(lost.status(), "unknown");
  bench.lead(100);
  const again = bench.send("PutItem", createOnly);
  bench.settle();
  assert.equal(bench.proposals.length, 1, "nothing of the lost write is in the way");
  bench.apply();
  assert.equal(again.status(), "ok");
  assert.equal(again.refusal(), undefined);
});

test("an entry that was decided under another version of the range changes nothing", () => {
  const bench = new PartitionBench();
  const entry = (epoch: number): Uint8Array => encodeEntry({
    epoch, generation: 1, expires: false, itemCountDelta: 1, itemBytesDelta: 3, record: undefined, indexWork: undefined,
    effects: [{ kind: "put", key: Buffer.from("key"), value: Buffer.from("abc") }],
  });
  for (const epoch of [0, 2]) {
    const batch: WriteOperation[] = [];
    assert.equal(bench.partition.apply({ index: 5, term: 2, data: entry(epoch) }, batch, emptyConfig), "wrong-epoch");
    assert.deepEqual(batch, []);
    assert.equal(bench.partition.statistics.items, 0);
  }
  const batch: WriteOperation[] = [];
  assert.equal(bench.partition.apply({ index: 6, term: 2, data: entry(1) }, batch, emptyConfig), "applied");
  assert.notEqual(batch.length, 0);
});
