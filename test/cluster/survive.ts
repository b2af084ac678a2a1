// The rounds of violence that the cluster test and long runs share: under a steady load, power is cut from the
// busiest leader's node, from a zone, and from each node in turn, with restarts between.
import { setTimeout as wait } from "node:timers/promises";
import { createClient, createWorkloadTable, Workload, type WorkloadReport } from "./workload.ts";
import type { TestCluster } from "./test-cluster.ts";

export interface SurvivalReport extends WorkloadReport {
  /** Longest call of any client after each power cut of a leader's node, in milliseconds. */
  readonly outagesMs: readonly number[];
}

const clients = 16;
const darkMs = 1500;
const lightMs = 1500;
const frozenMs = 3000;
const outageWindowMs = 4000;

export async function survive(
  cluster: TestCluster,
  rounds: number,
  say: (line: string) => void,
): Promise<SurvivalReport> {
  return underLoad(cluster, "survival", say, rounds, async (round) => {
    const target = await targetOf(cluster, round);
    const at = performance.now();
    await cluster.act("kill", target);
    await wait(darkMs);
    await cluster.act("restart", target);
    return { at, what: `killed ${target}` };
  });
}

/** Freezes the busiest leader's node for longer than an election takes, again and again. */
export async function freeze(
  cluster: TestCluster,
  rounds: number,
  say: (line: string) => void,
): Promise<SurvivalReport> {
  return underLoad(cluster, "freezing", say, rounds, async () => {
    const target = await cluster.busiestLeader();
    const at = performance.now();
    await cluster.act("pause", target);
    await wait(frozenMs);
    await cluster.act("resume", target);
    return { at, what: `froze ${target}` };
  });
}

async function underLoad(
  cluster: TestCluster,
  table: string,
  say: (line: string) => void,
  rounds: number,
  strike: (round: number) => Promise<{ readonly at: number; readonly what: string }>,
): Promise<SurvivalReport> {
  const client = createClient(cluster.endpoint);
  await createWorkloadTable(client, table);
  const workload = new Workload(client, table, clients);
  workload.start();
  const outagesMs: number[] = [];
  await wait(lightMs);
  for (let round = 0; round < rounds; round++) {
    const { at, what } = await strike(round);
    await cluster.caughtUp(30_000);
    await wait(lightMs);
    const outage = workload.outageAfter(at, outageWindowMs);
    outagesMs.push(outage);
    say(`round ${round + 1}: ${what}, longest call ${outage.toFixed(0)} ms`);
  }
  const report = await workload.finish();
  client.destroy();
  return { ...report, outagesMs };
}

/** The busiest leader's node, a whole zone, then the nodes one after another. */
async function targetOf(cluster: TestCluster, round: number): Promise<string> {
  if (round % 5 === 0) return cluster.busiestLeader();
  if (round % 5 === 1) return `az-${((round / 5) | 0) % 3 + 1}`;
  return cluster.nodes[round % cluster.nodes.length] as string;
}
