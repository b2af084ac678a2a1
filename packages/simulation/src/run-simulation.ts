// One run: a seed draws a cluster, its network, its faults and its load; the load runs through the faults (safety),
// then a quorum or everything is healed and must make progress within a bounded time (liveness), and the workloads
// judge what their clients saw. In the end all copies of everything must be there and be the same, and the cluster must
// be at peace (peace.ts).
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import { setBuggifyDecider } from "@azimuth/foundation/buggify.ts";
import { setProbeSink } from "@azimuth/foundation/probe.ts";
import { explainAsText, explainVerdictAsText } from "@azimuth/history/explain-text.ts";
import type { HistoryEvent } from "@azimuth/history/history.ts";
import { HistoryRecorder, type OpenOperation } from "@azimuth/history/recorder.ts";
import { anomaliesMax, type Anomaly, type Verdict } from "@azimuth/history/verdict.ts";
import { checkCopies, waitForCopies } from "./final-checks.ts";
import { createWorkload, drawOptions, type DrawnOptions } from "./draw-options.ts";
import { Splits } from "./splits.ts";
import { Nemesis } from "./faults.ts";
import { canDoWithout, describeReplicas, isFullyReplicated } from "./health.ts";
import { Invariants } from "./invariants.ts";
import { createMischief } from "./mischief.ts";
import type { Operator } from "./operator.ts";
import { checkPeace } from "./peace.ts";
import { SimulatedClient } from "./simulated-client.ts";
import { Trace } from "./trace.ts";
import { within } from "./within.ts";
import type { Workload, WorkloadContext } from "./workloads/workload.ts";
import { World } from "./world.ts";

export interface SimulationOptions {
  readonly seed: string;
  /** Virtual milliseconds of load under faults. */
  readonly loadMs: number;
  /** Ends the load at this virtual time. Up to there the run is the same, which with a smaller `loadMs` it is not. */
  readonly stopAtMs?: number | undefined;
  /** Which faults may be drawn; see faults.ts. */
  readonly scenario: string;
  /** Instead of those that the seed draws. */
  readonly workloads?: readonly string[] | undefined;
  readonly trace?: ((line: string) => void) | undefined;
}

export interface SimulationResult {
  readonly seed: string;
  readonly verdict: "ok" | "violated";
  readonly violations: readonly string[];
  /** Checkers that came to no verdict. */
  readonly undecided: readonly string[];
  readonly options: DrawnOptions;
  readonly virtualMs: number;
  readonly events: number;
  readonly calls: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly probes: Readonly<Record<string, number>>;
  /** What happened around the first counter-example. */
  readonly linesAround: readonly string[];
  /** Last lines of what happened. */
  readonly lastLines: readonly string[];
  /** Where every replica stood when the run was given up, if it was. */
  readonly state: readonly string[];
}

export interface SimulationRun {
  readonly result: SimulationResult;
  readonly historyByWorkload: ReadonlyMap<string, readonly HistoryEvent[]>;
  readonly anomaliesByWorkload: ReadonlyMap<string, readonly Anomaly[]>;
}

const setUpLimitMs = 60_000;
const roomyDeadlineMs = 5000;
const livenessLimitMs = 90_000;
const linesKept = 60;

interface Load {
  readonly workload: Workload;
  readonly context: WorkloadContext;
}

export async function runSimulation(options: SimulationOptions): Promise<SimulationRun> {
  const run = new Run(options);
  setProbeSink((name) => run.probes.set(name, (run.probes.get(name) ?? 0) + 1));
  setBuggifyDecider(run.mischief);
  try {
    await run.execute();
  } catch (error) {
    run.violated((error as Error).stack ?? String(error));
    run.describe();
  } finally {
    setProbeSink(undefined);
    setBuggifyDecider(undefined);
  }
  return run.outcome();
}

/** What a seed loads its cluster with. */
export function drawnWorkloads(seed: string, scenario: string): readonly string[] {
  return drawOptions(createSeededRandom(seed).split("options"), { scenario, loadMs: 0 }).workloads;
}

