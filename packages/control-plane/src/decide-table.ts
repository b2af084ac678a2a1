// Table operations: CreateTable and its neighbours, and the events that move a table through its life.
//
// CreateTable gives ids, divides the circle of tokens into equal ranges and places each range's replicas by
// the ring. DeleteTable takes the partitions out of the map at once, so that nodes destroy their replicas;
// the table itself stays in DELETING until they have (docs/decisions/0011).
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, ListTablesCommand, TableEventCommand,
  UpdateTableCommand, UpdateTimeToLiveCommand,
} from "./commands.ts";
import { putMeta, putTable, type ControlEffect } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { capacityProblem, withCapacity } from "./decide-capacity.ts";
import { decideIndexUpdate, dropPartitions, newPartitions, onlineIndexLimit, withIds } from "./decide-index.ts";
import { ignored, refused, type ControlDecision, type DecisionContext } from "./decision.ts";
import { createPlacer } from "./placer.ts";
import { tableTransition } from "./table-life-cycle.ts";

export function decideCreateTable(
  state: ControlState, command: CreateTableCommand, context: DecisionContext,
): ControlDecision {
  const { definition } = command;
  const meta = state.meta;
  assert(meta !== undefined, "tables are created in a control plane that has been set up");
  if (state.tableByName(definition.name) !== undefined) {
    return refused("ResourceInUseException", `Table already exists: ${definition.name}`);
  }
  const placer = createPlacer(state, context.options.replicas);
  if (placer.nodeCount === 0) {
    return refused("LimitExceededException", "There is no storage node that could hold the table");
  }
  const { partitionsPerTable } = context.options;
  const { billingMode, throughput } = definition;
  const { newIndexes = [], ...definedTable } = definition;
  const indexes = withIds(newIndexes, meta.nextTable + 1);
  const table: TableDefinition = {
    ...definedTable,
    ...(indexes.length === 0 ? {} : { indexes }),
    tableId: meta.nextTable,
    uuid: newUuid(context.random),
    status: "CREATING",
    createdAt: context.now,
  };
  const wishes = [
    { id: table.tableId, billingMode, throughput, count: command.partitions ?? partitionsPerTable },
    ...indexes.filter((index) => index.kind === "global").map((index) =>
      ({ id: index.indexId, billingMode, throughput: index.throughput, count: partitionsPerTable })),
  ];
  const partitions: ControlEffect[] = [];
  for (const wish of wishes) partitions.push(...newPartitions(placer, wish, meta.nextPartition + partitions.length));
  const counters = {
    ...meta,
    nextTable: meta.nextTable + 1 + indexes.length,
    nextPartition: meta.nextPartition + partitions.length,
  };
  return { effects: [putMeta(counters), putTable(table), ...partitions], outcome: { table } };
}

