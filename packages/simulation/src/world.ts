// A whole cluster in one process: the real storage nodes, request routers and control plane, on virtual time,
// simulated network and simulated disks. The world starts, crashes, pauses and restarts processes; what a crash
// leaves on a disk is the disk's decision (storage/simulated-files.ts, memory-engine.ts). The same seed gives the
// same events.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import { silentLogger, type Logger } from "@azimuth/foundation/logger.ts";
import type { Member } from "@azimuth/foundation/members.ts";
import { createSilentMetrics } from "@azimuth/foundation/metrics.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { ReplicationLimits } from "@azimuth/replication/limits.ts";
import { createRequestRouter, type RequestRouter } from "@azimuth/request-router/request-router.ts";
import { createLogStore } from "@azimuth/storage/create-log-store.ts";
import type { Engine } from "@azimuth/storage/engine.ts";
import type { LogStore } from "@azimuth/storage/log-store.ts";
import { createMemoryEngineDisk, openMemoryEngine, type MemoryEngineDisk } from "@azimuth/storage/memory-engine.ts";
import { createSimulatedDisk, type SimulatedDisk } from "@azimuth/storage/simulated-files.ts";
import { createStorageNode, type StorageNode } from "@azimuth/storage-node/storage-node.ts";
import { drainMicrotasks } from "./drain-microtasks.ts";
import { startOperator, type Operator } from "./operator.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { ProcessClock, VirtualTime, wallEpochMs } from "./virtual-time.ts";

export interface WorldOptions {
  readonly random: Random;
  readonly zones: number;
  readonly nodesPerZone: number;
  readonly routers: number;
  /** Milliseconds that a synced write takes, drawn for each. */
  readonly syncLatencyMs?: (random: Random) => number;
  readonly engineLatencyMs?: (random: Random) => number;
  readonly segmentBytes?: number;
  /** Entries of the log kept in memory; small to have them read back from disk. */
  readonly cacheBytes?: number;
  readonly nodeDeadAfterMs?: number;
  readonly partitionsPerTable?: number;
  /** Limits of replication that differ from the production ones, to reach rare states often. */
  readonly replication?: Partial<ReplicationLimits>;
  readonly routerDeadlineMs?: number;
  readonly ttlSweepMs?: number;
  readonly recordSweepMs?: number;
  /** Runs now and then between events, whatever is under way; throws when something is wrong. */
  readonly inspect?: (world: World) => void;
  /** Takes one line for everything worth telling. */
  readonly trace?: (line: string) => void;
}

const eventsPerInspection = 1000;
const restartDelayMs = 1000;

/** One life of a storage node's process. */
export interface NodeLife {
  readonly clock: ProcessClock;
  readonly node: StorageNode;
  readonly logStore: LogStore;
  readonly engine: Engine;
}

export interface NodeMachine {
  readonly member: Member;
  disk: SimulatedDisk;
  engineDisk: MemoryEngineDisk;
  /** The life under way; undefined while the machine is off. */
  life: NodeLife | undefined;
  lives: number;
  /** Taken out of the cluster for good: it is never started again. */
  isRemoved: boolean;
}

interface RouterMachine {
  readonly name: string;
  readonly zone: string;
  life: { readonly clock: ProcessClock; readonly router: RequestRouter } | undefined;
}

