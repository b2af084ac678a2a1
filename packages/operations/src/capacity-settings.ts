// How a table's capacity is set, by CreateTable and UpdateTable: a billing mode, and units when it is PROVISIONED.
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
}

export const capacityMembers: Members = {
  BillingMode: "String",
  ProvisionedThroughput: {
    members: { ReadCapacityUnits: "Long", WriteCapacityUnits: "Long" }, of: "ProvisionedThroughput",
  },
};

const invalid = "One or more parameter values were invalid: ";
const unitsMax = 1_000_000_000_000;

export function constrainCapacitySettings(constraints: ConstraintList, request: CapacitySettings): void {
  constraints.oneOf(request.BillingMode, "billingMode", ["PROVISIONED", "PAY_PER_REQUEST"]);
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

export function throughputOf(provisioned: ProvisionedThroughput | undefined): Throughput {
  return { readUnits: provisioned?.ReadCapacityUnits ?? 0, writeUnits: provisioned?.WriteCapacityUnits ?? 0 };
}
