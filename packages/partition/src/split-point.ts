// Where the leader of a partition that has grown too large would divide it: before the partition key at which half of
// its bytes are reached, so that both halves have about as much, however the keys are spread. A walk over the first
// half of the items finds it; it is found anew when the partition has grown by a quarter since, or has another leader.
// Until then the one before holds, or a partition that grows by a quarter between two questions would never have any.
//
// A partition that holds a single partition key cannot be divided.
import type { Engine } from "@azimuth/storage/engine.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { readToken } from "@azimuth/storage/keys/token-bytes.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { rangeChunkBytes } from "./limits.ts";
import type { Partition } from "./partition.ts";

interface Found {
  readonly epoch: number;
  readonly term: number;
  /** That the partition had when it was looked for. */
  readonly bytes: number;
  /** While it is looked for, the one before, of this range; undefined when there is none. */
  at: string | undefined;
}

/** Of the token in an item's key: behind the space and the table's id. */
const tokenOffset = 5;
const growthBeforeNext = 1.25;
/** The part of all bytes that the first half has at least, if there is a choice. */
const smallestPart = 0.25;

export class SplitPoint {
  readonly #engine: Pick<Engine, "iterate">;
  readonly #partition: Partition;
  #found: Found | undefined;

  constructor(engine: Pick<Engine, "iterate">, partition: Partition) {
    this.#engine = engine;
    this.#partition = partition;
  }

  /** First token of the second half; undefined while it is not known or not needed. To be asked now and then. */
  find(bytesMax: number): string | undefined {
    const { readyTerm: term, statistics: { bytes }, descriptor: { epoch } } = this.#partition;
    if (term === 0 || bytes <= bytesMax) return undefined;
    const found = this.#found;
    const isOld = found?.epoch !== epoch || found.term !== term || bytes >= found.bytes * growthBeforeNext;
    if (!isOld) return found.at;
    this.#found = { epoch, term, bytes, at: found?.epoch === epoch ? found.at : undefined };
    this.#walk(this.#found);
    return this.#found.at;
  }

  #walk(found: Found): void {
    const { tableId, firstToken, lastToken } = this.#partition.descriptor;
    const range = { ...partitionRange(tableId, firstToken, lastToken), chunkBytes: rangeChunkBytes };
    let passed = 0;
    let current: { readonly token: string; readonly passedBefore: number } | undefined;
    walkRange(this.#engine, range, (pairs) => {
      if (this.#found !== found) return "stop";
      for (const { key, value } of pairs) {
        const token = readToken(key, tokenOffset);
        if (token !== current?.token) current = { token, passedBefore: passed };
        passed += value.length;
        const isHere = passed >= found.bytes / 2 && current.passedBefore >= found.bytes * smallestPart;
        if (isHere) return "stop";
      }
      return undefined;
    }, () => {
      const at = current?.passedBefore === 0 ? undefined : current?.token;
      found.at = at === firstToken ? undefined : at;
    });
  }
}
