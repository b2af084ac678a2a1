// What a seed draws before its run: the cluster, its disks and network, limits far from the production ones, the faults
// and the load. Swarm testing: each run has only some of everything, in strengths of its own, so that the rare states
// that one extreme hides are reached by another.
import type { Random } from "@azimuth/foundation/random.ts";
import type { ReplicationLimits } from "@azimuth/replication/limits.ts";
import { drawFaultPlan, scenarios, type FaultPlan } from "./fault-plan.ts";
import { createBankWorkload } from "./workloads/bank.ts";
import { createCountersWorkload } from "./workloads/counters.ts";
import { createEventualReadsWorkload } from "./workloads/eventual-reads.ts";
import { createExpiryWorkload } from "./workloads/expiry.ts";
import { createIndexAgreementWorkload } from "./workloads/index-agreement.ts";
import { createItemsWorkload } from "./workloads/items.ts";
import { createListAppendWorkload } from "./workloads/list-append.ts";
import { createRangesWorkload } from "./workloads/ranges.ts";
import { createRegistersWorkload } from "./workloads/registers.ts";
import { createScansWorkload } from "./workloads/scans.ts";
import { createTablesWorkload } from "./workloads/tables.ts";
import { createTransactAppendWorkload } from "./workloads/transact-append.ts";
import { createTransfersWorkload } from "./workloads/transfers.ts";
import { createVersionChainWorkload } from "./workloads/version-chain.ts";
import type { Workload } from "./workloads/workload.ts";

const workloadMakers: Readonly<Record<string, () => Workload>> = {
  registers: () => createRegistersWorkload(true),
  "plain-registers": () => createRegistersWorkload(false),
  counters: createCountersWorkload,
  "version-chain": createVersionChainWorkload,
  bank: createBankWorkload,
  "list-append": createListAppendWorkload,
  ranges: createRangesWorkload,
  scans: createScansWorkload,
  "eventual-reads": createEventualReadsWorkload,
  tables: createTablesWorkload,
  "index-agreement": createIndexAgreementWorkload,
  expiry: createExpiryWorkload,
  transfers: createTransfersWorkload,
  "transact-append": createTransactAppendWorkload,
  items: createItemsWorkload,
};

export const workloadNames: readonly string[] = Object.keys(workloadMakers);

export interface DrawnOptions {
  readonly nodesPerZone: number;
  readonly routers: number;
  readonly syncMeanMs: number;
  readonly engineMeanMs: number;
  readonly segmentBytes: number;
  readonly cacheBytes: number;
  readonly nodeDeadAfterMs: number;
  readonly partitionsPerTable: number;
  readonly routerDeadlineMs: number;
  readonly ttlSweepMs: number;
  readonly recordSweepMs: number;
  readonly replication: Partial<ReplicationLimits>;
  readonly workloads: readonly string[];
  readonly clientsPerWorkload: number;
  readonly thinkMeanMs: number;
  readonly faults: FaultPlan;
  /** Share of the rare legal paths (mischief.ts) that this run forces now and then. */
  readonly mischief: number;
  /** Mean time between splits of partitions; 0: none. */
  readonly splitMeanMs: number;
  /** The zone that stays down in the liveness phase, if it may; 0 for none. */
  readonly zoneLeftDown: number;
}

export interface DrawRequest {
  /** Which faults may be drawn; see faults.ts. */
  readonly scenario: string;
  /** Virtual milliseconds of load under faults. */
  readonly loadMs: number;
  /** Instead of those that the seed draws. */
  readonly workloads?: readonly string[] | undefined;
}

const slowSyncMs = 20;
const smallBatchBytes = 2000;

/** Calls in one run if none had to wait; a run makes fewer by the time that its calls take. */
const callsAimedAt = [1500, 1500, 1500, 2000, 2000, 4000];

export function drawOptions(random: Random, request: DrawRequest): DrawnOptions {
  const drawn = drawAll(random, request.scenario);
  const { workloads = drawn.workloads, loadMs } = request;
  // A long run is worth its time for its faults: the same calls, spread over all of it, meet more of them.
  const spreadMs = (workloads.length * drawn.clientsPerWorkload * loadMs) / random.split("calls").pick(callsAimedAt);
  return withUsableLog({ ...drawn, workloads, thinkMeanMs: Math.max(drawn.thinkMeanMs, spreadMs) });
}

