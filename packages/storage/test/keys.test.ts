import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareBytes, concatBytes, toHex, utf8 } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { appliedKey, decodeAppliedKey, decodeAppliedState, encodeAppliedState } from "../src/keys/applied-key.ts";
import { controlKey, controlKindRange, controlRange, decodeControlKey } from "../src/keys/control-key.ts";
import { generationsIn, idempotencyKey, idempotencyRange } from "../src/keys/idempotency-key.ts";
import {
  collectionKey, collectionRange, decodeCollectionSize, encodeCollectionSize,
} from "../src/keys/collection-key.ts";
import { decodeIndexMark, encodeIndexMark, indexMarkKey, indexMarkRange } from "../src/keys/index-mark-key.ts";
import { decodeIndexQueueKey, indexQueueKey, indexQueueRange } from "../src/keys/index-queue-key.ts";
import * as item from "../src/keys/item-key.ts";
import { decodeOrderedBytes, encodeOrderedBytes } from "../src/keys/ordered-bytes.ts";
import { decodeOrderedNumber, encodeOrderedNumber } from "../src/keys/ordered-number.ts";
import { decodeOrderedString, encodeOrderedString } from "../src/keys/ordered-string.ts";
import { createMemoryEngine } from "../src/memory-engine.ts";
import { decodePartitionStatisticsKey, partitionStatisticsKey } from "../src/keys/partition-statistics-key.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 12 });
/** Bytes with many zeros and ff, where escaping could go wrong. */
const anyBytes = fc
  .array(fc.constantFrom(0, 0, 1, 0x41, 0xfe, 0xff, 0xff), { maxLength: 8 })
  .map((bytes) => Uint8Array.from(bytes));
const anyToken = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((token) => token.toString(16).padStart(16, "0"));
const digits = fc.stringMatching(/^[1-9]([0-9]{0,36}[1-9])?$/);

/** A number as sign × digits × 10^shift, with its canonical text and a value that compares exactly. */
const anyNumber = fc
  .record({
    digits,
    negative: fc.boolean(),
    exponent: fc.oneof(fc.integer({ min: -129, max: 126 }), fc.integer({ min: -3, max: 5 })),
    zero: fc.integer({ min: 0, max: 20 }),
  })
  .map(({ digits: text, negative, exponent, zero }) => {
    if (zero === 0) return { text: "0", exact: 0n };
    const scaled = BigInt(text) * 10n ** BigInt(exponent - text.length + 200);
    return { text: (negative ? "-" : "") + plain(text, exponent), exact: negative ? -scaled : scaled };
  });

function plain(text: string, exponent: number): string {
  const padded = "0".repeat(Math.max(0, 1 - exponent)) + text + "0".repeat(Math.max(0, exponent - text.length));
  const point = Math.max(1, exponent);
  return padded.length > point ? `${padded.slice(0, point)}.${padded.slice(point)}` : padded;
}

function sign(value: number | bigint): number {
  return value < 0 ? -1 : value > 0 ? 1 : 0;
}

test("numbers keep their order and their canonical text", () => {
  fc.assert(
    fc.property(anyNumber, anyNumber, (left, right) => {
      const [a, b] = [encodeOrderedNumber(left.text), encodeOrderedNumber(right.text)];
      assert.equal(sign(compareBytes(a, b)), sign(left.exact - right.exact), `${left.text} and ${right.text}`);
      assert.deepEqual(decodeOrderedNumber(a, 0), { value: left.text, end: a.length });
    }),
    { numRuns: 3000 },
  );
});

test("numbers at the ends of DynamoDB's range are ordered", () => {
  const nines = "9".repeat(38);
  const ordered = [
    `-${nines}${"0".repeat(88)}`, "-1000", "-100.5", "-100", "-99", "-1.5", "-1.23", "-1.2", "-1",
    `-0.${"0".repeat(129)}1`, "0", `0.${"0".repeat(129)}1`, "0.1", "0.12", "1", "1.2", "1.23", "1.5", "9", "10", "99",
    "100", "100.5", "1000", `${nines}${"0".repeat(88)}`,
  ];
  const keys = ordered.map((text) => toHex(encodeOrderedNumber(text)));
  assert.deepEqual(keys, keys.toSorted());
  assert.deepEqual(keys.map((key) => decodeOrderedNumber(Buffer.from(key, "hex"), 0).value), ordered);
  assert.equal(Math.max(...keys.map((key) => key.length / 2)), 22);
});

