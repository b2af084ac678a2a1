// The consistent-hash ring: which nodes hold the replicas of a partition. Every node owns many control points
// on the ring, every partition has an angle; its replicas are the next nodes clockwise, one in each
// availability zone not used yet. A node that joins takes over only the arcs before its own points, so little
// moves.
//
// The ring itself is the npm package consistent-hash. Its own control points are drawn at random; ours are
// derived from the node's name, and nodes are added in the order of their names, so that every process
// computes the same ring from the same members, and a node that comes back with an empty disk returns to its
// place.
import { hash } from "node:crypto";
import ConsistentHash from "consistent-hash";
import { assert } from "@azimuth/foundation/assert.ts";

export interface RingNode {
  readonly name: string;
  readonly zone: string;
}

export interface Ring<Node extends RingNode> {
  /** In the order of their names. */
  readonly nodes: readonly Node[];
  /** Every node once, clockwise from `angle`. */
  walk(angle: string): readonly Node[];
}

export interface PlacementOptions<Node extends RingNode> {
  readonly replicas: number;
  /** Nodes to pass over as long as others will do: those that hold more than their share already. */
  readonly isFull?: (node: Node) => boolean;
}

/** Positions on the ring; a prime, as the package's hash asks for, and large enough for thousands of nodes. */
const ringPositions = 1_000_003;

/** More points spread the load more evenly: with 200, a node's share varies by about 1/√200, 7%. */
const controlPointsPerNode = 200;

export function createRing<Node extends RingNode>(members: readonly Node[]): Ring<Node> {
  const nodes = members.toSorted((left, right) => compareText(left.name, right.name));
  nodes.forEach((node, position) =>
    assert(position === 0 || nodes[position - 1]?.name !== node.name, `two ring nodes are named ${node.name}`));
  // Most who hold a ring find that nothing is to be placed: the points are computed by the first walk.
  let ring: ConsistentHash<Node> | undefined;
  return {
    nodes,
    walk(angle) {
      ring ??= withControlPoints(nodes);
      const found = nodes.length === 0 ? [] : (ring.get(angle, nodes.length) ?? []);
      // A node all of whose points are shadowed by others is met last.
      return found.length === nodes.length ? found : [...found, ...nodes.filter((node) => !found.includes(node))];
    },
  };
}

/** The angle of a partition: its first token alone would put the partitions of all tables at the same places. */
export function angleOf(tableId: number, firstToken: string): string {
  return hash("md5", `${tableId}/${firstToken}`, "hex");
}

/**
 * The nodes for a partition's replicas, in ring order: distinct zones first; when there are fewer zones than
 * replicas, distinct nodes; when there are fewer nodes, as many as there are.
 */
export function placeReplicas<Node extends RingNode>(
  ring: Ring<Node>,
  angle: string,
  { replicas, isFull = () => false }: PlacementOptions<Node>,
): readonly Node[] {
  assert(replicas >= 1, "a partition has at least one replica");
  const walk = ring.walk(angle);
  const zonesWanted = Math.min(replicas, new Set(walk.map((node) => node.zone)).size);
  const chosen: Node[] = [];
  const take = (node: Node): void => {
    if (chosen.length < replicas && !chosen.includes(node)) chosen.push(node);
  };
  const takeOnePerZone = (candidates: readonly Node[]): void => {
    for (const node of candidates) {
      if (chosen.length < zonesWanted && chosen.every((other) => other.zone !== node.zone)) take(node);
    }
  };
  takeOnePerZone(walk.filter((node) => !isFull(node)));
  takeOnePerZone(walk);
  walk.filter((node) => !isFull(node)).forEach(take);
  walk.forEach(take);
  return chosen;
}

/** A ring is made at every look at the cluster, of the same records. */
const pointsByNode = new WeakMap<RingNode, readonly number[]>();

function withControlPoints<Node extends RingNode>(nodes: readonly Node[]): ConsistentHash<Node> {
  const ring = new ConsistentHash<Node>({ range: ringPositions });
  for (const node of nodes) {
    let points = pointsByNode.get(node);
    if (points === undefined) pointsByNode.set(node, (points = controlPoints(node.name)));
    ring.add(node, undefined, points);
  }
  return ring;
}

function controlPoints(name: string): readonly number[] {
  return Array.from({ length: controlPointsPerNode }, (_, point) => {
    // 48 bits are exact in a double and leave no visible bias after the division.
    const value = Number.parseInt(hash("md5", `${name}#${point}`, "hex").slice(0, 12), 16);
    return value % ringPositions;
  });
}

/** By UTF-16 code units, which is the same everywhere; localeCompare is not. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
