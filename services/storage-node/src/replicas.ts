// Makes the replicas on this node be those that the cluster map gives it: creates what is missing and
// destroys what the map no longer has. The map decides which replicas exist; what is in them is decided by
// their group's log.
//
// The node keeps its own list of what its replicas are (replicas.json), written before a replica is created
// and after one is destroyed, so that after a restart it can open them without the control plane and can
// clean up the ranges of one whose table was deleted meanwhile. A replica that the list says was there and
// the log does not know (and did not remove) has forgotten its votes and acknowledgements: it is not made
// again, and the control plane, which misses it in the reports, replaces it by one with another id.
//
// A partition that is split makes its child by itself, before the map knows it (`born`). Keys are ordered by token and
// not by partition, so no two replicas here may ever hold the same range: a child that the map gives this node waits
// until the replica of its parent has been split, replaced by a snapshot, or destroyed.
import { assert } from "@azimuth/foundation/assert.ts";
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
import { decodeBirth, type Birth } from "@azimuth/partition/split.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { appliedKey } from "@azimuth/storage/keys/applied-key.ts";
import { birthKey, birthRange } from "@azimuth/storage/keys/birth-key.ts";
import { rangeVersionOf, type PartitionDescriptor, type RangeVersion } from "@azimuth/partition/descriptor.ts";
import { Partition, type PartitionDoors } from "@azimuth/partition/partition.ts";
import type { Files } from "@azimuth/storage/files.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";

const fileName = "replicas.json";
const controlGroup = 0;
const birthChunkBytes = 64 << 10;

/** One line of the list. */
interface Listed extends PartitionDescriptor {
  /** The replica that is durably there, or was. Absent: its creation may not have come that far. */
  readonly replica?: number | undefined;
  /** The range after splits. */
  readonly range?: RangeVersion | undefined;
}

type Range = Pick<PartitionDescriptor, "partition" | "tableId" | "firstToken" | "lastToken">;

export interface Replicas {
  get(partition: number): Partition | undefined;
  /** Id of the replica of this partition; 0 while it is not durably there. */
  replicaOf(partition: number): number;
  all(): Iterable<Partition>;
  /** Opens what the log store recovered. */
  openRecovered(): void;
  /** Call whenever the map changed. */
  reconcile(map: GroupLookup): void;
  /** Throws when two replicas here hold the same range. */
  checkInvariants(): void;
}

export interface ReplicasDoors extends Omit<PartitionDoors, "born" | "rangeReplaced"> {
  readonly log: Logger;
  readonly files: Files;
  readonly logStore: LogStore;
  readonly node: () => number;
}

