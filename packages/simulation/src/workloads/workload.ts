// The form of a workload: it sets its table up, loads it with clients until told to stop, and judges what it saw. All
// that clients see goes into a history in Jepsen's format; most workloads judge by handing it to a checker of
// packages/history.
import type { Random } from "@azimuth/foundation/random.ts";
import type { HistoryRecorder, OpenOperation } from "@azimuth/history/recorder.ts";
import type { Verdict } from "@azimuth/history/verdict.ts";
import { conditionFailed, type CallResult, type SimulatedClient } from "../simulated-client.ts";
import type { World } from "../world.ts";

export interface WorkloadContext {
  readonly world: World;
  readonly random: Random;
  readonly clients: readonly SimulatedClient[];
  readonly history: HistoryRecorder;
  /** True once clients are to finish what they are at and stop. */
  readonly isStopped: () => boolean;
  /** A client's pause between two calls. */
  think(): Promise<void>;
  /** Notes something that must not be, and the few operations of the history that show it, for a picture. */
  violated(what: string, ...shownBy: readonly (OpenOperation | undefined)[]): void;
  /** Notes what a checker found. */
  judged(verdict: Verdict): void;
}

export interface Workload {
  readonly name: string;
  setUp(context: WorkloadContext): Promise<void>;
  /** One client's life; ends soon after `isStopped`. */
  run(context: WorkloadContext, client: SimulatedClient, number: number): Promise<void>;
  /** Judges, on a healed cluster. */
  check(context: WorkloadContext): Promise<void>;
}

/** Creates a table with a partition key `id` (S) and perhaps a sort key `at` (N); waits until it is usable. */
export async function createTable(context: WorkloadContext, name: string, withSortKey: boolean): Promise<void> {
  const client = context.clients[0] as SimulatedClient;
  const definitions = [{ AttributeName: "id", AttributeType: "S" }];
  const schema = [{ AttributeName: "id", KeyType: "HASH" }];
  if (withSortKey) {
    definitions.push({ AttributeName: "at", AttributeType: "N" });
    schema.push({ AttributeName: "at", KeyType: "RANGE" });
  }
  const input = {
    TableName: name,
    AttributeDefinitions: definitions,
    KeySchema: schema,
    BillingMode: "PAY_PER_REQUEST",
  };
  for (;;) {
    const created = await client.call("CreateTable", input);
    if (created.kind === "ok" || (created.kind === "refused" && created.type === "ResourceInUseException")) break;
    await context.world.sleep(100);
  }
  for (;;) {
    const described = await client.call("DescribeTable", { TableName: name });
    const table = described.kind === "ok" ? (described.body["Table"] as { TableStatus?: string }) : undefined;
    if (table?.TableStatus === "ACTIVE") return;
    await context.world.sleep(50);
  }
}

/** Calls until the answer is known; for checks on a healed cluster. */
export async function callUntilKnown(
  context: WorkloadContext,
  target: string,
  input: object,
): Promise<Record<string, unknown>> {
  const client = context.clients[0] as SimulatedClient;
  for (;;) {
    const result = await client.call(target, input);
    if (result.kind === "ok") return result.body;
    await context.world.sleep(100);
  }
}

interface RecordedCall {
  /** What the history calls it. */
  readonly f: string;
  readonly key: string;
  readonly target: string;
  readonly input: object;
}

/** The same as an operation of the history, so that a picture can show it. */
export async function recordUntilKnown(
  context: WorkloadContext,
  { f, key, target, input }: RecordedCall,
  valueOf: (body: Record<string, unknown>) => unknown,
): Promise<{ readonly body: Record<string, unknown>; readonly open: OpenOperation }> {
  const client = context.clients[0] as SimulatedClient;
  for (;;) {
    const open = context.history.invoke(client.name, f, null, key);
    const result = await client.call(target, input);
    record(context, open, result, valueOf);
    if (result.kind === "ok") return { body: result.body, open };
    await context.world.sleep(100);
  }
}

/** Writes the end of an operation into the history; a refusal other than of a condition is a violation. */
export function record(
  context: WorkloadContext,
  open: OpenOperation,
  result: CallResult,
  valueOf: (body: Record<string, unknown>, replica: string | undefined) => unknown,
): void {
  switch (result.kind) {
    case "ok":
      return open.ok(valueOf(result.body, result.replica));
    case "unreachable":
      return open.fail("unreachable");
    case "unknown":
      return open.info(result.reason);
    case "refused":
      if (result.type === conditionFailed) return open.refused();
      open.fail(result.type);
      return context.violated(`refused with ${result.type}: ${result.message}`, open);
  }
}

/** The item of a GetItem's answer. */
export function itemOf<Item>(body: Record<string, unknown>): Item | undefined {
  return body["Item"] as Item | undefined;
}
