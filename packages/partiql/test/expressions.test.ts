// What conditions and updates become: text with placeholders. The texts are read back with their placeholders put in.
import { test } from "node:test";
import assert from "node:assert/strict";
import type { AttributeValue } from "@azimuth/model/attribute-value.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import { ExpressionWriter } from "@azimuth/partiql/expression-text.ts";
import { checkParameterCount } from "@azimuth/partiql/parameters.ts";
import { parseStatement } from "@azimuth/partiql/statement-parser.ts";
import { withoutTruth } from "@azimuth/partiql/truth.ts";

const parameters: readonly AttributeValue[] = [
  { type: "S", value: "p" }, { type: "BOOL", value: true }, { type: "NS", value: ["1", "2"] },
];

const conditions: readonly (readonly [condition: string, text: string])[] = [
  ["a = 1", "a=1"],
  ["a != 1", "a<>1"],
  ["a <> 1", "a<>1"],
  ["1 < a", "1<a"],
  ["a <= -1.50", "a<=-1.5"],
  ["a >= +2e2", "a>=200"],
  ["a > .5", "a>0.5"],
  ["a = - - 7", "a=7"],
  ["a > -/* sign */-7", "a>7"],
  ["a = -0", "a=0"],
  ["a = 'it''s'", "a='it's'"],
  ["a = TRUE", "a=true"],
  ["a = null", "a=NULL"],
  ["a = ?", "a='p'"],
  ["a = b", "a=b"],
  ["\"a b\".\"c\"\"d\" = 1", "a b.c\"d=1"],
  ["a.b[3].c = 1", "a.b[3].c=1"],
  ["a['k'] = 1", "a.k=1"],
  ["a = [1, 'x', {'k': true}]", "a=[1,'x',{k:true}]"],
  ["a = <<2, 10, 1>>", "a=<<1,2,10>>"],
  ["a = <<'b', 'a'>>", "a=<<'a','b'>>"],
  ["a = []", "a=[]"],
  ["a = {}", "a={}"],
  ["a BETWEEN 1 AND 5", "a BETWEEN 1 AND 5"],
  ["a NOT BETWEEN 1 AND 5", "NOT a BETWEEN 1 AND 5"],
  ["a BETWEEN 1 AND 5 AND b = 2", "a BETWEEN 1 AND 5 AND b=2"],
  ["a IN [1, 2]", "a IN (1,2)"],
  ["a IN (1, 2)", "a IN (1,2)"],
  ["a IN (1)", "a IN (1)"],
  ["a IN <<1, 2>>", "a IN (1,2)"],
  ["a IN [?, 2]", "a IN ('p',2)"],
  ["a NOT IN [1, 2]", "NOT a IN (1,2)"],
  ["a IS MISSING", "attribute_not_exists(a)"],
  ["a IS NOT MISSING", "NOT attribute_not_exists(a)"],
  ["a IS NULL", "attribute_type(a,'NULL')"],
  ["a IS NOT NULL", "NOT attribute_type(a,'NULL')"],
  ["a IS string", "attribute_type(a,'S')"],
  ["a IS BOOL", "attribute_type(a,'BOOL')"],
  ["a IS DOUBLE PRECISION", "attribute_type(a,'N')"],
  ["a IS CHARACTER VARYING", "attribute_type(a,'S')"],
  ["a IS STRUCT", "attribute_type(a,'M')"],
  ["a IS LIST", "attribute_type(a,'L')"],
  ["a IS BLOB", "attribute_type(a,'B')"],
  ["begins_with(a, 'x')", "begins_with(a,'x')"],
  ["BEGINS_WITH(a.b, ?)", "begins_with(a.b,'p')"],
  ["contains(a, 5)", "contains(a,5)"],
  ["attribute_exists(a[0])", "attribute_exists(a[0])"],
  ["Attribute_Not_Exists (a)", "attribute_not_exists(a)"],
  ["attribute_type(a, 'SS')", "attribute_type(a,'SS')"],
  ["size(a) > 3", "size(a)>3"],
  ["3 < SIZE(a)", "3<size(a)"],
  ["a = 1 AND b = 2 OR c = 3", "a=1 AND b=2 OR c=3"],
  ["a = 1 AND (b = 2 OR c = 3)", "a=1 AND (b=2 OR c=3)"],
  ["((a = 1)) AND ((b = 2 AND c = 3))", "a=1 AND b=2 AND c=3"],
  ["NOT a = 1", "NOT a=1"],
  ["NOT NOT a = 1", "a=1"],
  ["NOT (a = 1 AND b = 2)", "NOT (a=1 AND b=2)"],
  ["NOT (a = 1 OR b = 2) AND c = 3", "NOT (a=1 OR b=2) AND c=3"],
  ["(a = 1 OR b = 2) OR c = 3", "a=1 OR b=2 OR c=3"],
  ["contains(a, 'x') = true", "contains(a,'x')"],
  ["contains(a, 'x') = false", "NOT contains(a,'x')"],
  ["true = contains(a, 'x')", "contains(a,'x')"],
  ["contains(a, 'x') <> true", "NOT contains(a,'x')"],
  ["(a = 1 OR b = 2) = false", "NOT (a=1 OR b=2)"],
  ["(a BETWEEN 1 AND 2) = true", "a BETWEEN 1 AND 2"],
  ["a = 1 = true", "a=1"],
  ["contains(a, 'x') = 5", "contains(a,'x') AND NOT contains(a,'x')"],
  ["contains(a, 'x') <> 5", "NOT (contains(a,'x') AND NOT contains(a,'x'))"],
  ["contains(a, 'x') = flag", "contains(a,'x') AND flag=true OR NOT contains(a,'x') AND flag=false"],
  ["contains(a, 'x') IN [true, false]", "contains(a,'x') OR NOT contains(a,'x')"],
  ["(a = 1) = (b = 2)", "a=1 AND b=2 OR NOT a=1 AND NOT b=2"],
];

