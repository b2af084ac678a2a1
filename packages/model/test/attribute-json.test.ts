// What DynamoDB says to malformed attribute values, in its two stages; sources in operations/docs/messages.md.
import { test } from "node:test";
import assert from "node:assert/strict";
import { checkAttributeMapType, parseValue } from "@azimuth/model/attribute-json.ts";
import { encodeItemFromJson } from "@azimuth/model/item-codec.ts";

const attributeValue = "com.amazonaws.dynamodb.v20120810.AttributeValue";

const typeErrors: readonly (readonly [unknown, string])[] = [
  ["x", "Unexpected field type"],
  [[], `Unrecognized collection type java.util.Map<java.lang.String, ${attributeValue}>`],
  [{ a: "x" }, "Unexpected value type in payload"],
  [{ a: [] }, `Unrecognized collection type class ${attributeValue}`],
  [{ a: { S: 1 } }, "NUMBER_VALUE cannot be converted to String"],
  [{ a: { S: 1.5 } }, "DECIMAL_VALUE cannot be converted to String"],
  [{ a: { N: true } }, "TRUE_VALUE cannot be converted to String"],
  [{ a: { S: {} } }, "Start of structure or map found where not expected"],
  [{ a: { S: [] } }, "Unrecognized collection type class java.lang.String"],
  [{ a: { B: 1 } }, "only base-64-encoded strings are convertible to bytes"],
  [{ a: { B: "abc" } }, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"],
  [{ a: { B: "YQ-=" } }, "Invalid last non-pad Base64 character dectected"],
  [{ a: { BOOL: "maybe" } }, "Unexpected token received from parser"],
  [{ a: { BOOL: 1 } }, "NUMBER_VALUE cannot be converted to Boolean"],
  [{ a: { SS: "x" } }, "Unexpected field type"],
  [{ a: { SS: {} } }, "Start of structure or map found where not expected"],
  [{ a: { NS: [1] } }, "NUMBER_VALUE cannot be converted to String"],
  [{ a: { L: [1] } }, "Unexpected value type in payload"],
  [{ a: { M: { b: { S: false } } } }, "FALSE_VALUE cannot be converted to String"],
];

for (const [json, message] of typeErrors) {
  test(`${JSON.stringify(json)} does not fit the type`, () => {
    assert.throws(() => checkAttributeMapType(json), { name: "SerializationException", message });
  });
}

const invalid = "One or more parameter values were invalid: ";
const empty = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
const several =
  "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";

const valueErrors: readonly (readonly [unknown, string])[] = [
  [{}, empty],
  [null, empty],
  [{ X: "y" }, empty],
  [{ S: null }, empty],
  [{ S: "a", N: "1" }, several],
  [{ NULL: false }, `${invalid}Null attribute value types must have the value of true`],
  [{ SS: [] }, `${invalid}An string set  may not be empty`],
  [{ NS: [] }, `${invalid}An number set  may not be empty`],
  [{ BS: [] }, `${invalid}Binary sets should not be empty`],
  [{ SS: ["a", "b", "a"] }, `${invalid}Input collection [a, b, a] contains duplicates.`],
  [{ NS: ["1", "1.0"] }, "Input collection contains duplicates"],
  [{ BS: ["YQ==", "YQ=="] }, `${invalid}Input collection [YQ==, YQ==]of type BS contains duplicates.`],
  [{ L: [{ N: "x" }] }, "The parameter cannot be converted to a numeric value: x"],
];

for (const [json, message] of valueErrors) {
  test(`${JSON.stringify(json)} is refused`, () => {
    checkAttributeMapType({ a: json });
    assert.throws(() => parseValue(json), { name: "ValidationException", message });
    assert.throws(() => encodeItemFromJson({ a: json }), { name: "ValidationException", message });
  });
}

function nested(levels: number): unknown {
  let json: unknown = { S: "leaf" };
  for (let level = 0; level < levels; level++) json = level % 2 === 0 ? { L: [json] } : { M: { a: json } };
  return json;
}

test("31 lists and maps around a value are accepted, 32 are not", () => {
  parseValue(nested(31));
  encodeItemFromJson({ a: nested(31) });
  const message =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
  assert.throws(() => parseValue(nested(32)), { message });
  assert.throws(() => encodeItemFromJson({ a: nested(32) }), { message });
});

test("booleans may be written as text, and empty strings and binaries are values", () => {
  assert.deepEqual(parseValue({ BOOL: "yes" }), { type: "BOOL", value: true });
  assert.deepEqual(parseValue({ BOOL: "0" }), { type: "BOOL", value: false });
  assert.deepEqual(parseValue({ S: "" }), { type: "S", value: "" });
  assert.equal((parseValue({ B: "" }).value as Uint8Array).length, 0);
});
