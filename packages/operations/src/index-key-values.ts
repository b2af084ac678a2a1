// Attributes that are keys of a secondary index, in items about to be written: an item may lack them, but what it has
// must be of the key's type, not empty and not too long. Where several indexes object, DynamoDB names the first by
// name. Sources: docs/messages.md.
import { isJsonObject, parseValue, soleType, type JsonObject } from "@azimuth/model/attribute-json.ts";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { validationException } from "@azimuth/model/exceptions.ts";
import { checkPartitionKeySize, checkSortKeySize, type KeyValue } from "@azimuth/model/key.ts";
import type { IndexDefinition, KeyAttribute, TableDefinition } from "@azimuth/model/table.ts";
import { equalValues } from "@azimuth/model/value-compare.ts";

const unsupported = "One or more parameter values are not valid. ";

interface IndexKey {
  readonly index: IndexDefinition;
  readonly attribute: KeyAttribute;
  readonly isPartition: boolean;
}

/** The item of a put, as it came. */
export function checkIndexKeysOfPut(table: TableDefinition, item: JsonObject): void {
  for (const key of indexKeys(table)) {
    const json = item[key.attribute.name];
    if (!isJsonObject(json)) continue;
    const actual = soleType(json);
    if (actual !== key.attribute.type) {
      throw validationException(
        `One or more parameter values were invalid: Type mismatch for Index Key ${key.attribute.name} ` +
          `Expected: ${key.attribute.type} Actual: ${actual} IndexName: ${key.index.name}`,
      );
    }
    checkValue(key, parseValue(json) as KeyValue, "A value specified for a secondary index key is not supported.");
  }
}

/** An item as an update leaves it: only what the update changed is looked at. */
export function checkIndexKeysOfUpdate(table: TableDefinition, before: Item | undefined, after: Item): void {
  for (const key of indexKeys(table)) {
    const value = after.get(key.attribute.name);
    if (value === undefined || isUnchanged(before?.get(key.attribute.name), value)) continue;
    if (value.type !== key.attribute.type) {
      throw validationException(
        "The update expression attempted to update the secondary index key to unsupported type",
      );
    }
    checkValue(key, value as KeyValue,
      "The update expression attempted to update a secondary index key to a value that is not supported.");
  }
}

function isUnchanged(before: AttributeValue | undefined, after: AttributeValue): boolean {
  return before !== undefined && equalValues(before, after);
}

function checkValue({ index, attribute, isPartition }: IndexKey, value: KeyValue, sentence: string): void {
  if (value.value.length === 0) {
    throw validationException(
      `${unsupported}${sentence} The AttributeValue for a key attribute cannot contain an empty ` +
        `${value.type === "B" ? "binary" : "string"} value. IndexName: ${index.name}, IndexKey: ${attribute.name}`,
    );
  }
  if (isPartition) checkPartitionKeySize(value);
  else checkSortKeySize(value);
}

function indexKeys(table: TableDefinition): readonly IndexKey[] {
  if (table.indexes === undefined) return [];
  const live = table.indexes.filter((index) => index.status !== "DELETING");
  return live.toSorted((left, right) => (left.name < right.name ? -1 : 1)).flatMap((index) => [
    ...index.key.partition.map((attribute) => ({ index, attribute, isPartition: true })),
    ...index.key.sort.map((attribute) => ({ index, attribute, isPartition: false })),
  ]);
}
