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

/** Units by the names of indexes. */
export interface IndexUnits {
  readonly local: Readonly<Record<string, number>>;
  readonly global: Readonly<Record<string, number>>;
}

export const noIndexUnits: IndexUnits = { local: {}, global: {} };

export function totalOf({ local, global }: IndexUnits): number {
  return [...Object.values(local), ...Object.values(global)].reduce((sum, units) => sum + units, 0);
}

export function addIndexUnits(left: IndexUnits, right: IndexUnits): IndexUnits {
  const sum = (a: IndexUnits["local"], b: IndexUnits["local"]): IndexUnits["local"] => {
    const result: Record<string, number> = { ...a };
    for (const name in b) result[name] = (result[name] ?? 0) + b[name]!;
    return result;
  };
  return { local: sum(left.local, right.local), global: sum(left.global, right.global) };
}

/**
 * A ConsumedCapacity structure as JSON text; undefined when the request did not ask for it. `units` are the table's
 * own; what indexes consumed comes on top.
 */
export function capacityJson(
  tableName: string,
  mode: CapacityMode | undefined,
  units: number,
  indexUnits: IndexUnits = noIndexUnits,
): string | undefined {
  if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
  const total = units + totalOf(indexUnits);
  const parts = mode === "INDEXES"
    ? `,"Table":{"CapacityUnits":${units}}` + byIndexJson("LocalSecondaryIndexes", indexUnits.local)
      + byIndexJson("GlobalSecondaryIndexes", indexUnits.global)
    : "";
  return `{"TableName":${JSON.stringify(tableName)},"CapacityUnits":${total}${parts}}`;
}

function byIndexJson(member: string, units: Readonly<Record<string, number>>): string {
  const entries = Object.entries(units).map(([name, each]) => `${JSON.stringify(name)}:{"CapacityUnits":${each}}`);
  return entries.length === 0 ? "" : `,"${member}":{${entries.join(",")}}`;
}
