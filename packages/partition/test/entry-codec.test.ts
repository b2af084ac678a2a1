import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeEntry, encodeEntry, type PartitionEntry } from "../src/entry-codec.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const effect = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), key: bytes(40), value: bytes(200) }),
  fc.record({ kind: fc.constant("delete" as const), key: bytes(40) }),
);
const record = fc.record({
  requestToken: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  token: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((raw) => Buffer.from(raw).toString("hex")),
  outcome: bytes(100),
  isRetry: fc.boolean(),
});
const localDelta = fc.record({
  indexId: fc.nat(), items: fc.integer({ min: -1, max: 1 }), bytes: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
});
const entry = fc.record({
  epoch: fc.nat(),
  generation: fc.nat(),
  expires: fc.boolean(),
  itemCountDelta: fc.integer({ min: -1000, max: 1000 }),
  itemBytesDelta: fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
  record: fc.option(record, { nil: undefined }),
  localDeltas: fc.option(fc.array(localDelta, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  effects: fc.array(effect, { maxLength: 5 }),
});

/** Buffers and arrays of the same bytes are the same here. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, each: unknown) => (each instanceof Uint8Array ? Buffer.from(each).toString("hex") : each)),
    (_, each: unknown) =>
      typeof each === "object" && each !== null && "type" in each && each.type === "Buffer"
        ? Buffer.from((each as unknown as { data: number[] }).data).toString("hex")
        : each,
  );
}

test("an entry comes back from its bytes as it was", () => {
  fc.assert(
    fc.property(entry, (original) => {
      const decoded = decodeEntry(encodeEntry(original as PartitionEntry));
      assert.deepEqual(plain(decoded), plain(original));
    }),
  );
});

test("an entry with bytes left over or of another version is refused", () => {
  const encoded = encodeEntry({
    epoch: 1, generation: 2, expires: false, itemCountDelta: 0, itemBytesDelta: 0, record: undefined, effects: [],
  });
  assert.throws(() => decodeEntry(Buffer.concat([encoded, Buffer.of(0)])), /left over/);
  const other = Buffer.from(encoded);
  other[0] = 99;
  assert.throws(() => decodeEntry(other), /version/);
});
