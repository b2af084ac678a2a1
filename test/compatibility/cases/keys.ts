// The order of sort keys: text and bytes by bytes (so text by its UTF-8, not by JavaScript's UTF-16), numbers by value.
import { test } from "node:test";
import assert from "node:assert/strict";
import { b, call, fresh, get, n, put, s, tables, type Attributes, type Value } from "../harness.ts";

async function order(TableName: string, sorted: readonly Value[]): Promise<void> {
  const pk = s(fresh());
  const shuffled = sorted.map((sk, place) => [(place * 7) % 11, sk] as const).toSorted(([x], [y]) => x - y);
  await put(TableName, ...shuffled.map(([, sk]) => ({ pk, sk })));
  const input = {
    TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": pk }, ConsistentRead: true,
  };
  const keysOf = (items: readonly Attributes[] | undefined) => items?.map(({ sk }) => sk);
  assert.deepEqual(keysOf((await call("Query", input)).Items), sorted);
  const back = await call("Query", { ...input, ScanIndexForward: false });
  assert.deepEqual(keysOf(back.Items), sorted.toReversed());
}

test("text is ordered by its UTF-8 bytes", () =>
  order(tables.SS, ["\u0000", "\u0000a", " ", "0", "10", "9", "A", "B", "a", "aa", "b", "é", "～", "\u{10000}", "\u{1F600}"]
    .map(s)));

test("a text is before the texts that begin with it", () =>
  order(tables.SS, ["a", "a\u0000", "a\u0000\u0000", "a\u0000b", "a\u0001", "a!", "aa", "b"].map(s)));

test("numbers are ordered by value, whatever their size and sign", () =>
  order(tables.SN, [
    `-${"9".repeat(38)}${"0".repeat(88)}`, "-1000", "-10", "-9.5", "-9", "-1", "-0.5", "-0.05",
    `-0.${"0".repeat(129)}1`, "0", `0.${"0".repeat(129)}1`, "0.05", "0.5", "1", "1.5", "2", "9", "10", "10.5", "99", "100",
    "12345678901234567890123456789012345678", `1${"0".repeat(125)}`,
  ].map(n)));

test("bytes are ordered as unsigned", () =>
  order(tables.SB, [b(0), b(0, 0), b(0, 255), b(1), b(127), b(128), b(128, 0), b(255), b(255, 255)]));

test("keys of the greatest length are kept apart by their last byte", async () => {
  const TableName = tables.SS;
  const [pkA, pkB] = [s(`${"p".repeat(2047)}a`), s(`${"p".repeat(2047)}b`)];
  const [skA, skB] = [s(`${"s".repeat(1023)}a`), s(`${"s".repeat(1023)}b`)];
  await put(TableName, { pk: pkA, sk: skA, v: n(1) }, { pk: pkA, sk: skB, v: n(2) }, { pk: pkB, sk: skA, v: n(3) });
  assert.deepEqual((await get(TableName, { pk: pkA, sk: skA }))?.["v"], n(1));
  assert.deepEqual((await get(TableName, { pk: pkA, sk: skB }))?.["v"], n(2));
  assert.deepEqual((await get(TableName, { pk: pkB, sk: skA }))?.["v"], n(3));
  assert.equal(await get(TableName, { pk: pkB, sk: skB }), undefined);
});

test("a partition key and a sort key never run into each other", async () => {
  const TableName = tables.SS;
  await put(TableName, { pk: s("join-a"), sk: s("b"), v: n(1) }, { pk: s("join-ab"), sk: s("\u0000"), v: n(2) });
  await put(TableName, { pk: s("join-a\u0000"), sk: s("b"), v: n(3) });
  const input = { TableName, KeyConditionExpression: "pk = :pk", ConsistentRead: true };
  const { Items } = await call("Query", { ...input, ExpressionAttributeValues: { ":pk": s("join-a") } });
  assert.deepEqual(Items, [{ pk: s("join-a"), sk: s("b"), v: n(1) }]);
});

test("the length of a key counts bytes, not characters", async () => {
  const pk = s("é".repeat(1024));
  await put(tables.S, { pk });
  assert.deepEqual(await get(tables.S, { pk }), { pk });
  await assert.rejects(call("GetItem", { TableName: tables.S, Key: { pk: s("é".repeat(1025)) } }),
    /Size of hashkey has exceeded/);
});
