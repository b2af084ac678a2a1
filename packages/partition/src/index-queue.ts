// The leader's end of the way to global secondary indexes: goes through this partition's queue in order,
// sends what it finds to the leaders of the index partitions concerned, and when all of a batch is
// acknowledged takes it out of the queue through the log. It never gives up: a batch that cannot be delivered
// is tried again, sorted anew by the map.
//
// Nothing is remembered across leaders. A new one begins with the oldest record, and the index partitions'
// marks (index-writes.ts) make the repetition harmless. Changes of an index that is no more are taken out
// unsent.
import { assert } from "@azimuth/foundation/assert.ts";
import { buggify } from "@azimuth/foundation/buggify.ts";
import { decodeIndexQueueKey, indexQueueRange, type QueuePosition } from "@azimuth/storage/keys/index-queue-key.ts";
import { decodeChange, type QueuedChange } from "./entry-codec.ts";
import type { IndexWriteCommand } from "./index-writes.ts";
import { queueBatchBytes, queueBatchMax, queueRetryPauseMs } from "./limits.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { ownTask } from "./write-task.ts";

/** How a partition reaches the partitions of indexes. */
export interface IndexDoors {
  /** The partition of an index that holds a token; undefined when this node's map knows none. */
  locate(indexId: number, token: string): number | undefined;
  /** Asks the leader of an index partition to take a batch; `done` runs once, with true when it has. */
  deliver(partition: number, command: IndexWriteCommand, done: (taken: boolean) => void): void;
}

interface WaitingRecord {
  readonly storedKey: Uint8Array;
  readonly position: QueuePosition;
  readonly change: QueuedChange;
}

export class IndexQueue {
  readonly #doors: PartitionDoors;
  readonly #partition: Partition;
  /** Rises whenever what is under way has lost its meaning. */
  #run = 0;
  #busy = false;
  #mayHaveMore = false;
  /** The last record that is acknowledged. */
  #cursor: Uint8Array | undefined;
  #toRemove: Uint8Array[] = [];
  #removing = false;
  /** Log index of the oldest change that is not acknowledged; undefined when none was found. */
  #oldest: number | undefined;
  #isFailing = false;

  constructor(doors: PartitionDoors, partition: Partition) {
    this.#doors = doors;
    this.#partition = partition;
  }

