// Turns GroupWrites into sections: what the log will say of each group, worked out from what it says now, without
// changing anything yet. A group may appear several times in one append (removed, then created anew).
import { assert } from "@azimuth/foundation/assert.ts";
import type { Entry } from "@azimuth/raft/types.ts";
import type { Section } from "./log-format.ts";
import type { StoredGroup } from "./log-group.ts";
import type { GroupWrite } from "./log-store.ts";
import type { Tombstones } from "./log-tombstones.ts";

export interface PlannedSection {
  readonly section: Section;
  readonly entries: readonly Entry[];
  /** The section only says again, in a newer segment, what is known; the group stays as it is. */
  readonly rewrite: boolean;
}

interface Plan {
  section: Section;
  entries: readonly Entry[];
}

export interface PlanContext {
  group(id: number): StoredGroup | undefined;
  /** The group's removed replicas, as a list of its own. */
  tombstonesOf(group: number): Tombstones;
  isCorrupted(group: number): boolean;
}

export function planWrites(writes: readonly GroupWrite[], context: PlanContext): readonly PlannedSection[] {
  const plans: Plan[] = [];
  const currentByGroup = new Map<number, Plan>();
  for (const write of writes) {
    assert(!(write.create && write.remove), `group ${write.group} is created and removed in one write`);
    let plan = currentByGroup.get(write.group);
    const exists = plan === undefined ? context.group(write.group) !== undefined : !plan.section.removed;
    if (write.create !== undefined) {
      assert(!exists, `group ${write.group} exists already`);
      plan = createdPlan(write.group, write.create.replica, plan, context);
      plans.push(plan);
    } else if (write.remove !== undefined) {
      plan = removedPlan(write.group, write.remove.replica, plan, exists, context);
      plans.push(plan);
    } else {
      assert(exists, `there is no group ${write.group}`);
      assert(!context.isCorrupted(write.group) || plan, `group ${write.group} is damaged and can only be removed`);
      if (plan === undefined) {
        plan = { section: (context.group(write.group) as StoredGroup).section(undefined), entries: [] };
        plans.push(plan);
      }
    }
    change(plan, write);
    currentByGroup.set(write.group, plan);
  }
  return plans.map(({ section, entries }) => ({ section, entries, rewrite: false }));
}

function createdPlan(group: number, replica: number, before: Plan | undefined, context: PlanContext): Plan {
  const tombstones = context.tombstonesOf(group);
  if (before !== undefined) tombstones.add(group, before.section.replica);
  const returns = tombstones.has(group, replica);
  assert(!returns, `replica ${replica} of group ${group} was removed and must not return`);
  return { section: { ...emptySection, group, replica, created: true, tombstones }, entries: [] };
}

function removedPlan(
  group: number,
  replica: number,
  before: Plan | undefined,
  exists: boolean,
  context: PlanContext,
): Plan {
  const known = before?.section.replica ?? context.group(group)?.replica;
  const held = (exists && known === replica) || context.isCorrupted(group);
  assert(held, `this node holds no replica ${replica} of group ${group}`);
  return { section: { ...emptySection, group, replica, removed: true }, entries: [] };
}

export const emptySection: Section = {
  group: 0,
  replica: 0,
  created: false,
  tombstones: undefined,
  removed: false,
  corrupted: undefined,
  hardState: { term: 0, vote: 0, commit: 0 },
  start: { index: 0, term: 0 },
  snapshot: undefined,
  keptLast: 0,
};

/** In the order that GroupWrite promises: reset, snapshot, entries, hardState, compact. */
function change(plan: Plan, { reset, snapshot, entries, hardState, compact }: GroupWrite): void {
  if (reset) {
    const { term, vote } = plan.section.hardState;
    restart(plan, { index: 0, term: 0 });
    plan.section = { ...plan.section, snapshot: undefined, hardState: { term, vote, commit: 0 } };
  }
  if (snapshot) {
    restart(plan, { index: snapshot.index, term: snapshot.term });
    plan.section = { ...plan.section, snapshot };
  }
  if (entries !== undefined && entries.length > 0) addEntries(plan, entries);
  if (hardState) plan.section = { ...plan.section, hardState };
  if (compact && compact.index > plan.section.start.index) {
    assert(compact.index <= lastIndexOf(plan), `group ${plan.section.group} is compacted beyond its last entry`);
    plan.section = { ...plan.section, start: { index: compact.index, term: compact.term } };
  }
}

function restart(plan: Plan, start: Section["start"]): void {
  plan.section = { ...plan.section, start, keptLast: start.index };
  plan.entries = [];
}

function lastIndexOf({ section, entries }: Plan): number {
  return section.keptLast + entries.length;
}

function addEntries(plan: Plan, added: readonly Entry[]): void {
  const { group, start, keptLast } = plan.section;
  const first = (added[0] as Entry).index;
  assert(first > start.index && first <= lastIndexOf(plan) + 1, `entry ${first} of group ${group} would leave a gap`);
  const inOrder = added.every((entry, at) => entry.index === first + at);
  assert(inOrder, `entries of group ${group} do not follow each other`);
  if (first <= keptLast) plan.section = { ...plan.section, keptLast: first - 1 };
  plan.entries = [...plan.entries.slice(0, Math.max(0, first - 1 - keptLast)), ...added];
}
