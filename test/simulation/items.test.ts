// The workload `items` before a single copy of its table: it comes to a good verdict when that tells the truth, also
// where answers are lost, and convicts each lie with a picture.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { explainAsSvg } from "@azimuth/history/explain-svg.ts";
import { explainVerdictAsText } from "@azimuth/history/explain-text.ts";
import { HistoryRecorder } from "@azimuth/history/recorder.ts";
import type { Anomaly, Verdict } from "@azimuth/history/verdict.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { CallResult, SimulatedClient } from "@azimuth/simulation/simulated-client.ts";
import { createItemsWorkload } from "@azimuth/simulation/workloads/items.ts";
import type { WorkloadContext } from "@azimuth/simulation/workloads/workload.ts";
import type { World } from "@azimuth/simulation/world.ts";
import { baseTable, LocalTables } from "../../packages/operations/test/local-table.ts";

type Attributes = Record<string, { readonly S?: string; readonly N?: string }>;

interface Request {
  readonly target: string;
  readonly input: Record<string, unknown>;
  /** Carries it out, or another request instead. */
  run(input?: object): CallResult;
}

type Copy = (request: Request) => CallResult;

interface Told {
  readonly verdict: Verdict;
  readonly violations: readonly string[];
  readonly targets: ReadonlySet<string>;
}

const callsPerRun = 700;
const clientCount = 5;

async function judge(seed: string, copy: Copy): Promise<Told> {
  const random = createSeededRandom(seed);
  const tables = new LocalTables([{ ...baseTable, name: "items" }]);
  const targets = new Set<string>();
  const violations: string[] = [];
  let calls = 0;
  let time = 0;
  let verdict: Verdict | undefined;
  const pause = async (): Promise<void> => {
    for (let turns = random.integer(12); turns > 0; turns--) await Promise.resolve();
  };
  const call = async (target: string, input: object): Promise<CallResult> => {
    calls++;
    targets.add(target);
    await pause();
    const run = (other = input): CallResult => answerOf(tables, target, other);
    const isOfTables = target === "CreateTable" || target === "DescribeTable";
    const sent = structuredClone(input) as Record<string, unknown>;
    const result: CallResult = isOfTables ? tableIsThere : copy({ target, input: sent, run });
    await pause();
    return result;
  };
  const clients = Array.from({ length: clientCount }, (_, number) => ({ name: `c${number}`, call }));
  const context: WorkloadContext = {
    world: { sleep: pause } as unknown as World,
    random,
    clients: clients as unknown as SimulatedClient[],
    history: new HistoryRecorder(() => ++time),
    isStopped: () => calls > callsPerRun,
    think: pause,
    violated: (what) => void violations.push(what),
    judged: (told) => (verdict = told),
  };
  const workload = createItemsWorkload();
  await workload.setUp(context);
  await Promise.all(context.clients.map((client, number) => workload.run(context, client, number)));
  await workload.check(context);
  return { verdict: verdict as unknown as Verdict, violations, targets };
}

const tableIsThere: CallResult = { kind: "ok", body: { Table: { TableStatus: "ACTIVE" } }, replica: undefined };

function answerOf(tables: LocalTables, target: string, input: object): CallResult {
  try {
    return { kind: "ok", body: { ...tables.call(target, input) }, replica: undefined };
  } catch (error) {
    if (!(error instanceof DynamoDbException)) throw error;
    return { kind: "refused", type: error.type, message: error.message, item: error.members?.["Item"] };
  }
}

test("a single copy of the items is found right, and every form is asked", async () => {
  for (const seed of ["one", "two", "three"]) {
    const { verdict, violations, targets } = await judge(seed, ({ run }) => run());
    assert.deepEqual(violations, []);
    assert.equal(verdict.verdict, "ok", explainVerdictAsText(verdict));
    assert.deepEqual([...targets].sort(), [
      "BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "CreateTable", "DeleteItem", "DescribeTable",
      "ExecuteStatement", "GetItem", "PutItem", "Query", "UpdateItem",
    ]);
  }
});

test("answers that are lost, before or after the deed, convict nobody", async () => {
  const random = createSeededRandom("losses");
  const { verdict, violations } = await judge("lost", ({ run }) => {
    const choice = random.next();
    if (choice < 0.03) return { kind: "unreachable" };
    if (choice < 0.06) run();
    return choice < 0.09 ? { kind: "unknown", reason: "lost" } : run();
  });
  assert.deepEqual(violations, []);
  assert.equal(verdict.verdict, "ok", explainVerdictAsText(verdict));
});

test("a refusal that has nothing to do with a condition is a violation", async () => {
  const throttled: CallResult = { kind: "refused", type: "ThrottlingException", message: "no", item: undefined };
  let times = 0;
  const { violations } = await judge("throttled", ({ target, run }) =>
    target === "BatchGetItem" && ++times === 2 ? throttled : run());
  assert.match(violations[0] ?? "", /BatchGetItem refused with ThrottlingException/);
});

const refused: CallResult = {
  kind: "refused", type: "ConditionalCheckFailedException", message: "no", item: undefined,
};

/** Has each answer's `member` changed. */
function changed(result: CallResult, member: string, change: (attributes: Attributes) => Attributes): CallResult {
  if (result.kind !== "ok" || result.body[member] === undefined) return result;
  return { ...result, body: { ...result.body, [member]: change(result.body[member] as Attributes) } };
}

const other = (attributes: Attributes): Attributes => ({ ...attributes, n: { N: "777" } });
const every = 2;

