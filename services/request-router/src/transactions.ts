// Transactions as the router carries them out: it coordinates them itself (packages/partition,
// transaction-coordinator.ts and transaction-reader.ts) and sees to it that there is a ledger. The ledger is a table of
// the system's own, made when the first transaction comes.
import { hash } from "node:crypto";
import type { NewTable } from "@azimuth/control-plane/commands.ts";
import type { DispatchContext, DispatchResult } from "@azimuth/control-plane/dispatch.ts";
import type { TransactGetPlan, TransactWritePlan } from "@azimuth/operations/transact-plan.ts";
import { ledgerKey, ledgerTableName } from "@azimuth/operations/transaction-ledger.ts";
import { runTransaction, type DeliveryResult } from "@azimuth/partition/transaction-coordinator.ts";
import { readTransaction } from "@azimuth/partition/transaction-reader.ts";
import { failureOf, promised } from "./outcomes.ts";
import type { PipelineDoors } from "./pipeline.ts";

const idBytes = 16;
const lookAgainMs = 20;
const noToken = new Uint8Array(0);

const ledgerDefinition: NewTable = {
  name: ledgerTableName,
  attributes: [ledgerKey.partition],
  key: ledgerKey,
  billingMode: "PAY_PER_REQUEST",
  throughput: { readUnits: 0, writeUnits: 0 },
  deletionProtection: true,
  tableClass: "STANDARD",
  tags: {},
};

export async function executeTransactWrite(
  doors: PipelineDoors,
  plan: TransactWritePlan,
  context: DispatchContext,
): Promise<string> {
  const { clock, random } = doors;
  const { trace, deadline } = context;
  const ledger = await findLedger(doors, trace, deadline);
  const deliver = (command: Parameters<typeof doors.dispatcher.write>[0], until: number): Promise<DeliveryResult> =>
    promised<DispatchResult>((done) =>
      doors.dispatcher.write(command, { trace, deadline: until, requestToken: noToken, firstAttempt: 0 }, done));
  const wasDeleted = (tableId: number): boolean => doors.catalog.wasDeleted(tableId);
  const result = await runTransaction({ clock, random, deliver, wasDeleted }, {
    id: idOf(doors, plan, context), payloadHash: plan.payloadHash, parts: plan.parts, ledger, deadline,
  });
  switch (result.kind) {
    case "gone":
    case "unknown":
    case "unavailable":
      throw failureOf(result.kind);
    default:
      return plan.reply(result);
  }
}

export async function executeTransactGet(
  doors: PipelineDoors,
  plan: TransactGetPlan,
  { trace, deadline }: DispatchContext,
): Promise<string> {
  const { clock, random } = doors;
  const read = (command: TransactGetPlan["parts"][number], until: number): Promise<DeliveryResult> =>
    promised<DispatchResult>((done) => {
      const context = { trace, deadline: until, requestToken: noToken, firstAttempt: 0 };
      doors.dispatcher.read(command, command.position.token, context, done);
    });
  const result = await readTransaction({ clock, random, read }, plan.parts, deadline);
  switch (result.kind) {
    case "gone":
    case "unavailable":
      throw failureOf(result.kind);
    default:
      return plan.reply(result);
  }
}

/** Of all requests of one client token; without one, of all attempts of one request. */
function idOf(doors: PipelineDoors, { clientToken }: TransactWritePlan, { requestToken }: DispatchContext): Uint8Array {
  if (clientToken === undefined) return requestToken;
  const digest = hash("sha256", `${doors.parseContext.accountId}\n${clientToken}`, "buffer");
  return Uint8Array.from(digest.subarray(0, idBytes));
}

/** The id of the ledger's table; makes the table if there is none. */
async function findLedger(doors: PipelineDoors, trace: string, deadline: number): Promise<number> {
  const { catalog, clock, controlClient } = doors;
  const known = catalog.find(ledgerTableName);
  if (known !== undefined) return known.tableId;
  await promised((done) => {
    const command = { operation: "CreateTable", definition: ledgerDefinition } as const;
    controlClient.send(command, { trace, deadlineMs: deadline - clock.now(), repeatable: true }, done);
  });
  while (clock.now() < deadline) {
    await catalog.prepare([ledgerTableName], trace);
    const table = catalog.find(ledgerTableName);
    if (table !== undefined) return table.tableId;
    await promised<void>((done) => void clock.after(lookAgainMs, () => done()));
  }
  throw failureOf("unavailable");
}
