// The reads of a SELECT by key, as ranges of keys in the order of the result. Reads of one partition value may not
// overlap, or an item would be returned twice; where a condition says what the sort key is not, DynamoDB allows it,
// and then the partition is read once with everything as its filter.
import { compareBytes } from "@azimuth/foundation/bytes.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import type { KeyValue } from "@azimuth/model/key.ts";
import { compareValues } from "@azimuth/model/value-compare.ts";
import type { KeyRead } from "@azimuth/partiql/key-access.ts";
import type { Condition, OrderTerm } from "@azimuth/partiql/syntax-tree.ts";
import { successor, type KeyRange } from "./key-range.ts";
import type { ReadSource } from "./partiql-source.ts";

export interface RangedRead {
  readonly partition: KeyValue;
  readonly range: KeyRange;
  readonly filter: Condition | undefined;
}

export interface ReadOrder {
  readonly byPartition: "as-written" | "ascending" | "descending";
  readonly reverse: boolean;
}

/** The directions that ORDER BY asks for. Without the sort key in it, DynamoDB reads backwards. */
export function readOrder(
  orderBy: readonly OrderTerm[],
  hasWhere: boolean,
  reads: readonly KeyRead[] | undefined,
  { schema }: ReadSource,
): ReadOrder {
  if (orderBy.length === 0) return { byPartition: "as-written", reverse: false };
  if (!hasWhere) throw validationException("Must have WHERE clause in the statement when using ORDER BY clause.");
  const partition = schema.partition.name;
  const sort = schema.sort?.name;
  const stranger = orderBy.find(({ attribute }) => attribute !== partition && attribute !== sort);
  if (stranger !== undefined) {
    throw validationException(`Attribute ${stranger.attribute} in ORDER BY clause must be part of the primary key`);
  }
  if (reads === undefined) {
    throw validationException(
      "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.",
    );
  }
  const byPartition = orderBy.find(({ attribute }) => attribute === partition);
  const bySort = orderBy.find(({ attribute }) => attribute === sort);
  if (byPartition === undefined && partitionsOf(reads) > 1) {
    throw validationException(
      "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.",
    );
  }
  return {
    byPartition: byPartition === undefined ? "as-written" : byPartition.descending ? "descending" : "ascending",
    reverse: bySort === undefined || bySort.descending,
  };
}

export function rangedReads(reads: readonly KeyRead[], source: ReadSource, order: ReadOrder): readonly RangedRead[] {
  const groups = [...grouped(reads).values()].map((group) => rangesOfPartition(group, source, order.reverse));
  const sign = order.byPartition === "descending" ? -1 : 1;
  if (order.byPartition !== "as-written") {
    groups.sort(([one], [other]) => sign * (compareValues(one!.partition, other!.partition) ?? 0));
  }
  const all = groups.flat();
  const possible = all.filter(({ range }) => !isEmpty(range));
  return possible.length > 0 ? possible : all.slice(0, 1);
}

/** What of a range comes after a key, in the direction of the read. */
export function restOfRange(range: KeyRange, key: Uint8Array, reverse: boolean): KeyRange {
  return intersection(range, reverse ? { ...range, end: key } : { ...range, start: successor(key) });
}

function partitionsOf(reads: readonly KeyRead[]): number {
  return grouped(reads).size;
}

function grouped(reads: readonly KeyRead[]): ReadonlyMap<string, readonly KeyRead[]> {
  const groups = new Map<string, KeyRead[]>();
  for (const read of reads) {
    const { value } = read.partition;
    const name = value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value);
    groups.set(name, [...(groups.get(name) ?? []), read]);
  }
  return groups;
}

function rangesOfPartition(group: readonly KeyRead[], source: ReadSource, reverse: boolean): readonly RangedRead[] {
  const ranged = group.map((read) => ({ read, range: rangeOfRead(read, source) }));
  const plain = ranged.filter(({ read, range }) => !read.excludes && !isEmpty(range));
  plain.sort((one, other) => compareBytes(one.range.start, other.range.start));
  for (let at = 1; at < plain.length; at++) {
    if (!isEmpty(intersection(plain[at - 1]!.range, plain[at]!.range))) {
      throw validationException("Overlapping conditions with range keys are not supported in where clause");
    }
  }
  const partition = group[0]!.partition as KeyValue;
  if (group.length > 1 && group.some(({ excludes }) => excludes)) {
    return [{ partition, range: source.range(partition, undefined), filter: anyOf(group) }];
  }
  const reads = ranged.map(({ read, range }): RangedRead => ({ partition, range, filter: allOf(read.filter) }));
  reads.sort((one, other) => (reverse ? -1 : 1) * compareBytes(one.range.start, other.range.start));
  return reads;
}

function rangeOfRead({ partition, sort }: KeyRead, source: ReadSource): KeyRange {
  return sort.reduce(
    (range, condition) => intersection(range, source.range(partition, condition)), source.range(partition, undefined),
  );
}

/** An empty end stands for no end; an empty intersection keeps an end, at or below its start. */
function intersection(one: KeyRange, other: KeyRange): KeyRange {
  const start = compareBytes(one.start, other.start) >= 0 ? one.start : other.start;
  if (one.end.length === 0) return { ...one, start, end: other.end };
  if (other.end.length === 0) return { ...one, start, end: one.end };
  return { ...one, start, end: compareBytes(one.end, other.end) <= 0 ? one.end : other.end };
}

function isEmpty({ start, end }: KeyRange): boolean {
  return end.length > 0 && compareBytes(start, end) >= 0;
}

function allOf(conditions: readonly Condition[]): Condition | undefined {
  return conditions.length === 0 ? undefined : { kind: "and", conditions };
}

function anyOf(group: readonly KeyRead[]): Condition | undefined {
  if (group.some(({ withoutPartition }) => withoutPartition.length === 0)) return undefined;
  const conditions = group.map(({ withoutPartition }): Condition => ({ kind: "and", conditions: withoutPartition }));
  return { kind: "or", conditions };
}
