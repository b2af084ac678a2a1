// Statements that are refused before any table is looked at: what is said, and which of several problems is said.
import { test } from "node:test";
import assert from "node:assert/strict";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { parseStatement } from "@azimuth/partiql/statement-parser.ts";

const malformed = "Statement wasn't well formed, can't be processed: ";
const leftover = `${malformed}Unexpected token after expression`;
const duplicates = "One or more parameter values were invalid: Input collection";
const bigPrefix = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const smallPrefix = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const digitsPrefix = "Attempting to store more than 38 significant digits in a Number";
const multiple = "Unsupported operation: Inserting multiple items in a single statement is not supported, " +
  'use "INSERT INTO tableName VALUE item" instead';
const badIn = "IN operator must have a left hand argument of type Variable Reference and " +
  "right hand argument of type Seq with at least one member";
const isTypes = "Supported data types are [MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]";

const unreadable: readonly (readonly [statement: string, message: string])[] = [
  ["   ", `${malformed}Unexpected term`],
  [";", `${malformed}Unexpected term`],
  ["SLECT * FROM t1x WHERE id = 1", `${malformed}Expected data manipulation`],
  ["UPDATE shop-orders SET a = 1", `${malformed}Expected data manipulation`],
  ["FROM orders", `${malformed}Expected data manipulation`],
  ["FROM orders WHERE id = 'a'", `${malformed}Expected data manipulation`],
  ["UPDATE orders WHERE id = 'a'", `${malformed}Expected data manipulation`],
  ["orders", `${malformed}Expected data manipulation`],
  ["price IS STRING", "Unsupported operation: IsType"],
  ["SELECTT * FROMM orders", leftover],
  ["SELECT * FROM orders WHERE id = 1 wrong", leftover],
  ["SELECT * FROM orders WHERE id = 1 e7", leftover],
  ["SELECT * FROM orders WHERE id = 1)", leftover],
  ["SELECT * FROM orders; SELECT * FROM orders", leftover],
  ["SELECT * FROM orders;;", leftover],
  ["SELECT * FROM orders ORDER BY id WHERE id = 1", leftover],
  ["INSERT INTO orders VALUE {'id': 1} wrong", leftover],
  ["INSERT INTO orders o VALUE {'id': 1}", leftover],
  ["UPDATE orders SET a = 1 WHERE id = 1 wrong", leftover],
  ["DELETE FROM orders WHERE id = 1 ORDER BY id", leftover],
  ["FROM orders SET a = 1 WHERE id = 1", leftover],
  ["DELETE FROM", `${malformed}Expected identifier for simple path`],
  ["DELETE FROM;", `${malformed}Expected identifier for simple path`],
  ["DELETE FROM WHERE id = 1", `${malformed}Expected identifier for simple path`],
  ["INSERT INTO VALUE {}", `${malformed}Expected identifier for simple path`],
  ["UPDATE orders SET WHERE id = 1", `${malformed}Expected identifier for simple path`],
  ["UPDATE orders SET a = 1, WHERE id = 1", `${malformed}Expected identifier for simple path`],
  ["UPDATE orders REMOVE WHERE id = 1", `${malformed}Expected identifier for simple path`],
  ["UPDATE orders SET a 1 WHERE id = 1", `${malformed}Expected EQ`],
  ["SELECT * FROM", `${malformed}Unexpected term`],
  ["SELECT * FROM WHERE id = 1", `${malformed}Unexpected keyword`],
  ["SELECT FROM orders", `${malformed}Expected data manipulation`],
  ["SELECT *", `${malformed}Missing FROM after SELECT list`],
  ["SELECT a b", `${malformed}Missing FROM after SELECT list`],
  ["SELECT date FROM orders", `${malformed}Unexpected keyword`],
  ["SELECT * FROM orders WHERE timestamp > 5", `${malformed}Unexpected keyword`],
  ["SELECT * FROM orders WHERE", `${malformed}Unexpected term`],
  ["SELECT * FROM orders WHERE;", `${malformed}Unexpected term`],
  ["SELECT * FROM orders WHERE NOT", `${malformed}Unexpected term`],
  ["SELECT * FROM orders WHERE (", `${malformed}Unexpected term`],
  ["SELECT * FROM orders WHERE ORDER BY id", `${malformed}Unexpected keyword`],
  ["SELECT * FROM orders WHERE id = 'a' AND", `${malformed}Missing right-hand side expression of infix operator`],
  ["SELECT * FROM orders WHERE id = 'a' OR ;", `${malformed}Missing right-hand side expression of infix operator`],
  ["SELECT * FROM orders WHERE id =", `${malformed}Missing right-hand side expression of infix operator`],
  ["SELECT * FROM orders WHERE id BETWEEN", `${malformed}Missing right-hand side expression of infix operator`],
  ["SELECT * FROM orders WHERE id BETWEEN 1", `${malformed}Expected AND keyword`],
  ["SELECT * FROM orders WHERE (id = 1", `${malformed}Expected RIGHT_PAREN`],
  ["SELECT * FROM orders WHERE size(a > 1", `${malformed}Expected RIGHT_PAREN`],
  ["SELECT * FROM orders WHERE id IN [1, 2", `${malformed}Expected RIGHT_BRACKET`],
  ["SELECT * FROM orders WHERE IS NULL", `${malformed}Unexpected operator`],
  ["SELECT * FROM orders WHERE id = LIKE", `${malformed}Unexpected operator`],
  ["SELECT * FROM orders WHERE id = IN", `${malformed}Unexpected operator`],
  ["SELECT * FROM orders WHERE a IS COLOUR", `${malformed}Expected type name`],
  ["SELECT * FROM orders WHERE a IS 5", `${malformed}Expected type name`],
  ["SELECT * FROM orders WHERE a.inner = 1", `${malformed}Invalid path dot component`],
  ["SELECT * FROM orders WHERE a. = 1", `${malformed}Invalid path dot component`],
  ["SELECT a[0 FROM orders", `${malformed}Expected RIGHT_BRACKET`],
  ["SELECT * FROM orders ORDER id", `${malformed}Expected BY keyword`],
  ["INSERT orders VALUE {}", `${malformed}Expected INTO keyword`],
  ["INSERT INTO orders VALUES {'id': 1}", `${malformed}Expected LEFT_PAREN`],
  ["INSERT INTO orders (key, value) VALUES (?, ?)", `${malformed}Unexpected keyword`],
  ["INSERT INTO orders VALUE {'id' 1}", `${malformed}Expected COLON`],
  ["INSERT INTO orders VALUE {'id': 1", `${malformed}Expected RIGHT_CURLY`],
  ["INSERT INTO orders VALUE {'id': [1, 2}", `${malformed}Expected RIGHT_BRACKET`],
  ["DELETE orders WHERE id = 1", `${malformed}Expected FROM keyword`],
  ["SELECT * FROM orders WHERE id = 1 # note", malformed],
  ["SELECT * FROM orders WHERE id = 1 /* note", malformed],
  ["SELECT * FROM orders WHERE id = 'open", malformed],
  ["SELECT * FROM \"orders", malformed],
  ["SELECT * FROM orders WHERE id = 1e2147483648", malformed],
  ["SELECT * FROM orders WHERE id = 1e99999999999", malformed],
  ["SELECT * FROM orders WHERE id = 1.5e-2147483647", malformed],
  [`SELECT * FROM orders WHERE ${"(".repeat(4000)}`, malformed],
  [`SELECT * FROM orders WHERE ${"NOT ".repeat(1900)}a = 1`, malformed],
  [`SELECT * FROM orders WHERE a = ${"- ".repeat(3000)}1`, malformed],
  ["UPDATE orders SET a = 1 WHERE id = 1 RETURNING SOME OLD *",
    `${malformed}Expected ( MODIFIED | ALL ) ( NEW | OLD ) in each returning element.`],
];

