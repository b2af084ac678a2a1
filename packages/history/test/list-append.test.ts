// Each named anomaly at least once, and its harmless neighbour. `t` writes a transaction as "ax1 ry[1 2]".
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom, type Random } from "@azimuth/foundation/random.ts";
import { precedes, type Operation, type Outcome } from "../src/history.ts";
import { checkListAppend } from "../src/list-append.ts";
import { kindsOf, on, op } from "./build.ts";

type Step = ["append", string, number] | ["r", string, number[] | null];

function t(process: string, interval: readonly [number, number], text: string, outcome?: Outcome): Operation {
  const steps = [...text.matchAll(/a(\w)(\d+)|r(\w)\[([\d ]*)\]/g)].map((match): Step => {
    if (match[1] !== undefined) return ["append", match[1], Number(match[2])];
    const list = match[4] === "" ? [] : (match[4] as string).split(" ").map(Number);
    return ["r", match[3] as string, list];
  });
  const asked = steps.map((step): Step => (step[0] === "r" ? ["r", step[1], null] : step));
  return op(process, interval, "txn", asked, steps, outcome);
}

/** All at the same time, on processes of their own: no real-time or process order. */
function together(...texts: string[]): Operation[] {
  return texts.map((text, at) => t(`p${at}`, [at, 100 + at], text));
}

test("a serial history holds, whatever it mixes", () => {
  const history = [
    t("a", [0, 1], "ax1 ay1"), t("b", [2, 3], "rx[1] ry[1]"), t("a", [4, 5], "ax2 rx[1 2]"),
    t("c", [6, Infinity], "ay2"), t("b", [7, 8], "rx[1 2] ry[1 2]"), t("c2", [9, 10], "ax3", "failed"),
    on("x", op("d", [11, 12], "append", 4)), on("x", op("d", [13, 14], "read", undefined, [1, 2, 4])),
  ];
  const verdict = checkListAppend(history);
  assert.equal(verdict.verdict, "ok", verdict.explanation);
  assert.deepEqual(verdict.contradicts, []);
});

test("G0: writes of two transactions interleave", () => {
  const verdict = checkListAppend(together("ax1 ay1", "ax2 ay2", "rx[1 2]", "ry[2 1]"));
  assert.ok(kindsOf(verdict).includes("G0"), verdict.explanation);
  assert.deepEqual(verdict.contradicts, ["serializable", "strict-serializable"]);
  assert.equal(checkListAppend(together("ax1 ay1", "ax2 ay2", "rx[1 2]", "ry[1 2]")).verdict, "ok");
});

test("G1a: a failed transaction's append is read", () => {
  const verdict = checkListAppend([t("a", [0, 1], "ax1", "failed"), t("b", [2, 3], "rx[1]")]);
  assert.deepEqual(kindsOf(verdict), ["G1a"]);
  const refused = checkListAppend([t("a", [0, 1], "ax1", "refused"), t("b", [2, 3], "rx[1]")]);
  assert.deepEqual(kindsOf(refused), ["G1a"]);
  assert.equal(checkListAppend([t("a", [0, Infinity], "ax1"), t("b", [2, 3], "rx[1]")]).verdict, "ok");
});

test("G1b: a state in the middle of a transaction is read", () => {
  assert.ok(kindsOf(checkListAppend(together("ax1 ax2", "rx[1]"))).includes("G1b"));
  assert.equal(checkListAppend(together("ax1 ax2", "rx[1 2]")).verdict, "ok");
});

test("G1c: two transactions see each other", () => {
  const verdict = checkListAppend(together("ax1 ry[1]", "ay1 rx[1]"));
  assert.deepEqual(kindsOf(verdict), ["G1c"]);
  assert.match(verdict.explanation, /T1 < T0, because T0 read 1 from y, which T1 appended/);
  assert.match(verdict.explanation, /: a contradiction/);
  assert.match(verdict.explanation, /T0 < T1, because T1 read 1 from x, which T0 appended/);
  assert.equal(checkListAppend(together("ax1 ry[]", "ay1 rx[1]")).verdict, "ok");
});

test("G-single: one transaction is seen in part", () => {
  const verdict = checkListAppend(together("ax1 ay1", "rx[1] ry[]", "ry[1]"));
  assert.deepEqual(kindsOf(verdict), ["G-single"]);
  assert.equal(checkListAppend(together("ax1 ay1", "rx[] ry[]", "ry[1]")).verdict, "ok");
});

test("G2-item: each of two transactions misses the other", () => {
  assert.deepEqual(kindsOf(checkListAppend(together("ax1 ry[]", "ay1 rx[]", "rx[1] ry[1]"))), ["G2-item"]);
});

