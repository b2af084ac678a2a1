// What a healed cluster must get rid of within a while, and what no client can see: a replica that the map does not
// give its node, a key of no replica there, and work that somebody began and nobody ended (a lock, a change queued for
// an index, a child about to be born, a transaction that is not settled). What is never cleaned up fills the disks;
// what is never ended blocks the next write to the item, or the next split.
import { ledgerTableName, decodeLedgerRecord } from "@azimuth/operations/transaction-ledger.ts";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import { compareBytes, toHex } from "@azimuth/foundation/bytes.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { KeyRange } from "@azimuth/replication/state-machine.ts";
import type { KeyValue } from "@azimuth/storage/engine.ts";
import { appliedKey } from "@azimuth/storage/keys/applied-key.ts";
import { controlRange } from "@azimuth/storage/keys/control-key.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { birthSpace, idempotencySpace, indexQueueSpace, lockSpace } from "@azimuth/storage/keys/spaces.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { groupsOf } from "./health.ts";
import type { NodeLife, World } from "./world.ts";

const chunkBytes = 1 << 20;
const controlGroup = 0;
/** Keys told of each kind; one is enough to go looking. */
const keysToldMax = 2;

const unfinishedBySpace: ReadonlyMap<number, string> = new Map([
  [birthSpace, "a child that is to be born"],
  [lockSpace, "a lock"],
  [indexQueueSpace, "a change for an index"],
]);

/** What there is of that now, on all nodes that run. `withRecords`: records of answered writes should be gone, too. */
export async function findStrays(world: World, map: ClusterMap, withRecords: boolean): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, { life }] of world.nodes) {
    if (life === undefined) continue;
    const number = map.nodes.find((node) => node.name === name && node.retired !== true)?.number;
    const wanted = groupsAt(map, number);
    const held = life.logStore.groups().map(({ group }) => group);
    for (const group of held) if (!wanted.has(group)) found.push(`${name} holds a replica of group ${group}`);
    const kinds = new Map<string, string[]>();
    await walkOver(life, held, (pair, isOwned) => {
      const kind = isOwned ? unfinished(pair, map, withRecords) : "a key of no replica";
      if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), toHex(pair.key)]);
    });
    for (const [kind, keys] of kinds) {
      found.push(`${name} holds ${kind}, ${keys.length} times, as ${keys.slice(0, keysToldMax).join(" ")}`);
    }
  }
  return found;
}

function groupsAt(map: ClusterMap, node: number | undefined): ReadonlySet<number> {
  const there = groupsOf(map).filter(({ voters, learners, replacing }) =>
    [...voters, ...learners, replacing?.add ?? 0].some((replica) => nodeOfReplica(replica) === node));
  return new Set(there.map(({ partition }) => partition));
}

function unfinished({ key, value }: KeyValue, map: ClusterMap, withRecords: boolean): string | undefined {
  const space = key[0] as number;
  if (space === idempotencySpace) return withRecords ? "the record of a write answered long ago" : undefined;
  const ledger = map.tables.find(({ name }) => name === ledgerTableName);
  if (ledger !== undefined && isBelow(key, tablePrefix(ledger.tableId))) {
    const { state } = decodeLedgerRecord(value).record;
    return state === "pending" || state === "committed" ? `a transaction that is ${state}` : undefined;
  }
  return unfinishedBySpace.get(space);
}

function isBelow(key: Uint8Array, prefix: Uint8Array): boolean {
  return compareBytes(key.subarray(0, prefix.length), prefix) === 0;
}

/** Visits all that the engine holds, in order, and says of each key whether it belongs to one of these groups. */
function walkOver(
  { engine, node }: NodeLife, groups: readonly number[], visit: (pair: KeyValue, isOwned: boolean) => void,
): Promise<void> {
  const owned = groups.flatMap((group): KeyRange[] => {
    const applied = { start: appliedKey(group), end: Buffer.concat([appliedKey(group), Buffer.of(0)]) };
    return [applied, ...(group === controlGroup ? [controlRange()] : node.rangesOf(group))];
  }).toSorted((left, right) => compareBytes(left.start, right.start));
  let position = 0;
  const everything = { start: Buffer.of(0), end: Buffer.of(255), chunkBytes };
  return new Promise((resolve) => walkRange(engine, everything, (pairs) => {
    for (const pair of pairs) {
      while (position < owned.length && compareBytes((owned[position] as KeyRange).end, pair.key) <= 0) position++;
      const range = owned[position];
      visit(pair, range !== undefined && compareBytes(range.start, pair.key) <= 0);
    }
  }, resolve));
}
