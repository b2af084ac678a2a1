// Deletes expired items, on the partition's leader: a sweep over all items, each deletion a write like any other,
// decided on what the item is by then, so that an item whose time was prolonged meanwhile stays.
//
// An item has expired when the table's TTL attribute is a number of seconds since 1970 that is past, but not by more
// than five years (then it is taken for a mistake, as DynamoDB does).
import { probe } from "@azimuth/foundation/probe.ts";
import { decodeItem } from "@azimuth/model/item-codec.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import { lockKey } from "@azimuth/storage/keys/lock-key.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { sweepItems } from "./sweep.ts";
import { collectionKeyOf, withIndexes } from "./table-writes.ts";
import { nothingToDo, ownTask, type WriteTask } from "./write-task.ts";

const fiveYearsSeconds = 5 * 365 * 24 * 60 * 60;
const prefixBytes = 5;

export class TimeToLive {
  readonly #doors: PartitionDoors;
  readonly #partition: Partition;
  #sweeping = false;

  constructor(doors: PartitionDoors, partition: Partition) {
    this.#doors = doors;
    this.#partition = partition;
  }

  /** Goes over the items once; does nothing on followers, for tables without TTL, and while a sweep is under way. */
  sweep(): void {
    const { descriptor, readyTerm } = this.#partition;
    if (readyTerm === 0 || this.#sweeping) return;
    const table = this.#doors.findTable(descriptor.tableId);
    if (table?.timeToLive === undefined || table.timeToLive === null || table.tableId !== descriptor.tableId) return;
    this.#sweeping = true;
    sweepItems(this.#doors, this.#partition, {
      taskOf: (key, value) => {
        const isDue = hasExpired(table, value, this.#doors.clock.wallNow());
        return isDue ? this.#deletion(table, key) : undefined;
      },
      done: () => {
        this.#sweeping = false;
      },
    });
  }

  #deletion(table: TableDefinition, key: Uint8Array): WriteTask {
    const below = key.subarray(prefixBytes);
    const collection = collectionKeyOf(table, below);
    const keys = collection === undefined ? [key] : [key, collection];
    return ownTask(this.#partition.descriptor, keys, (look, current) => {
      const item = look(key);
      if (item === undefined) return nothingToDo({});
      if (!hasExpired(current, item, this.#doors.clock.wallNow())) {
        probe("an item that was to expire had been prolonged");
        return nothingToDo({});
      }
      // An item that a transaction holds is left to the next sweep.
      if (look(lockKey(key)) !== undefined) return nothingToDo({});
      probe("an expired item was deleted");
      return withIndexes(current, { effects: [{ kind: "delete", key: below }], outcome: {} }, look, collection);
    });
  }
}

export function hasExpired(table: TableDefinition, item: Uint8Array, nowMs: number): boolean {
  if (typeof table.timeToLive !== "string") return false;
  const value = decodeItem(item).get(table.timeToLive);
  if (value?.type !== "N") return false;
  const seconds = Number(value.value);
  const now = nowMs / 1000;
  return seconds <= now && seconds >= now - fiveYearsSeconds;
}
