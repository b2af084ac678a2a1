// The cluster map as routers and nodes hold it: a local copy that follows group 0 by deltas (watch.ts), with
// the look-ups that a request needs. It may be old; requests carry the epoch they were routed by, and nodes
// refuse what does not fit. It never goes back: a delta that is older than the copy changes nothing.
import { assert } from "@azimuth/foundation/assert.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { ClusterMap, CredentialRecord, NodeRecord, PartitionRecord } from "./cluster-map.ts";
import { halvesOf, type SplitTold } from "./halves.ts";
import type { GroupLookup } from "./replica-fate.ts";
import type { MapDelta } from "./watch.ts";

export type DeltaResult =
  | "applied"
  /** Nothing in it is new. */
  | "old"
  /** It starts above the copy's revision: ask again from `revision`. */
  | "gap"
  /** It comes from another cluster than the copy. */
  | "foreign";

export class MapFollower implements GroupLookup {
  #clusterId = "";
  #revision = 0;
  #nextTable = 0;
  #nextPartition = 0;
  #control: PartitionRecord | undefined = undefined;
  readonly #nodes = new Map<number, NodeRecord>();
  readonly #tables = new Map<number, TableDefinition>();
  readonly #partitions = new Map<number, PartitionRecord>();
  readonly #credentials = new Map<string, CredentialRecord>();
  /** Second halves that only replicas have told of, with the partition they come from. */
  readonly #learned = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  readonly #mirrors: MapFollower[] = [];
  /** Derived from the maps above; undefined after a change until somebody asks. */
  #index: MapIndex | undefined = undefined;

  get clusterId(): string {
    return this.#clusterId;
  }

  get revision(): number {
    return this.#revision;
  }

  get nextPartition(): number {
    return this.#nextPartition;
  }

