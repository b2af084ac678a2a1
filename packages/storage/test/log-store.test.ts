import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { ConfigState, Entry } from "@azimuth/raft/types.ts";
import { createLogStore, type LogStoreOptions } from "../src/create-log-store.ts";
import type { GroupLog, GroupWrite, LogStore } from "../src/log-store.ts";
import { createSimulatedDisk, type SimulatedDisk } from "../src/simulated-files.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

const config: ConfigState = { voters: [1, 2, 3], votersOutgoing: [], learners: [4], learnersNext: [], autoLeave: false };

class Subject {
  readonly clock: ManualClock = createManualClock();
  readonly disk: SimulatedDisk = createSimulatedDisk({ clock: this.clock });
  readonly options: Partial<LogStoreOptions>;
  store: LogStore;

  constructor(options: Partial<LogStoreOptions> = {}) {
    this.options = options;
    this.store = this.open();
  }

  open(): LogStore {
    const onFatal = (error: Error): never => {
      throw error;
    };
    this.store = createLogStore({ files: this.disk.open(onFatal), log: silentLogger, onFatal, ...this.options });
    return this.store;
  }

  append(...writes: readonly GroupWrite[]): void {
    let done = false;
    this.store.append(writes, () => (done = true));
    this.clock.runAll();
    assert.ok(done, "the append did not complete");
  }

  group(id: number): GroupLog {
    const group = this.store.group(id);
    assert.ok(group, `there is no group ${id}`);
    return group;
  }

  crash(seed: number): LogStore {
    this.disk.crash(createSeededRandom(seed));
    return this.open();
  }
}

function entry(index: number, term: number, text = `entry ${index} of term ${term}`): Entry {
  return { index, term, kind: index % 7 === 0 ? "config" : "normal", data: utf8(text) };
}

function entries(first: number, last: number, term: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term));
}

function read(group: GroupLog): readonly Entry[] {
  return group.lastIndex() < group.firstIndex() ? [] : group.entries(group.firstIndex(), group.lastIndex() + 1, 1e9);
}

function describe(group: GroupLog): unknown {
  const { replica, hardState, snapshot, bytes } = group;
  const all = read(group).map(({ index, term, kind, data }) => `${index}/${term} ${kind} ${Buffer.from(data)}`);
  return { replica, hardState, snapshot, bytes, start: group.start(), last: group.lastIndex(), all };
}

test("what was appended is read back, before and after a restart and a crash", () => {
  const subject = new Subject();
  const snapshot = { index: 4, term: 2, config };
  subject.append(
    { group: 1, create: { replica: 11 }, snapshot, entries: entries(5, 9, 2), hardState: { term: 2, vote: 1, commit: 7 } },
    { group: 2, create: { replica: 21 } },
  );
  subject.append({ group: 1, entries: entries(10, 11, 3), hardState: { term: 3, vote: 0, commit: 9 } });
  const expected = describe(subject.group(1));
  assert.deepEqual(subject.group(1).hardState, { term: 3, vote: 0, commit: 9 });
  assert.deepEqual(subject.group(1).snapshot, snapshot);
  assert.deepEqual([4, 5, 9, 10, 11, 12].map((index) => subject.group(1).term(index)), [2, 2, 2, 3, 3, undefined]);
  subject.store.close();
  subject.open();
  assert.deepEqual(describe(subject.group(1)), expected);
  subject.crash(1);
  assert.deepEqual(describe(subject.group(1)), expected);
  assert.deepEqual(subject.store.groups().map(({ group }) => group), [1, 2]);
  assert.deepEqual(subject.store.corrupted, []);
});

test("nothing is seen of an append before its callback", () => {
  const subject = new Subject();
  subject.append({ group: 1, create: { replica: 1 } });
  subject.store.append([{ group: 1, entries: entries(1, 3, 1) }, { group: 2, create: { replica: 2 } }], () => undefined);
  assert.equal(subject.group(1).lastIndex(), 0);
  assert.equal(subject.store.group(2), undefined);
  assert.throws(() => subject.store.append([], () => undefined), /under way/);
  subject.clock.runAll();
  assert.equal(subject.group(1).lastIndex(), 3);
});