const unsupported: readonly (readonly [statement: string, message: string])[] = [
  ["SELECT * FROM orders o WHERE id = 1", "Aliasing is not supported"],
  ["SELECT * FROM orders AS o", "Aliasing is not supported"],
  ["SELECT price AS p FROM orders", "Aliasing is not supported"],
  ["SELECT price p FROM orders", "Aliasing is not supported"],
  ["UPDATE orders o SET a = 1 WHERE id = 1", "Aliasing is not supported"],
  ["DELETE FROM orders o WHERE id = 1", "Aliasing is not supported"],
  ["SELECT COUNT(*) FROM orders", "Unexpected path component at 1:8:5"],
  ["SELECT id, MAX(price) FROM orders", "Unexpected path component at 1:12:3"],
  ["SELECT attribute_exists(a) FROM orders", "Unexpected path component at 1:8:16"],
  ["SELECT 5 FROM orders", "Unexpected path component at 1:8:1"],
  ["SELECT\n  size(a) FROM orders", "Unexpected path component at 2:3:4"],
  ["SELECT *, id FROM orders", "Other attributes should not be present in the projection when '*' is used."],
  ["SELECT id, * FROM orders", "Other attributes should not be present in the projection when '*' is used."],
  ["SELECT a, a FROM orders", "Duplicate identifiers in select clause: a"],
  ["SELECT a.x, b.x FROM orders", "Duplicate identifiers in select clause: x"],
  ["SELECT a[1], b.a[1] FROM orders", "Duplicate identifiers in select clause: a[1]"],
  ["SELECT VALUE a FROM orders", "Select projection doesn't support value or pivot keywords"],
  ["SELECT a[-1] FROM orders", "List index is not within the allowable range; index: [-1] at 1:11:1"],
  ["SELECT a[2147483648] FROM orders", "List index is not within the allowable range; index: [2147483648] at 1:10:10"],
  ["SELECT a[*].b FROM orders", "Wildcard path component like a[*].b are not supported"],
  ["SELECT a.*.b FROM orders", "Unpivot path component like a.*.b are not supported"],
  ["SELECT a[?] FROM orders", "Unexpected path component at 1:10:1"],
  ["SELECT * FROM orders LIMIT 5", "Unsupported clause: LIMIT at 1:28:1"],
  ["SELECT * FROM orders\nWHERE id = 'a'\nLIMIT 100", "Unsupported clause: LIMIT at 3:7:3"],
  ["SELECT * FROM orders, items", "Only select from a single table or index is supported."],
  ["SELECT * FROM orders INNER JOIN items", "Only select from a single table or index is supported."],
  ["SELECT * FROM 'orders'", "Unexpected from source"],
  ["SELECT * FROM \"\"", "Path component cannot be an empty string"],
  ["SELECT * FROM orders.\"\"", "Path component cannot be an empty string"],
  ["SELECT * FROM orders.one.two", "A path may contain at most 2 components in the FROM clause"],
  ["SELECT * FROM orders[0]", "Invalid list expression in source."],
  ["SELECT * FROM orders ORDER BY a.b", "Argument to ORDER BY must be of type VariableReference. Type: Path at 1:31:1"],
  ["SELECT * FROM orders ORDER BY 1", "Argument to ORDER BY must be of type VariableReference. Type: Literal at 1:31:1"],
  ["INSERT INTO orders.one VALUE {'id': 1}", "FROM clause may only contain a single table name"],
  ["UPDATE orders.one SET a = 1 WHERE id = 1", "This operation is not supported on an index"],
  ["DELETE FROM \"orders\".\"one\" WHERE id = 1", "This operation is not supported on an index"],
  ["INSERT INTO orders VALUE 5", "Unsupported format in item expression. " +
    "Please use struct format {...} to express item values for insert statement."],
  ["INSERT INTO orders VALUE ?", "Unsupported format in item expression. " +
    "Please use struct format {...} to express item values for insert statement."],
  ["INSERT INTO orders << {'id': 1} >>", "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"],
  ["INSERT INTO orders {'id': 1}", multiple],
  ["INSERT INTO orders VALUE {'id': 1} RETURNING ALL OLD *", "RETURNING is not supported in INSERT"],
  ["INSERT INTO orders VALUE {'id': 1, 'a': <<>>}", "Empty bags are not supported"],
  ["INSERT INTO orders VALUE {'id': 1, 'a': <<1, 'a'>>}",
    "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"],
  ["INSERT INTO orders VALUE {'id': 1, 'a': <<true>>}",
    "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"],
  ["INSERT INTO orders VALUE {'id': 1, 'a': <<'p', 'q', 'p'>>}", `${duplicates} [p, q, p] contains duplicates.`],
  ["INSERT INTO orders VALUE {'id': 1, 'a': [<<7, 7.00>>]}", `${duplicates} [7, 7.00] contains duplicates! under root[0]`],
  ["INSERT INTO orders VALUE {'id': 1, 'a': 1, 'a': 2}", "Duplicate keys in tuple. Key: a under root"],
  ["INSERT INTO orders VALUE {'id': 1, 'm': {'k': 1, 'k': 2}}", "Duplicate keys in tuple. Key: k under root"],
  ["INSERT INTO orders VALUE {5: 1}", "Tuple keys must be of type String. Actual type: NUMERIC under root"],
  ["INSERT INTO orders VALUE {'id': [?]}", "Unsupported data type: Parameter under key root[0] at 1:34:1"],
  ["INSERT INTO orders VALUE {'id': 1, 'm': {'k': ?}}", "Unsupported data type: Parameter under key root.k at 1:47:1"],
  ["INSERT INTO orders VALUE {'a': set_add(<<'a'>>, <<'b'>>)}", "Unsupported data type: set_add under key root at 1:32:7"],
  ["INSERT INTO orders VALUE {'a': price}", "Unsupported data type: VariableReference under key root at 1:32:5"],
  ["INSERT INTO orders VALUE {'a': 1e126}", `${bigPrefix} under root`],
  ["INSERT INTO orders VALUE {'a': {'x': 1e126}}", `${bigPrefix} under root.x`],
  ["INSERT INTO orders VALUE {'a': [1, -1e126]}", `${bigPrefix} under root[1]`],
  ["UPDATE orders SET a = 1e-131 WHERE id = 1", `${smallPrefix} under root`],
  ["SELECT * FROM orders WHERE id = 123456789012345678901234567890123456789", `${digitsPrefix} under root`],
  [`UPDATE orders SET d = ${"{'a':".repeat(32)}1${"}".repeat(32)} WHERE id = 1`,
    `Nesting Levels have exceeded supported limits under root${".a".repeat(32)}`],
  [`UPDATE orders SET d = ${"[".repeat(32)}1${"]".repeat(32)} WHERE id = 1`,
    `Nesting Levels have exceeded supported limits under root${"[0]".repeat(32)}`],
  ["SELECT * FROM orders WHERE EXISTS(a)", "Unrecognized function: exists at 1:28:6"],
  ["SELECT * FROM orders WHERE set_add(a, <<'x'>>) = a", "Unrecognized function: set_add at 1:28:7"],
  ["SELECT * FROM orders WHERE lower(a) = 'x'", "Unrecognized function: lower at 1:28:5"],
  ["SELECT * FROM orders WHERE nosuch(a)", "Unrecognized function: nosuch at 1:28:6"],
  ["UPDATE orders SET a = if_not_exists(a, 1) WHERE id = 1", "Unrecognized function: if_not_exists at 1:23:13"],
  ["SELECT * FROM orders WHERE attribute_exists()", "Incorrect number of operands for operator or function; " +
    "operator or function: attribute_exists, number of operands: 0"],
  ["SELECT * FROM orders WHERE begins_with(a)", "Incorrect number of operands for operator or function; " +
    "operator or function: begins_with, number of operands: 1"],
  ["SELECT * FROM orders WHERE size(a, b) > 1", "Incorrect number of operands for operator or function; " +
    "operator or function: size, number of operands: 2"],
  ["UPDATE orders SET a = list_append(a) WHERE id = 1", "Incorrect number of operands for operator or function; " +
    "operator or function: list_append, number of operands: 1"],
  ["UPDATE orders SET a = set_add(b, <<'x'>>) WHERE id = 1",
    "The first argument to SET_ADD must equal the assignment value at 1:23:7"],
  ["UPDATE orders SET a = set_add(<<'y'>>, <<'x'>>) WHERE id = 1",
    "The first argument to SET_ADD must equal the assignment value at 1:23:7"],
  ["UPDATE orders SET a = set_delete(a.b, <<'x'>>) WHERE id = 1",
    "The first argument to SET_DELETE must equal the assignment value at 1:23:10"],
  ["UPDATE orders SET a = set_add(a, 'x') WHERE id = 1",
    "The second argument to SET_ADD must be a value with type SET at 1:31:1"],
  ["UPDATE orders\nSET \"names\" = set_delete(\"names\", ['x']) WHERE id = 1",
    "The second argument to SET_DELETE must be a value with type SET at 2:26:7"],
  ["UPDATE orders SET a = set_add(a) WHERE id = 1", "SET_ADD must have exactly two arguments at 1:23:7"],
  ["UPDATE orders SET a = set_delete(a, <<1>>, <<2>>) WHERE id = 1",
    "SET_DELETE must have exactly two arguments at 1:23:10"],
  ["UPDATE orders SET a = 'x' + 1 WHERE id = 1",
    "Incorrect operand type for operator or function; operator or function: +, operand type: S"],
  ["UPDATE orders SET a = a - null WHERE id = 1",
    "Incorrect operand type for operator or function; operator or function: -, operand type: NULL"],
  ["UPDATE orders SET a = a + 1 + 2 WHERE id = 1", "Unsupported operator in Update Expression. Operator: +"],
  ["SELECT * FROM orders WHERE a + 1 = 2", "Unsupported operator in Condition Expression. Operator: +"],
  ["SELECT * FROM orders WHERE a = 2 * 3", "Unsupported operator in Condition Expression. Operator: *"],
  ["SELECT * FROM orders WHERE a LIKE 'x%'", "Unsupported operator in Condition Expression. Operator: LIKE"],
  ["SELECT * FROM orders WHERE a NOT LIKE 'x%'", "Unsupported operator in Condition Expression. Operator: LIKE"],
  ["SELECT * FROM orders WHERE a > -?", "Unsupported operation: -"],
  ["SELECT * FROM orders WHERE a = MISSING", "MISSING must be compared using IS operator"],
  ["SELECT * FROM orders WHERE 5 IS MISSING",
    "The left hand side argument to IS must be a Variable Reference, Literal, or Path"],
  ["SELECT * FROM orders WHERE a IS BAG", `Unsupported data type for IS operator: BAG. ${isTypes}`],
  ["SELECT * FROM orders WHERE a IN []", badIn],
  ["SELECT * FROM orders WHERE a IN 5", badIn],
  ["SELECT * FROM orders WHERE a IN ?", badIn],
  ["SELECT * FROM orders WHERE a", "WHERE clause must contain an expression that resolves to a boolean"],
  ["SELECT * FROM orders WHERE 'a'", "WHERE clause must contain an expression that resolves to a boolean"],
  ["SELECT * FROM orders WHERE a = 1 AND b", "The arguments to AND/OR must be Expressions"],
  ["SELECT * FROM orders WHERE a OR b = 1", "The arguments to AND/OR must be Expressions"],
  ["SELECT * FROM orders WHERE NOT a", "The argument to NOT must be a Type or Expression"],
  ["DELETE FROM orders WHERE id = 1 RETURNING MODIFIED OLD *",
    "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements."],
  ["delete from orders where id = 1 returning all new *",
    "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."],
  ["UPDATE orders SET a = 1 WHERE id = 1 RETURNING ALL OLD id",
    "Expected '*' after ( MODIFIED | ALL ) ( NEW | OLD ) in RETURNING clause"],
  ["UPDATE orders SET a = 1 WHERE id = 1 RETURNING ALL OLD *, ALL NEW *",
    "Invalid syntax with multiple returning elements in RETURNING clause"],
];

