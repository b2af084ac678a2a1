import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  ByteReader, ByteWriter, compareBytes, concatBytes, equalBytes, fromHex, fromUtf8, prefixEnd, toHex, utf8,
} from "@azimuth/foundation/bytes.ts";

type Field =
  | { readonly kind: "uint8" | "uint16" | "uint32" | "uint64" | "varint" | "float64"; readonly value: number }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "text"; readonly value: string };

const field: fc.Arbitrary<Field> = fc.oneof(
  fc.record({ kind: fc.constant("uint8" as const), value: fc.nat(0xff) }),
  fc.record({ kind: fc.constant("uint16" as const), value: fc.nat(0xffff) }),
  fc.record({ kind: fc.constant("uint32" as const), value: fc.nat(0xffffffff) }),
  fc.record({ kind: fc.constant("uint64" as const), value: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant("varint" as const), value: fc.oneof(fc.nat(300), fc.maxSafeNat()) }),
  fc.record({ kind: fc.constant("float64" as const), value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant("bytes" as const), value: fc.uint8Array({ maxLength: 400 }) }),
  fc.record({ kind: fc.constant("text" as const), value: fc.string({ unit: "binary" }) }),
);

test("what is written is read back, field by field, to the last byte", () => {
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const writer = new ByteWriter(4);
      for (const { kind, value } of fields) (writer[kind] as (value: unknown) => void).call(writer, value);
      const reader = new ByteReader(writer.finish());
      for (const { kind, value } of fields) {
        const read = reader[kind]();
        if (value instanceof Uint8Array) assert.ok(equalBytes(read as Uint8Array, value));
        else assert.equal(read, value);
      }
      assert.equal(reader.remaining, 0);
    }),
  );
});

test("the order of uint64 bytes is the order of their numbers", () => {
  const bytesOf = (value: number): Uint8Array => new ByteWriter().uint64(value).finish();
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (left, right) => {
      assert.equal(Math.sign(compareBytes(bytesOf(left), bytesOf(right))), Math.sign(left - right));
    }),
  );
});

test("the end of a prefix is above all that starts with it and not above anything else that is", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(bytes, bytes, (prefix, rest) => {
      const end = prefixEnd(prefix);
      if (end === undefined) {
        assert.ok(prefix.every((byte) => byte === 0xff));
        return;
      }
      assert.ok(compareBytes(concatBytes(prefix, rest), end) < 0);
      const startsWithPrefix = equalBytes(rest.subarray(0, prefix.length), prefix);
      if (!startsWithPrefix && compareBytes(rest, prefix) > 0) assert.ok(compareBytes(rest, end) >= 0);
    }),
  );
});

test("reading past the end is refused", () => {
  assert.throws(() => new ByteReader(new Uint8Array(3)).uint32(), /past the end/);
  assert.throws(() => new ByteReader(new Uint8Array([5, 1])).bytes(), /past the end/);
  assert.throws(() => new ByteReader(new Uint8Array([0x80, 0x80])).varint(), /past the end/);
});

test("numbers that are not safe integers are refused in both directions", () => {
  assert.throws(() => new ByteWriter().uint64(2 ** 53), /out of range/);
  assert.throws(() => new ByteWriter().varint(-1), /out of range/);
  assert.throws(() => new ByteReader(new Uint8Array(8).fill(0xff)).uint64(), /safe integers/);
  assert.throws(() => new ByteReader(new Uint8Array(9).fill(0xff)).varint(), /safe integers/);
});

test("hex and UTF-8 go there and back, and bytes that are not UTF-8 are refused", () => {
  assert.equal(toHex(fromHex("00ff10")), "00ff10");
  assert.equal(fromUtf8(utf8("zoë ☂")), "zoë ☂");
  assert.throws(() => fromUtf8(new Uint8Array([0xff])));
});
