// What a secondary index holds of an item. An item is in an index if it has all of the index's key attributes, each
// of its type; then the index has one entry for it:
//
//   local    token of the item | its partition key | index sort key (delimited) | its sort key (final)
//   global   token of the index partition key | index partition key and sort key (each delimited)
//            | the item's partition key (delimited) | its sort key (final)
//
// So entries lie in the order of the index's key and no two items share one. The value is a binary item with the
// projected attributes. Keys here are below the index's own prefix (storage/src/keys/item-key.ts).
import { equalBytes } from "@azimuth/foundation/bytes.ts";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { decodeItem, encodeItem, encodedItemSize } from "@azimuth/model/item-codec.ts";
import type { KeyValue } from "@azimuth/model/key.ts";
import type { IndexDefinition, KeyAttribute, TableDefinition } from "@azimuth/model/table.ts";
import { tokenOf } from "@azimuth/placement/token.ts";
import { encodeKeyAttribute } from "@azimuth/storage/keys/item-key.ts";
import { writeUnits } from "./capacity.ts";
import type { Token } from "./operation.ts";

export interface EntryPosition {
  readonly token: Token;
  readonly key: Uint8Array;
}

export interface IndexEntry extends EntryPosition {
  readonly value: Uint8Array;
}

/** One write to one index; without a value it deletes. */
export interface IndexChange extends EntryPosition {
  readonly index: IndexDefinition;
  readonly value: Uint8Array | undefined;
}

/** Write units by the name of the index. */
export type UnitsByIndex = Readonly<Record<string, number>>;

export interface IndexMaintenance {
  readonly changes: readonly IndexChange[];
  readonly local: UnitsByIndex;
  readonly global: UnitsByIndex;
  /** Sizes of the item's entries in local indexes, together. */
  readonly localBytesBefore: number;
  readonly localBytesAfter: number;
  readonly localDeltas: readonly IndexSizeDelta[];
}

/** By how much what a local index holds grows, in entries and in encoded bytes. */
export interface IndexSizeDelta {
  readonly indexId: number;
  readonly items: number;
  readonly bytes: number;
}

export function hasIndexes(table: TableDefinition): boolean {
  return table.indexes !== undefined && table.indexes.length > 0;
}

export function localIndexesOf(table: TableDefinition): readonly IndexDefinition[] {
  return (table.indexes ?? []).filter((index) => index.kind === "local");
}

/** What a write that turns `before` into `after` does to the table's indexes, and what that costs. */
export function maintainIndexes(
  table: TableDefinition,
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
): IndexMaintenance {
  const changes: IndexChange[] = [];
  const localDeltas: IndexSizeDelta[] = [];
  const units = { local: {} as Record<string, number>, global: {} as Record<string, number> };
  let localBytesBefore = 0;
  let localBytesAfter = 0;
  const [itemBefore, itemAfter] = [before && decodeItem(before), after && decodeItem(after)];
  for (const index of table.indexes ?? []) {
    if (index.status === "DELETING") continue;
    const old = itemBefore && indexEntryOf(table, index, itemBefore, before);
    const next = itemAfter && indexEntryOf(table, index, itemAfter, after);
    if (index.kind === "local") {
      localBytesBefore += sizeOf(old);
      localBytesAfter += sizeOf(next);
    }
    const written = changesOfEntry(index, old, next);
    if (written.length === 0) continue;
    if (index.kind === "local") localDeltas.push(sizeDelta(index, old, next));
    changes.push(...written);
    units[index.kind][index.name] = unitsOfEntry(old, next);
  }
  return { changes, ...units, localBytesBefore, localBytesAfter, localDeltas };
}

function sizeDelta(
  { indexId }: IndexDefinition,
  old: IndexEntry | undefined,
  next: IndexEntry | undefined,
): IndexSizeDelta {
  const items = (next === undefined ? 0 : 1) - (old === undefined ? 0 : 1);
  return { indexId, items, bytes: (next?.value.length ?? 0) - (old?.value.length ?? 0) };
}

