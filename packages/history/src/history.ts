// What clients saw, in Jepsen's form: one event when an operation is invoked, one when it ends. `ok` says that it
// took effect, `fail` that it did not, `info` that nobody knows. jepsen-format.ts writes it for outside checkers.
//
// The idea that matters: only the order of events is evidence. An operation precedes another when it returned
// before the other was invoked; everything else is concurrent. So checkers compare `invokeIndex` and
// `returnIndex` (positions in the history), while `time` is for pictures only. An operation whose outcome is
// unknown may take effect at any later time or never: it returns at infinity.
//
// A refusal (a condition that did not hold) is a `fail` with error "condition": it changed nothing, and it
// testifies that the condition was false at some moment of the call.
import { assert } from "@azimuth/foundation/assert.ts";

export type Process = number | string;
export type EventType = "invoke" | "ok" | "fail" | "info";

export interface HistoryEvent {
  readonly index: number;
  readonly process: Process;
  readonly type: EventType;
  /** What was called: "read", "write", "append", ... */
  readonly f: string;
  /** At the invocation the arguments, at the end the result. JSON. */
  readonly value: unknown;
  /** Milliseconds by the recorder's clock; for pictures only. */
  readonly time: number;
  /** The item or list that the operation concerns, where there is one. */
  readonly key?: string;
  readonly error?: string;
}

export type Outcome = "ok" | "refused" | "failed" | "unknown";

/** An invocation and its end, paired. */
export interface Operation {
  /** The index of its invocation; unique in a history. */
  readonly id: number;
  readonly process: Process;
  readonly key: string | undefined;
  readonly f: string;
  readonly input: unknown;
  /** Undefined while the outcome is unknown. */
  readonly output: unknown;
  readonly outcome: Outcome;
  readonly invokeIndex: number;
  /** Infinity when the outcome is unknown. */
  readonly returnIndex: number;
  readonly invokeTime: number;
  readonly returnTime: number;
}

/** The error of a `fail` that testifies that a condition did not hold. */
export const conditionError = "condition";

/** Operations that change nothing: with an unknown outcome they say nothing. */
const readNames: ReadonlySet<string> = new Set(["read", "range"]);

/**
 * Operations in the order of their invocations. A process that invokes again before its operation ended leaves
 * that one unknown. Reads with an unknown outcome are dropped.
 */
export function pairOperations(events: readonly HistoryEvent[]): Operation[] {
  const operations: Operation[] = [];
  const openByProcess = new Map<Process, number>();
  for (const [position, event] of events.entries()) {
    if (event.type === "invoke") {
      openByProcess.set(event.process, operations.length);
      operations.push(begin(event, position));
      continue;
    }
    const slot = openByProcess.get(event.process);
    if (slot === undefined) {
      const what = `event ${event.index} ends an operation that process ${event.process} did not begin`;
      assert(event.type === "info", what);
      continue;
    }
    openByProcess.delete(event.process);
    if (event.type !== "info") operations[slot] = end(operations[slot] as Operation, event, position);
  }
  return operations.filter((operation) => operation.outcome !== "unknown" || !readNames.has(operation.f));
}

function begin(event: HistoryEvent, position: number): Operation {
  return {
    id: position,
    process: event.process,
    key: event.key,
    f: event.f,
    input: event.value ?? undefined,
    output: undefined,
    outcome: "unknown",
    invokeIndex: position,
    returnIndex: Infinity,
    invokeTime: event.time,
    returnTime: Infinity,
  };
}

function end(operation: Operation, event: HistoryEvent, position: number): Operation {
  const refused = event.type === "fail" && event.error === conditionError;
  const outcome = event.type === "ok" ? "ok" : refused ? "refused" : "failed";
  return { ...operation, output: event.value, outcome, returnIndex: position, returnTime: event.time };
}

/** Operations by their key; those without one under "". */
export function groupByKey(operations: Iterable<Operation>): Map<string, Operation[]> {
  const byKey = new Map<string, Operation[]>();
  for (const operation of operations) {
    const key = operation.key ?? "";
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [operation]);
    else group.push(operation);
  }
  return byKey;
}

/** True when real time puts `first` before `second`. */
export function precedes(first: Operation, second: Operation): boolean {
  return first.returnIndex < second.invokeIndex;
}
