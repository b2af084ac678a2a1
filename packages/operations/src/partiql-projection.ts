// The columns of a SELECT. The storage node projects whole top-level attributes; the router takes from them what the
// paths lead to, and names each column by the last name of its path.
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { itemToJson } from "@azimuth/model/attribute-json.ts";
import { encodedItemToJson } from "@azimuth/model/encoded-item-json.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import { columnName } from "@azimuth/partiql/statement-parser.ts";
import type { Path } from "@azimuth/partiql/syntax-tree.ts";

/** The attributes that the node has to send; undefined: all. */
export function projectedAttributes(projection: readonly Path[] | undefined): readonly Path[] | undefined {
  if (projection === undefined) return undefined;
  return [...new Set(projection.map(([name]) => String(name)))].map((name) => [name]);
}

/** From what the node sent to JSON text. */
export function columnsJson(projection: readonly Path[] | undefined): (item: Uint8Array) => string {
  if (projection === undefined || projection.every((path) => path.length === 1)) return encodedItemToJson;
  return (bytes) => {
    const item = decodeItem(bytes);
    const columns = new Map<string, AttributeValue>();
    for (const path of projection) {
      const value = follow(path, item);
      if (value !== undefined) columns.set(columnName(path), value);
    }
    return JSON.stringify(itemToJson(columns));
  };
}

function follow(path: Path, item: Item): AttributeValue | undefined {
  let value = item.get(String(path[0]));
  for (const element of path.slice(1)) {
    if (typeof element === "number") value = value?.type === "L" ? value.value[element] : undefined;
    else value = value?.type === "M" ? value.value.get(element) : undefined;
  }
  return value;
}
