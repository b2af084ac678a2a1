// ExpressionAttributeNames and ExpressionAttributeValues themselves: when they may be given, their keys, and
// that all of them are used.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCondition } from "@azimuth/expression/condition.ts";
import { compileProjection } from "@azimuth/expression/projection.ts";
import { compileUpdate } from "@azimuth/expression/update.ts";
import { checkPlaceholderKeys, checkPlaceholdersAllowed, checkUsage } from "@azimuth/expression/usage.ts";
import { bind, number, refusal } from "./support/values.ts";

const update = ["UpdateExpression", "SET a = :v"] as const;
const noUpdate = ["UpdateExpression", undefined] as const;
const noCondition = ["ConditionExpression", undefined] as const;
const noFilter = ["FilterExpression", undefined] as const;
const noKeyCondition = ["KeyConditionExpression", undefined] as const;
const projection = ["ProjectionExpression", "a"] as const;
const noProjection = ["ProjectionExpression", undefined] as const;

test("names need an expression", () => {
  const given = { names: { "#a": "a" }, values: undefined };
  const message = "ExpressionAttributeNames can only be specified when using expressions";
  for (const expressions of [[noCondition], [noUpdate, noCondition], [noProjection]]) {
    assert.equal(refusal(() => checkPlaceholdersAllowed({ ...given, expressions })), message);
  }
  checkPlaceholdersAllowed({ ...given, expressions: [noFilter, projection] });
});

test("values need an expression that takes values, and the message names those the operation has", () => {
  const given = { names: undefined, values: { ":v": { N: "1" } } };
  const prefix = "ExpressionAttributeValues can only be specified when using expressions: ";
  const cases = [
    [[noCondition], "ConditionExpression is null"],
    [[noUpdate, noCondition], "UpdateExpression and ConditionExpression are null"],
    [[noProjection, noFilter], "FilterExpression is null"],
    [[projection, noFilter, noKeyCondition], "FilterExpression and KeyConditionExpression are null"],
  ] as const;
  for (const [expressions, detail] of cases) {
    assert.equal(refusal(() => checkPlaceholdersAllowed({ ...given, expressions })), prefix + detail);
  }
  checkPlaceholdersAllowed({ ...given, expressions: [update, noCondition] });
});

test("an empty expression still counts as given", () => {
  checkPlaceholdersAllowed({ names: {}, values: {}, expressions: [["ConditionExpression", ""]] });
});

test("neither map may be empty", () => {
  assert.equal(
    refusal(() => checkPlaceholderKeys({ names: {}, values: {} })),
    "ExpressionAttributeNames must not be empty",
  );
  assert.equal(
    refusal(() => checkPlaceholderKeys({ names: undefined, values: {} })),
    "ExpressionAttributeValues must not be empty",
  );
});

for (const key of ["a", "#", "##a", "#a-b", "#a.b", ":a", "#é", " #a", ""]) {
  test(`${JSON.stringify(key)} is no key for a name`, () => {
    assert.equal(
      refusal(() => checkPlaceholderKeys({ names: { [key]: "a" }, values: undefined })),
      `ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`,
    );
  });
}

for (const key of ["v", ":", "::v", "#v", ":a b"]) {
  test(`${JSON.stringify(key)} is no key for a value`, () => {
    assert.equal(
      refusal(() => checkPlaceholderKeys({ names: undefined, values: { [key]: {} } })),
      `ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`,
    );
  });
}

test("good keys pass, a name's up to 255 bytes", () => {
  const names = { "#a": "a", "#_1": "b", "#0": "c", [`#${"n".repeat(254)}`]: "d" };
  checkPlaceholderKeys({ names, values: { ":_": 1, [`:${"v".repeat(2000)}`]: 1 } });
  assert.equal(
    refusal(() => checkPlaceholderKeys({ names: { [`#${"n".repeat(255)}`]: "a" }, values: undefined })),
    "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is " +
      "too long; size of key: 256",
  );
});

test("a name may not be empty", () => {
  assert.equal(
    refusal(() => checkPlaceholderKeys({ names: { "#a": "" }, values: undefined })),
    "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a",
  );
});

test("unused names and values are refused, names first, in the order given", () => {
  const used = [compileCondition("#a = :v", "FilterExpression"), compileProjection("#b")];
  const one = number(1);
  const unusedNames = { "#z": "z", "#a": "a", "#y": "y", "#b": "b" };
  checkUsage(used, bind({ ":v": one }, { "#a": "a", "#b": "b" }));
  assert.equal(
    refusal(() => checkUsage(used, bind({ ":v": one, ":w": one }, { "#a": "a", "#b": "b" }))),
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w}",
  );
  assert.equal(
    refusal(() => checkUsage(used, bind({ ":v": one, ":w": one }, unusedNames))),
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#z, #y}",
  );
  assert.equal(
    refusal(() => checkUsage(used, bind({ ":v": one, ":w": one, ":x": one }, { "#a": "a", "#b": "b" }))),
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:w, :x}",
  );
});

test("a placeholder used anywhere in any expression is used", () => {
  const used = [
    compileUpdate("SET a = if_not_exists(b.#deep, :inner) + :v"),
    compileCondition("size(#s) > :w", "ConditionExpression"),
  ];
  const one = number(1);
  checkUsage(used, bind({ ":inner": one, ":v": one, ":w": one }, { "#deep": "d", "#s": "s" }));
});
