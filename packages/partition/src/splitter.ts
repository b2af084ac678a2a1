// What the leader does to split its partition:
//
//   count what the child will have, while writes go on (split-measure.ts)
//   → hold new writes back until those before are applied and the indexes have taken what was queued for them
//   → propose the entry, with exact figures and, in a partition of an index, the child's marks
//   → let go: writes that waited are told that the range has changed, and come back to where they belong
//
// Writes wait for a few milliseconds; when the indexes do not come after in time, they go on and the split is tried
// another time: when less is queued, and not soon, so that an index that is away does not stop the table's writes over
// and over. Nothing here is replicated but the entry, and no step is remembered: whoever asked asks again.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { KeyValue } from "@azimuth/storage/engine.ts";
import { indexMarkKey, indexMarkRange, sourceOfIndexMark } from "@azimuth/storage/keys/index-mark-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { encodeEntry, type EntryEffect } from "./entry-codec.ts";
import type { IndexQueue } from "./index-queue.ts";
import { queuedChangesForSplitMax, rangeChunkBytes, sealedInVainPauseMs, sealedMsMax } from "./limits.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { isSettled, isWithin } from "./split.ts";
import { SplitMeasure } from "./split-measure.ts";
import type { IndexSize } from "./statistics.ts";
import type { WritePath } from "./write-path.ts";

export interface SplitWish {
  /** Number of the partition that is to begin. */
  readonly child: number;
  /** Its first token. */
  readonly at: string;
}

interface Run extends SplitWish {
  readonly measure: SplitMeasure;
  /** The entry is being put together or is under way. */
  proposing: boolean;
}

export class Splitter {
  readonly #doors: PartitionDoors;
  readonly #partition: Partition;
  readonly #writes: WritePath;
  readonly #indexQueue: IndexQueue;
  #run: Run | undefined;
  /** Clock.now, after an attempt in vain. */
  #restsUntil = 0;

  constructor(doors: PartitionDoors, partition: Partition, writes: WritePath, indexQueue: IndexQueue) {
    this.#doors = doors;
    this.#partition = partition;
    this.#writes = writes;
    this.#indexQueue = indexQueue;
  }

  /**
   * False when it does not begin: another is under way, this replica does not lead, the range is another by now, the
   * membership is changing, or the indexes are too far behind.
   */
  begin(wish: SplitWish): boolean {
    const { descriptor, readyTerm } = this.#partition;
    if (readyTerm === 0 || this.#run !== undefined || !isWithin(descriptor, wish.at)) return false;
    if (!this.#isMembershipSettled() || this.rests) return false;
    const { tableId, localIndexes = [], lastToken } = descriptor;
    const measure = new SplitMeasure([tableId, ...localIndexes], wish.at, lastToken);
    const run: Run = { ...wish, measure, proposing: false };
    this.#run = run;
    this.#partition.whenVisible(() => {
      if (this.#run === run) measure.walk(this.#doors.engine, () => this.#seal(run));
    });
    return true;
  }

  /** The indexes are too far behind, or were just waited for in vain. */
  get rests(): boolean {
    return this.#doors.clock.now() < this.#restsUntil || this.#isIndexBehind();
  }

  /** To be told every effect that is applied. */
  touched(effect: EntryEffect): void {
    this.#run?.measure.touched(effect);
  }

  /** Leadership or the range changed, or the attempt has ended: nothing of it goes on. */
  reset(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    run.measure.close();
    this.#writes.unseal();
  }

  #isMembershipSettled(): boolean {
    const config = this.#doors.host.status(this.#partition.descriptor.partition)?.config;
    return config !== undefined && isSettled(config);
  }

  /** More is queued than can be sent while writes are held back, or it cannot be sent. */
  #isIndexBehind(): boolean {
    return this.#partition.statistics.queued > queuedChangesForSplitMax || this.#indexQueue.isFailing;
  }

  #seal(run: Run): void {
    if (this.#isIndexBehind()) return this.reset();
    const { clock } = this.#doors;
    clock.after(sealedMsMax, () => {
      if (this.#run !== run || run.proposing) return;
      probe("a split waited for an index in vain");
      this.#restsUntil = clock.now() + sealedInVainPauseMs;
      this.reset();
    });
    this.#writes.seal(() => {
      if (this.#run !== run || run.proposing || this.#partition.statistics.queued > 0) return;
      run.proposing = true;
      run.measure.finish((sizes) => {
        if (this.#run === run) this.#readMarks((marks) => this.#propose(run, sizes, marks));
      });
    });
  }

  /** How far a partition of an index has taken what each base partition sends it. */
  #readMarks(done: (marks: readonly KeyValue[]) => void): void {
    const marks: KeyValue[] = [];
    const range = { ...indexMarkRange(this.#partition.descriptor.partition), chunkBytes: rangeChunkBytes };
    walkRange(this.#doors.engine, range, (pairs) => {
      for (const { key, value } of pairs) marks.push({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
    }, () => done(marks));
  }

  #propose(run: Run, [own, ...localIndexes]: readonly IndexSize[], marks: readonly KeyValue[]): void {
    const { partition, epoch } = this.#partition.descriptor;
    const status = this.#doors.host.status(partition);
    if (this.#run !== run || own === undefined || status === undefined) return;
    if (!isSettled(status.config)) return this.reset();
    const { child, at } = run;
    const { items, bytes } = own;
    // As if another entry, a change of membership say, had come after what was measured.
    const preparedAt = status.applied - (buggify("an entry overtakes that of a split") ? 1 : 0);
    const split = { child, at, voters: status.config.voters, preparedAt, items, bytes, localIndexes };
    const effects = marks.map(({ key, value }): EntryEffect =>
      ({ kind: "put", key: indexMarkKey(child, sourceOfIndexMark(key)), value }));
    const data = encodeEntry({
      epoch, generation: 0, expires: false, itemCountDelta: 0, itemBytesDelta: 0, record: undefined, split, effects,
    });
    this.#doors.host.propose(partition, data, () => {
      if (this.#run === run) this.reset();
    });
  }
}
