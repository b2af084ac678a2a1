// UpdateTable's capacity: the billing mode, units, maxima and warm throughput of a table and its global indexes, as
// far as they depend on what the table has. One concern of several in a request: either all of it holds or nothing.
//
// A change of the billing mode drops the maxima, of indexes too, and needs units for every index when it is to
// PROVISIONED. Warm throughput remembers the most that was provisioned. Units that are what they were are refused,
// while other settings may be repeated (the rules and their words: packages/operations/docs/messages.md, Q).
import type { IndexDefinition, TableDefinition, Throughput } from "@azimuth/model/table.ts";
import { warmThroughputOf } from "@azimuth/model/warm-throughput.ts";
import type { CapacityChange, ControlOutcome, IndexCapacityChange, UpdateTableCommand } from "./commands.ts";

type Refusal = NonNullable<ControlOutcome["refused"]>;
type TableChange = UpdateTableCommand["change"];
type BillingMode = TableDefinition["billingMode"];

interface Whose {
  /** Undefined: the table. */
  readonly index?: string;
}

const invalid = "One or more parameter values were invalid: ";
const noUnits: Throughput = { readUnits: 0, writeUnits: 0 };

/** Why the table cannot be changed so; undefined when it can. */
export function capacityProblem(
  table: TableDefinition, change: TableChange, indexChanges: readonly IndexCapacityChange[],
): Refusal | undefined {
  const mode = change.billingMode ?? table.billingMode;
  if (mode === "PAY_PER_REQUEST" && change.throughput !== undefined && change.billingMode === undefined) {
    return invalidBecause(
      "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  }
  if (mode !== table.billingMode && mode === "PROVISIONED") {
    const without = globalIndexes(table).find(({ name }) =>
      indexChanges.find((each) => each.name === name)?.throughput === undefined);
    if (without !== undefined) {
      return invalidBecause(`ProvisionedThroughput must be specified for index: ${without.name}`);
    }
  }
  const problem = problemOfOne(table, change, mode, table, {});
  if (problem !== undefined) return problem;
  for (const indexChange of indexChanges) {
    const { name } = indexChange;
    const index = table.indexes?.find((each) => each.name === name);
    if (index === undefined) return indexNotFound(name, table.name);
    if (index.kind === "local") {
      const message = `Cannot update an index that is not a GlobalSecondaryIndex: ${name}`;
      return { type: "ValidationException", message };
    }
    const whose = { index: name };
    const found = problemOfIndexMode(mode, indexChange) ?? problemOfOne(index, indexChange, mode, table, whose);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The table with the change and those of its indexes, which have no problem. */
export function withCapacity(
  table: TableDefinition, change: TableChange, indexChanges: readonly IndexCapacityChange[],
): TableDefinition {
  const mode = change.billingMode ?? table.billingMode;
  if (Object.keys(change).length === 0 && indexChanges.length === 0) return table;
  const indexes = table.indexes?.map((index) => index.kind === "local" ? index
    : withCapacityOf(index, indexChanges.find(({ name }) => name === index.name) ?? {}, table.billingMode, mode));
  const { throughput: _units, onDemandMaximum: _maximum, warmThroughput: _warm, ...rest } = change;
  return {
    ...withCapacityOf(table, change, table.billingMode, mode), ...rest,
    ...(indexes === undefined ? {} : { indexes }),
  };
}

interface Capacity {
  readonly throughput: Throughput;
  readonly onDemandMaximum?: CapacityChange["onDemandMaximum"];
  readonly warmThroughput?: Throughput;
}

function withCapacityOf<Owner extends Capacity>(
  owner: Owner, change: CapacityChange, modeBefore: BillingMode, mode: BillingMode,
): Owner {
  const throughput = mode === "PAY_PER_REQUEST" ? noUnits : change.throughput ?? owner.throughput;
  const { onDemandMaximum: before, ...rest } = owner;
  const kept = mode === modeBefore ? before : undefined;
  const maximum = { ...kept, ...change.onDemandMaximum };
  const warmBefore = warmThroughputOf(modeBefore, owner);
  const warmThroughput =
    warmThroughputOf(mode, { throughput, warmThroughput: { ...warmBefore, ...change.warmThroughput } });
  const hasMaximum = Object.keys(maximum).length > 0;
  return { ...rest, throughput, warmThroughput, ...(hasMaximum ? { onDemandMaximum: maximum } : {}) } as Owner;
}

/** What an index may be given in each mode. */
function problemOfIndexMode(
  mode: BillingMode, { name, throughput, onDemandMaximum, warmThroughput }: IndexCapacityChange,
): Refusal | undefined {
  const further = onDemandMaximum ?? warmThroughput;
  if (mode === "PAY_PER_REQUEST" && (throughput !== undefined || further === undefined)) {
    return invalidBecause(`The only Updates for index: ${name} when TableThroughputMode is PAY_PER_REQUEST ` +
      "can be to OnDemandThroughput, WarmThroughput");
  }
  if (mode === "PROVISIONED" && throughput === undefined && further === undefined) {
    return invalidBecause(`Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: ${name}`);
  }
  return undefined;
}

function problemOfOne(
  before: Capacity,
  { throughput, onDemandMaximum, warmThroughput }: CapacityChange,
  mode: BillingMode,
  table: TableDefinition,
  whose: Whose,
): Refusal | undefined {
  if (mode === "PROVISIONED" && onDemandMaximum !== undefined) {
    const direction = onDemandMaximum.readUnits === undefined ? "Write" : "Read";
    const owner = whose.index === undefined ? "" : ` for index : ${whose.index}`;
    return invalidBecause(`Max${direction}RequestUnits for OnDemandThroughput${owner} cannot be specified ` +
      "when the table BillingMode is PROVISIONED");
  }
  const isSame = mode === "PROVISIONED" && mode === table.billingMode && throughput !== undefined
    && throughput.readUnits === before.throughput.readUnits && throughput.writeUnits === before.throughput.writeUnits;
  if (isSame) return willNotChange(before.throughput, whose);
  const warm = warmThroughputOf(table.billingMode, before);
  for (const [direction, asked, has] of [
    ["Read", warmThroughput?.readUnits, warm.readUnits], ["Write", warmThroughput?.writeUnits, warm.writeUnits],
  ] as const) {
    if (asked === undefined || asked >= has) continue;
    const owner = whose.index === undefined ? "table" : `index ${whose.index}`;
    return invalidBecause(`Requested ${direction}UnitsPerSecond for WarmThroughput for ${owner} is lower than ` +
      "current WarmThroughput, decreasing WarmThroughput is not supported");
  }
  return undefined;
}

function willNotChange({ readUnits, writeUnits }: Throughput, { index }: Whose): Refusal {
  const [subject, owner] = index === undefined ? ["the table", "the table"] : [`the index ${index}`, `index ${index}`];
  return {
    type: "ValidationException",
    message: `The provisioned throughput for ${subject} will not change. ` +
      `The requested value equals the current value. Current ReadCapacityUnits provisioned for ${owner}: ` +
      `${readUnits}. Requested ReadCapacityUnits: ${readUnits}. Current WriteCapacityUnits provisioned for ${owner}: ` +
      `${writeUnits}. Requested WriteCapacityUnits: ${writeUnits}. ` +
      "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
  };
}

function globalIndexes(table: TableDefinition): readonly IndexDefinition[] {
  return (table.indexes ?? []).filter(({ kind, status }) => kind === "global" && status !== "DELETING");
}

export function indexNotFound(name: string, table: string): Refusal {
  const message = `Requested resource not found: Index ${name} for table ${table}`;
  return { type: "ResourceNotFoundException", message };
}

function invalidBecause(why: string): Refusal {
  return { type: "ValidationException", message: `${invalid}${why}` };
}
