// How the capacity of a table or of one of its global indexes is set, by CreateTable and UpdateTable: a billing mode,
// units when it is PROVISIONED, a maximum when it is not, and warm throughput. The last two are kept and described; a
// cluster on one machine has nothing to warm, and enforces no maximum.
//
// What can be told from a request alone is refused here, in DynamoDB's words, which differ between tables and indexes
// and between the two operations. What depends on the table is the control plane's (decide-capacity.ts).
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { OnDemandMaximum, TableDefinition, Throughput } from "@azimuth/model/table.ts";
import { warmThroughputOf } from "@azimuth/model/warm-throughput.ts";
import { tableUnitsMax } from "./limits.ts";
import type { Members } from "./request-shape.ts";

type BillingMode = TableDefinition["billingMode"];

export interface ProvisionedThroughput {
  readonly ReadCapacityUnits: number;
  readonly WriteCapacityUnits: number;
}

/** Of a table or an index. */
export interface CapacityOfOne {
  readonly ProvisionedThroughput?: ProvisionedThroughput;
  readonly OnDemandThroughput?: { readonly MaxReadRequestUnits?: number; readonly MaxWriteRequestUnits?: number };
  readonly WarmThroughput?: { readonly ReadUnitsPerSecond?: number; readonly WriteUnitsPerSecond?: number };
}

export interface CapacitySettings extends CapacityOfOne {
  readonly BillingMode?: BillingMode;
}

/** Whose capacity it is, for messages. */
export interface CapacityOwner {
  /** Undefined: the table's. */
  readonly index?: string;
  readonly region: string;
}

const membersOfOne: Members = {
  ProvisionedThroughput: {
    members: { ReadCapacityUnits: "Long", WriteCapacityUnits: "Long" }, of: "ProvisionedThroughput",
  },
  OnDemandThroughput: {
    members: { MaxReadRequestUnits: "Long", MaxWriteRequestUnits: "Long" }, of: "OnDemandThroughput",
  },
  WarmThroughput: {
    members: { ReadUnitsPerSecond: "Long", WriteUnitsPerSecond: "Long" }, of: "WarmThroughput",
  },
};
export const indexCapacityMembers: Members = membersOfOne;
export const capacityMembers: Members = { BillingMode: "String", ...membersOfOne };

const invalid = "One or more parameter values were invalid: ";
const unitsMax = 1_000_000_000_000;
const howToRequest =
  "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.";
const initialThroughputPage = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/" +
  "on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
const directions = ["Read", "Write"] as const;

export function constrainBillingMode(constraints: ConstraintList, mode: string | undefined): void {
  constraints.oneOf(mode, "billingMode", ["PROVISIONED", "PAY_PER_REQUEST"]);
}

/** `prefix`: the path before the member, with its dot. */
export function constrainProvisioned(
  constraints: ConstraintList,
  provisioned: ProvisionedThroughput | undefined,
  prefix = "",
): void {
  if (provisioned === undefined) return;
  for (const member of ["WriteCapacityUnits", "ReadCapacityUnits"] as const) {
    const path = `${prefix}provisionedThroughput.${member[0]!.toLowerCase()}${member.slice(1)}`;
    if (constraints.required(provisioned[member], path)) constraints.range(provisioned[member], path, 1);
  }
}

/** Units belong to PROVISIONED, which cannot be without them. */
export function checkUnitsFitMode(mode: BillingMode, provisioned: ProvisionedThroughput | undefined): void {
  if (mode === "PAY_PER_REQUEST") {
    if (provisioned === undefined) return;
    throw validationException(
      `${invalid}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST`,
    );
  }
  if (provisioned === undefined) {
    throw validationException(
      `${invalid}ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED`,
    );
  }
}

export function checkUnitsInBounds(provisioned: ProvisionedThroughput | undefined, owner: CapacityOwner): void {
  if (provisioned === undefined) return;
  for (const member of ["ReadCapacityUnits", "WriteCapacityUnits"] as const) {
    const units = provisioned[member];
    if (units <= tableUnitsMax) continue;
    if (units > unitsMax) throw validationException(`Given value ${units} for ${member} is out of bounds`);
    const [requested, kind] = owner.index === undefined
      ? [member, "table"]
      : [`${member} for index ${owner.index}`, "index"];
    throw new DynamoDbException("LimitExceededException",
      `The requested ${requested}, ${units}, is above the per ${kind} maximum for the account in ${owner.region}. ` +
        `Per ${kind} maximum: ${tableUnitsMax}. ${howToRequest}`);
  }
}

