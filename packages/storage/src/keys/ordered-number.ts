// Numbers within keys, so that the order of the keys is the order of the numbers: DynamoDB's decimals of up to
// 38 significant digits between 1E-130 and 9.9…E+125, either sign, and zero.
//
// A number is written as 0.d1d2d3… × 10^e with d1 not zero; e runs from -129 to 126, exactly one byte.
//   zero       01
//   positive   02, e + 129, then two digits a byte as 1 + their value (1…100), then 00
//   negative   00, then every byte of the positive form after the first complemented, the end included
// The form delimits itself, and is the same at the end of a key.
//
// Text is canonical: plain decimal notation, no exponent, no superfluous zeros ("0", "-1.5", "1000").
import { assert } from "@azimuth/foundation/assert.ts";
import type { Decoded } from "./ordered-bytes.ts";

const digitsMax = 38;
const exponentMin = -129;
const exponentMax = 126;
const negativeSign = 0;
const zeroSign = 1;
const positiveSign = 2;
const endMark = 0;

const decimalPattern = /^-?[0-9]+(?:\.[0-9]+)?$/;
const zeroCode = 0x30;

export function encodeOrderedNumber(text: string): Uint8Array {
  assert(decimalPattern.test(text), `not a decimal number: ${text}`);
  const negative = text.charCodeAt(0) === 0x2d;
  const { digits, exponent } = normalise(negative ? text.slice(1) : text);
  if (digits.length === 0) return Uint8Array.of(zeroSign);
  assert(digits.length <= digitsMax, `a number of more than ${digitsMax} digits: ${text}`);
  assert(exponent >= exponentMin && exponent <= exponentMax, `a number out of range: ${text}`);
  const pairs = (digits.length + 1) >> 1;
  const result = new Uint8Array(pairs + 3);
  const flip = negative ? 0xff : 0;
  result[0] = negative ? negativeSign : positiveSign;
  result[1] = (exponent - exponentMin) ^ flip;
  for (let pair = 0; pair < pairs; pair++) {
    const high = digits.charCodeAt(2 * pair) - zeroCode;
    const low = 2 * pair + 1 < digits.length ? digits.charCodeAt(2 * pair + 1) - zeroCode : 0;
    result[2 + pair] = (1 + 10 * high + low) ^ flip;
  }
  result[2 + pairs] = endMark ^ flip;
  return result;
}

/** Significant digits without zeros at either end, and the exponent e of 0.digits × 10^e. */
function normalise(text: string): { digits: string; exponent: number } {
  const point = text.indexOf(".");
  const all = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === zeroCode) start++;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === zeroCode) end--;
  return { digits: all.slice(start, end), exponent: (point < 0 ? text.length : point) - start };
}

export function decodeOrderedNumber(key: Uint8Array, offset: number): Decoded<string> {
  const sign = key[offset];
  if (sign === zeroSign) return { value: "0", end: offset + 1 };
  assert(sign === negativeSign || sign === positiveSign, "a number in a key has an unknown sign");
  const flip = sign === negativeSign ? 0xff : 0;
  assert(key.length > offset + 2, "a number in a key has no end");
  const exponent = ((key[offset + 1] as number) ^ flip) + exponentMin;
  let digits = "";
  let at = offset + 2;
  for (; ; at++) {
    assert(at < key.length, "a number in a key has no end");
    const pair = (key[at] as number) ^ flip;
    if (pair === endMark) break;
    assert(pair <= 100, "a number in a key holds a byte that is no pair of digits");
    digits += String(pair - 1).padStart(2, "0");
  }
  if (digits.endsWith("0")) digits = digits.slice(0, -1);
  return { value: (flip === 0 ? "" : "-") + toPlainText(digits, exponent), end: at + 1 };
}

function toPlainText(digits: string, exponent: number): string {
  if (exponent <= 0) return `0.${"0".repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return digits + "0".repeat(exponent - digits.length);
  return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}
