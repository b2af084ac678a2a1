// A ClusterStatus as text for a terminal: zones with their nodes, routers, tables, then the partitions. Colour only
// marks what is not as it should be, and every state is also a word.
import type { ClusterStatus, NodeState, PartitionView, ProcessView } from "@azimuth/console/cluster-status.ts";

export interface TableOptions {
  readonly colour: boolean;
  /** Milliseconds since 1970, for "since" columns. */
  readonly now: number;
}

export function statusTable(status: ClusterStatus, options: TableOptions): string {
  const sections = [
    `${status.cluster}${status.endpoint === null ? "" : `   ${status.endpoint}`}`,
    nodeTable(status, options),
    processTable([...status.routers, ...status.others], options),
    sizeTable(status.partitions),
    partitionTable(status.partitions, options),
    ...status.problems,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function nodeTable({ nodes }: ClusterStatus, options: TableOptions): string {
  const rows = nodes.toSorted((left, right) => ((left.zone ?? "") < (right.zone ?? "") ? -1 : 1)).map((node) => [
    node.zone ?? "-", node.name, stateText(node, options), age(node.since, options.now), String(node.pid ?? "-"),
    node.state === "running" ? String(node.replicas) : "-", node.state === "running" ? String(node.leading) : "-",
    bytesText(node.logBytes),
  ]);
  return table(["ZONE", "NODE", "STATE", "FOR", "PID", "REPLICAS", "LEADS", "LOG"], rows);
}

function processTable(processes: readonly ProcessView[], options: TableOptions): string {
  if (processes.length === 0) return "";
  const rows = processes.map((process) => [
    process.zone ?? "-", process.name, stateText(process, options), age(process.since, options.now),
    String(process.pid ?? "-"),
  ]);
  return table(["ZONE", "PROCESS", "STATE", "FOR", "PID"], rows);
}

/** A line for each table and global index. */
function sizeTable(partitions: readonly PartitionView[]): string {
  const ofTables = partitions.filter((partition) => partition.table !== null);
  const byTable = Map.groupBy(ofTables, (partition) => partition.table as string);
  if (byTable.size === 0) return "";
  const rows = [...byTable].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([name, parts]) => [
    name, String(parts.length), String(parts.filter(({ splitting }) => splitting !== null).length),
    String(parts.reduce((sum, { items }) => sum + items, 0)),
    bytesText(parts.reduce((sum, { bytes }) => sum + bytes, 0)),
  ]);
  return table(["TABLE", "PARTITIONS", "SPLITTING", "ITEMS", "SIZE"], rows);
}

function partitionTable(partitions: readonly PartitionView[], options: TableOptions): string {
  if (partitions.length === 0) return "";
  const rows = partitions.map((partition) => [
    String(partition.group),
    partition.table ?? (partition.group === 0 ? "(control plane)" : "-"),
    tokensText(partition, options),
    partition.group === 0 ? "-" : String(partition.items), partition.group === 0 ? "-" : bytesText(partition.bytes),
    partition.leader ?? paint("none", "red", options),
    String(partition.term),
    String(partition.commit),
    partition.quorum ? "yes" : paint("NO", "red", options),
    partition.replicas.map(({ node, applied }) => `${node}:${applied}`).join(" "),
  ]);
  return table(["GROUP", "TABLE", "TOKENS", "ITEMS", "SIZE", "LEADER", "TERM", "COMMIT", "QUORUM", "APPLIED"], rows);
}

function tokensText({ firstToken, lastToken, splitting }: PartitionView, options: TableOptions): string {
  if (firstToken === null) return "-";
  const range = `${firstToken.slice(0, 4)}…${lastToken?.slice(0, 4)}`;
  if (splitting === null) return range;
  return `${range} ${paint(`splitting → ${splitting.child} at ${splitting.at.slice(0, 4)}…`, "yellow", options)}`;
}

function stateText(process: ProcessView, options: TableOptions): string {
  const colours: Readonly<Record<NodeState, Colour>> = {
    running: "none", paused: "yellow", stopped: "yellow", silent: "yellow",
    killed: "red", exited: "red", unreachable: "red",
  };
  return paint(process.state, colours[process.state], options);
}

function age(since: number | null, now: number): string {
  if (since === null) return "-";
  const seconds = Math.max(0, Math.round((now - since) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

function bytesText(bytes: number | null): string {
  if (bytes === null) return "-";
  return bytes < 1_048_576 ? `${(bytes / 1024).toFixed(0)} KiB` : `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

type Colour = "none" | "yellow" | "red";

function paint(text: string, colour: Colour, options: TableOptions): string {
  if (!options.colour || colour === "none") return text;
  return `\u001b[${colour === "red" ? 31 : 33}m${text}\u001b[0m`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => visibleLength(row[column] ?? ""))));
  return all.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - visibleLength(cell))).join("  ").trimEnd(),
  ).join("\n");
}

function visibleLength(text: string): number {
  // The escape sequences of paint() take no room.
  return text.replaceAll(/\u001b\[\d+m/g, "").length;
}
