// Splits as the control plane sees them: what the map says before, during and after, and who waits for whom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { NewIndex } from "@azimuth/model/table.ts";
import type { PartitionRecord } from "../src/cluster-map.ts";
import type { ControlCommand, ControlOutcome } from "../src/commands.ts";
import { checkInvariants, ControlState } from "../src/control-state.ts";
import { decide } from "../src/decide.ts";
import { defaultAutoadminOptions, viewCluster, type ClusterView, type ReceivedReport } from "../src/observations.ts";
import type { GroupReport } from "../src/node-report.ts";
import type { Action } from "../src/plan.ts";
import { planReplicas } from "../src/plan-replicas.ts";
import { planSplits } from "../src/plan-splits.ts";
import { planTables } from "../src/plan-tables.ts";
import { mustDestroy } from "../src/replica-fate.ts";
import { newTable } from "./fake-cluster.ts";

const middle = `8${"0".repeat(15)}`;

const indexOf = (name: string): NewIndex => ({
  name, kind: "global", key: { partition: [{ name: "id", type: "S" }], sort: [] }, projection: { kind: "ALL" },
  throughput: { readUnits: 0, writeUnits: 0 },
});

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

/** What group 0's leader sees when the first partition's leader reports this; a replica may have been missing for long. */
function viewOf(plane: Plane, report: Partial<GroupReport>, missing?: number): ClusterView {
  const record = plane.records[0] as PartitionRecord;
  const { nodeDeadAfterMs: now } = defaultAutoadminOptions;
  const missingSince = new Map(missing === undefined ? [] : [[record.partition, new Map([[missing, 0]])]]);
  const reports = new Map([...reportOf(record, report)].map(([node, received]) => [node, { ...received, receivedAt: now }]));
  const observations = { leadingSince: now, lastBalanceAt: now, missingSince, lastTransferByGroup: new Map(), reports };
  return viewCluster(plane.state, observations, defaultAutoadminOptions, now);
}

function commandsOf(actions: readonly Action[]): readonly string[] {
  return actions.map((action) => (action.kind === "command" ? action.command.operation : action.instruction.kind));
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

test("a replica of a partition whose split waits is replaced, and the split waits for that as well", () => {
  const plane = new Plane();
  const { partition, voters, configEpoch } = plane.only;
  const [kept, removed, other] = voters as [number, number, number];
  plane.run({ operation: "StartSplit", partition });
  assert.deepEqual(commandsOf(planReplicas(viewOf(plane, {}, removed))), ["StartReplacement"]);
  plane.run({ operation: "StartReplacement", partition, configEpoch, remove: removed, node: 0 });
  assert.deepEqual(plane.only.replacing, { remove: removed, add: 0 });
  assert.deepEqual(planSplits(viewOf(plane, {})), [], "nothing is split in a change of membership");
  plane.run({
    operation: "RecordMembership", partition, configEpoch: configEpoch + 1, configIndex: 9, voters: [kept, other],
  });
  assert.deepEqual(plane.only.splitting, { child: 2, at: middle });
  assert.deepEqual(commandsOf(planSplits(viewOf(plane, {}))), ["split"]);
});

test("a split is recorded before a later change of membership, whose removed replica may be one of the child's", () => {
  const plane = new Plane();
  const { partition, voters, configEpoch } = plane.only;
  const [kept, removed] = voters as [number, number];
  plane.run({ operation: "StartSplit", partition });
  plane.run({ operation: "StartReplacement", partition, configEpoch, remove: removed, node: 0 });
  const lastSplit = { child: 2, at: middle, voters };
  const both = { voters: [kept], lastSplit };
  assert.deepEqual(commandsOf(planReplicas(viewOf(plane, both))), []);
  assert.deepEqual(commandsOf(planSplits(viewOf(plane, both))), ["RecordSplit"]);
  plane.run({ operation: "RecordSplit", partition, ...lastSplit });
  const halves = plane.records.map((record) => [record.voters, record.replacing?.remove]);
  assert.deepEqual(halves, [[voters, removed], [voters, undefined]]);
  assert.deepEqual(commandsOf(planReplicas(viewOf(plane, both))), ["RecordMembership"]);
});

test("an index is built although a split waits, but not while the second half has no record", () => {
  const plane = new Plane();
  const { partition, voters } = plane.only;
  const indexUpdate = { kind: "create", index: indexOf("far"), attributes: [] } as const;
  plane.run({ operation: "UpdateTable", name: "orders", change: {}, indexUpdate });
  const indexId = plane.state.tables.get(1)?.indexes?.[0]?.indexId ?? 0;
  plane.run({ operation: "IndexEvent", tableId: 1, indexId, event: "allocated" });
  const { child, at } = plane.run({ operation: "StartSplit", partition }) as { readonly child: number; readonly at: string };
  const builtIndexes = [indexId];
  const isTold = (report: Partial<GroupReport>): boolean =>
    commandsOf(planTables(viewOf(plane, report))).includes("IndexEvent");
  assert.equal(isTold({ builtIndexes }), true);
  assert.equal(isTold({ builtIndexes, lastSplit: { child, at, voters } }), false);
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

test("the leader is asked to split until it reports that it has, and a partition too large is split where it proposes", () => {
  const plane = new Plane();
  const plans = (more: Partial<GroupReport>) => planSplits(viewOf(plane, more));
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
  const starts = (first: Partial<GroupReport> | undefined, ofLast: Partial<GroupReport> = {}): readonly number[] => {
    const groups = records.flatMap((record, position): readonly GroupReport[] => {
      const { lastToken: splitAt } = record;
      const more = position === splitsMax ? { splitAt, ...ofLast } : position === 0 ? first : {};
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
  assert.deepEqual(starts(undefined, { splitRests: true }), [], "announced it could only wait");
});
