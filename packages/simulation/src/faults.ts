// The troubles of a run. Each seed draws which kinds there are and how strong (swarm testing: a run with few kinds
// goes deeper into those than one with all). A fault has a beginning and an end.
//
// The nemesis never destroys more than the cluster promises to survive, so that every violation is a bug: a disk is
// lost or damaged only while everything has all its copies, and the next one only once all copies are there again
// (health.ts). Clocks jump by seconds, in some runs by minutes: no two are ever ten minutes apart, for which long the
// outcomes of transactions are remembered by the wall clock (decision 7).
import type { Random } from "@azimuth/foundation/random.ts";
import { scanFrames } from "@azimuth/storage/log-format.ts";
import { isFullyReplicated, mentions } from "./health.ts";
import type { Operator } from "./operator.ts";
import { calmNetwork, type NetworkConditions } from "./simulated-network.ts";
import type { World } from "./world.ts";

export const faultKinds = [
  "crash-node",
  "crash-zone",
  "crash-router",
  "pause",
  "partition-zone",
  "partition-node",
  "one-way-cut",
  "clog",
  "swizzle",
  "reset",
  "lossy",
  "lost-responses",
  "disk-stall",
  "disk-full",
  "failed-sync",
  "clock-jump",
  "clock-drift",
  "rolling-restart",
  "crash-all",
  "lose-disk",
  "damage-log",
  "add-node",
  "drain-node",
  "remove-node",
  "control-outage",
] as const;

export type FaultKind = (typeof faultKinds)[number];

const nodesAddedMax = 2;
const removalPeriodMs = 200;
const clockJumpsMsMax = [5000, 5000, 240_000];
const slowDrift = -0.75;
const mistakenMs = 3000;

export interface FaultPlan {
  readonly kinds: readonly FaultKind[];
  /** Mean time from the end of one fault to the beginning of the next. */
  readonly pauseMeanMs: number;
  readonly lengthMeanMs: number;
  /** A clock that jumps is off by up to this, either way. */
  readonly clockJumpMsMax: number;
  /** Faults under way at once. */
  readonly concurrentMax: number;
}

export function drawFaultPlan(random: Random, from: readonly FaultKind[] = faultKinds): FaultPlan {
  const count = Math.min(from.length, random.between(1, from.length));
  return {
    kinds: random.shuffle(from).slice(0, count),
    pauseMeanMs: random.pick([200, 500, 1500, 4000]),
    lengthMeanMs: random.pick([100, 500, 2000, 6000]),
    clockJumpMsMax: random.split("clock-jumps").pick(clockJumpsMsMax),
    concurrentMax: random.between(1, 3),
  };
}

/** Kinds that belong together, for `--scenario`. */
export const scenarios: Readonly<Record<string, readonly FaultKind[]>> = {
  swarm: faultKinds,
  calm: [],
  crashes: ["crash-node", "crash-zone", "crash-all", "crash-router", "rolling-restart", "pause"],
  network: ["partition-zone", "partition-node", "one-way-cut", "clog", "swizzle", "reset", "lossy", "lost-responses"],
  disks: ["disk-stall", "disk-full", "failed-sync", "lose-disk", "damage-log", "crash-node", "crash-all"],
  // With faults that make clients retry: what wrong clocks may break is that a retry is recognised.
  clocks: ["clock-jump", "clock-drift", "pause", "lost-responses", "reset", "crash-node"],
  splits: ["crash-node", "crash-all", "pause", "partition-node", "lossy", "lose-disk", "add-node", "control-outage"],
  membership: ["lose-disk", "damage-log", "add-node", "drain-node", "remove-node", "control-outage", "crash-node"],
};

/** Ends what one fault began. */
type Undo = () => void;

export class Nemesis {
  readonly #world: World;
  readonly #random: Random;
  /** A stream of its own: on which side of a partition the routers are, and who notices it late. */
  readonly #sides: Random;
  readonly #plan: FaultPlan;
  readonly #active = new Set<Undo>();
  readonly #operator: Operator;
  #stopped = false;
  #isDamaged = false;
  #nodesAdded = 0;
  /** Whom the fault that begins has been drawn for, for the trace. */
  #chosen: readonly string[] = [];
  /** How often each kind struck. */
  readonly counts = new Map<FaultKind, number>();

