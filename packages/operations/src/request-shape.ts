// The first stage of reading a request: does its JSON fit the members the API declares? What does not fit is a
// SerializationException with the service's text; members the API does not know, and nulls, are dropped as if they
// were not there. Values of attributes are only looked at, not copied (model/attribute-json.ts).
import {
  checkAttributeMapType, checkAttributeValueType, checkBooleanType, checkListType, checkStringType,
  booleanToken, isJsonObject, parseBoolean, serializationException, type Json, type JsonObject,
} from "@azimuth/model/attribute-json.ts";

export type Shape =
  | "String"
  | "Boolean"
  | "Integer"
  | "Long"
  /** An attribute value in a structure. */
  | "AttributeValue"
  /** A map from names to attribute values. */
  | "Attributes"
  | { readonly list: Shape; readonly parameterized?: boolean }
  | { readonly map: Shape; readonly of: string }
  /** `of` is the class in the service's messages; an element of a list or map is refused in other words. */
  | { readonly members: Members; readonly of: string; readonly element?: boolean }
  /** A key in a list of keys. */
  | "Key";

export type Members = { readonly [name: string]: Shape };

const classPrefix = "com.amazonaws.dynamodb.v20120810.";
const notExpected = "Start of structure or map found where not expected";
const castProblem =
  "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class " +
  "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of " +
  "loader 'bootstrap')";

/** The declared members of a request that are set. */
export function readRequest<Request>(input: Json, members: Members): Request {
  if (!isJsonObject(input)) throw serializationException(notExpected);
  return readMembers(input, members) as Request;
}

function readMembers(json: JsonObject, members: Members): JsonObject {
  const result: Record<string, Json> = {};
  for (const name in members) {
    const value = json[name];
    if (value === null || value === undefined || !Object.hasOwn(json, name)) continue;
    result[name] = read(value, members[name] as Shape);
  }
  return result;
}

function read(json: Json, shape: Shape): Json {
  switch (shape) {
    case "String":
      checkStringType(json);
      return json;
    case "Boolean":
      checkBooleanType(json);
      return parseBoolean(json);
    case "Integer":
    case "Long":
      return readInteger(json, shape);
    case "AttributeValue":
      checkAttributeValueType(json, "field");
      return json;
    case "Attributes":
      checkAttributeMapType(json);
      return json;
    case "Key":
      return readKey(json);
  }
  if ("list" in shape) return readList(json, shape);
  return "map" in shape ? readMap(json, shape) : readStructure(json, shape);
}

function readInteger(json: Json, type: "Integer" | "Long"): number {
  if (typeof json === "number") return Math.floor(json);
  if (typeof json === "boolean") throw serializationException(`${booleanToken(json)} cannot be converted to ${type}`);
  if (typeof json === "string") throw serializationException(`STRING_VALUE cannot be converted to ${type}`);
  throw serializationException(
    Array.isArray(json) ? `Unrecognized collection type class java.lang.${type}` : notExpected,
  );
}

function readKey(json: Json): Json {
  if (typeof json !== "object") throw serializationException(castProblem);
  checkAttributeMapType(json);
  return json;
}

function readList(json: Json, shape: { readonly list: Shape; readonly parameterized?: boolean }): Json {
  if (shape.parameterized === true && typeof json !== "object") throw serializationException(castProblem);
  return checkListType(json).map((element) => (element === null ? null : read(element, shape.list)));
}

function readMap(json: Json, shape: { readonly map: Shape; readonly of: string }): Json {
  if (typeof json !== "object") throw serializationException("Unexpected field type");
  if (Array.isArray(json)) {
    const of = shape.of.includes(".") ? shape.of : classPrefix + shape.of;
    throw serializationException(`Unrecognized collection type java.util.Map<java.lang.String, ${of}>`);
  }
  const result: Record<string, Json> = Object.create(null);
  for (const name in json as JsonObject) {
    const value = (json as JsonObject)[name];
    if (value !== null && value !== undefined) result[name] = read(value, shape.map);
  }
  return result;
}

function readStructure(
  json: Json,
  shape: { readonly members: Members; readonly of: string; readonly element?: boolean },
): Json {
  if (typeof json !== "object") {
    throw serializationException(
      shape.element === true ? "Unexpected value type in payload" : "Unexpected field type",
    );
  }
  if (Array.isArray(json)) {
    throw serializationException(`Unrecognized collection type class ${classPrefix}${shape.of}`);
  }
  return readMembers(json as JsonObject, shape.members);
}
