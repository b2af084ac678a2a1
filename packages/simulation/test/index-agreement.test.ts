// What queries of an index show, before clients that answer everything without a cluster: an entry must be what one
// write made of the item.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { explainVerdictAsText } from "@azimuth/history/explain-text.ts";
import { HistoryRecorder } from "@azimuth/history/recorder.ts";
import type { Verdict } from "@azimuth/history/verdict.ts";
import type { CallResult, SimulatedClient } from "../src/simulated-client.ts";
import { createIndexAgreementWorkload } from "../src/workloads/index-agreement.ts";
import type { WorkloadContext } from "../src/workloads/workload.ts";

type Item = Readonly<Record<string, object>>;

/** Judges queries that show the item put last, as `distort` makes it. */
async function judge(distort: (item: Item) => Item): Promise<Verdict> {
  let put: Item | undefined;
  let calls = 0;
  const bodyOf = (target: string, input: Record<string, unknown>): Record<string, unknown> => {
    if (target === "PutItem") put = input["Item"] as Item;
    if (target === "Query") return { Items: put === undefined ? [] : [distort(put)] };
    const indexes = [{ IndexName: "byColour", IndexStatus: "ACTIVE" }];
    return { Items: [], Table: { TableStatus: "ACTIVE", GlobalSecondaryIndexes: indexes } };
  };
  const call = async (target: string, input: object): Promise<CallResult> => {
    calls++;
    return { kind: "ok", body: bodyOf(target, input as Record<string, unknown>), replica: undefined };
  };
  let verdict: Verdict | undefined;
  const context = {
    world: { time: { now: () => calls }, sleep: async () => {} },
    random: createSeededRandom("index"),
    clients: [{ name: "c0", call }] as unknown as SimulatedClient[],
    history: new HistoryRecorder(() => calls),
    isStopped: () => calls > 200,
    think: async () => {},
    violated: (what: string) => assert.fail(what),
    judged: (told: Verdict) => (verdict = told),
  } as unknown as WorkloadContext;
  const workload = createIndexAgreementWorkload();
  await workload.setUp(context);
  await workload.run(context, context.clients[0] as SimulatedClient, 1);
  await workload.check(context);
  return verdict as unknown as Verdict;
}

test("entries that some write made, the newest or not, are good", async () => {
  assert.equal((await judge((item) => item)).verdict, "ok");
});

test("an entry that mixes two images of an item, or that nobody wrote, is convicted with a picture", async () => {
  const lies: readonly ((item: Item) => Item)[] = [
    (item) => ({ ...item, colour: { S: "colour-of-another" } }),
    (item) => ({ ...item, token: { S: "9999" } }),
    ({ group: _, ...item }) => ({ ...item, group: { S: "group-of-another" } }),
  ];
  for (const lie of lies) assert.match(explainVerdictAsText(await judge(lie)), /unwritten-value[^]*│ *\[.*\]‼/);
});