test("a number that is no decimal, too long or out of range is refused", () => {
  for (const text of ["", "1e5", "+1", ".5", "1.", "NaN", "1".repeat(39), `1${"0".repeat(126)}`, `0.${"0".repeat(130)}1`]) {
    assert.throws(() => encodeOrderedNumber(text), text);
  }
});

test("a delimited number ends where the next part begins", () => {
  fc.assert(
    fc.property(anyNumber, anyBytes, anyNumber, anyBytes, (left, leftRest, right, rightRest) => {
      const a = concatBytes(encodeOrderedNumber(left.text), leftRest);
      const b = concatBytes(encodeOrderedNumber(right.text), rightRest);
      const expected = sign(left.exact - right.exact) || sign(compareBytes(leftRest, rightRest));
      assert.equal(sign(compareBytes(a, b)), expected);
      assert.equal(decodeOrderedNumber(a, 0).end, a.length - leftRest.length);
    }),
    { numRuns: 2000 },
  );
});

test("byte strings keep their order in both forms, whatever follows", () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, anyBytes, anyBytes, (left, right, leftRest, rightRest) => {
      const order = sign(compareBytes(left, right));
      assert.equal(sign(compareBytes(encodeOrderedBytes(left, "final"), encodeOrderedBytes(right, "final"))), order);
      const a = concatBytes(encodeOrderedBytes(left, "delimited"), leftRest);
      const b = concatBytes(encodeOrderedBytes(right, "delimited"), rightRest);
      assert.equal(sign(compareBytes(a, b)), order || sign(compareBytes(leftRest, rightRest)));
      const decoded = decodeOrderedBytes(a, 0, "delimited");
      assert.deepEqual([toHex(decoded.value), decoded.end], [toHex(left), a.length - leftRest.length]);
      assert.equal(toHex(decodeOrderedBytes(concatBytes(leftRest, left), leftRest.length, "final").value), toHex(left));
    }),
    { numRuns: 3000 },
  );
});

test("strings are ordered by their UTF-8 bytes and come back unchanged", () => {
  fc.assert(
    fc.property(anyText, anyText, (left, right) => {
      const order = sign(compareBytes(utf8(left), utf8(right)));
      for (const form of ["delimited", "final"] as const) {
        const [a, b] = [encodeOrderedString(left, form), encodeOrderedString(right, form)];
        assert.equal(sign(compareBytes(a, b)), order);
        assert.deepEqual(decodeOrderedString(a, 0, form), { value: left, end: a.length });
      }
    }),
    { numRuns: 1000 },
  );
});

test("broken encodings are refused, not misread", () => {
  assert.throws(() => decodeOrderedBytes(Uint8Array.of(1, 2), 0, "delimited"), /no end/);
  assert.throws(() => decodeOrderedBytes(Uint8Array.of(1, 0, 7, 0, 0), 0, "delimited"), /escape/);
  assert.throws(() => decodeOrderedNumber(Uint8Array.of(9, 1, 1, 0), 0), /sign/);
  assert.throws(() => decodeOrderedNumber(Uint8Array.of(2, 129, 5), 0), /no end/);
  assert.throws(() => decodeOrderedNumber(Uint8Array.of(2, 129, 200, 0), 0), /digits/);
});

test("items are ordered by token, partition key, sort key, and a key comes apart into its parts", () => {
  fc.assert(
    fc.property(anyToken, anyText, anyNumber, anyText, anyNumber, (token, left, leftSort, right, rightSort) => {
      const keyOf = (partition: string, sort: string): Uint8Array =>
        item.itemKey(
          token,
          item.encodeKeyAttribute("S", partition, "delimited"),
          item.encodeKeyAttribute("N", sort, "final"),
        );
      const [a, b] = [keyOf(left, leftSort.text), keyOf(right, rightSort.text)];
      const expected = sign(compareBytes(utf8(left), utf8(right))) || sign(leftSort.exact - rightSort.exact);
      assert.equal(sign(compareBytes(a, b)), expected);
      assert.deepEqual(item.decodeItemKey(a, "S", "N"), { token, partitionKey: left, sortKey: leftSort.text });
    }),
    { numRuns: 1000 },
  );
  const key = item.itemKey("0123456789abcdef", item.encodeKeyAttribute("B", Uint8Array.of(0, 1), "delimited"), undefined);
  assert.equal(toHex(key), "0123456789abcdef00ff010000");
  assert.throws(() => item.decodeItemKey(concatBytes(key, utf8("x")), "B", undefined), /after its last part/);
});