test("conditions become expressions of the same meaning", async (context) => {
  for (const [condition, text] of conditions) {
    await context.test(condition, () => assert.equal(conditionText(condition), text));
  }
});

const updates: readonly (readonly [actions: string, text: string])[] = [
  ["SET a = 1", "SET a=1"],
  ["SET a = ?", "SET a='p'"],
  ["SET a = b", "SET a=b"],
  ["SET a.b[1] = c.d", "SET a.b[1]=c.d"],
  ["SET a = 1, b = 2", "SET a=1,b=2"],
  ["SET a = 1 SET b = 2", "SET a=1,b=2"],
  ["SET a = a + 1", "SET a=a+1"],
  ["SET a = a-1", "SET a=a-1"],
  ["SET a = a - - 2", "SET a=a--2"],
  ["SET a = (a + 1)", "SET a=a+1"],
  ["SET a = list_append(a, [1])", "SET a=list_append(a,[1])"],
  ["SET a = LIST_APPEND([1], a)", "SET a=list_append([1],a)"],
  ["REMOVE a", "REMOVE a"],
  ["REMOVE a[0], b.c", "REMOVE a[0],b.c"],
  ["REMOVE a REMOVE b", "REMOVE a,b"],
  ["SET a = 1 REMOVE b SET c = 2", "SET a=1,c=2 REMOVE b"],
  ["SET a = set_add(a, <<'x', 'y'>>)", "ADD a <<'x','y'>>"],
  ["SET a = SET_DELETE(a, <<5>>)", "DELETE a <<5>>"],
  ["SET a.b = set_add(a.b, <<1>>), c = 2", "SET c=2 ADD a.b <<1>>"],
  ["SET a = {'k': [1, <<'s'>>]}", "SET a={k:[1,<<'s'>>]}"],
];

test("updates become update expressions, section by section", async (context) => {
  for (const [actions, text] of updates) {
    await context.test(actions, () => {
      const { statement } = parseStatement(`UPDATE orders ${actions} WHERE id = 1`);
      assert.equal(statement.kind, "update");
      const writer = new ExpressionWriter(parameters);
      if (statement.kind === "update") assert.equal(readBack(writer.update(statement.actions), writer), text);
    });
  }
});

test("a parameter may be the set of set_add, and has to be a set", () => {
  const { statement } = parseStatement("UPDATE orders SET a = set_add(a, ?) WHERE id = 1");
  assert.ok(statement.kind === "update");
  const writer = new ExpressionWriter([parameters[2] as AttributeValue]);
  assert.equal(readBack(writer.update(statement.actions), writer), "ADD a <<1,2>>");
  assert.throws(
    () => new ExpressionWriter(parameters).update(statement.actions),
    /^ValidationException: The second argument to SET_ADD must be a value with type SET at 1:31:1$/,
  );
});

test("names and values are placeholders, each name once", () => {
  const { statement } = parseStatement("SELECT * FROM orders WHERE \"select\" = 'x' AND \"select\" <> 'y'");
  assert.ok(statement.kind === "select" && statement.where);
  const writer = new ExpressionWriter([]);
  assert.equal(writer.condition(statement.where), "#0=:0 AND #0<>:1");
  assert.deepEqual(writer.names, { "#0": "select" });
  assert.deepEqual([...writer.values!.keys()], [":0", ":1"]);
});

test("a condition compared with an order is refused", () => {
  assert.throws(() => conditionText("contains(a, 'x') > true"), /operator or function: >, operand type: BOOL$/);
});

test("comparisons of comparisons do not grow without bound", () => {
  const chain = `a = 1${" = b".repeat(100)}`;
  assert.throws(() => conditionText(chain), /contains too many operators; operator count: 301$/);
});

test("the number of parameters has to be that of the question marks", () => {
  const parsed = parseStatement("SELECT * FROM orders WHERE a = ? AND b = ? AND c = '?'");
  assert.equal(parsed.parameterCount, 2);
  checkParameterCount(parsed, parameters.slice(0, 2));
  for (const given of [parameters, []]) {
    assert.throws(() => checkParameterCount(parsed, given), {
      message: "Number of parameters in request and statement don't match.",
    });
  }
});

function conditionText(condition: string): string {
  const { statement } = parseStatement(`SELECT * FROM orders WHERE ${condition}`);
  assert.ok(statement.kind === "select" && statement.where instanceof Object);
  const writer = new ExpressionWriter(parameters);
  return readBack(writer.condition(withoutTruth(statement.where, parameters)), writer);
}

function readBack(text: string, { names = {}, values = new Map() }: ExpressionWriter): string {
  return text.replace(/#\d+/g, (name) => names[name]!).replace(/:\d+/g, (value) => shown(values.get(value)!));
}

function shown(value: AttributeValue): string {
  switch (value.type) {
    case "S": return `'${value.value}'`;
    case "NULL": return "NULL";
    case "L": return `[${value.value.map(shown).join(",")}]`;
    case "M": return `{${[...value.value].map(([name, member]) => `${name}:${shown(member)}`).join(",")}}`;
    case "SS": return `<<${value.value.map((member) => `'${member}'`).join(",")}>>`;
    case "NS": return `<<${value.value.join(",")}>>`;
    default: return String(value.value);
  }
}

test("refusals are exceptions of the API", () => {
  assert.throws(() => conditionText("nosuch(a)"), (error) => error instanceof DynamoDbException);
});
