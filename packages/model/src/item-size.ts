// The size of an item as DynamoDB counts it: attribute names and values in UTF-8 bytes, with fixed overheads.
// Source: developer guide, "Item sizes and formats"; numbers as measured against the service (number.ts).
// Item limits, 1 MB pages and capacity units all count with this size.
import type { AttributeValue, Item } from "./attribute-value.ts";
import { numberSize } from "./number.ts";

export const itemSizeMax = 400 * 1024;

/** A list or map counts three bytes, and one for each element or pair. */
export const containerOverhead = 3;
export const elementOverhead = 1;

export function itemSize(item: Item): number {
  let size = 0;
  for (const [name, value] of item) size += Buffer.byteLength(name) + valueSize(value);
  return size;
}

export function valueSize(value: AttributeValue): number {
  switch (value.type) {
    case "S":
      return Buffer.byteLength(value.value);
    case "N":
      return numberSize(value.value);
    case "B":
      return value.value.length;
    case "BOOL":
    case "NULL":
      return 1;
    case "L":
      return value.value.reduce((size, element) => size + elementOverhead + valueSize(element), containerOverhead);
    case "M":
      return containerOverhead + value.value.size * elementOverhead + itemSize(value.value);
    case "SS":
      return value.value.reduce((size, element) => size + Buffer.byteLength(element), 0);
    case "NS":
      return value.value.reduce((size, element) => size + numberSize(element), 0);
    case "BS":
      return value.value.reduce((size, element) => size + element.length, 0);
  }
}