test("a partition's range holds exactly the items of its tokens", () => {
  fc.assert(
    fc.property(anyToken, anyToken, anyToken, anyBytes, fc.integer({ min: 0, max: 3 }), (x, y, token, rest, table) => {
      const [first, last] = [x, y].toSorted() as [string, string];
      const { start, end } = item.partitionRange(2, first, last);
      const key = concatBytes(item.tablePrefix(table), item.itemKey(token, rest, undefined));
      const inside = compareBytes(start, key) <= 0 && compareBytes(key, end) < 0;
      assert.equal(inside, table === 2 && first <= token && token <= last);
    }),
    { numRuns: 2000 },
  );
  const whole = item.partitionRange(2, "0000000000000000", "ffffffffffffffff");
  assert.deepEqual([toHex(whole.start), toHex(whole.end)], ["69000000020000000000000000", "6900000003"]);
  const carry = item.partitionRange(2, "0000000000000000", "00000000000000ff");
  assert.equal(toHex(carry.end), "69000000020000000000000100");
  assert.equal(toHex(item.partitionRange(0xffffffff, "0000000000000000", "ffffffffffffffff").end), "6a00000000");
});

test("tokens, table ids and request tokens of the wrong shape are refused", () => {
  for (const token of ["", "0123", "0123456789abcdeg", "0123456789abcdef00"]) {
    assert.throws(() => item.itemKey(token, new Uint8Array(0), undefined), /not a token/);
  }
  for (const id of [-1, 1.5, 2 ** 32]) assert.throws(() => item.tablePrefix(id), /not a table id/);
  assert.throws(() => idempotencyKey(2, 1, "0123456789abcdef", new Uint8Array(15)), /request token/);
  assert.throws(() => item.partitionRange(1, "ffffffffffffffff", "0000000000000000"), /inverted/);
});

test("records of answered writes lie together by generation, table and token", () => {
  const key = idempotencyKey(3, 7, "0123456789abcdef", new Uint8Array(16).fill(9));
  assert.equal(toHex(key), `720000000700000003${"0123456789abcdef"}${"09".repeat(16)}`);
  const { start, end } = idempotencyRange(3, 7, "0123456789abcdef", "0123456789abcdef");
  assert.ok(compareBytes(start, key) < 0 && compareBytes(key, end) < 0);
  const whole = idempotencyRange(3, 7, "0000000000000000", "ffffffffffffffff");
  assert.equal(toHex(whole.end), "720000000700000004");
});

test("the generations are found of which there are records of a range, and none of other records", () => {
  const deferred: (() => void)[] = [];
  const clock = { defer: (callback: () => void) => void deferred.push(callback) } as unknown as Clock;
  const engine = createMemoryEngine({ clock });
  const settle = (): void => {
    for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) next();
  };
  const range = { tableId: 5, firstToken: `4${"0".repeat(15)}`, lastToken: `7${"f".repeat(15)}` };
  const generations = (): readonly number[] | undefined => {
    let found: readonly number[] | undefined;
    generationsIn(engine, range, (all) => (found = all));
    settle();
    return found;
  };
  const put = (key: Uint8Array): void => engine.write([{ kind: "put", key, value: Buffer.of(1) }], () => {});
  assert.deepEqual(generations(), []);
  for (const generation of [0, 2, 3, 6, 7, 9]) {
    for (const table of [4, 6]) put(idempotencyKey(table, generation, range.firstToken, new Uint8Array(16)));
    for (const token of [`3${"f".repeat(15)}`, `8${"0".repeat(15)}`]) put(idempotencyKey(5, generation, token, new Uint8Array(16)));
  }
  for (const space of "abcilmnqs") put(Buffer.from(`${space} and so on`));
  settle();
  assert.deepEqual(generations(), [], "of other ranges and tables only");
  const own = [0, 3, 7, 8, 0xffffffff];
  for (const [place, generation] of own.entries()) {
    const token = place % 2 === 0 ? range.firstToken : range.lastToken;
    put(idempotencyKey(5, generation, token, new Uint8Array(16).fill(place % 2 === 0 ? 0 : 255)));
  }
  settle();
  assert.deepEqual(generations(), own);
});

