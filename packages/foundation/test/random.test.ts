import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { createRealRandom } from "@azimuth/foundation/real-random.ts";

const draws = (random: { next(): number }): number[] => Array.from({ length: 20 }, () => random.next());

test("the same seed gives the same draws, another seed others", () => {
  assert.deepEqual(draws(createSeededRandom(7)), draws(createSeededRandom("7")));
  assert.notDeepEqual(draws(createSeededRandom(7)), draws(createSeededRandom(8)));
});

test("splitting depends on the seed and the label, not on what was drawn", () => {
  const fresh = createSeededRandom(7);
  const used = createSeededRandom(7);
  draws(used);
  assert.deepEqual(draws(fresh.split("disk")), draws(used.split("disk")));
  assert.notDeepEqual(draws(fresh.split("disk")), draws(fresh.split("network")));
  assert.notDeepEqual(draws(fresh.split("a").split("b")), draws(fresh.split("b").split("a")));
});

test("splitting does not advance the generator", () => {
  const split = createSeededRandom(7);
  split.split("disk").next();
  assert.deepEqual(draws(split), draws(createSeededRandom(7)));
});

test("integers and ranges keep to their bounds and reach them", () => {
  const random = createSeededRandom(1);
  const integers = new Set(Array.from({ length: 500 }, () => random.integer(4)));
  const between = new Set(Array.from({ length: 500 }, () => random.between(-1, 2)));
  assert.deepEqual([...integers].sort(), [0, 1, 2, 3]);
  assert.deepEqual([...between].sort((left, right) => left - right), [-1, 0, 1, 2]);
});

test("chances of nothing and of everything are certain, one of a quarter is near a quarter", () => {
  const random = createSeededRandom(1);
  let hits = 0;
  for (let i = 0; i < 4000; i++) {
    assert.equal(random.chance(0), false);
    assert.equal(random.chance(1), true);
    if (random.chance(0.25)) hits++;
  }
  assert.ok(hits > 900 && hits < 1100, `${hits} of 4000`);
});

test("shuffling keeps every element and leaves its argument alone", () => {
  const random = createSeededRandom(1);
  const values = Object.freeze(Array.from({ length: 50 }, (_, i) => i));
  const shuffled = random.shuffle(values);
  assert.notDeepEqual(shuffled, values);
  assert.deepEqual(shuffled.sort((left, right) => left - right), values);
});

test("picking from nothing is an error", () => {
  assert.throws(() => createSeededRandom(1).pick([]), RangeError);
});

test("two real generators draw differently", () => {
  assert.notDeepEqual(createRealRandom().bytes(16), createRealRandom().bytes(16));
});
