// Pages: by Limit, by 1 MB, and the key that goes on from the last item looked at.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { call, fresh, n, put, s, tables, type Answer, type Attributes } from "../harness.ts";

const TableName = tables.SN;
const pk = s("pages");

function query(more: object = {}, of = pk): Promise<Answer> {
  return call("Query", {
    TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": of }, ConsistentRead: true, ...more,
  });
}

async function pages(more: object, of = pk): Promise<readonly Answer[]> {
  const answers = [await query(more, of)];
  for (let key; (key = answers.at(-1)?.LastEvaluatedKey); ) answers.push(await query({ ...more, ExclusiveStartKey: key }, of));
  return answers;
}

const numbers = (answer: Answer): readonly number[] => (answer.Items ?? []).map(({ sk }) => Number(sk?.N));

describe("pages of Query", () => {
  before(() => put(TableName, ...Array.from({ length: 10 }, (_, sk) => ({ pk, sk: n(sk), odd: { BOOL: sk % 2 === 1 } }))));

  test("end after Limit items, with the key of the last one", async () => {
    const answer = await query({ Limit: 4 });
    assert.deepEqual(numbers(answer), [0, 1, 2, 3]);
    assert.deepEqual(answer.LastEvaluatedKey, { pk, sk: n(3) });
  });

  test("go on after the key, which is not returned again", async () => {
    assert.deepEqual((await pages({ Limit: 4 })).map(numbers), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
  });

  test("go on backwards", async () => {
    const backwards = { Limit: 4, ScanIndexForward: false };
    assert.deepEqual((await pages(backwards)).map(numbers), [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]);
  });

  test("of exactly the items that there are have a key, and an empty page after them", async () => {
    const answers = await pages({ Limit: 5 });
    assert.deepEqual(answers.map(numbers), [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], []]);
    assert.deepEqual(answers[1]?.LastEvaluatedKey, { pk, sk: n(9) });
  });

  test("with a greater Limit than there are items have no key", async () => {
    const answer = await query({ Limit: 11 });
    assert.deepEqual([answer.Count, answer.LastEvaluatedKey], [10, undefined]);
  });

  test("count items before the filter", async () => {
    const filter = { FilterExpression: "odd = :t", ExpressionAttributeValues: { ":pk": pk, ":t": { BOOL: true } } };
    const answers = await pages({ ...filter, Limit: 3 });
    assert.deepEqual(answers.map(numbers), [[1], [3, 5], [7], [9]]);
    assert.deepEqual(answers.map(({ ScannedCount }) => ScannedCount), [3, 3, 3, 1]);
  });

  test("may be empty and still have a key", async () => {
    const filter = { FilterExpression: "attribute_exists(nothing)" };
    const answer = await query({ ...filter, Limit: 2 });
    assert.deepEqual([answer.Items, answer.LastEvaluatedKey], [[], { pk, sk: n(1) }]);
  });

  test("within a range keep to it", async () => {
    const range = {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :a AND :b",
      ExpressionAttributeValues: { ":pk": pk, ":a": n(2), ":b": n(6) },
    };
    assert.deepEqual((await pages({ ...range, Limit: 2 })).map(numbers), [[2, 3], [4, 5], [6]]);
    assert.deepEqual((await pages({ ...range, Limit: 2, ScanIndexForward: false })).map(numbers), [[6, 5], [4, 3], [2]]);
  });

  test("go on from a key that no item has", async () => {
    const ExclusiveStartKey = { pk, sk: n("4.5") };
    assert.deepEqual(numbers(await query({ ExclusiveStartKey, Limit: 2 })), [5, 6]);
    assert.deepEqual(numbers(await query({ ExclusiveStartKey, Limit: 2, ScanIndexForward: false })), [4, 3]);
  });

  test("project, and their key is whole nevertheless", async () => {
    const answer = await query({ Limit: 1, ProjectionExpression: "odd" });
    assert.deepEqual([answer.Items, answer.LastEvaluatedKey], [[{ odd: { BOOL: false } }], { pk, sk: n(0) }]);
  });

  test("return every item that was there throughout, while others come and go", async () => {
    const own = s(fresh());
    await put(TableName, ...Array.from({ length: 20 }, (_, place) => ({ pk: own, sk: n(place * 10) })));
    const seen: number[] = [];
    let key: Attributes | undefined;
    for (let step = 0; step === 0 || key !== undefined; step++) {
      const answer = await query({ Limit: 3, ...(key && { ExclusiveStartKey: key }) }, own);
      seen.push(...numbers(answer));
      key = answer.LastEvaluatedKey;
      await put(TableName, { pk: own, sk: n(step * 10 + 5) });
      await call("DeleteItem", { TableName, Key: { pk: own, sk: n(step * 10 - 5) } });
    }
    assert.deepEqual(seen.filter((sk) => sk % 10 === 0), Array.from({ length: 20 }, (_, place) => place * 10));
    assert.deepEqual(seen, seen.toSorted((x, y) => x - y));
  });
});

describe("a page of 1 MB", () => {
  const large = s("pages-large");
  before(() => put(TableName, ...Array.from({ length: 12 }, (_, sk) => ({ pk: large, sk: n(sk), v: s("x".repeat(200_000)) }))));

  test("ends with the item that reaches it", async () => {
    const answers = await pages({}, large);
    assert.deepEqual(answers.map(({ Count }) => Count), [6, 6, ...(answers.length > 2 ? [0] : [])]);
    assert.deepEqual(answers.flatMap(numbers), Array.from({ length: 12 }, (_, sk) => sk));
  });

  test("is of what is read, not of what is returned", async () => {
    const answer = await query({ Select: "COUNT" }, large);
    assert.equal(answer.Count, 6);
    assert.deepEqual(answer.LastEvaluatedKey, { pk: large, sk: n(5) });
    const filtered = await query({ FilterExpression: "attribute_not_exists(v)" }, large);
    assert.deepEqual([filtered.Count, filtered.ScannedCount], [0, 6]);
    assert.deepEqual(filtered.LastEvaluatedKey, { pk: large, sk: n(5) });
  });

  test("is smaller when Limit says so", async () => {
    assert.equal((await query({ Limit: 2 }, large)).Count, 2);
  });
});
