// Reading fields of JSON that another process wrote: a field that is missing or of another type is null.

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}

export function numberAt(value: unknown, field: string): number | null {
  const found = fieldOf(value, field);
  return typeof found === "number" && Number.isFinite(found) ? found : null;
}

export function stringAt(value: unknown, field: string): string | null {
  const found = fieldOf(value, field);
  return typeof found === "string" ? found : null;
}

export function listAt(value: unknown, field: string): readonly unknown[] {
  const found = fieldOf(value, field);
  return Array.isArray(found) ? found : [];
}

/** The texts of a list of texts, or of one field of a list of objects. */
export function textsAt(value: unknown, list: string, field: string): readonly string[] {
  return listAt(value, list).map((item) => (typeof item === "string" ? item : stringAt(item, field)))
    .filter((text) => text !== null);
}
