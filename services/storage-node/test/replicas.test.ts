// The node's list of replicas against what the log store and the map say, with a host that only notes what it is
// asked to create.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import { encodeEntry } from "@azimuth/partition/entry-codec.ts";
import { encodeBirth } from "@azimuth/partition/split.ts";
import { emptyStatistics, encodeStatistics } from "@azimuth/partition/statistics.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import { replicaIdOf, type CreateGroupOptions } from "@azimuth/replication/host-api.ts";
import type { StateMachine } from "@azimuth/replication/state-machine.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { appliedKey } from "@azimuth/storage/keys/applied-key.ts";
import { birthKey } from "@azimuth/storage/keys/birth-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { partitionStatisticsKey } from "@azimuth/storage/keys/partition-statistics-key.ts";
import { createMemoryEngine, createMemoryEngineDisk, openMemoryEngine } from "@azimuth/storage/memory-engine.ts";
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
        destroyGroup: (id: number, done: () => void) => {
          this.inLog.delete(id);
          this.#deferred.push(done);
        },
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

test("a replica that was destroyed and is in the log again, by damage, goes again and is in nobody's way", () => {
  const bench = new Bench();
  bench.inLog.set(group, founders[0] as number);
  const successor = replicaIdOf(2, node);
  bench.run(recordOf(2, [successor, ...founders.slice(1)]));
  assert.deepEqual(bench.created, [successor]);
});

/** The list as it is between the decision to create a replica and the note that it is there. */
function cutShort(bench: Bench): void {
  const list = JSON.parse(Buffer.from(bench.stored.get("replicas.json") as Uint8Array).toString()) as object[];
  const unnoted = list.map((line) => ({ ...line, replica: undefined }));
  bench.stored.set("replicas.json", Buffer.from(JSON.stringify(unnoted)));
}

test("a replica that a crash kept from being noted is noted afterwards, and not founded again when the log loses it", () => {
  const bench = new Bench();
  bench.run(recordOf(0, founders));
  cutShort(bench);
  bench.run(recordOf(0, founders));
  bench.inLog.clear();
  bench.run(recordOf(0, founders));
  assert.deepEqual(bench.created, [founders[0]]);
});

test("a replica whose creation was cut short is created again", () => {
  const bench = new Bench();
  bench.run(recordOf(0, founders));
  cutShort(bench);
  bench.inLog.clear();
  bench.run(recordOf(0, founders));
  assert.deepEqual(bench.created, [founders[0], founders[0]]);
});

const before = { ...recordOf(0, founders), bootstrap: founders };
const parent = { ...before, lastToken: `7${"f".repeat(15)}`, epoch: 2 };
const second: PartitionRecord = { ...before, partition: 6, firstToken: `8${"0".repeat(15)}`, epoch: 2, bootstrap: [] };

/** The node's list and log, in the middle of a split that the engine has or has not. */
class SplitBench {
  readonly clock = new TestClock();
  readonly disk = createMemoryEngineDisk();
  readonly engine = openMemoryEngine(this.disk, { clock: this.clock });
  readonly created: { readonly group: number; readonly founding: boolean }[] = [];
  readonly held = new Map([[group, founders[0] as number]]);
  readonly machines = new Map<number, StateMachine>();
  /** What the list says of the parent besides its first range. */
  listed = {};
  alsoListed: readonly object[] = [];
  /** False: the process ends before a replica has been destroyed. */
  destroys = true;
  saved: readonly { readonly partition: number; readonly range?: object }[] = [];
  readonly replicas = createReplicas({
    clock: this.clock, engine: this.engine, log: silentLogger, node: () => node, findTable: () => undefined,
    indexes: { locate: () => undefined, deliver: () => {} },
    changed: () => {},
    host: {
      openGroup: ({ group: id, machine }: { group: number; machine: StateMachine }) => void this.machines.set(id, machine),
      createGroup: (options: CreateGroupOptions, done: () => void) => {
        this.created.push({ group: options.group, founding: options.bootstrap !== undefined });
        this.held.set(options.group, options.replica);
        this.clock.defer(done);
      },
      destroyGroup: (id: number, done: () => void) => {
        if (!this.destroys) return;
        this.machines.get(id)?.remainsIn(this.engine, (ranges) => {
          this.engine.write(ranges.map((range): WriteOperation => ({ kind: "delete-range", ...range })), () => {
            this.held.delete(id);
            done();
          });
        });
      },
    },
    logStore: {
      group: (id: number) => (this.held.has(id) ? { group: id, replica: this.held.get(id) } : undefined),
      groups: () => [...this.held].map(([id, replica]) => ({ group: id, replica })),
      wasRemoved: () => false,
    },
    files: {
      readWhole: () => Buffer.from(JSON.stringify([{ partition: group, tableId: 7, firstToken: before.firstToken,
        lastToken: before.lastToken, epoch: 1, replica: founders[0], ...this.listed }, ...this.alsoListed])),
      writeAtomically: (_name: string, content: Uint8Array) => {
        this.saved = JSON.parse(Buffer.from(content).toString()) as SplitBench["saved"];
      },
    },
  } as unknown as ReplicasDoors);

