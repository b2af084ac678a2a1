// Registers: items that are written, read strongly and changed on condition of what they hold; every write has a value
// of its own. Each item has only few clients at a time and a bounded number of operations, so that the linearizability
// checker, whose cost grows with the concurrency, always comes to a verdict.
import { checkLinearizable } from "@azimuth/history/linearizable.ts";
import { registerModel } from "@azimuth/history/models/register.ts";
import { checkUniqueRegister } from "@azimuth/history/zones.ts";
import type { SimulatedClient } from "../simulated-client.ts";
import { createTable, itemOf, record, type Workload, type WorkloadContext } from "./workload.ts";

const keysAtATime = 3;
/** After so many operations of writers a register is left alone and another begun. */
const operationsPerKey = 80;
/** Every other client only reads, and often: near a leader that was replaced, who writes waits, and sees nothing. */
const readsOfReaders = 1;
const readsOfWriters = 0.25;
const readersPauseMs = 80;

interface Register {
  readonly v?: { readonly N: string };
}

const valueOf = (body: Record<string, unknown>): unknown => itemOf<Register>(body)?.v?.N ?? null;

/** `conditional`: with updates on condition, judged by a search; else plain puts and reads, judged by zones. */
export function createRegistersWorkload(conditional: boolean): Workload {
  const name = conditional ? "registers" : "plain-registers";
  let operations = 0;
  let lastValue = 0;
  const seen = new Map<string, string | null>();

  async function one(context: WorkloadContext, client: SimulatedClient, reads: number): Promise<void> {
    const { random, history } = context;
    if (reads < readsOfReaders) operations++;
    const generation = Math.floor(operations / (operationsPerKey * keysAtATime));
    const key = `${name}-${generation}-${random.integer(keysAtATime)}`;
    const Key = { id: { S: key } };
    const value = String(++lastValue);
    const choice = random.next();
    if (choice < reads) {
      const open = history.invoke(client.name, "read", null, key);
      const result = await client.call("GetItem", { TableName: name, Key, ConsistentRead: true });
      record(context, open, result, valueOf);
      if (result.kind === "ok") seen.set(key, valueOf(result.body) as string | null);
    } else if (!conditional || choice < (1 + readsOfWriters) / 2) {
      const open = history.invoke(client.name, "write", value, key);
      const result = await client.call("PutItem", { TableName: name, Item: { ...Key, v: { N: value } } });
      record(context, open, result, () => value);
    } else {
      const expected = seen.get(key) ?? null;
      const open = history.invoke(client.name, "cas", [expected, value], key);
      const condition = expected === null
        ? { ConditionExpression: "attribute_not_exists(v)", ExpressionAttributeValues: { ":new": { N: value } } }
        : {
          ConditionExpression: "v = :old",
          ExpressionAttributeValues: { ":new": { N: value }, ":old": { N: expected } },
        };
      const input = { TableName: name, Key, UpdateExpression: "SET v = :new", ...condition };
      record(context, open, await client.call("UpdateItem", input), () => [expected, value]);
    }
  }

  return {
    name,
    setUp: (context) => createTable(context, name, false),
    async run(context, client, number) {
      const isReader = number % 2 === 0;
      while (!context.isStopped()) {
        await one(context, client, isReader ? readsOfReaders : readsOfWriters);
        await (isReader ? context.world.sleep(readersPauseMs) : context.think());
      }
    },
    async check(context) {
      const history = context.history.operations();
      if (conditional) context.judged(checkLinearizable(history, registerModel, { stepsMax: 3_000_000 }));
      else context.judged(checkUniqueRegister(history));
    },
  };
}
