// Numbers: 38 significant digits, from 1E-130 to 9.99…E+125, normalised, exact in arithmetic and in order.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertRefused, call, fresh, get, n, put, refuses, s, tables, V } from "../harness.ts";

const TableName = tables.S;
const nines = "9".repeat(38);

/** [as sent, as it comes back] */
const forms: readonly (readonly [string, string])[] = [
  ["0", "0"], ["-0", "0"], ["0.0", "0"], ["0e10", "0"], ["000", "0"], ["+5", "5"], ["005", "5"], ["5.", "5"],
  [".5", "0.5"], ["-.5", "-0.5"], ["1.500", "1.5"], ["1e3", "1000"], ["1E3", "1000"], ["1E+3", "1000"],
  ["12.5e-1", "1.25"], ["100", "100"], ["-100.00", "-100"], ["0.00001", "0.00001"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
  [nines, nines], [`-${nines}`, `-${nines}`], [`0.${nines}`, `0.${nines}`], [`1${"0".repeat(50)}`, `1${"0".repeat(50)}`],
  ["1E125", `1${"0".repeat(125)}`], ["1E-130", `0.${"0".repeat(129)}1`], ["-1E-130", `-0.${"0".repeat(129)}1`],
  [`9.${"9".repeat(37)}E125`, `${nines}${"0".repeat(88)}`],
  ["0.1234567890123456789012345678901234567800", "0.12345678901234567890123456789012345678"],
];

for (const [sent, back] of forms) {
  test(`the number ${sent.slice(0, 50)} comes back normalised`, async () => {
    const pk = s(fresh());
    await put(TableName, { pk, v: n(sent), set: { NS: [sent] }, list: { L: [n(sent)] } });
    assert.deepEqual(await get(TableName, { pk }), { pk, v: n(back), set: { NS: [back] }, list: { L: [n(back)] } });
  });
}

const number = (v: string) => ({ TableName, Item: { pk: s("never"), v: n(v) } });
const significant = "Attempting to store more than 38 significant digits in a Number";
const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const underflow = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const notNumeric = "The parameter cannot be converted to a numeric value";
refuses("PutItem", [
  ["39 digits", number(`${nines}9`), significant],
  ["39 digits of a fraction", number(`0.${nines}9`), significant],
  ["39 digits around the point", number(`1.${nines}`), significant],
  ["1E126", number("1E126"), overflow],
  ["-1E126", number("-1E126"), overflow],
  ["1E-131", number("1E-131"), underflow],
  ["-1E-131", number("-1E-131"), underflow],
  ["a word", number("one"), `${notNumeric}: one`],
  ["NaN", number("NaN"), `${notNumeric}: NaN`],
  ["Infinity", number("Infinity"), `${notNumeric}: Infinity`],
  ["a hexadecimal number", number("0x10"), `${notNumeric}: 0x10`],
  ["two points", number("1.2.3"), `${notNumeric}: 1.2.3`],
  ["an empty number", number(""), notNumeric],
  ["a number with a comma", number("1,000"), `${notNumeric}: 1,000`],
  ["a word in a set of numbers", { TableName, Item: { pk: s("never"), v: { NS: ["1", "b"] } } }, `${notNumeric}: b`],
  ["39 digits in a list", { TableName, Item: { pk: s("never"), v: { L: [n(`${nines}9`)] } } }, significant],
]);

/** [number stored, operation, operand, result] */
const sums: readonly (readonly [string, "+" | "-", string, string])[] = [
  ["0.1", "+", "0.2", "0.3"],
  ["1", "-", "0.9", "0.1"],
  ["1", "-", "1", "0"],
  [nines, "-", "1", `${"9".repeat(37)}8`],
  ["9007199254740993", "+", "1", "9007199254740994"],
  ["-5", "+", "10", "5"],
  ["1E100", "+", "1E100", `2${"0".repeat(100)}`],
  ["1E-100", "+", "1E-100", `0.${"0".repeat(99)}2`],
  ["12345678901234567890.12345678", "+", "0.00000001", "12345678901234567890.12345679"],
];
for (const [stored, sign, operand, result] of sums) {
  test(`${stored.slice(0, 30)} ${sign} ${operand} is exact`, async () => {
    const pk = s(fresh());
    await put(TableName, { pk, v: n(stored) });
    const UpdateExpression = `SET v = v ${sign} :operand`;
    const input = { TableName, Key: { pk }, UpdateExpression, ExpressionAttributeValues: { ":operand": n(operand) } };
    assert.deepEqual((await call("UpdateItem", { ...input, ReturnValues: "UPDATED_NEW" })).Attributes, { v: n(result) });
  });
}

test("a counter that everyone adds to loses nothing", async () => {
  const Key = { pk: s(fresh()) };
  const UpdateExpression = "ADD v :one";
  const ExpressionAttributeValues = { ":one": n(1) };
  await Promise.all(Array.from({ length: 30 }, () =>
    call("UpdateItem", { TableName, Key, UpdateExpression, ExpressionAttributeValues })));
  assert.deepEqual((await get(TableName, Key))?.["v"], n(30));
});

test("a sum beyond the range is refused and changes nothing", async () => {
  const pk = s(fresh());
  const big = `9.${"9".repeat(37)}E125`;
  await put(TableName, { pk, v: n(big) });
  await assertRefused("UpdateItem", {
    TableName, Key: { pk }, UpdateExpression: "SET v = v + :v", ExpressionAttributeValues: { ":v": n(big) },
  }, V, overflow);
  assert.deepEqual((await get(TableName, { pk }))?.["v"], n(`${nines}${"0".repeat(88)}`));
});

test("equality of numbers is by value", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n("10") });
  await call("PutItem", {
    TableName, Item: { pk, v: n(11) }, ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": n("1.0e1") },
  });
});
