// Splits partitions at random while everything else goes on: tables, indexes and the ledger of transactions, in the
// middle or anywhere. It is no fault; the cluster has to do it under any.
import type { PartitionRecord } from "@azimuth/control-plane/cluster-map.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import { numberToToken, tokenToNumber } from "@azimuth/placement/token.ts";
import type { Operator } from "./operator.ts";
import type { World } from "./world.ts";

/** With more, a seed whose logs take one slow write per group falls behind its own heartbeats. */
const partitionsMax = 28;
/** Splits anywhere are a fraction of the range in this many steps. */
const steps = 1000;

export class Splits {
  readonly #world: World;
  readonly #operator: Operator;
  readonly #random: Random;
  readonly #meanMs: number;
  readonly #needsQuiet: () => boolean;
  #stopped = false;

  /** `meanMs`: between one split and the next; 0: none. None begins while `needsQuiet`. */
  constructor(world: World, operator: Operator, random: Random, meanMs: number, needsQuiet: () => boolean) {
    this.#world = world;
    this.#operator = operator;
    this.#random = random;
    this.#meanMs = meanMs;
    this.#needsQuiet = needsQuiet;
  }

  start(): void {
    if (this.#stopped || this.#meanMs === 0) return;
    this.#world.time.after(-Math.log(1 - this.#random.next()) * this.#meanMs, () => {
      this.#splitOne();
      this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  #splitOne(): void {
    const { partitions } = this.#operator.map();
    if (this.#stopped || this.#needsQuiet() || partitions.length === 0 || partitions.length >= partitionsMax) return;
    const record = this.#random.pick(partitions);
    const at = this.#random.chance(0.5) ? undefined : this.#anywhereIn(record);
    this.#operator.send({ operation: "StartSplit", partition: record.partition, at });
  }

  #anywhereIn({ firstToken, lastToken }: PartitionRecord): string {
    const first = tokenToNumber(firstToken);
    const size = tokenToNumber(lastToken) - first + 1n;
    return numberToToken(first + (size * BigInt(this.#random.between(1, steps - 1))) / BigInt(steps));
  }
}
