import { test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { angleOf, createRing, placeReplicas, type RingNode } from "../src/ring.ts";
import { firstToken, lastToken, splitTokenRange } from "../src/token.ts";

const zones = ["a", "b", "c"];

function cluster(nodesPerZone: number, zoneNames: readonly string[] = zones): RingNode[] {
  return zoneNames.flatMap((zone) =>
    Array.from({ length: nodesPerZone }, (_, i) => ({ name: `node-${zone}${i + 1}`, zone })));
}

const angles = (count: number): string[] => Array.from({ length: count }, (_, i) =>
  angleOf(1 + (i >> 2), splitTokenRange(firstToken, lastToken, 4)[i & 3]?.first as string));

const names = (nodes: readonly RingNode[]): string[] => nodes.map((node) => node.name);

test("with three zones or more, replicas lie in three distinct zones", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1, maxLength: 8 }), zone: fc.constantFrom("a", "b", "c", "d") }),
      { selector: (node) => node.name, maxLength: 12 }),
    fc.string(),
    (nodes, angle) => {
      const placed = placeReplicas(createRing(nodes), angle, { replicas: 3 });
      const zoneCount = new Set(nodes.map((node) => node.zone)).size;
      assert.equal(placed.length, Math.min(3, nodes.length));
      assert.equal(new Set(names(placed)).size, placed.length);
      assert.equal(new Set(placed.map((node) => node.zone)).size, Math.min(3, zoneCount));
    }), { numRuns: 200 });
});

test("the order in which members are listed does not matter", () => {
  const nodes = cluster(3);
  const one = createRing(nodes);
  const other = createRing(nodes.toReversed());
  for (const angle of angles(100)) assert.deepEqual(names(one.walk(angle)), names(other.walk(angle)));
});

test("the ring is the same in every version, because processes of several versions share it", () => {
  const placed = angles(4).map((angle) => names(placeReplicas(createRing(cluster(2)), angle, { replicas: 3 })).join(" "));
  assert.deepEqual(placed, [
    "node-a1 node-c2 node-b2",
    "node-b1 node-a1 node-c1",
    "node-b1 node-a2 node-c2",
    "node-a2 node-b1 node-c2",
  ]);
});

test("a new node changes a placement only by taking one place in it", () => {
  const before = createRing(cluster(3));
  const added = { name: "node-b9", zone: "b" };
  const after = createRing([...cluster(3), added]);
  let moved = 0;
  for (const angle of angles(400)) {
    const old = names(placeReplicas(before, angle, { replicas: 3 })).toSorted();
    const now = names(placeReplicas(after, angle, { replicas: 3 })).toSorted();
    if (old.join() === now.join()) continue;
    moved++;
    assert.ok(now.includes(added.name));
    assert.deepEqual(now.filter((name) => name !== added.name), old.filter((name) => !name.startsWith("node-b")));
  }
  // One of four nodes in its zone: a quarter of the partitions, within chance.
  assert.ok(moved > 60 && moved < 140, `${moved} of 400 moved`);
});

test("a node that leaves hands over only what it held", () => {
  const all = cluster(3);
  const before = createRing(all);
  const after = createRing(all.filter((node) => node.name !== "node-a2"));
  for (const angle of angles(400)) {
    const old = names(placeReplicas(before, angle, { replicas: 3 }));
    if (old.includes("node-a2")) continue;
    assert.deepEqual(names(placeReplicas(after, angle, { replicas: 3 })), old);
  }
});

test("replicas are spread over nodes within a third of the mean", () => {
  const ring = createRing(cluster(4));
  const count = new Map<string, number>();
  for (const angle of angles(4000)) {
    for (const node of placeReplicas(ring, angle, { replicas: 3 })) count.set(node.name, (count.get(node.name) ?? 0) + 1);
  }
  assert.equal(count.size, 12);
  for (const [name, held] of count) assert.ok(Math.abs(held - 1000) < 333, `${name} holds ${held} of a mean of 1000`);
});

test("full nodes are passed over while others in their zone will do, and used when none will", () => {
  const ring = createRing(cluster(2));
  for (const angle of angles(40)) {
    const placed = placeReplicas(ring, angle, { replicas: 3, isFull: (node) => node.name.endsWith("1") });
    assert.deepEqual(names(placed).toSorted(), ["node-a2", "node-b2", "node-c2"]);
    assert.deepEqual(new Set(placeReplicas(ring, angle, { replicas: 3, isFull: () => true }).map((node) => node.zone)).size, 3);
  }
});

test("with no nodes there is no place", () => {
  assert.deepEqual(placeReplicas(createRing([]), "x", { replicas: 3 }), []);
});
