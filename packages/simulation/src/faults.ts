// The troubles of a run. Each seed draws which kinds there are and how strong (swarm testing: a run with few kinds
// goes deeper into those than one with all). A fault has a beginning and an end; the nemesis keeps at least one
// good copy of everything: at most one disk is lost for good, and never more machines are without
// their disk than the cluster survives.
import type { Random } from "@azimuth/foundation/random.ts";
import type { World } from "./world.ts";
import { calmNetwork } from "./simulated-network.ts";

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
  "disk-stall",
  "disk-full",
  "failed-sync",
  "clock-jump",
  "clock-drift",
  "rolling-restart",
  "crash-all",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultPlan {
  readonly kinds: readonly FaultKind[];
  /** Mean time from the end of one fault to the beginning of the next. */
  readonly pauseMeanMs: number;
  readonly lengthMeanMs: number;
  /** Faults under way at once. */
  readonly concurrentMax: number;
}

export function drawFaultPlan(random: Random): FaultPlan {
  const count = random.between(1, faultKinds.length);
  return {
    kinds: random.shuffle(faultKinds).slice(0, count),
    pauseMeanMs: random.pick([200, 500, 1500, 4000]),
    lengthMeanMs: random.pick([100, 500, 2000, 6000]),
    concurrentMax: random.between(1, 3),
  };
}

/** Ends what one fault began. */
type Undo = () => void;

export class Nemesis {
  readonly #world: World;
  readonly #random: Random;
  readonly #plan: FaultPlan;
  readonly #active = new Set<Undo>();
  #stopped = false;
  /** How often each kind struck. */
  readonly counts = new Map<FaultKind, number>();

  constructor(world: World, random: Random, plan: FaultPlan) {
    this.#world = world;
    this.#random = random;
    this.#plan = plan;
  }

  start(): void {
    this.#next();
  }

  /** Ends everything under way and begins nothing more. */
  stop(): void {
    this.#stopped = true;
    for (const undo of [...this.#active]) undo();
  }

  #next(): void {
    if (this.#stopped) return;
    this.#world.time.after(this.#exponential(this.#plan.pauseMeanMs), () => {
      if (!this.#stopped && this.#active.size < this.#plan.concurrentMax) this.#strike(this.#random.pick(this.#plan.kinds));
      this.#next();
    });
  }

  #strike(kind: FaultKind): void {
    const undo = this.#begin(kind);
    if (undo === undefined) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const end = (): void => {
      if (!this.#active.delete(end)) return;
      undo();
    };
    this.#active.add(end);
    this.#world.time.after(this.#exponential(this.#plan.lengthMeanMs), end);
  }

  #begin(kind: FaultKind): Undo | undefined {
    const world = this.#world;
    const random = this.#random;
    const nodes = [...world.nodes.keys()];
    const routers = [...world.routers.keys()];
    const everyone = [...nodes, ...routers];
    switch (kind) {
      case "crash-node":
        return this.#crash([random.pick(nodes)]);
      case "crash-zone":
        return this.#crash(this.#zone(random.pick(nodes)));
      case "crash-all":
        return this.#crash(nodes);
      case "crash-router": {
        const router = random.pick(routers);
        world.crashRouter(router);
        return () => world.startRouter(router);
      }
      case "pause": {
        const name = random.pick(everyone);
        world.pause(name);
        return () => world.resume(name);
      }
      case "partition-zone":
        return this.#separate(this.#zone(random.pick(nodes)), everyone);
      case "partition-node":
        return this.#separate([random.pick(nodes)], everyone);
      case "one-way-cut": {
        const [from, to] = random.shuffle(everyone) as [string, string];
        world.network.cut(from, to);
        return () => world.network.heal(from, to);
      }
      case "clog": {
        const [from, to] = random.shuffle(everyone) as [string, string];
        world.network.clog(from, to, world.time.now() + this.#exponential(this.#plan.lengthMeanMs));
        return () => world.network.unclog(from, to);
      }
      case "swizzle":
        return this.#swizzle(nodes);
      case "reset": {
        const [one, other] = random.shuffle(everyone) as [string, string];
        world.network.reset(one, other);
        return () => {};
      }
      case "lossy": {
        const before = world.network.conditions;
        world.network.conditions = {
          ...calmNetwork,
          slowProbability: random.next() * 0.1,
          slowMeanMs: random.between(5, 500),
          lossProbability: random.next() * 0.1,
          duplicateProbability: random.next() * 0.1,
          responseLossProbability: random.next() * 0.2,
        };
        return () => (world.network.conditions = before);
      }
      case "disk-stall": {
        const disk = world.nodes.get(random.pick(nodes))?.disk;
        disk?.stallUntil(world.time.now() + this.#exponential(this.#plan.lengthMeanMs));
        return () => disk?.stallUntil(0);
      }
      case "disk-full": {
        const name = random.pick(nodes);
        const machine = world.nodes.get(name);
        machine?.disk.setFull(true);
        return () => {
          machine?.disk.setFull(false);
          world.startNode(name);
        };
      }
      case "failed-sync": {
        const name = random.pick(nodes);
        world.nodes.get(name)?.disk.failNextSync("EIO: simulated");
        return () => world.startNode(name);
      }
      case "clock-jump": {
        const clock = world.clockOf(random.pick(everyone));
        if (clock === undefined) return undefined;
        clock.offsetMs += random.between(-600_000, 600_000);
        return () => (clock.offsetMs = 0);
      }
      case "clock-drift": {
        const clock = world.clockOf(random.pick(everyone));
        if (clock === undefined) return undefined;
        clock.setDrift((random.next() - 0.5) * 0.2);
        return () => clock.setDrift(0);
      }
      case "rolling-restart":
        return this.#rollingRestart(nodes);
    }
  }

  #crash(names: readonly string[]): Undo {
    for (const name of names) this.#world.crashNode(name);
    return () => {
      for (const name of names) this.#world.startNode(name);
    };
  }

  #separate(some: readonly string[], everyone: readonly string[]): Undo {
    const { network } = this.#world;
    const pairs = some.flatMap((inside) => everyone.filter((name) => !some.includes(name)).map((outside) => [inside, outside] as const));
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
    const each = (name: string, act: (from: string, to: string) => void): void => {
      for (const other of nodes) {
        if (other === name) continue;
        act(name, other);
        act(other, name);
      }
    };
    const span = this.#exponential(this.#plan.lengthMeanMs) + 1;
    for (const name of chosen) {
      time.after(this.#random.next() * span, () => each(name, (from, to) => network.clog(from, to, time.now() + 4 * span)));
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
      time.after(at, () => this.#world.crashNode(name));
      at += 300 + this.#random.next() * 2000;
      time.after(at, () => this.#world.startNode(name));
      at += this.#random.next() * 1500;
    }
    return () => {};
  }

  #zone(node: string): string[] {
    const zone = this.#world.nodes.get(node)?.member.zone;
    return [...this.#world.nodes.values()].filter(({ member }) => member.zone === zone).map(({ member }) => member.name);
  }

  #exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean;
  }
}
