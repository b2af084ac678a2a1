import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";

test("plain values come back as they were", () => {
  const value = { text: "é", list: [1, -2, 2.5, null, true], nested: { empty: {}, none: [] }, zero: 0 };
  assert.deepEqual(decodeBody(encodeBody(value)), value);
});

test("integers up to the largest safe one come back as numbers", () => {
  const values = [2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  assert.deepEqual(decodeBody(encodeBody(values)), values);
});

test("byte strings come back as Uint8Array", () => {
  const decoded = decodeBody<{ bytes: Uint8Array }>(encodeBody({ bytes: new Uint8Array([1, 2, 255]) }));
  assert.ok(decoded.bytes instanceof Uint8Array);
  assert.deepEqual([...decoded.bytes], [1, 2, 255]);
});

test("a body is decoded without what came before it", () => {
  const first = encodeBody({ alpha: 1, beta: 2 });
  const second = encodeBody({ alpha: 3, beta: 4 });
  assert.deepEqual(decodeBody(second), { alpha: 3, beta: 4 });
  assert.deepEqual(decodeBody(first), { alpha: 1, beta: 2 });
});

test("a member named __proto__ does not reach the prototype", () => {
  const body = encodeBody(JSON.parse('{"__proto__":{"polluted":true}}') as object);
  const decoded = decodeBody<Record<string, unknown>>(body);
  assert.equal(decoded["polluted"], undefined);
  assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
});
