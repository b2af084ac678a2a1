// The control plane's state as the cluster map that others follow: whole, or what changed above a revision.
//
// Changes are remembered by revision for a while, in memory only. Whoever asks from before what is remembered
// (after a restart of this replica, or after a long absence) gets the whole map.
import { buggify } from "@azimuth/foundation/buggify.ts";
import type { ClusterMap } from "./cluster-map.ts";
import type { ControlEffect, RecordKind } from "./control-records.ts";
import { controlGroup, type ControlState } from "./control-state.ts";
import type { MapDelta } from "./watch.ts";

/** Changes remembered; half of them are forgotten when there are more. */
const changesMax = 20_000;

interface Change {
  readonly revision: number;
  readonly record: RecordKind;
  readonly id: string;
}

export class ChangeHistory {
  #changes: Change[] = [];
  /** Changes at or below this revision are not remembered. */
  #floor = 0;
  #revision = 0;

  get revision(): number {
    return this.#revision;
  }

  /** Starts again from a state whose changes are not known one by one. */
  reset(revision: number): void {
    this.#changes = [];
    this.#floor = revision;
    this.#revision = revision;
  }

  add(revision: number, effects: readonly ControlEffect[]): void {
    this.#revision = revision;
    for (const effect of effects) this.#changes.push({ revision, record: effect.record, id: effect.id });
    if (this.#changes.length <= changesMax) return;
    const forgotten = this.#changes.splice(0, this.#changes.length - changesMax / 2);
    this.#floor = (forgotten.at(-1) as Change).revision;
  }

  /** Undefined when `since` is too long ago. */
  since(since: number): readonly Change[] | undefined {
    if (since < this.#floor) return undefined;
    let first = this.#changes.length;
    while (first > 0 && (this.#changes[first - 1] as Change).revision > since) first--;
    return this.#changes.slice(first);
  }
}

export function clusterMapOf(state: ControlState, revision: number): ClusterMap {
  return {
    clusterId: state.meta?.clusterId ?? "",
    revision,
    nextTable: state.meta?.nextTable ?? 0,
    nextPartition: state.meta?.nextPartition ?? 0,
    control: state.control,
    nodes: [...state.nodes.values()],
    tables: [...state.tables.values()],
    partitions: [...state.partitions.values()],
    credentials: [...state.credentials.values()],
  };
}

/** What a follower at `since` lacks; undefined when it lacks nothing, or is ahead of this replica. */
export function deltaSince(state: ControlState, history: ChangeHistory, since: number): MapDelta | undefined {
  if (since >= history.revision || state.meta === undefined) return undefined;
  const changes = buggify("a watcher is sent the whole map") ? undefined : history.since(since);
  const map = clusterMapOf(state, history.revision);
  const nothing = { nodes: [], tables: [], partitions: [], credentials: [] };
  if (changes === undefined) return { ...map, since: 0, full: true, deleted: nothing };
  const changed = new Set(changes.map((change) => `${change.record}/${change.id}`));
  const idsGone = (record: RecordKind, exists: (id: string) => boolean): string[] =>
    [...changed].filter((key) => key.startsWith(`${record}/`)).map((key) => key.slice(record.length + 1))
      .filter((id) => !exists(id));
  const isTablePartition = (id: number): boolean => id !== controlGroup;
  return {
    clusterId: map.clusterId,
    revision: map.revision,
    since,
    full: false,
    nextTable: map.nextTable,
    nextPartition: map.nextPartition,
    control: map.control,
    nodes: map.nodes.filter((node) => changed.has(`node/${node.number}`)),
    tables: map.tables.filter((table) => changed.has(`table/${table.tableId}`)),
    partitions: map.partitions.filter((partition) => changed.has(`partition/${partition.partition}`)),
    credentials: map.credentials.filter((credential) => changed.has(`credential/${credential.accessKeyId}`)),
    deleted: {
      nodes: idsGone("node", (id) => state.nodes.has(Number(id))).map(Number),
      tables: idsGone("table", (id) => state.tables.has(Number(id))).map(Number),
      partitions: idsGone("partition", (id) => state.group(Number(id)) !== undefined).map(Number)
        .filter(isTablePartition),
      credentials: idsGone("credential", (id) => state.credentials.has(id)),
    },
  };
}