/**
 * A log that takes one group at a time on a slow disk is slower than the elections of all groups at once: they never
 * end, and that tells nothing of the code.
 */
function withUsableLog(drawn: DrawnOptions): DrawnOptions {
  const { syncMeanMs, replication } = drawn;
  if (replication.appendBatchBytesMax !== 1 || syncMeanMs < slowSyncMs) return drawn;
  return { ...drawn, replication: { ...replication, appendBatchBytesMax: smallBatchBytes } };
}

function drawAll(random: Random, scenario: string): DrawnOptions {
  // From streams of their own: one workload more leaves the clusters of all seeds as they are.
  const choosing = random.split("workloads");
  const workloads = drawWorkloads(choosing);
  return {
    nodesPerZone: random.pick([1, 1, 2]),
    routers: random.pick([1, 2, 3]),
    syncMeanMs: random.pick([0.2, 1, 5, 20]),
    engineMeanMs: random.pick([0, 0.2, 2, 10]),
    segmentBytes: random.pick([1 << 12, 1 << 14, 1 << 16, 1 << 20]),
    cacheBytes: random.pick([1 << 10, 1 << 26]),
    nodeDeadAfterMs: random.pick([2000, 10_000, 30_000]),
    partitionsPerTable: random.pick([1, 2, 4]),
    routerDeadlineMs: random.pick([1000, 5000]),
    ttlSweepMs: choosing.pick([100, 500, 2000]),
    recordSweepMs: choosing.pick([50, 10_000]),
    replication: drawReplicationLimits(random),
    workloads,
    clientsPerWorkload: random.between(3, 8),
    thinkMeanMs: random.pick([100, 300]),
    faults: drawFaultPlan(random.split("faults"), scenarios[scenario]),
    mischief: scenario === "calm" ? 0 : random.split("mischief").pick([0, 0.2, 0.4]),
    splitMeanMs: random.split("splits").pick(scenario === "splits" ? [200, 1000] : [0, 0, 500, 2000, 8000]),
    zoneLeftDown: random.chance(0.3) ? random.between(1, 3) : 0,
  };
}

/** Each by a lot of its own: one workload more changes the choice only of the seeds in which it is chosen. */
function drawWorkloads(random: Random): readonly string[] {
  const count = random.between(2, 4);
  const lots = workloadNames.map((name) => ({ name, lot: random.split(name).next() }));
  return lots.sort((one, other) => one.lot - other.lot).slice(0, count).map(({ name }) => name);
}

export function createWorkload(name: string): Workload {
  const make = workloadMakers[name];
  if (make === undefined) throw new RangeError(`there is no workload ${name}; there are ${workloadNames.join(", ")}`);
  return make();
}

/** Each limit is left as it is in production more often than not. */
function drawReplicationLimits(random: Random): Partial<ReplicationLimits> {
  const choices: { readonly [Name in keyof ReplicationLimits]?: readonly number[] } = {
    heartbeatTicks: [1, 4],
    electionTimeoutTicks: [6, 20],
    quietAfterTicks: [0, 3, 10],
    orphanedProposalTicks: [2],
    inboxMessagesMax: [50],
    appendBatchBytesMax: [1, smallBatchBytes],
    applyBatchBytesMax: [1, 1000],
    applyBatchEntriesMax: [1, 3],
    applyQueueBytesMax: [100, 5000],
    snapshotChunkBytes: [64, 2000],
    snapshotWindowChunks: [1],
    snapshotSendsMax: [1],
    snapshotReceivesMax: [1],
    snapshotTimeoutMs: [1000],
    snapshotRetryMs: [50],
    compactionPeriodMs: [200, 1000],
    flushAfterBytes: [1, 20_000],
    flushAfterMs: [300, 3000],
    logTailEntries: [0, 5, 100],
    logEntriesMax: [10, 200],
    logBytesMax: [2000, 100_000],
  };
  const drawn: Record<string, number> = {};
  const eagerness = random.pick([0, 0.15, 0.4]);
  for (const [name, values] of Object.entries(choices)) {
    const value = random.pick(values as readonly number[]);
    if (random.chance(eagerness)) drawn[name] = value;
  }
  return drawn as Partial<ReplicationLimits>;
}
