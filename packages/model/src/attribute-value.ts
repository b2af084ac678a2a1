// Attribute values in memory: a tagged union, with Map for documents so that no attribute name is special.
// Numbers are canonical decimal strings (number.ts); sets are sorted and without duplicates.

export type AttributeType = "S" | "N" | "B" | "BOOL" | "NULL" | "L" | "M" | "SS" | "NS" | "BS";

export type AttributeValue =
  | { readonly type: "S"; readonly value: string }
  | { readonly type: "N"; readonly value: string }
  | { readonly type: "B"; readonly value: Uint8Array }
  | { readonly type: "BOOL"; readonly value: boolean }
  | { readonly type: "NULL"; readonly value: true }
  | { readonly type: "L"; readonly value: readonly AttributeValue[] }
  | { readonly type: "M"; readonly value: ReadonlyMap<string, AttributeValue> }
  | { readonly type: "SS"; readonly value: readonly string[] }
  | { readonly type: "NS"; readonly value: readonly string[] }
  | { readonly type: "BS"; readonly value: readonly Uint8Array[] };

/** An item, or a map attribute's content. */
export type Item = ReadonlyMap<string, AttributeValue>;

/** Types that a key attribute may have. */
export type KeyType = "S" | "N" | "B";
