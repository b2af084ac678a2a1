// Capacity units as DynamoDB charges them: a write unit is 1 KB of the larger image, a read unit 4 KB (half for an
// eventually consistent read), each operation at least one unit; Query and Scan round the sum of what they read.
// Source: developer guide, "Read/write capacity mode", and design notes C.2.

export type CapacityMode = "INDEXES" | "TOTAL" | "NONE";

export const capacityModes = ["INDEXES", "TOTAL", "NONE"] as const;

export function writeUnits(sizeBefore: number, sizeAfter: number): number {
  return Math.max(1, Math.ceil(Math.max(sizeBefore, sizeAfter) / 1024));
}

export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
}

/** A ConsumedCapacity structure as JSON text; undefined when the request did not ask for it. */
export function capacityJson(tableName: string, mode: CapacityMode | undefined, units: number): string | undefined {
  if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
  const table = mode === "INDEXES" ? `,"Table":{"CapacityUnits":${units}}` : "";
  return `{"TableName":${JSON.stringify(tableName)},"CapacityUnits":${units}${table}}`;
}
