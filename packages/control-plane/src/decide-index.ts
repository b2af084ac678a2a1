// Global secondary indexes of a live table, and the partitions that tables and indexes begin with.
//
//   create → CREATING (partitions placed; the table UPDATING)
//          --allocated--> CREATING, backfilling (the table ACTIVE) --built--> ACTIVE
//   delete → DELETING (partitions out of the map; the table UPDATING) --gone--> nothing
//
// Base partitions maintain an index from when they know of it, and fill it once it is backfilling. One index of a
// table is made or deleted at a time. Each such change raises the table's `indexVersion` (model/table.ts).
import { assert } from "@azimuth/foundation/assert.ts";
import type { IndexDefinition, NewIndex, TableDefinition } from "@azimuth/model/table.ts";
import { firstToken, lastToken, splitTokenRange } from "@azimuth/placement/token.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { IndexEventCommand, IndexUpdate } from "./commands.ts";
import { putMeta, putPartition, putTable, type ClusterMeta, type ControlEffect } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { indexNotFound } from "./decide-capacity.ts";
import { ignored, refused, type ControlDecision, type DecisionContext } from "./decision.ts";
import { initialPartitionCount, partitionsPerTableMax } from "./partition-count.ts";
import { createPlacer, type Placer } from "./placer.ts";
import { newReplicaId } from "./replica-fate.ts";

const initialConfigEpoch = 0;
const globalIndexesMax = 20;

export const onlineIndexLimit =
  "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";

/** `indexes` with ids from `firstId` on, not ready yet. */
export function withIds(indexes: readonly NewIndex[], firstId: number): readonly IndexDefinition[] {
  return indexes.map((index, position) =>
    ({ ...index, indexId: firstId + position, status: "CREATING", backfilling: false }));
}

export interface PartitionWishes {
  /** Of a table or a global index. */
  readonly id: number;
  readonly billingMode: TableDefinition["billingMode"];
  readonly throughput: TableDefinition["throughput"];
  /** Instead of the rule in partition-count.ts. */
  readonly count?: number | undefined;
}

/** The first partitions of a table or an index, numbered from `firstPartition` on. */
export function newPartitions(
  placer: Placer, wishes: PartitionWishes, firstPartition: number,
): readonly ControlEffect[] {
  const count = wishes.count ?? initialPartitionCount(wishes);
  assert(count >= 1 && count <= partitionsPerTableMax, `a table cannot start with ${count} partitions`);
  return splitTokenRange(firstToken, lastToken, count).map((range, position) => {
    const nodes = placer.place(wishes.id, range.first);
    const voters = nodes.map((node) => newReplicaId(initialConfigEpoch, node.number));
    return putPartition({
      partition: firstPartition + position,
      tableId: wishes.id,
      firstToken: range.first,
      lastToken: range.last,
      epoch: 1,
      configEpoch: initialConfigEpoch,
      voters, learners: [], bootstrap: voters, replacing: undefined,
    });
  });
}

/** Takes the partitions of a table or an index out of the map and remembers them until no node has any. */
export function dropPartitions(
  state: ControlState, id: number, alsoOf: readonly number[] = [],
): readonly ControlEffect[] {
  const records = [id, ...alsoOf].flatMap((each) => state.partitionsOf(each));
  const partitions = records.map(({ partition }) => partition);
  // A split under way may have made replicas of a partition that has no record yet.
  const unborn = records.flatMap(({ splitting }) => (splitting === undefined ? [] : [splitting.child]));
  const value = { tableId: id, partitions: [...partitions, ...unborn], voters: records.flatMap(memberships) };
  return [
    { kind: "put", record: "dropping", id: String(id), value },
    ...partitions.map((partition): ControlEffect =>
      ({ kind: "delete", record: "partition", id: String(partition) })),
  ];
}

/** Of a partition, or of what a split has made of it: the recorded one, and what a change may have made of that. */
function memberships({ voters, replacing }: PartitionRecord): readonly (readonly number[])[] {
  if (replacing === undefined) return [voters];
  const { remove, add } = replacing;
  return [voters, [...voters.filter((voter) => voter !== remove), ...(add === 0 ? [] : [add])]];
}

export function decideIndexUpdate(
  state: ControlState,
  table: TableDefinition,
  update: Exclude<IndexUpdate, { kind: "change" }>,
  context: DecisionContext,
): ControlDecision {
  const indexes = table.indexes ?? [];
  const isBusy = indexes.some((index) => index.kind === "global" && index.status !== "ACTIVE");
  switch (update.kind) {
    case "create":
      if (isBusy) return refused("LimitExceededException", onlineIndexLimit);
      return createIndex(state, table, update, context);
    case "delete":
      return deleteIndex(state, table, update.name, isBusy);
  }
}

