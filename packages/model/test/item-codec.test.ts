// Three ways lead into the binary form (item, JSON) and two out (item, JSON text): they must agree.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { itemToJson, parseItem, parseValue, type JsonObject } from "@azimuth/model/attribute-json.ts";
import {
  decodeItem, decodeValue, encodeItem, encodeItemFromJson, encodeValue, encodedItemSize,
} from "@azimuth/model/item-codec.ts";
import { encodedItemToJson, encodedItemsToJson } from "@azimuth/model/encoded-item-json.ts";
import { itemSize } from "@azimuth/model/item-size.ts";
import { equalItems, equalValues } from "@azimuth/model/value-compare.ts";
import { arbitraryItem, arbitraryValue } from "./arbitrary-items.ts";

test("an item comes back from its binary form", () => {
  fc.assert(fc.property(arbitraryItem, (item) => {
    const bytes = encodeItem(item);
    assert.ok(equalItems(decodeItem(bytes), item));
    assert.equal(encodedItemSize(bytes), itemSize(item));
  }));
});

test("a value comes back from its binary form", () => {
  fc.assert(fc.property(arbitraryValue, (value) => {
    assert.ok(equalValues(decodeValue(encodeValue(value)), value));
  }));
});

test("the short cuts through JSON agree with the way through the item", () => {
  fc.assert(fc.property(arbitraryItem, (item) => {
    const json = JSON.parse(JSON.stringify(itemToJson(item))) as JsonObject;
    assert.ok(equalItems(parseItem(json), item));
    const bytes = encodeItemFromJson(json);
    assert.ok(equalItems(decodeItem(bytes), item));
    assert.equal(encodedItemSize(bytes), itemSize(item));
    assert.deepEqual(JSON.parse(encodedItemToJson(bytes)), json);
  }));
});

test("long and non-Latin text survives, and sizes count UTF-8 bytes", () => {
  for (const text of ["é".repeat(60), "漢".repeat(43), "😀".repeat(5000), "x".repeat(127), "x".repeat(128), 'a"\\\n\u0001b']) {
    const json = { [text]: { S: text } };
    const bytes = encodeItemFromJson(json);
    assert.equal(encodedItemSize(bytes), 2 * Buffer.byteLength(text));
    assert.deepEqual(JSON.parse(encodedItemToJson(bytes)), json);
    assert.deepEqual([...decodeItem(bytes).keys()], [text]);
  }
});

test("items in a row are a JSON array, whatever came before", () => {
  fc.assert(fc.property(fc.array(arbitraryItem, { maxLength: 4 }), (items) => {
    const all = items.map((item) => JSON.parse(JSON.stringify(itemToJson(item))));
    assert.deepEqual(JSON.parse(encodedItemsToJson(items.map(encodeItem))), all);
  }));
  const long = { a: { S: `${"x".repeat(200_000)}"` }, b: { B: Buffer.alloc(100_000).toString("base64") } };
  assert.deepEqual(JSON.parse(encodedItemToJson(encodeItemFromJson(long))), long);
});

test("sizes are DynamoDB's", () => {
  const cases: readonly (readonly [JsonObject, number])[] = [
    [{}, 0],
    [{ a: { S: "" } }, 1],
    [{ a: { NULL: true } }, 2],
    [{ a: { BOOL: false } }, 2],
    [{ a: { L: [] } }, 4],
    [{ a: { L: [{ S: "xy" }] } }, 7],
    [{ a: { M: { b: { S: "xy" } } } }, 8],
    [{ a: { SS: ["x", "yz"] } }, 4],
    [{ a: { B: "AQID" } }, 4],
    [{ a: { N: "1234" } }, 4],
  ];
  for (const [json, size] of cases) {
    assert.equal(encodedItemSize(encodeItemFromJson(json)), size, JSON.stringify(json));
    assert.equal(itemSize(parseItem(json)), size, JSON.stringify(json));
  }
});

test("an error in the middle of an item does not disturb the next one", () => {
  assert.throws(() => encodeItemFromJson({ a: { S: "x".repeat(1000) }, b: { N: "x" } }), /numeric value/);
  assert.deepEqual(JSON.parse(encodedItemToJson(encodeItemFromJson({ a: { N: "1" } }))), { a: { N: "1" } });
});

test("an invalid value is explained for its placeholder", () => {
  assert.throws(
    () => encodeItemFromJson({ ":v": { SS: [] } }, (message, name) => `bad: ${message} for key ${name}`),
    {
      name: "ValidationException",
      message: "bad: One or more parameter values were invalid: An string set  may not be empty for key :v",
    },
  );
  assert.throws(() => parseValue({ S: "a", N: "1" }), /more than one datatypes set/);
});
