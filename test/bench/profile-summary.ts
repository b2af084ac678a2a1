// Sums up CPU profiles: self time by area of the system, and by function. A sample counts for the area of
// the innermost frame that has one; what Node and V8 do inside counts for whoever called them, and only what
// nobody of ours called is Node's own.
import type { CpuProfile, ProfileNode } from "./profiler.ts";

const areas: readonly (readonly [pattern: RegExp, area: string])[] = [
  [/grpc-js|node:internal\/http2|node:http2/, "gRPC and HTTP/2"],
  [/node:_http|node:http|request-router\/src\/http-/, "HTTP"],
  [/packages\/auth|authenticate\.ts/, "SigV4"],
  [/request-router\/src\/dispatch|packages\/control-plane/, "dispatch and map"],
  [/request-router\/src/, "router's pipeline"],
  [/packages\/(operations|expression|model)/, "parse, decide, reply"],
  [/packages\/rpc/, "message codec and queues"],
  [/packages\/partition|storage-node\/src/, "partition: overlay, entries, reads"],
  [/packages\/raft/, "Raft"],
  [/packages\/replication/, "replication host"],
  [/storage\/src\/(log-|real-files|config-codec|create-log)/, "log"],
  [/rocksdb|storage\/src/, "RocksDB binding and keys"],
  [/packages\/foundation|prom-client|winston/, "foundation, metrics, logging"],
];

const ownAreas: ReadonlyMap<string, string> = new Map([
  ["(garbage collector)", "garbage collection"],
  ["(program)", "event loop and native code"],
]);

export interface ProfileSum {
  /** Microseconds by area. */
  readonly byArea: ReadonlyMap<string, number>;
  /** Microseconds by function, as `name file:line`. */
  readonly byFunction: ReadonlyMap<string, number>;
  readonly busyMicroseconds: number;
}

export function sumProfile(profile: CpuProfile): ProfileSum {
  const nodeById = new Map(profile.nodes.map((node) => [node.id, node]));
  const areaById = new Map<number, string>();
  const visit = (node: ProfileNode, inherited: string): void => {
    const area = areaOf(node) ?? inherited;
    areaById.set(node.id, area);
    for (const child of node.children ?? []) visit(nodeById.get(child) as ProfileNode, area);
  };
  if (profile.nodes[0] !== undefined) visit(profile.nodes[0], "Node's own: sockets, timers, promises");
  const byArea = new Map<string, number>();
  const byFunction = new Map<string, number>();
  let busyMicroseconds = 0;
  profile.samples.forEach((id, position) => {
    const node = nodeById.get(id) as ProfileNode;
    if (node.callFrame.functionName === "(idle)") return;
    const took = profile.timeDeltas[position] ?? 0;
    busyMicroseconds += took;
    add(byArea, areaById.get(id) as string, took);
    add(byFunction, describe(node), took);
  });
  return { byArea, byFunction, busyMicroseconds };
}

function areaOf({ callFrame }: ProfileNode): string | undefined {
  const own = ownAreas.get(callFrame.functionName);
  if (own !== undefined) return own;
  return areas.find(([pattern]) => pattern.test(callFrame.url))?.[1];
}

function describe({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const file = url.replace(/^.*\/(node_modules|packages|services)\//, "");
  const name = functionName === "" ? "(anonymous)" : functionName;
  return file === "" ? name : `${name} ${file}:${lineNumber + 1}`;
}

function add(sums: Map<string, number>, name: string, amount: number): void {
  sums.set(name, (sums.get(name) ?? 0) + amount);
}

/** Microseconds per operation: rows are areas, then the costliest functions; columns are processes. */
export function profileTable(
  sumByProcess: ReadonlyMap<string, ProfileSum>, operations: number, functionsShown: number,
): string {
  const names = [...sumByProcess.keys()];
  const sums = [...sumByProcess.values()];
  const row = (title: string, values: readonly number[]): string =>
    title.padEnd(40) + values.map((value) => (value / operations).toFixed(1).padStart(10)).join("");
  const table = (pick: (sum: ProfileSum) => ReadonlyMap<string, number>, most: number): string[] => {
    const titles = [...new Set(sums.flatMap((sum) => [...pick(sum).keys()]))];
    const total = (title: string): number => sums.reduce((so, sum) => so + (pick(sum).get(title) ?? 0), 0);
    return titles.sort((left, right) => total(right) - total(left)).slice(0, most)
      .map((title) => row(title.slice(-39), [...sums.map((sum) => pick(sum).get(title) ?? 0), total(title)]));
  };
  const busy = sums.map((sum) => sum.busyMicroseconds);
  return [
    "µs per operation".padEnd(40) + [...names, "all"].map((name) => name.padStart(10)).join(""),
    ...table((sum) => sum.byArea, 100),
    row("JavaScript threads", [...busy, busy.reduce((so, each) => so + each, 0)]),
    "",
    ...table((sum) => sum.byFunction, functionsShown),
  ].join("\n");
}
