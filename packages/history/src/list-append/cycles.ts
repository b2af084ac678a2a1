// Cycles of dependencies, each named as Adya (1999) and Elle name them by the edges that it needs:
//
//   G0 only ww · G1c ww and wr · G-single exactly one rw · G-nonadjacent several rw, no two in a row · G2-item any
//
// with the suffix -process or -realtime when it also needs such edges. The search goes from the gravest to the
// mildest set of edges: strongly connected components (Tarjan 1972, without recursion) say where cycles are,
// a breadth-first search from each edge of the needed kind finds the shortest. Each component
// gets one cycle, the gravest, and the shorter one that real time makes of it, if it does.
import { precedes } from "../history.ts";
import { realtimeEdge, type Edge, type EdgeKind, type Graph } from "./dependencies.ts";
import type { Transaction } from "./transactions.ts";

export interface Cycle {
  readonly kind: string;
  readonly edges: readonly Edge[];
}

interface Kind {
  readonly name: string;
  /** The cycle begins with an edge of this kind, ... */
  readonly start: EdgeKind;
  /** ... and returns over edges of these. */
  readonly back: readonly EdgeKind[];
  /** rw edges must not follow each other. */
  readonly isNonadjacent?: boolean;
}

const kinds: readonly Kind[] = [
  { name: "G0", start: "ww", back: ["ww"] },
  { name: "G1c", start: "wr", back: ["ww", "wr"] },
  { name: "G-single", start: "rw", back: ["ww", "wr"] },
  { name: "G-nonadjacent", start: "rw", back: ["ww", "wr", "rw"], isNonadjacent: true },
  { name: "G2-item", start: "rw", back: ["ww", "wr", "rw"] },
];

const extras: readonly (EdgeKind | undefined)[] = [undefined, "process", "realtime"];

/** Edges from which a search is started, per kind and component: enough to find a short cycle. */
const startsMax = 300;

export function findCycles(graph: Graph): Cycle[] {
  const cycles: Cycle[] = [];
  for (const extra of extras) {
    for (const kind of kinds) {
      const allowed = new Set<EdgeKind>([...kind.back, kind.start, ...(extra === undefined ? [] : [extra])]);
      for (const component of components(graph, allowed)) {
        // Milder cycles through the same transactions say nothing new.
        if (cycles.some((cycle) => cycle.edges.every((edge) => component.has(edge.from)))) continue;
        const cycle = shortestCycle(graph, component, kind, allowed, extra);
        if (cycle !== undefined) cycles.push(...withShorter(graph, cycle));
      }
    }
  }
  return cycles;
}

/** A long way over clients' orders may be a short one in real time, which is easier to understand: it goes first. */
function withShorter(graph: Graph, cycle: Cycle): Cycle[] {
  if (!cycle.kind.endsWith("-process")) return [cycle];
  const edges = takeShortcuts(graph, cycle.edges);
  return edges.length < cycle.edges.length ? [{ kind: nameCycle(edges), edges }, cycle] : [cycle];
}

/** The name of a cycle by what it needs; two neighbours include the last edge and the first. */
export function nameCycle(edges: readonly Edge[]): string {
  const count = (kind: EdgeKind): number => edges.filter((edge) => edge.kind === kind).length;
  const adjacent = edges.some((edge, at) => edge.kind === "rw" && edges[(at + 1) % edges.length]?.kind === "rw");
  const rw = count("rw");
  const several = adjacent ? "G2-item" : "G-nonadjacent";
  const base = rw > 1 ? several : rw === 1 ? "G-single" : count("wr") > 0 ? "G1c" : "G0";
  const suffix = count("realtime") > 0 ? "-realtime" : count("process") > 0 ? "-process" : "";
  return base + suffix;
}

function shortestCycle(
  graph: Graph, component: ReadonlySet<number>, kind: Kind, allowed: ReadonlySet<EdgeKind>, extra: EdgeKind | undefined,
): Cycle | undefined {
  const wanted = extra === undefined ? kind.name : `${kind.name}-${extra}`;
  const back = new Set(allowed);
  if (!kind.back.includes(kind.start)) back.delete(kind.start);
  let best: readonly Edge[] | undefined;
  let starts = 0;
  for (const node of component) {
    for (const start of graph.edges[node] ?? []) {
      if (start.kind !== kind.start || !component.has(start.to) || starts >= startsMax) continue;
      starts++;
      const path = shortestPath(graph, component, start, back, kind.isNonadjacent === true);
      if (path === undefined || (best !== undefined && path.length + 1 >= best.length)) continue;
      const edges = [start, ...path];
      if (nameCycle(edges) === wanted && isSimple(edges)) best = edges;
    }
  }
  if (best === undefined) return undefined;
  const shorter = extra === "realtime" ? takeShortcuts(graph, best) : best;
  return { kind: wanted, edges: nameCycle(shorter) === wanted ? shorter : best };
}

