// Where a SELECT reads: a table or one of its indexes. Both are ranges of keys under a key schema; they differ in how a
// condition becomes a range, in what a last key is made of, and in what they can show.
import { itemToJson } from "@azimuth/model/attribute-json.ts";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { keyOfItem } from "@azimuth/model/key.ts";
import type { IndexDefinition, KeyAttribute, KeySchema, TableDefinition } from "@azimuth/model/table.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { attributesOf, type SortCondition } from "@azimuth/partiql/key-access.ts";
import type { Comparator, Condition, Operand, PathReference, SelectStatement } from "@azimuth/partiql/syntax-tree.ts";
import { parseExpressions } from "./expressions.ts";
import { findIndex, indexQueryRange, indexStart, refuseUnprojectedFilter } from "./index-reads.ts";
import { checkConditionValues, rangeOf, type KeyRange } from "./key-range.ts";
import { placeholderParameters } from "./partiql-statements.ts";
import { positionOf } from "./position.ts";

export interface ReadSource {
  readonly table: TableDefinition;
  readonly index: IndexDefinition | undefined;
  readonly schema: KeySchema;
  /** What a last key consists of. */
  readonly lastKeyAttributes: readonly KeyAttribute[];
  range(partition: AttributeValue, sort: SortCondition | undefined): KeyRange;
  /** Where a last key lies, comparable with ranges. */
  position(lastKey: Item): Uint8Array;
}

export function sourceOf(
  { table: TableName, index: IndexName }: SelectStatement, consistent: boolean, table: TableDefinition,
): ReadSource {
  if (IndexName === undefined) return tableSource(table);
  if (table.indexes?.some(({ name }) => name === IndexName) !== true) {
    throw validationException("The table does not have the specified index");
  }
  const index = findIndex({ TableName, IndexName }, table) as IndexDefinition;
  if (index.kind === "global" && consistent) {
    throw validationException("Strongly consistent read is not supported on Global Secondary Indexes");
  }
  if (index.key.partition.length > 1 || index.key.sort.length > 1) {
    throw validationException("PartiQL statements cannot be executed on tables with multi-attribute HASH keys " +
      "or multi-attribute RANGE keys.");
  }
  return indexSource(table, index);
}

export function tableSource(table: TableDefinition): ReadSource {
  const { key } = table;
  return {
    table,
    index: undefined,
    schema: key,
    lastKeyAttributes: attributesOfKey(key),
    range(partitionValue, sort) {
      const condition = sort === undefined ? { partitionValue } : { partitionValue, sort };
      checkConditionValues(condition, key);
      return rangeOf(condition);
    },
    position: (lastKey) => positionOf(keyOfItem(key, lastKey)).key,
  };
}

export function checkFilterProjected({ table, index }: ReadSource, filter: Condition | undefined): void {
  if (filter !== undefined) refuseUnprojectedFilter(table, index, attributesOf(filter));
}

function indexSource(table: TableDefinition, index: IndexDefinition): ReadSource {
  const { partition: [partition], sort: [sort] } = index.key;
  const own = [...index.key.partition, ...index.key.sort];
  const others = attributesOfKey(table.key).filter(({ name }) => own.every((attribute) => attribute.name !== name));
  return {
    table,
    index,
    schema: { partition: partition!, sort },
    lastKeyAttributes: [...own, ...others],
    range(partitionValue, condition) {
      const writer = new ExpressionWriter([]);
      const equality: Condition = comparison("=", partition!.name, partitionValue);
      const conditions = condition === undefined ? [equality] : [equality, sortCondition(sort!.name, condition)];
      const request = {
        TableName: table.name,
        KeyConditionExpression: writer.condition({ kind: "and", conditions }),
        ...placeholderParameters(writer),
      };
      const { bindings } = parseExpressions(request, ["KeyConditionExpression"]);
      return indexQueryRange(request, bindings, table, index);
    },
    position(lastKey) {
      const request = { TableName: table.name, ExclusiveStartKey: itemToJson(lastKey) };
      return indexStart(request, table, index)!.key;
    },
  };
}

function attributesOfKey({ partition, sort }: KeySchema): readonly KeyAttribute[] {
  return sort === undefined ? [partition] : [partition, sort];
}

function sortCondition(name: string, { operator, values }: SortCondition): Condition {
  const [first, second] = values.map(literal) as [Operand, Operand];
  if (operator === "between") return { kind: "between", operand: path(name), lower: first, upper: second };
  if (operator === "begins_with") {
    const { place } = path(name);
    return { kind: "test", call: { kind: "call", name: operator, operands: [path(name), first], place } };
  }
  return comparison(operator, name, values[0]!);
}

function comparison(operator: Comparator, name: string, value: AttributeValue): Condition {
  return { kind: "comparison", operator, left: path(name), right: literal(value) };
}

function path(name: string): PathReference {
  return { kind: "path", path: [name], place: { line: 1, column: 1, length: 0 } };
}

function literal(value: AttributeValue): Operand {
  return { kind: "literal", value };
}
