// Items in the one compact binary form in which they travel between processes and rest on disk.
//
//   item   = size:uint32  count:varint  (name:text value)*       size is DynamoDB's item size (item-size.ts)
//   value  = tag:byte  content
//   text   = length:varint  UTF-8          S, N (canonical digits), B: text or bytes; L, SS, NS, BS: count, elements
//
// The size stands in front so that pages, limits and capacity cost one read. Attributes keep the order in which
// they were written; sets are sorted. The same form holds expression values and keys. JSON of a request is
// validated and written in one pass; a stored item becomes JSON text without ever being an object
// (encoded-item-json.ts).
import type { AttributeValue, Item } from "./attribute-value.ts";
import { DynamoDbException, validationException } from "./exceptions.ts";
import * as json from "./attribute-json.ts";
import { containerOverhead, elementOverhead } from "./item-size.ts";
import { numberSize, parseNumber } from "./number.ts";
import { createReader, type EncodedReader } from "./value-reader.ts";
import { valueTag } from "./value-tags.ts";
import {
  begin, fillUint32, finish, reserveUint32, writeBase64, writeByte, writeBytes, writeText, writeVarint,
} from "./value-writer.ts";

/** Longest attribute name, in bytes of UTF-8. */
export const nameBytesMax = 65_535;

export function encodeItem(item: Item): Uint8Array {
  begin();
  const sizePlace = reserveUint32();
  fillUint32(sizePlace, writeAttributes(item));
  return finish();
}

/** A single value, for values that travel alone. */
export function encodeValue(value: AttributeValue): Uint8Array {
  begin();
  writeValue(value);
  return finish();
}

export function decodeItem(bytes: Uint8Array): Item {
  const reader = createReader(bytes, 4);
  return readAttributes(reader);
}

export function decodeValue(bytes: Uint8Array): AttributeValue {
  return readValue(createReader(bytes, 0));
}

/** Expression values, by placeholder. The form is an item's. */
export const decodeValues = decodeItem;

/** DynamoDB's size of an encoded item. */
export function encodedItemSize(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}

/**
 * Validates an item of a request and encodes it, in one pass. The JSON has passed checkAttributeMapType.
 * `explain` rewords the ValidationException of a value, e.g. for a placeholder.
 */
export function encodeItemFromJson(
  item: json.JsonObject,
  explain?: (message: string, name: string) => string,
): Uint8Array {
  begin();
  const sizePlace = reserveUint32();
  let count = 0;
  for (const _name in item) count++;
  writeVarint(count);
  let size = 0;
  for (const name in item) {
    try {
      size += writeName(name) + writeJsonValue(item[name], 0);
    } catch (error) {
      if (explain === undefined || !(error instanceof DynamoDbException)) throw error;
      throw validationException(explain(error.message, name));
    }
  }
  fillUint32(sizePlace, size);
  return finish();
}

function writeName(name: string): number {
  const length = writeText(name);
  if (length > nameBytesMax) {
    throw validationException(
      "One or more parameter values were invalid: Attribute name is too large, must be less than 65536 bytes",
    );
  }
  return length;
}

/** Writes a value of a request; returns its DynamoDB size. */
function writeJsonValue(value: json.Json, depth: number): number {
  const type = json.soleType(value);
  const content = (value as json.JsonObject)[type];
  switch (type) {
    case "S":
      writeByte(valueTag.S);
      return writeText(content as string);
    case "N": {
      writeByte(valueTag.N);
      const number = parseNumber(content as string);
      writeText(number);
      return numberSize(number);
    }
    case "B":
      writeByte(valueTag.B);
      return writeBase64(content as string);
    case "BOOL":
      writeByte(json.parseBoolean(content) ? valueTag.true : valueTag.false);
      return 1;
    case "NULL":
      json.checkNull(content);
      writeByte(valueTag.NULL);
      return 1;
    case "L":
      return writeJsonList(content as readonly json.Json[], depth + 1);
    case "M":
      return writeJsonMap(content as json.JsonObject, depth + 1);
    case "SS":
      return writeValue({ type, value: json.parseStringSet(content as readonly json.Json[]) });
    case "NS":
      return writeValue({ type, value: json.parseNumberSet(content as readonly json.Json[]) });
    case "BS":
      return writeValue({ type, value: json.parseBinarySet(content as readonly json.Json[]) });
  }
}