/** -1 takes a maximum away, so that it is no value to begin with. */
export function checkOnDemandInBounds(
  { OnDemandThroughput: requested }: CapacityOfOne,
  owner: CapacityOwner,
  kind: "creation" | "change",
): void {
  for (const direction of directions) {
    const member = `Max${direction}RequestUnits` as const;
    const units = requested?.[member];
    if (units === undefined || (units === -1 && kind === "change")) continue;
    const whose = owner.index === undefined ? "table" : `index : ${owner.index}`;
    if (units < 1) {
      throw validationException(
        `${invalid}Requested ${member} for OnDemandThroughput for ${whose} is outside of valid range`,
      );
    }
    if (units <= tableUnitsMax) continue;
    throw aboveAccountLimit(`${member} for OnDemandThroughput for ${whose}`, direction, owner);
  }
}

export function checkWarmInBounds({ WarmThroughput: requested }: CapacityOfOne, owner: CapacityOwner): void {
  for (const direction of directions) {
    const member = `${direction}UnitsPerSecond` as const;
    const units = requested?.[member];
    if (units === undefined || units <= tableUnitsMax) continue;
    throw aboveAccountLimit(`${member} for WarmThroughput for ${warmOwner(owner)}`, direction, owner);
  }
}

function aboveAccountLimit(
  requested: string, direction: (typeof directions)[number], { region }: CapacityOwner,
): DynamoDbException {
  return new DynamoDbException("LimitExceededException",
    `Subscriber limit exceeded: Requested ${requested} exceeds TableMax${direction}CapacityUnits ` +
      `of the account in region ${region}`);
}

function warmOwner({ index }: CapacityOwner): string {
  return index === undefined ? "table" : `index ${index}`;
}

/** What a new table or index has besides its units. */
export function furtherCapacityAtCreation(
  mode: BillingMode,
  settings: CapacityOfOne,
  owner: CapacityOwner,
): { readonly onDemandMaximum?: OnDemandMaximum; readonly warmThroughput?: Throughput } {
  if (mode === "PROVISIONED") refuseMaximum(settings, owner);
  checkOnDemandInBounds(settings, owner, "creation");
  checkWarmInBounds(settings, owner);
  const throughput = throughputOf(settings.ProvisionedThroughput);
  const start = warmThroughputOf(mode, { throughput });
  const warm = warmUnitsOf(settings);
  for (const [direction, units, least] of [
    ["Read", warm?.readUnits, start.readUnits], ["Write", warm?.writeUnits, start.writeUnits],
  ] as const) {
    if (units === undefined || units >= least) continue;
    const than = mode === "PROVISIONED"
      ? `${direction}CapacityUnits of ProvisionedThroughput`
      : `initial throughput for OnDemand. See: ${initialThroughputPage}`;
    throw validationException(
      `${invalid}Requested ${direction}UnitsPerSecond for WarmThroughput for ${warmOwner(owner)} is lower than ${than}`,
    );
  }
  const maximum = onDemandMaximumOf(settings);
  return {
    ...(maximum === undefined ? {} : { onDemandMaximum: maximum }),
    ...(warm === undefined ? {} : { warmThroughput: { ...start, ...warm } }),
  };
}

function refuseMaximum({ OnDemandThroughput: requested }: CapacityOfOne, { index }: CapacityOwner): void {
  for (const direction of directions) {
    const member = `Max${direction}RequestUnits` as const;
    if (requested?.[member] === undefined) continue;
    const whose = index === undefined ? "" : ` for index: ${index}`;
    throw validationException(
      `${invalid}${member} for OnDemandThroughput${whose} cannot be specified when table BillingMode is PROVISIONED.`,
    );
  }
}

export function throughputOf(provisioned: ProvisionedThroughput | undefined): Throughput {
  return { readUnits: provisioned?.ReadCapacityUnits ?? 0, writeUnits: provisioned?.WriteCapacityUnits ?? 0 };
}

/** The members that are there; undefined when none is. */
export function onDemandMaximumOf({ OnDemandThroughput }: CapacityOfOne): OnDemandMaximum | undefined {
  return someUnits(OnDemandThroughput?.MaxReadRequestUnits, OnDemandThroughput?.MaxWriteRequestUnits);
}

export function warmUnitsOf({ WarmThroughput }: CapacityOfOne): Partial<Throughput> | undefined {
  return someUnits(WarmThroughput?.ReadUnitsPerSecond, WarmThroughput?.WriteUnitsPerSecond);
}

function someUnits(readUnits: number | undefined, writeUnits: number | undefined): Partial<Throughput> | undefined {
  if (readUnits === undefined && writeUnits === undefined) return undefined;
  return { ...(readUnits === undefined ? {} : { readUnits }), ...(writeUnits === undefined ? {} : { writeUnits }) };
}
