// PartiQL: statements over one table, in batches, and in transactions.
import { test } from "node:test";
import assert from "node:assert/strict";
import { assertRefused, C, call, conditionFailed, fresh, get, n, put, R, refuses, s, tables, V } from "../harness.ts";

const table = `"${tables.S}"`;
const sorted = `"${tables.SN}"`;
const TableName = tables.S;
const run = (Statement: string, ...Parameters: object[]) =>
  call("ExecuteStatement", { Statement, ConsistentRead: true, ...(Parameters.length > 0 && { Parameters }) });
const write = (Statement: string, ...Parameters: object[]) =>
  call("ExecuteStatement", { Statement, ...(Parameters.length > 0 && { Parameters }) });

test("INSERT makes an item once", async () => {
  const pk = s(fresh());
  const statement = `INSERT INTO ${table} VALUE {'pk': ?, 'v': 1, 'list': [1, 'a'], 'map': {'x': true}}`;
  await write(statement, pk);
  assert.deepEqual(await get(TableName, { pk }), { pk, v: n(1), list: { L: [n(1), s("a")] }, map: { M: { x: { BOOL: true } } } });
  await assertRefused("ExecuteStatement", { Statement: statement, Parameters: [pk] }, "DuplicateItemException",
    "Duplicate primary key exists in table");
});

test("SELECT by key returns the item, or a projection of it, or nothing", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1), m: { M: { x: n(2) } } });
  assert.deepEqual((await run(`SELECT * FROM ${table} WHERE pk = ?`, pk)).Items, [{ pk, v: n(1), m: { M: { x: n(2) } } }]);
  assert.deepEqual((await run(`SELECT v FROM ${table} WHERE pk = ?`, pk)).Items, [{ v: n(1) }]);
  assert.deepEqual((await run(`SELECT * FROM ${table} WHERE pk = ?`, s(fresh()))).Items, []);
  assert.deepEqual((await run(`SELECT * FROM ${table} WHERE pk = ? AND v = 2`, pk)).Items, []);
});

test("SELECT of a partition key is in the order of the sort key, and within its range", async () => {
  const pk = s(fresh());
  await put(tables.SN, ...[3, 1, 2, 10].map((sk) => ({ pk, sk: n(sk) })));
  const numbers = async (statement: string) => (await run(statement, pk)).Items?.map(({ sk }) => Number(sk?.N));
  assert.deepEqual(await numbers(`SELECT * FROM ${sorted} WHERE pk = ?`), [1, 2, 3, 10]);
  assert.deepEqual(await numbers(`SELECT * FROM ${sorted} WHERE pk = ? AND sk > 1`), [2, 3, 10]);
  assert.deepEqual(await numbers(`SELECT * FROM ${sorted} WHERE pk = ? AND sk BETWEEN 2 AND 3`), [2, 3]);
  assert.deepEqual(await numbers(`SELECT * FROM ${sorted} WHERE pk = ? ORDER BY sk DESC`), [10, 3, 2, 1]);
});

test("UPDATE changes an item that is there, and returns what is asked for", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1), w: n(2) });
  const updated = await write(`UPDATE ${table} SET v = v + 5 REMOVE w WHERE pk = ? RETURNING ALL NEW *`, pk);
  assert.deepEqual(updated.Items, [{ pk, v: n(6) }]);
  const Statement = `UPDATE ${table} SET v = 1 WHERE pk = ?`;
  await assertRefused("ExecuteStatement", { Statement, Parameters: [s(fresh())] }, C, conditionFailed);
});

test("DELETE removes one item", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1) });
  await write(`DELETE FROM ${table} WHERE pk = ?`, pk);
  assert.equal(await get(TableName, { pk }), undefined);
});

test("a batch answers each statement by itself", async () => {
  const pk = s(fresh());
  await put(TableName, { pk, v: n(1) });
  const Statement = `SELECT * FROM ${table} WHERE pk = ?`;
  const answer = await call("BatchExecuteStatement", {
    Statements: [{ Statement, Parameters: [pk], ConsistentRead: true }, { Statement, Parameters: [s(fresh())], ConsistentRead: true }],
  });
  const responses = answer.Responses as unknown as readonly { readonly Item?: object }[];
  assert.deepEqual(responses.map(({ Item }) => Item), [{ pk, v: n(1) }, undefined]);
});

refuses("ExecuteStatement", [
  ["a table that is not there", { Statement: 'SELECT * FROM "no-such-table" WHERE pk = \'a\'' }, "Requested resource not found", R],
  ["no statement", { Statement: "" }, /'statement' failed to satisfy constraint: Member must have length greater than or equal to 1$/],
  ["what is no statement", { Statement: "HELLO WORLD" }, /^Statement wasn't well formed, can't be processed: /],
  ["an update without a key", { Statement: `UPDATE ${table} SET v = 1 WHERE v = 2` },
    /^Where clause does not contain a mandatory equality on all key attributes$/],
]);

test("a missing parameter is refused", () => assert.rejects(
  run(`SELECT * FROM ${table} WHERE pk = ? AND v = ?`, s("a")), { name: V }));