function writeJsonList(elements: readonly json.Json[], depth: number): number {
  json.checkNesting(depth);
  writeByte(valueTag.L);
  writeVarint(elements.length);
  let size = containerOverhead;
  for (const element of elements) size += elementOverhead + writeJsonValue(element, depth);
  return size;
}

function writeJsonMap(map: json.JsonObject, depth: number): number {
  json.checkNesting(depth);
  writeByte(valueTag.M);
  let count = 0;
  for (const _name in map) count++;
  writeVarint(count);
  let size = containerOverhead;
  for (const name in map) size += elementOverhead + writeName(name) + writeJsonValue(map[name], depth);
  return size;
}

function writeAttributes(item: Item): number {
  writeVarint(item.size);
  let size = 0;
  for (const [name, value] of item) size += writeText(name) + writeValue(value);
  return size;
}

/** Writes a value; returns its DynamoDB size. */
function writeValue(value: AttributeValue): number {
  switch (value.type) {
    case "S":
      writeByte(valueTag.S);
      return writeText(value.value);
    case "N":
      writeByte(valueTag.N);
      writeText(value.value);
      return numberSize(value.value);
    case "B":
      writeByte(valueTag.B);
      writeBytes(value.value);
      return value.value.length;
    case "BOOL":
      writeByte(value.value ? valueTag.true : valueTag.false);
      return 1;
    case "NULL":
      writeByte(valueTag.NULL);
      return 1;
    case "L": {
      writeByte(valueTag.L);
      writeVarint(value.value.length);
      let size = containerOverhead;
      for (const element of value.value) size += elementOverhead + writeValue(element);
      return size;
    }
    case "M":
      writeByte(valueTag.M);
      return containerOverhead + elementOverhead * value.value.size + writeAttributes(value.value);
    case "SS":
    case "NS":
    case "BS":
      return writeSet(value);
  }
}

function writeSet(set: AttributeValue & { type: "SS" | "NS" | "BS" }): number {
  writeByte(valueTag[set.type]);
  writeVarint(set.value.length);
  let size = 0;
  for (const element of set.value) {
    if (typeof element !== "string") {
      writeBytes(element);
      size += element.length;
    } else {
      const length = writeText(element);
      size += set.type === "SS" ? length : numberSize(element);
    }
  }
  return size;
}

function readAttributes(reader: EncodedReader): Item {
  const item = new Map<string, AttributeValue>();
  for (let rest = reader.varint(); rest > 0; rest--) {
    const name = reader.name();
    item.set(name, readValue(reader));
  }
  return item;
}

function readValue(reader: EncodedReader): AttributeValue {
  const tag = reader.byte();
  switch (tag) {
    case valueTag.S:
      return { type: "S", value: reader.text() };
    case valueTag.N:
      return { type: "N", value: reader.ascii() };
    case valueTag.B:
      return { type: "B", value: reader.bytes() };
    case valueTag.true:
      return { type: "BOOL", value: true };
    case valueTag.false:
      return { type: "BOOL", value: false };
    case valueTag.NULL:
      return { type: "NULL", value: true };
    case valueTag.L:
      return { type: "L", value: readElements(reader, readValue) };
    case valueTag.M:
      return { type: "M", value: readAttributes(reader) };
    case valueTag.SS:
      return { type: "SS", value: readElements(reader, (from) => from.text()) };
    case valueTag.NS:
      return { type: "NS", value: readElements(reader, (from) => from.ascii()) };
    case valueTag.BS:
      return { type: "BS", value: readElements(reader, (from) => from.bytes()) };
    default:
      return reader.corrupt(`value tag ${tag}`);
  }
}

function readElements<T>(reader: EncodedReader, read: (reader: EncodedReader) => T): T[] {
  const elements: T[] = [];
  for (let rest = reader.varint(); rest > 0; rest--) elements.push(read(reader));
  return elements;
}

