import { test } from "node:test";
import assert from "node:assert/strict";
import type { JsonObject } from "@azimuth/model/attribute-json.ts";
import { keyAsItem, keyOfItem, keyOfJsonItem, keyOfJsonKey } from "@azimuth/model/key.ts";
import type { KeySchema } from "@azimuth/model/table.ts";

const schema: KeySchema = { partition: { name: "id", type: "S" }, sort: { name: "at", type: "B" } };
const invalid = "One or more parameter values were invalid: ";
const notValid = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an";
const at = { B: "AQ==" };

const itemErrors: readonly (readonly [JsonObject, string])[] = [
  [{ at }, `${invalid}Missing the key id in the item`],
  [{ id: { S: "a" } }, `${invalid}Missing the key at in the item`],
  [{ id: { N: "1" }, at }, `${invalid}Type mismatch for key id expected: S actual: N`],
  [{ id: { S: "" }, at }, `${notValid} empty string value. Key: id`],
  [{ id: { S: "a" }, at: { B: "" } }, `${notValid} empty binary value. Key: at`],
  [{ id: { S: "é".repeat(1025) }, at }, `${invalid}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
  [
    { id: { S: "a" }, at: { B: Buffer.alloc(1025).toString("base64") } },
    `${invalid}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`,
  ],
];

for (const [item, message] of itemErrors) {
  test(`as an item's key: ${message}`, () => {
    assert.throws(() => keyOfJsonItem(schema, item), { name: "ValidationException", message });
  });
}

const mismatch = "The provided key element does not match the schema";

const keyErrors: readonly (readonly [string, JsonObject, string])[] = [
  ["nothing", {}, mismatch],
  ["too little", { id: { S: "a" } }, mismatch],
  ["too much", { id: { S: "a" }, at, more: { S: "b" } }, mismatch],
  ["another name", { id: { S: "a" }, to: at }, mismatch],
  ["another type", { id: { N: "1" }, at }, mismatch],
  ["an empty string", { id: { S: "" }, at }, `${notValid} empty string value. Key: id`],
];

for (const [what, key, message] of keyErrors) {
  test(`a Key parameter with ${what} is refused`, () => {
    assert.throws(() => keyOfJsonKey(schema, key), { name: "ValidationException", message });
  });
}

test("a key is the same from an item, a Key parameter and a stored item", () => {
  const json = { id: { S: "a" }, at };
  const key = keyOfJsonKey(schema, json);
  assert.deepEqual(keyOfJsonItem(schema, { ...json, more: { N: "1" } }), key);
  assert.deepEqual(keyOfItem(schema, keyAsItem(schema, key)), key);
});

test("keys of the longest allowed size are accepted", () => {
  keyOfJsonKey(schema, { id: { S: "x".repeat(2048) }, at: { B: Buffer.alloc(1024).toString("base64") } });
});
