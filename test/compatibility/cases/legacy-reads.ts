// KeyConditions, QueryFilter, ScanFilter and AttributesToGet.
import { before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { call, invalid, n, put, refuses, s, tables, type Attributes, type Refusal } from "../harness.ts";

const TableName = tables.SN;
const pk = s("legacy");
const compare = (ComparisonOperator: string, ...AttributeValueList: Attributes[string][]) =>
  ({ ComparisonOperator, AttributeValueList });
const hash = { pk: compare("EQ", pk) };
const numbers = (items: readonly Attributes[] | undefined) => items?.map(({ sk }) => Number(sk?.N));

describe("the older parameters of reads", () => {
  before(() => put(TableName, ...Array.from({ length: 6 }, (_, sk) =>
    ({ pk, sk: n(sk), v: s(`v${sk}`), ...(sk % 2 === 0 && { even: n(sk) }) }))));

  const ranges: readonly (readonly [object, readonly number[]])[] = [
    [{}, [0, 1, 2, 3, 4, 5]],
    [{ sk: compare("EQ", n(3)) }, [3]],
    [{ sk: compare("LT", n(2)) }, [0, 1]],
    [{ sk: compare("LE", n(2)) }, [0, 1, 2]],
    [{ sk: compare("GT", n(4)) }, [5]],
    [{ sk: compare("GE", n(4)) }, [4, 5]],
    [{ sk: compare("BETWEEN", n(2), n(4)) }, [2, 3, 4]],
  ];
  for (const [range, expected] of ranges) {
    test(`KeyConditions ${JSON.stringify(range)}`, async () => {
      const answer = await call("Query", { TableName, KeyConditions: { ...hash, ...range }, ConsistentRead: true });
      assert.deepEqual(numbers(answer.Items), expected);
    });
  }

  test("KeyConditions BEGINS_WITH", async () => {
    await put(tables.SS, ...["ab", "abc", "b"].map((sk) => ({ pk, sk: s(sk) })));
    const KeyConditions = { ...hash, sk: compare("BEGINS_WITH", s("ab")) };
    const { Items } = await call("Query", { TableName: tables.SS, KeyConditions, ConsistentRead: true });
    assert.deepEqual(Items?.map(({ sk }) => sk), [s("ab"), s("abc")]);
  });

  const filters: readonly (readonly [Record<string, object>, readonly number[], string?])[] = [
    [{ even: { ComparisonOperator: "NOT_NULL" } }, [0, 2, 4]],
    [{ even: { ComparisonOperator: "NULL" } }, [1, 3, 5]],
    [{ v: compare("IN", s("v1"), s("v4")) }, [1, 4]],
    [{ v: compare("CONTAINS", s("3")) }, [3]],
    [{ even: compare("GT", n(1)), v: compare("NE", s("v4")) }, [2]],
    [{ even: compare("EQ", n(4)), v: compare("EQ", s("v1")) }, [1, 4], "OR"],
  ];
  for (const [filter, expected, ConditionalOperator] of filters) {
    test(`QueryFilter and ScanFilter ${JSON.stringify(filter)} ${ConditionalOperator ?? ""}`, async () => {
      const more = { TableName, ConsistentRead: true, ...(ConditionalOperator && { ConditionalOperator }) };
      const query = await call("Query", { ...more, KeyConditions: hash, QueryFilter: filter });
      assert.deepEqual(numbers(query.Items), expected);
      assert.equal(query.ScannedCount, 6);
      const scan = await call("Scan", { ...more, ScanFilter: filter });
      const own = scan.Items?.filter((item) => item["pk"]?.S === "legacy" && item["v"] !== undefined);
      assert.deepEqual(numbers(own)?.toSorted((x, y) => x - y), expected);
    });
  }

  test("AttributesToGet takes whole attributes, dots and all", async () => {
    const read = { TableName, Key: { pk, sk: n(2) }, ConsistentRead: true };
    assert.deepEqual((await call("GetItem", { ...read, AttributesToGet: ["v", "even", "no.such"] })).Item,
      { v: s("v2"), even: n(2) });
    const query = await call("Query", {
      TableName, ConsistentRead: true, KeyConditions: { ...hash, sk: compare("EQ", n(1)) }, AttributesToGet: ["sk", "v"],
    });
    assert.deepEqual(query.Items, [{ sk: n(1), v: s("v1") }]);
  });
});

const refused = (name: string, KeyConditions: object, message: string | RegExp): Refusal =>
  [name, { TableName, KeyConditions }, message];
refuses("Query", [
  refused("no condition on the partition key", { sk: compare("EQ", n(1)) },
    "Query condition missed key schema element: pk"),
  refused("a range of partition keys", { pk: compare("GT", pk) }, "Query key condition not supported"),
  refused("NE of a sort key", { ...hash, sk: compare("NE", n(1)) },
    "Attempted conditional constraint is not an indexable operation"),
  refused("IN of a sort key", { ...hash, sk: compare("IN", n(1)) },
    "Attempted conditional constraint is not an indexable operation"),
  refused("three conditions", { ...hash, sk: compare("EQ", n(1)), v: compare("EQ", s("a")) },
    "Conditions can be of length 1 or 2 only"),
  refused("a value of another type", { pk: compare("EQ", n(1)) },
    `${invalid}Condition parameter type does not match schema type`),
  refused("no values", { pk: compare("EQ") }, `${invalid}Invalid number of argument(s) for the EQ ComparisonOperator`),
  ["AttributesToGet of a name twice", { TableName, KeyConditions: hash, AttributesToGet: ["a", "a"] },
    `${invalid}Duplicate value in attribute name: a`],
  ["a QueryFilter on a key", { TableName, KeyConditions: hash, QueryFilter: { sk: compare("GT", n(1)) } },
    /^QueryFilter can only contain non-primary key attributes: Primary key attribute: sk$|^Filter Expression can only/],
]);
