import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Message } from "@azimuth/raft/types.ts";
import { isPlausible, isPlausibleBeat } from "@azimuth/replication/plausible.ts";

const own = { term: 7, lastIndex: 1000 };
const entry = (index: number, term = 7): Entry => ({ index, term, kind: "normal", data: new Uint8Array(1) });
const fine: Message = {
  type: "append", from: 4096 + 2, to: 4096 + 1, term: 8, index: 1000, logTerm: 7, entries: [entry(1001), entry(1002, 8)],
  commit: 999, reject: false, hintIndex: 0, readPosition: 0, force: false, snapshot: undefined,
};

test("an ordinary message is plausible, also to a replica that is far behind", () => {
  assert.ok(isPlausible(2, fine, own));
  assert.ok(isPlausible(2, { ...fine, entries: [] }, { term: 0, lastIndex: 0 }));
});

test("a replica of another node cannot speak through this one", () => {
  assert.ok(!isPlausible(3, fine, own));
  assert.ok(!isPlausibleBeat(3, beat, own));
});

test("numbers that no group reaches are not plausible, each by itself", () => {
  for (const name of ["term", "index", "logTerm", "commit", "hintIndex", "readPosition"] as const) {
    for (const number of [Number.MAX_SAFE_INTEGER, 2 ** 49]) {
      assert.ok(!isPlausible(2, { ...fine, entries: [], [name]: number }, own), name);
    }
  }
  assert.ok(!isPlausible(2, { ...fine, term: own.term + 2 ** 33 }, own));
});

test("entries must follow the index and each other, and not be ahead of the term", () => {
  for (const entries of [[entry(1002)], [entry(1001), entry(1003)], [entry(1001), entry(1001)], [entry(1001, 9)]]) {
    assert.ok(!isPlausible(2, { ...fine, entries }, own));
  }
});

const beat = { group: 1, from: 4096 + 2, to: 4096 + 1, term: 8, commit: 5, readPosition: 1, response: false, quiesce: false };

test("a heartbeat is held to the same", () => {
  assert.ok(isPlausibleBeat(2, beat, own));
  for (const name of ["term", "commit", "readPosition"] as const) {
    assert.ok(!isPlausibleBeat(2, { ...beat, [name]: 2 ** 50 }, own), name);
  }
});
