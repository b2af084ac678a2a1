// Table operations: CreateTable and its neighbours, and the events that move a table through its life.
//
// CreateTable gives ids, divides the circle of tokens into equal ranges and places each range's replicas by
// the ring. DeleteTable takes the partitions out of the map at once, so that nodes destroy their replicas;
// the table itself stays in DELETING until they have.
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { firstToken, lastToken, splitTokenRange } from "@azimuth/placement/token.ts";
import type {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, ListTablesCommand, TableEventCommand,
  UpdateTableCommand,
} from "./commands.ts";
import { putMeta, putPartition, putTable, type ControlEffect } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { ignored, refused, type ControlDecision, type DecisionContext } from "./decision.ts";
import { initialPartitionCount, partitionsPerTableMax } from "./partition-count.ts";
import { createPlacer } from "./placer.ts";
import { newReplicaId } from "./replica-fate.ts";
import { tableTransition } from "./table-life-cycle.ts";

const initialConfigEpoch = 0;

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
  const count = command.partitions ?? context.options.partitionsPerTable ?? initialPartitionCount(definition);
  assert(count >= 1 && count <= partitionsPerTableMax, `a table cannot start with ${count} partitions`);
  const table: TableDefinition = {
    ...definition,
    tableId: meta.nextTable,
    uuid: newUuid(context.random),
    status: "CREATING",
    createdAt: context.now,
  };
  const effects: ControlEffect[] = splitTokenRange(firstToken, lastToken, count).map((range, position) => {
    const nodes = placer.place(table.tableId, range.first);
    const voters = nodes.map((node) => newReplicaId(initialConfigEpoch, node.number));
    return putPartition({
      partition: meta.nextPartition + position,
      tableId: table.tableId,
      firstToken: range.first,
      lastToken: range.last,
      epoch: 1,
      configEpoch: initialConfigEpoch,
      voters, learners: [], bootstrap: voters, replacing: undefined,
    });
  });
  const counters = { ...meta, nextTable: meta.nextTable + 1, nextPartition: meta.nextPartition + count };
  return { effects: [putMeta(counters), putTable(table), ...effects], outcome: { table } };
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
  const deleted = { ...table, status: transition.status };
  const partitions = state.partitionsOf(table.tableId).map((partition) => partition.partition);
  const id = String(table.tableId);
  const effects: ControlEffect[] = [
    putTable(deleted),
    { kind: "put", record: "dropping", id, value: { tableId: table.tableId, partitions } },
    ...partitions.map((partition) => deletePartition(partition)),
  ];
  return { effects, outcome: { table: deleted } };
}

function deletePartition(partition: number): ControlEffect {
  return { kind: "delete", record: "partition", id: String(partition) };
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
    .filter((name) => exclusiveStart === undefined || name > exclusiveStart)
    // Table names are ASCII, so code-unit order is byte order.
    .sort();
  const names = after.slice(0, limit);
  const last = after.length > limit ? names.at(-1) : undefined;
  return { effects: [], outcome: last === undefined ? { names } : { names, last } };
}

export function decideUpdateTable(state: ControlState, command: UpdateTableCommand): ControlDecision {
  const table = state.tableByName(command.name);
  if (table === undefined) return tableNotFound(command.name);
  const transition = tableTransition(table.status, "update");
  if (transition.kind === "refuse") return tableInUse(transition.because, command.name);
  assert(transition.kind === "become", "updating a table changes its status or is refused");
  // Only capacity takes time to change; the other settings hold at once.
  const changesCapacity = command.change.billingMode !== undefined || command.change.throughput !== undefined;
  const updated = { ...table, ...command.change, status: changesCapacity ? transition.status : table.status };
  return { effects: [putTable(updated)], outcome: { table: updated } };
}

export function decideTableEvent(state: ControlState, command: TableEventCommand): ControlDecision {
  const table = state.tables.get(command.tableId);
  if (table === undefined) return ignored;
  const transition = tableTransition(table.status, command.event);
  switch (transition.kind) {
    case "become": {
      const changed = { ...table, status: transition.status };
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