test("G-nonadjacent: two readers see two writes in opposite orders", () => {
  const verdict = checkListAppend(together("ax1", "ay1", "rx[1] ry[]", "rx[] ry[1]"));
  assert.deepEqual(kindsOf(verdict), ["G-nonadjacent"]);
  assert.equal(verdict.anomalies[0]?.operations.length, 4);
});

test("G0-realtime: appends land against real time", () => {
  const verdict = checkListAppend([t("a", [0, 1], "ax1"), t("b", [2, 3], "ax2"), t("c", [4, 5], "rx[2 1]")]);
  assert.deepEqual(kindsOf(verdict), ["G0-realtime"]);
  assert.deepEqual(verdict.contradicts, ["strict-serializable"]);
  assert.equal(checkListAppend([t("a", [0, 3], "ax1"), t("b", [2, 4], "ax2"), t("c", [5, 6], "rx[2 1]")]).verdict, "ok");
});

test("G0-process: appends of one client land against its order", () => {
  const verdict = checkListAppend([t("a", [0, 1], "ax1"), t("a", [2, 3], "ax2"), t("c", [4, 5], "rx[2 1]")]);
  assert.deepEqual(kindsOf(verdict), ["G0-process"]);
});

test("G1c-realtime and -process: what is read was appended afterwards", () => {
  assert.deepEqual(kindsOf(checkListAppend([t("a", [0, 1], "rx[1]"), t("b", [2, 3], "ax1")])), ["G1c-realtime"]);
  assert.deepEqual(kindsOf(checkListAppend([t("a", [0, 1], "rx[1]"), t("a", [2, 3], "ax1")])), ["G1c-process"]);
});

test("G-single-realtime and -process: a stale read, which a serial order would allow", () => {
  const stale = [t("a", [0, 1], "ax1"), t("b", [2, 3], "rx[]"), t("c", [0.5, 9], "rx[1]")];
  const verdict = checkListAppend(stale);
  assert.deepEqual(kindsOf(verdict), ["G-single-realtime"]);
  assert.equal(checkListAppend(stale, { model: "serializable" }).verdict, "ok");
  const own = checkListAppend([t("a", [0, 1], "ax1"), t("a", [2, 3], "rx[]"), t("c", [0.5, 9], "rx[1]")]);
  assert.deepEqual(kindsOf(own), ["G-single-process"]);
  assert.equal(checkListAppend([t("a", [0, 3], "ax1"), t("b", [2, 4], "rx[]"), t("c", [5, 6], "rx[1]")]).verdict, "ok");
});

test("G-nonadjacent-realtime: two stale reads that only together contradict real time", () => {
  const history = [
    t("a", [0, 10], "ax1"), t("b", [1, 11], "ay1"),
    t("c", [2, 3], "rx[1]"), t("d", [4, 5], "ry[]"), t("e", [2.5, 3.5], "ry[1]"), t("f", [4.5, 5.5], "rx[]"),
  ];
  const verdict = checkListAppend(history);
  assert.equal(verdict.verdict, "violated");
  assert.ok(verdict.anomalies.every(({ kind }) => kind.endsWith("-realtime")), verdict.explanation);
});

test("G-nonadjacent-process: one client's order closes a cycle of two reads that missed something, apart", () => {
  const history = (client: string): Operation[] => [
    t("a", [0, 10], "ay1"), t(client, [11, 30], "rx[]"), t("b", [1, 40], "ax1"), t("c", [2, 41], "rx[1] ry[]"),
    t("d", [3, 42], "rx[1] ry[1]"),
  ];
  const verdict = checkListAppend(history("a"));
  assert.deepEqual(kindsOf(verdict), ["G-nonadjacent-process"]);
  assert.equal(verdict.anomalies[0]?.operations.length, 4);
  assert.deepEqual(kindsOf(checkListAppend(history("e"))), ["G-nonadjacent-realtime"], "by another client");
  assert.equal(checkListAppend(history("a"), { model: "serializable" }).verdict, "ok");
});

test("G2-item-process and -realtime: of three transactions each of two misses the next, and the last went first", () => {
  const history = (client: string, from = 11): Operation[] => [
    t("a", [0, 10], "ay1"), t(client, [from, 30], "rx[]"), t("b", [1, 40], "ax1 ry[]"), t("d", [3, 42], "rx[1] ry[1]"),
  ];
  const verdict = checkListAppend(history("a"));
  assert.deepEqual(kindsOf(verdict), ["G2-item-process"]);
  assert.equal(verdict.anomalies[0]?.operations.length, 3);
  assert.deepEqual(kindsOf(checkListAppend(history("e"))), ["G2-item-realtime"]);
  assert.deepEqual(verdict.contradicts, ["strict-serializable"]);
  assert.equal(checkListAppend(history("e", 9)).verdict, "ok", "at the same time");
});

