// What BatchGetItem and BatchWriteItem have in common. A batch is a list of independent operations on items: parts
// that fail for want of capacity or of a leader are handed back to the client as unprocessed.
import { DynamoDbException, validationException } from "@azimuth/model/exceptions.ts";
import { ConstraintList } from "@azimuth/model/request-validation.ts";
import { capacityJson, type CapacityMode, type IndexUnits } from "./capacity.ts";
import { tableNameLengthMax, tableNameLengthMin } from "./limits.ts";
import type { PartResult } from "./plan.ts";
import { constrainTableName, namePattern } from "./table-name.ts";

/** RequestItems is there; an empty one has words of its own. */
export function checkRequestItems(
  constraints: ConstraintList,
  requestItems: Readonly<Record<string, unknown>> | undefined,
  operation: string,
): boolean {
  if (!constraints.required(requestItems, "requestItems")) return false;
  if (Object.keys(requestItems!).length > 0) return true;
  throw validationException(`The requestItems parameter is required for ${operation}`);
}

export function constrainTableNames(
  constraints: ConstraintList,
  requestItems: Readonly<Record<string, unknown>>,
): void {
  if (Object.keys(requestItems).every(isTableName)) return;
  constraints.fail(
    requestItems,
    "requestItems",
    `Map keys must satisfy constraint: [Member must have length less than or equal to ${tableNameLengthMax}, ` +
      `Member must have length greater than or equal to ${tableNameLengthMin}, ` +
      `Member must satisfy regular expression pattern: ${namePattern}]`,
  );
}

function isTableName(name: string): boolean {
  const constraints = new ConstraintList();
  constrainTableName(constraints, name);
  return constraints.isEmpty;
}

/** Keys met in a batch; the same item twice is refused. */
export class DistinctItems {
  readonly #seen = new Set<string>();

  add(tableId: number, key: Uint8Array): void {
    const name = `${tableId}/${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1")}`;
    if (this.#seen.has(name)) throw validationException("Provided list of item keys contains duplicates");
    this.#seen.add(name);
  }
}

/** A batch of which nothing could be done fails as a whole. */
export function throwIfAllFailed(results: readonly PartResult[]): void {
  if (results.some((result) => "outcome" in result)) return;
  if (results.some((result) => "failed" in result && result.failed === "unavailable")) {
    throw new DynamoDbException("InternalServerError", "Internal server error", 500);
  }
  throw new DynamoDbException(
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded. " +
      "Consider increasing your provisioning level with the UpdateTable API.",
  );
}

/** ConsumedCapacity of a batch: a list, by table. */
export function batchCapacityJson(
  unitsByTable: ReadonlyMap<string, number>,
  mode: CapacityMode | undefined,
  indexUnitsByTable: ReadonlyMap<string, IndexUnits> = new Map(),
): string | undefined {
  if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
  const tables = [...unitsByTable].map(([table, units]) =>
    capacityJson(table, mode, units, indexUnitsByTable.get(table)));
  return `[${tables.join(",")}]`;
}

/** An object of JSON texts by table name. */
export function byTableJson(texts: ReadonlyMap<string, string>): string {
  return `{${[...texts].map(([table, text]) => `${JSON.stringify(table)}:${text}`).join(",")}}`;
}

export function addTo(unitsByTable: Map<string, number>, table: string, units: number): void {
  unitsByTable.set(table, (unitsByTable.get(table) ?? 0) + units);
}
