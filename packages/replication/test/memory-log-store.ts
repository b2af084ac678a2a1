// A log store in memory: what was appended before a crash is there after it; an append under way is lost or kept.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { Entry, HardState, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { GroupLog, GroupWrite, LogStore } from "@azimuth/storage/log-store.ts";

export class MemoryLogDisk {
  readonly writes: (readonly GroupWrite[])[] = [];
  underWay: readonly GroupWrite[] | undefined;

  crash(random: Random): void {
    if (this.underWay !== undefined && random.chance(0.5)) this.writes.push(this.underWay);
    this.underWay = undefined;
  }
}

class MemoryGroupLog implements GroupLog {
  readonly group: number;
  readonly replica: number;
  hardState: HardState = { term: 0, vote: 0, commit: 0 };
  snapshot: SnapshotMeta | undefined;
  #start = { index: 0, term: 0 };
  #entries: Entry[] = [];
  bytes = 0;

  constructor(group: number, replica: number) {
    this.group = group;
    this.replica = replica;
  }

  firstIndex(): number {
    return this.#start.index + 1;
  }
  lastIndex(): number {
    return this.#start.index + this.#entries.length;
  }
  start(): { index: number; term: number } {
    return this.#start;
  }
  term(index: number): number | undefined {
    if (index === this.#start.index) return this.#start.term;
    return this.#entries[index - this.#start.index - 1]?.term;
  }
  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = low; index < high && index <= this.lastIndex(); index++) {
      const entry = this.#entries[index - this.#start.index - 1];
      if (entry === undefined) throw new Error(`entry ${index} is compacted`);
      bytes += entry.data.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }

  write(write: GroupWrite): void {
    if (write.reset) {
      this.#start = { index: 0, term: 0 };
      this.#entries = [];
      this.snapshot = undefined;
    }
    if (write.snapshot !== undefined) {
      this.snapshot = write.snapshot;
      this.#start = { index: write.snapshot.index, term: write.snapshot.term };
      this.#entries = [];
    }
    const first = write.entries?.[0];
    if (first !== undefined) {
      if (first.index <= this.#start.index || first.index > this.lastIndex() + 1) throw new Error("a gap in the log");
      this.#entries.splice(first.index - this.#start.index - 1);
      for (const entry of write.entries ?? []) this.#entries.push(entry);
    }
    if (write.hardState !== undefined) this.hardState = write.hardState;
    if (write.compact !== undefined) {
      this.#entries.splice(0, write.compact.index - this.#start.index);
      this.#start = write.compact;
    }
    this.bytes = this.#entries.reduce((bytes, entry) => bytes + entry.data.length, 0);
  }
}

export function openMemoryLog(disk: MemoryLogDisk, clock: Clock, latencyMs: () => number): LogStore {
  const groups = new Map<number, MemoryGroupLog>();
  const removed = new Set<string>();
  let syncs = 0;
  const apply = (write: GroupWrite): void => {
    if (write.create !== undefined) groups.set(write.group, new MemoryGroupLog(write.group, write.create.replica));
    if (write.remove !== undefined) {
      groups.delete(write.group);
      removed.add(`${write.group}/${write.remove.replica}`);
      return;
    }
    const log = groups.get(write.group);
    if (log === undefined) throw new Error(`group ${write.group} was not created`);
    log.write(write);
  };
  for (const writes of disk.writes) writes.forEach(apply);
  return {
    groups: () => [...groups.values()],
    group: (id) => groups.get(id),
    wasRemoved: (group, replica) => removed.has(`${group}/${replica}`),
    corrupted: [],
    append(writes, done) {
      if (disk.underWay !== undefined) throw new Error("an append is under way");
      disk.underWay = writes;
      clock.after(latencyMs(), () => {
        disk.writes.push(writes);
        disk.underWay = undefined;
        writes.forEach(apply);
        syncs++;
        done();
      });
    },
    stats: () => ({ bytes: 0, segments: 1, syncs, appends: syncs }),
    close() {},
  };
}
