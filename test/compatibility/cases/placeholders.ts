// ExpressionAttributeNames and ExpressionAttributeValues: when they may be given, and what they may be called.
import { n, refuses, s, tables, type Refusal } from "../harness.ts";

const TableName = tables.S;
const Item = { pk: s("never") };

const given = (name: string, more: object, message: string | RegExp): Refusal =>
  [name, { TableName, Item, ...more }, message];
const Exists = "attribute_exists(#a)";

refuses("PutItem", [
  given("names without an expression", { ExpressionAttributeNames: { "#a": "a" } },
    "ExpressionAttributeNames can only be specified when using expressions"),
  given("values without an expression", { ExpressionAttributeValues: { ":a": n(1) } },
    "ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null"),
  given("no names at all", { ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: {} },
    "ExpressionAttributeNames must not be empty"),
  given("no values at all", { ConditionExpression: "attribute_exists(a)", ExpressionAttributeValues: {} },
    "ExpressionAttributeValues must not be empty"),
  given("a name without a number sign", { ConditionExpression: Exists, ExpressionAttributeNames: { a: "a" } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "a"'),
  given("a name that is a number sign", { ConditionExpression: Exists, ExpressionAttributeNames: { "#": "a" } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "#"'),
  given("a name with a dot", { ConditionExpression: Exists, ExpressionAttributeNames: { "#a.b": "a" } },
    'ExpressionAttributeNames contains invalid key: Syntax error; key: "#a.b"'),
  given("a value without a colon", { ConditionExpression: "a = :v", ExpressionAttributeValues: { v: n(1) } },
    'ExpressionAttributeValues contains invalid key: Syntax error; key: "v"'),
  given("a name that stands for nothing", { ConditionExpression: Exists, ExpressionAttributeNames: { "#a": "" } },
    "ExpressionAttributeNames contains invalid value: Empty attribute name for key #a"),
  given("a value that is none",
    { ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": { N: "x" } } },
    "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x " +
      "for key :v"),
  given("an empty set",
    { ConditionExpression: "a = :v", ExpressionAttributeValues: { ":v": { NS: [] } } },
    "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: " +
      "An number set  may not be empty for key :v"),
  given("an unused name",
    { ConditionExpression: Exists, ExpressionAttributeNames: { "#a": "a", "#b": "b" } },
    "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"),
  given("an unused name before an unused value", {
    ConditionExpression: Exists, ExpressionAttributeNames: { "#a": "a", "#b": "b" },
    ExpressionAttributeValues: { ":c": n(1) },
  }, "Value provided in ExpressionAttributeNames unused in expressions: keys: {#b}"),
  given("a name of 256 bytes", {
    ConditionExpression: "attribute_exists(a)", ExpressionAttributeNames: { [`#${"x".repeat(255)}`]: "a" },
  }, "ExpressionAttributeNames contains invalid key: " +
    "The expression attribute map contains a key that is too long; size of key: 256"),
]);

refuses("Scan", [
  ["a value that only a projection could use", {
    TableName, ProjectionExpression: "a", ExpressionAttributeValues: { ":v": n(1) },
  }, "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null"],
]);
