// What every engine must do, run against RocksDB and against the simulated one (engine.test.ts).
import assert from "node:assert/strict";
import { test } from "node:test";
import { equalBytes, fromHex, toHex, utf8 } from "@azimuth/foundation/bytes.ts";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Engine, WriteOperation } from "../src/engine.ts";
import * as help from "./engine-helpers.ts";

const { put, del, deleteRange, write, get, texts, collect } = help;

/** Opens a fresh engine and gives a function that closes it cleanly and opens the same data again. */
export interface EngineUnderTest {
  readonly engine: Engine;
  reopen(): Promise<Engine>;
  cleanUp(): Promise<void>;
}

export function describeEngine(name: string, open: () => Promise<EngineUnderTest>): void {
  const check = (title: string, body: (engine: Engine, subject: EngineUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const subject = await open();
      try {
        await body(subject.engine, subject);
      } finally {
        await subject.cleanUp();
      }
    });
  };

  check("a value that was put can be read, and a deleted one cannot", async (engine) => {
    await write(engine, put("a", "1"), put("b", "2"));
    await write(engine, del("a"), put("c", "3"));
    assert.deepEqual(
      [await get(engine, "a"), await get(engine, "b"), await get(engine, "c"), await get(engine, "d")],
      [undefined, "2", "3", undefined],
    );
  });

  check("values come in the order of the keys asked for, repeated keys included", async (engine) => {
    await write(engine, put("a", "1"), put("b", "2"));
    const found = await help.getMany(engine, ["b", "x", "a", "b"].map(utf8));
    assert.deepEqual(found.map((value) => value && Buffer.from(value).toString()), ["2", undefined, "1", "2"]);
    assert.deepEqual(await help.getMany(engine, []), []);
  });

  check("many gets of one turn are answered each with its own values", async (engine) => {
    await write(engine, ...Array.from({ length: 50 }, (_, i) => put(`k${i}`, `v${i}`)));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => get(engine, `k${i}`)));
    assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => `v${i}`));
  });

  check("operations of one batch take effect in their order", async (engine) => {
    await write(engine, put("a", "1"), del("a"), put("a", "2"), put("b", "1"), deleteRange("b", "c"), put("b", "2"));
    assert.deepEqual(await texts(engine, "a", "z"), ["a=2", "b=2"]);
  });

  check("batches written without waiting are applied in the order of the calls", async (engine) => {
    const done: number[] = [];
    const all = Array.from({ length: 40 }, (_, i) =>
      write(engine, put("k", String(i))).then(() => void done.push(i)),
    );
    await Promise.all(all);
    assert.deepEqual(done, Array.from({ length: 40 }, (_, i) => i));
    assert.equal(await get(engine, "k"), "39");
  });

  check("an empty batch completes, after the batches before it", async (engine) => {
    const order: string[] = [];
    await Promise.all([
      write(engine, put("a", "1")).then(() => order.push("full")),
      write(engine).then(() => order.push("empty")),
    ]);
    assert.deepEqual(order, ["full", "empty"]);
  });

  check("a range is [start, end) in byte order, forwards and backwards", async (engine) => {
    const keys = ["", "00", "0000", "00ff", "01", "7f", "80", "ff", "ff00", "ffff"].filter((key) => key !== "");
    await write(engine, ...keys.toReversed().map((key): WriteOperation => {
      return { kind: "put", key: fromHex(key), value: utf8(key) };
    }));
    const range = { start: fromHex("0000"), end: fromHex("ff00") };
    const found = await collect(engine, range);
    assert.deepEqual(found.map(({ key }) => toHex(key)), ["0000", "00ff", "01", "7f", "80", "ff"]);
    const reversed = await collect(engine, { ...range, reverse: true });
    assert.deepEqual(reversed.map(({ key }) => toHex(key)), ["ff", "80", "7f", "01", "00ff", "0000"]);
  });

  check("an empty or inverted range has no pairs", async (engine) => {
    await write(engine, put("a", "1"), put("b", "2"));
    for (const [start, end] of [["a", "a"], ["b", "a"], ["", ""], ["a", ""], ["aa", "ab"]] as const) {
      assert.deepEqual(await texts(engine, start, end), []);
      assert.deepEqual(await texts(engine, start, end, true), []);
    }
  });

  check("deleting a range removes [start, end) and nothing else", async (engine) => {
    await write(engine, ...["a", "b", "ba", "c", "d"].map((key) => put(key, "1")));
    await write(engine, deleteRange("b", "c"), deleteRange("d", "d"), deleteRange("d", "a"));
    assert.deepEqual(await texts(engine, "a", "z"), ["a=1", "c=1", "d=1"]);
  });

  check("values may be empty, keys may hold any bytes, and both may be large", async (engine) => {
    const random = createSeededRandom(7);
    const key = random.bytes(3000);
    const value = random.bytes(400_000);
    await write(engine, { kind: "put", key, value }, { kind: "put", key: fromHex("00ff00"), value: new Uint8Array(0) });
    const [large, empty] = await help.getMany(engine, [key, fromHex("00ff00")]);
    assert.ok(large && equalBytes(large, value));
    assert.ok(empty && empty.length === 0);
    const [pair] = await collect(engine, { start: fromHex("00ff00"), end: fromHex("00ff01") });
    assert.ok(pair && pair.value.length === 0 && toHex(pair.key) === "00ff00");
  });

  check("chunks are bounded in bytes and together make up the range", async (engine) => {
    const names = Array.from({ length: 1000 }, (_, i) => String(i).padStart(4, "0"));
    await write(engine, ...names.map((name) => put(name, "x".repeat(96))));
    for (const reverse of [false, true]) {
      const iterator = engine.iterate({ start: utf8("0"), end: utf8("9999a"), reverse });
      const seen: string[] = [];
      for (;;) {
        const pairs = await help.next(iterator, 1000);
        if (pairs.length === 0) break;
        assert.ok(pairs.length <= 10, `a chunk of 1000 bytes held ${pairs.length} pairs of 100`);
        seen.push(...pairs.map(({ key }) => Buffer.from(key).toString()));
      }
      assert.deepEqual(await help.next(iterator, 1000), []);
      iterator.close();
      assert.deepEqual(seen, reverse ? names.toReversed() : names);
    }
  });

  check("a chunk holds at least one pair, however small the limit", async (engine) => {
    await write(engine, put("a", "long value"), put("b", "long value"));
    const iterator = engine.iterate({ start: utf8("a"), end: utf8("z") });
    assert.equal((await help.next(iterator, 1)).length, 1);
    assert.equal((await help.next(iterator, 1)).length, 1);
    assert.equal((await help.next(iterator, 1)).length, 0);
    iterator.close();
  });

  check("an iterator sees the state at its creation, even before its first chunk", async (engine) => {
    await write(engine, put("a", "1"), put("b", "1"), put("c", "1"));
    const iterator = engine.iterate({ start: utf8("a"), end: utf8("z") });
    await write(engine, put("a", "2"), del("b"), put("d", "2"));
    const first = await help.next(iterator, 1);
    await write(engine, deleteRange("a", "z"));
    assert.deepEqual(help.asTexts([...first, ...(await help.drain(iterator))]), ["a=1", "b=1", "c=1"]);
  });

  check("a snapshot keeps its state for gets and iterators while writes go on", async (engine) => {
    await write(engine, put("a", "1"), put("b", "1"));
    const snapshot = engine.snapshot();
    await write(engine, put("a", "2"), del("b"), put("c", "2"));
    assert.deepEqual(await texts(snapshot, "a", "z"), ["a=1", "b=1"]);
    assert.deepEqual([await get(snapshot, "a"), await get(snapshot, "c")], ["1", undefined]);
    assert.deepEqual(await texts(engine, "a", "z"), ["a=2", "c=2"]);
    snapshot.close();
  });

  check("a get asked for just before its snapshot closes is answered", async (engine) => {
    await write(engine, put("a", "1"));
    const snapshot = engine.snapshot();
    const answer = get(snapshot, "a");
    snapshot.close();
    assert.equal(await answer, "1");
  });

  check("an iterator may be closed at any time, and closing the engine does not wait for one left open", async (engine) => {
    await write(engine, put("a", "1"), put("b", "1"));
    engine.iterate({ start: utf8("a"), end: utf8("z") }).close();
    const started = engine.iterate({ start: utf8("a"), end: utf8("z") });
    await help.next(started, 1);
    started.close();
    const leftOpen = engine.iterate({ start: utf8("a"), end: utf8("z") });
    await help.next(leftOpen, 1);
    engine.snapshot();
    await help.close(engine);
  });

  check("what was flushed is there after closing and opening again", async (engine, subject) => {
    await write(engine, put("a", "1"), put("b", "2"));
    await Promise.all([help.flush(engine), help.flush(engine)]);
    await write(engine, del("b"));
    const again = await subject.reopen();
    assert.equal(await get(again, "a"), "1");
  });

  check("closing waits for the writes under way and may be repeated", async (engine, subject) => {
    const order: string[] = [];
    const writing = write(engine, put("a", "1")).then(() => order.push("written"));
    const closings = [help.close(engine), help.close(engine)].map((closing) => closing.then(() => order.push("closed")));
    await Promise.all([writing, ...closings]);
    await help.close(engine);
    assert.deepEqual(order, ["written", "closed", "closed"]);
    const again = await subject.reopen();
    assert.equal(await get(again, "a"), "1");
  });

  check("what is asked after closing is not done and never answered", async (engine, subject) => {
    const answered = (): void => assert.fail("answered");
    const askForAll = (): void => {
      engine.write([put("a", "2")], answered);
      engine.get([utf8("a")], answered);
      engine.iterate({ start: utf8("a"), end: utf8("b") }).next(1, answered);
      engine.approximateBytes(utf8("a"), utf8("b"), answered);
      engine.flush(answered);
    };
    engine.write([put("a", "1")], askForAll);
    await help.close(engine);
    askForAll();
    assert.equal(await get(await subject.reopen(), "a"), "1");
  });

  check("the estimated size of a range grows with what lies in it", async (engine) => {
    await write(engine, ...Array.from({ length: 2000 }, (_, i) => put(`k${String(i).padStart(5, "0")}`, "x".repeat(500))));
    await help.flush(engine);
    const size = (start: string, end: string): Promise<number> =>
      new Promise((resolve) => engine.approximateBytes(utf8(start), utf8(end), resolve));
    const whole = await size("k", "l");
    assert.ok(whole > 700_000 && whole < 1_500_000, `1 MB was estimated as ${whole}`);
    const half = await size("k", "k01000");
    assert.ok(half > 0.3 * whole && half < 0.7 * whole, `half of ${whole} was estimated as ${half}`);
    assert.ok((await size("l", "m")) < 10_000);
  });

  check("it agrees with a sorted list through thousands of random batches", async (engine) => {
    const random = createSeededRandom("engine model");
    const model = new Map<string, string>();
    const name = (): string => `k${String(random.integer(400)).padStart(3, "0")}`;
    for (let round = 0; round < 60; round++) {
      const batch = Array.from({ length: random.integer(40) }, () => randomOperation(random.integer(10), name, model));
      const sure = write(engine, ...batch);
      if (random.chance(0.5)) await sure;
      if (round % 10 === 9) {
        await sure;
        const [low, high] = [name(), name()].toSorted() as [string, string];
        const expected = [...model].filter(([key]) => key >= low && key < high).map(([key, value]) => `${key}=${value}`);
        assert.deepEqual(await texts(engine, low, high), expected.toSorted());
        assert.deepEqual(await texts(engine, low, high, true), expected.toSorted().toReversed());
      }
    }
  });

  let version = 0;
  const randomOperation = (kind: number, name: () => string, model: Map<string, string>): WriteOperation => {
    const key = name();
    if (kind < 6) {
      const value = `v${version++}`;
      model.set(key, value);
      return put(key, value);
    }
    if (kind < 9) {
      model.delete(key);
      return del(key);
    }
    const end = `k${String(Number(key.slice(1)) + 10).padStart(3, "0")}`;
    for (const known of [...model.keys()]) if (known >= key && known < end) model.delete(known);
    return deleteRange(key, end);
  };
}
