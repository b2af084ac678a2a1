import assert from "node:assert/strict";
import { test } from "node:test";
import { untilSame } from "../src/workloads/until-same.ts";
import type { WorkloadContext } from "../src/workloads/workload.ts";

/** What is noted when eventual reads give these answers in turn, the last for ever, and strong ones 1 2. */
async function judge(answers: readonly (readonly number[] | undefined)[]): Promise<readonly string[]> {
  let now = 0;
  const violations: string[] = [];
  const world = { time: { now: () => now }, sleep: async (ms: number) => void (now += ms) };
  const context = { world, violated: (what: string) => void violations.push(what) } as unknown as WorkloadContext;
  let asked = 0;
  const eventual = async (): Promise<readonly number[] | undefined> => answers[Math.min(asked++, answers.length - 1)];
  await untilSame(context, "Scan", async () => [1, 2], eventual);
  return violations;
}

test("eventual reads that come to what strong ones show are good, however late", async () => {
  assert.deepEqual(await judge([undefined, [], [1], [1, 2, 3], [1, 2]]), []);
});

test("eventual reads that are never answered, or stay different, are a violation", async () => {
  assert.match((await judge([undefined]))[0] ?? "", /Scan is 1 2, and read eventually not answered, after 60000 ms/);
  assert.match((await judge([[1]]))[0] ?? "", /Scan is 1 2, and read eventually 1, after/);
});
