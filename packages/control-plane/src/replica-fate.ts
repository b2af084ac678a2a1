// Which replicas a node should hold, by the cluster map. Creating is harmless; destroying is not, and a node
// may be looking at an old map (it restarted and asked a replica of group 0 that lags). So a replica is
// destroyed only on proof that holds in every later map too:
// - its partition is not listed although the map's counter has passed it, nor is it being made by a split: it was
//   deleted;
// - the record is at least as new as the replica (a replica's generation is the record's configEpoch at which
//   it was named) and does not list it: it was removed, and ids are never used again.
import { nodeOfReplica, replicaIdOf, replicaIdsPerGeneration } from "@azimuth/replication/host-api.ts";
import type { ReplicaId } from "@azimuth/raft/types.ts";
import type { PartitionRecord } from "./cluster-map.ts";

/** What the decisions need of a map; MapFollower has it. */
export interface GroupLookup {
  readonly nextPartition: number;
  group(id: number): PartitionRecord | undefined;
  groups(): Iterable<PartitionRecord>;
}

export interface WantedReplica {
  readonly group: number;
  readonly replica: ReplicaId;
  readonly partition: PartitionRecord;
  /** It starts with the partition, as a member of `partition.bootstrap`; otherwise it waits for a snapshot. */
  readonly bootstraps: boolean;
}

export interface HeldReplica {
  readonly group: number;
  readonly replica: ReplicaId;
}

export interface Reconciliation {
  readonly create: readonly WantedReplica[];
  readonly destroy: readonly HeldReplica[];
}

export function generationOf(replica: ReplicaId): number {
  return Math.floor(replica / replicaIdsPerGeneration);
}

/** The replica that a partition gets on a node at a version of its membership. */
export function newReplicaId(configEpoch: number, node: number): ReplicaId {
  return replicaIdOf(configEpoch, node);
}

/** Whether the map proves that this replica has no place any more. */
export function mustDestroy(map: GroupLookup, held: HeldReplica): boolean {
  const record = map.group(held.group);
  if (record === undefined) return held.group < map.nextPartition && !isBeingMade(map, held.group);
  if (record.voters.includes(held.replica) || record.learners.includes(held.replica)) return false;
  return record.configEpoch >= generationOf(held.replica);
}

function isBeingMade(map: GroupLookup, group: number): boolean {
  for (const { splitting } of map.groups()) if (splitting?.child === group) return true;
  return false;
}

/**
 * What node `node` has to create and destroy, given what it holds. A group it must destroy first waits its
 * turn; and an old map may still list replicas that were removed from this node, which `wasRemoved` (the log
 * store's) knows.
 */
export function reconcile(
  map: GroupLookup,
  node: number,
  held: readonly HeldReplica[],
  wasRemoved: (group: number, replica: ReplicaId) => boolean = () => false,
): Reconciliation {
  const heldGroups = new Set(held.map((replica) => replica.group));
  const create: WantedReplica[] = [];
  for (const partition of map.groups()) {
    if (heldGroups.has(partition.partition)) continue;
    const replica = replicaOn(partition, node);
    if (replica === undefined || wasRemoved(partition.partition, replica)) continue;
    const bootstraps = partition.bootstrap.includes(replica);
    create.push({ group: partition.partition, replica, partition, bootstraps });
  }
  return { create, destroy: held.filter((replica) => mustDestroy(map, replica)) };
}

export function replicaOn(partition: PartitionRecord, node: number): ReplicaId | undefined {
  return [...partition.voters, ...partition.learners].find((replica) => nodeOfReplica(replica) === node);
}