  countKeys(): number {
    let count = 0;
    const iterator = this.engine.iterate({ start: Buffer.of(0), end: Buffer.of(255) });
    iterator.next(1 << 20, (pairs) => (count = pairs.length));
    this.clock.settle();
    return count;
  }

  /** The map as it is once the split is recorded. */
  reconcile(first = parent, others = [second]): void {
    const records = [first, ...others];
    this.replicas.reconcile({
      nextPartition: 7, groups: () => records, group: (id) => records.find(({ partition }) => partition === id),
    });
    this.clock.settle();
  }
}

/** The entry that splits the partition as the records say. */
const splitEntry = encodeEntry({
  epoch: 1, generation: 0, expires: false, itemCountDelta: 0, itemBytesDelta: 0, record: undefined, effects: [],
  split: { child: 6, at: second.firstToken, voters: founders, preparedAt: 8, items: 0, bytes: 0, localIndexes: [] },
});

class TestClock implements Clock {
  readonly #deferred: (() => void)[] = [];
  now = (): number => 0;
  wallNow = (): number => 0;
  after = (): Timer => ({ cancel() {} });
  every = (): Timer => ({ cancel() {} });
  defer = (callback: () => void): void => void this.#deferred.push(callback);
  settle(): void {
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next();
  }
}

test("a child waits until its parent's replica has been split here, and then begins from what is there", () => {
  const bench = new SplitBench();
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.reconcile();
  assert.deepEqual(bench.created, [], "both would write to the same keys");
  bench.replicas.checkInvariants();
  const machine = bench.machines.get(group) as StateMachine;
  const batch: WriteOperation[] = [];
  machine.apply({ index: 9, term: 2, data: splitEntry }, batch, { ...emptyConfig, voters: founders });
  bench.engine.write(batch, () => machine.appliedThrough(9));
  bench.clock.settle();
  assert.deepEqual(bench.created, [{ group: 6, founding: true }]);
  bench.reconcile();
  bench.replicas.checkInvariants();
  assert.equal(bench.created.length, 1);
});

test("a child that the process did not come to create is created after the restart, not fetched by a snapshot", () => {
  const bench = new SplitBench();
  const descriptor = {
    partition: 6, tableId: 7, firstToken: second.firstToken, lastToken: second.lastToken, epoch: 2,
  };
  const value = encodeBirth({ descriptor, voters: founders });
  bench.engine.write([{ kind: "put", key: birthKey(6), value }], () => {});
  bench.clock.settle();
  bench.replicas.openRecovered();
  bench.reconcile();
  assert.deepEqual(bench.created, [{ group: 6, founding: true }]);
  let left = 0;
  bench.engine.get([birthKey(6)], ([found]) => (left = found === undefined ? 0 : 1));
  bench.clock.settle();
  assert.equal(left, 0);
});

test("a parent's replica that cannot look at its state leaves a child alone that was born here", () => {
  const bench = new SplitBench();
  const descriptor = { partition: 6, tableId: 7, firstToken: second.firstToken, lastToken: second.lastToken, epoch: 2 };
  bench.engine.write([{ kind: "put", key: birthKey(6), value: encodeBirth({ descriptor, voters: founders }) }], () => {});
  bench.clock.settle();
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.replicas.checkInvariants();
  assert.equal(bench.machines.get(group)?.mayReceive(second.lastToken), false);
  const { range } = bench.saved.find(({ partition }) => partition === group) ?? {};
  assert.deepEqual(range, { epoch: 2, lastToken: parent.lastToken }, "nor will it after a restart");
});

test("a child waits for a parent's replica that is known to be split and may have lost that in a crash", () => {
  const bench = new SplitBench();
  bench.listed = { range: { epoch: 2, lastToken: parent.lastToken } };
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.reconcile();
  assert.deepEqual(bench.created, [], "its state has not been looked at");
  bench.machines.get(group)?.load(() => {});
  bench.clock.settle();
  bench.reconcile();
  assert.deepEqual(bench.created, [], "it is one of before the split, which comes again from the log");
});

test("a child begins as soon as a snapshot has replaced its parent's state by one from after the split", () => {
  const bench = new SplitBench();
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.reconcile();
  const value = encodeStatistics({ ...emptyStatistics, range: { epoch: 2, lastToken: parent.lastToken } });
  bench.engine.write([{ kind: "put", key: partitionStatisticsKey(group), value }], () => {});
  bench.machines.get(group)?.load(() => {});
  bench.clock.settle();
  assert.deepEqual(bench.created, [{ group: 6, founding: false }]);
  bench.replicas.checkInvariants();
});

