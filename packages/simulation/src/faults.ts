// The troubles of a run, of the kinds and strength that the seed has drawn (fault-plan.ts). A fault has a beginning and
// an end; what two do to the same thing lasts until the second one ends (holds.ts).
//
// The nemesis never destroys more than the cluster promises to survive, so that every violation is a bug: a disk is
// lost or damaged only while everything has all its copies, and the next one only once all copies are there again
// (attrition.ts, health.ts). Clocks jump by seconds, in some runs by minutes: no two are ever ten minutes apart, for
// which long the outcomes of transactions are remembered by the wall clock (decision 7).
import type { Random } from "@azimuth/foundation/random.ts";
import { Attrition, numberOf, putBack } from "./attrition.ts";
import type { FaultKind, FaultPlan } from "./fault-plan.ts";
import { Holds, type Undo } from "./holds.ts";
import type { Operator } from "./operator.ts";
import { worstOf, type NetworkConditions } from "./simulated-network.ts";
import type { World } from "./world.ts";

const nodesAddedMax = 2;
const slowDrift = -0.75;
const mistakenMs = 3000;

export class Nemesis {
  readonly #world: World;
  readonly #random: Random;
  /** A stream of its own: on which side of a partition the routers are, and who notices it late. */
  readonly #sides: Random;
  readonly #plan: FaultPlan;
  readonly #active = new Set<Undo>();
  readonly #operator: Operator;
  readonly #holds = new Holds();
  readonly #attrition: Attrition;
  /** What makes the network worse at present. */
  readonly #worse = new Set<Partial<NetworkConditions>>();
  #stopped = false;
  #nodesAdded = 0;
  /** Whom the fault that begins has been drawn for, for the trace. */
  #chosen: readonly string[] = [];
  /** How often each kind struck: came to pass, and not merely was drawn. */
  readonly counts = new Map<FaultKind, number>();

