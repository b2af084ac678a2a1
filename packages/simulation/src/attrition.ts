// The faults that cost something for good: a lost disk, a damaged log, a node that is switched off. They come to pass
// only when the cluster can bear them, so that one good copy of everything always remains; until then they wait. While
// other faults go on without pause that moment may never come: after a while everything else holds still for it.
import type { Random } from "@azimuth/foundation/random.ts";
import { scanFrames } from "@azimuth/storage/log-format.ts";
import type { FaultKind } from "./fault-plan.ts";
import { isFullyReplicated, mentions } from "./health.ts";
import type { Undo } from "./holds.ts";
import type { Operator } from "./operator.ts";
import type { World } from "./world.ts";

export type Destruction = "lose-disk" | "damage-log";

const lookPeriodMs = 200;
/** A destruction lets other faults go on for so long, and is given up after so long. */
const patienceMs = 2000;
const waitMsMax = 8000;

export interface AttritionParts {
  readonly world: World;
  readonly operator: Operator;
  readonly random: Random;
  /** Keeps a node down until it is called. */
  readonly keepDown: (name: string) => Undo;
  /** To be told of every fault when it has come to pass, and how it ends. */
  readonly struck: (kind: FaultKind, name: string, undo: Undo) => void;
}

export class Attrition {
  readonly #parts: AttritionParts;
  #wanted: { readonly kind: Destruction; readonly since: number } | undefined;
  #removing: { readonly name: string; isAsking: boolean } | undefined;
  #isDamaged = false;
  #stopped = false;

  constructor(parts: AttritionParts) {
    this.#parts = parts;
  }

  /** True while some copy that was destroyed has not been replaced yet. */
  get isDamaged(): boolean {
    if (this.#isDamaged && this.#isWhole()) this.#isDamaged = false;
    return this.#isDamaged;
  }

  /** Everything else is to hold still, so that the cluster becomes whole. */
  get needsQuiet(): boolean {
    return this.#wanted !== undefined && this.#parts.world.time.now() - this.#wanted.since >= patienceMs;
  }

  stop(): void {
    this.#stopped = true;
    const { operator } = this.#parts;
    const number = this.#removing && numberOf(operator, this.#removing.name);
    if (number !== undefined) putBack(operator, number);
  }

  /** Costs a copy of everything on some node, once all copies are there. */
  destroy(kind: Destruction): void {
    if (this.#wanted !== undefined) return;
    this.#wanted = { kind, since: this.#parts.world.time.now() };
    this.#maybeDestroy();
  }

  #maybeDestroy(): void {
    const { world, random, keepDown, struck } = this.#parts;
    if (this.#stopped || this.#wanted === undefined) return;
    const { kind, since } = this.#wanted;
    if (!this.isDamaged && this.#isWhole()) {
      const name = random.pick([...world.nodes].filter(([, { isRemoved }]) => !isRemoved).map(([each]) => each));
      const start = keepDown(name);
      if (kind === "lose-disk") world.loseDisk(name);
      if (kind === "lose-disk" || this.#damageLog(name)) {
        this.#wanted = undefined;
        this.#isDamaged = true;
        return struck(kind, name, start);
      }
      start();
    }
    if (world.time.now() - since >= waitMsMax) this.#wanted = undefined;
    else world.time.after(lookPeriodMs, () => this.#maybeDestroy());
  }

  /**
   * Flips a byte of what was synced. Not of the very last append, a record and perhaps the header of its file: nobody
   * could tell whether that was ever synced. False when there is nothing else.
   */
  #damageLog(name: string): boolean {
    const { world, random } = this.#parts;
    const disk = world.nodes.get(name)?.disk;
    if (disk === undefined) return false;
    const files = disk.names().filter((file) => file.startsWith("log-0")).map((file) => {
      const bytes = disk.content(file) ?? new Uint8Array(0);
      const frames = scanFrames(bytes, 0).items.filter(({ kind }) => kind === "frame");
      const lastAppendAt = frames.length > 1 ? frames.at(-1)?.offset : 0;
      return { file, bytes: bytes.length, frames: frames.length, lastAppendAt };
    });
    while (files.length > 0 && files.at(-1)?.frames === 0) files.pop();
    if (files.length === 0) return false;
    const chosen = random.pick(files);
    const bytes = chosen === files.at(-1) ? (chosen.lastAppendAt ?? 0) : chosen.bytes;
    if (bytes === 0) return false;
    world.flipLogByte(name, chosen.file, random.integer(bytes));
    return true;
  }

  /**
   * Drains a node that its zone can do without; once nothing is on it, it is switched off for good. Two founders stay,
   * so that even one that loses its disk finds another to ask where the cluster is.
   */
  remove(name: string): void {
    const { nodes, foundersInService } = this.#parts.world;
    if (foundersInService.includes(name) && foundersInService.length <= 2) return;
    const zone = nodes.get(name)?.member.zone;
    const there = [...nodes.values()].filter(({ member, isRemoved }) => member.zone === zone && !isRemoved);
    if (this.#removing !== undefined || there.length < 2) return;
    this.#removing = { name, isAsking: false };
    this.#maybeRemove();
  }

  /** It keeps at it, whatever else happens to the node meanwhile: what puts it back is overruled. */
  #maybeRemove(): void {
    const { world, operator, struck } = this.#parts;
    const removing = this.#removing;
    if (this.#stopped || removing === undefined) return;
    const { name } = removing;
    const map = operator.map();
    const number = numberOf(operator, name);
    const isDraining = map.nodes.some((node) => node.number === number && node.state === "draining");
    if (number !== undefined && isDraining && !mentions(map, number) && !this.isDamaged) {
      this.#removing = undefined;
      world.removeNode(name);
      return struck("remove-node", name, () => {});
    }
    if (number !== undefined && !isDraining && !removing.isAsking) {
      removing.isAsking = true;
      const command = { operation: "SetNodeState", node: number, state: "draining" } as const;
      operator.send(command, () => (removing.isAsking = false));
    }
    world.time.after(lookPeriodMs, () => this.#maybeRemove());
  }

  #isWhole(): boolean {
    return isFullyReplicated(this.#parts.world, this.#parts.operator);
  }
}

/** The number of a node that is a member and has not lost it with its disk. */
export function numberOf(operator: Operator, name: string): number | undefined {
  return operator.map().nodes.find((node) => node.name === name && node.retired !== true)?.number;
}

/** The operator does not give up: a node forgotten in its drained state would be missed for ever. */
export function putBack(operator: Operator, number: number): void {
  operator.send({ operation: "SetNodeState", node: number, state: "up" }, (done) => {
    if (!done) putBack(operator, number);
  });
}
