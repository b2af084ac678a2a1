// Splits as the control plane sees them: what the map says before, during and after, and who waits for whom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { PartitionRecord } from "../src/cluster-map.ts";
import type { ControlCommand, ControlOutcome } from "../src/commands.ts";
import { checkInvariants, ControlState } from "../src/control-state.ts";
import { decide } from "../src/decide.ts";
import { defaultAutoadminOptions, viewCluster, type ReceivedReport } from "../src/observations.ts";
import type { GroupReport } from "../src/node-report.ts";
import { planSplits } from "../src/plan-splits.ts";
import { mustDestroy } from "../src/replica-fate.ts";
import { newTable } from "./fake-cluster.ts";

const middle = `8${"0".repeat(15)}`;

class Plane {
  readonly state = new ControlState();

  constructor() {
    this.run({ operation: "Bootstrap", voters: [1, 2, 3] });
    for (const number of [1, 2, 3]) {
      this.run({
        operation: "RegisterNode", name: `node-${number}`, zone: `az-${number}`, endpoint: `node-${number}:1`,
        incarnation: `i${number}`, founder: number,
      });
    }
    this.run({ operation: "CreateTable", definition: newTable("orders"), partitions: 1 });
    this.run({ operation: "TableEvent", tableId: 1, event: "partitions-ready" });
  }

  run(command: ControlCommand): ControlOutcome {
    const random = createSeededRandom(1);
    const options = { replicas: 3, accountId: "000000000000", partitionsPerTable: undefined };
    const { effects, outcome } = decide(this.state, command, { now: 0, random, options });
    this.state.apply(effects);
    checkInvariants(this.state);
    return outcome;
  }

  get records(): readonly PartitionRecord[] {
    return this.state.partitionsOf(1);
  }

  get only(): PartitionRecord {
    const [record] = this.records;
    assert.ok(record !== undefined && this.records.length === 1);
    return record;
  }
}

test("a split is announced with the child's number, and recorded as two halves that cover the range", () => {
  const plane = new Plane();
  const { partition, voters, epoch } = plane.only;
  assert.deepEqual(plane.run({ operation: "StartSplit", partition }), { child: 2, at: middle });
  assert.deepEqual(plane.only.splitting, { child: 2, at: middle });
  const again = plane.run({ operation: "StartSplit", partition, at: `4${"0".repeat(15)}` });
  assert.deepEqual(again, { child: 2, at: middle, ignored: true }, "one at a time");
  plane.run({ operation: "RecordSplit", partition, child: 2, at: middle, voters });
  const told = plane.records.map((record) => [record.partition, record.firstToken, record.lastToken, record.epoch]);
  assert.deepEqual(told, [
    [1, "0".repeat(16), `7${"f".repeat(15)}`, epoch + 1],
    [2, middle, "f".repeat(16), epoch + 1],
  ]);
  const [first, second] = plane.records;
  assert.deepEqual(first?.bootstrap, [], "who begins now would take the old log for one of the new range");
  assert.deepEqual(second?.voters, voters);
  assert.deepEqual(second?.bootstrap, [], "its replicas begin from their parents', not from nothing");
  assert.equal(plane.run({ operation: "RecordSplit", partition, child: 2, at: middle, voters }).ignored, true);
});

test("a split is refused where it cannot be, and while a replica is being replaced", () => {
  const plane = new Plane();
  const { partition, voters, configEpoch } = plane.only;
  const refusal = (outcome: ControlOutcome): string | undefined => outcome.refused?.type;
  assert.equal(refusal(plane.run({ operation: "StartSplit", partition: 77 })), "PartitionNotFound");
  assert.equal(refusal(plane.run({ operation: "StartSplit", partition: 0 })), "PartitionNotFound");
  for (const at of ["0".repeat(16), "8", "F".repeat(16)]) {
    assert.equal(refusal(plane.run({ operation: "StartSplit", partition, at })), "InvalidSplit", at);
  }
  assert.equal(plane.run({ operation: "StartSplit", partition, epoch: 99 }).ignored, true);
  plane.run({ operation: "StartReplacement", partition, configEpoch, remove: voters[0] as number, node: 0 });
  assert.equal(refusal(plane.run({ operation: "StartSplit", partition })), "PartitionInUse");
});

test("while a partition is being split its membership stays", () => {
  const plane = new Plane();
  const { partition, voters, configEpoch } = plane.only;
  plane.run({ operation: "StartSplit", partition });
  const change = { operation: "StartReplacement", partition, configEpoch, remove: voters[0] as number, node: 0 } as const;
  assert.equal(plane.run(change).ignored, true);
});

