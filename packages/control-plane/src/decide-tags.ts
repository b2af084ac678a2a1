// TagResource and UntagResource: a table's tags change as one record, so that concurrent requests merge and the
// limit holds. The change is seen at once and needs no other state of the table than that it exists.
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { TagResourceCommand, UntagResourceCommand } from "./commands.ts";
import { putTable } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { refused, type ControlDecision } from "./decision.ts";

const tagsPerTableMax = 50;

export function decideTagResource(state: ControlState, command: TagResourceCommand): ControlDecision {
  const table = state.tableByName(command.name);
  if (table === undefined) return notFound(command.name);
  const tags = { ...table.tags, ...command.tags };
  if (Object.keys(tags).length > tagsPerTableMax) {
    return refused("ValidationException",
      "Number of Tags exceed the current limit for the provided ResourceArn");
  }
  return withTags(table, tags);
}

export function decideUntagResource(state: ControlState, command: UntagResourceCommand): ControlDecision {
  const table = state.tableByName(command.name);
  if (table === undefined) return notFound(command.name);
  const removed = new Set(command.keys);
  return withTags(table, Object.fromEntries(Object.entries(table.tags).filter(([key]) => !removed.has(key))));
}

function withTags(table: TableDefinition, tags: Readonly<Record<string, string>>): ControlDecision {
  const tagged = { ...table, tags };
  return { effects: [putTable(tagged)], outcome: { table: tagged } };
}

function notFound(name: string): ControlDecision {
  return refused("ResourceNotFoundException", `Requested resource not found: Table: ${name} not found`);
}
