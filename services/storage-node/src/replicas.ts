// Makes the replicas on this node be those that the cluster map gives it: creates what is missing and
// destroys what the map no longer has. The map decides which replicas exist; what is in them is decided by
// their group's log.
//
// The node keeps its own list of what its replicas are (replicas.json), written before a replica is created
// and after one is destroyed, so that after a restart it can open them without the control plane and can
// clean up the ranges of one whose table was deleted meanwhile. A replica that the list says was there and
// the log does not know (and did not remove) has forgotten its votes and acknowledgements: it is not made
// again, and the control plane, which misses it in the reports, replaces it by one with another id.
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import {
  mustDestroy,
  reconcile as compare,
  type GroupLookup,
  type WantedReplica,
} from "@azimuth/control-plane/replica-fate.ts";
import { localIndexesOf } from "@azimuth/operations/index-entries.ts";
import { Partition, type PartitionDescriptor, type PartitionDoors } from "@azimuth/partition/partition.ts";
import type { Files } from "@azimuth/storage/files.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";

const fileName = "replicas.json";
const controlGroup = 0;

/** One line of the list. */
interface Listed extends PartitionDescriptor {
  /** The replica that is durably there, or was. Absent: its creation may not have come that far. */
  readonly replica?: number | undefined;
}

export interface Replicas {
  get(partition: number): Partition | undefined;
  /** Id of the replica of this partition; 0 while it is not durably there. */
  replicaOf(partition: number): number;
  all(): Iterable<Partition>;
  /** Opens what the log store recovered. */
  openRecovered(): void;
  /** Call whenever the map changed. */
  reconcile(map: GroupLookup): void;
}

export interface ReplicasDoors extends PartitionDoors {
  readonly log: Logger;
  readonly files: Files;
  readonly logStore: LogStore;
  readonly node: () => number;
}

export function createReplicas(doors: ReplicasDoors): Replicas {
  const { host, log, logStore, files } = doors;
  const partitions = new Map<number, Partition>();
  const descriptors = new Map<number, Listed>();
  /** Replicas whose log is lost, by group. */
  const forgotten = new Map<number, number>();
  /** Groups being created or destroyed. */
  const busy = new Set<number>();
  let latest: GroupLookup | undefined;
  let saveScheduled = false;

  function openRecovered(): void {
    const stored = files.readWhole(fileName);
    const list = stored === undefined ? [] : (JSON.parse(fromUtf8(stored)) as Listed[]);
    for (const { replica, ...descriptor } of list) {
      const { partition } = descriptor;
      const recovered = logStore.group(partition);
      if (recovered === undefined) {
        if (replica !== undefined && !logStore.wasRemoved(partition, replica)) keepAway(descriptor, replica);
        continue;
      }
      descriptors.set(partition, { ...descriptor, replica: recovered.replica });
      const machine = new Partition(doors, descriptor);
      partitions.set(partition, machine);
      host.openGroup({ group: partition, machine });
    }
  }

  function reconcile(map: GroupLookup): void {
    latest = map;
    const held = logStore.groups().map(({ group, replica }) => ({ group, replica }));
    const fate = compare(map, doors.node(), held, (group, replica) => logStore.wasRemoved(group, replica));
    for (const { group } of fate.destroy) {
      if (group !== controlGroup && !busy.has(group)) destroy(group);
    }
    for (const [group, replica] of forgotten) {
      if (!mustDestroy(map, { group, replica })) continue;
      forgotten.delete(group);
      if (!partitions.has(group)) descriptors.delete(group);
    }
    const missing = fate.create.filter(
      ({ group, replica }) => group !== controlGroup && !busy.has(group) && forgotten.get(group) !== replica,
    );
    if (missing.length === 0) return;
    for (const { group, partition } of missing) descriptors.set(group, descriptorOf(partition, doors));
    saveDescriptors();
    for (const wanted of missing) create(wanted);
  }

  function create({ group, replica, partition, bootstraps }: WantedReplica): void {
    const machine = new Partition(doors, descriptorOf(partition, doors));
    partitions.set(group, machine);
    busy.add(group);
    const bootstrap = bootstraps ? { ...emptyConfig, voters: partition.bootstrap } : undefined;
    log.info("creating a replica", { partition: group, replica, founding: bootstraps });
    host.createGroup({ group, replica, bootstrap, machine }, () => {
      const descriptor = descriptors.get(group);
      if (descriptor !== undefined) descriptors.set(group, { ...descriptor, replica });
      saveSoon();
      settle(group);
    });
  }

  function keepAway(descriptor: PartitionDescriptor, replica: number): void {
    const { partition } = descriptor;
    log.error("the log has lost a replica: it stays away until it is replaced", { partition, replica });
    descriptors.set(partition, { ...descriptor, replica });
    forgotten.set(partition, replica);
  }

  function destroy(group: number): void {
    const leaving = partitions.get(group);
    if (leaving === undefined) return;
    leaving.close();
    busy.add(group);
    log.info("destroying a replica", { partition: group });
    partitions.delete(group);
    host.destroyGroup(group, () => {
      descriptors.delete(group);
      saveDescriptors();
      settle(group);
    });
  }

  function settle(partition: number): void {
    busy.delete(partition);
    doors.changed();
    if (latest !== undefined) reconcile(latest);
  }

  /** Once for all replicas that are created together. */
  function saveSoon(): void {
    if (saveScheduled) return;
    saveScheduled = true;
    doors.clock.defer(() => {
      saveScheduled = false;
      saveDescriptors();
    });
  }

  function saveDescriptors(): void {
    files.writeAtomically(fileName, utf8(`${JSON.stringify([...descriptors.values()])}\n`));
  }

  return {
    get: (partition) => partitions.get(partition),
    replicaOf: (partition) => logStore.group(partition)?.replica ?? 0,
    all: () => partitions.values(),
    openRecovered,
    reconcile,
  };
}

/** Local indexes are made with the table, so the map that has the partition has them, too. */
function descriptorOf(record: PartitionRecord, { findTable }: PartitionDoors): PartitionDescriptor {
  const { partition, tableId, firstToken, lastToken, epoch } = record;
  const table = findTable(tableId);
  const local = table?.tableId === tableId ? localIndexesOf(table).map((index) => index.indexId) : [];
  return {
    partition,
    tableId,
    firstToken,
    lastToken,
    epoch,
    ...(local.length > 0 ? { localIndexes: local } : {}),
  };
}
