import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "@azimuth/foundation/members.ts";
import { decideFounding, type IdentifyAnswer, type Identity } from "../src/identity.ts";

const members: readonly Member[] = [1, 2, 3].map((number) => ({
  name: `node-${number}`, zone: `az-${number}`, endpoint: `127.0.0.1:${number}`,
}));
const own: Identity = { cluster: "c", name: "node-2", incarnation: "mine", number: 0, foundedWith: {} };

function blank(name: string): IdentifyAnswer {
  return { cluster: "c", name, incarnation: `of ${name}`, number: 0, foundedWith: {} };
}

function formed(name: string, number: number, foundedWith: Record<string, string>): IdentifyAnswer {
  return { cluster: "c", name, incarnation: `of ${name}`, number, foundedWith };
}

function answers(...given: readonly IdentifyAnswer[]): ReadonlyMap<string, IdentifyAnswer> {
  return new Map(given.map((answer) => [answer.name, answer]));
}

test("a node founds when all other initial members are as new as itself, under its position in the list", () => {
  const verdict = decideFounding(own, members, answers(blank("node-1"), blank("node-3")));
  assert.equal(verdict.kind, "found");
  assert.equal(verdict.kind === "found" && verdict.identity.number, 2);
  assert.deepEqual(verdict.kind === "found" && verdict.identity.foundedWith, {
    "node-1": "of node-1", "node-2": "mine", "node-3": "of node-3",
  });
});

test("a node waits while an initial member has not answered", () => {
  assert.deepEqual(decideFounding(own, members, answers(blank("node-1"))), { kind: "wait" });
});

test("a node founds with members that founded together with this very incarnation", () => {
  const earlier = formed("node-1", 1, { "node-1": "of node-1", "node-2": "mine", "node-3": "of node-3" });
  assert.equal(decideFounding(own, members, answers(earlier, blank("node-3"))).kind, "found");
});

test("a node whose disk was lost joins: the founders knew another incarnation", () => {
  const earlier = formed("node-1", 1, { "node-1": "of node-1", "node-2": "lost", "node-3": "of node-3" });
  assert.deepEqual(decideFounding(own, members, answers(earlier)), { kind: "join" });
});

test("a node that is no initial member joins", () => {
  assert.deepEqual(decideFounding({ ...own, name: "node-9" }, members, answers()), { kind: "join" });
});
