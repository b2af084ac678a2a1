// Evening out replicas: when everything is healthy and a node of a zone has clearly more replicas than
// another one of the same zone (a node joined, or came back empty), one replica at a time moves over. The
// ring says which: a partition whose walk meets the emptier node before the fuller one belongs there anyway.
import { angleOf, type Ring } from "@azimuth/placement/ring.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { NodeRecord, PartitionRecord } from "./cluster-map.ts";
import type { ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";
import { replicaCounts } from "./placer.ts";
import { replicaOn } from "./replica-fate.ts";

export function planRebalance(view: ClusterView, ring: Ring<NodeRecord>): readonly Action[] {
  const { replicaImbalanceMin } = view.options;
  if (replicaImbalanceMin === 0 || view.liveNodes.length !== countNodes(view)) return [];
  const counts = replicaCounts(view.state);
  const load = (node: NodeRecord): number => counts.get(node.number) ?? 0;
  for (const zone of new Set(view.liveNodes.map((node) => node.zone))) {
    const nodes = view.liveNodes.filter((node) => node.zone === zone)
      .toSorted((left, right) => load(left) - load(right) || left.number - right.number);
    const emptiest = nodes[0] as NodeRecord;
    const fullest = nodes.at(-1) as NodeRecord;
    if (load(fullest) - load(emptiest) < Math.max(2, replicaImbalanceMin)) continue;
    const move = chooseMove(view, ring, fullest, emptiest);
    if (move !== undefined) return [move];
  }
  return [];
}

/** Nothing moves while a node is away: its return would move it back. */
function countNodes(view: ClusterView): number {
  return [...view.state.nodes.values()].filter((node) => !node.retired).length;
}

function chooseMove(view: ClusterView, ring: Ring<NodeRecord>, from: NodeRecord, to: NodeRecord): Action | undefined {
  const movable = [...view.state.partitions.values()].filter((record) =>
    record.replacing === undefined && record.splitting === undefined && record.voters.length >= view.options.replicas
    && view.group(record.partition).leader !== undefined
    && record.voters.some((voter) => nodeOfReplica(voter) === from.number)
    && replicaOn(record, to.number) === undefined);
  const record = movable.find((candidate) => meetsFirst(ring, candidate, to, from)) ?? movable[0];
  if (record === undefined) return undefined;
  return command({
    operation: "StartReplacement",
    partition: record.partition,
    configEpoch: record.configEpoch,
    remove: replicaOn(record, from.number) as number,
    node: to.number,
  });
}

function meetsFirst(ring: Ring<NodeRecord>, record: PartitionRecord, one: NodeRecord, other: NodeRecord): boolean {
  const walk = ring.walk(angleOf(record.tableId, record.firstToken));
  return walk.indexOf(one) < walk.indexOf(other);
}
