// Fills a global secondary index that was added to a live table with what this partition has, on its leader.
//
// Every item is looked at again in the line of writes and put into the index's queue by an entry of the log, as a
// write would be: so its change stands in order with the writes before and after it. Writes decided since the leader
// knew of the index go to the index by themselves. A first entry makes the partition remember the index's version, so
// that no later leader with an older map leaves the index out.
//
// When the index has taken everything queued by then, an entry records that it is built here; the control plane makes
// the index ACTIVE once all partitions say so. A new leader begins again from the start.
import { decodeItem } from "@azimuth/model/item-codec.ts";
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { indexEntryOf } from "@azimuth/operations/index-entries.ts";
import type { IndexWork } from "./entry-codec.ts";
import type { IndexQueue } from "./index-queue.ts";
import { queueRetryPauseMs } from "./limits.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { sweepItems } from "./sweep.ts";
import { nothingToDo, ownTask, type TaskDecision, type WriteTask } from "./write-task.ts";

export class IndexBuilds {
  readonly #doors: PartitionDoors;
  readonly #partition: Partition;
  readonly #queue: IndexQueue;
  #building = false;

  constructor(doors: PartitionDoors, partition: Partition, queue: IndexQueue) {
    this.#doors = doors;
    this.#partition = partition;
    this.#queue = queue;
  }

  /** Starts building if there is an index to build; to be called now and then. */
  look(): void {
    const { readyTerm } = this.#partition;
    if (readyTerm === 0 || this.#building) return;
    const index = this.#toBuild();
    if (index === undefined) return;
    this.#building = true;
    const stop = (): void => {
      this.#building = false;
    };
    const isOver = (): boolean => this.#partition.readyTerm !== readyTerm;
    this.#submit({ built: [] }, (ok) => (ok ? this.#fill(index.indexId, isOver, stop) : stop()));
  }

  #toBuild(): IndexDefinition | undefined {
    const { descriptor, statistics } = this.#partition;
    const table = this.#doors.findTable(descriptor.tableId);
    if (table?.tableId !== descriptor.tableId) return undefined;
    return table.indexes?.find((index) => index.kind === "global" && index.status === "CREATING"
      && index.backfilling && !statistics.builtIndexes.includes(index.indexId));
  }

  #fill(indexId: number, isOver: () => boolean, stop: () => void): void {
    sweepItems(this.#doors, this.#partition, {
      taskOf: (key, value) => this.#taskOf(indexId, key, value),
      done: (complete) => {
        if (!complete) return stop();
        const { partition } = this.#partition.descriptor;
        const through = this.#doors.host.status(partition)?.applied ?? 0;
        this.#finish(indexId, through, isOver, stop);
      },
    });
  }

  /** An item that is not in the index now will come to it by the write that puts it there. */
  #taskOf(indexId: number, key: Uint8Array, found: Uint8Array): WriteTask | undefined {
    const { descriptor } = this.#partition;
    const current = this.#doors.findTable(descriptor.tableId);
    if (current === undefined || entryOf(current, indexId, found) === undefined) return undefined;
    return ownTask(descriptor, [key], (look, table): TaskDecision => {
      const item = look(key);
      const entry = item && entryOf(table, indexId, item);
      if (entry === undefined) return nothingToDo({});
      const changes = [{ indexId, token: entry.token, key: entry.key, value: entry.value }];
      return { ...nothingToDo({}), indexWork: indexWork(table, { changes }) };
    });
  }

  #finish(indexId: number, through: number, isOver: () => boolean, stop: () => void): void {
    if (isOver()) return stop();
    if (!this.#queue.isThrough(through)) {
      this.#doors.clock.after(queueRetryPauseMs, () => this.#finish(indexId, through, isOver, stop));
      return;
    }
    const { descriptor, statistics } = this.#partition;
    const known = this.#doors.findTable(descriptor.tableId)?.indexes ?? [];
    const stillThere = statistics.builtIndexes.filter((id) => known.some((index) => index.indexId === id));
    this.#submit({ built: [...stillThere, indexId] }, stop);
  }

  #submit(work: Partial<IndexWork>, done: (ok: boolean) => void): void {
    const task = ownTask(this.#partition.descriptor, [], (_look, table) =>
      ({ ...nothingToDo({}), indexWork: indexWork(table, work) }));
    this.#partition.submitTask(task, ({ status }) => done(status === "ok"));
  }
}

function entryOf(table: TableDefinition, indexId: number, item: Uint8Array) {
  const index = table.indexes?.find((each) => each.indexId === indexId && each.status !== "DELETING");
  return index && indexEntryOf(table, index, decodeItem(item), item);
}

function indexWork(table: TableDefinition, work: Partial<IndexWork>): IndexWork {
  return { indexVersion: table.indexVersion ?? 0, removed: 0, built: [], changes: [], ...work };
}
