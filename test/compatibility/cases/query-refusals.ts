// What Query refuses.
import { invalid, keyMismatch, n, R, refuses, s, tables, type Refusal, type Value } from "../harness.ts";

const TableName = tables.SS;
const values = { ":p": s("a"), ":s": s("b") };
const query = { TableName, KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": s("a") } };

const condition = (
  name: string, KeyConditionExpression: string, message: string | RegExp, given: Record<string, Value> = values,
): Refusal => [name, { TableName, KeyConditionExpression, ExpressionAttributeValues: given }, message];

const notUsable = "Query key condition not supported";
refuses("Query", [
  ["a request without a condition", { TableName },
    "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
  ["a table that is not there", { ...query, TableName: "no-such-table" }, "Requested resource not found", R],
  ["a table's name of two characters", { ...query, TableName: "ab" },
    /Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3$/],
  ["a limit of 0", { ...query, Limit: 0 }, /Value '0' at 'limit' .*Member must have value greater than or equal to 1$/],
  ["a negative limit", { ...query, Limit: -1 },
    /Value '-1' at 'limit' .*Member must have value greater than or equal to 1$/],
  ["an unknown Select", { ...query, Select: "SOME" },
    /Member must satisfy enum value set: \[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES\]$/],
  ["an index that is not there", { ...query, IndexName: "no-such-index" },
    "The table does not have the specified index: no-such-index"],
  condition("an empty condition", "", "Invalid KeyConditionExpression: The expression can not be empty;", { ":p": s("a") }),
  condition("no condition on the partition key", "sk = :s", "Query condition missed key schema element: pk", { ":s": s("b") }),
  condition("a range of partition keys", "pk > :p", notUsable, { ":p": s("a") }),
  condition("a BETWEEN of partition keys", "pk BETWEEN :p AND :s", notUsable),
  condition("a prefix of partition keys", "begins_with(pk, :p)", notUsable, { ":p": s("a") }),
  condition("OR", "pk = :p OR sk = :s", "Invalid operator used in KeyConditionExpression: OR"),
  condition("NOT", "NOT pk = :p", "Invalid operator used in KeyConditionExpression: NOT", { ":p": s("a") }),
  condition("IN", "pk IN (:p)", "Invalid operator used in KeyConditionExpression: IN", { ":p": s("a") }),
  condition("<>", "pk = :p AND sk <> :s", "Invalid operator used in KeyConditionExpression: <>"),
  condition("contains", "pk = :p AND contains(sk, :s)", "Invalid operator used in KeyConditionExpression: contains"),
  condition("attribute_exists", "pk = :p AND attribute_exists(sk)",
    "Invalid operator used in KeyConditionExpression: attribute_exists", { ":p": s("a") }),
  condition("two conditions on one key", "pk = :p AND pk = :s",
    "KeyConditionExpressions must only contain one condition per key"),
  condition("two ranges of the sort key", "pk = :p AND sk > :s AND sk < :t",
    "KeyConditionExpressions must only contain one condition per key", { ...values, ":t": s("c") }),
  condition("three attributes", "pk = :p AND sk = :s AND a = :t", "Conditions can be of length 1 or 2 only",
    { ...values, ":t": s("c") }),
  condition("an attribute that is no key", "pk = :p AND more = :s", "Query condition missed key schema element: sk"),
  condition("a nested attribute", "pk = :p AND sk.a = :s",
    "KeyConditionExpressions cannot have conditions on nested attributes"),
  condition("a value of another type for the partition key", "pk = :p",
    `${invalid}Condition parameter type does not match schema type`, { ":p": n(1) }),
  condition("a value of another type for the sort key", "pk = :p AND sk > :s",
    `${invalid}Condition parameter type does not match schema type`, { ":p": s("a"), ":s": n(1) }),
  condition("bounds the wrong way around", "pk = :p AND sk BETWEEN :t AND :s",
    "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower " +
      "bound; lower bound operand: AttributeValue: {S:c}, upper bound operand: AttributeValue: {S:b}",
    { ...values, ":t": s("c") }),
  condition("bounds of two types", "pk = :p AND sk BETWEEN :s AND :t",
    "Invalid KeyConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower " +
      "bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {N:1}",
    { ...values, ":t": n(1) }),
  condition("an undefined value", "pk = :p AND sk = :s",
    "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; " +
      "attribute value: :s", { ":p": s("a") }),
  condition("an unused value", "pk = :p",
    "Value provided in ExpressionAttributeValues unused in expressions: keys: {:s}"),
  condition("a syntax error", "pk = = :p",
    'Invalid KeyConditionExpression: Syntax error; token: "=", near: "= = :p"', { ":p": s("a") }),
  condition("empty text for the partition key", "pk = :p", "One or more parameter values are not valid. The " +
    "AttributeValue for a key attribute cannot contain an empty string value. Key: pk", { ":p": s("") }),
  ["a filter on the partition key", { ...query, FilterExpression: "pk = :p" },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: pk"],
  ["a filter on the sort key", { ...query, FilterExpression: "attribute_exists(sk)" },
    "Filter Expression can only contain non-primary key attributes: Primary key attribute: sk"],
  ["KeyConditions beside a KeyConditionExpression", {
    ...query, KeyConditions: { pk: { ComparisonOperator: "EQ", AttributeValueList: [s("a")] } },
  }, "Can not use both expression and non-expression parameters in the same request: " +
    "Non-expression parameters: {KeyConditions} Expression parameters: {KeyConditionExpression}"],
  ["a QueryFilter beside a KeyConditionExpression",
    { ...query, QueryFilter: { a: { ComparisonOperator: "NOT_NULL" } } },
    "Can not use both expression and non-expression parameters in the same request: " +
      "Non-expression parameters: {QueryFilter} Expression parameters: {KeyConditionExpression}"],
  ["a projection of a count", { ...query, Select: "COUNT", ProjectionExpression: "pk" },
    "Cannot specify the ProjectionExpression when choosing to get only the Count"],
  ["a projection of everything", { ...query, Select: "ALL_ATTRIBUTES", ProjectionExpression: "pk" },
    "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"],
  ["SPECIFIC_ATTRIBUTES without any", { ...query, Select: "SPECIFIC_ATTRIBUTES" },
    "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"],
  ["ALL_PROJECTED_ATTRIBUTES of a table", { ...query, Select: "ALL_PROJECTED_ATTRIBUTES" },
    "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"],
  ["half a starting key", { ...query, ExclusiveStartKey: { pk: s("a") } },
    `The provided starting key is invalid: ${keyMismatch}`],
  ["a starting key of another type", { ...query, ExclusiveStartKey: { pk: s("a"), sk: n(1) } },
    `The provided starting key is invalid: ${keyMismatch}`],
  ["a starting key of another partition", { ...query, ExclusiveStartKey: { pk: s("z"), sk: s("b") } },
    "The provided starting key is outside query boundaries based on provided conditions"],
  ["a starting key outside the range", {
    TableName, KeyConditionExpression: "pk = :p AND sk > :s", ExpressionAttributeValues: values,
    ExclusiveStartKey: { pk: s("a"), sk: s("a") },
  }, "The provided starting key does not match the range key predicate"],
]);
