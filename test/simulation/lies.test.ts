// A cluster that acknowledges some writes and does not do them: every workload that can notice convicts it, and shows
// by which few operations.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainAsSvg } from "@azimuth/history/explain-svg.ts";
import { runSimulation } from "@azimuth/simulation/run-simulation.ts";
import { SimulatedClient, type CallResult } from "@azimuth/simulation/simulated-client.ts";

const writes = new Set(["PutItem", "UpdateItem", "TransactWriteItems"]);
/** Of a workload's writes, after those that set it up. */
const everyNth = 9;
const honestWrites = 12;
const operationsShownMax = 12;

const workloads = [
  "registers", "plain-registers", "counters", "version-chain", "bank", "list-append", "transact-append", "transfers",
  "tables", "expiry",
];

test("a write that is acknowledged and not done is convicted with a picture, whoever wrote it", async (t) => {
  const call = SimulatedClient.prototype.call;
  const writesOf = new Map<string, number>();
  const answered = new Map<string, CallResult>();
  async function lie(this: SimulatedClient, target: string, input: object): Promise<CallResult> {
    const workload = this.name.replace(/-\d+$/, "");
    const count = (writesOf.get(workload) ?? 0) + (writes.has(target) ? 1 : 0);
    writesOf.set(workload, count);
    const before = answered.get(`${workload} ${target}`);
    const lies = writes.has(target) && count > honestWrites && count % everyNth === 0;
    if (lies && before !== undefined) return before;
    const result = await call.call(this, target, input);
    if (result.kind === "ok") answered.set(`${workload} ${target}`, result);
    return result;
  }
  t.mock.method(SimulatedClient.prototype, "call", lie);
  const run = await runSimulation({ seed: "11", loadMs: 6000, scenario: "calm", workloads });
  assert.equal(run.result.verdict, "violated");
  for (const workload of workloads) {
    const anomalies = run.anomaliesByWorkload.get(workload) ?? [];
    assert.ok(anomalies.length > 0, `${workload} notices nothing\n${run.result.violations.join("\n")}`);
    for (const anomaly of anomalies) {
      const { length } = anomaly.operations;
      assert.ok(length >= 1 && length <= operationsShownMax, `${workload} shows ${length} operations`);
      assert.match(explainAsSvg(anomaly), /class="box/);
    }
    const said = run.result.violations.find((violation) => violation.startsWith(`${workload}: `));
    assert.match(said ?? "", / │ .*\[[\s\S]* to \d/, "the time line, and when it was");
  }
  assert.ok(run.result.linesAround.some((line) => / (invoke|ok) /.test(line)), "what clients did around the first");
});