for (const [group, cases] of [["read", unreadable], ["support", unsupported]] as const) {
  test(`statements it cannot ${group} are refused in DynamoDB's words`, async (context) => {
    for (const [statement, message] of cases) {
      await context.test(statement.slice(0, 90), () => assert.equal(refusal(statement), message));
    }
  });
}

test("what cannot be parsed is said before what is not supported", () => {
  assert.equal(refusal("SELECT COUNT(*) FROM orders WHERE"), `${malformed}Unexpected term`);
  assert.equal(refusal("SELECT * FROM orders o wrong"), leftover);
  assert.equal(refusal("UPDATE orders SET a = set_add(b, 1) WHERE id = 1 wrong"), leftover);
});

test("of several unsupported things the first is said", () => {
  assert.equal(refusal("SELECT a, a FROM orders WHERE nosuch(a)"), "Duplicate identifiers in select clause: a");
  assert.equal(refusal("SELECT * FROM orders WHERE nosuch(a) AND b"), "Unrecognized function: nosuch at 1:28:6");
});

test("columns are counted in characters, not in UTF-16 units", () => {
  assert.equal(refusal("SELECT * FROM orders WHERE a = '😀' AND nosuch(a)"), "Unrecognized function: nosuch at 1:40:6");
});

function refusal(statement: string): string {
  try {
    parseStatement(statement);
  } catch (error) {
    assert.ok(error instanceof DynamoDbException, String(error));
    assert.equal(error.type, "ValidationException");
    return error.message;
  }
  return assert.fail(`parsed: ${statement}`);
}
