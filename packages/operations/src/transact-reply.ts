// What the transactional operations have in common: their limits, the exceptions a cancelled transaction becomes, and
// consumed capacity. Each item costs twice what it costs alone: once to prepare, once to commit. What its indexes cost
// is not doubled (operations/docs/messages.md, Transactions).
import { itemToJson, type Json } from "@azimuth/model/attribute-json.ts";
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import { addIndexUnits, noIndexUnits, totalOf, type CapacityMode, type IndexUnits } from "./capacity.ts";
import type { ItemPosition, Outcome } from "./operation.ts";

export const transactItemsMax = 100;
export const transactBytesMax = 4 * 1024 * 1024;
export const clientTokenLengthMax = 36;
/** Units of a transactional operation per unit of the same operation alone. */
export const transactionFactor = 2;

type Refusal = Outcome["refused"];

/** Codes of CancellationReasons by the exception that the action alone would have met. */
const codes: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  TransactionConflictException: "TransactionConflict",
  ValidationException: "ValidationError",
  ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
  ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
  ThrottlingException: "ThrottlingError",
  DuplicateItemException: "DuplicateItem",
  ResourceNotFoundException: "ResourceNotFound",
};

/** One reason per action, in the order of the request; "None" for those that nothing was wrong with. */
export function transactionCancelled(refusals: readonly Refusal[]): DynamoDbException {
  const reasons = refusals.map(reasonOf);
  const list = reasons.map(({ Code }) => Code).join(", ");
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${list}]`;
  return new DynamoDbException("TransactionCanceledException", message, 400, { CancellationReasons: reasons });
}

function reasonOf(refusal: Refusal): { readonly Code: string; readonly [member: string]: unknown } {
  if (refusal === undefined || refusal === null) return { Code: "None" };
  const Code = codes[refusal.type];
  if (Code === undefined) throw new DynamoDbException(refusal.type, refusal.message);
  const Item = refusal.item ? { Item: itemToJson(decodeItem(refusal.item)) } : {};
  return { Code, ...Item, Message: refusal.message };
}

/**
 * Every part's command; what is wrong with some of them for their table cancels the transaction, as if they had been
 * tried, except an empty key value, which refuses the request.
 */
export function commandsOrCancel<Command>(makers: readonly (() => Command)[]): readonly Command[] {
  const refusals: Refusal[] = [];
  const commands: Command[] = [];
  for (const make of makers) {
    try {
      commands.push(make());
      refusals.push(undefined);
    } catch (error) {
      if (!(error instanceof DynamoDbException) || /cannot contain an empty/.test(error.message)) throw error;
      refusals.push({ type: error.type, message: error.message });
    }
  }
  if (refusals.some((refusal) => refusal !== undefined)) throw transactionCancelled(refusals);
  return commands;
}

/** Refuses two actions on one item. */
export function refuseSharedItems(parts: readonly { tableId: number; position: ItemPosition }[]): void {
  const seen = new Set<string>();
  for (const { tableId, position } of parts) {
    seen.add(`${tableId}/${Buffer.from(position.key).toString("latin1")}`);
  }
  if (seen.size === parts.length) return;
  throw validationException("Transaction request cannot include multiple operations on one item");
}

/** JSON text that does not depend on the order in which a client wrote the members of maps. */
export function canonical(json: Json): string {
  return JSON.stringify(json, (_name, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const sorted = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}

export interface PartUnits {
  readonly table: string;
  readonly units: number;
  readonly indexUnits?: IndexUnits;
}

type Arm = "ReadCapacityUnits" | "WriteCapacityUnits";

interface TableSum {
  readonly base: number;
  readonly indexes: IndexUnits;
}

/** The ConsumedCapacity list, one structure per table; undefined when the request did not ask for it. */
export function transactCapacityJson(
  parts: readonly PartUnits[],
  arm: Arm,
  mode: CapacityMode | undefined,
): string | undefined {
  if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
  const sums = new Map<string, TableSum>();
  for (const { table, units, indexUnits } of parts) {
    const { base, indexes } = sums.get(table) ?? { base: 0, indexes: noIndexUnits };
    sums.set(table, { base: base + units, indexes: addIndexUnits(indexes, indexUnits ?? noIndexUnits) });
  }
  return JSON.stringify([...sums].map(([table, sum]) => tableCapacity(table, sum, arm, mode)));
}

function tableCapacity(table: string, sum: TableSum, arm: Arm, mode: CapacityMode): object {
  const { indexes } = sum;
  const base = sum.base * transactionFactor;
  const whole = { TableName: table, ...charged(base + totalOf(indexes), arm) };
  if (mode === "TOTAL") return whole;
  return {
    ...whole,
    Table: charged(base, arm),
    LocalSecondaryIndexes: byIndex(indexes.local, arm),
    GlobalSecondaryIndexes: byIndex(indexes.global, arm),
  };
}

function charged(units: number, arm: Arm): object {
  return { CapacityUnits: units, [arm]: units };
}

function byIndex(units: Readonly<Record<string, number>>, arm: Arm): object | undefined {
  const entries = Object.entries(units);
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, each]) => [name, charged(each, arm)]));
}

/** The table names of an unchecked request, for RouterOperation.tableNames. */
export function mentionedTablesOfTransaction(input: unknown): readonly string[] {
  const items = (input as { TransactItems?: unknown } | null | undefined)?.TransactItems;
  if (!Array.isArray(items)) return [];
  const names = items.flatMap((item: unknown) =>
    Object.values((item ?? {}) as Record<string, { TableName?: unknown } | null>).map((action) => action?.TableName));
  return [...new Set(names.filter((name): name is string => typeof name === "string"))];
}