  constructor(world: World, operator: Operator, random: Random, plan: FaultPlan) {
    this.#world = world;
    this.#operator = operator;
    this.#random = random;
    this.#sides = random.split("sides");
    this.#plan = plan;
    this.#attrition = new Attrition({
      world,
      operator,
      random: random.split("attrition"),
      keepDown: (name) => this.#keepDown(name),
      struck: (kind, name, undo) => this.#struck(kind, [name], undo),
    });
  }

  start(): void {
    if (this.#plan.kinds.length === 0) return;
    this.#next();
  }

  /** Ends everything under way and begins nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#attrition.stop();
    for (const undo of [...this.#active]) undo();
  }

  /** True while some copy that was destroyed has not been replaced yet. */
  get isDamaged(): boolean {
    return this.#attrition.isDamaged;
  }

  /** Nothing else should be begun for a while. */
  get needsQuiet(): boolean {
    return this.#attrition.needsQuiet;
  }

  #next(): void {
    if (this.#stopped) return;
    this.#world.time.after(this.#exponential(this.#plan.pauseMeanMs), () => {
      const mayStrike = !this.#stopped && this.#active.size < this.#plan.concurrentMax;
      if (mayStrike && !this.needsQuiet) this.#strike(this.#random.pick(this.#plan.kinds));
      this.#next();
    });
  }

  #strike(kind: FaultKind): void {
    this.#chosen = [];
    const undo = this.#begin(kind);
    if (undo !== undefined) this.#struck(kind, this.#chosen, undo);
  }

  #struck(kind: FaultKind, chosen: readonly string[], undo: Undo): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const what = [kind, ...chosen].join(" ");
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
        return this.#holds.hold(`${router} down`, () => world.crashRouter(router), () => world.startRouter(router));
      }
      case "pause": {
        const name = this.#one(everyone);
        return this.#holds.hold(`${name} paused`, () => world.pause(name), () => world.resume(name));
      }
      case "partition-zone":
        return this.#cutOff(this.#zone(this.#one(nodes)), nodes);
      case "partition-node":
        return this.#cutOff([this.#one(nodes)], nodes);
      case "one-way-cut": {
        const [from, to] = this.#two(everyone);
        return this.#cut(from, to);
      }
      case "clog": {
        const [from, to] = this.#two(everyone);
        return this.#clog(from, to, this.#exponential(this.#plan.lengthMeanMs));
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
      case "disk-stall":
        return this.#stall(this.#one(nodes));
      case "disk-full":
        return this.#fill(this.#one(nodes), "disk");
      case "engine-full":
        return this.#fill(this.#one(nodes), "engineDisk");
      case "failed-sync": {
        const name = this.#one(nodes);
        world.nodes.get(name)?.disk.failNextSync("EIO: simulated");
        return () => this.#revive(name);
      }
      case "failed-engine-write": {
        const name = this.#one(nodes);
        world.nodes.get(name)?.engineDisk.failNextWrite("IO error: simulated");
        return () => this.#revive(name);
      }
      case "clock-jump": {
        const name = this.#one(everyone);
        const clock = world.clockOf(name);
        if (clock === undefined) return undefined;
        const offsetMs = random.between(-this.#plan.clockJumpMsMax, this.#plan.clockJumpMsMax);
        this.#chosen = [...this.#chosen, `by ${offsetMs} ms`];
        return this.#holds.hold(`${name} jumps`, () => (clock.offsetMs = offsetMs), () => {
          const now = world.clockOf(name);
          if (now !== undefined) now.offsetMs = 0;
        });
      }
      case "clock-drift":
        return this.#drift(this.#one(everyone), (random.next() - 0.5) * 0.2);
      case "rolling-restart":
        return this.#rollingRestart(nodes);
      case "lose-disk":
      case "damage-log":
        return void this.#attrition.destroy(kind);
      case "add-node":
        return this.#addNode();
      case "drain-node":
        return this.#drain(this.#one(nodes));
      case "remove-node":
        return void this.#attrition.remove(this.#one(nodes));
      case "control-outage": {
        const silence = (isSilent: boolean) => () => void (world.network.silencesControlPlane = isSilent);
        return this.#holds.hold("control plane silent", silence(true), silence(false));
      }
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
    const { network } = this.#world;
    this.#worse.add(worse);
    network.conditions = worstOf(this.#worse);
    return () => {
      this.#worse.delete(worse);
      network.conditions = worstOf(this.#worse);
    };
  }

  #keepDown(name: string): Undo {
    const world = this.#world;
    return this.#holds.hold(`${name} down`, () => world.crashNode(name), () => world.startNode(name));
  }

  /** Starts a node that may have died of a fault, unless another keeps it down. */
  #revive(name: string): void {
    if (this.#holds.count(`${name} down`) === 0) this.#world.startNode(name);
  }

  #cut(from: string, to: string): Undo {
    const { network } = this.#world;
    return this.#holds.hold(`${from} → ${to} cut`, () => network.cut(from, to), () => network.heal(from, to));
  }

  #clog(from: string, to: string, forMs: number): Undo {
    const { network, time } = this.#world;
    const begin = (): void => network.clog(from, to, time.now() + forMs);
    return this.#holds.hold(`${from} → ${to} clogged`, begin, () => network.unclog(from, to));
  }

  #drift(name: string, drift: number): Undo | undefined {
    if (!this.#world.isUp(name)) return undefined;
    const set = (to: number) => () => this.#world.clockOf(name)?.setDrift(to);
    return this.#holds.hold(`${name} drifts`, set(drift), set(0));
  }

  #stall(name: string): Undo {
    const { nodes, time } = this.#world;
    const until = time.now() + this.#exponential(this.#plan.lengthMeanMs);
    const stall = (to: number) => () => nodes.get(name)?.disk.stallUntil(to);
    return this.#holds.hold(`${name} stalls`, stall(until), stall(0));
  }

  /** Nothing more fits on the disk of the node's log or of its engine: the process ends with the next write. */
  #fill(name: string, which: "disk" | "engineDisk"): Undo {
    const fill = (full: boolean) => () => this.#world.nodes.get(name)?.[which].setFull(full);
    return this.#holds.hold(`${name} ${which} full`, fill(true), () => {
      fill(false)();
      this.#revive(name);
    });
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
    const number = numberOf(this.#operator, name);
    if (number === undefined) return undefined;
    const drain = (): void => this.#operator.send({ operation: "SetNodeState", node: number, state: "draining" });
    return this.#holds.hold(`node ${number} drained`, drain, () => putBack(this.#operator, number));
  }

  #crash(names: readonly string[]): Undo {
    this.#chosen = names;
    return together(names.map((name) => this.#keepDown(name)));
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
    const hasten = together(nodes.map((name) => this.#drift(name, slowDrift) ?? (() => {})));
    const endsAt = time.now() + mistakenMs;
    const finish = (): void => {
      hasten();
      end();
    };
    return () => {
      if (this.#stopped || time.now() >= endsAt) finish();
      else time.after(endsAt - time.now(), finish);
    };
  }

  #separate(some: readonly string[], others: readonly string[]): Undo {
    return together(some.flatMap((inside) =>
      others.flatMap((outside) => [this.#cut(inside, outside), this.#cut(outside, inside)])));
  }

  /** Clogs half of the nodes at random times, then unclogs them in another order. */
  #swizzle(nodes: readonly string[]): Undo {
    const { time } = this.#world;
    const chosen = this.#random.shuffle(nodes).slice(0, Math.ceil(nodes.length / 2));
    this.#chosen = chosen;
    const span = this.#exponential(this.#plan.lengthMeanMs) + 1;
    const undoByName = new Map<string, Undo>();
    const clog = (name: string): Undo =>
      together(nodes.filter((other) => other !== name).flatMap((other) =>
        [this.#clog(name, other, 4 * span), this.#clog(other, name, 4 * span)]));
    for (const name of chosen) {
      time.after(this.#random.next() * span, () => {
        if (!this.#stopped) undoByName.set(name, clog(name));
      });
    }
    for (const name of this.#random.shuffle(chosen)) {
      time.after(span * (1 + this.#random.next()), () => undoByName.get(name)?.());
    }
    return () => {
      for (const undo of undoByName.values()) undo();
    };
  }

  #rollingRestart(nodes: readonly string[]): Undo {
    const { time } = this.#world;
    let at = 0;
    for (const name of nodes) {
      let start: Undo = () => {};
      time.after(at, () => {
        if (!this.#stopped) start = this.#keepDown(name);
      });
      at += 300 + this.#random.next() * 2000;
      time.after(at, () => start());
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

function together(undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}
