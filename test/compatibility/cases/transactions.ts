// TransactWriteItems and TransactGetItems: up to 100 items of any tables, all or nothing, with a reason for each item
// when nothing.
import { test } from "node:test";
import assert from "node:assert/strict";
import {
  call, fresh, get, n, notNull, oneError, put, R, refuses, s, tables, type Attributes,
} from "../harness.ts";

const TableName = tables.S;

interface Cancelled extends Error {
  readonly CancellationReasons?: readonly { readonly Code: string; readonly Message?: string; readonly Item?: Attributes }[];
}

async function cancelled(operation: string, input: object): Promise<Cancelled> {
  try {
    await call(operation, input);
  } catch (error) {
    assert.equal((error as Error).name, "TransactionCanceledException", String(error));
    return error as Cancelled;
  }
  return assert.fail("the transaction was not cancelled");
}

const write = (...TransactItems: readonly object[]) => ({ TransactItems });
const Put = (pk: string, more: Attributes = {}, condition: object = {}) =>
  ({ Put: { TableName, Item: { pk: s(pk), ...more }, ...condition } });
const absent = { ConditionExpression: "attribute_not_exists(pk)" };

test("puts, updates, deletes and checks go together", async () => {
  const [made, changed, gone, checked] = [fresh(), fresh(), fresh(), fresh()];
  await put(TableName, { pk: s(changed), v: n(1) }, { pk: s(gone) }, { pk: s(checked), v: n(7) });
  await call("TransactWriteItems", write(
    Put(made, { v: n(5) }, absent),
    { Update: {
      TableName, Key: { pk: s(changed) }, UpdateExpression: "SET v = v + :one", ExpressionAttributeValues: { ":one": n(1) },
    } },
    { Delete: { TableName, Key: { pk: s(gone) } } },
    { ConditionCheck: {
      TableName, Key: { pk: s(checked) }, ConditionExpression: "v = :v", ExpressionAttributeValues: { ":v": n(7) },
    } },
    { Put: { TableName: tables.SN, Item: { pk: s(made), sk: n(1) } } },
  ));
  assert.deepEqual(await get(TableName, { pk: s(made) }), { pk: s(made), v: n(5) });
  assert.deepEqual(await get(TableName, { pk: s(changed) }), { pk: s(changed), v: n(2) });
  assert.equal(await get(TableName, { pk: s(gone) }), undefined);
  assert.deepEqual(await get(TableName, { pk: s(checked) }), { pk: s(checked), v: n(7) });
  assert.deepEqual(await get(tables.SN, { pk: s(made), sk: n(1) }), { pk: s(made), sk: n(1) });
});

test("one failed condition cancels everything, and the reasons stand in the request's order", async () => {
  const [there, new1, new2] = [fresh(), fresh(), fresh()];
  await put(TableName, { pk: s(there), v: n(1) });
  const error = await cancelled("TransactWriteItems", write(
    Put(new1), Put(there, {}, { ...absent, ReturnValuesOnConditionCheckFailure: "ALL_OLD" }), Put(new2, {}, absent),
  ));
  assert.equal(error.message, "Transaction cancelled, please refer cancellation reasons for specific reasons " +
    "[None, ConditionalCheckFailed, None]");
  assert.deepEqual(error.CancellationReasons, [
    { Code: "None" },
    { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: { pk: s(there), v: n(1) } },
    { Code: "None" },
  ]);
  assert.equal(await get(TableName, { pk: s(new1) }), undefined);
  assert.equal(await get(TableName, { pk: s(new2) }), undefined);
});

test("an update that cannot be applied cancels as a validation error", async () => {
  const pk = fresh();
  await put(TableName, { pk: s(pk), v: s("text") });
  const error = await cancelled("TransactWriteItems", write(Put(fresh()), { Update: {
    TableName, Key: { pk: s(pk) }, UpdateExpression: "SET v = v + :one", ExpressionAttributeValues: { ":one": n(1) },
  } }));
  assert.deepEqual(error.CancellationReasons?.map(({ Code }) => Code), ["None", "ValidationError"]);
  assert.equal(error.CancellationReasons?.[1]?.Message, "An operand in the update expression has an incorrect data type");
});

test("a token makes a repetition harmless, and another request under it an error", async () => {
  const pk = fresh();
  const ClientRequestToken = `token-${fresh()}`;
  const Update = {
    TableName, Key: { pk: s(pk) }, UpdateExpression: "ADD v :one", ExpressionAttributeValues: { ":one": n(1) },
  };
  for (let times = 0; times < 3; times++) await call("TransactWriteItems", { ...write({ Update }), ClientRequestToken });
  assert.deepEqual(await get(TableName, { pk: s(pk) }), { pk: s(pk), v: n(1) });
  await assert.rejects(call("TransactWriteItems", { ...write(Put(pk)), ClientRequestToken }),
    { name: "IdempotentParameterMismatchException" });
});