export function decideDeleteTable(state: ControlState, command: DeleteTableCommand): ControlDecision {
  const table = state.tableByName(command.name);
  if (table === undefined) return tableNotFound(command.name);
  if (table.deletionProtection && table.status === "ACTIVE") {
    return refused("ValidationException",
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.");
  }
  const transition = tableTransition(table.status, "delete");
  if (transition.kind === "refuse") return tableInUse(transition.because, command.name);
  assert(transition.kind === "become", "deleting a table changes its status or is refused");
  if (isIndexChanging(table)) {
    return refused("ResourceInUseException", "Attempt to change a resource which is still in use: " +
      "Cannot delete table while indexes are being created, updated, or deleted.");
  }
  const deleted = { ...table, status: transition.status };
  const indexIds = (table.indexes ?? []).map((index) => index.indexId);
  const effects = [putTable(deleted), ...dropPartitions(state, table.tableId, indexIds)];
  return { effects, outcome: { table: deleted } };
}

export function decideDescribeTable(state: ControlState, command: DescribeTableCommand): ControlDecision {
  const table = state.tableByName(command.name);
  return table === undefined ? tableNotFound(command.name) : { effects: [], outcome: { table } };
}

export function decideListTables(state: ControlState, command: ListTablesCommand): ControlDecision {
  const { exclusiveStart, limit } = command;
  assert(limit >= 1, "a page of tables has at least one name");
  const after = [...state.tables.values()]
    .map((table) => table.name)
    // Tables of the system's own have names that no client's table can have.
    .filter((name) => !name.startsWith("$"))
    .filter((name) => exclusiveStart === undefined || name > exclusiveStart)
    // Table names are ASCII, so code-unit order is byte order.
    .sort();
  const names = after.slice(0, limit);
  const last = after.length > limit ? names.at(-1) : undefined;
  return { effects: [], outcome: last === undefined ? { names } : { names, last } };
}

export function decideUpdateTable(
  state: ControlState, command: UpdateTableCommand, context: DecisionContext,
): ControlDecision {
  const table = state.tableByName(command.name);
  if (table === undefined) return tableNotFound(command.name);
  const { change } = command;
  const indexUpdate = command.indexUpdate ?? undefined;
  const online = indexUpdate?.kind === "change" ? undefined : indexUpdate;
  // What an index that is being made says to its own deletion is more exact.
  if (online?.kind === "create" && table.status === "UPDATING" && isIndexChanging(table)) {
    return refused("LimitExceededException", onlineIndexLimit);
  }
  if (online?.kind === "delete" && table.status === "UPDATING" && isIndexChanging(table)) {
    return decideIndexUpdate(state, table, online, context);
  }
  const transition = tableTransition(table.status, "update");
  if (transition.kind === "refuse") return tableInUse(transition.because, command.name);
  assert(transition.kind === "become", "updating a table changes its status or is refused");
  const indexChanges = indexUpdate?.kind === "change" ? indexUpdate.changes : [];
  const problem = capacityProblem(table, change, indexChanges);
  if (problem !== undefined) return { effects: [], outcome: { refused: problem } };
  const changed = withCapacity(table, change, indexChanges);
  if (online !== undefined) return decideIndexUpdate(state, changed, online, context);
  // Only capacity takes time to change; the other settings hold at once.
  const changesCapacity = change.billingMode !== undefined || change.throughput !== undefined;
  const updated = { ...changed, status: changesCapacity ? transition.status : table.status };
  return { effects: [putTable(updated)], outcome: { table: updated } };
}

function isIndexChanging(table: TableDefinition): boolean {
  return table.indexes?.some((index) => index.kind === "global" && index.status !== "ACTIVE") === true;
}

export function decideUpdateTimeToLive(
  state: ControlState, { name, attribute, enabled }: UpdateTimeToLiveCommand, { now, options }: DecisionContext,
): ControlDecision {
  const table = state.tableByName(name);
  if (table === undefined) return tableNotFound(name);
  if (table.status !== "ACTIVE" && table.status !== "UPDATING") return tableInUse("Table is not active", name);
  const current = table.timeToLive;
  if (enabled && current === attribute) return refused("ValidationException", "TimeToLive is already enabled");
  if (!enabled && current === undefined) return refused("ValidationException", "TimeToLive is already disabled");
  if (current !== undefined && current !== attribute) {
    return refused("ValidationException",
      `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`);
  }
  const { timeToLiveIntervalMs = 0 } = options;
  if (now - (table.timeToLiveChangedAt ?? -Infinity) < timeToLiveIntervalMs) {
    return refused("ValidationException", "Time to live has been modified multiple times within a fixed interval");
  }
  const { timeToLive: _current, ...rest } = table;
  const dated = { ...rest, timeToLiveChangedAt: now };
  const updated: TableDefinition = enabled ? { ...dated, timeToLive: attribute } : dated;
  return { effects: [putTable(updated)], outcome: { table: updated } };
}

export function decideTableEvent(state: ControlState, command: TableEventCommand): ControlDecision {
  const table = state.tables.get(command.tableId);
  if (table === undefined) return ignored;
  const transition = tableTransition(table.status, command.event);
  switch (transition.kind) {
    case "become": {
      // Indexes made with the table are there with it; one made later has events of its own.
      const indexes = table.status === "CREATING"
        ? table.indexes?.map((index) => ({ ...index, status: "ACTIVE" as const }))
        : table.indexes;
      const changed = { ...table, ...(indexes === undefined ? {} : { indexes }), status: transition.status };
      return { effects: [putTable(changed)], outcome: { table: changed } };
    }
    case "vanish": {
      const id = String(table.tableId);
      const effects = [{ kind: "delete" as const, record: "table" as const, id },
        { kind: "delete" as const, record: "dropping" as const, id }];
      return { effects, outcome: { table } };
    }
    default:
      return ignored;
  }
}

function tableNotFound(name: string): ControlDecision {
  return refused("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
}

function tableInUse(because: string, name: string): ControlDecision {
  return refused("ResourceInUseException",
    `Attempt to change a resource which is still in use: ${because}: ${name}`);
}

/** A random (version 4) UUID, RFC 9562. */
function newUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
