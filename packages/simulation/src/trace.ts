// What a run tells of itself: a line for everything worth telling, by virtual time. It goes out as it comes to whoever
// asked for it, and is kept: a checker convicts only once everything is over, and then the lines of the moment
// concerned are wanted, among them what the clients of the workload did.
import type { HistoryEvent } from "@azimuth/history/history.ts";
import type { Anomaly } from "@azimuth/history/verdict.ts";

export interface TraceLine {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly text: string;
}

/** The oldest lines of a long run are forgotten. */
const linesKeptMax = 50_000;
const excerptLinesMax = 60;
/** Something that made an operation go wrong may have come a little before it. */
const marginMs = 200;
/** Of an operation that nobody saw end. */
const openLengthMs = 2000;
const valueLengthMax = 160;

export class Trace {
  readonly #sink: ((line: string) => void) | undefined;
  readonly #lines: TraceLine[] = [];

  constructor(sink: ((line: string) => void) | undefined) {
    this.#sink = sink;
  }

  add(at: number, text: string): void {
    this.#sink?.(text);
    this.#lines.push({ at, text });
    if (this.#lines.length > 2 * linesKeptMax) this.#lines.splice(0, linesKeptMax);
  }

  /** What a client did. It is not kept: its history has it. */
  addOperation(event: HistoryEvent): void {
    this.#sink?.(describeEvent(event));
  }

  last(count: number): readonly string[] {
    return this.#lines.slice(-count).map(({ text }) => text);
  }

  /** What happened around the operation that nothing explains, or the last of a counter-example. */
  around({ culprit, operations }: Anomaly, history: readonly HistoryEvent[]): readonly string[] {
    const operation = culprit ?? operations.at(-1);
    if (operation === undefined) return [];
    const from = operation.invokeTime - marginMs;
    const to = Number.isFinite(operation.returnTime) ? operation.returnTime : operation.invokeTime + openLengthMs;
    const isIn = ({ at }: TraceLine): boolean => at >= from && at <= to;
    const told = history.map((event): TraceLine => ({ at: event.time, text: describeEvent(event) }));
    const lines = [...this.#lines.filter(isIn), ...told.filter(isIn)].sort((one, other) => one.at - other.at);
    return lines.slice(-excerptLinesMax).map(({ text }) => text);
  }
}

function describeEvent({ time, process, type, f, key, value, error }: HistoryEvent): string {
  const json = JSON.stringify(value) ?? "";
  const shown = json.length > valueLengthMax ? `${json.slice(0, valueLengthMax - 1)}…` : json;
  const words = [time.toFixed(3), process, type, f, key, shown, error];
  return words.filter((word) => word !== undefined).join(" ");
}
