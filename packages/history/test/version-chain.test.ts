import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import type { Operation, Outcome } from "../src/history.ts";
import { checkLinearizable } from "../src/linearizable.ts";
import type { ItemInput } from "../src/models/item.ts";
import { itemModel } from "../src/models/item.ts";
import { checkVersionChain } from "../src/version-chain.ts";
import { kindsOf, op } from "./build.ts";

function advance(interval: readonly [number, number], from: number, token: string, outcome?: Outcome): Operation {
  return op(`writer ${token}`, interval, "advance", { from, token }, undefined, outcome);
}

function read(interval: readonly [number, number], version: number, token?: string): Operation {
  return op("reader", interval, "read", undefined, version === 0 ? null : { version, token });
}

const first = advance([0, 1], 0, "a");
const second = advance([2, 3], 1, "b");

test("a chain with reads, refusals and an unknown outcome that took effect is good", () => {
  const history = [
    first, second, advance([4, 5], 1, "c", "refused"), read([6, 7], 2, "b"),
    advance([8, Infinity], 2, "d"), read([9, 10], 2, "b"), read([11, 12], 3, "d"), advance([13, 14], 3, "e"),
  ];
  assert.equal(checkVersionChain(history).verdict, "ok");
});

test("two successes from one version are a fork", () => {
  assert.deepEqual(kindsOf(checkVersionChain([first, second, advance([4, 5], 1, "c")])), ["fork"]);
});

test("another token than the acknowledged one is a fork", () => {
  const verdict = checkVersionChain([first, second, advance([4, Infinity], 1, "c"), read([6, 7], 2, "c")]);
  assert.deepEqual(kindsOf(verdict), ["fork"]);
});

test("a read of an older version than one known before it began is stale", () => {
  const verdict = checkVersionChain([first, second, read([4, 5], 1, "a")]);
  assert.deepEqual(kindsOf(verdict), ["stale-read"]);
  assert.deepEqual(verdict.anomalies[0]?.operations.map(({ id }) => id), [2, 4]);
  assert.equal(checkVersionChain([first, second, read([4, 5], 0)]).verdict, "violated");
  assert.equal(checkVersionChain([first, advance([2, 5], 1, "b"), read([4, 6], 1, "a")]).verdict, "ok");
});

test("what one reader saw, a later one may not miss, even while the write is under way", () => {
  const history = [first, advance([2, 9], 1, "b"), read([3, 4], 2, "b"), read([5, 6], 1, "a")];
  assert.deepEqual(kindsOf(checkVersionChain(history)), ["stale-read"]);
});

test("versions may not contradict real time", () => {
  const verdict = checkVersionChain([advance([0, 1], 1, "b"), advance([2, 3], 0, "a")]);
  assert.deepEqual(kindsOf(verdict), ["real-time"]);
});

test("a version cannot be read before its update begins", () => {
  assert.deepEqual(kindsOf(checkVersionChain([first, read([2, 3], 2, "b"), advance([4, 5], 1, "b")])), ["future-read"]);
});

test("a token from nowhere, of another version, or of a refused update is convicted", () => {
  assert.deepEqual(kindsOf(checkVersionChain([first, read([2, 3], 1, "z")])), ["unwritten-value"]);
  assert.deepEqual(kindsOf(checkVersionChain([first, second, read([4, 5], 2, "a")])), ["wrong-version"]);
  const refused = advance([2, 3], 1, "b", "refused");
  assert.deepEqual(kindsOf(checkVersionChain([first, refused, read([4, 5], 2, "b")])), ["refused-but-applied"]);
});

test("a version needs all versions before it", () => {
  assert.deepEqual(kindsOf(checkVersionChain([first, advance([2, 3], 2, "c")])), ["gap"]);
  assert.equal(checkVersionChain([first, advance([2, Infinity], 1, "b"), advance([4, 5], 2, "c")]).verdict, "ok");
});

test("a refusal needs a moment at which the version was another", () => {
  const refused = (interval: readonly [number, number]): Operation => advance(interval, 1, "c", "refused");
  assert.deepEqual(kindsOf(checkVersionChain([first, refused([2, 3]), advance([4, 5], 1, "b")])), ["unexplained-refusal"]);
  assert.deepEqual(kindsOf(checkVersionChain([first, refused([2, 3])])), ["unexplained-refusal"]);
  assert.equal(checkVersionChain([first, refused([2, 5]), advance([4, 6], 1, "b")]).verdict, "ok");
  assert.equal(checkVersionChain([advance([0, 4], 0, "a"), refused([3, 5])]).verdict, "ok");
  const perhaps = advance([2, Infinity], 1, "b");
  assert.equal(checkVersionChain([first, perhaps, refused([4, 5])]).verdict, "ok", "the unknown one may explain it");
});

test("what a refusal says it found counts as a read", () => {
  const told = op("w", [4, 5], "advance", { from: 0, token: "c" }, { version: 1, token: "a" }, "refused");
  assert.deepEqual(kindsOf(checkVersionChain([first, second, told])), ["stale-read"]);
});

test("it never convicts what the search acquits, and finds what the search finds without refusals", () => {
  const seen = { ok: 0, violated: 0 };
  for (let seed = 0; seed < 2000; seed++) {
    const random = createSeededRandom(`chain ${seed}`);
    const history = drawChain(random.between(4, 9), random.chance(0.5), random);
    const bySearch = checkLinearizable(history.map(asItemOperation), itemModel).verdict;
    const { verdict, explanation } = checkVersionChain(history);
    if (verdict === "violated") assert.equal(bySearch, "violated", `seed ${seed}: ${explanation}`);
    const refused = history.some(({ outcome }) => outcome === "refused");
    if (!refused) assert.equal(verdict, bySearch, `seed ${seed}`);
    seen[verdict as "ok" | "violated"]++;
  }
  assert.ok(seen.ok > 500 && seen.violated > 300, JSON.stringify(seen));
});

/** Clients that read and advance a true item; with `lies`, some results are moved by one version. */
function drawChain(count: number, lies: boolean, random: ReturnType<typeof createSeededRandom>): Operation[] {
  const history: Operation[] = [];
  const tokens: string[] = ["none"];
  let clock = 0;
  for (let number = 0; number < count; number++) {
    // Effects happen in this order; intervals reach a little to both sides.
    const interval = [clock - random.integer(6) - 0.1 * number, clock + random.integer(6) + 0.05] as const;
    clock += 2;
    const version = tokens.length - 1;
    const off = lies && random.chance(0.3) ? random.pick([-1, 1]) : 0;
    if (random.chance(0.4)) {
      const told = Math.min(Math.max(version + off, 0), version);
      history.push(read([interval[0], interval[1]], told, tokens[told]));
      continue;
    }
    const from = Math.max(0, version + off);
    const token = `t${number}`;
    const unknown = random.chance(0.2);
    if (from === version) tokens.push(token);
    const takes = from === version || (lies && random.chance(0.5));
    history.push(advance([interval[0], unknown ? Infinity : interval[1]], from, token, unknown ? "unknown" : takes ? "ok" : "refused"));
  }
  return history;
}

function asItemOperation(operation: Operation): Operation {
  if (operation.f === "read") {
    const seen = operation.output as { version: number; token?: string } | null;
    return { ...operation, output: seen === null ? null : { version: seen.version, token: seen.token ?? "" } };
  }
  const { from, token } = operation.input as { from: number; token: string };
  const condition = from === 0 ? { exists: false } : { equals: { version: from } };
  const input: ItemInput = { item: { version: from + 1, token }, condition };
  return { ...operation, f: "put", input, output: undefined };
}
