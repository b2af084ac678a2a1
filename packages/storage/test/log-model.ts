// What the log store should hold, in the plainest way: arrays of entries. Also draws random valid writes for it.
import { utf8 } from "@azimuth/foundation/bytes.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { Entry, HardState, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { GroupLog, GroupWrite, LogStore } from "../src/log-store.ts";

interface ModelGroup {
  readonly replica: number;
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | undefined;
  readonly start: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}

export class LogModel {
  readonly groups: ReadonlyMap<number, ModelGroup>;
  readonly removed: ReadonlySet<string>;

  constructor(groups: ReadonlyMap<number, ModelGroup> = new Map(), removed: ReadonlySet<string> = new Set()) {
    this.groups = groups;
    this.removed = removed;
  }

  after(writes: readonly GroupWrite[]): LogModel {
    const groups = new Map(this.groups);
    const removed = new Set(this.removed);
    for (const write of writes) {
      if (write.remove) {
        groups.delete(write.group);
        removed.add(`${write.group}/${write.remove.replica}`);
      } else groups.set(write.group, changed(write.create ? begun(write.create.replica) : groups.get(write.group), write));
    }
    return new LogModel(groups, removed);
  }

  /** The state as text, to compare and to print. */
  toText(): string {
    const lines = [...this.groups]
      .toSorted(([left], [right]) => left - right)
      .map(([id, group]) => textOf(id, group.replica, group.hardState, group.snapshot, group.start, group.entries));
    return [...lines, ...[...this.removed].toSorted()].join("\n");
  }

  groupText(id: number): string | undefined {
    const group = this.groups.get(id);
    return group && textOf(id, group.replica, group.hardState, group.snapshot, group.start, group.entries);
  }
}

/** The same text of what a store holds; `removed` are the tombstones to ask for. */
export function storeText(store: LogStore, removed: Iterable<string>): string {
  const lines = store
    .groups()
    .toSorted((left, right) => left.group - right.group)
    .map(groupText);
  const tombstones = [...removed].filter((text) => {
    const [group, replica] = text.split("/").map(Number) as [number, number];
    return store.wasRemoved(group, replica);
  });
  return [...lines, ...tombstones.toSorted()].join("\n");
}

export function groupText(group: GroupLog): string {
  const none = group.lastIndex() < group.firstIndex();
  const entries = none ? [] : group.entries(group.firstIndex(), group.lastIndex() + 1, Infinity);
  return textOf(group.group, group.replica, group.hardState, group.snapshot, group.start(), entries);
}

function textOf(id: number, ...parts: readonly unknown[]): string {
  const plain = (_name: string, value: unknown): unknown =>
    value instanceof Uint8Array ? `${value.length}:${Buffer.from(value.subarray(0, 12)).toString()}` : value;
  const buffers = parts.map((part) => (Array.isArray(part) ? part.map((entry) => ({ ...entry, data: plain("", entry.data) })) : part));
  return `${id} ${JSON.stringify(buffers)}`;
}

function begun(replica: number): ModelGroup {
  const start = { index: 0, term: 0 };
  return { replica, hardState: { term: 0, vote: 0, commit: 0 }, snapshot: undefined, start, entries: [] };
}

function changed(group: ModelGroup | undefined, write: GroupWrite): ModelGroup {
  if (group === undefined) throw new Error("the model has no such group");
  let result = group;
  if (write.reset) result = { ...begun(group.replica), hardState: { ...group.hardState, commit: 0 } };
  if (write.snapshot) {
    const { index, term } = write.snapshot;
    result = { ...result, snapshot: write.snapshot, start: { index, term }, entries: [] };
  }
  const first = write.entries?.[0]?.index;
  if (first !== undefined) {
    const kept = result.entries.filter(({ index }) => index < first);
    result = { ...result, entries: [...kept, ...(write.entries ?? [])] };
  }
  if (write.hardState) result = { ...result, hardState: write.hardState };
  const { compact } = write;
  if (compact && compact.index > result.start.index) {
    result = { ...result, start: compact, entries: result.entries.filter(({ index }) => index > compact.index) };
  }
  return result;
}

const groupsMax = 4;

/** One to three valid writes on the model's groups, each group at most once. */
export function randomWrites(model: LogModel, random: Random): readonly GroupWrite[] {
  const groups = random.shuffle(Array.from({ length: groupsMax }, (_, i) => i + 1)).slice(0, random.between(1, 3));
  return groups.map((id) => {
    const group = model.groups.get(id);
    return group === undefined ? randomCreate(id, model, random) : randomChange(id, group, random);
  });
}

function randomCreate(group: number, model: LogModel, random: Random): GroupWrite {
  let replica = random.between(1, 3);
  while (model.removed.has(`${group}/${replica}`)) replica++;
  const create = { replica };
  return random.chance(0.5) ? { group, create } : { group, create, snapshot: randomSnapshot(random) };
}

function randomSnapshot(random: Random): SnapshotMeta {
  const voters = [random.between(1, 9), random.between(10, 5000)];
  const config = { voters, votersOutgoing: [], learners: [], learnersNext: [7], autoLeave: random.chance(0.5) };
  return { index: random.integer(20), term: random.between(1, 3), config };
}

function randomChange(group: number, { replica, start, entries }: ModelGroup, random: Random): GroupWrite {
  const last = start.index + entries.length;
  const kind = random.integer(20);
  if (kind === 0) return { group, remove: { replica } };
  if (kind === 1) return { group, reset: true };
  if (kind === 2) {
    const snapshot = randomSnapshot(random);
    return { group, reset: true, snapshot, entries: randomEntries(snapshot.index + 1, random) };
  }
  const hardState = { term: random.between(1, 9), vote: random.integer(4), commit: last };
  if (kind === 3) return { group, snapshot: { ...randomSnapshot(random), index: last + random.integer(5) }, hardState };
  if (kind < 7) return { group, hardState };
  if (kind < 11) {
    const index = random.between(start.index, last);
    const term = index === start.index ? start.term : (entries[index - start.index - 1] as Entry).term;
    return { group, compact: { index, term } };
  }
  const first = random.chance(0.8) ? last + 1 : random.between(start.index + 1, last + 1);
  return { group, entries: randomEntries(first, random), ...(random.chance(0.5) && { hardState }) };
}

function randomEntries(first: number, random: Random): readonly Entry[] {
  return Array.from({ length: random.between(1, 4) }, (_, i): Entry => {
    const text = `${random.integer(1e9)} `.padEnd(random.chance(0.1) ? 1500 : random.integer(80), "z");
    const kind = random.chance(0.1) ? "config" : "normal";
    return { index: first + i, term: random.between(1, 9), kind, data: random.chance(0.1) ? new Uint8Array(0) : utf8(text) };
  });
}
