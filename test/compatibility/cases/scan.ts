// Scan: everything, in pages and segments, each item once.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import {
  call, createTable, deleteTable, eventually, fresh, keyMismatch, n, put, R, refuses, s, tables, type Answer, type Attributes,
} from "../harness.ts";

const TableName = "scanned";
const count = 60;

async function pages(input: object): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let ExclusiveStartKey: Attributes | undefined;
  do {
    const answer = await call("Scan", { TableName, ConsistentRead: true, ...input, ...(ExclusiveStartKey && { ExclusiveStartKey }) });
    answers.push(answer);
    ExclusiveStartKey = answer.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return answers;
}

const names = (answers: readonly Answer[]): readonly string[] =>
  answers.flatMap(({ Items }) => Items ?? []).map(({ pk, sk }) => `${pk?.S}/${sk?.N}`);

describe("Scan", () => {
  const all: string[] = [];
  before(async () => {
    await createTable(TableName, "SN");
    for (let number = 0; number < count; number++) {
      const [pk, sk] = [`p${number % 20}`, Math.floor(number / 20)];
      all.push(`${pk}/${sk}`);
      await put(TableName, { pk: s(pk), sk: n(sk), number: n(number) });
    }
    all.sort();
  });

  test("returns every item once", async () => {
    const answer = await call("Scan", { TableName, ConsistentRead: true });
    assert.deepEqual(names([answer]).toSorted(), all);
    assert.deepEqual([answer.Count, answer.ScannedCount, answer.LastEvaluatedKey], [count, count, undefined]);
  });

  for (const Limit of [1, 7, 20, 60, 1000]) {
    test(`returns every item once in pages of ${Limit}`, async () => {
      const answers = await pages({ Limit });
      assert.deepEqual(names(answers).toSorted(), all);
      for (const { Count } of answers) assert.ok((Count as number) <= Limit);
    });
  }

  test("keeps the items of a partition key together and in order", async () => {
    const seen = names(await pages({ Limit: 9 }));
    for (let position = 0; position < seen.length; position += 3) {
      const [pk] = (seen[position] as string).split("/");
      assert.deepEqual(seen.slice(position, position + 3), [`${pk}/0`, `${pk}/1`, `${pk}/2`]);
    }
  });

  test("gives the same order every time", async () => {
    assert.deepEqual(names(await pages({ Limit: 11 })), names(await pages({})));
  });

  for (const TotalSegments of [1, 2, 3, 8, 64]) {
    test(`returns every item in one of ${TotalSegments} segments`, async () => {
      const segments = await Promise.all(Array.from({ length: TotalSegments }, (_, Segment) =>
        pages({ Segment, TotalSegments, Limit: 5 })));
      assert.deepEqual(segments.flatMap(names).toSorted(), all);
    });
  }

  test("counts what it scanned, and filters afterwards", async () => {
    const input = {
      FilterExpression: "#n < :ten", ExpressionAttributeNames: { "#n": "number" },
      ExpressionAttributeValues: { ":ten": n(10) },
    };
    const answers = await pages({ ...input, Limit: 13 });
    assert.equal(answers.reduce((sum, { Count }) => sum + (Count as number), 0), 10);
    assert.equal(answers.reduce((sum, { ScannedCount }) => sum + (ScannedCount as number), 0), count);
    assert.equal(names(answers).length, 10);
  });

  test("may filter by key attributes", async () => {
    const answer = await call("Scan", {
      TableName, ConsistentRead: true, FilterExpression: "pk = :p AND sk > :zero",
      ExpressionAttributeValues: { ":p": s("p3"), ":zero": n(0) },
    });
    assert.deepEqual(names([answer]), ["p3/1", "p3/2"]);
  });

  test("Select COUNT returns no items", async () => {
    const answer = await call("Scan", { TableName, ConsistentRead: true, Select: "COUNT" });
    assert.deepEqual([answer.Items, answer.Count], [undefined, count]);
  });

  test("projects", async () => {
    const answer = await call("Scan", {
      TableName, ConsistentRead: true, Limit: 1, ProjectionExpression: "#n",
      ExpressionAttributeNames: { "#n": "number" },
    });
    assert.deepEqual(Object.keys(answer.Items?.[0] ?? {}), ["number"]);
    assert.deepEqual(Object.keys(answer.LastEvaluatedKey ?? {}).toSorted(), ["pk", "sk"]);
  });

  test("an eventually consistent scan sees everything before long", () => eventually(async () => {
    assert.equal((await call("Scan", { TableName })).Count, count);
  }));

  test("goes on from a key that was deleted meanwhile", async () => {
    await createTable("scanned-and-deleted", "S");
    const keys = Array.from({ length: 10 }, () => s(fresh()));
    await put("scanned-and-deleted", ...keys.map((pk) => ({ pk })));
    const input = { TableName: "scanned-and-deleted", ConsistentRead: true };
    const first = await call("Scan", { ...input, Limit: 4 });
    await call("DeleteItem", { TableName: "scanned-and-deleted", Key: first.LastEvaluatedKey });
    const rest = await call("Scan", { ...input, ExclusiveStartKey: first.LastEvaluatedKey });
    assert.equal(rest.Count, 6);
    await deleteTable("scanned-and-deleted");
  });
});

const scan = { TableName: tables.S };
const zeroBased = (segment: number, total: number): string =>
  "The Segment parameter is zero-based and must be less than parameter TotalSegments: " +
  `Segment: ${segment} is not less than TotalSegments: ${total}`;
refuses("Scan", [
  ["a table that is not there", { TableName: "no-such-table" }, "Requested resource not found", R],
  ["a limit of 0", { ...scan, Limit: 0 }, /'limit' failed to satisfy constraint: Member must have value greater than or equal to 1$/],
  ["a segment without a total", { ...scan, Segment: 0 },
    "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"],
  ["a total without a segment", { ...scan, TotalSegments: 2 },
    "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"],
  ["a segment beyond the total", { ...scan, Segment: 2, TotalSegments: 2 }, zeroBased(2, 2)],
  ["no segments at all", { ...scan, Segment: 0, TotalSegments: 0 },
    /'totalSegments' failed to satisfy constraint: Member must have value greater than or equal to 1$/],
  ["a negative segment", { ...scan, Segment: -1, TotalSegments: 2 },
    /'segment' failed to satisfy constraint: Member must have value greater than or equal to 0$/],
  ["too many segments", { ...scan, Segment: 0, TotalSegments: 1_000_001 },
    /'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000$/],
  ["half a starting key", { TableName: tables.SS, ExclusiveStartKey: { pk: s("a") } },
    /^The provided starting key is invalid/],
  ["a starting key of another type", { ...scan, ExclusiveStartKey: { pk: n(1) } },
    `The provided starting key is invalid: ${keyMismatch}`],
  ["an index that is not there", { ...scan, IndexName: "no-such-index" },
    "The table does not have the specified index: no-such-index"],
  ["an empty filter", { ...scan, FilterExpression: "" }, "Invalid FilterExpression: The expression can not be empty;"],
  ["a filter beside a ScanFilter",
    { ...scan, FilterExpression: "attribute_exists(a)", ScanFilter: { a: { ComparisonOperator: "NULL" } } },
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {ScanFilter} Expression parameters: {FilterExpression}"],
]);
