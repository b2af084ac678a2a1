// A walk of the leader over all items of its partition, turning some of them into tasks: to fill a new index, to
// delete what has expired. It reads a chunk, waits until its tasks are done, and goes on behind it, so that it holds
// no snapshot open and never has more than a few hundred tasks under way. A task looks at its item again. While many
// changes wait for an index it waits, too, so that they do not become too many for the writes of clients.
import type { KeyValue } from "@azimuth/storage/engine.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { queuedChangesForSweepMax, queueRetryPauseMs, rangeChunkBytes, sweepItemsMax } from "./limits.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import type { WriteTask } from "./write-task.ts";

export interface Sweep {
  /** The task for an item as it was found; undefined: none. Keys are whole. */
  taskOf(key: Uint8Array, value: Uint8Array): WriteTask | undefined;
  /** `complete`: every item was seen and every task done, in one term of this leader. */
  done(complete: boolean): void;
}

export function sweepItems(doors: PartitionDoors, partition: Partition, sweep: Sweep): void {
  const { tableId, firstToken, lastToken, epoch } = partition.descriptor;
  const term = partition.readyTerm;
  const range = partitionRange(tableId, firstToken, lastToken);
  const isOver = (): boolean => partition.readyTerm !== term || partition.descriptor.epoch !== epoch;

  const next = (start: Uint8Array): void => {
    if (isOver()) return sweep.done(false);
    if (partition.statistics.queued >= queuedChangesForSweepMax) {
      doors.clock.after(queueRetryPauseMs, () => next(start));
      return;
    }
    const iterator = doors.engine.iterate({ start, end: range.end });
    iterator.next(rangeChunkBytes, (pairs) => {
      const chunk = pairs.slice(0, sweepItemsMax).map(({ key, value }) =>
        ({ key: Uint8Array.from(key), value: Uint8Array.from(value) }));
      iterator.close();
      // What was read under another range may be another partition's by now.
      if (isOver()) return sweep.done(false);
      if (chunk.length === 0) return sweep.done(true);
      run(chunk);
    });
  };

  const run = (chunk: readonly KeyValue[]): void => {
    const tasks = chunk.map(({ key, value }) => sweep.taskOf(key, value)).filter((task) => task !== undefined);
    const last = (chunk.at(-1) as KeyValue).key;
    const behind = Buffer.concat([last, Buffer.of(0)]);
    let waiting = tasks.length;
    let failed = false;
    const settle = (): void => {
      if (waiting > 0) return;
      if (!failed) return next(behind);
      doors.clock.after(queueRetryPauseMs, () => (isOver() ? sweep.done(false) : run(chunk)));
    };
    if (waiting === 0) doors.clock.defer(settle);
    for (const task of tasks) {
      partition.submitTask(task, ({ status }) => {
        waiting--;
        if (status !== "ok") failed = true;
        settle();
      });
    }
  };

  next(range.start);
}
