// Expected: the conditions of before expressions, with ComparisonOperator or with Value and Exists.
import { test } from "node:test";
import assert from "node:assert/strict";
import { b, C, call, fresh, invalid, n, put, refuses, s, tables, type Attributes, type Refusal } from "../harness.ts";

const TableName = tables.S;
const item: Attributes = {
  five: n(5), text: s("hello"), bin: b(1, 2), set: { SS: ["a", "b"] }, list: { L: [n(1), s("a")] }, yes: { BOOL: true },
};
const compare = (ComparisonOperator: string, ...AttributeValueList: Attributes[string][]) =>
  ({ ComparisonOperator, AttributeValueList });

/** [Expected, whether it holds, ConditionalOperator] */
const rows: readonly (readonly [Record<string, object>, boolean, string?])[] = [
  [{ five: { Value: n(5) } }, true],
  [{ five: { Value: n(5), Exists: true } }, true],
  [{ five: { Value: n(6) } }, false],
  [{ absent: { Exists: false } }, true],
  [{ five: { Exists: false } }, false],
  [{ absent: { Value: n(5) } }, false],
  [{ five: compare("EQ", n("5.0")) }, true],
  [{ five: compare("EQ", s("5")) }, false],
  [{ set: compare("EQ", { SS: ["b", "a"] }) }, true],
  [{ five: compare("NE", n(6)) }, true],
  [{ five: compare("NE", n(5)) }, false],
  [{ five: compare("LT", n(6)) }, true],
  [{ five: compare("LE", n(5)) }, true],
  [{ five: compare("GT", n(5)) }, false],
  [{ five: compare("GE", n(5)) }, true],
  [{ text: compare("GT", s("hell")) }, true],
  [{ absent: compare("LT", n(6)) }, false],
  [{ absent: { ComparisonOperator: "NULL" } }, true],
  [{ five: { ComparisonOperator: "NULL" } }, false],
  [{ five: { ComparisonOperator: "NOT_NULL" } }, true],
  [{ absent: { ComparisonOperator: "NOT_NULL" } }, false],
  [{ text: compare("CONTAINS", s("ell")) }, true],
  [{ set: compare("CONTAINS", s("a")) }, true],
  [{ list: compare("CONTAINS", n(1)) }, true],
  [{ text: compare("CONTAINS", s("z")) }, false],
  [{ text: compare("NOT_CONTAINS", s("z")) }, true],
  [{ text: compare("NOT_CONTAINS", s("ell")) }, false],
  [{ text: compare("BEGINS_WITH", s("he")) }, true],
  [{ bin: compare("BEGINS_WITH", b(1)) }, true],
  [{ text: compare("BEGINS_WITH", s("lo")) }, false],
  [{ five: compare("IN", n(4), n(5)) }, true],
  [{ five: compare("IN", n(4), n(6)) }, false],
  [{ five: compare("BETWEEN", n(5), n(6)) }, true],
  [{ five: compare("BETWEEN", n(6), n(7)) }, false],
  [{ five: { Value: n(5) }, text: { Value: s("hello") } }, true],
  [{ five: { Value: n(5) }, text: { Value: s("bye") } }, false],
  [{ five: { Value: n(5) }, text: { Value: s("bye") } }, true, "OR"],
  [{ five: { Value: n(5) }, text: { Value: s("bye") } }, false, "AND"],
];

for (const [Expected, holds, ConditionalOperator] of rows) {
  test(`Expected ${JSON.stringify(Expected)} ${ConditionalOperator ?? ""} ${holds ? "holds" : "does not hold"}`, async () => {
    const pk = s(fresh());
    await put(TableName, { pk, ...item });
    const input = { TableName, Expected, ...(ConditionalOperator && { ConditionalOperator }) };
    const attempts = [
      () => call("PutItem", { ...input, Item: { pk, ...item } }),
      () => call("UpdateItem", { ...input, Key: { pk } }),
      () => call("DeleteItem", { ...input, Key: { pk } }),
    ];
    for (const attempt of attempts) {
      if (holds) await attempt();
      else await assert.rejects(attempt(), { name: C });
    }
  });
}

const refused = (name: string, expectation: object, message: string): Refusal =>
  [name, { TableName, Item: { pk: s("never") }, Expected: { a: expectation } }, message];
refuses("PutItem", [
  refused("an expectation of nothing", {}, `${invalid}Value must be provided when Exists is null for Attribute: a`),
  refused("existence without a value", { Exists: true },
    `${invalid}Value must be provided when Exists is true for Attribute: a`),
  refused("a value of what is not to exist", { Exists: false, Value: n(1) },
    `${invalid}Value cannot be used when Exists is false for Attribute: a`),
  refused("Exists beside a ComparisonOperator", { Exists: false, ComparisonOperator: "NULL" },
    `${invalid}Exists and ComparisonOperator cannot be used together for Attribute: a`),
  refused("Value beside AttributeValueList", { Value: n(1), AttributeValueList: [n(1)], ComparisonOperator: "EQ" },
    `${invalid}Value and AttributeValueList cannot be used together for Attribute: a`),
  refused("a list without an operator", { AttributeValueList: [n(1)] },
    `${invalid}AttributeValueList can only be used with a ComparisonOperator for Attribute: a`),
  refused("an operator without a value", { ComparisonOperator: "LT" },
    `${invalid}Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: a`),
  refused("BETWEEN of one value", compare("BETWEEN", n(1)),
    `${invalid}Invalid number of argument(s) for the BETWEEN ComparisonOperator`),
  refused("EQ of two values", compare("EQ", n(1), n(2)),
    `${invalid}Invalid number of argument(s) for the EQ ComparisonOperator`),
  refused("NULL with a value", compare("NULL", n(1)),
    `${invalid}Invalid number of argument(s) for the NULL ComparisonOperator`),
  refused("LT of a set", compare("LT", { SS: ["a"] }),
    `${invalid}ComparisonOperator LT is not valid for SS AttributeValue type`),
  refused("BEGINS_WITH of a number", compare("BEGINS_WITH", n(1)),
    `${invalid}ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type`),
  refused("values of two types", compare("IN", n(1), s("a")),
    `${invalid}AttributeValues inside AttributeValueList must be of same type`),
  refused("an unknown operator", { ComparisonOperator: "LIKE", AttributeValueList: [s("a")] },
    "1 validation error detected: Value 'LIKE' at 'expected.a.member.comparisonOperator' failed to satisfy " +
      "constraint: Member must satisfy enum value set: [IN, NULL, BETWEEN, LT, NOT_CONTAINS, EQ, GT, NOT_NULL, NE, " +
      "LE, BEGINS_WITH, GE, CONTAINS]"),
]);
