// Where replicas go: the ring, with the loads that the map shows. A node that holds more than its zone's even
// share is passed over while another in the zone will do. Only nodes that are up take new replicas; of a zone that has
// none, a new partition counts on one that is to come back: two replicas without it could not bear to lose a disk.
import { angleOf, createRing, placeReplicas, type Ring } from "@azimuth/placement/ring.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { NodeRecord, PartitionRecord } from "./cluster-map.ts";
import type { ControlState } from "./control-state.ts";

export interface Placer {
  /** Those that are up. */
  readonly nodeCount: number;
  /** Nodes for a new partition; counts them as loaded. */
  place(tableId: number, firstToken: string): readonly NodeRecord[];
}

export function createPlacer(state: ControlState, replicas: number): Placer {
  const members = [...state.nodes.values()].filter((node) => !node.retired);
  const up = members.filter((node) => node.state === "up");
  const nodes = members.filter((node) => node.state === "up" || up.every(({ zone }) => zone !== node.zone));
  const ring = createRing(nodes);
  const loadByNode = replicaCounts(state);
  const nodesByZone = new Map<string, NodeRecord[]>();
  for (const node of nodes) nodesByZone.set(node.zone, [...(nodesByZone.get(node.zone) ?? []), node]);
  const load = (node: NodeRecord): number => loadByNode.get(node.number) ?? 0;
  const isFull = (node: NodeRecord): boolean => {
    const zone = nodesByZone.get(node.zone) as NodeRecord[];
    const total = zone.reduce((sum, other) => sum + load(other), 0);
    return load(node) >= Math.ceil((total + 1) / zone.length);
  };
  return {
    nodeCount: up.length,
    place(tableId, firstToken) {
      const placed = placeReplicas(ring, angleOf(tableId, firstToken), { replicas, isFull });
      for (const node of placed) loadByNode.set(node.number, load(node) + 1);
      return placed;
    },
  };
}

/** Replicas per node number, over all partitions of tables. */
export function replicaCounts(state: ControlState): Map<number, number> {
  const counts = new Map<number, number>();
  for (const partition of state.partitions.values()) {
    for (const replica of [...partition.voters, ...partition.learners]) {
      const node = nodeOfReplica(replica);
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
  }
  return counts;
}

/**
 * Nodes that may take a new replica of `partition` in place of `remove` (0: in place of none), best first:
 * the zone of the one removed, then ring order. A zone that a remaining replica uses is ruled out, unless the
 * cluster has fewer zones than replicas.
 */
export function replacementCandidates(
  state: ControlState,
  ring: Ring<NodeRecord>,
  partition: PartitionRecord,
  { remove, replicas }: { readonly remove: number; readonly replicas: number },
): readonly NodeRecord[] {
  const members = [...partition.voters, ...partition.learners];
  const usedNodes = new Set(members.map(nodeOfReplica));
  const zoneOf = (replica: number): string | undefined => state.nodes.get(nodeOfReplica(replica))?.zone;
  const usedZones = new Set(members.filter((member) => member !== remove).map(zoneOf));
  const zones = new Set([...state.nodes.values()].filter((node) => !node.retired).map((node) => node.zone));
  const zonesAreScarce = zones.size < replicas;
  const homeZone = remove === 0 ? undefined : zoneOf(remove);
  const candidates = ring.walk(angleOf(partition.tableId, partition.firstToken)).filter(
    (node) => !usedNodes.has(node.number) && (zonesAreScarce || !usedZones.has(node.zone)));
  const rank = (node: NodeRecord): number => {
    if (usedZones.has(node.zone)) return 2;
    return homeZone === undefined || node.zone === homeZone ? 0 : 1;
  };
  return candidates.toSorted((left, right) => rank(left) - rank(right));
}
