// The control plane's state in memory: the records by id. It changes only by effects, the same on every
// replica, and knows nothing of time, chance or disks. `decide.ts` reads it, `control-plane.ts` keeps it in
// step with the log, and `clone` gives a batch of commands a state of its own to decide against.
//
// Invariants (checkInvariants): the partitions of a table cover the circle of tokens without gap or overlap;
// the replicas of a partition are on distinct nodes; ids are below their counters; a name is used by one
// table and by one node that is not retired. (Distinct zones are the placer's business: zones may be fewer
// than replicas today and more tomorrow.)
import { assert, unreachable } from "@azimuth/foundation/assert.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { firstToken, lastToken, nextToken } from "@azimuth/placement/token.ts";
import { sameMembers } from "@azimuth/raft/membership/configuration.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { CredentialRecord, NodeRecord, PartitionRecord } from "./cluster-map.ts";
import type { ClusterMeta, ControlEffect, DroppingRecord, PutEffect, RecordKind } from "./control-records.ts";

/** The Raft group of the control plane, and the id of its own partition record. */
export const controlGroup = 0;

export class ControlState {
  meta: ClusterMeta | undefined = undefined;
  readonly nodes = new Map<number, NodeRecord>();
  readonly tables = new Map<number, TableDefinition>();
  readonly dropping = new Map<number, DroppingRecord>();
  /** Of tables; the control plane's own record is `control`. */
  readonly partitions = new Map<number, PartitionRecord>();
  control: PartitionRecord | undefined = undefined;
  readonly credentials = new Map<string, CredentialRecord>();
  readonly #tableIdByName = new Map<string, number>();

  apply(effects: readonly ControlEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === "put") this.#put(effect);
      else this.#delete(effect.record, effect.id);
    }
  }

  clear(): void {
    this.meta = undefined;
    this.control = undefined;
    for (const records of [this.nodes, this.tables, this.dropping, this.partitions]) records.clear();
    this.credentials.clear();
    this.#tableIdByName.clear();
  }

  clone(): ControlState {
    const copy = new ControlState();
    copy.meta = this.meta;
    copy.control = this.control;
    for (const [id, record] of this.nodes) copy.nodes.set(id, record);
    for (const [id, record] of this.tables) copy.tables.set(id, record);
    for (const [id, record] of this.dropping) copy.dropping.set(id, record);
    for (const [id, record] of this.partitions) copy.partitions.set(id, record);
    for (const [id, record] of this.credentials) copy.credentials.set(id, record);
    for (const [name, id] of this.#tableIdByName) copy.#tableIdByName.set(name, id);
    return copy;
  }

  tableByName(name: string): TableDefinition | undefined {
    const id = this.#tableIdByName.get(name);
    return id === undefined ? undefined : this.tables.get(id);
  }

  /** The node that goes by this name now. */
  nodeByName(name: string): NodeRecord | undefined {
    for (const node of this.nodes.values()) if (node.name === name && !node.retired) return node;
    return undefined;
  }

  partitionsOf(tableId: number): readonly PartitionRecord[] {
    const found: PartitionRecord[] = [];
    for (const partition of this.partitions.values()) if (partition.tableId === tableId) found.push(partition);
    return found.sort((left, right) => (left.firstToken < right.firstToken ? -1 : 1));
  }

  /** The record of a group: a table's partition or the control plane itself. */
  group(id: number): PartitionRecord | undefined {
    return id === controlGroup ? this.control : this.partitions.get(id);
  }

  /** The control plane's group and every partition, in the order of their ids. */
  groups(): readonly PartitionRecord[] {
    const sorted = [...this.partitions.values()].sort((left, right) => left.partition - right.partition);
    return this.control === undefined ? sorted : [this.control, ...sorted];
  }

  #put(effect: PutEffect): void {
    switch (effect.record) {
      case "meta":
        this.meta = effect.value;
        return;
      case "node":
        this.nodes.set(effect.value.number, effect.value);
        return;
      case "table":
        this.tables.set(effect.value.tableId, effect.value);
        this.#tableIdByName.set(effect.value.name, effect.value.tableId);
        return;
      case "dropping":
        this.dropping.set(effect.value.tableId, effect.value);
        return;
      case "partition":
        if (effect.value.partition === controlGroup) this.control = effect.value;
        else this.partitions.set(effect.value.partition, effect.value);
        return;
      case "credential":
        this.credentials.set(effect.value.accessKeyId, effect.value);
        return;
      default:
        unreachable(effect);
    }
  }

  #delete(kind: RecordKind, id: string): void {
    switch (kind) {
      case "node":
        this.nodes.delete(Number(id));
        return;
      case "table": {
        const table = this.tables.get(Number(id));
        this.tables.delete(Number(id));
        if (table !== undefined && this.#tableIdByName.get(table.name) === table.tableId) {
          this.#tableIdByName.delete(table.name);
        }
        return;
      }
      case "dropping":
        this.dropping.delete(Number(id));
        return;
      case "partition":
        this.partitions.delete(Number(id));
        return;
      case "credential":
        this.credentials.delete(id);
        return;
      case "meta":
        assert(false, "the cluster's own record is never deleted");
        return;
      default:
        unreachable(kind);
    }
  }
}

