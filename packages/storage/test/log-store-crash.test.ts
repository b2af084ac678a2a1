// The log store on a disk that crashes at every step, tears writes and rots. Whatever happens, what was acknowledged
// is there after the next start, or the groups concerned are reported as damaged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@azimuth/foundation/logger.ts";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import { createLogStore } from "../src/create-log-store.ts";
import { scanFrames } from "../src/log-format.ts";
import type { LogStore } from "../src/log-store.ts";
import { createSimulatedDisk, SimulatedKill, type SimulatedDisk } from "../src/simulated-files.ts";
import { groupText, LogModel, randomWrites, storeText } from "./log-model.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

const segmentBytes = 1500;

interface World {
  readonly clock: ManualClock;
  readonly disk: SimulatedDisk;
  /** As of the last acknowledged append, and with the append under way. */
  acknowledged: LogModel;
  underWay: LogModel;
}

function createWorld(): World {
  const clock = createManualClock();
  const empty = new LogModel();
  return { clock, disk: createSimulatedDisk({ clock }), acknowledged: empty, underWay: empty };
}

function open({ disk }: World): LogStore {
  const onFatal = (error: Error): never => {
    throw error;
  };
  return createLogStore({ files: disk.open(onFatal), log: silentLogger, onFatal, segmentBytes, cacheBytes: 3000 });
}

/** Appends random writes; a kill of the disk ends it by an exception. */
function run(world: World, store: LogStore, appends: number, random: Random): void {
  for (let i = 0; i < appends; i++) {
    const writes = randomWrites(world.acknowledged, random);
    world.underWay = world.acknowledged.after(writes);
    store.append(writes, () => (world.acknowledged = world.underWay));
    world.clock.runAll();
    assert.equal(world.acknowledged, world.underWay, "an append was not acknowledged");
  }
}

/** Recovers, checks that the state is one of the two it may be, and makes that the acknowledged one. */
function checkRecovered(world: World, context: string): LogStore {
  const store = open(world);
  const found = storeText(store, world.underWay.removed);
  assert.deepEqual(store.corrupted, [], context);
  if (found === world.underWay.toText()) world.acknowledged = world.underWay;
  assert.equal(found, world.acknowledged.toText(), context);
  return store;
}

function killed(action: () => void): boolean {
  try {
    action();
    return false;
  } catch (error) {
    if (error instanceof SimulatedKill) return true;
    throw error;
  }
}

test("a random life with crashes always recovers what was acknowledged", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = createSeededRandom(`life ${seed}`);
    const world = createWorld();
    for (let life = 0; life < 6; life++) {
      const store = checkRecovered(world, `seed ${seed}, life ${life}`);
      world.disk.killAfter(random.chance(0.7) ? random.integer(60) : undefined);
      const died = killed(() => run(world, store, 25, random));
      if (!died && random.chance(0.5)) killed(() => store.close());
      world.disk.crash(random);
    }
    checkRecovered(world, `seed ${seed}, at the end`);
  }
});

test("killed at every step of one life, and again at every step of the recovery", () => {
  const live = (world: World): void => run(world, open(world), 60, createSeededRandom("every step"));
  const whole = createWorld();
  live(whole);
  const steps = whole.disk.steps;
  assert.ok(steps > 130, `the life has only ${steps} steps`);
  for (let step = 0; step < steps; step++) {
    for (let again = 0; again < 4; again++) {
      const world = createWorld();
      const random = createSeededRandom(`${step}/${again}`);
      world.disk.killAfter(step);
      assert.ok(killed(() => live(world)));
      world.disk.crash(random);
      world.disk.killAfter(again);
      if (killed(() => void open(world))) world.disk.crash(random);
      world.disk.killAfter(undefined);
      const store = checkRecovered(world, `step ${step}, recovery step ${again}`);
      run(world, store, 5, random);
      checkRecovered(world, `step ${step}, after going on`);
    }
  }
});

test("the first append of a file may be torn anywhere, in a header of several sectors, too", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = createSeededRandom(`first append ${seed}`);
    const world = createWorld();
    const { clock, disk } = world;
    const store = open(world);
    let acknowledged = 0;
    const append = (...writes: Parameters<LogStore["append"]>[0]): void => store.append(writes, () => acknowledged++);
    append({ group: 1, create: { replica: 1 } });
    clock.runAll();
    for (let group = 2; group < 122; group++) {
      append({ group, create: { replica: group } });
      clock.runAll();
      append({ group, remove: { replica: group } });
      clock.runAll();
    }
    acknowledged = 0;
    const write = (index: number): boolean => {
      const files = disk.names().length;
      append({ group: 1, entries: [{ index, term: 1, kind: "normal", data: random.bytes(400) }] });
      return disk.names().length > files;
    };
    for (let index = 1; !write(index); index++) clock.runAll();
    disk.crash(random);
    const again = open(world);
    assert.deepEqual([again.corrupted, again.lostRecords], [[], undefined], `seed ${seed}`);
    const found = again.group(1)?.lastIndex() ?? 0;
    assert.ok(found === acknowledged || found === acknowledged + 1, `seed ${seed}: ${found} of ${acknowledged}`);
  }
});

