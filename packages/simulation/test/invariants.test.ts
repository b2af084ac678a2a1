// The inspector of all processes at once, shown processes that are made up: it must convict each of what may never be.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "@azimuth/raft/types.ts";
import { Invariants } from "../src/invariants.ts";
import type { World } from "../src/world.ts";

interface Replica {
  readonly group: number;
  readonly replica: number;
  readonly role: string;
  readonly term: number;
  readonly applied: number;
}

/** A node that holds one replica, with a log from index 1. */
class Node {
  replica: Replica;
  entries: Entry[] = [];
  isSound = true;
  readonly life = {
    node: {
      checkInvariants: () => assert.ok(this.isSound, "the node is not sound"),
      status: () => ({ groups: [this.replica] }),
    },
    logStore: {
      group: () => ({
        firstIndex: () => 1,
        lastIndex: () => this.entries.length,
        entries: (low: number, high: number) => this.entries.slice(low - 1, high - 1),
      }),
    },
  };

  constructor(replica: number) {
    this.replica = { group: 1, replica, role: "follower", term: 1, applied: 0 };
  }

  holds(...texts: readonly string[]): this {
    this.entries = texts.map((text, position) =>
      ({ index: position + 1, term: 1, kind: "command", data: Buffer.from(text) }) as unknown as Entry);
    this.replica = { ...this.replica, applied: texts.length };
    return this;
  }
}

function worldOf(...nodes: readonly Node[]): World {
  return { nodes: new Map(nodes.map((node, position) => [`node-${position + 1}`, node])) } as unknown as World;
}

test("one leader per term is in order, two are not, however long after", () => {
  const [one, other] = [new Node(11), new Node(12)];
  const invariants = new Invariants();
  one.replica = { ...one.replica, role: "leader" };
  other.replica = { ...other.replica, role: "leader", term: 2 };
  invariants.inspect(worldOf(one, other));
  one.replica = { ...one.replica, role: "follower", term: 2 };
  invariants.inspect(worldOf(one, other));
  other.replica = { ...other.replica, role: "leader", term: 1 };
  assert.throws(() => invariants.inspect(worldOf(one, other)), /11 and 12 both led group 1 in term 1/);
});

test("what is applied at an index is the same everywhere, in term and content", () => {
  const invariants = new Invariants();
  invariants.inspect(worldOf(new Node(11).holds("a", "b"), new Node(12).holds("a", "b", "c")));
  assert.equal(invariants.entries, 5);
  const different = worldOf(new Node(13).holds("a", "x"));
  assert.throws(() => invariants.inspect(different), /applied another entry 2 of group 1/);
  const inAnotherTerm = new Node(14).holds("a");
  inAnotherTerm.entries = inAnotherTerm.entries.map((entry) => ({ ...entry, term: 2 }));
  assert.throws(() => invariants.inspect(worldOf(inAnotherTerm)), /applied another entry 1 of group 1/);
});

test("a replica goes on from where it was, or begins again from nothing", () => {
  const node = new Node(11).holds("a", "b", "c");
  const invariants = new Invariants();
  invariants.inspect(worldOf(node));
  node.replica = { ...node.replica, applied: 0 };
  invariants.inspect(worldOf(node));
  node.replica = { ...node.replica, applied: 3 };
  invariants.inspect(worldOf(node));
  node.replica = { ...node.replica, applied: 2 };
  assert.throws(() => invariants.inspect(worldOf(node)), /went back from entry 3 to 2 of 1/);
});

test("what a node finds wrong with itself is not kept back", () => {
  const node = new Node(11);
  node.isSound = false;
  assert.throws(() => new Invariants().inspect(worldOf(new Node(12), node)), /the node is not sound/);
});
