// How DynamoDB counts an item: names and values, lists and maps with 3 bytes and 1 for each element. 400 KB and no
// byte more.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertRefused, call, fresh, get, n, put, s, tables, V, type Attributes } from "../harness.ts";

const TableName = tables.S;
const itemBytesMax = 400 * 1024;
const tooLarge = "Item size has exceeded the maximum allowed size";
const updateTooLarge = "Item size to update has exceeded the maximum allowed size";

/** An item of exactly `bytes`, of which `more` are other attributes. */
function sized(bytes: number, more: Attributes = {}, moreBytes = 0): Attributes & { pk: { S: string } } {
  const pk = fresh();
  return { pk: { S: pk }, v: s("x".repeat(bytes - moreBytes - 2 - pk.length - 1)), ...more };
}

/** [what, attributes, the bytes they count] */
const counted: readonly (readonly [string, Attributes, number])[] = [
  ["text in UTF-8", { t: s("é漢😀") }, 1 + 2 + 3 + 4],
  ["a name in UTF-8", { é: s("") }, 2],
  ["a small number", { m: n(1) }, 1 + 2],
  ["a number of four digits", { m: n(1234) }, 1 + 3],
  ["a negative number", { m: n(-12) }, 1 + 3],
  ["trailing zeros of a number", { m: n("1000000") }, 1 + 2],
  ["bytes", { b: { B: new Uint8Array(10) } }, 1 + 10],
  ["truth", { f: { BOOL: false } }, 1 + 1],
  ["null", { z: { NULL: true } }, 1 + 1],
  ["an empty list", { l: { L: [] } }, 1 + 3],
  ["an empty map", { m: { M: {} } }, 1 + 3],
  ["a list", { l: { L: [s("ab"), { BOOL: true }] } }, 1 + 3 + 1 + 2 + 1 + 1],
  ["a map", { m: { M: { ab: s("cd") } } }, 1 + 3 + 1 + 2 + 2],
  ["a set of text", { q: { SS: ["ab", "c"] } }, 1 + 3],
];

for (const [what, attributes, bytes] of counted) {
  test(`an item of 400 KB with ${what} is accepted, one byte more is not`, async () => {
    await put(TableName, sized(itemBytesMax, attributes, bytes));
    await assertRefused("PutItem", { TableName, Item: sized(itemBytesMax + 1, attributes, bytes) }, V, tooLarge);
  });
}

test("a full item comes back whole, and cannot grow", async () => {
  const Item = sized(itemBytesMax);
  await put(TableName, Item);
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
  await assertRefused("UpdateItem", {
    TableName, Key: { pk: Item.pk }, UpdateExpression: "SET w = :w", ExpressionAttributeValues: { ":w": s("") },
  }, V, updateTooLarge);
  assert.deepEqual(await get(TableName, { pk: Item.pk }), Item);
});

test("an update that shrinks a full item is accepted", async () => {
  const Item = sized(itemBytesMax);
  await put(TableName, Item);
  await call("UpdateItem", { TableName, Key: { pk: Item.pk }, UpdateExpression: "REMOVE v" });
  assert.deepEqual(await get(TableName, { pk: Item.pk }), { pk: Item.pk });
});

test("the size is looked at before the table", () =>
  assertRefused("PutItem", { TableName: "no-such-table", Item: sized(itemBytesMax + 1) }, V, tooLarge));
