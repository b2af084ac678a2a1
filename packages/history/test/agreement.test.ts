// The checkers against each other: the search, the zones and brute force over all orders, on thousands of small
// random histories, half of them with lies in them. Then planted violations, and speed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "@azimuth/foundation/random.ts";
import { precedes, type Operation } from "../src/history.ts";
import { checkLinearizable } from "../src/linearizable.ts";
import { illegal, type Model } from "../src/models/model.ts";
import { registerModel } from "../src/models/register.ts";
import { checkUniqueRegister } from "../src/zones.ts";
import { drawRegisterHistory } from "./random-registers.ts";

/** Tries every order that real time allows; an operation of unknown outcome may also be left out. */
function bruteForce<State>(operations: readonly Operation[], model: Model<State>): boolean {
  const place = (left: readonly Operation[], state: State): boolean => {
    if (left.every((operation) => operation.outcome === "unknown")) return true;
    return left.some((operation) => {
      if (left.some((other) => precedes(other, operation))) return false;
      const next = model.step(state, operation);
      return next !== illegal && place(left.filter((other) => other !== operation), next);
    });
  };
  return place(operations, model.initial);
}

test("search, zones and brute force agree on small random histories of writes and reads", () => {
  const seen = { ok: 0, violated: 0 };
  for (let seed = 0; seed < 4000; seed++) {
    const random = createSeededRandom(`writes ${seed}`);
    const load = { operations: random.between(3, 8), processes: random.between(2, 4), lies: random.pick([0, 0.8]) };
    const history = drawRegisterHistory(random, { ...load, unknown: random.pick([0, 0.25]), cas: false });
    const expected = bruteForce(history, registerModel) ? "ok" : "violated";
    if (load.lies === 0) assert.equal(expected, "ok", `seed ${seed}: a true register is linearizable`);
    assert.equal(checkLinearizable(history, registerModel).verdict, expected, `search, seed ${seed}`);
    assert.equal(checkUniqueRegister(history).verdict, expected, `zones, seed ${seed}`);
    seen[expected]++;
  }
  assert.ok(seen.ok > 1000 && seen.violated > 400, `both kinds occur: ${JSON.stringify(seen)}`);
});

test("search and brute force agree on small random histories with compare-and-set and refusals", () => {
  const seen = { ok: 0, violated: 0 };
  for (let seed = 0; seed < 3000; seed++) {
    const random = createSeededRandom(`cas ${seed}`);
    const load = { operations: random.between(3, 8), processes: random.between(2, 4), lies: random.pick([0, 0.8]) };
    const history = drawRegisterHistory(random, { ...load, unknown: random.pick([0, 0.25]), cas: true });
    const expected = bruteForce(history, registerModel) ? "ok" : "violated";
    assert.equal(checkLinearizable(history, registerModel).verdict, expected, `seed ${seed}`);
    seen[expected]++;
  }
  assert.ok(seen.ok > 1000 && seen.violated > 300, `both kinds occur: ${JSON.stringify(seen)}`);
});

test("a counter-example is small, still a violation, and made of the history's own operations", () => {
  let convicted = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = createSeededRandom(`counter-example ${seed}`);
    const history = drawRegisterHistory(random, { operations: 60, processes: 4, lies: 0.05, unknown: 0.05, cas: false });
    const { anomalies } = checkLinearizable(history, registerModel);
    for (const { operations, culprit } of anomalies) {
      convicted++;
      assert.ok(operations.length <= 8, `seed ${seed}: ${operations.length} operations`);
      assert.ok(operations.every((operation) => history.includes(operation)), `seed ${seed}`);
      assert.ok(culprit !== undefined && operations.some(({ id }) => id === culprit.id), `seed ${seed}`);
    }
  }
  assert.ok(convicted > 100, `${convicted} convicted`);
});

test("what the zones show of a violation proves it by itself, and each part of it is needed", () => {
  let convicted = 0;
  for (let seed = 0; seed < 300; seed++) {
    const random = createSeededRandom(`zones ${seed}`);
    const history = drawRegisterHistory(random, { operations: 60, processes: 4, lies: 0.05, unknown: 0.05, cas: false });
    for (const { operations, culprit } of checkUniqueRegister(history).anomalies) {
      convicted++;
      assert.equal(checkUniqueRegister(operations).verdict, "violated", `seed ${seed}`);
      for (const left of operations) {
        const rest = operations.filter((operation) => operation !== left);
        const nobodyWrote = checkUniqueRegister(rest).anomalies.every(({ kind }) => kind === "unwritten-value");
        assert.ok(nobodyWrote, `seed ${seed}: ${operations.map(({ id }) => id).join(" ")} without ${left.id}`);
      }
      assert.ok(culprit !== undefined && operations.includes(culprit), `seed ${seed}`);
    }
  }
  assert.ok(convicted > 100, `${convicted} convicted`);
});

test("one stale read planted in ten thousand good operations is found and shown small", () => {
  for (const [seed, processes] of [[1, 5], [2, 8]] as const) {
    const random = createSeededRandom(`planted ${seed}`);
    const history = drawRegisterHistory(random, { operations: 10_000, processes, lies: 0, unknown: 0.01, cas: false });
    assert.equal(checkLinearizable(history, registerModel).verdict, "ok");
    assert.equal(checkUniqueRegister(history).verdict, "ok");
    const reads = history.filter((operation) => operation.f === "read");
    const early = reads[2000] as Operation;
    const late = reads[3500] as Operation;
    const planted = history.map((operation) => (operation === late ? { ...late, output: early.output } : operation));
    const bySearch = checkLinearizable(planted, registerModel);
    assert.equal(bySearch.verdict, "violated");
    assert.ok((bySearch.anomalies[0]?.operations.length ?? 99) <= 6, bySearch.explanation);
    assert.equal(checkUniqueRegister(planted).verdict, "violated");
  }
});

test("the search gives up within its budget instead of guessing", () => {
  const random = createSeededRandom("budget");
  const history = drawRegisterHistory(random, { operations: 500, processes: 6, lies: 0, unknown: 0, cas: true });
  assert.equal(checkLinearizable(history, registerModel, { stepsMax: 100 }).verdict, "unknown");
});

test("two hundred thousand operations of fifty clients pass the zone check in seconds", { timeout: 20_000 }, () => {
  const random = createSeededRandom("long");
  const history = drawRegisterHistory(random, { operations: 200_000, processes: 50, lies: 0, unknown: 0.001, cas: false });
  assert.equal(checkUniqueRegister(history).verdict, "ok");
});
