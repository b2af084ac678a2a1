// The planning function alone: one partition, three nodes in three zones and a spare in zone c, and for each
// situation the one thing that should be asked for.
import { test } from "node:test";
import assert from "node:assert/strict";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import type { NodeState, PartitionRecord } from "../src/cluster-map.ts";
import { ControlState } from "../src/control-state.ts";
import type { GroupReport } from "../src/node-report.ts";
import { defaultAutoadminOptions, viewCluster, type Observations } from "../src/observations.ts";
import { plan, type Action } from "../src/plan.ts";

const now = 100_000;
const zoneByNode = new Map([[1, "a"], [2, "b"], [3, "c"], [4, "c"]]);
/** The replica that node 4 gets at the first change of membership. */
const fresh = 4096 + 4;

interface Situation {
  readonly record?: Partial<PartitionRecord>;
  /** The membership that the leader reports; the record's voters and no learners unless told. */
  readonly group?: { readonly voters?: readonly number[]; readonly learners?: readonly number[]; readonly joint?: boolean };
  /** Replicas that have not heard of the end of the change. */
  readonly behind?: readonly number[];
  /** Replicas that do not know for good yet that anything has changed. */
  readonly outdated?: readonly number[];
  readonly leader?: number;
  readonly leaderless?: boolean;
  readonly silent?: readonly number[];
  readonly states?: Readonly<Record<number, NodeState>>;
  readonly corrupted?: readonly number[];
  readonly lag?: number;
  readonly learnerInitialised?: boolean;
  readonly applied?: number;
  /** So many other partitions have lost their leaders while a replica was being replaced. */
  readonly hanging?: number;
}

function actionsIn(situation: Situation): readonly Action[] {
  const record: PartitionRecord = {
    partition: 1, tableId: 1, firstToken, lastToken, epoch: 1, configEpoch: 0,
    voters: [1, 2, 3], learners: [], bootstrap: [1, 2, 3], replacing: undefined, ...situation.record,
  };
  const state = new ControlState();
  for (const [number, zone] of zoneByNode) {
    const nodeState = situation.states?.[number] ?? (situation.silent?.includes(number) ? "down" : "up");
    state.nodes.set(number, {
      number, name: `node-${number}`, zone, endpoint: "", incarnation: `disk-${number}`, state: nodeState,
    });
  }
  state.partitions.set(1, record);
  for (let other = 2; other < 2 + (situation.hanging ?? 0); other++) {
    state.partitions.set(other, { ...record, ...underWay, partition: other });
  }
  const options = { ...defaultAutoadminOptions, replicaImbalanceMin: 0 };
  return plan(viewCluster(state, observe(situation, record), options, now));
}

function observe(situation: Situation, record: PartitionRecord): Observations {
  const voters = situation.group?.voters ?? record.voters;
  const learners = situation.group?.learners ?? [];
  const leader = situation.leaderless ? 0 : (situation.leader ?? 1);
  const lastIndex = 1000;
  const members = [...new Set([...voters, ...learners, ...record.voters, ...record.learners])];
  const reportOf = (replica: number): GroupReport => ({
    group: 1, replica, leader, role: replica === leader ? "leader" : "follower", term: 3, lastIndex,
    applied: situation.applied ?? lastIndex,
    ...(situation.outdated?.includes(replica) ? { voters: record.voters, learners: record.learners } : { voters, learners }),
    joint: situation.group?.joint ?? situation.behind?.includes(replica) ?? false,
    initialised: !learners.includes(replica) || situation.learnerInitialised !== false,
    progress: replica !== leader ? [] : members.filter((other) => other !== replica).map((other) => ({
      replica: other,
      match: lastIndex - (situation.lag ?? 0),
      active: !situation.silent?.includes(nodeOfReplica(other)),
    })),
    items: 0, bytes: 0, corrupted: situation.corrupted?.includes(replica) ?? false,
  });
  const reports = new Map([...zoneByNode.keys()].map((node) => {
    const groups = members.filter((member) => nodeOfReplica(member) === node).map(reportOf);
    const receivedAt = situation.silent?.includes(node) ? now - 60_000 : now - 100;
    return [node, { report: { node, incarnation: "", session: "", sequence: 1, groups }, receivedAt }] as const;
  }));
  return { leadingSince: 0, reports, missingSince: new Map(), lastTransferByGroup: new Map(), lastBalanceAt: now };
}

