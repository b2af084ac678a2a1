// Attribute values in the JSON of the API: {"S": "text"}, {"M": {…}} and so on.
//
// DynamoDB refuses a malformed value in two stages, and so do we: first the JSON has to fit the type
// (checkAttributeValueType, SerializationException), for the whole request; later each value is validated
// (parseValue and its parts, ValidationException). Code of the second stage relies on the first.
import { compareBytes, equalBytes } from "@azimuth/foundation/bytes.ts";
import type { AttributeType, AttributeValue, Item } from "./attribute-value.ts";
import { DynamoDbException, validationException } from "./exceptions.ts";
import { compareNumbers, parseNumber } from "./number.ts";
import { compareText } from "./value-compare.ts";

export type Json = unknown;
export type JsonObject = { readonly [member: string]: Json };

/** Lists and maps around the innermost value. A value with 32 levels of them is refused. */
export const nestingMax = 31;

const invalid = "One or more parameter values were invalid: ";

export function serializationException(message: string): DynamoDbException {
  return new DynamoDbException("SerializationException", message);
}

export function isJsonObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** The one member of an attribute value that is set; throws when there is none, or more than one. */
export function soleType(json: Json): AttributeType {
  let found: AttributeType | undefined;
  let several = false;
  if (isJsonObject(json)) {
    for (const member in json) {
      if (json[member] === null || json[member] === undefined || !isAttributeType(member)) continue;
      if (found !== undefined) several = true;
      found ??= member;
    }
  }
  if (found === undefined) {
    throw validationException(
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    );
  }
  if (several) {
    throw validationException(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  return found;
}

export function isAttributeType(member: string): member is AttributeType {
  switch (member) {
    case "S": case "N": case "B": case "BOOL": case "NULL": case "L": case "M": case "SS": case "NS": case "BS":
      return true;
    default:
      return false;
  }
}

/** Parses and validates one value; `depth` is the number of lists and maps around it. */
export function parseValue(json: Json, depth = 0): AttributeValue {
  const type = soleType(json);
  const content = (json as JsonObject)[type];
  switch (type) {
    case "S":
      return { type, value: content as string };
    case "N":
      return { type, value: parseNumber(content as string) };
    case "B":
      return { type, value: parseBinary(content as string) };
    case "BOOL":
      return { type, value: parseBoolean(content) };
    case "NULL":
      checkNull(content);
      return { type, value: true };
    case "L":
      checkNesting(depth + 1);
      return { type, value: (content as readonly Json[]).map((element) => parseValue(element, depth + 1)) };
    case "M":
      checkNesting(depth + 1);
      return { type, value: parseItem(content as JsonObject, depth + 1) };
    case "SS":
      return { type, value: parseStringSet(content as readonly Json[]) };
    case "NS":
      return { type, value: parseNumberSet(content as readonly Json[]) };
    case "BS":
      return { type, value: parseBinarySet(content as readonly Json[]) };
  }
}

/** Parses and validates an item, a key or a map's content. */
export function parseItem(json: JsonObject, depth = 0): Item {
  const item = new Map<string, AttributeValue>();
  for (const name in json) item.set(name, parseValue(json[name], depth));
  return item;
}

export function checkNesting(depth: number): void {
  if (depth <= nestingMax) return;
  throw validationException(
    "Nesting Levels have exceeded supported limits: " +
      "Attributes in the item have nested levels beyond supported limit",
  );
}

/** The same for an item that was put together from values which each passed. */
export function checkItemNesting(item: Item): void {
  for (const value of item.values()) checkValueNesting(value, 0);
}

function checkValueNesting(value: AttributeValue, depth: number): void {
  if (value.type !== "L" && value.type !== "M") return;
  checkNesting(depth + 1);
  for (const inner of value.value.values()) checkValueNesting(inner, depth + 1);
}

export function checkNull(content: Json): void {
  if (parseBoolean(content)) return;
  throw validationException(`${invalid}Null attribute value types must have the value of true`);
}

/** Booleans may be written as text; checkAttributeValueType has refused any other text. */
export function parseBoolean(content: Json): boolean {
  return typeof content === "string" ? booleanTexts.get(content.toUpperCase()) === true : content === true;
}

export function parseBinary(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

export function parseStringSet(elements: readonly Json[]): readonly string[] {
  if (elements.length === 0) throw validationException(`${invalid}An string set  may not be empty`);
  refuseNullMember(elements, "An string set  may not have a null string as a member");
  const sorted = (elements as readonly string[]).slice().sort(compareText);
  if (hasEqualNeighbours(sorted, Object.is)) {
    throw validationException(`${invalid}Input collection [${elements.join(", ")}] contains duplicates.`);
  }
  return sorted;
}

export function parseNumberSet(elements: readonly Json[]): readonly string[] {
  if (elements.length === 0) throw validationException(`${invalid}An number set  may not be empty`);
  refuseNullMember(elements, "An number set  may not have a null string as a member");
  const sorted = (elements as readonly string[]).map(parseNumber).sort(compareNumbers);
  if (hasEqualNeighbours(sorted, Object.is)) throw validationException("Input collection contains duplicates");
  return sorted;
}

export function parseBinarySet(elements: readonly Json[]): readonly Uint8Array[] {
  if (elements.length === 0) throw validationException(`${invalid}Binary sets should not be empty`);
  refuseNullMember(elements, "An binary set  may not have a null string as a member");
  const sorted = (elements as readonly string[]).map(parseBinary).sort(compareBytes);
  if (hasEqualNeighbours(sorted, equalBytes)) {
    throw validationException(`${invalid}Input collection [${elements.join(", ")}]of type BS contains duplicates.`);
  }
  return sorted;
}

function refuseNullMember(elements: readonly Json[], message: string): void {
  if (elements.some((element) => element === null)) throw validationException(invalid + message);
}

function hasEqualNeighbours<T>(sorted: readonly T[], equal: (a: T, b: T) => boolean): boolean {
  for (let at = 1; at < sorted.length; at++) if (equal(sorted[at - 1] as T, sorted[at] as T)) return true;
  return false;
}

/** The JSON of the API for a value. */
export function valueToJson(value: AttributeValue): JsonObject {
  switch (value.type) {
    case "B":
      return { B: base64(value.value) };
    case "BS":
      return { BS: value.value.map(base64) };
    case "L":
      return { L: value.value.map(valueToJson) };
    case "M":
      return { M: itemToJson(value.value) };
    default:
      return { [value.type]: value.value };
  }
}

export function itemToJson(item: Item): JsonObject {
  const json: Record<string, Json> = Object.create(null);
  for (const [name, value] of item) json[name] = valueToJson(value);
  return json;
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

const attributeValueClass = "com.amazonaws.dynamodb.v20120810.AttributeValue";
const notExpected = "Start of structure or map found where not expected";

/** What a JSON value that is no object is refused with: it depends on how the API declares the member. */
export type StructPosition = "field" | "element";

/** The first stage: does the JSON fit the type? Throws SerializationException with DynamoDB's text. */
export function checkAttributeValueType(json: Json, position: StructPosition = "element"): void {
  if (json === null || json === undefined) return;
  if (typeof json !== "object") {
    throw serializationException(
      position === "field" ? "Unexpected field type" : "Unexpected value type in payload",
    );
  }
  if (Array.isArray(json)) throw serializationException(`Unrecognized collection type class ${attributeValueClass}`);
  for (const member in json) {
    const content = (json as JsonObject)[member];
    if (content !== null && content !== undefined) checkContentType(member, content);
  }
}

function checkContentType(member: string, content: Json): void {
  switch (member) {
    case "S":
    case "N":
      if (typeof content !== "string") checkStringType(content);
      return;
    case "B":
      return checkBinaryType(content);
    case "BOOL":
    case "NULL":
      if (typeof content !== "boolean") checkBooleanType(content);
      return;
    case "SS":
    case "NS":
      for (const element of checkListType(content)) if (element !== null) checkStringType(element);
      return;
    case "BS":
      for (const element of checkListType(content)) if (element !== null) checkBinaryType(element);
      return;
    case "L":
      for (const element of checkListType(content)) checkAttributeValueType(element);
      return;
    case "M":
      return checkAttributeMapType(content);
  }
}

/** A map from names to attribute values: an item, a key, expression values, the content of M. */
export function checkAttributeMapType(json: Json): void {
  if (typeof json !== "object") throw serializationException("Unexpected field type");
  if (Array.isArray(json)) {
    throw serializationException(
      `Unrecognized collection type java.util.Map<java.lang.String, ${attributeValueClass}>`,
    );
  }
  for (const name in json as JsonObject) checkAttributeValueType((json as JsonObject)[name]);
}

export function checkStringType(json: Json): void {
  if (typeof json === "string") return;
  if (typeof json === "boolean") throw serializationException(`${booleanToken(json)} cannot be converted to String`);
  if (typeof json === "number") throw serializationException(`${numberToken(json)} cannot be converted to String`);
  throw serializationException(
    Array.isArray(json) ? "Unrecognized collection type class java.lang.String" : notExpected,
  );
}

const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ["TRUE", true], ["1", true], ["YES", true], ["FALSE", false], ["0", false], ["NO", false],
]);

export function checkBooleanType(json: Json): void {
  if (typeof json === "boolean") return;
  if (typeof json === "number") throw serializationException(`${numberToken(json)} cannot be converted to Boolean`);
  if (typeof json === "string") {
    if (booleanTexts.has(json.toUpperCase())) return;
    throw serializationException("Unexpected token received from parser");
  }
  throw serializationException(
    Array.isArray(json) ? "Unrecognized collection type class java.lang.Boolean" : notExpected,
  );
}

function checkBinaryType(json: Json): void {
  if (typeof json === "boolean" || typeof json === "number") {
    throw serializationException("only base-64-encoded strings are convertible to bytes");
  }
  if (typeof json !== "string") {
    throw serializationException(
      Array.isArray(json) ? "Unrecognized collection type class java.nio.ByteBuffer" : notExpected,
    );
  }
  if (json.length % 4 !== 0) {
    throw serializationException(
      `Base64 encoded length is expected a multiple of 4 bytes but found: ${json.length}`,
    );
  }
  if (Buffer.from(json, "base64").toString("base64") !== json) {
    throw serializationException("Invalid last non-pad Base64 character dectected");
  }
}

export function checkListType(json: Json): readonly Json[] {
  if (Array.isArray(json)) return json;
  throw serializationException(typeof json === "object" ? notExpected : "Unexpected field type");
}

export function booleanToken(json: boolean): string {
  return json ? "TRUE_VALUE" : "FALSE_VALUE";
}

export function numberToken(json: number): string {
  return Number.isInteger(json) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
}
