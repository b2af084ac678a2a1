// The ten types of values: what comes back is what was stored, sets in their order; what is no value is refused.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertAnswered, b, fresh, get, invalid, n, put, refuses, s, tables, type Value } from "../harness.ts";

const TableName = tables.S;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

const nested = (levels: number): Value => {
  let value: Value = { S: "inside" };
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { L: [value] } : { M: { a: value } };
  return value;
};

/** [what, value, what comes back if not the same] */
const values: readonly (readonly [string, Value, Value?])[] = [
  ["an empty text", s("")],
  ["text beyond the basic plane", s("zażółć 漢字 \u{1F600}\u0000\n\"")],
  ["a lone space", s(" ")],
  ["empty bytes", b()],
  ["every byte", { B: Uint8Array.from({ length: 256 }, (_, value) => value) }],
  ["true", { BOOL: true }],
  ["false", { BOOL: false }],
  ["null", { NULL: true }],
  ["an empty list", { L: [] }],
  ["an empty map", { M: {} }],
  ["a list of every type", { L: [s("a"), n(1), b(1), { BOOL: true }, { NULL: true }, { L: [] }, { M: {} }, { SS: ["x"] }] }],
  ["a map with an empty text and a long name", { M: { [`n${"x".repeat(200)}`]: s(""), "a.b": n(1), "": n(2) } }],
  ["a set of text, by bytes", { SS: ["b", "a", "\u{10000}", "～", "B"] }, { SS: ["B", "a", "b", "～", "\u{10000}"] }],
  ["a set of numbers, by value", { NS: ["10", "9", "-1", "1.50"] }, { NS: ["-1", "1.5", "9", "10"] }],
  ["a set of bytes", { BS: [bytes(2), bytes(1, 255), bytes(1)] }, { BS: [bytes(1), bytes(1, 255), bytes(2)] }],
  ["an empty text in a set", { SS: ["", "a"] }],
  ["31 levels", nested(31)],
];

for (const [what, value, back = value] of values) {
  test(`${what} is stored and read back`, async () => {
    const pk = s(fresh());
    await put(TableName, { pk, v: value });
    assert.deepEqual((await get(TableName, { pk }))?.["v"], back);
  });
}

test("names of attributes may hold anything, and are told apart by case", async () => {
  const Item = { pk: s(fresh()), "a b": n(1), "A B": n(2), "ключ": n(3), "x.y[0]": n(4), "#n": n(5), ":v": n(6) };
  await put(TableName, Item);
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

const withValue = (v: Value) => ({ TableName, Item: { pk: s("never"), v } });
refuses("PutItem", [
  ["NULL of false", withValue({ NULL: false as true }),
    `${invalid}Null attribute value types must have the value of true`],
  ["an empty set of text", withValue({ SS: [] }), `${invalid}An string set  may not be empty`],
  ["an empty set of numbers", withValue({ NS: [] }), `${invalid}An number set  may not be empty`],
  ["an empty set of bytes", withValue({ BS: [] }), `${invalid}Binary sets should not be empty`],
  ["a set with a text twice", withValue({ SS: ["a", "b", "a"] }),
    `${invalid}Input collection [a, b, a] contains duplicates.`],
  ["a set with a number twice", withValue({ NS: ["1", "2", "1"] }), "Input collection contains duplicates"],
  ["a set with a number in two forms", withValue({ NS: ["1", "1.0"] }), "Input collection contains duplicates"],
  ["an empty set inside a list", withValue({ L: [{ SS: [] }] }), `${invalid}An string set  may not be empty`],
  ["32 levels", withValue(nested(32)), "Nesting Levels have exceeded supported limits: Attributes in the item " +
    "have nested levels beyond supported limit"],
  ["100 levels", withValue(nested(100)), "Nesting Levels have exceeded supported limits: Attributes in the item " +
    "have nested levels beyond supported limit"],
]);

const V = "ValidationException";
const S = "SerializationException";
const answers: readonly (readonly [string, string, string, string])[] = [
  ["a value of two types", '{"S":"a","N":"1"}', V,
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
  ["a value of no type", "{}", V,
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  ["a value of an unknown type", '{"X":"a"}', V,
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
  ["a number where text is due", '{"S":1}', S, "NUMBER_VALUE cannot be converted to String"],
  ["a number that is not text", '{"N":1}', S, "NUMBER_VALUE cannot be converted to String"],
  ["truth as text", '{"S":true}', S, "TRUE_VALUE cannot be converted to String"],
  ["a map where text is due", '{"S":{}}', S, "Start of structure or map found where not expected"],
];
for (const [what, value, type, message] of answers) {
  test(`PutItem refuses ${what}`, () =>
    assertAnswered("PutItem", `{"TableName":"${TableName}","Item":{"pk":{"S":"never"},"v":${value}}}`, 400, type, message));
}
