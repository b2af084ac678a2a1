// The rounds of violence that the cluster test and long runs share: under a steady load, power is cut from the
// busiest leader's node, from a zone, and from each node in turn, with restarts between.
import { setTimeout as wait } from "node:timers/promises";
import { createClient, createWorkloadTable, Workload, type WorkloadReport } from "./workload.ts";
import type { TestCluster } from "./test-cluster.ts";

export interface SurvivalReport extends WorkloadReport {
  /** Longest call of any client after each power cut of a leader's node, in milliseconds. */
  readonly outagesMs: readonly number[];
}

const table = "survival";
const clients = 16;
const darkMs = 1500;
const lightMs = 1500;
const outageWindowMs = 4000;

export async function survive(cluster: TestCluster, rounds: number, say: (line: string) => void): Promise<SurvivalReport> {
  const client = createClient(cluster.endpoint);
  await createWorkloadTable(client, table);
  const workload = new Workload(client, table, clients);
  workload.start();
  const cuts: number[] = [];
  await wait(lightMs);
  for (let round = 0; round < rounds; round++) {
    const target = await targetOf(cluster, round);
    cuts.push(performance.now());
    await cluster.act("kill", target);
    await wait(darkMs);
    await cluster.act("restart", target);
    await cluster.caughtUp(30_000);
    await wait(lightMs);
    const outage = workload.outageAfter(cuts.at(-1) as number, outageWindowMs);
    say(`round ${round + 1}: killed ${target}, longest call ${outage.toFixed(0)} ms`);
  }
  const report = await workload.finish();
  client.destroy();
  return { ...report, outagesMs: cuts.map((at) => workload.outageAfter(at, outageWindowMs)) };
}

/** The busiest leader's node, a whole zone, then the nodes one after another. */
async function targetOf(cluster: TestCluster, round: number): Promise<string> {
  if (round % 5 === 0) return cluster.busiestLeader();
  if (round % 5 === 1) return `az-${((round / 5) | 0) % 3 + 1}`;
  return cluster.nodes[round % cluster.nodes.length] as string;
}
