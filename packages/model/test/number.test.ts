// Numbers against a model on BigInt: every number is an integer multiple of 1E-168.
import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { addNumbers, compareNumbers, numberSize, parseNumber, subtractNumbers } from "@azimuth/model/number.ts";
import { arbitraryNumber, arbitraryNumberText } from "./arbitrary-items.ts";

const modelScale = 170;

function model(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  assert.ok(match, text);
  const fraction = match[3] ?? "";
  const exponent = Number(match[4] ?? 0) - fraction.length + modelScale;
  const magnitude = BigInt(`${match[2]}${fraction}`) * 10n ** BigInt(exponent);
  return match[1] === "-" ? -magnitude : magnitude;
}

test("a number is written in plain notation without needless zeros", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["0", "0"], ["-0", "0"], ["0.000", "0"], ["0e200", "0"], ["+5", "5"], ["007", "7"], ["1.0", "1"], ["1e3", "1000"],
    ["100", "100"], ["-1.50", "-1.5"], [".5", "0.5"], ["5.", "5"], ["12e-3", "0.012"], ["1E-130", `0.${"0".repeat(129)}1`],
    ["9.9999999999999999999999999999999999999E+125", "9".repeat(38) + "0".repeat(88)],
    ["12345678901234567890123456789012345678", "12345678901234567890123456789012345678"],
  ];
  for (const [text, canonical] of cases) assert.equal(parseNumber(text), canonical, text);
});

test("what is no number or does not fit is refused in DynamoDB's words", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["abc", "The parameter cannot be converted to a numeric value: abc"],
    ["", "The parameter cannot be converted to a numeric value"],
    [" 1", "The parameter cannot be converted to a numeric value:  1"],
    ["1.2.3", "The parameter cannot be converted to a numeric value: 1.2.3"],
    ["-", "The parameter cannot be converted to a numeric value: -"],
    [".", "The parameter cannot be converted to a numeric value: ."],
    ["NaN", "The parameter cannot be converted to a numeric value: NaN"],
    ["Infinity", "The parameter cannot be converted to a numeric value: Infinity"],
    ["1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["-1e126", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["1e-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
    ["1".repeat(39), "Attempting to store more than 38 significant digits in a Number"],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => parseNumber(text), { name: "ValidationException", message }, text);
  }
});

test("parsing keeps the value and is idempotent", () => {
  fc.assert(fc.property(arbitraryNumberText, (text) => {
    const canonical = parseNumber(text);
    assert.equal(model(canonical), model(text));
    assert.equal(parseNumber(canonical), canonical);
    assert.match(canonical, /^(0|-?([1-9]\d*|0\.\d*[1-9]|[1-9]\d*\.\d*[1-9]))$/);
  }));
});

test("order and equality are those of the values", () => {
  fc.assert(fc.property(arbitraryNumber, arbitraryNumber, (left, right) => {
    const difference = model(left) - model(right);
    assert.equal(Math.sign(compareNumbers(left, right)), difference < 0n ? -1 : difference > 0n ? 1 : 0);
    assert.equal(compareNumbers(left, left), 0);
  }));
});

test("sums and differences are exact, or refused", () => {
  fc.assert(fc.property(arbitraryNumber, arbitraryNumber, (left, right) => {
    for (const [operation, expected] of [
      [addNumbers, model(left) + model(right)],
      [subtractNumbers, model(left) - model(right)],
    ] as const) {
      let result: string;
      try {
        result = operation(left, right);
      } catch (error) {
        assert.equal((error as Error).name, "ValidationException");
        continue;
      }
      assert.equal(model(result), expected);
    }
  }));
});

test("sums of close numbers are not refused", () => {
  assert.equal(addNumbers("0.1", "0.2"), "0.3");
  assert.equal(addNumbers("5", "-5"), "0");
  assert.equal(subtractNumbers("1", "1.25"), "-0.25");
  assert.equal(addNumbers("9007199254740993", "1"), "9007199254740994");
  assert.throws(() => addNumbers("9".repeat(38) + "0".repeat(88), `1${"0".repeat(125)}`), /Number overflow/);
  assert.throws(() => addNumbers("1".repeat(38), "0.1"), /more than 38 significant digits/);
});

test("a number counts a byte for two digits on each side of the point, one more, and one for a minus", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["0", 1], ["1", 2], ["12", 2], ["123", 3], ["1234", 3], ["1.2", 3], ["12.34", 3], ["-1", 3], ["100", 2], ["0.01", 2], ["120", 2],
    ["0.012", 2], ["3.14159", 5], ["123456", 4], ["1" + "0".repeat(125), 2],
  ];
  for (const [number, size] of cases) assert.equal(numberSize(number), size, number);
});