  /** A copy that follows this one by itself. What it learns of splits, this one does not hear of. */
  mirror(): MapFollower {
    assert(this.#revision === 0, "a mirror follows from the beginning");
    const mirror = new MapFollower();
    this.#mirrors.push(mirror);
    return mirror;
  }

  applyDelta(delta: MapDelta): DeltaResult {
    if (this.#clusterId !== "" && delta.clusterId !== this.#clusterId) return "foreign";
    if (delta.revision <= this.#revision) return "old";
    if (delta.since > this.#revision) return "gap";
    if (delta.full) this.#clear();
    this.#clusterId = delta.clusterId;
    this.#revision = delta.revision;
    this.#nextTable = delta.nextTable;
    this.#nextPartition = delta.nextPartition;
    this.#control = delta.control ?? undefined;
    for (const node of delta.nodes) this.#nodes.set(node.number, node);
    for (const table of delta.tables) this.#tables.set(table.tableId, table);
    for (const partition of delta.partitions) {
      this.#forgetHalvesOf(partition.partition);
      this.#partitions.set(partition.partition, partition);
      this.#learned.delete(partition.partition);
    }
    for (const credential of delta.credentials) this.#credentials.set(credential.accessKeyId, credential);
    for (const id of delta.deleted.nodes) this.#nodes.delete(id);
    for (const id of delta.deleted.tables) this.#tables.delete(id);
    for (const id of delta.deleted.partitions) this.#forgetPartition(id);
    for (const id of delta.deleted.credentials) this.#credentials.delete(id);
    this.#index = undefined;
    for (const mirror of this.#mirrors) mirror.applyDelta(delta);
    for (const listener of [...this.#listeners]) listener();
    return "applied";
  }

  /**
   * A replica of the partition told that it was split: the copy shows both halves before group 0 has them recorded, so
   * that requests find them even while it is away. False when that says nothing new, or too much. For copies that only
   * lead to replicas, not for those by which a node makes and destroys its own.
   */
  learnSplit(partition: number, split: SplitTold): boolean {
    const record = this.#partitions.get(partition);
    if (record === undefined || record.epoch + 1 !== split.epoch) return false;
    if (split.at <= record.firstToken || split.at > record.lastToken) return false;
    for (const half of halvesOf(record, split)) this.#partitions.set(half.partition, half);
    this.#learned.set(split.child, partition);
    this.#index = undefined;
    return true;
  }

  #forgetPartition(id: number): void {
    this.#partitions.delete(id);
    this.#learned.delete(id);
    this.#forgetHalvesOf(id);
  }

  /** What group 0 says of a partition holds; a split that it has not recorded will be told again. */
  #forgetHalvesOf(id: number): void {
    for (const [half, from] of [...this.#learned]) if (from === id) this.#forgetPartition(half);
  }

  /** Returns what ends the subscription. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tableByName(name: string): TableDefinition | undefined {
    return this.#indexed().tableByName.get(name);
  }

  table(tableId: number): TableDefinition | undefined {
    return this.#tables.get(tableId);
  }

  /** The table of this id, or that has the index of this id. */
  tableOwning(tableOrIndexId: number): TableDefinition | undefined {
    return this.#tables.get(tableOrIndexId) ?? this.#indexed().tableByIndex.get(tableOrIndexId);
  }

  /** Of a table, or of a global index by its own id. In the order of their tokens. */
  partitionsOf(tableId: number): readonly PartitionRecord[] {
    return this.#indexed().partitionsByTable.get(tableId) ?? [];
  }

  /** The partition that holds a token; undefined when the table has none (it is unknown or being deleted). */
  partitionFor(tableId: number, token: string): PartitionRecord | undefined {
    const partitions = this.partitionsOf(tableId);
    let low = 0;
    let high = partitions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((partitions[middle] as PartitionRecord).lastToken < token) low = middle + 1;
      else high = middle;
    }
    const found = partitions[low];
    assert(found === undefined || found.firstToken <= token, `the ranges of table ${tableId} have a gap`);
    return found;
  }

  /** True when the table is no more or is going, which nothing can stop; false when it may be yet to come. */
  wasDeleted(tableId: number): boolean {
    const table = this.#tables.get(tableId);
    return table === undefined ? tableId < this.#nextTable : table.status === "DELETING";
  }

  group(id: number): PartitionRecord | undefined {
    return this.#control?.partition === id ? this.#control : this.#partitions.get(id);
  }

  *groups(): IterableIterator<PartitionRecord> {
    if (this.#control !== undefined) yield this.#control;
    yield* this.#partitions.values();
  }

  node(number: number): NodeRecord | undefined {
    return this.#nodes.get(number);
  }

  nodeByName(name: string): NodeRecord | undefined {
    return this.#indexed().nodeByName.get(name);
  }

  nodes(): Iterable<NodeRecord> {
    return this.#nodes.values();
  }

  tables(): Iterable<TableDefinition> {
    return this.#tables.values();
  }

  credential(accessKeyId: string): CredentialRecord | undefined {
    return this.#credentials.get(accessKeyId);
  }

  /** The whole copy, for the console and for tests. */
  map(): ClusterMap {
    return {
      clusterId: this.#clusterId,
      revision: this.#revision,
      nextTable: this.#nextTable,
      nextPartition: this.#nextPartition,
      control: this.#control,
      nodes: [...this.#nodes.values()],
      tables: [...this.#tables.values()],
      partitions: [...this.#partitions.values()],
      credentials: [...this.#credentials.values()],
    };
  }

  #clear(): void {
    for (const records of [this.#nodes, this.#tables, this.#partitions]) records.clear();
    this.#credentials.clear();
    this.#learned.clear();
  }

  #indexed(): MapIndex {
    this.#index ??= buildIndex(this.#nodes.values(), this.#tables.values(), this.#partitions.values());
    return this.#index;
  }
}

interface MapIndex {
  readonly tableByName: ReadonlyMap<string, TableDefinition>;
  readonly tableByIndex: ReadonlyMap<number, TableDefinition>;
  readonly nodeByName: ReadonlyMap<string, NodeRecord>;
  readonly partitionsByTable: ReadonlyMap<number, readonly PartitionRecord[]>;
}

function buildIndex(
  nodes: Iterable<NodeRecord>, tables: Iterable<TableDefinition>, partitions: Iterable<PartitionRecord>,
): MapIndex {
  const partitionsByTable = new Map<number, PartitionRecord[]>();
  for (const partition of partitions) {
    const siblings = partitionsByTable.get(partition.tableId);
    if (siblings === undefined) partitionsByTable.set(partition.tableId, [partition]);
    else siblings.push(partition);
  }
  for (const siblings of partitionsByTable.values()) {
    siblings.sort((left, right) => (left.firstToken < right.firstToken ? -1 : 1));
  }
  const nodeByName = new Map<string, NodeRecord>();
  for (const node of nodes) if (!node.retired) nodeByName.set(node.name, node);
  const tableByName = new Map<string, TableDefinition>();
  const tableByIndex = new Map<number, TableDefinition>();
  for (const table of tables) {
    tableByName.set(table.name, table);
    for (const { indexId } of table.indexes ?? []) tableByIndex.set(indexId, table);
  }
  return { tableByName, tableByIndex, nodeByName, partitionsByTable };
}