test("a record whose sync failed is on the disk before a process that found it in memory relies on it", () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = createSeededRandom(`failed sync ${seed}`);
    const { clock, disk } = createWorld();
    const openStore = (): LogStore =>
      createLogStore({ files: disk.open(() => undefined), log: silentLogger, onFatal: () => undefined, segmentBytes });
    const store = openStore();
    store.append([{ group: 1, create: { replica: 1 } }], () => undefined);
    clock.runAll();
    for (let index = 1; index < 2 + random.integer(8); index++) {
      const data = random.bytes(400);
      store.append([{ group: 1, entries: [{ index, term: 1, kind: "normal", data }] }], () => undefined);
      clock.runAll();
    }
    disk.failNextSync("EIO");
    store.append([{ group: 1, hardState: { term: 9, vote: 1, commit: 0 } }], () => assert.fail("acknowledged"));
    clock.runAll();
    const found = storeText(openStore(), []);
    disk.crash(random);
    assert.equal(storeText(openStore(), []), found, `seed ${seed}`);
  }
});

test("a file's header of which nothing but the header came through is written once more, too", () => {
  const world = createWorld();
  const store = open(world);
  run(world, store, 80, createSeededRandom("header"));
  const last = world.disk.names().findLast((name) => /^log-[0-9]/.test(name)) as string;
  const { disk } = world;
  const onFatal = (error: Error): never => {
    throw error;
  };
  const options = { log: silentLogger, onFatal, segmentBytes };
  const scanned = scanFrames(disk.content(last) as Uint8Array, 0).items;
  const frames = scanned.filter(({ kind }) => kind === "frame");
  disk.open(onFatal).truncate(last, (frames[0] as { offset: number }).offset + 5);
  const rewritten: (readonly [string, number])[] = [];
  const files = disk.open(onFatal);
  const recorded = { ...files, rewrite: (name: string, offset: number) => {
    rewritten.push([name, offset]);
    files.rewrite(name, offset);
  } };
  createLogStore({ ...options, files: recorded });
  assert.deepEqual(rewritten, [[last, 0]]);
});

/** A log of several segments with its model, closed cleanly or by a crash that left nothing half done. */
function writtenLog(clean: boolean): World {
  const world = createWorld();
  const store = open(world);
  run(world, store, 80, createSeededRandom("rot"));
  if (clean) store.close();
  return world;
}

function positions(world: World): readonly (readonly [string, number])[] {
  return world.disk
    .names()
    .filter((name) => /^log-[0-9]/.test(name))
    .flatMap((name) => {
      const { length } = world.disk.content(name) as Uint8Array;
      return Array.from({ length }, (_, offset) => [name, offset] as const);
    });
}

function checkUndamaged(store: LogStore, model: LogModel, context: string): void {
  const damaged = new Set(store.corrupted.map(({ group }) => group));
  // Nothing is reported only when nothing that counts was hit, such as the records of a replica removed since.
  if (damaged.size === 0 && store.lostRecords === undefined) assert.equal(storeText(store, model.removed), model.toText(), context);
  for (const [id] of model.groups) {
    if (damaged.has(id)) continue;
    const group = store.group(id);
    // Its beginning was in a record that is lost as a whole, and it was never written since.
    if (group === undefined && store.lostRecords !== undefined) continue;
    assert.ok(group, `${context}: group ${id} vanished`);
    assert.equal(groupText(group), model.groupText(id), context);
  }
  for (const { group } of store.groups()) assert.ok(model.groups.has(group) || damaged.has(group), context);
}

test("after a clean shutdown no flipped byte changes a group unreported", () => {
  const world = writtenLog(true);
  const all = positions(world);
  let one = 0;
  let found = 0;
  for (let at = 0; at < all.length; at += 3) {
    const [name, offset] = all[at] as readonly [string, number];
    world.disk.flipByte(name, offset);
    const context = `${name} at ${offset}`;
    const store = open(world);
    checkUndamaged(store, world.acknowledged, context);
    if (store.corrupted.length > 0 || store.lostRecords !== undefined) found++;
    if (store.corrupted.length === 1) one++;
    world.disk.flipByte(name, offset);
  }
  assert.ok(found > (0.7 * all.length) / 3, `only ${found} of ${all.length / 3} flips were reported`);
  assert.ok(one > found / 3, `only ${one} of ${found} flips concerned a single group`);
  checkRecovered(world, "with every flip undone");
});

