// Conditions that are refused before anything is looked up: their text, their names and values, their operands.
import { n, refuses, s, tables, type Attributes, type Refusal } from "../harness.ts";

const TableName = tables.S;
const wrong = "Invalid ConditionExpression: ";

const refused = (ConditionExpression: string, message: string | RegExp, values?: Attributes): Refusal => [
  ConditionExpression.length > 60 ? `${ConditionExpression.slice(0, 60)}…` : ConditionExpression,
  { TableName, Item: { pk: s("never") }, ConditionExpression, ...(values && { ExpressionAttributeValues: values }) },
  message,
];
const syntax = (token: string, near: string): string => `${wrong}Syntax error; token: "${token}", near: "${near}"`;
const operands = (name: string, number: number): string =>
  `${wrong}Incorrect number of operands for operator or function; operator or function: ${name}, ` +
  `number of operands: ${number}`;
const operandType = (name: string, type: string): string =>
  `${wrong}Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`;
const reserved = (word: string): string => `${wrong}Attribute name is a reserved keyword; reserved keyword: ${word}`;
const v = { ":v": n(1) };
const many = (count: number, text: (place: number) => string, by: string): string =>
  Array.from({ length: count }, (_, place) => text(place)).join(by);

refuses("PutItem", [
  refused("a", syntax("<EOF>", "a")),
  refused("a =", syntax("<EOF>", "=")),
  refused("a = :v b", syntax("b", ":v b"), v),
  refused("= :v", syntax("=", "= :v"), v),
  refused("a == :v", syntax("=", "== :v"), v),
  refused("a = 'text'", syntax("'", "= 'text")),
  refused("a & :v", syntax("&", "a & :v"), v),
  refused("(a = :v", syntax("<EOF>", ":v"), v),
  refused("a = :v)", syntax(")", ":v)"), v),
  refused("a IN ()", syntax(")", "()")),
  refused("a BETWEEN :v", syntax("<EOF>", ":v"), v),
  refused("a.b. = :v", syntax("=", ". = :v"), v),
  refused("a[x] = :v", syntax("x", "[x]"), v),
  refused("a[-1] = :v", syntax("-", "[-1"), v),
  refused("((a = :v))", `${wrong}The expression has redundant parentheses;`, v),
  refused("((a)) = :v", `${wrong}The expression has redundant parentheses;`, v),
  refused("name = :v", reserved("name"), v),
  refused("Status = :v", reserved("Status"), v),
  refused("a = :v AND m.size = :v", reserved("size"), v),
  refused("user = :v", reserved("user"), v),
  refused("foo(a)", `${wrong}Invalid function name; function: foo`),
  refused("Attribute_exists(a)", `${wrong}Invalid function name; function: Attribute_exists`),
  refused("if_not_exists(a, :v) = :v",
    `${wrong}The function is not allowed in a condition expression; function: if_not_exists`, v),
  refused("size(a)", `${wrong}The function is not allowed to be used this way in an expression; function: size`),
  refused("attribute_exists(a) = :v",
    `${wrong}The function is not allowed to be used this way in an expression; function: attribute_exists`, v),
  refused("a = :w",
    `${wrong}An expression attribute value used in expression is not defined; attribute value: :w`, v),
  refused("a = :v", `${wrong}An expression attribute value used in expression is not defined; attribute value: :v`),
  refused("#a = :v",
    `${wrong}An expression attribute name used in the document path is not defined; attribute name: #a`, v),
  refused("attribute_exists(a, b)", operands("attribute_exists", 2)),
  refused("begins_with(a)", operands("begins_with", 1)),
  refused("contains(a)", operands("contains", 1)),
  refused("size(a, b) > :v", operands("size", 2), v),
  refused("attribute_type(a)", operands("attribute_type", 1)),
  refused("attribute_exists(:v)",
    `${wrong}Operator or function requires a document path; operator or function: attribute_exists`, v),
  refused("attribute_not_exists(:v)",
    `${wrong}Operator or function requires a document path; operator or function: attribute_not_exists`, v),
  refused("begins_with(a, :v)", operandType("begins_with", "N"), v),
  refused("begins_with(a, :v)", operandType("begins_with", "SS"), { ":v": { SS: ["a"] } }),
  refused("size(:v) > :v", operandType("size", "N"), v),
  refused("a < :v", operandType("<", "BOOL"), { ":v": { BOOL: true } }),
  refused("a >= :v", operandType(">=", "L"), { ":v": { L: [] } }),
  refused("attribute_type(a, :v)", operandType("attribute_type", "N"), v),
  refused("attribute_type(a, :v)", /Invalid attribute type name found; type: X, valid types: \{/, { ":v": s("X") }),
  refused("a = a",
    `${wrong}The first operand must be distinct from the remaining operands for this operator or function; ` +
      "operator: =, first operand: [a]"),
  refused("a[1].b < a[1].b",
    `${wrong}The first operand must be distinct from the remaining operands for this operator or function; ` +
      "operator: <, first operand: [a, [1], b]"),
  refused("a BETWEEN :v AND :w",
    `${wrong}The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: ` +
      "AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}", { ...v, ":w": s("a") }),
  refused("a BETWEEN :v AND :w",
    `${wrong}The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound ` +
      "operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {N:0}", { ...v, ":w": n(0) }),
  refused(`a IN (${many(101, () => ":v", ", ")})`,
    `${wrong}The IN operator is provided with too many operands; number of operands: 101`, v),
  refused(`a = :v${" ".repeat(4091)}`,
    `${wrong}Expression size has exceeded the maximum allowed size; expression size: 4097`, v),
  refused(many(151, () => "a=:v", " OR "),
    `${wrong}The expression contains too many operators; operator count: 301`, v),
  refused(`${many(33, () => "a", ".")} = :v`,
    `${wrong}The document path has too many nesting levels; nesting levels: 33`, v),
  refused("pk.a = :v",
    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: pk", v),
]);