const replacing = { remove: 3, add: fresh };
const underWay = { configEpoch: 1, learners: [fresh], replacing };
const start = (remove: number, node: number): object =>
  ({ operation: "StartReplacement", partition: 1, configEpoch: 0, remove, node });
const change = (steps: readonly object[], learners: readonly number[] = []): object =>
  ({ kind: "change-replicas", group: 1, steps, expect: { voters: [1, 2, 3], learners } });

const situations: readonly (readonly [string, Situation, readonly object[]])[] = [
  ["all is well", {}, []],
  ["a voter's node is dead", { silent: [3] }, [start(3, 4)]],
  ["a voter's node is dead and there is no leader to act", { silent: [3], leaderless: true }, []],
  ["a voter's node is dead, and other groups lost their leaders in the middle of a replacement",
    { silent: [3], hanging: defaultAutoadminOptions.replacementsMax }, [start(3, 4)]],
  ["a voter's node is dead and the only spare is in a zone that is used", { silent: [2] }, []],
  ["a voter is damaged and there is a spare", { corrupted: [3] }, [start(3, 4)]],
  ["a voter is damaged and its node is the last of its zone", { corrupted: [2] }, [start(2, 0)]],
  ["a voter's node drains", { states: { 3: "draining" } }, [start(3, 4)]],
  ["a replica is missing", { record: { voters: [1, 2] } }, [start(0, 4)]],
  ["two replicas share a zone and another zone has none",
    { record: { voters: [1, 3, 4] } }, [start(4, 2)]],
  ["a replacement was opened", { record: underWay }, [change([{ kind: "add-learner", replica: fresh }])]],
  ["the group is between two memberships", { record: underWay, group: { joint: true } }, []],
  ["the learner has no state yet",
    { record: underWay, group: { learners: [fresh] }, learnerInitialised: false }, []],
  ["the learner lags", { record: underWay, group: { learners: [fresh] }, lag: 500 }, []],
  ["the learner has caught up", { record: underWay, group: { learners: [fresh] } },
    [change([{ kind: "add-voter", replica: fresh }, { kind: "remove", replica: 3 }], [fresh])]],
  ["the one to be replaced leads", { record: underWay, group: { learners: [fresh] }, leader: 3 },
    [{ kind: "transfer-leader", group: 1, to: 1 }]],
  ["the group has done it", { record: underWay, group: { voters: [1, 2, fresh] } },
    [{ operation: "RecordMembership", partition: 1, configEpoch: 1, configIndex: 1000, voters: [1, 2, fresh] }]],
  ["the group has done it, and only its leader knows",
    { record: underWay, group: { voters: [1, 2, fresh] }, behind: [2, fresh] }, []],
  ["the group has done it, and the report that was seen first does not know it for good",
    { record: underWay, group: { voters: [1, 2, fresh] }, leader: 2, outdated: [1] }, []],
  ["the group has done it, and one of its members does not know",
    { record: underWay, group: { voters: [1, 2, fresh] }, behind: [2] },
    [{ operation: "RecordMembership", partition: 1, configEpoch: 1, configIndex: 1000, voters: [1, 2, fresh] }]],
  ["an old report says that the group has done it",
    { record: { ...underWay, configIndex: 2000 }, group: { voters: [1, 2, fresh] } }, []],
  ["the new node died before the group had its learner", { record: underWay, silent: [4] },
    [{ operation: "CancelReplacement", partition: 1, configEpoch: 1 }]],
  ["the new node died when it was a learner", { record: underWay, silent: [4], group: { learners: [fresh] } },
    [change([{ kind: "remove", replica: fresh }], [fresh])]],
  ["the group has a learner that nothing awaits", { group: { learners: [fresh] } },
    [change([{ kind: "remove", replica: fresh }], [fresh])]],
  ["a node went silent that the record calls up", { silent: [4], states: { 4: "up" } },
    [{ operation: "SetNodeState", node: 4, state: "down", from: "up" }]],
  ["a node reports that the record calls down", { states: { 4: "down" } },
    [{ operation: "SetNodeState", node: 4, state: "up", from: "down" }]],
];

for (const [what, situation, expected] of situations) {
  test(`plan: ${what}`, () => {
    const actions = actionsIn(situation).map((action) =>
      (action.kind === "command" ? action.command : action.instruction));
    assert.deepEqual(actions, expected);
    for (const action of actionsIn(situation)) {
      if (action.kind === "instruct") assert.equal(action.node, nodeOfReplica(situation.leader ?? 1));
    }
  });
}
