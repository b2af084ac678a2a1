// A history as Jepsen's tools expect it, as JSON lines (`jq -s .` makes the one array of them that some want):
//
//   {"index":0,"type":"invoke","process":0,"f":"write","value":["x",7],"time":1500000,"key":"x","client":"writer"}
//
// Processes are integers, one for each name; a name that follows an unknown outcome is another process. Times are
// nanoseconds, whole ones. Where an operation concerns a key, its value is the pair of both, as
// jepsen.independent has it; transactions (f "txn") have theirs inside: ["append", key, element], ["r", key, list].
// `client` (the process by its name) and `key` are ours: Jepsen ignores them, and with them the way back loses nothing.
import { assert } from "@azimuth/foundation/assert.ts";
import type { EventType, HistoryEvent, Process } from "./history.ts";

interface Line extends HistoryEvent {
  readonly client?: Process;
}

const nanosecondsPerMillisecond = 1e6;

/** One JSON object per line, ending in a newline; what {@link parseHistory} reads. */
export function formatHistory(events: readonly HistoryEvent[]): string {
  const numberOf = new Map<Process, number>();
  return events.map((event) => `${JSON.stringify(toLine(event, numberOf))}\n`).join("");
}

function toLine(event: HistoryEvent, numberOf: Map<Process, number>): Line {
  const { index, type, process: client, f, key, error } = event;
  const process = numberOf.get(client) ?? numberOf.size;
  numberOf.set(client, process);
  const value = event.value ?? null;
  return {
    index, type, process, f,
    value: key === undefined ? value : [key, value],
    time: Math.round(event.time * nanosecondsPerMillisecond),
    ...(key === undefined ? {} : { key }),
    ...(error === undefined ? {} : { error }),
    client,
  };
}

/** Reads JSON lines, ours or others'; empty lines are skipped. Throws on anything that is no event. */
export function parseHistory(text: string): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  for (const [number, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const event = JSON.parse(line) as Line;
    assert(typeof event === "object" && event !== null, `line ${number + 1} is no event`);
    assert(isEventType(event.type), `line ${number + 1} has the unknown type ${JSON.stringify(event.type)}`);
    assert(typeof event.f === "string", `line ${number + 1} has no f`);
    assert(event.process !== undefined, `line ${number + 1} has no process`);
    events.push(fromLine(event, events.length));
  }
  return events;
}

function fromLine({ client, ...event }: Line, position: number): HistoryEvent {
  const { key, value } = event;
  const isPair = key !== undefined && Array.isArray(value) && value.length === 2 && value[0] === key;
  return {
    ...event,
    index: event.index ?? position,
    process: client ?? event.process,
    value: isPair ? value[1] : value,
    time: event.time === undefined ? position : event.time / nanosecondsPerMillisecond,
  };
}

function isEventType(type: unknown): type is EventType {
  return type === "invoke" || type === "ok" || type === "fail" || type === "info";
}