test("appending at an index removes everything at or above it", () => {
  const subject = new Subject();
  subject.append({ group: 1, create: { replica: 1 }, entries: entries(1, 10, 1) });
  subject.append({ group: 1, entries: entries(6, 7, 2) });
  assert.deepEqual(read(subject.group(1)).map(({ index, term }) => [index, term]), [
    [1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [6, 2], [7, 2],
  ]);
  subject.append({ group: 1, entries: entries(8, 9, 2) }, { group: 1, entries: entries(7, 8, 3) });
  const expected = describe(subject.group(1));
  assert.equal(subject.group(1).lastIndex(), 8);
  assert.equal(subject.group(1).term(7), 3);
  subject.crash(1);
  assert.deepEqual(describe(subject.group(1)), expected);
});

test("entries come at least one at a time and then as many as fit", () => {
  const subject = new Subject();
  const all = Array.from({ length: 5 }, (_, i) => entry(i + 1, 1, "x".repeat(100)));
  subject.append({ group: 1, create: { replica: 1 }, entries: all });
  const indexes = (low: number, high: number, bytes: number): number[] =>
    subject.group(1).entries(low, high, bytes).map(({ index }) => index);
  assert.deepEqual(indexes(2, 6, 0), [2]);
  assert.deepEqual(indexes(2, 6, 299), [2, 3]);
  assert.deepEqual(indexes(2, 6, 300), [2, 3, 4]);
  assert.deepEqual(indexes(2, 4, 1000), [2, 3]);
  assert.throws(() => indexes(0, 3, 1), /no entries/);
  assert.throws(() => indexes(3, 7, 1), /no entries/);
});

test("compaction moves the start and keeps the configuration", () => {
  const subject = new Subject();
  subject.append({ group: 1, create: { replica: 1 }, snapshot: { index: 0, term: 0, config }, entries: entries(1, 10, 1) });
  subject.append({ group: 1, compact: { index: 6, term: 1 } });
  assert.deepEqual(subject.group(1).start(), { index: 6, term: 1 });
  assert.deepEqual([subject.group(1).firstIndex(), subject.group(1).term(6), subject.group(1).term(5)], [7, 1, undefined]);
  assert.deepEqual(subject.group(1).snapshot?.config, config);
  subject.append({ group: 1, entries: entries(11, 12, 2), compact: { index: 12, term: 2 } });
  assert.equal(subject.group(1).bytes, 0);
  subject.append({ group: 1, compact: { index: 3, term: 1 } });
  const expected = describe(subject.group(1));
  subject.crash(1);
  assert.deepEqual(describe(subject.group(1)), expected);
  assert.throws(() => subject.store.append([{ group: 1, compact: { index: 13, term: 2 } }], () => undefined), /beyond/);
});

test("a snapshot replaces all entries, and a reset keeps only term and vote", () => {
  const subject = new Subject();
  subject.append({ group: 1, create: { replica: 1 }, entries: entries(1, 10, 1), hardState: { term: 4, vote: 2, commit: 8 } });
  const snapshot = { index: 50, term: 3, config };
  subject.append({ group: 1, snapshot, entries: entries(51, 52, 4) });
  assert.deepEqual([subject.group(1).firstIndex(), subject.group(1).lastIndex()], [51, 52]);
  subject.append({ group: 1, reset: true });
  assert.deepEqual(subject.group(1).hardState, { term: 4, vote: 2, commit: 0 });
  assert.equal(subject.group(1).snapshot, undefined);
  assert.deepEqual([subject.group(1).firstIndex(), subject.group(1).lastIndex()], [1, 0]);
  subject.append({ group: 1, reset: true, snapshot: { index: 5, term: 3, config }, entries: entries(6, 6, 4) });
  const expected = describe(subject.group(1));
  subject.crash(1);
  assert.deepEqual(describe(subject.group(1)), expected);
});

test("a removed replica is gone, stays known as removed, and may be followed by a new one", () => {
  const subject = new Subject({ segmentBytes: 200 });
  subject.append({ group: 1, create: { replica: 11 }, entries: entries(1, 5, 1) }, { group: 2, create: { replica: 2 } });
  subject.append({ group: 1, remove: { replica: 11 } }, { group: 1, create: { replica: 12 }, entries: entries(1, 1, 9) });
  subject.append({ group: 1, remove: { replica: 12 } });
  assert.throws(() => subject.store.append([{ group: 1, create: { replica: 11 } }], () => undefined), /must not return/);
  subject.open();
  // Enough rolling that the segments with the removals are deleted.
  for (let i = 1; i <= 40; i++) subject.append({ group: 2, entries: entries(i, i, 1), compact: { index: i, term: 1 } });
  assert.ok(!subject.disk.names().includes("log-000000000001"));
  subject.crash(2);
  assert.equal(subject.store.group(1), undefined);
  assert.deepEqual([11, 12, 13].map((replica) => subject.store.wasRemoved(1, replica)), [true, true, false]);
  subject.append({ group: 1, create: { replica: 13 } });
  assert.equal(subject.group(1).replica, 13);
});

test("writes that contradict the log are refused", () => {
  const subject = new Subject();
  subject.append({ group: 1, create: { replica: 1 }, entries: entries(1, 3, 1), compact: { index: 2, term: 1 } });
  const refused: readonly [GroupWrite, RegExp][] = [
    [{ group: 2, entries: entries(1, 1, 1) }, /no group/],
    [{ group: 1, create: { replica: 2 } }, /exists/],
    [{ group: 1, entries: entries(5, 5, 1) }, /gap/],
    [{ group: 1, entries: entries(2, 2, 1) }, /gap/],
    [{ group: 1, entries: [entry(4, 1), entry(6, 1)] }, /follow each other/],
    [{ group: 1, remove: { replica: 7 } }, /no replica/],
    [{ group: 3, create: { replica: 1 }, remove: { replica: 1 } }, /created and removed/],
  ];
  for (const [write, message] of refused) {
    const fresh = subject.open();
    assert.throws(() => fresh.append([write], () => undefined), message);
  }
  const sameAgain: readonly GroupWrite[] = [{ group: 1, remove: { replica: 1 } }, { group: 1, create: { replica: 1 } }];
  const fresh = subject.open();
  assert.throws(() => fresh.append(sameAgain, () => undefined), /must not return/);
});

test("entries beyond the cache are read from their files", () => {
  const subject = new Subject({ cacheBytes: 2000, segmentBytes: 4000 });
  subject.append({ group: 1, create: { replica: 1 } });
  for (let i = 1; i <= 200; i++) subject.append({ group: 1, entries: [entry(i, 1, `${i}-${"y".repeat(100)}`)] });
  for (const low of [1, 50, 199]) {
    const found = subject.group(1).entries(low, 201, 1e9);
    assert.deepEqual(found.map(({ data }) => Buffer.from(data).toString().split("-")[0]), found.map(({ index }) => `${index}`));
  }
  const offset = Buffer.from(subject.disk.content("log-000000000001") as Uint8Array).indexOf("5-yyy");
  subject.disk.flipByte("log-000000000001", offset + 3);
  assert.throws(() => subject.group(1).entries(1, 100, 1e9), /checksum/);
});

test("segments are deleted once nothing in them is needed", () => {
  const subject = new Subject({ segmentBytes: 2000 });
  subject.append({ group: 1, create: { replica: 1 } });
  for (let i = 1; i <= 300; i++) {
    const compact = i > 10 ? { index: i - 10, term: 1 } : undefined;
    subject.append({ group: 1, entries: entries(i, i, 1), ...(compact && { compact }) });
    assert.ok(subject.store.stats().segments <= 3);
  }
  assert.equal(subject.disk.names().length, subject.store.stats().segments);
  const expected = describe(subject.group(1));
  subject.crash(3);
  assert.deepEqual(describe(subject.group(1)), expected);
});

test("idle groups do not keep old segments for ever", () => {
  const subject = new Subject({ segmentBytes: 4000 });
  const idle = Array.from({ length: 5 }, (_, i): GroupWrite => {
    const snapshot = { index: 100, term: 1, config };
    return { group: 10 + i, create: { replica: 10 + i }, snapshot, entries: entries(101, 110, 2) };
  });
  subject.append({ group: 1, create: { replica: 1 } }, ...idle);
  const expected = idle.map(({ group }) => describe(subject.group(group)));
  for (let i = 1; i <= 1000; i++) subject.append({ group: 1, entries: entries(i, i, 1), compact: { index: i, term: 1 } });
  assert.ok(subject.store.stats().bytes < 30_000, `${subject.store.stats().bytes} bytes are in use`);
  assert.ok(!subject.disk.names().includes("log-000000000001"));
  assert.deepEqual(idle.map(({ group }) => describe(subject.group(group))), expected);
  subject.crash(4);
  assert.deepEqual(idle.map(({ group }) => describe(subject.group(group))), expected);
});

test("the log goes on after any number of restarts, clean or not", () => {
  const subject = new Subject({ segmentBytes: 500 });
  subject.append({ group: 1, create: { replica: 1 } });
  for (let i = 1; i <= 30; i++) {
    subject.append({ group: 1, entries: entries(i, i, 1) });
    if (i % 3 === 0) subject.store.close();
    if (i % 3 !== 1) subject.crash(i);
    assert.deepEqual(subject.store.corrupted, []);
  }
  assert.equal(read(subject.group(1)).length, 30);
});