  constructor(world: World, operator: Operator, random: Random, plan: FaultPlan) {
    this.#world = world;
    this.#operator = operator;
    this.#random = random;
    this.#sides = random.split("sides");
    this.#plan = plan;
  }

  start(): void {
    if (this.#plan.kinds.length === 0) return;
    this.#next();
  }

  /** Ends everything under way and begins nothing more. */
  stop(): void {
    this.#stopped = true;
    for (const undo of [...this.#active]) undo();
  }

  /** True while some copy that was destroyed has not been replaced yet. */
  get isDamaged(): boolean {
    if (this.#isDamaged && isFullyReplicated(this.#world, this.#operator)) this.#isDamaged = false;
    return this.#isDamaged;
  }

  #next(): void {
    if (this.#stopped) return;
    this.#world.time.after(this.#exponential(this.#plan.pauseMeanMs), () => {
      const mayStrike = !this.#stopped && this.#active.size < this.#plan.concurrentMax;
      if (mayStrike) this.#strike(this.#random.pick(this.#plan.kinds));
      this.#next();
    });
  }

  #strike(kind: FaultKind): void {
    this.#chosen = [];
    const undo = this.#begin(kind);
    if (undo === undefined) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const what = [kind, ...this.#chosen].join(" ");
    this.#world.note("nemesis", `begins ${what}`);
    const end = (): void => {
      if (!this.#active.delete(end)) return;
      this.#world.note("nemesis", `ends ${what}`);
      undo();
    };
    this.#active.add(end);
    this.#world.time.after(this.#exponential(this.#plan.lengthMeanMs), end);
  }

  #begin(kind: FaultKind): Undo | undefined {
    const world = this.#world;
    const random = this.#random;
    const nodes = [...world.nodes].filter(([, machine]) => !machine.isRemoved).map(([name]) => name);
    const routers = [...world.routers.keys()];
    const everyone = [...nodes, ...routers];
    switch (kind) {
      case "crash-node":
        return this.#crash([this.#one(nodes)]);
      case "crash-zone":
        return this.#crash(this.#zone(this.#one(nodes)));
      case "crash-all":
        return this.#crash(nodes);
      case "crash-router": {
        const router = this.#one(routers);
        world.crashRouter(router);
        return () => world.startRouter(router);
      }
      case "pause": {
        const name = this.#one(everyone);
        world.pause(name);
        return () => world.resume(name);
      }
      case "partition-zone":
        return this.#cutOff(this.#zone(this.#one(nodes)), nodes);
      case "partition-node":
        return this.#cutOff([this.#one(nodes)], nodes);
      case "one-way-cut": {
        const [from, to] = this.#two(everyone);
        world.network.cut(from, to);
        return () => world.network.heal(from, to);
      }
      case "clog": {
        const [from, to] = this.#two(everyone);
        world.network.clog(from, to, world.time.now() + this.#exponential(this.#plan.lengthMeanMs));
        return () => world.network.unclog(from, to);
      }
      case "swizzle":
        return this.#swizzle(nodes);
      case "reset": {
        const [one, other] = this.#two(everyone);
        world.network.reset(one, other);
        return () => {};
      }
      case "lossy":
        return this.#worsen({
          slowProbability: random.next() * 0.1,
          slowMeanMs: random.between(5, 500),
          lossProbability: random.next() * 0.1,
          duplicateProbability: random.next() * 0.1,
        });
      case "lost-responses":
        return this.#worsen({ responseLossProbability: random.next() * 0.5 });
      case "disk-stall": {
        const disk = world.nodes.get(this.#one(nodes))?.disk;
        disk?.stallUntil(world.time.now() + this.#exponential(this.#plan.lengthMeanMs));
        return () => disk?.stallUntil(0);
      }
      case "disk-full": {
        const name = this.#one(nodes);
        const machine = world.nodes.get(name);
        machine?.disk.setFull(true);
        return () => {
          machine?.disk.setFull(false);
          world.startNode(name);
        };
      }
      case "failed-sync": {
        const name = this.#one(nodes);
        world.nodes.get(name)?.disk.failNextSync("EIO: simulated");
        return () => world.startNode(name);
      }
      case "clock-jump": {
        const clock = world.clockOf(this.#one(everyone));
        if (clock === undefined) return undefined;
        clock.offsetMs = random.between(-this.#plan.clockJumpMsMax, this.#plan.clockJumpMsMax);
        this.#chosen = [...this.#chosen, `by ${clock.offsetMs} ms`];
        return () => (clock.offsetMs = 0);
      }
      case "clock-drift": {
        const clock = world.clockOf(this.#one(everyone));
        if (clock === undefined) return undefined;
        clock.setDrift((random.next() - 0.5) * 0.2);
        return () => clock.setDrift(0);
      }
      case "rolling-restart":
        return this.#rollingRestart(nodes);
      case "lose-disk":
        return this.#destroy(this.#one(nodes), (name) => world.loseDisk(name));
      case "damage-log":
        return this.#destroy(this.#one(nodes), (name) => this.#damageLog(name));
      case "add-node":
        return this.#addNode();
      case "drain-node":
        return this.#drain(this.#one(nodes));
      case "remove-node":
        return this.#remove(this.#one(nodes));
      case "control-outage":
        world.network.silencesControlPlane = true;
        return () => (world.network.silencesControlPlane = false);
    }
  }

  #one(names: readonly string[]): string {
    const name = this.#random.pick(names);
    this.#chosen = [name];
    return name;
  }

  #two(names: readonly string[]): readonly [string, string] {
    const [one, other] = this.#random.shuffle(names) as [string, string];
    this.#chosen = [one, other];
    return [one, other];
  }

  #worsen(worse: Partial<NetworkConditions>): Undo {
    this.#chosen = [JSON.stringify(worse)];
    this.#world.network.conditions = { ...this.#world.network.conditions, ...worse };
    return () => (this.#world.network.conditions = calmNetwork);
  }

  /** Costs a copy of everything on the node, if all copies are there. */
  #destroy(name: string, destroy: (name: string) => void): Undo | undefined {
    if (this.isDamaged || !isFullyReplicated(this.#world, this.#operator)) return undefined;
    this.#isDamaged = true;
    this.#world.crashNode(name);
    destroy(name);
    return () => this.#world.startNode(name);
  }

  /** Flips a byte of what was synced. Not of the very last record: nobody could tell whether that was ever synced. */
  #damageLog(name: string): void {
    const disk = this.#world.nodes.get(name)?.disk;
    if (disk === undefined) return;
    const files = disk.names().filter((file) => file.startsWith("log-0")).map((file) => {
      const bytes = disk.content(file) ?? new Uint8Array(0);
      return { file, bytes: bytes.length, lastRecordAt: scanFrames(bytes, 0).items.at(-1)?.offset };
    });
    while (files.length > 0 && files.at(-1)?.lastRecordAt === undefined) files.pop();
    if (files.length === 0) return;
    const chosen = this.#random.pick(files);
    const bytes = chosen === files.at(-1) ? (chosen.lastRecordAt ?? 0) : chosen.bytes;
    if (bytes > 0) this.#world.flipLogByte(name, chosen.file, this.#random.integer(bytes));
  }

  #addNode(): Undo | undefined {
    if (this.#nodesAdded === nodesAddedMax) return undefined;
    this.#nodesAdded++;
    const world = this.#world;
    const number = world.nodes.size + 1;
    const name = `node-${number}`;
    this.#chosen = [name];
    world.addNode({ name, zone: this.#random.pick(["az-1", "az-2", "az-3"]), endpoint: `${name}:1` });
    world.startNode(name);
    return () => {};
  }

  #drain(name: string): Undo | undefined {
    const number = this.#numberOf(name);
    if (number === undefined) return undefined;
    this.#operator.send({ operation: "SetNodeState", node: number, state: "draining" });
    return () => this.#putBack(number);
  }

  /** Drains a node that its zone can do without; once nothing is on it, it is switched off for good. */
  #remove(name: string): Undo | undefined {
    const number = this.#numberOf(name);
    if (number === undefined || this.#zone(name).length < 2) return undefined;
    this.#operator.send({ operation: "SetNodeState", node: number, state: "draining" });
    let ended = false;
    const look = (): void => {
      if (ended || this.#stopped) return;
      if (this.#numberOf(name) === number && !mentions(this.#operator.map(), number) && !this.isDamaged) {
        ended = true;
        this.#world.removeNode(name);
      } else this.#world.time.after(removalPeriodMs, look);
    };
    look();
    return () => {
      if (!ended) this.#putBack(number);
      ended = true;
    };
  }

  /** The operator does not give up: a node forgotten in its drained state would be missed for ever. */
  #putBack(number: number): void {
    this.#operator.send({ operation: "SetNodeState", node: number, state: "up" }, (done) => {
      if (!done) this.#putBack(number);
    });
  }

  #numberOf(name: string): number | undefined {
    return this.#operator.map().nodes.find((node) => node.name === name && node.retired !== true)?.number;
  }

  #crash(names: readonly string[]): Undo {
    this.#chosen = names;
    for (const name of names) this.#world.crashNode(name);
    return () => {
      for (const name of names) this.#world.startNode(name);
    };
  }

  /**
   * Cuts nodes off from the others, and each router, with the clients near it, off from one of the sides or none: a
   * leader whom the others have replaced may still be asked.
   */
  #cutOff(some: readonly string[], nodes: readonly string[]): Undo {
    const others = nodes.filter((name) => !some.includes(name));
    const inside = [...some];
    const outside = [...others];
    for (const router of this.#world.routers.keys()) {
      const side = this.#sides.pick([inside, outside, undefined]);
      side?.push(router);
    }
    this.#chosen = [...inside, "from", ...outside];
    const heal = this.#separate(inside, outside);
    return this.#sides.chance(0.3) ? heal : this.#mistaken(some, heal);
  }

