// Operations written down by hand: process, [invoked at, returned at], name, input, output.
import type { Operation, Outcome } from "../src/history.ts";

/** Returned at Infinity means that the outcome is unknown, unless `outcome` says otherwise. */
export function op(
  process: string, [from, to]: readonly [number, number], f: string, input?: unknown, output?: unknown, outcome?: Outcome,
): Operation {
  return {
    id: from,
    process,
    key: undefined,
    f,
    input,
    output,
    outcome: outcome ?? (to === Infinity ? "unknown" : "ok"),
    invokeIndex: from,
    returnIndex: to,
    invokeTime: from,
    returnTime: to,
  };
}

/** The same operation on a key. */
export function on(key: string, operation: Operation): Operation {
  return { ...operation, key };
}

export function kindsOf(verdict: { readonly anomalies: readonly { readonly kind: string }[] }): string[] {
  return [...new Set(verdict.anomalies.map(({ kind }) => kind))].sort();
}
