// Committed entries become engine writes: one batch for all groups that have some, with each group's applied
// index, term and configuration in the same batch, so that data and position cannot disagree after a crash.
// Only one batch is under way; the next gathers meanwhile. Nothing is synced: the log is the truth.
//
// Invariant: entries of a group are applied in log order, each exactly once per engine state.
import { assert, unreachable } from "@azimuth/foundation/assert.ts";
import { buggify } from "@azimuth/foundation/buggify.ts";
import { decodeConfigChange } from "@azimuth/raft/membership/config-change-codec.ts";
import type { ConfigState, Entry } from "@azimuth/raft/types.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { appliedKey, encodeAppliedState, type AppliedState } from "@azimuth/storage/keys/applied-key.ts";
import type { Group } from "./group.ts";
import type { HostContext } from "./host-context.ts";

interface AppliedChange {
  readonly index: number;
  readonly before: ConfigState;
  readonly config: ConfigState;
  readonly context: Uint8Array;
}

/** What the simulator may hold a batch back for. */
const lateMs = 200;

/** What one batch does to one group. */
interface GroupWork {
  readonly group: Group;
  readonly incarnation: number;
  applied: AppliedState;
  readonly outcomes: { readonly index: number; readonly term: number; readonly value: unknown }[];
  readonly changes: AppliedChange[];
}

export class ApplyPipeline {
  readonly #context: HostContext;
  readonly #queued = new Set<Group>();
  #underWay = false;
  #closed = false;
  #idleCallbacks: (() => void)[] = [];
  /** Bytes of entries that no batch has taken yet. */
  #queuedBytes = 0;
  /** Bytes applied since somebody reset it: compaction decides by it when to flush the engine. */
  bytesApplied = 0;

  constructor(context: HostContext) {
    this.#context = context;
  }

  enqueue(group: Group, entries: readonly Entry[]): void {
    for (const entry of entries) {
      group.committed.push(entry);
      this.#queuedBytes += entry.data.length;
    }
    this.#queued.add(group);
  }

  /** The group's entries will not be applied: it leaves, or a snapshot replaces what they would make. */
  forget(group: Group): void {
    for (const entry of group.committed.splice(0)) this.#queuedBytes -= entry.data.length;
  }

  /** Whether the group should wait before it is given more: memory is bounded over all groups. */
  isFullFor(group: Group): boolean {
    return group.committed.length > 0 && this.#queuedBytes >= this.#context.limits.applyQueueBytesMax;
  }

  /** Starts the next batch unless one is under way. */
  kick(): void {
    if (this.#underWay || this.#closed || this.#queued.size === 0) return;
    if (buggify("a batch is applied late")) {
      this.#underWay = true;
      this.#context.clock.after(lateMs, () => {
        this.#underWay = false;
        this.#goOn();
      });
      return;
    }
    const operations: WriteOperation[] = [];
    const works = this.#gather(operations);
    if (works.length === 0) return;
    this.#underWay = true;
    this.#context.counters.engineBatches++;
    this.#context.engine.write(operations, () => {
      this.#underWay = false;
      for (const work of works) this.#finish(work);
      this.#goOn();
    });
  }

  #goOn(): void {
    this.kick();
    if (!this.#underWay) for (const callback of this.#idleCallbacks.splice(0)) callback();
  }

  whenIdle(callback: () => void): void {
    if (!this.#underWay) callback();
    else this.#idleCallbacks.push(callback);
  }

  /** Nothing is applied any more: the engine is about to be closed. */
  close(): void {
    this.#closed = true;
  }

  #gather(operations: WriteOperation[]): GroupWork[] {
    const { applyBatchBytesMax, applyBatchEntriesMax } = this.#context.limits;
    const works: GroupWork[] = [];
    let bytes = 0;
    let entries = 0;
    for (const group of this.#queued) {
      if (bytes >= applyBatchBytesMax || entries >= applyBatchEntriesMax) break;
      this.#queued.delete(group);
      if (group.closed || group.loading || group.receiving || group.committed.length === 0) continue;
      let count = 0;
      for (const entry of group.committed) {
        if (bytes >= applyBatchBytesMax || entries >= applyBatchEntriesMax) break;
        bytes += entry.data.length + 64;
        this.#queuedBytes -= entry.data.length;
        entries++;
        count++;
      }
      works.push(applyEntries(group, group.committed.splice(0, count), operations));
      // Set iteration visits what is added again, so a group that has more comes after all others.
      if (group.committed.length > 0) this.#queued.add(group);
    }
    this.bytesApplied += bytes;
    this.#context.counters.entriesApplied += entries;
    return works;
  }

  #finish(work: GroupWork): void {
    const { group, applied } = work;
    if (group.incarnation !== work.incarnation) return;
    group.applied = applied;
    group.raft.applied(applied.index);
    for (const change of work.changes) {
      group.configChanged(change.index, change.before);
      group.machine.configChanged(change.config, change.context);
    }
    group.machine.appliedThrough(applied.index);
    for (const { index, term, value } of work.outcomes) group.waiters.applied(index, term, value);
    group.reads.appliedThrough(applied.index);
    announceReadiness(group);
    this.#context.touch(group);
  }
}

/** A leader may decide once an entry of its own term is applied: everything before it is visible then. */
function announceReadiness(group: Group): void {
  if (group.role !== "leader" || group.readyTerm === group.term || group.applied.term !== group.term) return;
  group.readyTerm = group.term;
  group.machine.leaderReady(group.term);
}

function applyEntries(group: Group, entries: readonly Entry[], operations: WriteOperation[]): GroupWork {
  const outcomes: GroupWork["outcomes"] = [];
  const changes: AppliedChange[] = [];
  let previous = group.applied.index;
  let config = group.applied.config;
  for (const entry of entries) {
    assert(entry.index === previous + 1, `group ${group.id} skips from entry ${previous} to ${entry.index}`);
    previous = entry.index;
    let value: unknown;
    switch (entry.kind) {
      case "normal":
        if (entry.data.length > 0) value = group.machine.apply(entry, operations, config);
        break;
      case "config": {
        const change = decodeConfigChange(entry.data);
        const before = config;
        config = group.raft.applyConfigChange(change);
        changes.push({ index: entry.index, before, config, context: change.context });
        value = config;
        break;
      }
      default:
        unreachable(entry.kind, "entry kind");
    }
    outcomes.push({ index: entry.index, term: entry.term, value });
  }
  const last = entries.at(-1) as Entry;
  const applied = { index: last.index, term: last.term, config };
  operations.push({ kind: "put", key: appliedKey(group.id), value: encodeAppliedState(applied) });
  return { group, incarnation: group.incarnation, applied, outcomes, changes };
}
