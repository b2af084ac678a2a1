// AttributeUpdates: PUT, ADD and DELETE of whole attributes.
import { test } from "node:test";
import assert from "node:assert/strict";
import { call, fresh, get, invalid, n, put, refuses, s, tables, type Attributes, type Refusal } from "../harness.ts";

const TableName = tables.S;

/** [before, AttributeUpdates, after]; undefined: no item */
const rows: readonly (readonly [Attributes | undefined, Record<string, object>, Attributes | undefined])[] = [
  [undefined, { a: { Value: n(1) } }, { a: n(1) }],
  [{ a: n(1), b: n(2) }, { a: { Value: s("x"), Action: "PUT" } }, { a: s("x"), b: n(2) }],
  [{ a: n(1), b: n(2) }, { a: { Action: "DELETE" } }, { b: n(2) }],
  [undefined, { a: { Action: "ADD", Value: n(5) } }, { a: n(5) }],
  [{ a: n(1) }, { a: { Action: "ADD", Value: n(-5) } }, { a: n(-4) }],
  [{ a: { SS: ["x"] } }, { a: { Action: "ADD", Value: { SS: ["y"] } } }, { a: { SS: ["x", "y"] } }],
  [{ a: { L: [n(1)] } }, { a: { Action: "ADD", Value: { L: [n(2)] } } }, { a: { L: [n(1), n(2)] } }],
  [{ a: { SS: ["x", "y"] } }, { a: { Action: "DELETE", Value: { SS: ["x", "z"] } } }, { a: { SS: ["y"] } }],
  [{ a: { SS: ["x"] } }, { a: { Action: "DELETE", Value: { SS: ["x"] } } }, {}],
  [{ a: n(1), b: n(1) }, { a: { Value: n(2) }, b: { Action: "ADD", Value: n(1) }, c: { Action: "DELETE" } }, { a: n(2), b: n(2) }],
  [undefined, { a: { Action: "DELETE" } }, undefined],
];

for (const [before, AttributeUpdates, after] of rows) {
  test(`AttributeUpdates ${JSON.stringify(AttributeUpdates)} of ${JSON.stringify(before)}`, async () => {
    const pk = s(fresh());
    if (before !== undefined) await put(TableName, { pk, ...before });
    await call("UpdateItem", { TableName, Key: { pk }, AttributeUpdates });
    assert.deepEqual(await get(TableName, { pk }), after && { pk, ...after });
  });
}

test("UPDATED_NEW returns the attributes that were updated", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, a: n(1), b: n(2) });
  const input = { TableName, Key: { pk }, AttributeUpdates: { a: { Action: "ADD", Value: n(1) } } };
  assert.deepEqual((await call("UpdateItem", { ...input, ReturnValues: "UPDATED_NEW" })).Attributes, { a: n(2) });
  assert.deepEqual((await call("UpdateItem", { ...input, ReturnValues: "UPDATED_OLD" })).Attributes, { a: n(2) });
});

test("adding a number to text is refused", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, a: s("x") });
  const AttributeUpdates = { a: { Action: "ADD", Value: n(1) } };
  await assert.rejects(call("UpdateItem", { TableName, Key: { pk }, AttributeUpdates }),
    { name: "ValidationException", message: "Type mismatch for attribute to update" });
});

const refused = (name: string, update: object, message: string, attribute = "a"): Refusal =>
  [name, { TableName, Key: { pk: s("never") }, AttributeUpdates: { [attribute]: update } }, message];
refuses("UpdateItem", [
  refused("PUT without a value", { Action: "PUT" },
    `${invalid}Only DELETE action is allowed when no attribute value is specified`),
  refused("ADD without a value", { Action: "ADD" },
    `${invalid}Only DELETE action is allowed when no attribute value is specified`),
  refused("DELETE of text", { Action: "DELETE", Value: s("x") },
    `${invalid}DELETE action with value is not supported for the type S`),
  refused("ADD of text", { Action: "ADD", Value: s("x") }, `${invalid}ADD action is not supported for the type S`),
  refused("ADD of a map", { Action: "ADD", Value: { M: {} } }, `${invalid}ADD action is not supported for the type M`),
  refused("an update of the key", { Value: s("x") },
    `${invalid}Cannot update attribute pk. This attribute is part of the key`, "pk"),
  refused("an unknown action", { Action: "MOVE", Value: n(1) },
    "1 validation error detected: Value 'MOVE' at 'attributeUpdates.a.member.action' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [ADD, DELETE, PUT]"),
]);
