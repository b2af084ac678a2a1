// Membership: which replicas must be replaced, and the next step of each replacement under way.
//
//   StartReplacement (record) → add-learner (group) → it catches up → add-voter + remove, jointly (group)
//     → RecordMembership (record); the node of the removed replica sees the record and destroys it
//
// The first and the last step are commands of group 0, the middle ones instructions to the partition's
// leader. A step is derived from what the record and the group's own membership say now, never from a memory
// of the step before, so the sequence survives the loss of either leader anywhere in between.
//
// One change per partition at a time, a bounded number in the cluster; nothing starts without a leader that
// could carry it out, nor without a node to go to: a whole zone that is gone is waited for.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import { createRing, type Ring } from "@azimuth/placement/ring.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import { sameMembers } from "@azimuth/raft/membership/configuration.ts";
import type { ConfigChangeStep } from "@azimuth/raft/types.ts";
import type { NodeRecord, PartitionRecord } from "./cluster-map.ts";
import { isReplaced } from "./decide-membership.ts";
import type { GroupReport } from "./node-report.ts";
import { isBroken, type ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";
import { replacementCandidates } from "./placer.ts";
import { planRebalance } from "./plan-rebalance.ts";

export function planReplicas(view: ClusterView): readonly Action[] {
  const actions: Action[] = [];
  const records = view.state.groups();
  const replaced = records.filter((record) => record.replacing !== undefined);
  // A group that has lost its majority may never end its change: it must not keep the others from theirs.
  let underWay = replaced.filter((record) => view.group(record.partition).leader !== undefined).length;
  const ring = createRing(view.liveNodes);
  for (const record of records) {
    const action = record.replacing === undefined
      ? planSettled(view, record, ring, underWay < view.options.replacementsMax)
      : planReplacement(view, record, record.replacing);
    if (action === undefined) continue;
    if (isStart(action)) underWay++;
    actions.push(action);
  }
  if (replaced.length === 0 && !actions.some(isStart)) actions.push(...planRebalance(view, ring));
  return actions;
}

function isStart(action: Action): boolean {
  return action.kind === "command" && action.command.operation === "StartReplacement";
}

/** For a partition that nothing is being done to. */
function planSettled(
  view: ClusterView, record: PartitionRecord, ring: Ring<NodeRecord>, mayStart: boolean,
): Action | undefined {
  const { leader, freshest } = view.group(record.partition);
  const hasChanged = freshest !== undefined && !sameMembers(freshest.voters, record.voters);
  if (hasChanged) return recordMembership(view, record, freshest);
  if (leader === undefined || leader.joint) return undefined;
  const stray = leader.learners[0];
  if (stray !== undefined) return change(leader, [{ kind: "remove", replica: stray }]);
  return mayStart ? planRepair(view, record, ring, leader) : undefined;
}

function planRepair(
  view: ClusterView, record: PartitionRecord, ring: Ring<NodeRecord>, leader: GroupReport,
): Action | undefined {
  const { partition, configEpoch } = record;
  const start = (remove: number, node: number): Action =>
    command({ operation: "StartReplacement", partition, configEpoch, remove, node });
  const { replicas } = view.options;
  const lost = record.voters.find((voter) => view.isDead(nodeOfReplica(voter)));
  const broken = record.voters.find((voter) => isBroken(view, record, voter));
  const missing = record.voters.length < replicas
    ? replacementCandidates(view.state, ring, record, { remove: 0, replicas })[0]
    : undefined;
  // Emptying a node can wait for copies that are missing: the node that would make one up must not replace another.
  const drained = missing !== undefined
    ? undefined
    : record.voters.find((voter) => view.state.nodes.get(nodeOfReplica(voter))?.state === "draining");
  const remove = lost ?? broken ?? drained;
  if (remove !== undefined) {
    const target = replacementCandidates(view.state, ring, record, { remove, replicas })[0];
    if (target !== undefined) return start(remove, target.number);
    // Its own node is the only one left for the zone: take it out first, then its node gets a new replica.
    if (remove === broken && record.voters.length > 1 && leader.replica !== remove) return start(remove, 0);
    return undefined;
  }
  if (record.voters.length >= replicas) return planSpread(view, record, ring, start);
  return missing === undefined ? undefined : start(0, missing.number);
}

/** Two replicas in one zone, placed when another zone was away, and now a zone that has none. */
function planSpread(
  view: ClusterView, record: PartitionRecord, ring: Ring<NodeRecord>, start: (remove: number, node: number) => Action,
): Action | undefined {
  const zoneOf = (replica: number): string | undefined => view.state.nodes.get(nodeOfReplica(replica))?.zone;
  const zones = record.voters.map(zoneOf);
  const remove = record.voters.find((voter, position) => zones.indexOf(zoneOf(voter)) !== position);
  if (remove === undefined) return undefined;
  const target = replacementCandidates(view.state, ring, record, { remove, replicas: view.options.replicas })
    .find((node) => !zones.includes(node.zone));
  return target === undefined ? undefined : start(remove, target.number);
}

/** The next step of a change under way. */
function planReplacement(
  view: ClusterView, record: PartitionRecord, replacing: { readonly remove: number; readonly add: number },
): Action | undefined {
  const { leader, freshest } = view.group(record.partition);
  if (freshest !== undefined && isReplaced(replacing, freshest.voters)) {
    return recordMembership(view, record, freshest);
  }
  if (leader === undefined || leader.joint) return undefined;
  const { remove, add } = replacing;
  // It is done, and recorded when those behind the leader know it for good. One step more would undo it.
  if (leader.voters.includes(add)) return undefined;
  if (leader.replica === remove && !buggify("a leader is removed before it has handed over")) {
    probe("a replica that is to be removed led its group");
    return moveLeadership(record, leader);
  }
  if (add === 0) return change(leader, [{ kind: "remove", replica: remove }]);
  if (!canComplete(view, record, add)) return planCancel(record, leader, add);
  if (!leader.learners.includes(add)) return change(leader, [{ kind: "add-learner", replica: add }]);
  if (!hasCaughtUp(view, leader, add)) return undefined;
  probe("a learner was made a voter");
  const steps: ConfigChangeStep[] = [{ kind: "add-voter", replica: add }];
  if (remove !== 0 && leader.voters.includes(remove)) steps.push({ kind: "remove", replica: remove });
  return change(leader, steps);
}

function canComplete(view: ClusterView, record: PartitionRecord, add: number): boolean {
  const node = nodeOfReplica(add);
  return !view.isDead(node) && view.state.nodes.has(node)
    && !view.group(record.partition).byReplica.get(add)?.corrupted;
}

function planCancel(record: PartitionRecord, leader: GroupReport, add: number): Action {
  probe("a replacement was given up");
  if (leader.learners.includes(add)) return change(leader, [{ kind: "remove", replica: add }]);
  const { partition, configEpoch } = record;
  return command({ operation: "CancelReplacement", partition, configEpoch });
}

function hasCaughtUp(view: ClusterView, leader: GroupReport, add: number): boolean {
  const progress = leader.progress.find((other) => other.replica === add);
  if (progress === undefined || !progress.active) return false;
  const isInitialised = view.group(leader.group).byReplica.get(add)?.initialised === true;
  return isInitialised && progress.match + view.options.caughtUpLagMax >= leader.lastIndex;
}

/** A leader that is to be removed hands over first, to the one whose log is longest. */
function moveLeadership(record: PartitionRecord, leader: GroupReport): Action | undefined {
  const heirs = leader.progress.filter((other) => other.active && leader.voters.includes(other.replica));
  const heir = heirs.toSorted((left, right) => right.match - left.match)[0];
  if (heir === undefined) return undefined;
  const instruction = { kind: "transfer-leader" as const, group: record.partition, to: heir.replica };
  return { kind: "instruct", node: nodeOfReplica(leader.replica), instruction };
}

/**
 * A removed replica is destroyed once this is recorded. So a majority of the members that stay has to know that it
 * left: with one of them lost, the others could not elect a leader by an older configuration that counts on its vote.
 */
function recordMembership(view: ClusterView, record: PartitionRecord, seen: GroupReport): Action | undefined {
  // A split that is done is recorded first: the replica removed may be one of the child's.
  if (record.splitting !== undefined && seen.lastSplit?.child === record.splitting.child) return undefined;
  const { byReplica } = view.group(record.partition);
  const knowing = seen.voters.filter((voter) => {
    const report = byReplica.get(voter);
    return report !== undefined && report.initialised && !report.joint && sameMembers(report.voters, seen.voters);
  });
  if (knowing.length * 2 <= seen.voters.length) return undefined;
  // An old report: the record has followed a newer one already.
  if (seen.applied <= (record.configIndex ?? 0)) return undefined;
  return command({
    operation: "RecordMembership",
    partition: record.partition,
    configEpoch: record.configEpoch,
    configIndex: seen.applied,
    voters: seen.voters,
  });
}

function change(leader: GroupReport, steps: readonly ConfigChangeStep[]): Action {
  const expect = { voters: leader.voters, learners: leader.learners };
  const instruction = { kind: "change-replicas" as const, group: leader.group, steps, expect };
  return { kind: "instruct", node: nodeOfReplica(leader.replica), instruction };
}