/** Tells a lie now and then; on all other occasions, and where there is nothing to lie about, the truth. */
function liar(applies: (request: Request) => boolean, lie: Copy): Copy {
  let occasions = 0;
  return (request) => (applies(request) && ++occasions % every === 0 ? lie(request) : request.run());
}

const returns = (wanted: string) => ({ input }: Request): boolean => input["ReturnValues"] === wanted;
const isTarget = (wanted: string) => ({ target }: Request): boolean => target === wanted;
const statementOf = ({ input }: Request): string => String(input["Statement"]);
/** The first of the writes or reads of a batch. */
const entriesOf = (input: Record<string, unknown>): object[] => (input["RequestItems"] as { items: object[] }).items;

const lies: Readonly<Record<string, () => Copy>> = {
  "an acknowledged PutItem is not done": () => liar(isTarget("PutItem"), ({ run, input }) =>
    "ConditionExpression" in input ? run() : { kind: "ok", body: {}, replica: undefined }),
  "an addition is done twice": () => liar(({ input }) => /ADD/.test(String(input["UpdateExpression"])), ({ run }) => {
    run();
    return run();
  }),
  "a condition that holds is refused": () => liar(({ input }) => "ConditionExpression" in input, () => refused),
  "what was refused is done all the same": () => liar(isTarget("PutItem"), ({ run, input }) => {
    const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues, ...rest } = input;
    const result = run();
    void [ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues];
    if (result.kind === "refused") run({ ...rest, ReturnValuesOnConditionCheckFailure: "NONE" });
    return result;
  }),
  "ALL_OLD tells of another item": () => liar(returns("ALL_OLD"), ({ run }) => changed(run(), "Attributes", other)),
  "ALL_NEW tells of another item": () => liar(returns("ALL_NEW"), ({ run }) => changed(run(), "Attributes", other)),
  "UPDATED_OLD tells what was not touched": () =>
    liar(returns("UPDATED_OLD"), ({ run }) => changed(run(), "Attributes", (told) => ({ ...told, id: { S: "x" } }))),
  "UPDATED_NEW tells what was there before": () => liar(returns("UPDATED_NEW"), ({ input, run }) => {
    const result = run({ ...input, ReturnValues: "UPDATED_OLD" });
    return result.kind === "ok" ? { ...result, body: { Attributes: {}, ...result.body } } : result;
  }),
  "a refusal shows another item": () => liar(({ input }) => "ReturnValuesOnConditionCheckFailure" in input, ({ run }) => {
    const result = run();
    return result.kind === "refused" ? { ...result, item: { ...Object(result.item), n: { N: "777" } } } : result;
  }),
  "GetItem returns another item's attributes": () =>
    liar(isTarget("GetItem"), ({ run }) => changed(run(), "Item", other)),
  "GetItem finds nothing": () => liar(isTarget("GetItem"), () => ({ kind: "ok", body: {}, replica: undefined })),
  "GetItem returns more than was asked for": () => liar(({ input, target }) =>
    target === "GetItem" && "ProjectionExpression" in input, ({ run, input: { TableName, Key, ConsistentRead } }) =>
    run({ TableName, Key, ConsistentRead })),
  "BatchWriteItem forgets a part": () => liar(isTarget("BatchWriteItem"), ({ run, input }) =>
    run({ RequestItems: { items: entriesOf(input).slice(1) } })),
  "BatchGetItem drops an item": () => liar(isTarget("BatchGetItem"), ({ run }) =>
    changed(run(), "Responses", () => ({}))),
  "INSERT is done over what is there": () => liar((request) => statementOf(request).startsWith("INSERT"), ({ run }) => {
    const result = run();
    return result.kind === "refused" ? { kind: "ok", body: { Items: [] }, replica: undefined } : result;
  }),
  "an UPDATE statement is not done": () => liar((request) => /^UPDATE((?!RETURNING).)*$/.test(statementOf(request)),
    () => ({ kind: "ok", body: { Items: [] }, replica: undefined })),
  "a DELETE statement is not done": () => liar((request) => /^DELETE((?!RETURNING).)*$/.test(statementOf(request)),
    () => ({ kind: "ok", body: { Items: [] }, replica: undefined })),
  "SELECT finds nothing": () => liar((request) => statementOf(request).startsWith("SELECT"),
    () => ({ kind: "ok", body: { Items: [] }, replica: undefined })),
  "BatchExecuteStatement mixes its answers up": () => liar(isTarget("BatchExecuteStatement"), ({ run }) => {
    const result = run();
    if (result.kind !== "ok") return result;
    return { ...result, body: { Responses: (result.body["Responses"] as object[]).toReversed() } };
  }),
  "a filter lets everything through": () => liar(({ input }) => "FilterExpression" in input, ({ run, input }) => {
    const { FilterExpression, ...rest } = input;
    void FilterExpression;
    const condition = String(input["KeyConditionExpression"]);
    const [name = "", value = ""] = condition.split(" = ");
    const names = { [name]: "id" };
    const values = { [value]: (input["ExpressionAttributeValues"] as Attributes)[value] };
    const { ProjectionExpression, ...whole } = rest;
    return ProjectionExpression === undefined
      ? run({ ...whole, ExpressionAttributeNames: names, ExpressionAttributeValues: values })
      : run();
  }),
};

for (const [lie, copy] of Object.entries(lies)) {
  test(`convicted with a picture: ${lie}`, async () => {
    const { verdict } = await judge("lies", copy());
    assert.equal(verdict.verdict, "violated", lie);
    assert.match(explainVerdictAsText(verdict), /│ *\[.*\]‼/);
    assert.match(explainAsSvg(verdict.anomalies[0] as Anomaly), /class="box \w+ culprit"/);
  });
}
