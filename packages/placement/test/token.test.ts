import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  firstToken, isToken, lastToken, nextToken, numberToToken, splitTokenRange, tokenBeginningWith, tokenInRange, tokenOf,
  tokenToNumber,
} from "../src/token.ts";

test("the token of a key never changes, because it is on disk", () => {
  // The first 8 bytes of the MD5 test values of RFC 1321.
  assert.equal(tokenOf(new TextEncoder().encode("")), "d41d8cd98f00b204");
  assert.equal(tokenOf(new TextEncoder().encode("abc")), "900150983cd24fb0");
});

test("every token is 16 lower-case hex digits inside the whole circle", () => {
  fc.assert(fc.property(fc.uint8Array(), (key) => {
    const token = tokenOf(key);
    assert.ok(isToken(token));
    assert.ok(tokenInRange(token, firstToken, lastToken));
  }));
});

test("people write the beginning of a token, and nothing else is one", () => {
  assert.equal(tokenBeginningWith("8"), "8000000000000000");
  assert.equal(tokenBeginningWith("00AB"), "00ab000000000000");
  assert.equal(tokenBeginningWith("f".repeat(16)), lastToken);
  for (const text of ["", "g", "0x8", " 8", "8.0", "f".repeat(17)]) assert.equal(tokenBeginningWith(text), undefined, text);
});

test("a split leaves no gap, no overlap, and parts of nearly the same size", () => {
  const bound = (1n << 64n) - 1n;
  fc.assert(fc.property(fc.bigInt(0n, bound), fc.bigInt(0n, bound), fc.integer({ min: 1, max: 200 }), (a, b, parts) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    fc.pre(high - low + 1n >= BigInt(parts));
    const ranges = splitTokenRange(numberToToken(low), numberToToken(high), parts);
    assert.equal(ranges.length, parts);
    assert.equal(ranges[0]?.first, numberToToken(low));
    assert.equal(ranges.at(-1)?.last, numberToToken(high));
    const sizes = ranges.map((range) => tokenToNumber(range.last) - tokenToNumber(range.first) + 1n);
    for (let i = 1; i < ranges.length; i++) {
      assert.equal(ranges[i]?.first, nextToken((ranges[i - 1] as { last: string }).last));
    }
    const smallest = sizes.reduce((x, y) => (x < y ? x : y));
    const largest = sizes.reduce((x, y) => (x > y ? x : y));
    assert.ok(smallest >= 1n && largest - smallest <= 1n);
  }));
});

test("four parts of the circle begin at its quarters", () => {
  assert.deepEqual(splitTokenRange(firstToken, lastToken, 4).map((range) => range.first),
    ["0000000000000000", "4000000000000000", "8000000000000000", "c000000000000000"]);
});

test("a range too small for its parts is refused", () => {
  assert.throws(() => splitTokenRange(firstToken, "0000000000000001", 3), /fewer tokens than parts/);
});
