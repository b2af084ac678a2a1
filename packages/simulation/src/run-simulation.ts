// One run: a seed draws a cluster, its network, its faults and its load; the load runs through the faults (safety), then
// everything is healed and must make progress within a bounded time (liveness), and the workloads judge what
// their clients saw.
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { drawFaultPlan, Nemesis, type FaultPlan } from "./faults.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { createCountersWorkload } from "./workloads/counters.ts";
import { createVersionChainWorkload } from "./workloads/version-chain.ts";
import type { Workload, WorkloadContext } from "./workloads/workload.ts";
import { World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: string;
  /** Virtual milliseconds of load under faults. */
  readonly loadMs: number;
  readonly trace?: (line: string) => void;
  /** Faults other than what the seed draws; an empty list of kinds for a calm run. */
  readonly faults?: FaultPlan;
}

export interface SimulationResult {
  readonly seed: string;
  readonly verdict: "ok" | "violated";
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly events: number;
  readonly calls: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Last lines of what happened. */
  readonly lastLines: readonly string[];
}

const setUpLimitMs = 60_000;
const livenessLimitMs = 60_000;
const clientsPerWorkload = 4;
const linesKept = 60;

export async function runSimulation(options: SimulationOptions): Promise<SimulationResult> {
  const random = createSeededRandom(options.seed);
  const violations: string[] = [];
  const lastLines: string[] = [];
  const trace = (line: string): void => {
    options.trace?.(line);
    lastLines.push(line);
    if (lastLines.length > linesKept) lastLines.shift();
  };
  const world = drawWorld(random.split("world"), trace);
  let stopped = false;
  const clients: SimulatedClient[] = [];
  const contextOf = (workload: Workload): WorkloadContext => {
    const own = Array.from(
      { length: clientsPerWorkload },
      (_, number) => new SimulatedClient(world, random.split(`${workload.name}/client-${number}`), (number % 3) + 1, true),
    );
    clients.push(...own);
    return {
      world,
      random: random.split(`${workload.name}/load`),
      clients: own,
      isStopped: () => stopped,
      violated: (what) => {
        violations.push(what);
        trace(`VIOLATED ${what}`);
      },
    };
  };
  const loads = [createCountersWorkload(), createVersionChainWorkload()].map((workload) => ({ workload, context: contextOf(workload) }));
  const plan = options.faults ?? drawFaultPlan(random.split("faults"));
  const nemesis = new Nemesis(world, random.split("nemesis"), plan);
  const outcome = (): SimulationResult => ({
    seed: options.seed,
    verdict: violations.length === 0 ? "ok" : "violated",
    violations,
    virtualMs: world.time.now(),
    events: world.time.events,
    calls: clients.reduce((sum, client) => sum + client.calls, 0),
    faults: Object.fromEntries(nemesis.counts),
    lastLines,
  });
  try {
    world.startAll();
    await within(world, setUpLimitMs, Promise.all(loads.map(({ workload, context }) => workload.setUp(context))), "the tables are not usable");
    if (plan.kinds.length > 0) nemesis.start();
    const running = Promise.all(
      loads.flatMap(({ workload, context }) => context.clients.map((client, number) => workload.run(context, client, number))),
    );
    await world.advance(world.time.now() + options.loadMs);
    nemesis.stop();
    heal(world);
    stopped = true;
    await within(world, livenessLimitMs, running, "clients got no answers after everything was healed");
    const checked = Promise.all(loads.map(({ workload, context }) => workload.check(context)));
    await within(world, livenessLimitMs, checked, "the final reads got no answers after everything was healed");
  } catch (error) {
    violations.push((error as Error).stack ?? String(error));
  }
  return outcome();
}

function drawWorld(random: ReturnType<typeof createSeededRandom>, trace: (line: string) => void): World {
  const syncMeanMs = random.pick([0.2, 1, 5, 20]);
  const engineMeanMs = random.pick([0, 0.2, 2]);
  const exponential = (mean: number) => (draws: typeof random) => -Math.log(1 - draws.next()) * mean;
  return new World({
    random,
    zones: 3,
    nodesPerZone: random.pick([1, 1, 2]),
    routers: random.pick([1, 2]),
    syncLatencyMs: exponential(syncMeanMs),
    ...(engineMeanMs === 0 ? {} : { engineLatencyMs: exponential(engineMeanMs) }),
    segmentBytes: random.pick([1 << 14, 1 << 16, 1 << 20]),
    nodeDeadAfterMs: random.pick([2000, 10_000, 30_000]),
    trace,
  });
}

/** Everything runs, and nothing is in the way any more. */
function heal(world: World): void {
  world.network.healAll();
  for (const name of world.nodes.keys()) {
    world.nodes.get(name)?.disk.setFull(false);
    world.nodes.get(name)?.disk.stallUntil(0);
    world.resume(name);
    world.startNode(name);
  }
  for (const name of world.routers.keys()) {
    world.resume(name);
    world.startRouter(name);
  }
}

/** Advances virtual time until `promise` settles; throws when that takes longer than `limitMs`. */
async function within<Result>(world: World, limitMs: number, promise: Promise<Result>, otherwise: string): Promise<Result> {
  const deadline = world.time.now() + limitMs;
  let result: { readonly value: Result } | undefined;
  let failure: unknown;
  promise.then(
    (value) => (result = { value }),
    (error: unknown) => (failure = error ?? new Error("rejected")),
  );
  while (result === undefined && failure === undefined) {
    if (world.time.now() >= deadline) throw new Error(`${otherwise} within ${limitMs} ms`);
    await world.advance(world.time.now() + 10);
  }
  if (failure !== undefined) throw failure;
  return (result as { readonly value: Result }).value;
}
