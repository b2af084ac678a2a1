// The node's list of replicas against what the log store and the map say, with a host that only notes what it is
// asked to create.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import { replicaIdOf } from "@azimuth/replication/host-api.ts";
import { createMemoryEngine } from "@azimuth/storage/memory-engine.ts";
import { createReplicas, type ReplicasDoors } from "../src/replicas.ts";

const node = 1;
const group = 5;
const founders = [1, 2, 3].map((number) => replicaIdOf(0, number));

function recordOf(configEpoch: number, voters: readonly number[]): PartitionRecord {
  return {
    partition: group, tableId: 7, firstToken: "0".repeat(16), lastToken: "f".repeat(16), epoch: 1,
    configEpoch, voters, learners: [], bootstrap: founders, replacing: undefined,
  };
}

class Bench {
  readonly stored = new Map<string, Uint8Array>();
  readonly created: number[] = [];
  /** What the log knows: replica ids by group. */
  readonly inLog = new Map<number, number>();
  readonly #deferred: (() => void)[] = [];

  /** A run of the process with this record in the map. */
  run(record: PartitionRecord): void {
    const clock = { now: () => 0, wallNow: () => 0, defer: (callback: () => void) => void this.#deferred.push(callback) };
    const doors = {
      clock,
      host: {
        createGroup: ({ replica }: { replica: number }, done: () => void) => {
          this.created.push(replica);
          this.inLog.set(group, replica);
          this.#deferred.push(done);
        },
        openGroup: () => {},
      },
      log: silentLogger,
      engine: createMemoryEngine({ clock: clock as unknown as Clock }),
      logStore: {
        group: (id: number) => (this.inLog.has(id) ? { group: id, replica: this.inLog.get(id) } : undefined),
        groups: () => [...this.inLog].map(([id, replica]) => ({ group: id, replica })),
        wasRemoved: () => false,
      },
      files: {
        readWhole: (name: string) => this.stored.get(name),
        writeAtomically: (name: string, content: Uint8Array) => void this.stored.set(name, content),
      },
      node: () => node,
      findTable: () => undefined,
      changed: () => {},
    } as unknown as ReplicasDoors;
    const replicas = createReplicas(doors);
    replicas.openRecovered();
    replicas.reconcile({
      nextPartition: group + 1,
      group: (id) => (id === group ? record : undefined),
      groups: () => [record],
    });
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next();
  }
}

test("a replica that the log has lost is not founded again, in this run or a later one, and one with a new id is made", () => {
  const bench = new Bench();
  bench.run(recordOf(0, founders));
  assert.deepEqual(bench.created, [founders[0]]);
  bench.inLog.clear();
  bench.run(recordOf(0, founders));
  bench.run(recordOf(0, founders));
  assert.deepEqual(bench.created, [founders[0]], "it would have forgotten what it voted and acknowledged");
  const successor = replicaIdOf(2, node);
  bench.run(recordOf(2, [successor, ...founders.slice(1)]));
  assert.deepEqual(bench.created, [founders[0], successor]);
});

test("a replica whose creation was cut short is created again", () => {
  const bench = new Bench();
  bench.run(recordOf(0, founders));
  const list = JSON.parse(Buffer.from(bench.stored.get("replicas.json") as Uint8Array).toString()) as object[];
  const cutShort = list.map((line) => ({ ...line, replica: undefined }));
  bench.stored.set("replicas.json", Buffer.from(JSON.stringify(cutShort)));
  bench.inLog.clear();
  bench.run(recordOf(0, founders));
  assert.deepEqual(bench.created, [founders[0], founders[0]]);
});