test("a hundred items are one transaction", async () => {
  const keys = Array.from({ length: 100 }, fresh);
  await call("TransactWriteItems", write(...keys.map((pk) => Put(pk, { v: n(1) }))));
  const Get = keys.map((pk) => ({ Get: { TableName, Key: { pk: s(pk) } } }));
  const { Responses } = (await call("TransactGetItems", write(...Get))) as unknown as { Responses: { Item?: Attributes }[] };
  assert.deepEqual(Responses.map(({ Item }) => Item?.["pk"]?.S), keys);
});

test("TransactGetItems answers in order, with empty places, and projects", async () => {
  const pk = fresh();
  await put(TableName, { pk: s(pk), a: n(1), b: n(2) });
  const answer = await call("TransactGetItems", write(
    { Get: { TableName, Key: { pk: s(pk) }, ProjectionExpression: "b" } }, { Get: { TableName, Key: { pk: s(fresh()) } } },
  ));
  assert.deepEqual(answer.Responses, [{ Item: { b: n(2) } }, {}]);
});

test("transfers between accounts keep the sum", async () => {
  const accounts = Array.from({ length: 4 }, fresh);
  await put(TableName, ...accounts.map((pk) => ({ pk: s(pk), v: n(100) })));
  const change = (pk: string, by: number) => ({ Update: {
    TableName, Key: { pk: s(pk) }, UpdateExpression: "SET v = v + :by", ExpressionAttributeValues: { ":by": n(by) },
  } });
  const transfers = Array.from({ length: 20 }, async (_, round) => {
    const [from, to] = [accounts[round % 4] as string, accounts[(round + 1 + (round % 3)) % 4] as string];
    for (;;) {
      try {
        return await call("TransactWriteItems", write(change(from, -round), change(to, round)));
      } catch (error) {
        const codes = (error as Cancelled).CancellationReasons?.map(({ Code }) => Code) ?? [];
        if (!codes.includes("TransactionConflict")) throw error;
      }
    }
  });
  await Promise.all(transfers);
  const Gets = accounts.map((pk) => ({ Get: { TableName, Key: { pk: s(pk) } } }));
  const { Responses } = (await call("TransactGetItems", write(...Gets))) as unknown as { Responses: { Item: Attributes }[] };
  assert.equal(Responses.reduce((sum, { Item }) => sum + Number(Item["v"]?.N), 0), 400);
});

test("a transaction costs twice", async () => {
  const pk = fresh();
  const mode = { ReturnConsumedCapacity: "TOTAL" };
  const written = await call("TransactWriteItems", { ...write(Put(pk, { v: s("x".repeat(1500)) })), ...mode });
  assert.equal(written.ConsumedCapacity?.[0]?.CapacityUnits, 4);
  const read = await call("TransactGetItems", { ...write({ Get: { TableName, Key: { pk: s(pk) } } }), ...mode });
  assert.equal(read.ConsumedCapacity?.[0]?.CapacityUnits, 2);
});

const item = (operation: string, rows: readonly (readonly [string, object, string | RegExp, string?])[]): void =>
  refuses(operation, rows);
const many = (count: number) => Array.from({ length: count }, (_, place) => Put(`never-${place}`));
item("TransactWriteItems", [
  ["a request without anything", {}, `${oneError}${notNull("transactItems")}`],
  ["no items", write(), /Value '\[\]' at 'transactItems' .*Member must have length greater than or equal to 1$/],
  ["101 items", write(...many(101)), /at 'transactItems' .*Member must have length less than or equal to 100$/],
  ["one item twice", write(Put("never"), Put("never")),
    "Transaction request cannot include multiple operations on one item"],
  ["an item that does nothing", write({}), /^TransactItems can only contain one of Check, Put, Update or Delete/],
  ["an item that does two things", write({ ...Put("never"), Delete: { TableName, Key: { pk: s("never") } } }),
    /^TransactItems can only contain one of Check, Put, Update or Delete/],
  ["a table that is not there", write({ Put: { TableName: "no-such-table", Item: { pk: s("a") } } }),
    "Requested resource not found", R],
  ["a check without a condition", write({ ConditionCheck: { TableName, Key: { pk: s("never") } } }),
    /transactItems\.1\.member\.conditionCheck\.conditionExpression.*Member must not be null$/],
]);
item("TransactGetItems", [
  ["no items", write(), /Value '\[\]' at 'transactItems' .*Member must have length greater than or equal to 1$/],
  ["one item twice", write(...["never", "never"].map((pk) => ({ Get: { TableName, Key: { pk: s(pk) } } }))),
    "Transaction request cannot include multiple operations on one item"],
  ["a table that is not there", write({ Get: { TableName: "no-such-table", Key: { pk: s("a") } } }),
    "Requested resource not found", R],
]);
