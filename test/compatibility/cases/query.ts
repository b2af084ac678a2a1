// Query: the items of one partition key, in the order of the sort key, within its condition, filtered afterwards.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { b, call, eventually, n, put, s, tables, type Answer, type Value } from "../harness.ts";

type Sort = "SS" | "SN" | "SB";
const pk = s("query");
const sorts: Readonly<Record<Sort, readonly Value[]>> = {
  SS: ["a", "ab", "abc", "b", "ba", "c", "é"].map(s),
  SN: ["-10", "-1.5", "0", "1", "2", "10", "100"].map(n),
  SB: [b(0), b(0, 1), b(1), b(1, 255), b(2), b(255)],
};

const place = (sort: Sort, sk: Value | undefined): number =>
  sorts[sort].findIndex((value) => JSON.stringify(value) === JSON.stringify(sk));

function query(sort: Sort, condition: string, values: Record<string, Value>, more: object = {}): Promise<Answer> {
  return call("Query", {
    TableName: tables[sort], KeyConditionExpression: condition, ConsistentRead: true,
    ExpressionAttributeValues: { ":pk": pk, ...values }, ...more,
  });
}

describe("Query", () => {
  before(async () => {
    for (const sort of Object.keys(sorts) as Sort[]) {
      await put(tables[sort], ...sorts[sort].map((sk, position) => ({ pk, sk, position: n(position), even: s(`${position % 2 === 0}`) })));
      await put(tables[sort], { pk: s("query0"), sk: sorts[sort][0] as Value }, { pk: s("quer"), sk: sorts[sort][0] as Value });
    }
  });

  /** [sort key's type, condition on it, values, positions of the items returned] */
  const ranges: readonly (readonly [Sort, string, Record<string, Value>, readonly number[]])[] = [
    ["SS", "", {}, [0, 1, 2, 3, 4, 5, 6]],
    ["SS", "sk = :a", { ":a": s("ab") }, [1]],
    ["SS", "sk = :a", { ":a": s("abcd") }, []],
    ["SS", "sk < :a", { ":a": s("b") }, [0, 1, 2]],
    ["SS", "sk <= :a", { ":a": s("b") }, [0, 1, 2, 3]],
    ["SS", "sk > :a", { ":a": s("b") }, [4, 5, 6]],
    ["SS", "sk >= :a", { ":a": s("b") }, [3, 4, 5, 6]],
    ["SS", "sk >= :a", { ":a": s("aba") }, [2, 3, 4, 5, 6]],
    ["SS", "sk BETWEEN :a AND :b", { ":a": s("ab"), ":b": s("ba") }, [1, 2, 3, 4]],
    ["SS", "sk BETWEEN :a AND :b", { ":a": s("abb"), ":b": s("bz") }, [2, 3, 4]],
    ["SS", "sk BETWEEN :a AND :b", { ":a": s("b"), ":b": s("b") }, [3]],
    ["SS", "begins_with(sk, :a)", { ":a": s("a") }, [0, 1, 2]],
    ["SS", "begins_with(sk, :a)", { ":a": s("ab") }, [1, 2]],
    ["SS", "begins_with(sk, :a)", { ":a": s("abc") }, [2]],
    ["SS", "begins_with(sk, :a)", { ":a": s("z") }, []],
    ["SS", "begins_with(sk, :a)", { ":a": s("é") }, [6]],
    ["SS", "(sk > :a)", { ":a": s("c") }, [6]],
    ["SS", ":a < sk", { ":a": s("c") }, [6]],
    ["SN", "sk = :a", { ":a": n("1.0") }, [3]],
    ["SN", "sk < :a", { ":a": n(0) }, [0, 1]],
    ["SN", "sk <= :a", { ":a": n(0) }, [0, 1, 2]],
    ["SN", "sk > :a", { ":a": n(2) }, [5, 6]],
    ["SN", "sk >= :a", { ":a": n(2) }, [4, 5, 6]],
    ["SN", "sk > :a", { ":a": n("-1.50") }, [2, 3, 4, 5, 6]],
    ["SN", "sk BETWEEN :a AND :b", { ":a": n("-1.5"), ":b": n(1) }, [1, 2, 3]],
    ["SN", "sk BETWEEN :a AND :b", { ":a": n(3), ":b": n(9) }, []],
    ["SN", "sk > :a", { ":a": n("9.9E125") }, []],
    ["SB", "sk = :a", { ":a": b(1) }, [2]],
    ["SB", "sk < :a", { ":a": b(1) }, [0, 1]],
    ["SB", "sk <= :a", { ":a": b(1, 255) }, [0, 1, 2, 3]],
    ["SB", "sk > :a", { ":a": b(1, 255) }, [4, 5]],
    ["SB", "sk >= :a", { ":a": b(1, 255, 0) }, [4, 5]],
    ["SB", "begins_with(sk, :a)", { ":a": b(1) }, [2, 3]],
    ["SB", "begins_with(sk, :a)", { ":a": b(255) }, [5]],
    ["SB", "sk BETWEEN :a AND :b", { ":a": b(0, 1), ":b": b(2) }, [1, 2, 3, 4]],
  ];

  for (const [sort, condition, values, expected] of ranges) {
    const text = condition === "" ? "pk = :pk" : `pk = :pk AND ${condition}`;
    test(`${sort} ${text} ${JSON.stringify(values)}`, async () => {
      const forward = await query(sort, text, values);
      assert.deepEqual(forward.Items?.map(({ sk }) => place(sort, sk)), expected);
      assert.deepEqual([forward.Count, forward.ScannedCount, forward.LastEvaluatedKey],
        [expected.length, expected.length, undefined]);
      const backward = await query(sort, text, values, { ScanIndexForward: false });
      assert.deepEqual(backward.Items?.map(({ sk }) => place(sort, sk)), expected.toReversed());
    });
  }

  test("the conditions may stand in any order", async () => {
    const answer = await query("SN", "sk > :a AND pk = :pk", { ":a": n(2) });
    assert.deepEqual(answer.Items?.map(({ sk }) => sk), [n(10), n(100)]);
  });

  test("names may be placeholders", async () => {
    const answer = await query("SN", "#p = :pk AND #s > :a", { ":a": n(10) },
      { ExpressionAttributeNames: { "#p": "pk", "#s": "sk" } });
    assert.deepEqual(answer.Items?.map(({ sk }) => sk), [n(100)]);
  });

  test("an eventually consistent query sees the items before long", () => eventually(async () => {
    const answer = await query("SS", "pk = :pk", {}, { ConsistentRead: false });
    assert.equal(answer.Count, 7);
  }));

  test("a filter takes items out after they were counted", async () => {
    const answer = await query("SS", "pk = :pk", { ":e": s("true") }, { FilterExpression: "even = :e" });
    assert.deepEqual(answer.Items?.map(({ position }) => position), [0, 2, 4, 6].map(n));
    assert.deepEqual([answer.Count, answer.ScannedCount], [4, 7]);
  });

  test("a filter that nothing passes is an empty answer", async () => {
    const answer = await query("SS", "pk = :pk", { ":e": s("maybe") }, { FilterExpression: "even = :e" });
    assert.deepEqual([answer.Items, answer.Count, answer.ScannedCount], [[], 0, 7]);
  });

  test("Select COUNT counts and returns no items", async () => {
    const answer = await query("SS", "pk = :pk", {}, { Select: "COUNT" });
    assert.deepEqual([answer.Items, answer.Count, answer.ScannedCount], [undefined, 7, 7]);
    const filtered = await query("SS", "pk = :pk", { ":e": s("true") },
      { Select: "COUNT", FilterExpression: "even = :e" });
    assert.deepEqual([filtered.Count, filtered.ScannedCount], [4, 7]);
  });

  test("Select ALL_ATTRIBUTES is what a table's query returns anyway", async () => {
    const [all, plain] = await Promise.all([query("SS", "pk = :pk", {}, { Select: "ALL_ATTRIBUTES" }), query("SS", "pk = :pk", {})]);
    assert.deepEqual(all.Items, plain.Items);
  });

  test("a projection returns what it names", async () => {
    const answer = await query("SN", "pk = :pk AND sk = :a", { ":a": n(1) }, { ProjectionExpression: "sk, even, nothing" });
    assert.deepEqual(answer.Items, [{ sk: n(1), even: s("false") }]);
    const specific = await query("SN", "pk = :pk AND sk = :a", { ":a": n(1) },
      { ProjectionExpression: "sk", Select: "SPECIFIC_ATTRIBUTES" });
    assert.deepEqual(specific.Items, [{ sk: n(1) }]);
  });

  test("a projection of nothing that is there returns empty items", async () => {
    const answer = await query("SN", "pk = :pk AND sk = :a", { ":a": n(1) }, { ProjectionExpression: "nothing" });
    assert.deepEqual([answer.Items, answer.Count], [[{}], 1]);
  });

  test("a table without a sort key is queried by its partition key", async () => {
    await put(tables.S, { pk: s("query-hash"), v: n(1) });
    const answer = await call("Query", {
      TableName: tables.S, KeyConditionExpression: "pk = :pk", ConsistentRead: true,
      ExpressionAttributeValues: { ":pk": s("query-hash") },
    });
    assert.deepEqual(answer.Items, [{ pk: s("query-hash"), v: n(1) }]);
  });

  test("a partition key without items is an empty answer", async () => {
    const answer = await query("SS", "pk = :pk", { ":pk": s("nobody") });
    assert.deepEqual([answer.Items, answer.Count, answer.ScannedCount, answer.LastEvaluatedKey], [[], 0, 0, undefined]);
  });
});
