// Makes the replicas on this node be those that the cluster map gives it: creates what is missing and destroys what
// the map no longer has. The map decides which replicas exist; what is in them is decided by their group's log.
//
// The node keeps its own list of what its replicas are (replicas.json), written before a replica is created and after
// one is destroyed, so that after a restart it can open them without the control plane and can clean up the ranges
// of one whose table was deleted meanwhile.
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { ClusterMap, PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import { Partition, type PartitionDescriptor, type PartitionDoors } from "@azimuth/partition/partition.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { Files } from "@azimuth/storage/files.ts";
import { emptyConfig, type LogStore } from "@azimuth/storage/log-store.ts";

const fileName = "replicas.json";

export interface Replicas {
  get(partition: number): Partition | undefined;
  all(): Iterable<Partition>;
  /** Opens what the log store recovered. */
  openRecovered(): void;
  /** Call whenever the map changed. */
  reconcile(map: ClusterMap): void;
}

export interface ReplicasDoors extends PartitionDoors {
  readonly log: Logger;
  readonly files: Files;
  readonly logStore: LogStore;
  readonly node: () => number;
  /** A replica came or went: report soon. */
  changed(): void;
}

export function createReplicas(doors: ReplicasDoors): Replicas {
  const { host, log, logStore, files } = doors;
  const partitions = new Map<number, Partition>();
  const descriptors = new Map<number, PartitionDescriptor>();
  /** Groups being created or destroyed. */
  const busy = new Set<number>();
  let latest: ClusterMap | undefined;

  function openRecovered(): void {
    const stored = files.readWhole(fileName);
    const list = stored === undefined ? [] : (JSON.parse(fromUtf8(stored)) as PartitionDescriptor[]);
    for (const descriptor of list) {
      const { partition } = descriptor;
      if (logStore.group(partition) === undefined) continue;
      descriptors.set(partition, descriptor);
      if (logStore.corrupted.some((damaged) => damaged.group === partition)) {
        log.error("a replica's log is damaged; it stays closed until it is replaced", { partition });
        continue;
      }
      const machine = new Partition(doors, descriptor);
      partitions.set(partition, machine);
      host.openGroup({ group: partition, machine });
    }
  }

  function reconcile(map: ClusterMap): void {
    latest = map;
    const wanted = new Map<number, { record: PartitionRecord; replica: number }>();
    for (const record of map.partitions) {
      const replica = replicaOn(record, doors.node());
      if (replica !== undefined) wanted.set(record.partition, { record, replica });
    }
    for (const { group, replica } of logStore.groups()) {
      if (group === 0 || busy.has(group)) continue;
      const want = wanted.get(group);
      if (want === undefined ? group < map.nextPartition : want.replica > replica) destroy(group);
    }
    const missing = [...wanted.values()].filter(
      ({ record: { partition }, replica }) =>
        logStore.group(partition) === undefined && !busy.has(partition) && !logStore.wasRemoved(partition, replica),
    );
    if (missing.length === 0) return;
    for (const { record } of missing) descriptors.set(record.partition, descriptorOf(record));
    saveDescriptors();
    for (const { record, replica } of missing) create(record, replica);
  }

  function create(record: PartitionRecord, replica: number): void {
    const { partition } = record;
    const machine = new Partition(doors, descriptorOf(record));
    partitions.set(partition, machine);
    busy.add(partition);
    const isFounding = record.bootstrap.includes(replica);
    const bootstrap = isFounding ? { ...emptyConfig, voters: record.bootstrap } : undefined;
    log.info("creating a replica", { partition, replica, founding: isFounding });
    host.createGroup({ group: partition, replica, bootstrap, machine }, () => settle(partition));
  }

  function destroy(group: number): void {
    if (!partitions.has(group)) return;
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

  function saveDescriptors(): void {
    files.writeAtomically(fileName, utf8(`${JSON.stringify([...descriptors.values()])}\n`));
  }

  return { get: (partition) => partitions.get(partition), all: () => partitions.values(), openRecovered, reconcile };
}

function descriptorOf(record: PartitionRecord): PartitionDescriptor {
  const { partition, tableId, firstToken, lastToken, epoch } = record;
  return { partition, tableId, firstToken, lastToken, epoch };
}

/** The newest replica of a partition that the map places on `node`, if any. */
function replicaOn(record: PartitionRecord, node: number): number | undefined {
  const replicas = [...record.voters, ...record.learners, record.replacing?.add ?? 0];
  let newest: number | undefined;
  for (const replica of replicas) {
    if (replica !== 0 && nodeOfReplica(replica) === node && (newest === undefined || replica > newest)) newest = replica;
  }
  return newest;
}