function createIndex(
  state: ControlState,
  table: TableDefinition,
  { index, attributes }: Extract<IndexUpdate, { kind: "create" }>,
  { options }: DecisionContext,
): ControlDecision {
  const { meta } = state;
  assert(meta !== undefined, "indexes are made in a control plane that has been set up");
  const indexes = table.indexes ?? [];
  if (indexes.some((each) => each.name === index.name)) {
    return refused("ValidationException", "Attempting to create an index which already exists");
  }
  if (indexes.filter((each) => each.kind === "global").length >= globalIndexesMax) {
    return refused("LimitExceededException",
      `Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of ${globalIndexesMax}`);
  }
  const problem = problemWithUnits(table, index);
  if (problem !== undefined) {
    return refused("ValidationException", `One or more parameter values were invalid: ${problem}`);
  }
  const [created] = withIds([index], meta.nextTable);
  assert(created !== undefined, "an index was asked for");
  const known = new Set(table.attributes.map(({ name }) => name));
  const next: TableDefinition = {
    ...table,
    status: "UPDATING",
    attributes: [...table.attributes, ...attributes.filter(({ name }) => !known.has(name))],
    indexes: [...indexes, created],
    indexVersion: (table.indexVersion ?? 0) + 1,
  };
  const { billingMode } = table;
  const { indexId: id, throughput } = created;
  const partitions = newPartitions(
    createPlacer(state, options.replicas),
    { id, billingMode, throughput, count: options.partitionsPerTable },
    meta.nextPartition,
  );
  const counters: ClusterMeta = {
    ...meta, nextTable: meta.nextTable + 1, nextPartition: meta.nextPartition + partitions.length,
  };
  return { effects: [putMeta(counters), putTable(next), ...partitions], outcome: { table: next } };
}

function problemWithUnits({ billingMode }: TableDefinition, { name, throughput }: NewIndex): string | undefined {
  const hasUnits = throughput.readUnits > 0;
  if (billingMode === "PROVISIONED" && !hasUnits) {
    return `Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`;
  }
  if (billingMode === "PAY_PER_REQUEST" && hasUnits) {
    return `Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: ${name} ` +
      "when BillingMode is PAY_PER_REQUEST";
  }
  return undefined;
}

function deleteIndex(state: ControlState, table: TableDefinition, name: string, isBusy: boolean): ControlDecision {
  const index = table.indexes?.find((each) => each.name === name);
  if (index === undefined) return { effects: [], outcome: { refused: indexNotFound(name, table.name) } };
  if (index.kind === "local") {
    return refused("ValidationException", `Cannot delete an index that is not a GlobalSecondaryIndex: ${name}`);
  }
  // One that is being filled may be given up; while its partitions are made it may not.
  const isFilling = index.status === "CREATING" && index.backfilling;
  if (index.status === "CREATING" && !isFilling) {
    return refused("ResourceInUseException", "Attempt to change a resource which is still in use: " +
      "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index " +
      `is active. Table: ${table.name} Index: ${name}`);
  }
  if (isBusy && !isFilling) return refused("LimitExceededException", onlineIndexLimit);
  const deleting = withIndex(table, { ...index, status: "DELETING", backfilling: false });
  const next: TableDefinition = { ...deleting, status: "UPDATING", indexVersion: (table.indexVersion ?? 0) + 1 };
  return { effects: [putTable(next), ...dropPartitions(state, index.indexId)], outcome: { table: next } };
}

export function decideIndexEvent(state: ControlState, { tableId, indexId, event }: IndexEventCommand): ControlDecision {
  const table = state.tables.get(tableId);
  const index = table?.indexes?.find((each) => each.indexId === indexId);
  if (table === undefined || index === undefined || table.status === "CREATING" || table.status === "DELETING") {
    return ignored;
  }
  const isAwaited = event === "gone" ? index.status === "DELETING"
    : index.status === "CREATING" && index.backfilling === (event === "built");
  if (!isAwaited) return ignored;
  switch (event) {
    case "allocated":
      return changed({ ...withIndex(table, { ...index, backfilling: true }), status: "ACTIVE" });
    case "built":
      return changed(withIndex(table, { ...index, status: "ACTIVE", backfilling: false }));
    case "gone": {
      const rest = (table.indexes ?? []).filter((each) => each !== index);
      const next: TableDefinition = {
        ...table, indexes: rest, attributes: attributesInUse(table, rest),
        status: table.status === "UPDATING" ? "ACTIVE" : table.status,
      };
      return changed(next, [{ kind: "delete", record: "dropping", id: String(indexId) }]);
    }
  }
}

function changed(table: TableDefinition, effects: readonly ControlEffect[] = []): ControlDecision {
  return { effects: [putTable(table), ...effects], outcome: { table } };
}

function withIndex(table: TableDefinition, index: IndexDefinition): TableDefinition {
  const indexes = (table.indexes ?? []).map((each) => (each.indexId === index.indexId ? index : each));
  return { ...table, indexes };
}

/** Definitions that only a deleted index needed go with it. */
function attributesInUse(table: TableDefinition, indexes: readonly IndexDefinition[]): TableDefinition["attributes"] {
  const { partition, sort } = table.key;
  const used = new Set([partition.name, sort?.name,
    ...indexes.flatMap(({ key }) => [...key.partition, ...key.sort]).map(({ name }) => name)]);
  return table.attributes.filter(({ name }) => used.has(name));
}
