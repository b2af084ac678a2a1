// Group 0's state while it is read from the engine again, as after a snapshot, with an engine that hands out one record
// at a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import type { Engine, KeyValue, WriteOperation } from "@azimuth/storage/engine.ts";
import { ControlMachine } from "../src/control-machine.ts";
import { encodeEffects, putMeta, putPartition } from "../src/control-records.ts";
import { deltaSince } from "../src/map-view.ts";

/** What was put, in order of the keys; each `next` waits until the test lets it through. */
function slowEngine(batch: readonly WriteOperation[]) {
  const waiting: (() => void)[] = [];
  const iterate = () => {
    const latest = new Map<string, KeyValue>();
    for (const operation of batch) {
      assert(operation.kind === "put");
      latest.set(Buffer.from(operation.key).toString("latin1"), operation);
    }
    const left = [...latest.values()].toSorted((one, other) => Buffer.compare(one.key, other.key));
    const next = (_bytes: number, done: (pairs: readonly KeyValue[]) => void): void => {
      waiting.push(() => done(left.splice(0, 1)));
    };
    return { next, close() {} };
  };
  return { waiting, engine: { iterate } as unknown as Engine };
}

test("who asks for the map while it is read again is never told that what is not read yet is gone", () => {
  const partitions = [1, 2, 3].map((partition) => putPartition({
    partition, tableId: 1, firstToken, lastToken, epoch: 1, configEpoch: 0,
    voters: [1, 2, 3], learners: [], bootstrap: [1, 2, 3], replacing: undefined,
  }));
  const meta = putMeta({
    clusterId: "c", createdAt: 0, nextNode: 4, nextTable: 2, nextPartition: 4, founders: [],
  });
  const batch: WriteOperation[] = [];
  const { waiting, engine } = slowEngine(batch);
  const machine = new ControlMachine(engine);
  [meta, ...partitions].forEach((effect, position) => {
    machine.apply({ index: position + 2, term: 1, data: encodeEffects([effect]) }, batch);
  });
  let loaded = false;
  machine.load(() => {
    loaded = true;
  });
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    for (const since of [0, 2]) {
      const delta = deltaSince(machine.state, machine.history, since);
      assert.deepEqual(delta?.deleted.partitions ?? [], []);
      assert.equal(delta?.partitions.length ?? 3, 3);
    }
    step();
  }
  assert(loaded);
  assert.equal(machine.state.partitions.size, 3);
  assert.equal(machine.history.revision, 5);
});
