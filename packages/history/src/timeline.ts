// The layout that both pictures of a counter-example share: one row per process, one box per operation, columns that
// keep the order of all invocations and returns but not their distances, so that a violation that took an hour
// still fits on a page. Widths are in characters; every label fits its box.
import type { Operation } from "./history.ts";
import { labelOperation, nameProcess, type Anomaly } from "./verdict.ts";

export interface Box {
  readonly operation: Operation;
  readonly row: number;
  /** In characters from the left edge of the time line; `right` includes the open end of unknown outcomes. */
  readonly left: number;
  readonly right: number;
  readonly label: string;
  readonly isCulprit: boolean;
  /** Nobody knows when it ended. */
  readonly isOpen: boolean;
}

export interface Timeline {
  readonly rows: readonly string[];
  readonly boxes: readonly Box[];
  readonly width: number;
}

/** Longer labels are cut. */
const labelMax = 48;
/** Pictures of more operations are no help; the last ones matter most. */
const boxesMax = 40;

export function layOut(anomaly: Anomaly): Timeline {
  const byInvocation = anomaly.operations.toSorted((one, other) => one.invokeIndex - other.invokeIndex);
  const operations = byInvocation.slice(-boxesMax);
  const positions = place(operations, (operation) => labelOf(operation, anomaly).length + 4);
  const width = Math.max(0, ...positions.values()) + 6;
  const rows: string[] = [];
  /** For each row, where its last box ends. */
  const endByRow: number[] = [];
  const boxes = operations.map((operation): Box => {
    const isOpen = operation.returnIndex === Infinity;
    const left = positions.get(operation.invokeIndex) as number;
    const right = isOpen ? width : (positions.get(operation.returnIndex) as number);
    const name = nameProcess(operation.process);
    let row = rows.findIndex((process, at) => process === name && (endByRow[at] as number) <= left);
    if (row === -1) row = rows.push(name) - 1;
    endByRow[row] = right;
    const isCulprit = operation.id === anomaly.culprit?.id;
    return { operation, row, left, right, label: labelOf(operation, anomaly), isCulprit, isOpen };
  });
  return { rows, boxes, width };
}

/** When an operation began and ended, in milliseconds. */
export function timesOf({ invokeTime, returnTime }: Operation): string {
  const shown = (time: number): string => String(Number(time.toFixed(3)));
  return Number.isFinite(returnTime) ? `${shown(invokeTime)} to ${shown(returnTime)}` : `${shown(invokeTime)} on`;
}

function labelOf(operation: Operation, anomaly: Anomaly): string {
  const name = anomaly.names?.[operation.id];
  const key = anomaly.key === undefined && operation.key !== undefined ? `${operation.key} ` : "";
  const label = `${name === undefined ? "" : `${name}: `}${key}${labelOperation(operation)}`;
  return label.length > labelMax ? `${label.slice(0, labelMax - 1)}…` : label;
}

/** A column for every moment, in order, each far enough from the start of the operations that end there. */
function place(operations: readonly Operation[], widthOf: (operation: Operation) => number): Map<number, number> {
  const moments = new Set<number>();
  for (const { invokeIndex, returnIndex } of operations) {
    moments.add(invokeIndex);
    if (returnIndex !== Infinity) moments.add(returnIndex);
  }
  const positions = new Map<number, number>();
  let column = 0;
  let open = 0;
  for (const moment of [...moments].sort((one, other) => one - other)) {
    for (const operation of operations) {
      if (operation.returnIndex !== moment) continue;
      column = Math.max(column, (positions.get(operation.invokeIndex) ?? 0) + widthOf(operation));
    }
    positions.set(moment, column);
    column += 2;
  }
  for (const operation of operations) {
    if (operation.returnIndex !== Infinity) continue;
    open = Math.max(open, (positions.get(operation.invokeIndex) as number) + widthOf(operation));
  }
  // An operation without an end needs room to the right: the end of the last column, moved if need be.
  if (open > column) positions.set(Infinity, open);
  return positions;
}

/** Words in lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "") lines.push(line);
  return lines;
}