test("a long cycle over clients' orders is shown first as the short one that real time makes of it", () => {
  const verdict = checkListAppend([
    t("a", [0, 10], "ax1"), t("a", [11, 20], "ay1"), t("b", [12, 21], "ry[1]"), t("b", [22, 30], "rx[]"),
    t("c", [5, 40], "rx[1]"),
  ]);
  const cycles = verdict.anomalies.filter(({ kind }) => kind.startsWith("G-"));
  assert.deepEqual(cycles.map(({ kind }) => kind), ["G-single-realtime", "G-single-process"]);
  assert.deepEqual(cycles.map(({ operations }) => operations.length), [2, 4]);
});

test("lost-append: an acknowledged append that a later read does not have, nor any other", () => {
  const verdict = checkListAppend([t("a", [0, 1], "ax1"), t("b", [2, 3], "rx[]")]);
  assert.ok(kindsOf(verdict).includes("lost-append"), verdict.explanation);
  assert.deepEqual(verdict.contradicts, ["strict-serializable"]);
  assert.equal(checkListAppend([t("a", [0, 3], "ax1"), t("b", [2, 4], "rx[]")]).verdict, "ok");
  assert.equal(checkListAppend([t("a", [0, Infinity], "ax1"), t("b", [2, 4], "rx[]")]).verdict, "ok");
});

test("duplicate elements, elements from nowhere and incompatible orders are convicted", () => {
  assert.ok(kindsOf(checkListAppend(together("ax1", "rx[1 1]"))).includes("duplicate-elements"));
  assert.ok(kindsOf(checkListAppend(together("ax1", "rx[1 7]"))).includes("unwritten-element"));
  const verdict = checkListAppend(together("ax1", "ax2", "rx[1 2]", "rx[2 1]"));
  assert.ok(kindsOf(verdict).includes("incompatible-order"), verdict.explanation);
  assert.equal(checkListAppend(together("ax1", "ax2", "rx[1 2]", "rx[1]", "rx[]")).verdict, "ok");
});

test("dirty-update: an acknowledged append on top of a failed one", () => {
  const history = [t("a", [0, 1], "ax1", "failed"), t("b", [2, 3], "ax2"), t("c", [4, 5], "rx[1 2]")];
  assert.deepEqual(kindsOf(checkListAppend(history)), ["G1a", "dirty-update"]);
});

test("internal: a transaction contradicts itself", () => {
  for (const text of ["ax1 rx[]", "rx[] ax1 rx[]", "rx[] rx[2]", "ax1 rx[1 2]"]) {
    assert.ok(kindsOf(checkListAppend(together(text, "ax2"))).includes("internal"), text);
  }
  for (const text of ["ax1 rx[2 1]", "rx[2] ax1 rx[2 1]", "rx[2] rx[2]"]) {
    assert.equal(checkListAppend(together(text, "ax2")).verdict, "ok", text);
  }
});

test("future-read: a transaction reads what it has yet to append", () => {
  assert.deepEqual(kindsOf(checkListAppend(together("rx[1] ax1"))), ["future-read"]);
});

test("an element appended twice makes the history unfit to judge", () => {
  assert.equal(checkListAppend(together("ax1", "ax1", "rx[1]")).verdict, "unknown");
});

/** Serial transactions over true lists, invoked before and returned after their turn by random amounts. */
function drawSerial(random: Random, count: number, keys: readonly string[]): Operation[] {
  const lists = new Map<string, number[]>(keys.map((key) => [key, []]));
  const busyUntil: number[] = [-1, -1, -1, -1, -1, -1];
  const history: Operation[] = [];
  for (let turn = 0; turn < count; turn++) {
    const at = turn * 10;
    const process = busyUntil.findIndex((until) => until < at - 9);
    if (process === -1) {
      busyUntil.fill(at - 20);
      continue;
    }
    const steps = Array.from({ length: random.between(1, 3) }, (_, step): string => {
      const key = random.pick(keys);
      const list = lists.get(key) as number[];
      if (random.chance(0.5)) return `r${key}[${list.join(" ")}]`;
      list.push(turn * 3 + step);
      return `a${key}${turn * 3 + step}`;
    });
    const from = Math.max(busyUntil[process] as number, at - random.integer(30)) + 0.01 * (process + 1);
    const to = at + 1 + random.integer(35) + 0.001 * (process + 1);
    busyUntil[process] = to;
    history.push(t(`p${process}`, [from, to], steps.join(" ")));
  }
  return history;
}