  /**
   * Leaders whose clocks are slow go on believing that they lead long after the others have chosen new ones. That takes
   * a while: `end` comes no earlier, unless everything ends.
   */
  #mistaken(nodes: readonly string[], end: Undo): Undo {
    const { time } = this.#world;
    const clocks = nodes.map((name) => this.#world.clockOf(name));
    for (const clock of clocks) clock?.setDrift(slowDrift);
    const endsAt = time.now() + mistakenMs;
    const finish = (): void => {
      for (const clock of clocks) clock?.setDrift(0);
      end();
    };
    return () => {
      if (this.#stopped || time.now() >= endsAt) finish();
      else time.after(endsAt - time.now(), finish);
    };
  }

  #separate(some: readonly string[], others: readonly string[]): Undo {
    const { network } = this.#world;
    const pairs = some.flatMap((inside) => others.map((outside) => [inside, outside] as const));
    for (const [inside, outside] of pairs) {
      network.cut(inside, outside);
      network.cut(outside, inside);
    }
    return () => {
      for (const [inside, outside] of pairs) {
        network.heal(inside, outside);
        network.heal(outside, inside);
      }
    };
  }

  /** Clogs half of the nodes at random times, then unclogs them in another order. */
  #swizzle(nodes: readonly string[]): Undo {
    const { network, time } = this.#world;
    const chosen = this.#random.shuffle(nodes).slice(0, Math.ceil(nodes.length / 2));
    this.#chosen = chosen;
    const each = (name: string, act: (from: string, to: string) => void): void => {
      for (const other of nodes) {
        if (other === name) continue;
        act(name, other);
        act(other, name);
      }
    };
    const span = this.#exponential(this.#plan.lengthMeanMs) + 1;
    for (const name of chosen) {
      time.after(this.#random.next() * span, () => {
        if (!this.#stopped) each(name, (from, to) => network.clog(from, to, time.now() + 4 * span));
      });
    }
    for (const name of this.#random.shuffle(chosen)) {
      time.after(span * (1 + this.#random.next()), () => each(name, (from, to) => network.unclog(from, to)));
    }
    return () => {
      for (const name of chosen) each(name, (from, to) => network.unclog(from, to));
    };
  }

  #rollingRestart(nodes: readonly string[]): Undo {
    const { time } = this.#world;
    let at = 0;
    for (const name of nodes) {
      time.after(at, () => {
        if (!this.#stopped) this.#world.crashNode(name);
      });
      at += 300 + this.#random.next() * 2000;
      time.after(at, () => this.#world.startNode(name));
      at += this.#random.next() * 1500;
    }
    return () => {};
  }

  #zone(node: string): string[] {
    const zone = this.#world.nodes.get(node)?.member.zone;
    const machines = [...this.#world.nodes.values()];
    const there = machines.filter((machine) => machine.member.zone === zone && !machine.isRemoved);
    return there.map(({ member }) => member.name);
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean;
  }
}
