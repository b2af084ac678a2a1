// What every checker answers. `violated` is a conviction: it comes with anomalies, each with the few operations that
// prove it and the sentence that says why no order explains them. `unknown` means that the checker
// gave up (a step budget, values that are not unique); it is neither.
import type { Operation, Process } from "./history.ts";

/** Why one operation must come before another. */
export interface Because {
  readonly from: Operation;
  readonly to: Operation;
  /** Short, for the arrow in a picture: "ww x", "real time". */
  readonly label: string;
}

export interface Anomaly {
  /** "stale-read", "G-single-realtime", ... */
  readonly kind: string;
  readonly key?: string;
  /** Complete sentences. */
  readonly explanation: string;
  /** A counter-example, as small as the checker could make it. */
  readonly operations: readonly Operation[];
  /** The operation that nothing explains, where there is one. */
  readonly culprit?: Operation;
  readonly because?: readonly Because[];
  /** What the explanation calls an operation, by its id, where it uses short names. */
  readonly names?: Readonly<Record<number, string>>;
}

export interface Verdict {
  readonly verdict: "ok" | "violated" | "unknown";
  readonly anomalies: readonly Anomaly[];
  readonly explanation: string;
}

/** More anomalies than these explain nothing further. */
export const anomaliesMax = 20;

/** `violated` when there is an anomaly, else `unknown` when something was left undecided, else `ok`. */
export function verdictOf(anomalies: readonly Anomaly[], checked: string, undecided?: string): Verdict {
  const first = anomalies[0];
  if (first !== undefined) {
    const more = anomalies.length === 1 ? "" : ` (and ${anomalies.length - 1} more)`;
    const explanation = `${first.kind}: ${first.explanation}${more}`;
    return { verdict: "violated", anomalies: anomalies.slice(0, anomaliesMax), explanation };
  }
  if (undecided !== undefined) return { verdict: "unknown", anomalies: [], explanation: undecided };
  return { verdict: "ok", anomalies: [], explanation: `${checked} explained` };
}

/** "write 3 by client 2", with what it returned where that says something. */
export function nameOperation(operation: Operation): string {
  return `${labelOperation(operation)} by ${nameProcess(operation.process)}`;
}

export function nameProcess(process: Process): string {
  return typeof process === "number" ? `process ${process}` : process;
}

/** As short as fits a box: "write 3", "read → 3", "cas 1 → 2 refused", "write 4 ?". */
export function labelOperation(operation: Operation): string {
  const input = labelInput(operation);
  switch (operation.outcome) {
    case "ok": {
      const told = operation.output !== undefined && !sameJson(operation.output, operation.input);
      const silent = operation.output === null && operation.f !== "read";
      if (operation.f === "txn") return short(operation.output).slice(1, -1);
      return `${operation.f}${input}${told && !silent ? ` → ${short(operation.output)}` : ""}`;
    }
    case "refused":
      return `${operation.f}${input} refused`;
    case "failed":
      return `${operation.f}${input} failed`;
    case "unknown":
      return `${operation.f}${input} ?`;
  }
}

function labelInput({ f, input }: Operation): string {
  if (input === undefined || input === null) return "";
  if (f === "cas" && Array.isArray(input)) return ` ${input.map(short).join(" → ")}`;
  return ` ${short(input)}`;
}

export function sameJson(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function short(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(short).join(" ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value).map(([name, part]) => `${name} ${short(part)}`).join(", ")}}`;
  }
  return typeof value === "string" ? value : JSON.stringify(value) ?? "nothing";
}
