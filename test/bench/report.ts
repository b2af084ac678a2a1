// The bench's numbers as a table: medians of the rounds, one block for each operation.
import type { OperationName } from "./operations.ts";
import type { SystemName } from "./systems.ts";

/** One system, one operation, one round. */
export interface Cell {
  readonly system: SystemName;
  readonly operation: OperationName;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system time of all server processes, per operation. */
  readonly cpuMicroseconds: number;
  readonly operations: number;
}

export interface Latency {
  readonly what: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RunShape {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
}

export function resultTable(cells: readonly Cell[], latencies: readonly Latency[], shape: RunShape): string {
  const { seconds, rounds, connections } = shape;
  const lines = [
    "",
    `1 KB items, ${connections} connections, medians of ${rounds} round(s) of ${seconds} s`,
    "",
    "operation".padEnd(28) + "system".padEnd(10) + inColumns(["ops/s", "p50 ms", "p99 ms", "CPU µs/op"]),
  ];
  for (const operation of new Set(cells.map((cell) => cell.operation))) {
    for (const system of new Set(cells.map((cell) => cell.system))) {
      const own = cells.filter((cell) => cell.operation === operation && cell.system === system);
      if (own.length === 0) continue;
      const of = (value: (cell: Cell) => number): number => median(own.map(value));
      const numbers = [
        of((cell) => cell.perSecond).toFixed(0),
        of((cell) => cell.p50Ms).toFixed(2),
        of((cell) => cell.p99Ms).toFixed(2),
        of((cell) => cell.cpuMicroseconds).toFixed(0),
      ];
      lines.push(operation.padEnd(28) + system.padEnd(10) + inColumns(numbers));
    }
  }
  if (latencies.length > 0) lines.push("", "one at a time".padEnd(49) + inColumns(["p50 ms", "p99 ms"]));
  for (const { what, p50Ms, p99Ms } of latencies) {
    lines.push(what.padEnd(49) + inColumns([p50Ms.toFixed(2), p99Ms.toFixed(2)]));
  }
  return `${lines.join("\n")}\n`;
}

function inColumns(texts: readonly string[]): string {
  return texts.map((each) => each.padStart(11)).join("");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
