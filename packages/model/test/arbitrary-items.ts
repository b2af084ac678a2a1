// Random attribute values for property tests, canonical as the rest of the code expects them.
import fc from "fast-check";
import type { AttributeValue, Item } from "@azimuth/model/attribute-value.ts";
import { compareBytes, equalBytes } from "@azimuth/foundation/bytes.ts";
import { compareNumbers, parseNumber } from "@azimuth/model/number.ts";
import { compareText } from "@azimuth/model/value-compare.ts";

/** Text of a number that fits: up to 38 digits, any allowed exponent, sometimes in awkward notation. */
export const arbitraryNumberText: fc.Arbitrary<string> = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: -130, max: 87 }), fc.boolean())
  .map(([negative, digits, exponent, upper]) => `${negative ? "-" : ""}${digits}${upper ? "E" : "e"}${exponent}`);

export const arbitraryNumber: fc.Arbitrary<string> = arbitraryNumberText.map(parseNumber);

const arbitraryText = fc.string({ unit: "grapheme", maxLength: 40 });
const arbitraryBytes = fc.uint8Array({ maxLength: 40 }).map((bytes): Uint8Array => Buffer.from(bytes));

function distinct<T>(arbitrary: fc.Arbitrary<T>, order: (a: T, b: T) => number, same: (a: T, b: T) => boolean) {
  return fc
    .uniqueArray(arbitrary, { minLength: 1, maxLength: 5, comparator: same })
    .map((elements) => elements.sort(order));
}

export const arbitraryValue: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    arbitraryText.map((value): AttributeValue => ({ type: "S", value })),
    arbitraryNumber.map((value): AttributeValue => ({ type: "N", value })),
    arbitraryBytes.map((value): AttributeValue => ({ type: "B", value })),
    fc.boolean().map((value): AttributeValue => ({ type: "BOOL", value })),
    fc.constant<AttributeValue>({ type: "NULL", value: true }),
    distinct(arbitraryText, compareText, Object.is).map((value): AttributeValue => ({ type: "SS", value })),
    distinct(arbitraryNumber, compareNumbers, Object.is).map((value): AttributeValue => ({ type: "NS", value })),
    distinct(arbitraryBytes, compareBytes, equalBytes).map((value): AttributeValue => ({ type: "BS", value })),
    fc.array(tie("value"), { maxLength: 4 }).map((value): AttributeValue => ({ type: "L", value })),
    fc
      .array(fc.tuple(arbitraryText, tie("value")), { maxLength: 4 })
      .map((pairs): AttributeValue => ({ type: "M", value: new Map(pairs) })),
  ),
})).value;

export const arbitraryItem: fc.Arbitrary<Item> = fc
  .array(fc.tuple(arbitraryText, arbitraryValue), { maxLength: 8 })
  .map((pairs) => new Map(pairs));