  /** All that was queued by entries up to this one has been taken by the indexes. */
  isThrough(index: number): boolean {
    if (this.#oldest !== undefined) return this.#oldest > index;
    return !this.#busy && !this.#mayHaveMore;
  }

  /** What was last sent was not taken, and is being tried again. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Leadership or the state changed: what is under way does not count any more. */
  reset(): void {
    this.#run++;
    this.#busy = false;
    this.#mayHaveMore = false;
    this.#cursor = undefined;
    this.#toRemove = [];
    this.#removing = false;
    this.#oldest = undefined;
    this.#isFailing = false;
  }

  /** There may be something in the queue. */
  wake(): void {
    if (this.#partition.readyTerm === 0) return;
    this.#mayHaveMore = true;
    if (!this.#busy) this.#read();
  }

  #read(): void {
    const run = this.#run;
    const { start, end } = indexQueueRange(this.#partition.descriptor.partition);
    const from = this.#cursor === undefined ? start : Buffer.concat([this.#cursor, Buffer.of(0)]);
    this.#busy = true;
    this.#mayHaveMore = false;
    const iterator = this.#doors.engine.iterate({ start: from, end });
    iterator.next(queueBatchBytes, (pairs) => {
      const records = pairs.slice(0, queueBatchMax).map(({ key, value }): WaitingRecord => ({
        storedKey: Uint8Array.from(key),
        position: decodeIndexQueueKey(key),
        change: decodeChange(Uint8Array.from(value)),
      }));
      iterator.close();
      if (run !== this.#run) return;
      this.#oldest = records[0]?.position.index;
      if (records.length > 0) return this.#deliver(records, records);
      this.#busy = false;
      if (this.#mayHaveMore) this.#read();
    });
  }

  /** Sends what of a batch is not acknowledged yet, each index partition's part at once. */
  #deliver(batch: readonly WaitingRecord[], remaining: readonly WaitingRecord[]): void {
    const run = this.#run;
    const { wanted, unplaced } = this.#sort(remaining);
    const failed = [...unplaced];
    let waiting = wanted.size;
    const settle = (): void => {
      if (waiting > 0 || run !== this.#run) return;
      if (failed.length === 0 && buggify("an index change is sent again")) failed.push(...remaining);
      this.#isFailing = failed.length > 0;
      if (!this.#isFailing) return this.#acknowledged(batch);
      const inOrder = remaining.filter((record) => failed.includes(record));
      this.#doors.clock.after(queueRetryPauseMs, () => {
        if (run === this.#run) this.#deliver(batch, inOrder);
      });
    };
    if (waiting === 0) return settle();
    for (const [target, records] of wanted) {
      this.#doors.indexes.deliver(target, this.#commandOf(records), (taken) => {
        waiting--;
        if (!taken) failed.push(...records);
        settle();
      });
    }
  }

  /** By the partition that holds them; changes of indexes that are given up are left out. */
  #sort(records: readonly WaitingRecord[]) {
    const { tableId } = this.#partition.descriptor;
    const table = this.#doors.findTable(tableId);
    const live = new Set((table?.indexes ?? [])
      .filter((index) => index.status !== "DELETING").map((index) => index.indexId));
    // By an older map an index that is not known may be a new one, and not one that is no more.
    const isOld = table === undefined || (table.indexVersion ?? 0) < this.#partition.statistics.indexVersion;
    const wanted = new Map<number, WaitingRecord[]>();
    const unplaced: WaitingRecord[] = [];
    for (const record of records) {
      const { indexId, token } = record.change;
      if (!live.has(indexId) && !isOld) continue;
      const target = live.has(indexId) ? this.#doors.indexes.locate(indexId, token) : undefined;
      if (target === undefined) unplaced.push(record);
      else wanted.set(target, [...(wanted.get(target) ?? []), record]);
    }
    return { wanted, unplaced };
  }

  #commandOf(records: readonly WaitingRecord[]): IndexWriteCommand {
    const first = records[0];
    assert(first !== undefined, "an empty batch is not sent");
    return {
      indexId: first.change.indexId,
      source: this.#partition.descriptor.partition,
      changes: records.map(({ position, change }) => ({
        index: position.index, ordinal: position.ordinal,
        token: change.token, key: change.key, value: change.value ?? null,
      })),
    };
  }

  #acknowledged(batch: readonly WaitingRecord[]): void {
    this.#cursor = batch.at(-1)?.storedKey;
    this.#oldest = undefined;
    this.#mayHaveMore = true;
    for (const { storedKey } of batch) this.#toRemove.push(storedKey);
    this.#remove();
    this.#read();
  }

  /** One entry at a time, so that each record is counted out once. */
  #remove(): void {
    if (this.#removing || this.#toRemove.length === 0) return;
    const run = this.#run;
    const keys = this.#toRemove;
    this.#toRemove = [];
    this.#removing = true;
    const removal = ownTask(this.#partition.descriptor, [], (_look, table) => ({
      effects: [],
      unseen: keys.map((key) => ({ kind: "delete", key })),
      itemCountDelta: 0,
      itemBytesDelta: 0,
      indexWork: { indexVersion: table.indexVersion ?? 0, removed: keys.length, built: [], changes: [] },
      outcome: {},
    }));
    this.#partition.submitTask({ ...removal, passesSeal: true }, ({ status }) => {
      if (run !== this.#run) return;
      this.#removing = false;
      if (status === "ok") return this.#remove();
      if (status === "wrong-epoch") {
        // The range has changed meanwhile: begin again with what is in the queue now.
        this.reset();
        return this.wake();
      }
      if (status !== "unavailable") return;
      this.#toRemove = [...keys, ...this.#toRemove];
      this.#doors.clock.after(queueRetryPauseMs, () => {
        if (run === this.#run) this.#remove();
      });
    });
  }
}