function changesOfEntry(
  index: IndexDefinition,
  old: IndexEntry | undefined,
  next: IndexEntry | undefined,
): readonly IndexChange[] {
  const stays = old !== undefined && next !== undefined && equalBytes(old.key, next.key);
  if (stays && equalBytes(old.value, next.value)) return [];
  const changes: IndexChange[] = [];
  if (old !== undefined && !stays) changes.push({ index, token: old.token, key: old.key, value: undefined });
  if (next !== undefined) changes.push({ index, ...next });
  return changes;
}

/** An entry that moves is deleted and written: two writes. */
function unitsOfEntry(old: IndexEntry | undefined, next: IndexEntry | undefined): number {
  if (old === undefined || next === undefined || equalBytes(old.key, next.key)) {
    return writeUnits(sizeOf(old), sizeOf(next));
  }
  return writeUnits(sizeOf(old), 0) + writeUnits(0, sizeOf(next));
}

function sizeOf(entry: IndexEntry | undefined): number {
  return entry === undefined ? 0 : encodedItemSize(entry.value);
}

/** The index's entry for an item; undefined when the item is not in the index. `encoded` is the same item. */
export function indexEntryOf(
  table: TableDefinition,
  index: IndexDefinition,
  item: Item,
  encoded: Uint8Array = encodeItem(item),
): IndexEntry | undefined {
  const position = entryPosition(table, index, item);
  return position && { ...position, value: projected(table, index, item, encoded) };
}

/** Where the entry of an item, or of a starting key, lies; undefined when it lacks an attribute of the keys. */
export function entryPosition(
  table: TableDefinition,
  index: IndexDefinition,
  item: Item,
): EntryPosition | undefined {
  const partition = encodeAll(index.key.partition, item);
  const sort = encodeAll(index.key.sort, item);
  const base = encodeAll([table.key.partition], item);
  const baseSort = table.key.sort && item.get(table.key.sort.name);
  if (partition === undefined || sort === undefined || base === undefined) return undefined;
  if (table.key.sort !== undefined && baseSort?.type !== table.key.sort.type) return undefined;
  const token = tokenOf(partition);
  const end = baseSort === undefined ? [] : [encodeKeyAttribute(baseSort.type as KeyValue["type"],
    (baseSort as KeyValue).value, "final")];
  const middle = index.kind === "local" ? [sort] : [sort, base];
  return { token, key: Buffer.concat([Buffer.from(token, "hex"), partition, ...middle, ...end]) };
}

/** The delimited forms of the attributes, one after the other; undefined when one is missing or of another type. */
function encodeAll(attributes: readonly KeyAttribute[], item: Item): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const { name, type } of attributes) {
    const value = item.get(name);
    if (value === undefined || value.type !== type || (value as KeyValue).value.length === 0) return undefined;
    parts.push(encodeKeyAttribute(type, (value as KeyValue).value, "delimited"));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Names of the attributes that make up the key of an index's entry: the index's own, then the table's. */
export function entryKeyNames(table: TableDefinition, index: IndexDefinition): readonly string[] {
  const { partition, sort } = table.key;
  const names = [...index.key.partition, ...index.key.sort, partition, ...(sort === undefined ? [] : [sort])];
  return [...new Set(names.map(({ name }) => name))];
}

/** Names of all attributes that entries have; undefined: every attribute of the item. */
export function projectedNames(table: TableDefinition, index: IndexDefinition): readonly string[] | undefined {
  switch (index.projection.kind) {
    case "ALL":
      return undefined;
    case "KEYS_ONLY":
      return entryKeyNames(table, index);
    case "INCLUDE":
      return [...entryKeyNames(table, index), ...index.projection.attributes];
  }
}

function projected(
  table: TableDefinition,
  index: IndexDefinition,
  item: Item,
  encoded: Uint8Array,
): Uint8Array {
  const names = projectedNames(table, index);
  if (names === undefined) return encoded;
  const wanted = new Set(names);
  return encodeItem(new Map<string, AttributeValue>([...item].filter(([name]) => wanted.has(name))));
}