class Run {
  readonly probes = new Map<string, number>();
  readonly mischief: (site: string) => boolean;
  readonly #options: SimulationOptions;
  readonly #drawn: DrawnOptions;
  readonly #random: Random;
  readonly #violations: string[] = [];
  readonly #undecided: string[] = [];
  readonly #anomaliesByWorkload = new Map<string, Anomaly[]>();
  readonly #trace: Trace;
  #linesAround: readonly string[] = [];
  #state: readonly string[] = [];
  readonly #clients: SimulatedClient[] = [];
  readonly #loads: Load[];
  readonly #world: World;
  #nemesis: Nemesis | undefined;
  #stopped = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#trace = new Trace(options.trace);
    this.#random = createSeededRandom(options.seed);
    this.#drawn = drawOptions(this.#random.split("options"), options);
    this.mischief = createMischief(this.#random.split("mischief"), this.#drawn.mischief);
    this.#world = this.#createWorld();
    this.#loads = this.#drawn.workloads.map((name) => {
      const workload = createWorkload(name);
      return { workload, context: this.#contextOf(workload) };
    });
  }

  async execute(): Promise<void> {
    const world = this.#world;
    const operator = world.startOperator();
    world.startAll();
    const setUp = Promise.all(this.#loads.map(({ workload, context }) => workload.setUp(context)));
    await within(world, setUpLimitMs, setUp, "the tables are not usable");
    if (this.#drawn.faults.kinds.length === 0 && this.#isRoomy()) this.#expectNoFailures();
    const nemesis = new Nemesis(world, operator, this.#random.split("nemesis"), this.#drawn.faults);
    this.#nemesis = nemesis;
    nemesis.start();
    const splitting = this.#random.split("splits");
    const splits = new Splits(world, operator, splitting, this.#drawn.splitMeanMs, () => nemesis.needsQuiet);
    splits.start();
    const running = Promise.all(this.#loads.flatMap(({ workload, context }) =>
      context.clients.map((client, number) => workload.run(context, client, number))));
    const { loadMs, stopAtMs = Infinity } = this.#options;
    await world.advance(Math.max(world.time.now(), Math.min(world.time.now() + loadMs, stopAtMs)));
    nemesis.stop();
    splits.stop();
    setBuggifyDecider(undefined);
    const zoneLeftDown = this.#zoneToLeaveDown(nemesis, operator);
    this.#heal(zoneLeftDown);
    this.#stopped = true;
    await within(world, livenessLimitMs, running, "clients got no answers after a quorum was healed");
    const checked = Promise.all(this.#loads.map(({ workload, context }) => workload.check(context)));
    await within(world, livenessLimitMs, checked, "the final reads got no answers after a quorum was healed");
    const missing = await waitForCopies(world, operator, zoneLeftDown > 0);
    for (const what of missing) this.violated(what);
    if (missing.length > 0) this.describe();
    if (missing.length > 0) return;
    for (const what of await checkCopies(world, operator)) this.violated(what);
    await this.#checkPeace(operator, zoneLeftDown > 0);
  }

  outcome(): SimulationRun {
    const result: SimulationResult = {
      seed: this.#options.seed,
      verdict: this.#violations.length === 0 ? "ok" : "violated",
      violations: this.#violations,
      undecided: this.#undecided,
      options: this.#drawn,
      virtualMs: this.#world.time.now(),
      events: this.#world.time.events,
      calls: this.#clients.reduce((sum, client) => sum + client.calls, 0),
      faults: Object.fromEntries(this.#nemesis?.counts ?? []),
      probes: Object.fromEntries(this.probes),
      linesAround: this.#linesAround,
      lastLines: this.#trace.last(linesKept),
      state: this.#state,
    };
    const historyByWorkload = new Map(this.#loads.map(({ workload, context }) =>
      [workload.name, context.history.events] as const));
    return { result, historyByWorkload, anomaliesByWorkload: this.#anomaliesByWorkload };
  }

  /** Where everything stood when the run was given up. */
  describe(): void {
    this.#state = describeReplicas(this.#world);
  }

  violated(what: string): void {
    this.#violations.push(what);
    this.#note(`VIOLATED ${what}`);
  }

  #judged(name: string, history: HistoryRecorder, verdict: Verdict): void {
    if (verdict.verdict === "unknown") this.#undecided.push(`${name}: ${verdict.explanation}`);
    if (verdict.verdict !== "violated") return;
    for (const anomaly of verdict.anomalies) this.#keep(name, history, anomaly);
    this.violated(`${name}: ${explainVerdictAsText(verdict)}`);
  }

  /** What a workload found by itself: with a picture of the operations that it names. */
  #found(name: string, history: HistoryRecorder, what: string, shownBy: readonly (OpenOperation | undefined)[]): void {
    const ids = new Set(shownBy.map((open) => open?.index));
    const operations = ids.size === 0 ? [] : history.operations().filter(({ id }) => ids.has(id));
    const kept = this.#anomaliesByWorkload.get(name)?.length ?? 0;
    const culprit = operations.at(-1);
    if (culprit === undefined || kept === anomaliesMax) return this.violated(`${name}: ${what}`);
    const { key } = culprit;
    const isOfOneKey = key !== undefined && operations.every((operation) => operation.key === key);
    const of = isOfOneKey ? { key } : {};
    const anomaly: Anomaly = { kind: name, ...of, explanation: `${what}.`, operations, culprit };
    this.#keep(name, history, anomaly);
    this.violated(`${name}: ${what}\n${explainAsText({ ...anomaly, explanation: "" })}`);
  }

  #keep(name: string, history: HistoryRecorder, anomaly: Anomaly): void {
    const kept = this.#anomaliesByWorkload.get(name) ?? [];
    this.#anomaliesByWorkload.set(name, kept);
    kept.push(anomaly);
    if (this.#linesAround.length === 0) this.#linesAround = this.#trace.around(anomaly, history.events);
  }

  async #checkPeace(operator: Operator, zoneIsDown: boolean): Promise<void> {
    const world = this.#world;
    const random = this.#random.split("peace");
    const client = new SimulatedClient(world, random.split("client"), "peace", 1);
    this.#clients.push(client);
    const mayFail = zoneIsDown || !this.#isRoomy();
    for (const what of await checkPeace({ world, operator, random, client, zoneIsDown, mayFail })) this.violated(what);
  }

  /** Where the draw leaves a request a second, or the nodes room for few messages, some fail without any fault. */
  #isRoomy(): boolean {
    const { routerDeadlineMs, replication } = this.#drawn;
    return routerDeadlineMs >= roomyDeadlineMs && replication.inboxMessagesMax === undefined;
  }

  /** Where nothing goes wrong nothing may fail. */
  #expectNoFailures(): void {
    for (const client of this.#clients) client.onFailedAttempt = (what) => this.violated(`without any fault: ${what}`);
  }

  #contextOf(workload: Workload): WorkloadContext {
    const world = this.#world;
    const random = this.#random.split(workload.name);
    const clients = Array.from({ length: this.#drawn.clientsPerWorkload }, (_, number) =>
      new SimulatedClient(world, random.split(`client-${number}`), `${workload.name}-${number}`, (number % 3) + 1));
    this.#clients.push(...clients);
    const thinking = random.split("think");
    const isTraced = this.#options.trace !== undefined;
    const history: HistoryRecorder = new HistoryRecorder(
      () => world.time.now(), isTraced ? (event) => this.#trace.addOperation(event) : undefined,
    );
    return {
      world,
      random: random.split("load"),
      clients,
      history,
      isStopped: () => this.#stopped,
      think: () => world.sleep(-Math.log(1 - thinking.next()) * this.#drawn.thinkMeanMs),
      violated: (what, ...shownBy) => this.#found(workload.name, history, what, shownBy),
      judged: (verdict) => this.#judged(workload.name, history, verdict),
    };
  }

  #createWorld(): World {
    const { syncMeanMs, engineMeanMs, ...rest } = this.#drawn;
    const exponential = (mean: number) => (draws: Random) => -Math.log(1 - draws.next()) * mean;
    const invariants = new Invariants();
    return new World({
      ...rest,
      random: this.#random.split("world"),
      zones: 3,
      syncLatencyMs: exponential(syncMeanMs),
      ...(engineMeanMs === 0 ? {} : { engineLatencyMs: exponential(engineMeanMs) }),
      trace: (line) => this.#note(line),
      inspect: (world) => invariants.inspect(world),
    });
  }

  #zoneToLeaveDown(nemesis: Nemesis, operator: Operator): number {
    const { zoneLeftDown } = this.#drawn;
    const isWhole = zoneLeftDown !== 0 && !nemesis.isDamaged && isFullyReplicated(this.#world, operator);
    return isWhole && canDoWithout(operator, `az-${zoneLeftDown}`) ? zoneLeftDown : 0;
  }

  /** Everything runs and nothing is in the way any more, but for one zone perhaps, which stays down. */
  #heal(zoneLeftDown: number): void {
    const world = this.#world;
    world.note("nemesis", `heals all${zoneLeftDown === 0 ? "" : ` but az-${zoneLeftDown}, which stays down`}`);
    world.network.healAll();
    for (const [name, { disk, engineDisk, member }] of world.nodes) {
      disk.setFull(false);
      engineDisk.setFull(false);
      disk.stallUntil(0);
      world.resume(name);
      if (member.zone === `az-${zoneLeftDown}`) world.removeNode(name);
      else world.startNode(name);
    }
    for (const name of world.routers.keys()) {
      world.resume(name);
      world.startRouter(name);
    }
  }

  #note(line: string): void {
    this.#trace.add(this.#world.time.now(), line);
  }
}
