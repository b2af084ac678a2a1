// Looks at the whole cluster at once, which no process can, to say whether everything has all its copies, and whether
// the copies are the same byte for byte.
import { createHash } from "node:crypto";
import type { ClusterMap, PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import { collectionRange } from "@azimuth/storage/keys/collection-key.ts";
import { controlRange } from "@azimuth/storage/keys/control-key.ts";
import { indexMarkRange } from "@azimuth/storage/keys/index-mark-key.ts";
import { indexQueueRange } from "@azimuth/storage/keys/index-queue-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { lockRange } from "@azimuth/storage/keys/lock-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import type { NodeGroupStatus } from "@azimuth/storage-node/status.ts";
import type { Operator } from "./operator.ts";
import type { NodeLife, World } from "./world.ts";

const copies = 3;
const chunkBytes = 1 << 20;

export interface Copy {
  readonly node: string;
  readonly life: NodeLife;
  readonly status: NodeGroupStatus;
}

/** All groups by the operator's map, the control plane's own included. */
export function groupsOf(map: ClusterMap): readonly PartitionRecord[] {
  return map.control === undefined ? [] : [map.control, ...map.partitions];
}

/** The replicas of a group that run and have a state; damaged ones do not count. */
export function copiesOf(world: World, map: ClusterMap, record: PartitionRecord): readonly Copy[] {
  const found: Copy[] = [];
  for (const replica of record.voters) {
    const number = nodeOfReplica(replica);
    const name = map.nodes.find((node) => node.number === number)?.name;
    const life = name === undefined ? undefined : world.nodes.get(name)?.life;
    const groups = life?.node.status().groups ?? [];
    const status = groups.find((each) => each.group === record.partition && each.replica === replica);
    if (life !== undefined && status?.initialised === true) found.push({ node: name as string, life, status });
  }
  return found;
}

/** Every group has all its copies, none is being moved, and the operator's map is the newest. */
export function isFullyReplicated(world: World, operator: Operator): boolean {
  return whatIsMissing(world, operator) === undefined;
}

/** The first thing that keeps the cluster from being whole. */
export function whatIsMissing(world: World, operator: Operator): string | undefined {
  const map = operator.map();
  for (const [name, { life }] of world.nodes) {
    const revision = life?.node.status().revision ?? 0;
    if (revision > map.revision) return `the operator's map is older than that of ${name}`;
  }
  const groups = groupsOf(map);
  if (groups.length === 0) return "there is no map";
  for (const record of groups) {
    const { partition, voters, learners, replacing } = record;
    const what = `group ${partition} with voters ${voters.join(" ")}`;
    if (replacing !== undefined) return `${what} replaces ${replacing.remove} by ${replacing.add}`;
    if (record.splitting !== undefined) return `${what} is being split into ${partition} and ${record.splitting.child}`;
    if (learners.length > 0) return `${what} has learners ${learners.join(" ")}`;
    if (voters.length < copies) return `${what} lacks a copy, with nodes ${describeNodes(map)}`;
    const found = copiesOf(world, map, record);
    if (found.length < voters.length) return `${what} has copies on ${found.map(({ node }) => node).join(" ")} only`;
  }
  return undefined;
}

function describeNodes(map: ClusterMap): string {
  const told = map.nodes.map(({ number, name, state, retired }) => `${number} ${name} ${retired ? "retired" : state}`);
  return told.join(", ");
}

/** One line for each replica that runs: what it is, how far, and whom it takes for members. For failed runs. */
export function describeReplicas(world: World): readonly string[] {
  return [...world.nodes].flatMap(([name, { life }]) => (life?.node.status().groups ?? []).map((status) => {
    const { group, replica, role, leader, term, commit, applied, lastIndex, voters, learners } = status;
    const members = `voters ${voters.join(" ")}${learners.length > 0 ? `, learners ${learners.join(" ")}` : ""}`;
    return `group ${group}: ${replica} on ${name}, ${role} of ${leader} in term ${term}, ` +
      `${applied} ≤ ${commit} ≤ ${lastIndex}, ${members}`;
  })).toSorted();
}

/** A zone can be done without when no group has two replicas in it, nor is about to change its members. */
export function canDoWithout(operator: Operator, zone: string): boolean {
  const map = operator.map();
  const zoneOf = (replica: number): string | undefined =>
    map.nodes.find((node) => node.number === nodeOfReplica(replica))?.zone;
  return groupsOf(map).every(({ voters, replacing }) =>
    replacing === undefined && voters.filter((replica) => zoneOf(replica) === zone).length <= 1);
}

/** Whether any group has a replica on the node. */
export function mentions(map: ClusterMap, node: number): boolean {
  return groupsOf(map).some((record) =>
    [...record.voters, ...record.learners, record.replacing?.add ?? 0]
      .some((replica) => nodeOfReplica(replica) === node));
}

/** What is wrong with the map's ranges: each table's partitions cover all tokens exactly once. */
export function gapsOf(map: ClusterMap): readonly string[] {
  const found: string[] = [];
  for (const table of map.tables) {
    const own = map.partitions.filter((record) => record.tableId === table.tableId)
      .toSorted((one, other) => (one.firstToken < other.firstToken ? -1 : 1));
    // A table that is being created may have none yet.
    if (own.length === 0) continue;
    if (own[0]?.firstToken !== "0".repeat(16)) found.push(`${table.name} has no partition for the first tokens`);
    if (own.at(-1)?.lastToken !== "f".repeat(16)) found.push(`${table.name} has no partition for the last tokens`);
    for (const [position, record] of own.entries()) {
      const next = own[position + 1];
      if (next === undefined) continue;
      if (BigInt(`0x${record.lastToken}`) + 1n !== BigInt(`0x${next.firstToken}`)) {
        found.push(`partitions ${record.partition} and ${next.partition} of ${table.name} leave a gap or overlap`);
      }
    }
  }
  return found;
}

/** A digest of everything a copy holds of its group, by its own list and by another, lest it leave something out. */
export async function digestOf(copy: Copy, record: PartitionRecord): Promise<string> {
  const { partition, tableId, firstToken, lastToken } = record;
  const ranges = partition === 0 ? [controlRange()] : [
    ...copy.life.node.rangesOf(partition),
    partitionRange(tableId, firstToken, lastToken),
    collectionRange(tableId, firstToken, lastToken),
    lockRange(tableId, firstToken, lastToken),
    indexQueueRange(partition),
    indexMarkRange(partition),
  ];
  const hash = createHash("sha256");
  for (const range of ranges) {
    await forEachPair(copy.life.engine, range, (key, value) =>
      void hash.update(`${key.length} ${value.length} `).update(key).update(value));
  }
  return hash.digest("hex");
}

/** What a partition's copy holds: to be compared with what it counts. */
export async function countOf(copy: Copy, record: PartitionRecord): Promise<{ items: number; bytes: number }> {
  const count = { items: 0, bytes: 0 };
  const range = partitionRange(record.tableId, record.firstToken, record.lastToken);
  await forEachPair(copy.life.engine, range, (_key, value) => {
    count.items++;
    count.bytes += value.length;
  });
  return count;
}

function forEachPair(
  engine: Engine,
  range: { readonly start: Uint8Array; readonly end: Uint8Array },
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve) => walkRange(engine, { ...range, chunkBytes }, (pairs) => {
    for (const { key, value } of pairs) visit(key, value);
  }, resolve));
}
