// How a table's capacity is set, by CreateTable and UpdateTable: a billing mode, units when it is PROVISIONED, a
// maximum when it is not, and warm throughput. The last two are kept and described; a cluster on one machine has
// nothing to warm, and enforces no maximum.
import { validationException } from "@azimuth/model/exceptions.ts";
import type { ConstraintList } from "@azimuth/model/request-validation.ts";
import type { TableDefinition, Throughput } from "@azimuth/model/table.ts";
import type { Members } from "./request-shape.ts";

export interface ProvisionedThroughput {
  readonly ReadCapacityUnits: number;
  readonly WriteCapacityUnits: number;
}

export interface CapacitySettings {
  readonly BillingMode?: TableDefinition["billingMode"];
  readonly ProvisionedThroughput?: ProvisionedThroughput;
  readonly OnDemandThroughput?: { readonly MaxReadRequestUnits?: number; readonly MaxWriteRequestUnits?: number };
  readonly WarmThroughput?: { readonly ReadUnitsPerSecond?: number; readonly WriteUnitsPerSecond?: number };
}

export const capacityMembers: Members = {
  BillingMode: "String",
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

const invalid = "One or more parameter values were invalid: ";
const unitsMax = 1_000_000_000_000;

export function constrainCapacitySettings(constraints: ConstraintList, request: CapacitySettings): void {
  constraints.oneOf(request.BillingMode, "billingMode", ["PROVISIONED", "PAY_PER_REQUEST"]);
  const warm = request.WarmThroughput;
  constraints.range(warm?.ReadUnitsPerSecond, "warmThroughput.readUnitsPerSecond", 1);
  constraints.range(warm?.WriteUnitsPerSecond, "warmThroughput.writeUnitsPerSecond", 1);
  if (request.ProvisionedThroughput === undefined) return;
  const { WriteCapacityUnits, ReadCapacityUnits } = request.ProvisionedThroughput;
  constrainUnits(constraints, WriteCapacityUnits, "provisionedThroughput.writeCapacityUnits");
  constrainUnits(constraints, ReadCapacityUnits, "provisionedThroughput.readCapacityUnits");
}

function constrainUnits(constraints: ConstraintList, units: number | undefined, path: string): void {
  if (constraints.required(units, path)) constraints.range(units, path, 1);
}

/** Units belong to PROVISIONED, which cannot be without them. */
export function checkCapacitySettings(
  mode: TableDefinition["billingMode"],
  provisioned: ProvisionedThroughput | undefined,
): void {
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
  for (const member of ["ReadCapacityUnits", "WriteCapacityUnits"] as const) {
    if (provisioned[member] <= unitsMax) continue;
    throw validationException(`Given value ${provisioned[member]} for ${member} is out of bounds`);
  }
}

/** What is set besides the mode and its units; members that are absent stay as they are. */
export function furtherCapacityOf(
  mode: TableDefinition["billingMode"],
  { OnDemandThroughput, WarmThroughput }: CapacitySettings,
): Pick<TableDefinition, "onDemandMaximum" | "warmThroughput"> {
  if (OnDemandThroughput !== undefined && mode !== "PAY_PER_REQUEST") {
    throw validationException(
      `${invalid}Neither MaxReadRequestUnits nor MaxWriteRequestUnits can be specified when BillingMode is PROVISIONED`,
    );
  }
  const { MaxReadRequestUnits: readMax = -1, MaxWriteRequestUnits: writeMax = -1 } = OnDemandThroughput ?? {};
  for (const [units, member] of [[readMax, "MaxReadRequestUnits"], [writeMax, "MaxWriteRequestUnits"]] as const) {
    if (units !== -1 && units < 1) throw validationException(`Given value ${units} for ${member} is out of bounds`);
  }
  const { ReadUnitsPerSecond: readUnits = 0, WriteUnitsPerSecond: writeUnits = 0 } = WarmThroughput ?? {};
  return {
    ...(OnDemandThroughput === undefined ? {} : { onDemandMaximum: { readUnits: readMax, writeUnits: writeMax } }),
    ...(WarmThroughput === undefined ? {} : { warmThroughput: { readUnits, writeUnits } }),
  };
}

export function throughputOf(provisioned: ProvisionedThroughput | undefined): Throughput {
  return { readUnits: provisioned?.ReadCapacityUnits ?? 0, writeUnits: provisioned?.WriteCapacityUnits ?? 0 };
}