test("without a clean shutdown no flip before the last record changes a group unreported", () => {
  const world = writtenLog(false);
  const all = positions(world);
  const before = world.acknowledged;
  run(world, open(world), 1, createSeededRandom("last"));
  for (let at = 0; at < all.length; at += 7) {
    const [name, offset] = all[at] as readonly [string, number];
    if (world.disk.content(name) === undefined) continue;
    world.disk.flipByte(name, offset, 0x81);
    const store = open(world);
    checkUndamaged(store, world.acknowledged, `${name} at ${offset}`);
    world.disk.flipByte(name, offset, 0x81);
  }
  assert.notEqual(before, world.acknowledged);
});

test("damage is remembered through restarts and segment deletion until the replica is removed", () => {
  const world = createWorld();
  const { clock, disk } = world;
  const append = (store: LogStore, ...writes: Parameters<LogStore["append"]>[0]): void => {
    store.append(writes, () => undefined);
    clock.runAll();
  };
  const entryAt = (index: number, text: string) =>
    [{ index, term: 1, kind: "normal", data: Buffer.from(text) }] as const;
  let store = open(world);
  append(store, { group: 1, create: { replica: 1 } }, { group: 2, create: { replica: 2 } });
  append(store, { group: 1, entries: entryAt(1, "victim") }, { group: 2, entries: entryAt(1, "other") });
  append(store, { group: 2, entries: entryAt(2, "later") });
  disk.flipByte("log-000000000001", Buffer.from(disk.content("log-000000000001") as Uint8Array).indexOf("victim"));
  store = open(world);
  assert.deepEqual(store.corrupted.map(({ group }) => group), [1]);
  assert.throws(() => append(store, { group: 1, entries: entryAt(2, "x") }), /can only be removed/);
  store = open(world);
  for (let i = 3; i < 60; i++) append(store, { group: 2, entries: entryAt(i, "x".repeat(200)), compact: { index: i, term: 1 } });
  assert.ok(!disk.names().includes("log-000000000001"));
  store = open(world);
  assert.deepEqual(store.corrupted.map(({ group }) => group), [1]);
  append(store, { group: 1, remove: { replica: 1 } }, { group: 1, create: { replica: 5 } });
  assert.deepEqual(store.corrupted, []);
  store = open(world);
  assert.deepEqual([store.corrupted, store.group(1)?.replica, store.wasRemoved(1, 1)], [[], 5, true]);
});

test("damage outlives its segment even when the group needs nothing of that segment", () => {
  const world = createWorld();
  const { clock, disk } = world;
  let store = open(world);
  const append = (...writes: Parameters<LogStore["append"]>[0]): void => {
    store.append(writes, () => undefined);
    clock.runAll();
  };
  const entry = (index: number, text: string) => [{ index, term: 1, kind: "normal", data: Buffer.from(text) }] as const;
  append({ group: 1, create: { replica: 1 } }, { group: 2, create: { replica: 2 } }, { group: 3, create: { replica: 3 } });
  append({ group: 1, entries: entry(1, "victim") });
  append({ group: 2, entries: entry(1, "x".repeat(2000)), compact: { index: 1, term: 1 } });
  append({ group: 1, compact: { index: 1, term: 1 } }, { group: 2 });
  const first = disk.names()[0] as string;
  disk.flipByte(first, Buffer.from(disk.content(first) as Uint8Array).indexOf("victim"));
  store = open(world);
  assert.deepEqual(store.corrupted.map(({ group }) => group), [1]);
  assert.ok(disk.names().includes(first), "group 3 needs the first segment");
  append({ group: 3, remove: { replica: 3 } });
  assert.ok(!disk.names().includes(first));
  store = open(world);
  assert.deepEqual(store.corrupted.map(({ group }) => group), [1]);
});

test("a segment that is missing in the middle is noticed by every group", () => {
  const world = createWorld();
  const store = open(world);
  store.append([1, 2, 3].map((group) => ({ group, create: { replica: group } })), () => undefined);
  world.clock.runAll();
  for (let index = 1; index < 40; index++) {
    const data = new Uint8Array(200);
    store.append([{ group: 1, entries: [{ index, term: 1, kind: "normal", data }] }], () => undefined);
    world.clock.runAll();
  }
  world.disk.open(assert.fail).remove("log-000000000003");
  assert.deepEqual(open(world).corrupted.map(({ group }) => group), [1, 2, 3]);
});

test("a failed sync is fatal: the append is never acknowledged", () => {
  const clock = createManualClock();
  const disk = createSimulatedDisk({ clock });
  const errors: string[] = [];
  const onFatal = (error: Error): void => void errors.push(error.message);
  const store = createLogStore({ files: disk.open(onFatal), log: silentLogger, onFatal });
  disk.failNextSync("EIO: the simulated disk failed a sync");
  store.append([{ group: 1, create: { replica: 1 } }], () => assert.fail("acknowledged"));
  clock.runAll();
  assert.equal(errors.length, 1);
});
