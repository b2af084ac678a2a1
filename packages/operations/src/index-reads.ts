// Query and Scan with an IndexName: which index, which attributes it can give, and the range of its entries that a
// key condition and a starting key stand for.
import { compareBytes, prefixEnd } from "@azimuth/foundation/bytes.ts";
import { parseItem } from "@azimuth/model/attribute-json.ts";
import type { Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import {
  checkPartitionKeySize, checkSortKeySize, keyNames, keyOfItem, refuseEmptyKeyValue, type KeyValue,
} from "@azimuth/model/key.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { tokenOf } from "@azimuth/placement/token.ts";
import { encodeKeyAttribute } from "@azimuth/storage/keys/item-key.ts";
import type { Bindings } from "@azimuth/expression/bindings.ts";
import {
  compileKeyCondition, resolveCompositeKeyCondition, type ResolvedCompositeCondition, type SortCondition,
} from "@azimuth/expression/key-condition.ts";
import { compileProjection, projectionAttributeNames } from "@azimuth/expression/projection.ts";
import { entryKeyNames, entryPosition, projectedNames, type EntryPosition } from "./index-entries.ts";
import { resolveLegacyKeyConditions, successor, type KeyRange } from "./key-range.ts";
import type { LegacyCondition } from "./legacy-parameters.ts";
import { positionOf } from "./position.ts";
import type { RangeReadRequest } from "./range-read.ts";

const invalid = "One or more parameter values were invalid: ";
const invalidStart = "The provided starting key is invalid";

/** The index of a request; undefined when it reads the table itself. */
export function findIndex(
  { IndexName, ConsistentRead }: RangeReadRequest,
  table: TableDefinition,
): IndexDefinition | undefined {
  if (IndexName === undefined) return undefined;
  const index = table.indexes?.find(({ name }) => name === IndexName);
  if (index === undefined || index.status === "DELETING") {
    throw validationException(`The table does not have the specified index: ${IndexName}`);
  }
  if (index.kind === "global" && ConsistentRead === true) {
    throw validationException("Consistent reads are not supported on global secondary indexes");
  }
  if (index.status === "CREATING") {
    throw validationException(`Cannot read from backfilling global secondary index: ${IndexName}`);
  }
  return index;
}

/** The members of a command that say where it reads: in the table, or in an index of it. */
export function readsFrom(table: TableDefinition, index: IndexDefinition | undefined, fetch: boolean) {
  if (index === undefined) return { tableId: table.tableId };
  const { indexId } = index;
  return { tableId: index.kind === "global" ? indexId : table.tableId, indexId, fetch };
}

/**
 * Whether the items themselves have to be fetched, because the request wants attributes that a local index does not
 * have. A global index gives only what it has.
 */
export function mustFetch(
  request: RangeReadRequest,
  bindings: Bindings,
  table: TableDefinition,
  index: IndexDefinition | undefined,
): boolean {
  const has = index && projectedNames(table, index);
  if (index === undefined || has === undefined) return false;
  if (request.Select === "ALL_ATTRIBUTES") {
    if (index.kind === "local") return true;
    throw validationException(
      `${invalid}Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} ` +
        "because its projection type is not ALL",
    );
  }
  if (request.ProjectionExpression === undefined) return false;
  const wanted = projectionAttributeNames(compileProjection(request.ProjectionExpression), bindings);
  const missing = wanted.filter((name) => !has.includes(name));
  if (missing.length === 0 || index.kind === "local") return missing.length > 0;
  throw validationException(
    `${invalid}Global secondary index ${index.name} does not project [${missing.join(", ")}]`,
  );
}

/** A read by key filters by what the index has, local or global; a scan of it may name anything. */
export function refuseUnprojectedFilter(
  table: TableDefinition,
  index: IndexDefinition | undefined,
  filterNames: readonly string[],
): void {
  const has = index && projectedNames(table, index);
  if (index === undefined || has === undefined) return;
  const missing = [...new Set(filterNames)].filter((name) => !has.includes(name));
  if (missing.length === 0) return;
  throw validationException(
    `${invalid}Secondary index ${index.name} does not project one or more filter attributes: [${missing.join(", ")}]`,
  );
}

/** The key attributes that a filter may not use. */
export function readKeyNames(table: TableDefinition, index: IndexDefinition | undefined): readonly string[] {
  if (index === undefined) return keyNames(table.key);
  return [...index.key.partition, ...index.key.sort].map(({ name }) => name);
}

/** The entries that a Query's conditions, given one way or the other, and its starting key stand for. */
export function indexQueryRange(
  request: RangeReadRequest & {
    readonly KeyConditions?: Readonly<Record<string, LegacyCondition>>;
    readonly ScanIndexForward?: boolean;
  },
  bindings: Bindings,
  table: TableDefinition,
  index: IndexDefinition,
): KeyRange {
  const { KeyConditionExpression, KeyConditions } = request;
  const condition = KeyConditionExpression === undefined
    ? resolveLegacy(KeyConditions ?? {}, index)
    : resolveCompositeKeyCondition(compileKeyCondition(KeyConditionExpression), bindings, index.key);
  checkValues(condition, index);
  const range = rangeOf(condition);
  const start = indexStart(request, table, index);
  if (start === undefined) return range;
  const isInside = compareBytes(start.key, range.start) >= 0
    && (range.end.length === 0 || compareBytes(start.key, range.end) < 0);
  if (!isInside) {
    throw validationException("The provided starting key is outside query boundaries based on provided conditions");
  }
  return request.ScanIndexForward === false
    ? { ...range, end: start.key }
    : { ...range, start: successor(start.key) };
}

/** Where the entry of the request's ExclusiveStartKey lies: a key of the index and of the table together. */
export function indexStart(
  { ExclusiveStartKey }: RangeReadRequest,
  table: TableDefinition,
  index: IndexDefinition,
): EntryPosition | undefined {
  if (ExclusiveStartKey === undefined) return undefined;
  const names = entryKeyNames(table, index);
  const item = parseItem(ExclusiveStartKey);
  const isWhole = item.size === names.length && names.every((name) => item.has(name));
  const position = isWhole ? entryPosition(table, index, item) : undefined;
  if (position === undefined) throw validationException(invalidStart);
  return position;
}

/** The key of an entry, as LastEvaluatedKey shows it. */
export function entryKeyItem(table: TableDefinition, index: IndexDefinition, entry: Uint8Array): Item {
  const item = decodeItem(entry);
  return new Map(entryKeyNames(table, index).map((name) => [name, item.get(name)!] as const));
}

/** Where the item of an entry lies, below the table's prefix. */
export function itemKeyOfEntry(table: TableDefinition, entry: Uint8Array): Uint8Array {
  return positionOf(keyOfItem(table.key, decodeItem(entry))).key;
}

function resolveLegacy(
  conditions: Readonly<Record<string, LegacyCondition>>,
  { key }: IndexDefinition,
): ResolvedCompositeCondition {
  const schema = { partition: key.partition[0]!, sort: key.sort[0] };
  if (key.partition.length > 1 || key.sort.length > 1) throw validationException("Query key condition not supported");
  const { partitionValue, sort } = resolveLegacyKeyConditions(conditions, schema);
  return { partitionValues: [partitionValue], sorts: sort === undefined ? [] : [sort] };
}

function checkValues({ partitionValues, sorts }: ResolvedCompositeCondition, { key }: IndexDefinition): void {
  partitionValues.forEach((value, position) => {
    refuseEmptyKeyValue(key.partition[position]!.name, value as KeyValue);
    checkPartitionKeySize(value as KeyValue);
  });
  sorts.forEach(({ operator, values }, position) => {
    for (const value of values) {
      if (operator !== "begins_with") refuseEmptyKeyValue(key.sort[position]!.name, value as KeyValue);
      checkSortKeySize(value as KeyValue);
    }
  });
}

/** Sort keys are delimited in entries, so a condition's interval ends behind all that begins with its bound. */
function rangeOf({ partitionValues, sorts }: ResolvedCompositeCondition): KeyRange {
  const partition = Buffer.concat(partitionValues.map((value) => delimited(value as KeyValue)));
  const token = tokenOf(partition);
  const last = sorts.at(-1);
  const fixed = last === undefined || last.operator === "=" ? sorts : sorts.slice(0, -1);
  const prefix = Buffer.concat([Buffer.from(token, "hex"), partition,
    ...fixed.map(({ values }) => delimited(values[0] as KeyValue))]);
  const all = { token, start: prefix, end: endOf(prefix) };
  return last === undefined || last.operator === "=" ? all : { ...all, ...interval(prefix, last) };
}

function interval(prefix: Uint8Array, { operator, values }: SortCondition): Partial<KeyRange> {
  const at = (value: KeyValue): Uint8Array => Buffer.concat([prefix, delimited(value)]);
  const low = at(values[0] as KeyValue);
  switch (operator) {
    case "=":
      return { start: low, end: endOf(low) };
    case "<":
      return { end: low };
    case "<=":
      return { end: endOf(low) };
    case ">":
      return { start: endOf(low) };
    case ">=":
      return { start: low };
    case "between":
      return { start: low, end: endOf(at(values[1] as KeyValue)) };
    case "begins_with": {
      // Without the two bytes that end a delimited value, what is longer begins with it, too.
      const open = low.subarray(0, low.length - 2);
      return { start: open, end: endOf(open) };
    }
  }
}

function delimited(value: KeyValue): Uint8Array {
  return encodeKeyAttribute(value.type, value.value, "delimited");
}

function endOf(prefix: Uint8Array): Uint8Array {
  return prefixEnd(Uint8Array.from(prefix)) ?? new Uint8Array(0);
}
