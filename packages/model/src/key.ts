// Primary keys of items and of requests: which attributes they are, and what DynamoDB says when one is missing, of
// the wrong type, empty or too long. Keys are checked on the JSON of the request (after checkAttributeMapType and
// validation of the values), before the item is encoded: the router needs them to place the item.
import type { AttributeValue, Item, KeyType } from "./attribute-value.ts";
import { isJsonObject, type Json, type JsonObject, parseValue, soleType } from "./attribute-json.ts";
import { validationException } from "./exceptions.ts";
import type { KeyAttribute, KeySchema } from "./table.ts";

export const partitionKeyBytesMax = 2048;
export const sortKeyBytesMax = 1024;

const invalid = "One or more parameter values were invalid: ";

export type KeyValue = AttributeValue & { readonly type: KeyType };

export interface Key {
  readonly partition: KeyValue;
  readonly sort: KeyValue | undefined;
}

/** The key of an item to be put. */
export function keyOfJsonItem(schema: KeySchema, item: JsonObject): Key {
  const partition = keyAttributeOfItem(schema.partition, item[schema.partition.name]);
  const sort = schema.sort && keyAttributeOfItem(schema.sort, item[schema.sort.name]);
  return checkedSizes({ partition, sort });
}

/** The Key parameter of a request: exactly the key attributes. */
export function keyOfJsonKey(schema: KeySchema, key: JsonObject): Key {
  const expected = schema.sort === undefined ? 1 : 2;
  if (Object.keys(key).length !== expected) throw keyMismatch();
  const partition = keyAttributeOfKey(schema.partition, key[schema.partition.name]);
  const sort = schema.sort && keyAttributeOfKey(schema.sort, key[schema.sort.name]);
  return checkedSizes({ partition, sort });
}

/** The key of a stored item. */
export function keyOfItem(schema: KeySchema, item: Item): Key {
  return {
    partition: item.get(schema.partition.name) as KeyValue,
    sort: schema.sort && (item.get(schema.sort.name) as KeyValue),
  };
}

/** The key as an item of its own: Key, LastEvaluatedKey. */
export function keyAsItem(schema: KeySchema, key: Key): Item {
  const item = new Map<string, AttributeValue>([[schema.partition.name, key.partition]]);
  if (schema.sort !== undefined && key.sort !== undefined) item.set(schema.sort.name, key.sort);
  return item;
}

export function keyNames(schema: KeySchema): readonly string[] {
  return schema.sort === undefined ? [schema.partition.name] : [schema.partition.name, schema.sort.name];
}

export function keyMismatch() {
  return validationException("The provided key element does not match the schema");
}

function keyAttributeOfItem(attribute: KeyAttribute, json: Json): KeyValue {
  if (!isJsonObject(json)) throw validationException(`${invalid}Missing the key ${attribute.name} in the item`);
  const type = soleType(json);
  if (type !== attribute.type) {
    throw validationException(
      `${invalid}Type mismatch for key ${attribute.name} expected: ${attribute.type} actual: ${type}`,
    );
  }
  return nonEmpty(attribute, parseValue(json) as KeyValue);
}

function keyAttributeOfKey(attribute: KeyAttribute, json: Json): KeyValue {
  if (!isJsonObject(json) || soleType(json) !== attribute.type) throw keyMismatch();
  return nonEmpty(attribute, parseValue(json) as KeyValue);
}

function nonEmpty(attribute: KeyAttribute, value: KeyValue): KeyValue {
  refuseEmptyKeyValue(attribute.name, value);
  return value;
}

export function refuseEmptyKeyValue(name: string, value: KeyValue): void {
  if (value.value.length > 0) return;
  throw validationException(
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty " +
      `${value.type === "B" ? "binary" : "string"} value. Key: ${name}`,
  );
}

function checkedSizes(key: Key): Key {
  checkPartitionKeySize(key.partition);
  if (key.sort !== undefined) checkSortKeySize(key.sort);
  return key;
}

export function checkPartitionKeySize(value: KeyValue): void {
  if (keyBytes(value) <= partitionKeyBytesMax) return;
  throw validationException(
    `${invalid}Size of hashkey has exceeded the maximum size limit of${partitionKeyBytesMax} bytes`,
  );
}

export function checkSortKeySize(value: KeyValue): void {
  if (keyBytes(value) <= sortKeyBytesMax) return;
  throw validationException(
    `${invalid}Aggregated size of all range keys has exceeded the size limit of ${sortKeyBytesMax} bytes`,
  );
}

/** Bytes that count against the limit; a number cannot exceed it. */
function keyBytes(value: KeyValue): number {
  if (value.type === "N") return 0;
  return value.type === "S" ? Buffer.byteLength(value.value) : value.value.length;
}