test("records of the control plane lie together by kind", () => {
  assert.deepEqual(decodeControlKey(controlKey("table", "a/b")), { kind: "table", id: "a/b" });
  fc.assert(
    fc.property(anyText, anyText, anyText, (kind, other, id) => {
      const key = controlKey(other, id);
      for (const [range, expected] of [[controlKindRange(kind), kind === other], [controlRange(), true]] as const) {
        assert.equal(compareBytes(range.start, key) <= 0 && compareBytes(key, range.end) < 0, expected);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a group's applied state and a partition's statistics are found by their numbers", () => {
  const config = { voters: [1, 70000], votersOutgoing: [2], learners: [], learnersNext: [3], autoLeave: true };
  const state = { index: 2 ** 40, term: 7, config };
  assert.deepEqual(decodeAppliedState(encodeAppliedState(state)), state);
  assert.equal(decodeAppliedKey(appliedKey(12)), 12);
  assert.equal(decodePartitionStatisticsKey(partitionStatisticsKey(2 ** 33)), 2 ** 33);
  assert.throws(() => decodeAppliedKey(partitionStatisticsKey(1)));
});

test("the examples of docs/data-layout.md are right", () => {
  const examples = { "1.5": "02 82 10 00", "100": "02 84 0b 00", "-1.5": "00 7d ef ff" };
  for (const [text, bytes] of Object.entries(examples)) {
    assert.equal(toHex(encodeOrderedNumber(text)), bytes.replaceAll(" ", ""));
  }
});

const anyPosition = fc.record({ index: fc.integer({ min: 1, max: 2 ** 48 }), ordinal: fc.integer({ min: 0, max: 300 }) });

test("an index queue is one range per partition, in the order of log index and ordinal", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), anyPosition, anyPosition, (partition, left, right) => {
    const [a, b] = [indexQueueKey(partition, left), indexQueueKey(partition, right)];
    assert.equal(sign(compareBytes(a, b)), sign(left.index - right.index || left.ordinal - right.ordinal));
    assert.deepEqual(decodeIndexQueueKey(a), { partition, ...left });
    const { start, end } = indexQueueRange(partition);
    assert.ok(compareBytes(start, a) <= 0 && compareBytes(a, end) < 0);
    assert.ok(compareBytes(indexQueueKey(partition + 1, left), end) >= 0);
  }));
});

test("marks lie together by the index partition that keeps them, and hold a position", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.integer({ min: 1, max: 2 ** 40 }), anyPosition,
    (partition, source, position) => {
      const { start, end } = indexMarkRange(partition);
      const key = indexMarkKey(partition, source);
      assert.ok(compareBytes(start, key) <= 0 && compareBytes(key, end) < 0);
      assert.deepEqual(decodeIndexMark(encodeIndexMark(position)), { ...position });
    }));
});

test("sizes of item collections lie in the token ranges of their partitions", () => {
  const collection = collectionKey(7, concatBytes(Buffer.from("40".repeat(8), "hex"), utf8("a\u0000\u0000")));
  const inside = collectionRange(7, "4".padEnd(16, "0"), "4".padEnd(16, "f"));
  const outside = collectionRange(7, "5".padEnd(16, "0"), "f".repeat(16));
  assert.ok(compareBytes(inside.start, collection) <= 0 && compareBytes(collection, inside.end) < 0);
  assert.ok(compareBytes(collection, outside.start) < 0);
  assert.equal(decodeCollectionSize(encodeCollectionSize(10 * 2 ** 30 + 1)), 10 * 2 ** 30 + 1);
});
