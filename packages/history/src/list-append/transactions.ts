// Transactions on lists, the form that Elle (Kingsbury and Alvaro, 2020) made decidable: every append adds an element
// that is unique for its list, every read returns the whole list, so a read tells not only what was written but in
// which order. A transaction is an operation "txn" whose value is a list of
//
//   ["append", key, element]   and   ["r", key, the list that was read, null while invoked]
//
// Single operations take part as transactions of one step: "append" (input: the element) and "read"
// (output: the list), with the operation's key.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Operation } from "../history.ts";

export type ListElement = string | number;

export type MicroOperation =
  | { readonly kind: "append"; readonly key: string; readonly element: ListElement }
  | { readonly kind: "read"; readonly key: string; readonly list: readonly ListElement[] };

export interface Transaction {
  /** Position among the transactions: the node in the graph. */
  readonly node: number;
  readonly operation: Operation;
  readonly outcome: "ok" | "unknown" | "failed";
  /** Reads only where their results are known. */
  readonly steps: readonly MicroOperation[];
}

/** Who appended an element, and whether that was the transaction's last to that list. */
export interface Append {
  readonly transaction: Transaction;
  readonly isFinal: boolean;
}

/** Appends by list and element; `repeated` names one that two transactions appended, which makes the history unfit. */
export interface AppendIndex {
  readonly byKey: ReadonlyMap<string, ReadonlyMap<ListElement, Append>>;
  readonly repeated: string | undefined;
}

export function transactionsOf(operations: Iterable<Operation>): Transaction[] {
  const transactions: Transaction[] = [];
  for (const operation of operations) {
    const outcome = operation.outcome === "refused" ? "failed" : operation.outcome;
    transactions.push({ node: transactions.length, operation, outcome, steps: stepsOf(operation) });
  }
  return transactions;
}

function stepsOf(operation: Operation): MicroOperation[] {
  const known = operation.outcome === "ok";
  const key = operation.key ?? "";
  if (operation.f === "append") return [{ kind: "append", key, element: operation.input as ListElement }];
  if (operation.f === "read") return known ? [{ kind: "read", key, list: listOf(operation.output) }] : [];
  assert(operation.f === "txn", `a list has no ${operation.f}`);
  const steps: MicroOperation[] = [];
  const value = (known ? operation.output : operation.input) as readonly (readonly [string, unknown, unknown])[];
  for (const [name, of, argument] of value) {
    if (name === "append") steps.push({ kind: "append", key: String(of), element: argument as ListElement });
    else if (known) steps.push({ kind: "read", key: String(of), list: listOf(argument) });
  }
  return steps;
}

function listOf(value: unknown): readonly ListElement[] {
  return (value ?? []) as readonly ListElement[];
}

export function indexAppends(transactions: readonly Transaction[]): AppendIndex {
  const byKey = new Map<string, Map<ListElement, Append>>();
  let repeated: string | undefined;
  for (const transaction of transactions) {
    const finalByKey = new Map<string, ListElement>();
    for (const step of transaction.steps) if (step.kind === "append") finalByKey.set(step.key, step.element);
    for (const step of transaction.steps) {
      if (step.kind !== "append") continue;
      const ofKey = byKey.get(step.key) ?? new Map<ListElement, Append>();
      byKey.set(step.key, ofKey);
      if (ofKey.has(step.element)) repeated ??= `${step.element} was appended to ${step.key} twice`;
      ofKey.set(step.element, { transaction, isFinal: finalByKey.get(step.key) === step.element });
    }
  }
  return { byKey, repeated };
}

export function nameTransaction(transaction: Transaction): string {
  return `T${transaction.operation.id}`;
}
