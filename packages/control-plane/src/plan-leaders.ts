// Evening out leaderships, since the leader of a partition does most of its work: now and then the live node
// that leads most hands some to the nodes that lead least.
//
// A transfer is asked for only if it lessens the difference (two or more), so the end is stable; a group is
// left alone for a while after a transfer, settled or not; and a node that is draining hands over everything
// it leads.
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { GroupReport } from "./node-report.ts";
import { isControlGroup, type ClusterView } from "./observations.ts";
import type { Action } from "./plan.ts";

interface Led {
  readonly record: PartitionRecord;
  readonly leader: GroupReport;
}

export function planLeaders(view: ClusterView): readonly Action[] {
  const { observations, options, now } = view;
  if (now - observations.lastBalanceAt < options.balancePeriodMs) return [];
  const ledByNode = groupsByLeader(view);
  const countByNode = new Map<number, number>(view.liveNodes.map((node) => [node.number, 0]));
  for (const [node, led] of ledByNode) countByNode.set(node, led.length);
  const actions: Action[] = [];
  const moved = new Set<number>();
  while (actions.length < options.transfersPerRoundMax) {
    const move = bestMove(view, ledByNode, countByNode, moved);
    if (move === undefined) break;
    moved.add(move.led.record.partition);
    countByNode.set(move.from, (countByNode.get(move.from) as number) - 1);
    countByNode.set(nodeOfReplica(move.to), (countByNode.get(nodeOfReplica(move.to)) as number) + 1);
    const instruction = { kind: "transfer-leader" as const, group: move.led.record.partition, to: move.to };
    actions.push({ kind: "instruct", node: move.from, instruction });
  }
  return actions;
}

/** The transfer that evens things out most: from the fullest node that has one to give. */
function bestMove(
  view: ClusterView,
  ledByNode: ReadonlyMap<number, readonly Led[]>,
  countByNode: ReadonlyMap<number, number>,
  moved: ReadonlySet<number>,
): { readonly led: Led; readonly from: number; readonly to: number } | undefined {
  const isDraining = (node: number): boolean => view.state.nodes.get(node)?.state === "draining";
  const weight = (node: number): number => (isDraining(node) ? Infinity : (countByNode.get(node) as number));
  const givers = [...ledByNode.keys()].toSorted((left, right) => weight(right) - weight(left) || left - right);
  for (const from of givers) {
    let best: { led: Led; from: number; to: number; count: number } | undefined;
    for (const led of ledByNode.get(from) as readonly Led[]) {
      if (moved.has(led.record.partition) || !isAtRest(view, led)) continue;
      for (const to of heirs(view, led)) {
        const count = countByNode.get(nodeOfReplica(to)) as number;
        if (weight(from) - count >= 2 && (best === undefined || count < best.count)) best = { led, from, to, count };
      }
    }
    if (best !== undefined) return best;
  }
  return undefined;
}

function groupsByLeader(view: ClusterView): Map<number, Led[]> {
  const ledByNode = new Map<number, Led[]>();
  for (const record of view.state.groups()) {
    const { leader } = view.group(record.partition);
    if (leader === undefined || (isControlGroup(record) && !isOnDrainingNode(view, leader))) continue;
    const node = nodeOfReplica(leader.replica);
    const led = ledByNode.get(node) ?? [];
    ledByNode.set(node, led);
    led.push({ record, leader });
  }
  return ledByNode;
}

function isOnDrainingNode(view: ClusterView, leader: GroupReport): boolean {
  return view.state.nodes.get(nodeOfReplica(leader.replica))?.state === "draining";
}

function isAtRest(view: ClusterView, { record, leader }: Led): boolean {
  const last = view.observations.lastTransferByGroup.get(record.partition);
  const isCool = last === undefined || view.now - last >= view.options.transferCooldownMs;
  return isCool && record.replacing === undefined && !leader.joint;
}

/** Voters on live nodes that could take over at once. */
function heirs(view: ClusterView, { leader }: Led): readonly number[] {
  return leader.progress
    .filter(({ replica, match, active }) => active && leader.voters.includes(replica)
      && view.isLive(nodeOfReplica(replica)) && match + view.options.caughtUpLagMax >= leader.lastIndex)
    .map(({ replica }) => replica);
}