test("random strictly serial histories are never convicted, and swapped reads are", () => {
  let convicted = 0;
  for (let seed = 0; seed < 150; seed++) {
    const random = createSeededRandom(`lists ${seed}`);
    const history = drawSerial(random, 60, ["x", "y", "z"]);
    const verdict = checkListAppend(history);
    assert.equal(verdict.verdict, "ok", `seed ${seed}: ${verdict.explanation}`);
    const late = history.findLast(({ output }) => JSON.stringify(output).includes('["r","x",[') && history.length > 30);
    const early = history.find((one) => one.f === "txn" && JSON.stringify(one.output).includes('["append","x"'));
    if (late === undefined || early === undefined || !precedes(early, late)) continue;
    const emptied = (late.output as Step[]).map((step): Step => (step[0] === "r" && step[1] === "x" ? ["r", "x", []] : step));
    const planted = history.map((one) => (one === late ? { ...late, output: emptied } : one));
    assert.equal(checkListAppend(planted).verdict, "violated", `seed ${seed}`);
    convicted++;
  }
  assert.ok(convicted > 100, `${convicted} convicted`);
});

test("against brute force over all serial orders, no small history is judged differently", () => {
  const seen = { ok: 0, violated: 0 };
  for (let seed = 0; seed < 1500; seed++) {
    const random = createSeededRandom(`small lists ${seed}`);
    const history = drawSerial(random, 5, ["x", "y"]).map((one) => lie(one, random));
    for (const model of ["serializable", "strict-serializable"] as const) {
      const verdict = checkListAppend(history, { model });
      const explained = hasSerialOrder(history, new Map(), model === "strict-serializable");
      if (explained) assert.equal(verdict.verdict, "ok", `seed ${seed}, ${model}: ${verdict.explanation}`);
      if (allAppendsRead(history)) assert.equal(verdict.verdict, explained ? "ok" : "violated", `seed ${seed}, ${model}`);
      seen[explained ? "ok" : "violated"]++;
    }
  }
  assert.ok(seen.ok > 500 && seen.violated > 300, JSON.stringify(seen));
});

/** Sometimes cuts what a read returned. */
function lie(one: Operation, random: Random): Operation {
  const output = (one.output as Step[]).map((step): Step => {
    return step[0] === "r" && random.chance(0.3) ? ["r", step[1], (step[2] ?? []).slice(0, -1)] : step;
  });
  return { ...one, output };
}

function hasSerialOrder(left: readonly Operation[], lists: ReadonlyMap<string, readonly number[]>, strict: boolean): boolean {
  if (left.length === 0) return true;
  return left.some((one) => {
    if (strict && left.some((other) => precedes(other, one))) return false;
    const after = new Map(lists);
    for (const [f, key, value] of one.output as Step[]) {
      const list = after.get(key) ?? [];
      if (f === "append") after.set(key, [...list, value]);
      else if (JSON.stringify(value) !== JSON.stringify(list)) return false;
    }
    return hasSerialOrder(left.filter((other) => other !== one), after, strict);
  });
}

/** Orders of appends that nobody read can only be guessed; the checker then says less than brute force. */
function allAppendsRead(history: readonly Operation[]): boolean {
  const steps = history.flatMap((one) => one.output as Step[]);
  return steps.every(([f, key, value]) => {
    return f === "r" || steps.some((other) => other[0] === "r" && other[1] === key && other[2]?.includes(value));
  });
}

test("twenty thousand transactions are judged in seconds, and one planted stale read is found", { timeout: 20_000 }, () => {
  const random = createSeededRandom("long lists");
  const keys = Array.from("abcdefghijklmnopqrstuvwxyz");
  const lists = new Map<string, number[]>();
  const history = Array.from({ length: 20_000 }, (_, at): Operation => {
    const key = `${random.pick(keys)}${Math.floor(at / 2000)}`;
    const list = lists.get(key) ?? [];
    lists.set(key, list);
    const interval = [at * 10 - random.integer(40), at * 10 + 1 + random.integer(8)] as const;
    const append = random.chance(0.5);
    if (append) list.push(at);
    const steps = append ? [["append", key, at]] : [["r", key, list.slice()]];
    return { ...op(`p${at}`, interval, "txn", steps, steps), id: at };
  });
  assert.equal(checkListAppend(history).verdict, "ok");
  const isLongRead = ([f, , list]: Step): boolean => f === "r" && (list as number[]).length > 20;
  const read = history.findLast(({ output }) => isLongRead((output as Step[])[0] as Step)) as Operation;
  const [, key, list] = (read.output as Step[])[0] as ["r", string, number[]];
  const planted = history.map((one) => (one === read ? { ...one, output: [["r", key, list.slice(0, -8)]] } : one));
  const verdict = checkListAppend(planted);
  assert.ok(kindsOf(verdict).includes("G-single-realtime"), verdict.explanation);
  assert.ok(kindsOf(verdict).every((kind) => kind === "G-single-realtime" || kind === "lost-append"), verdict.explanation);
  assert.equal(verdict.anomalies.at(-1)?.operations.length, 2, verdict.explanation);
});