test("a parent's replica that leaves in the middle of its split takes along what it would have given the child", () => {
  const bench = new SplitBench();
  bench.replicas.openRecovered();
  bench.clock.settle();
  const batch: WriteOperation[] = [
    { kind: "put", key: partitionRange(7, second.firstToken, second.lastToken).start, value: Buffer.from("item") },
  ];
  const machine = bench.machines.get(group) as StateMachine;
  machine.apply({ index: 9, term: 2, data: splitEntry }, batch, { ...emptyConfig, voters: founders });
  bench.engine.write(batch, () => {});
  bench.reconcile({ ...parent, configEpoch: 1, voters: [replicaIdOf(1, 4), ...founders.slice(1)] });
  assert.deepEqual(bench.created, [{ group: 6, founding: false }], "its state comes by a snapshot");
  assert.equal(bench.countKeys(), 0);
});

const moved = { ...parent, configEpoch: 1, voters: [replicaIdOf(1, 4), ...founders.slice(1)] };
const { tableId, firstToken, lastToken } = before;

test("what is left of a replica that the log has lost goes when another has taken its place elsewhere", () => {
  const bench = new SplitBench();
  bench.held.clear();
  const { start: key } = partitionRange(tableId, firstToken, lastToken);
  const value = Buffer.from("anything");
  bench.engine.write([{ kind: "put", key, value }, { kind: "put", key: appliedKey(group), value }], () => {});
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.reconcile(before, []);
  assert.equal(bench.countKeys(), 2, "it waits");
  bench.reconcile({ ...moved, lastToken }, []);
  assert.equal(bench.countKeys(), 0);
  assert.deepEqual(bench.saved, []);
  assert.equal(bench.disk.unflushedBatches, 0, "no crash brings it back");
});

test("what is left of a replica that the log has lost stays where a child of it lives", () => {
  const narrow = { range: { epoch: 2, lastToken: parent.lastToken } };
  for (const listed of [{}, narrow]) {
    const bench = new SplitBench();
    bench.held.clear();
    bench.held.set(6, founders[0] as number);
    bench.listed = listed;
    bench.alsoListed = [{ ...second, replica: founders[0] }];
    const keys = [firstToken, second.firstToken].map((first) => partitionRange(tableId, first, lastToken).start);
    bench.engine.write(keys.map((key) => ({ kind: "put", key, value: Buffer.from("item") })), () => {});
    bench.replicas.openRecovered();
    bench.clock.settle();
    bench.reconcile(moved);
    bench.engine.get(keys, (found) => {
      assert.deepEqual(found.map((item) => item !== undefined), [false, true], "the child's stays, and no more");
    });
    bench.clock.settle();
    assert.equal(bench.countKeys(), 1);
    bench.replicas.checkInvariants();
  }
});

test("what is left of a replica that the log has lost waits for one whose state may reach into it, and then goes", () => {
  const bench = new SplitBench();
  bench.alsoListed = [{ ...second, replica: founders[0] }];
  const { start: key } = partitionRange(tableId, second.firstToken, lastToken);
  const range = { epoch: 2, lastToken: parent.lastToken };
  bench.engine.write([
    { kind: "put", key, value: Buffer.from("item of the child") },
    { kind: "put", key: partitionStatisticsKey(group), value: encodeStatistics({ ...emptyStatistics, range }) },
  ], () => {});
  bench.replicas.openRecovered();
  bench.clock.settle();
  bench.reconcile(parent, [{ ...second, configEpoch: 1, voters: moved.voters }]);
  assert.equal(bench.countKeys(), 2, "the parent's state is not loaded, and may be from before the split");
  bench.machines.get(group)?.load(() => {});
  bench.clock.settle();
  assert.equal(bench.countKeys(), 1);
  assert.deepEqual(bench.saved.map(({ partition }) => partition), [group]);
});

test("a parent's replica that is being destroyed is listed with the range that its split has left it", () => {
  const bench = new SplitBench();
  bench.destroys = false;
  bench.replicas.openRecovered();
  bench.clock.settle();
  const machine = bench.machines.get(group) as StateMachine;
  const batch: WriteOperation[] = [];
  machine.apply({ index: 9, term: 2, data: splitEntry }, batch, { ...emptyConfig, voters: founders });
  bench.engine.write(batch, () => {
    machine.appliedThrough(9);
    bench.reconcile(moved);
  });
  bench.clock.settle();
  assert.deepEqual(bench.created, [{ group: 6, founding: true }]);
  const { range } = bench.saved.find(({ partition }) => partition === group) ?? {};
  assert.deepEqual(range, { epoch: 2, lastToken: parent.lastToken }, "after a crash it would take the child's keys along");
});
