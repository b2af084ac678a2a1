// From a key condition to the range of keys it stands for. All items of a partition key lie together in the order of
// their sort keys, so every condition DynamoDB allows on a sort key is one interval of keys: [start, end).
import { prefixEnd } from "@azimuth/foundation/bytes.ts";
import { parseValue } from "@azimuth/model/attribute-json.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import {
  checkPartitionKeySize, checkSortKeySize, refuseEmptyKeyValue, type Key, type KeyValue,
} from "@azimuth/model/key.ts";
import { compareValues } from "@azimuth/model/value-compare.ts";
import type { KeySchema } from "@azimuth/model/table.ts";
import type { ResolvedKeyCondition, SortCondition, SortOperator } from "@azimuth/expression/key-condition.ts";
import type { ComparisonOperator, LegacyCondition } from "./legacy-parameters.ts";
import type { Token } from "./operation.ts";
import { partitionPrefix, positionOf, sortKeyBytes } from "./position.ts";

export interface KeyRange {
  readonly token: Token;
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

export function rangeOf(condition: ResolvedKeyCondition): KeyRange {
  const { token, prefix } = partitionPrefix(condition.partitionValue as KeyValue);
  const all = { token, start: prefix, end: endOf(prefix) };
  if (condition.sort === undefined) return all;
  const { operator, values } = condition.sort;
  const at = (value: KeyValue): Uint8Array => Buffer.concat([prefix, sortKeyBytes(value)]);
  const low = at(values[0] as KeyValue);
  switch (operator) {
    case "=":
      return { token, start: low, end: successor(low) };
    case "<":
      return { ...all, end: low };
    case "<=":
      return { ...all, end: successor(low) };
    case ">":
      return { ...all, start: successor(low) };
    case ">=":
      return { ...all, start: low };
    case "between":
      return { token, start: low, end: successor(at(values[1] as KeyValue)) };
    case "begins_with":
      return { token, start: low, end: endOf(low) };
  }
}

/** The part of a range that comes after the key of an ExclusiveStartKey, in the direction of the read. */
export function rangeAfter(range: KeyRange, start: Key, reverse: boolean): KeyRange {
  const { key } = positionOf(start);
  return reverse ? { ...range, end: key } : { ...range, start: successor(key) };
}

/** Whether a sort key fulfils a condition: a starting key has to. */
export function sortKeyMatches(value: KeyValue, { operator, values }: SortCondition): boolean {
  const order = (against: number): number => compareValues(value, values[against]!) ?? Number.NaN;
  switch (operator) {
    case "=":
      return order(0) === 0;
    case "<":
      return order(0) < 0;
    case "<=":
      return order(0) <= 0;
    case ">":
      return order(0) > 0;
    case ">=":
      return order(0) >= 0;
    case "between":
      return order(0) >= 0 && order(1) <= 0;
    case "begins_with": {
      const prefix = sortKeyBytes(values[0] as KeyValue);
      return Buffer.compare(sortKeyBytes(value).subarray(0, prefix.length), prefix) === 0;
    }
  }
}

/** The values of a key condition obey the limits of keys, too. */
export function checkConditionValues(condition: ResolvedKeyCondition, schema: KeySchema): void {
  const partition = condition.partitionValue as KeyValue;
  refuseEmptyKeyValue(schema.partition.name, partition);
  checkPartitionKeySize(partition);
  for (const value of condition.sort?.values ?? []) {
    if (condition.sort?.operator !== "begins_with") refuseEmptyKeyValue(schema.sort!.name, value as KeyValue);
    checkSortKeySize(value as KeyValue);
  }
}

/** The smallest key above this one. */
export function successor(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The end of what begins with the prefix; empty, as in a command, when nothing comes after. */
function endOf(prefix: Uint8Array): Uint8Array {
  return prefixEnd(Uint8Array.from(prefix)) ?? new Uint8Array(0);
}

const sortOperators: Partial<Record<ComparisonOperator, SortOperator>> = {
  EQ: "=", LT: "<", LE: "<=", GT: ">", GE: ">=", BETWEEN: "between", BEGINS_WITH: "begins_with",
};

/** KeyConditions, validated by themselves, against the key schema: in DynamoDB's order, attribute by attribute. */
export function resolveLegacyKeyConditions(
  conditions: Readonly<Record<string, LegacyCondition>>,
  schema: KeySchema,
): ResolvedKeyCondition {
  const count = Object.keys(conditions).length;
  if (schema.sort === undefined && count > 1) throw notSupported();
  const partition = sortConditionOf(conditions[schema.partition.name], schema.partition.name, schema.partition.type);
  if (partition === undefined) throw missed(schema.partition.name);
  if (partition.operator !== "=") throw notSupported();
  const partitionValue = partition.values[0]!;
  if (schema.sort === undefined || count === 1) return { partitionValue };
  const sort = sortConditionOf(conditions[schema.sort.name], schema.sort.name, schema.sort.type);
  if (sort === undefined) throw missed(schema.sort.name);
  return { partitionValue, sort };
}

function sortConditionOf(
  condition: LegacyCondition | undefined,
  name: string,
  type: string,
): SortCondition | undefined {
  if (condition === undefined) return undefined;
  const operator = sortOperators[condition.ComparisonOperator as ComparisonOperator];
  if (operator === undefined) {
    throw validationException("Attempted conditional constraint is not an indexable operation");
  }
  const values = (condition.AttributeValueList ?? []).map((value) => parseValue(value));
  if (values.some((value) => value.type !== type)) {
    throw validationException(
      "One or more parameter values were invalid: Condition parameter type does not match schema type",
    );
  }
  if (values.length === 0) throw missed(name);
  return { operator, values };
}

function missed(name: string) {
  return validationException(`Query condition missed key schema element: ${name}`);
}

function notSupported() {
  return validationException("Query key condition not supported");
}