export class World {
  readonly time = new VirtualTime();
  readonly network: SimulatedNetwork;
  readonly random: Random;
  readonly nodes = new Map<string, NodeMachine>();
  readonly routers = new Map<string, RouterMachine>();
  readonly #options: WorldOptions;
  readonly #founders: readonly Member[];
  /** Processes that ended by themselves: a failed disk, a broken invariant. */
  readonly deaths: { readonly name: string; readonly at: number; readonly reason: string }[] = [];
  /** A broken invariant anywhere: the run has failed. */
  failure: Error | undefined;
  #inspectAt = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = options.random;
    this.network = new SimulatedNetwork(this.time, options.random.split("network"));
    const founders: Member[] = [];
    for (let each = 0; each < options.nodesPerZone; each++) {
      for (let zone = 1; zone <= options.zones; zone++) {
        const number = each * options.zones + zone;
        founders.push({ name: `node-${number}`, zone: `az-${zone}`, endpoint: `node-${number}:1` });
      }
    }
    this.#founders = founders;
    for (const member of founders) this.addNode(member);
    for (let number = 1; number <= options.routers; number++) {
      const zone = `az-${((number - 1) % options.zones) + 1}`;
      this.routers.set(`router-${number}`, { name: `router-${number}`, zone, life: undefined });
    }
  }

  /** A machine with an empty disk; it is off until started. */
  addNode(member: Member): void {
    assert(!this.nodes.has(member.name), `${member.name} exists`);
    const machine: NodeMachine = {
      member,
      disk: this.#newDisk(member.name),
      engineDisk: createMemoryEngineDisk(),
      life: undefined,
      lives: 0,
      isRemoved: false,
    };
    this.nodes.set(member.name, machine);
  }

  /** Whom the others ask for the map when they start without one; those that were not switched off. */
  get foundersInService(): readonly string[] {
    return this.#founders.map(({ name }) => name).filter((name) => !this.#node(name).isRemoved);
  }

  startAll(): void {
    for (const name of this.nodes.keys()) this.startNode(name);
    for (const name of this.routers.keys()) this.startRouter(name);
  }

  startNode(name: string): void {
    const machine = this.#node(name);
    if (machine.life !== undefined || machine.isRemoved) return;
    const clock = this.#processClock(name);
    const random = this.random.split(`${name}/${machine.lives++}`);
    const log = this.#logger(name);
    const onFatal = (error: Error): void => this.#die(name, error.message);
    const life: { clock: ProcessClock } & Partial<NodeLife> = { clock };
    machine.life = life as NodeLife;
    this.note(name, "starts");
    clock.run(() => {
      const files = machine.disk.open(onFatal);
      const { segmentBytes, cacheBytes } = this.#options;
      const logStore = createLogStore({
        files,
        log,
        onFatal,
        ...(segmentBytes === undefined ? {} : { segmentBytes }),
        ...(cacheBytes === undefined ? {} : { cacheBytes }),
      });
      const latency = this.#options.engineLatencyMs;
      const engine = openMemoryEngine(machine.engineDisk, {
        clock,
        onFatal,
        ...(latency === undefined ? {} : { latencyMs: () => latency(random) }),
      });
      const transport = this.network.transport(name, clock);
      const metrics = createSilentMetrics();
      const { nodeDeadAfterMs, partitionsPerTable, replication, ttlSweepMs, recordSweepMs } = this.#options;
      const { zone, endpoint } = machine.member;
      const node = createStorageNode(
        { clock, random: random.split("node"), log, metrics, engine, files, logStore, transport },
        {
          cluster: "simulation",
          name,
          zone,
          advertise: endpoint,
          members: this.#founders,
          accountId: "000000000000",
          nodeDeadAfterMs,
          partitionsPerTable,
          replication,
          ttlSweepMs,
          recordSweepMs,
        },
      );
      Object.assign(life, { node, logStore, engine });
      node.start();
    });
  }

  /** The operator's own process, which nothing ever happens to. */
  startOperator(): Operator {
    const clock = this.#processClock("operator");
    const random = this.random.split("operator");
    const nodes = (): readonly string[] => [...this.nodes.keys()];
    return startOperator({ clock, random, transport: this.network.transport("operator", clock), nodes });
  }

  startRouter(name: string): void {
    const machine = this.#router(name);
    if (machine.life !== undefined) return;
    const clock = this.#processClock(name);
    const random = this.random.split(`${name}/${this.time.now()}`);
    const router = createRequestRouter(
      {
        clock,
        random,
        log: this.#logger(name),
        metrics: createSilentMetrics(),
        transport: this.network.transport(name, clock),
      },
      {
        name,
        zone: machine.zone,
        members: this.#founders,
        region: "us-east-1",
        accountId: "000000000000",
        authentication: false,
        deadlineMs: this.#options.routerDeadlineMs,
      },
    );
    machine.life = { clock, router };
    clock.run(() => router.start());
  }

  /** Power loss: the process ends at once, and the disk keeps what it keeps. */
  crashNode(name: string): void {
    const machine = this.#node(name);
    if (machine.life === undefined) return;
    this.note(name, "crashes");
    machine.life.clock.die();
    machine.life = undefined;
    this.network.detach(name);
    const random = this.random.split(`crash/${name}/${machine.lives}`);
    machine.disk.crash(random);
    machine.engineDisk.crash(random);
  }

  /** The node's flushed and unflushed data stay; one byte of what its log holds is no more what was written. */
  flipLogByte(name: string, file: string, offset: number): void {
    this.note(name, `has byte ${offset} of ${file} flipped`);
    this.#node(name).disk.flipByte(file, offset);
  }

  /** The machine is off and its disk is empty from now on. */
  loseDisk(name: string): void {
    this.crashNode(name);
    const machine = this.#node(name);
    this.note(name, "loses its disk");
    machine.disk = this.#newDisk(name);
    machine.engineDisk = createMemoryEngineDisk();
  }

  removeNode(name: string): void {
    this.crashNode(name);
    this.#node(name).isRemoved = true;
  }

  crashRouter(name: string): void {
    const machine = this.#router(name);
    if (machine.life === undefined) return;
    this.note(name, "crashes");
    machine.life.clock.die();
    machine.life = undefined;
    this.network.detach(name);
  }

  pause(name: string): void {
    this.#clockOf(name)?.pause();
    this.note(name, "pauses");
  }

  resume(name: string): void {
    this.#clockOf(name)?.resume();
    this.note(name, "resumes");
  }

  isUp(name: string): boolean {
    return this.#clockOf(name) !== undefined;
  }

  clockOf(name: string): ProcessClock | undefined {
    return this.#clockOf(name);
  }

  /** Milliseconds since 1970, by a clock that is right. */
  wallNow(): number {
    return wallEpochMs + this.time.now();
  }

  /** How far the wall clock of any running node is behind. */
  clocksBehindMs(): number {
    let behind = 0;
    for (const { life } of this.nodes.values()) behind = Math.max(behind, -(life?.clock.aheadMs ?? 0));
    return behind;
  }

  /** The latest time that any process's clock can have shown since virtual time `since`. */
  latestWallSince(since: number): number {
    for (const { life } of [...this.nodes.values(), ...this.routers.values()]) life?.clock.noteError();
    return this.wallNow() + this.time.clockErrors.aheadMsMax(since);
  }

  /** Sends an HTTP request to a router; the promise never settles when the router dies first. */
  request(
    router: string,
    target: string,
    input: unknown,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: string; replicas: string | undefined }> {
    const life = this.#router(router).life;
    if (life === undefined) return Promise.reject(new Error("connection refused"));
    return new Promise((resolve, reject) => {
      life.clock.run(() => {
        life.router
          .handle({
            method: "POST",
            id: `${router}-${this.time.events}`,
            target: { api: "DynamoDB", operation: target },
            path: "/",
            query: "",
            headers,
            body: Buffer.from(JSON.stringify(input)),
          })
          .then(({ status, body, replicas }) => {
            const fate = this.network.fateOfAnswer();
            if (fate === "arrives") resolve({ status, body: String(body), replicas });
            else if (fate === "reset") reject(new Error("connection reset"));
          }, (error: unknown) => {
            this.failure ??= error as Error;
            reject(error as Error);
          });
      });
    });
  }

  /** Settles after `milliseconds` of virtual time. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.wake(milliseconds, resolve));
  }

  /** Calls something that settles a promise, after `milliseconds`. */
  wake(milliseconds: number, callback: () => void): { cancel(): void } {
    return this.time.after(milliseconds, callback);
  }

  /** Runs everything up to and including virtual time `until`. Stops early when the run has failed. */
  async advance(until: number): Promise<void> {
    for (;;) {
      const next = this.time.nextAt();
      if (next === undefined || next > until || this.failure !== undefined) break;
      do this.time.step();
      while (this.time.nextAt() === next && this.failure === undefined);
      this.#maybeInspect();
      await drainMicrotasks();
    }
    await drainMicrotasks();
    if (this.failure !== undefined) throw this.failure;
    this.time.at(until, () => {});
    while ((this.time.nextAt() ?? Infinity) <= until) this.time.step();
  }

  #maybeInspect(): void {
    const { inspect } = this.#options;
    if (inspect === undefined || this.failure !== undefined || this.time.events < this.#inspectAt) return;
    this.#inspectAt = this.time.events + eventsPerInspection;
    try {
      inspect(this);
    } catch (error) {
      this.note("world", `is broken: ${(error as Error).message}`);
      this.failure = error as Error;
    }
  }

  #newDisk(name: string): SimulatedDisk {
    const random = this.random.split(`disk/${name}/${this.time.now()}`);
    const latency = this.#options.syncLatencyMs;
    const clock: Clock = {
      now: () => this.time.now(),
      wallNow: () => this.time.now(),
      after: (delayMs, callback) =>
        this.time.after(delayMs, () => (this.#clockOf(name) as ProcessClock | undefined)?.run(callback)),
      every() {
        throw new Error("a disk has no periods");
      },
      defer: (callback) => void this.time.after(0, () => this.#clockOf(name)?.run(callback)),
    };
    return createSimulatedDisk({ clock, ...(latency === undefined ? {} : { latencyMs: () => latency(random) }) });
  }

  #processClock(name: string): ProcessClock {
    const clock: ProcessClock = new ProcessClock(this.time, (run) => {
      try {
        run();
      } catch (error) {
        // What a process throws on its way down, after a failed write for instance, is its own affair.
        if (clock.isDead) return;
        this.note(name, `breaks: ${(error as Error).message}`);
        this.failure ??= error as Error;
      }
    });
    return clock;
  }

  /** The process ended by itself; its supervisor starts it again after a while. */
  #die(name: string, reason: string): void {
    this.deaths.push({ name, at: this.time.now(), reason });
    this.note(name, `dies: ${reason}`);
    this.crashNode(name);
    const { lives } = this.#node(name);
    this.time.after(restartDelayMs, () => {
      if (this.#node(name).lives === lives) this.startNode(name);
    });
  }

  #node(name: string): NodeMachine {
    const machine = this.nodes.get(name);
    assert(machine !== undefined, `no node ${name}`);
    return machine;
  }

  #router(name: string): RouterMachine {
    const machine = this.routers.get(name);
    assert(machine !== undefined, `no router ${name}`);
    return machine;
  }

  #clockOf(name: string): ProcessClock | undefined {
    return (this.nodes.get(name) ?? this.routers.get(name))?.life?.clock;
  }

  /** Puts a line into the trace. */
  note(name: string, what: string): void {
    this.#options.trace?.(`${this.time.now().toFixed(3)} ${name} ${what}`);
  }

  #logger(name: string): Logger {
    if (this.#options.trace === undefined) return silentLogger;
    const write = (level: string) => (message: string, fields?: object) =>
      this.note(name, `${level} ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
    const logger: Logger = {
      isDebugging: false,
      debug() {},
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: () => logger,
    };
    return logger;
  }
}