export function checkInvariants(state: ControlState): void {
  const { meta } = state;
  if (meta === undefined) {
    assert(state.nodes.size + state.tables.size + state.partitions.size === 0, "records before the bootstrap");
    return;
  }
  checkNames([...state.tables.values()].map((table) => table.name), "tables");
  checkNames([...state.nodes.values()].filter((node) => !node.retired).map((node) => node.name), "nodes");
  for (const node of state.nodes.values()) assert(node.number < meta.nextNode, `node ${node.number} was never given`);
  for (const table of state.tables.values()) checkTable(state, table, meta);
  for (const partition of state.groups()) checkReplicas(state, partition);
}

function checkNames(names: readonly string[], what: string): void {
  assert(new Set(names).size === names.length, `two ${what} share a name`);
}

function checkTable(state: ControlState, table: TableDefinition, meta: ClusterMeta): void {
  assert(table.tableId < meta.nextTable, `table id ${table.tableId} was never given`);
  const partitions = state.partitionsOf(table.tableId);
  if (table.status === "DELETING") {
    assert(partitions.length === 0 && state.dropping.has(table.tableId), "a deleted table still has partitions");
    return;
  }
  checkCircle(partitions, table.name, meta);
  for (const index of table.indexes ?? []) {
    assert(index.indexId < meta.nextTable, `index id ${index.indexId} was never given`);
    const own = state.partitionsOf(index.indexId);
    if (index.kind === "global" && index.status !== "DELETING") checkCircle(own, `${table.name}/${index.name}`, meta);
    else assert(own.length === 0, `${table.name}/${index.name} has partitions of its own`);
  }
}

function checkCircle(partitions: readonly PartitionRecord[], name: string, meta: ClusterMeta): void {
  let expected: string | undefined = firstToken;
  for (const partition of partitions) {
    assert(partition.partition < meta.nextPartition, `partition ${partition.partition} was never given`);
    assert(partition.firstToken === expected, `${name}: gap or overlap at ${partition.firstToken}`);
    assert(partition.lastToken >= partition.firstToken, `${name}: a range ends before it begins`);
    expected = nextToken(partition.lastToken);
  }
  assert(partitions.at(-1)?.lastToken === lastToken, `${name}: the circle is not covered`);
}

function checkReplicas(state: ControlState, partition: PartitionRecord): void {
  const { voters, learners, replacing } = partition;
  const label = `partition ${partition.partition}`;
  const members = [...voters, ...learners];
  const nodes = members.map(nodeOfReplica);
  assert(voters.length > 0, `${label} has no voters`);
  assert(new Set(nodes).size === nodes.length, `${label} has two replicas on one node`);
  const awaited = replacing === undefined || replacing.add === 0 ? [] : [replacing.add];
  assert(sameMembers(learners, awaited), `${label} has other learners than the one that is awaited`);
  if (replacing !== undefined) {
    assert(replacing.remove === 0 || voters.includes(replacing.remove), `${label} replaces a stranger`);
    assert(replacing.add !== 0 || replacing.remove !== 0, `${label} replaces nothing by nothing`);
  }
  if (partition.partition === controlGroup) return;
  for (const node of nodes) assert(state.nodes.has(node), `${label} is on node ${node}, which is not known`);
}