test("a replica of a child that has no record yet is not taken for one of a deleted partition", () => {
  const plane = new Plane();
  const { partition } = plane.only;
  plane.run({ operation: "StartSplit", partition });
  const lookup = {
    nextTable: plane.state.meta?.nextTable ?? 0,
    nextPartition: plane.state.meta?.nextPartition ?? 0,
    group: (id: number) => plane.state.group(id),
    groups: () => plane.state.groups(),
  };
  assert.equal(mustDestroy(lookup, { group: 2, replica: 1 }), false);
  plane.run({ operation: "DeleteTable", name: "orders" });
  assert.equal(mustDestroy(lookup, { group: 2, replica: 1 }), true);
  assert.deepEqual(plane.state.dropping.get(1)?.partitions, [1, 2], "the table is gone when those replicas are, too");
});

function reportOf(record: PartitionRecord, more: Partial<GroupReport>): ReadonlyMap<number, ReceivedReport> {
  const { partition: group, voters } = record;
  const replica = voters[0] as number;
  const report: GroupReport = {
    group, replica, role: "leader", leader: replica, term: 2, applied: 9, lastIndex: 9, initialised: true, voters,
    learners: [], joint: false, progress: [], items: 0, bytes: 0, corrupted: false, ...more,
  };
  const node = { node: replica, incarnation: "i", session: "s", sequence: 1, groups: [report] };
  return new Map([[replica, { report: node, receivedAt: 0 }]]);
}

test("the leader is asked to split until it reports that it has, and a partition too large is split where it proposes", () => {
  const plane = new Plane();
  const plans = (more: Partial<GroupReport>) => {
    const observations = {
      leadingSince: 0, lastBalanceAt: 0, missingSince: new Map(), lastTransferByGroup: new Map(),
      reports: reportOf(plane.records[0] as PartitionRecord, more),
    };
    return planSplits(viewCluster(plane.state, observations, defaultAutoadminOptions, 1));
  };
  const { partition, epoch, voters } = plane.only;
  assert.deepEqual(plans({}), []);
  assert.deepEqual(plans({ splitAt: middle }),
    [{ kind: "command", command: { operation: "StartSplit", partition, at: middle, epoch } }]);
  plane.run({ operation: "StartSplit", partition, at: middle, epoch });
  assert.deepEqual(plans({ splitAt: middle }),
    [{ kind: "instruct", node: voters[0], instruction: { kind: "split", group: partition, child: 2, at: middle } }]);
  const lastSplit = { child: 2, at: middle, voters };
  assert.deepEqual(plans({ lastSplit }),
    [{ kind: "command", command: { operation: "RecordSplit", partition, ...lastSplit } }]);
});

test("a split that waits, for an index or for a leader, keeps no other partition from being split", () => {
  const plane = new Plane();
  plane.run({ operation: "CreateTable", definition: newTable("large"), partitions: 5 });
  const records = plane.state.partitionsOf(2);
  const { splitsMax } = defaultAutoadminOptions;
  assert.equal(records.length, splitsMax + 1);
  for (const { partition } of records.slice(0, splitsMax)) plane.run({ operation: "StartSplit", partition });
  const starts = (first: Partial<GroupReport> | undefined): readonly number[] => {
    const groups = records.flatMap((record, position): readonly GroupReport[] => {
      const { lastToken: splitAt } = record;
      const more = position === splitsMax ? { splitAt } : position === 0 ? first : {};
      return more === undefined ? [] : [...reportOf(record, more).values()].flatMap(({ report }) => report.groups);
    });
    const report = { node: 1, incarnation: "i", session: "s", sequence: 1, groups };
    const observations = {
      leadingSince: 0, lastBalanceAt: 0, missingSince: new Map(), lastTransferByGroup: new Map(),
      reports: new Map([[1, { report, receivedAt: 0 }]]),
    };
    return planSplits(viewCluster(plane.state, observations, defaultAutoadminOptions, 1)).flatMap((action) =>
      (action.kind === "command" && action.command.operation === "StartSplit" ? [action.command.partition] : []));
  };
  const last = records.at(-1)?.partition;
  assert.deepEqual(starts({}), []);
  assert.deepEqual(starts({ splitRests: true }), [last]);
  assert.deepEqual(starts(undefined), [last]);
});