export function createReplicas(doors: ReplicasDoors): Replicas {
  const { host, log, logStore, files, engine } = doors;
  const partitionDoors: PartitionDoors = {
    ...doors,
    born,
    rangeReplaced() {
      if (latest !== undefined) reconcile(latest);
    },
  };
  const partitions = new Map<number, Partition>();
  const descriptors = new Map<number, Listed>();
  /** Replicas whose log is lost, by group. */
  const forgotten = new Map<number, number>();
  /** Groups being created or destroyed. */
  const busy = new Set<number>();
  /** Replicas being destroyed, by group. */
  const leaving = new Map<number, Partition>();
  /** Until then a child that is to be born here could be taken for one that waits for a snapshot. */
  let birthsAreKnown = false;
  let latest: GroupLookup | undefined;
  let saveScheduled = false;

  function openRecovered(): void {
    const stored = files.readWhole(fileName);
    const list = stored === undefined ? [] : (JSON.parse(fromUtf8(stored)) as Listed[]);
    for (const { replica, range, ...descriptor } of list) {
      const { partition } = descriptor;
      const recovered = logStore.group(partition);
      if (recovered === undefined) {
        const wasThere = replica !== undefined && !logStore.wasRemoved(partition, replica);
        if (wasThere) keepAway({ ...descriptor, range }, replica);
        continue;
      }
      descriptors.set(partition, { ...descriptor, replica: recovered.replica, range });
      // The process ended before it noted that the replica was there: should the log lose it now, it is missed.
      if (replica === undefined) saveSoon();
      const machine = new Partition(partitionDoors, descriptor, range);
      partitions.set(partition, machine);
      host.openGroup({ group: partition, machine });
    }
    findBirths();
  }

  /** Children whose split is in the engine and that were not created before the process ended. */
  function findBirths(): void {
    const births: Birth[] = [];
    walkRange(engine, { ...birthRange(), chunkBytes: birthChunkBytes }, (pairs) => {
      for (const { value } of pairs) births.push(decodeBirth(value));
    }, () => {
      birthsAreKnown = true;
      for (const birth of births) born(birth, false);
      if (latest !== undefined) reconcile(latest);
    });
  }

  function born({ descriptor, voters }: Birth, leads: boolean): void {
    const { partition: group } = descriptor;
    const replica = voters.find((voter) => nodeOfReplica(voter) === doors.node());
    const isThere = partitions.has(group) || busy.has(group) || forgotten.has(group);
    if (replica === undefined || isThere || logStore.wasRemoved(group, replica)) return forgetBirth(group);
    descriptors.set(group, descriptor);
    // With it the parent's range as it is now: by this list its replica is known should it lose its state.
    for (const held of partitions.values()) held.noteChild(descriptor);
    saveDescriptors();
    const bootstrap = { ...emptyConfig, voters };
    log.info("a split made a partition", { partition: group, replica });
    start({ group, replica, bootstrap, stands: leads }, descriptor, () => forgetBirth(group));
  }

  function forgetBirth(child: number): void {
    engine.write([{ kind: "delete", key: birthKey(child) }], () => {});
  }

  /** Whether a replica here holds part of this range, or may still turn out to. */
  function isHeldByAnother({ partition, tableId, firstToken, lastToken }: Range): boolean {
    for (const held of [...partitions.values(), ...leaving.values()]) {
      const { descriptor, reachesTo, unborn } = held;
      if (descriptor.partition === partition || descriptor.tableId !== tableId) continue;
      const isApart = reachesTo < firstToken || descriptor.firstToken > lastToken;
      if (!isApart || unborn.length > 0) return true;
    }
    return false;
  }

  function reconcile(map: GroupLookup): void {
    latest = map;
    if (!birthsAreKnown) return;
    const held = logStore.groups().map(({ group, replica }) => ({ group, replica }));
    const fate = compare(map, doors.node(), held, (group, replica) => logStore.wasRemoved(group, replica));
    for (const { group } of fate.destroy) {
      if (group !== controlGroup && !busy.has(group)) destroy(group);
    }
    for (const [group, replica] of forgotten) {
      if (mustDestroy(map, { group, replica })) deleteRemains(group);
    }
    const missing = fate.create.filter(
      ({ group, partition }) => group !== controlGroup && !busy.has(group)
        && !forgotten.has(group) && !isHeldByAnother(partition),
    );
    if (missing.length === 0) return;
    for (const { group, partition } of missing) descriptors.set(group, descriptorOf(partition, doors));
    saveDescriptors();
    for (const wanted of missing) create(wanted);
  }

  function create({ group, replica, partition, bootstraps }: WantedReplica): void {
    const bootstrap = bootstraps ? { ...emptyConfig, voters: partition.bootstrap } : undefined;
    log.info("creating a replica", { partition: group, replica, founding: bootstraps });
    start({ group, replica, bootstrap }, descriptorOf(partition, doors), () => {});
  }

  function start(
    options: Omit<Parameters<typeof host.createGroup>[0], "machine">,
    descriptor: PartitionDescriptor,
    started: () => void,
  ): void {
    const { group, replica } = options;
    const machine = new Partition(partitionDoors, descriptor);
    partitions.set(group, machine);
    busy.add(group);
    host.createGroup({ ...options, machine }, () => {
      const listed = descriptors.get(group);
      if (listed !== undefined) descriptors.set(group, { ...listed, replica });
      saveSoon();
      started();
      settle(group);
    });
  }

  function keepAway(descriptor: Listed, replica: number): void {
    const { partition } = descriptor;
    log.error("the log has lost a replica: it stays away until it is replaced", { partition, replica });
    descriptors.set(partition, { ...descriptor, replica });
    forgotten.set(partition, replica);
  }

  function destroy(group: number): void {
    const replica = partitions.get(group);
    busy.add(group);
    log.info("destroying a replica", { partition: group });
    // The list forgot it once it was destroyed; damage has taken the record of that out of the log.
    if (replica === undefined) return host.destroyGroup(group, () => settle(group));
    replica.close();
    partitions.delete(group);
    leaving.set(group, replica);
    host.destroyGroup(group, () => abandonUnborn(replica, () => {
      leaving.delete(group);
      descriptors.delete(group);
      saveDescriptors();
      settle(group);
    }));
  }

  /**
   * What the engine holds of a replica that the log has lost, without the children that live here. It waits while some
   * of it may be another's, as until that one's state is loaded. Gone for good before the list forgets it: a crash must
   * not bring back what nobody knows.
   */
  function deleteRemains(group: number): void {
    const listed = descriptors.get(group);
    assert(listed !== undefined && !partitions.has(group), "a lost replica is listed, and its successor waits for it");
    const { replica: _lost, range, ...descriptor } = listed;
    const remains = new Partition(partitionDoors, descriptor, range);
    for (const held of partitions.values()) remains.noteChild(held.descriptor);
    if (isHeldByAnother(remains.descriptor)) return;
    forgotten.delete(group);
    busy.add(group);
    leaving.set(group, remains);
    remains.remainsIn(engine, (ranges) => {
      const deletions = ranges.map((each): WriteOperation => ({ kind: "delete-range", ...each }));
      engine.write([{ kind: "delete", key: appliedKey(group) }, ...deletions], () => engine.flush(() => {
        leaving.delete(group);
        descriptors.delete(group);
        saveDescriptors();
        settle(group);
      }));
    });
  }

  /** Children that were to come from a replica that is no more come by a snapshot. */
  function abandonUnborn(replica: Partition, done: () => void): void {
    if (replica.unborn.length === 0) return done();
    const ranges = replica.unbornRanges().map((range): WriteOperation => ({ kind: "delete-range", ...range }));
    const births = replica.unborn.map(({ descriptor: { partition } }): WriteOperation =>
      ({ kind: "delete", key: birthKey(partition) }));
    engine.write([...ranges, ...births], done);
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
    const list = [...descriptors.values()].map((listed) => {
      const current = (partitions.get(listed.partition) ?? leaving.get(listed.partition))?.descriptor;
      return current === undefined || current.epoch === listed.epoch ? listed
        : { ...listed, range: rangeVersionOf(current) };
    });
    files.writeAtomically(fileName, utf8(`${JSON.stringify(list)}\n`));
  }

  return {
    get: (partition) => partitions.get(partition),
    replicaOf: (partition) => logStore.group(partition)?.replica ?? 0,
    all: () => partitions.values(),
    openRecovered,
    reconcile,
    checkInvariants() {
      assertApart([...partitions.values(), ...leaving.values()].map(({ descriptor }) => descriptor));
    },
  };
}

/** Local indexes are made with the table, so the map that has the partition has them, too. */
function descriptorOf(record: PartitionRecord, { findTable }: Pick<PartitionDoors, "findTable">): PartitionDescriptor {
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

function assertApart(descriptors: readonly PartitionDescriptor[]): void {
  const inOrder = descriptors.toSorted((left, right) =>
    left.tableId - right.tableId || (left.firstToken < right.firstToken ? -1 : 1));
  for (const [position, next] of inOrder.entries()) {
    const before = inOrder[position - 1];
    const overlaps = before?.tableId === next.tableId && before.lastToken >= next.firstToken;
    assert(!overlaps, `partitions ${before?.partition} and ${next.partition} hold the same range here`);
  }
}
