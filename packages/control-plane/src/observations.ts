// What the autoadmin sees: the latest report of each node with the time it came, put together by group.
// Everything here is derived and may be out of date; whatever is decided from it is checked again against the
// replicated state (decide-membership.ts) and against the group's own configuration (instructions.ts).
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { NodeRecord, PartitionRecord } from "./cluster-map.ts";
import { controlGroup, type ControlState } from "./control-state.ts";
import type { GroupReport, NodeReport } from "./node-report.ts";

export interface AutoadminOptions {
  /** Copies of each partition. */
  readonly replicas: number;
  readonly planPeriodMs: number;
  /** From a change to the next look at it. */
  readonly planDelayMs: number;
  /** A node that was heard of within this time takes new replicas and leaderships. */
  readonly nodeLiveWithinMs: number;
  /** A node silent for this long has its replicas replaced; also a replica that its node does not have. */
  readonly nodeDeadAfterMs: number;
  /** Changes of membership under way at once, in the whole cluster. */
  readonly replacementsMax: number;
  /** Splits under way at once, in the whole cluster. */
  readonly splitsMax: number;
  /** Entries that a learner may lack when it is made a voter. */
  readonly caughtUpLagMax: number;
  /** Leaderships are evened out this often, at most so many at a time, each group at most once in the cool-down. */
  readonly balancePeriodMs: number;
  readonly transfersPerRoundMax: number;
  readonly transferCooldownMs: number;
  /** Replicas move within a zone when one node has this many more than another; 0 turns it off. */
  readonly replicaImbalanceMin: number;
}

export const defaultAutoadminOptions: AutoadminOptions = {
  replicas: 3,
  planPeriodMs: 500,
  planDelayMs: 20,
  nodeLiveWithinMs: 3000,
  nodeDeadAfterMs: 30_000,
  replacementsMax: 8,
  splitsMax: 4,
  caughtUpLagMax: 64,
  balancePeriodMs: 2000,
  transfersPerRoundMax: 4,
  transferCooldownMs: 15_000,
  replicaImbalanceMin: 2,
};

export interface ReceivedReport {
  readonly report: NodeReport;
  readonly receivedAt: number;
}

/** What the autoadmin remembers while it leads. */
export interface Observations {
  /** Silence is counted from here for nodes that have not been heard of since. */
  readonly leadingSince: number;
  readonly reports: ReadonlyMap<number, ReceivedReport>;
  /** Replicas that a live node should have and does not report, with the time this was first seen. */
  readonly missingSince: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly lastTransferByGroup: ReadonlyMap<number, number>;
  readonly lastBalanceAt: number;
}

export interface GroupView {
  /** The report of the replica that leads, of the highest term reported by a live node. */
  leader: GroupReport | undefined;
  /** The report with the newest settled membership. */
  freshest: GroupReport | undefined;
  readonly byReplica: Map<number, GroupReport>;
}

/** The state and the observations, ready to plan by. */
export interface ClusterView {
  readonly state: ControlState;
  readonly options: AutoadminOptions;
  readonly now: number;
  readonly observations: Observations;
  /** Heard of lately and known to be up. */
  readonly liveNodes: readonly NodeRecord[];
  isLive(node: number): boolean;
  /** Silent for longer than a report takes, counted from the beginning of this leadership. */
  isSilent(node: number): boolean;
  /** Silent for too long, retired or unknown: its replicas are lost. */
  isDead(node: number): boolean;
  group(id: number): GroupView;
}

const unseen: GroupView = { leader: undefined, freshest: undefined, byReplica: new Map() };

export function viewCluster(
  state: ControlState, observations: Observations, options: AutoadminOptions, now: number,
): ClusterView {
  const silence = (node: number): number =>
    now - (observations.reports.get(node)?.receivedAt ?? observations.leadingSince);
  const isHeard = (node: number): boolean =>
    observations.reports.has(node) && silence(node) < options.nodeLiveWithinMs;
  const liveNodes = [...state.nodes.values()].filter(
    (node) => node.state === "up" && !node.retired && isHeard(node.number));
  const live = new Set(liveNodes.map((node) => node.number));
  const groups = groupViews(observations, isHeard);
  return {
    state, options, now, observations, liveNodes,
    isLive: (node) => live.has(node),
    isSilent: (node) => silence(node) >= options.nodeLiveWithinMs,
    isDead(node) {
      const record = state.nodes.get(node);
      // A founder of group 0 has replicas before it has registered.
      if (record === undefined) return silence(node) >= options.nodeDeadAfterMs;
      return record.retired === true || silence(node) >= options.nodeDeadAfterMs;
    },
    group: (id) => groups.get(id) ?? unseen,
  };
}

function groupViews(observations: Observations, isHeard: (node: number) => boolean): Map<number, GroupView> {
  const groups = new Map<number, GroupView>();
  for (const { report } of observations.reports.values()) {
    for (const replica of report.groups) {
      let view = groups.get(replica.group);
      if (view === undefined) {
        view = { leader: undefined, freshest: undefined, byReplica: new Map() };
        groups.set(replica.group, view);
      }
      addReplica(view, replica, isHeard(report.node));
    }
  }
  return groups;
}

function addReplica(view: GroupView, replica: GroupReport, isHeard: boolean): void {
  view.byReplica.set(replica.replica, replica);
  if (replica.corrupted || !replica.initialised) return;
  const leads = replica.role === "leader" && isHeard;
  if (leads && (view.leader === undefined || replica.term > view.leader.term)) view.leader = replica;
  if (replica.joint) return;
  if (view.freshest === undefined || replica.applied > view.freshest.applied) view.freshest = replica;
}

/** Notes which replicas of live nodes are missing from their reports, and since when. */
export function noteMissing(view: ClusterView): Map<number, Map<number, number>> {
  const before = view.observations.missingSince;
  const missing = new Map<number, Map<number, number>>();
  for (const record of view.state.groups()) {
    for (const replica of record.voters) {
      if (!view.isLive(nodeOfReplica(replica)) || view.group(record.partition).byReplica.has(replica)) continue;
      const since = before.get(record.partition)?.get(replica) ?? view.now;
      const group = missing.get(record.partition) ?? new Map<number, number>();
      missing.set(record.partition, group.set(replica, since));
    }
  }
  return missing;
}

/** Its node is there but the replica is damaged, or has been missing for too long. */
export function isBroken(view: ClusterView, record: PartitionRecord, replica: number): boolean {
  if (view.group(record.partition).byReplica.get(replica)?.corrupted) return true;
  const since = view.observations.missingSince.get(record.partition)?.get(replica);
  return since !== undefined && view.now - since >= view.options.nodeDeadAfterMs;
}

export function isControlGroup(record: PartitionRecord): boolean {
  return record.partition === controlGroup;
}