/** The graph has few of the edges of real time; after the first edge of a cycle, any may replace a longer way. */
function takeShortcuts(graph: Graph, edges: readonly Edge[]): readonly Edge[] {
  const [start, ...path] = edges as [Edge, ...Edge[]];
  const result = [start];
  for (let at = 0; at < path.length; at++) {
    const edge = path[at] as Edge;
    const from = graph.transactions[edge.from] as Transaction;
    const last = path.findLastIndex((later, position) => {
      return position > at && precedes(from.operation, (graph.transactions[later.to] as Transaction).operation);
    });
    if (last === -1) {
      result.push(edge);
      continue;
    }
    result.push(realtimeEdge(from, graph.transactions[(path[last] as Edge).to] as Transaction));
    at = last;
  }
  return result;
}

function isSimple(edges: readonly Edge[]): boolean {
  return new Set(edges.map((edge) => edge.from)).size === edges.length;
}

/** From the end of `start` back to its beginning. Nodes count apart by whether they were reached over rw. */
function shortestPath(
  graph: Graph, component: ReadonlySet<number>, start: Edge, back: ReadonlySet<EdgeKind>, isNonadjacent: boolean,
): Edge[] | undefined {
  const idOf = (node: number, overRw: boolean): number => node * 2 + (isNonadjacent && overRw ? 1 : 0);
  const first = idOf(start.to, true);
  const reachedBy = new Map<number, { readonly edge: Edge; readonly before: number } | undefined>([[first, undefined]]);
  const queue = [first];
  for (let next = 0; next < queue.length; next++) {
    const id = queue[next] as number;
    const afterRw = isNonadjacent && id % 2 === 1;
    for (const edge of graph.edges[id >> 1] ?? []) {
      if (!back.has(edge.kind) || !component.has(edge.to) || (afterRw && edge.kind === "rw")) continue;
      // The cycle closes with its first edge, an rw: so the last may not be one.
      const closes = edge.to === start.from && !(isNonadjacent && edge.kind === "rw");
      if (closes) return pathTo(id, edge, reachedBy);
      const reached = idOf(edge.to, edge.kind === "rw");
      if (reachedBy.has(reached)) continue;
      reachedBy.set(reached, { edge, before: id });
      queue.push(reached);
    }
  }
  return undefined;
}

function pathTo(
  id: number, last: Edge, reachedBy: ReadonlyMap<number, { readonly edge: Edge; readonly before: number } | undefined>,
): Edge[] {
  const path = [last];
  for (let step = reachedBy.get(id); step !== undefined; step = reachedBy.get(step.before)) path.push(step.edge);
  return path.reverse();
}

/** Strongly connected components of more than one node, over edges of the allowed kinds. */
function components(graph: Graph, allowed: ReadonlySet<EdgeKind>): Set<number>[] {
  const size = graph.edges.length;
  const order = new Int32Array(size).fill(-1);
  const lowest = new Int32Array(size);
  const onStack = new Uint8Array(size);
  const stack: number[] = [];
  const found: Set<number>[] = [];
  let visited = 0;
  const enter = (node: number): { node: number; next: number } => {
    order[node] = lowest[node] = visited++;
    onStack[node] = 1;
    stack.push(node);
    return { node, next: 0 };
  };
  for (let root = 0; root < size; root++) {
    if (order[root] !== -1) continue;
    const calls = [enter(root)];
    for (let call = calls.at(-1); call !== undefined; call = calls.at(-1)) {
      const { node } = call;
      const edge = graph.edges[node]?.[call.next++];
      if (edge !== undefined) {
        if (!allowed.has(edge.kind)) continue;
        if (order[edge.to] === -1) calls.push(enter(edge.to));
        else if (onStack[edge.to] === 1) lowest[node] = Math.min(lowest[node] as number, order[edge.to] as number);
        continue;
      }
      calls.pop();
      const caller = calls.at(-1)?.node;
      if (caller !== undefined) lowest[caller] = Math.min(lowest[caller] as number, lowest[node] as number);
      if (lowest[node] !== order[node]) continue;
      const component = new Set(stack.splice(stack.lastIndexOf(node)));
      for (const member of component) onStack[member] = 0;
      if (component.size > 1) found.push(component);
    }
  }
  return found;
}
