// Cutting the log. An entry may go once its effect is durable in the engine and nobody needs it to catch up:
//
//   cut at min(durable applied index, slowest replica's match (leader), snapshots being sent) - a tail
//
// Every replica decides for itself: what it keeps matters only while it leads. A replica that stays behind
// for long does not hold the log for ever: above a limit of entries or bytes only durability and snapshots
// count. A group that has been idle and matched everywhere keeps no tail, so that old log files become
// free.
import { assert } from "@azimuth/foundation/assert.ts";
import { buggify } from "@azimuth/foundation/buggify.ts";
import type { AppendPipeline } from "./append-pipeline.ts";
import type { ApplyPipeline } from "./apply-pipeline.ts";
import type { Flusher } from "./flusher.ts";
import type { Group } from "./group.ts";
import type { HostContext } from "./host-context.ts";
import type { ReplicationLimits } from "./limits.ts";

export class Compaction {
  readonly #context: HostContext;
  readonly #appends: AppendPipeline;
  readonly #applies: ApplyPipeline;
  readonly #flusher: Flusher;
  readonly #pinnedIndex: (group: Group) => number;
  /** Groups whose cut is under way: one at a time, so that each starts from the log as it is. */
  readonly #cutting = new Set<Group>();
  #flushedAt: number;
  #underWay = false;

  constructor(
    context: HostContext,
    parts: { appends: AppendPipeline; applies: ApplyPipeline; flusher: Flusher },
    pinnedIndex: (group: Group) => number,
  ) {
    this.#context = context;
    this.#appends = parts.appends;
    this.#applies = parts.applies;
    this.#flusher = parts.flusher;
    this.#pinnedIndex = pinnedIndex;
    this.#flushedAt = context.clock.now();
  }

  /** Called every compaction period. */
  run(): void {
    if (this.#underWay) return;
    if (!this.#flushIsDue()) return this.#cut();
    this.#underWay = true;
    this.#applies.bytesApplied = 0;
    this.#flushedAt = this.#context.clock.now();
    this.#flusher.flush(() => {
      this.#underWay = false;
      this.#cut();
    });
  }

  #flushIsDue(): boolean {
    const { flushAfterBytes, flushAfterMs } = this.#context.limits;
    const bytes = this.#applies.bytesApplied;
    if (bytes >= flushAfterBytes) return true;
    return bytes > 0 && this.#context.clock.now() - this.#flushedAt >= flushAfterMs;
  }

  #cut(): void {
    for (const group of this.#context.groups.values()) {
      const index = cutIndex(group, this.#pinnedIndex(group), this.#context.limits);
      group.appliedAtLastLook = group.applied.index;
      if (index === undefined || this.#cutting.has(group)) continue;
      const term = group.log.term(index);
      assert(term !== undefined, `group ${group.id} has no term at ${index}`);
      this.#context.counters.compactions++;
      this.#appends.add({ group: group.id, compact: { index, term } }, () => this.#cutting.delete(group));
      this.#cutting.add(group);
    }
    this.#appends.kick();
  }
}

/** Where to cut a group's log; undefined to leave it. */
export function cutIndex(group: Group, pinned: number, limits: ReplicationLimits): number | undefined {
  if (!group.initialised) return undefined;
  const log = group.log;
  const first = log.firstIndex();
  const durable = Math.min(group.durableApplied, log.lastIndex(), pinned);
  const excessive = log.lastIndex() - first >= limits.logEntriesMax || log.bytes >= limits.logBytesMax
    || buggify("a log is cut without regard for slow replicas");
  const idle = group.appliedAtLastLook === log.lastIndex();
  const needed = excessive ? durable : Math.min(durable, slowestMatch(group));
  // A tail of at most half the limits, so that a forced cut gains something.
  const cut = idle || log.bytes >= limits.logBytesMax
    ? needed
    : needed - Math.min(limits.logTailEntries, Math.floor(limits.logEntriesMax / 2));
  return cut >= first ? cut : undefined;
}

function slowestMatch(group: Group): number {
  if (!group.leads) return Infinity;
  let slowest = Infinity;
  for (const { replica, match } of group.raft.progress()) {
    if (replica !== group.replica) slowest = Math.min(slowest, match);
  }
  return slowest;
}
