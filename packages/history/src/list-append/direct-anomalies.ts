// Anomalies of list-append histories that need no cycle: what a single read, or two of one list, already proves. Also
// finds each list's version order, which is its longest read: any other read must be a beginning of it.
import type { Anomaly } from "../verdict.ts";
import {
  nameTransaction, type Append, type AppendIndex, type ListElement, type Transaction,
} from "./transactions.ts";

export interface VersionOrder {
  readonly elements: readonly ListElement[];
  /** Who read them all; undefined where nobody read anything. */
  readonly reader: Transaction;
}

export interface DirectResult {
  readonly anomalies: readonly Anomaly[];
  readonly orderByKey: ReadonlyMap<string, VersionOrder>;
}

export function findDirectAnomalies(transactions: readonly Transaction[], appends: AppendIndex): DirectResult {
  const anomalies: Anomaly[] = [];
  const orderByKey = longestReads(transactions);
  for (const transaction of transactions) {
    if (transaction.outcome !== "ok") continue;
    anomalies.push(...internalAnomalies(transaction));
    for (const step of transaction.steps) {
      if (step.kind !== "read") continue;
      anomalies.push(...readAnomalies(transaction, step.key, step.list, appends));
      const order = orderByKey.get(step.key) as VersionOrder;
      if (isPrefix(step.list, order.elements)) continue;
      const at = step.list.findIndex((element, position) => element !== order.elements[position]);
      anomalies.push(anomalyOf("incompatible-order", step.key, [transaction, order.reader],
        `${nameTransaction(transaction)} and ${nameTransaction(order.reader)} read ${step.key} with different ` +
        `elements at position ${at + 1}: ${step.list[at]} and ${order.elements[at]}`));
    }
  }
  for (const [key, order] of orderByKey) anomalies.push(...orderAnomalies(key, order, transactions, appends));
  return { anomalies, orderByKey };
}

function anomalyOf(kind: string, key: string, involved: readonly Transaction[], explanation: string): Anomaly {
  const operations = [...new Set(involved.map(({ operation }) => operation))];
  operations.sort((one, other) => one.invokeIndex - other.invokeIndex);
  const culprit = involved[0]?.operation;
  const names = Object.fromEntries(involved.map((one) => [one.operation.id, nameTransaction(one)]));
  const anomaly = { kind, key, explanation: `${explanation}.`, operations, names };
  return culprit === undefined ? anomaly : { ...anomaly, culprit };
}

function longestReads(transactions: readonly Transaction[]): Map<string, VersionOrder> {
  const orderByKey = new Map<string, VersionOrder>();
  for (const reader of transactions) {
    for (const step of reader.steps) {
      if (step.kind !== "read") continue;
      const order = orderByKey.get(step.key);
      if (order !== undefined && order.elements.length >= step.list.length) continue;
      orderByKey.set(step.key, { elements: step.list, reader });
    }
  }
  return orderByKey;
}

function isPrefix(short: readonly ListElement[], long: readonly ListElement[]): boolean {
  return short.length <= long.length && short.every((element, at) => element === long[at]);
}

/** A transaction against itself: it sees its own appends, after what it had read, and none that it has yet to make. */
function internalAnomalies(transaction: Transaction): Anomaly[] {
  const anomalies: Anomaly[] = [];
  /** What a read must end with, and whether that is all of it. */
  const expectedByKey = new Map<string, { readonly elements: ListElement[]; readonly isWhole: boolean }>();
  const name = nameTransaction(transaction);
  for (const [at, step] of transaction.steps.entries()) {
    const expected = expectedByKey.get(step.key);
    if (step.kind === "append") {
      if (expected === undefined) expectedByKey.set(step.key, { elements: [step.element], isWhole: false });
      else expected.elements.push(step.element);
      continue;
    }
    const own = new Set<ListElement>();
    for (const later of transaction.steps.slice(at + 1)) {
      if (later.kind === "append" && later.key === step.key) own.add(later.element);
    }
    const early = step.list.find((element) => own.has(element));
    if (early !== undefined) {
      anomalies.push(anomalyOf("future-read", step.key, [transaction],
        `${name} read ${early} from ${step.key} before it appended it itself`));
    } else if (expected !== undefined && !endsWith(step.list, expected)) {
      anomalies.push(anomalyOf("internal", step.key, [transaction],
        `${name} read [${step.list.join(" ")}] from ${step.key}, which contradicts its own earlier steps: ` +
        `it should ${expected.isWhole ? "be" : "end in"} [${expected.elements.join(" ")}]`));
    }
    expectedByKey.set(step.key, { elements: step.list.slice(), isWhole: true });
  }
  return anomalies;
}

function endsWith(
  list: readonly ListElement[], expected: { readonly elements: readonly ListElement[]; readonly isWhole: boolean },
): boolean {
  const from = list.length - expected.elements.length;
  if (from < 0 || (expected.isWhole && from > 0)) return false;
  return expected.elements.every((element, at) => list[from + at] === element);
}

/** One read against who appended what: duplicates, elements from nowhere, G1a and G1b. */
function readAnomalies(
  reader: Transaction, key: string, list: readonly ListElement[], appends: AppendIndex,
): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const name = nameTransaction(reader);
  const ofKey = appends.byKey.get(key);
  const seen = new Set<ListElement>();
  for (const element of list) {
    const append = ofKey?.get(element);
    if (seen.has(element)) {
      anomalies.push(anomalyOf("duplicate-elements", key, withAppender(reader, append),
        `${name} read ${element} twice in ${key}, though it was appended once`));
    } else if (append === undefined) {
      anomalies.push(anomalyOf("unwritten-element", key, [reader],
        `${name} read ${element} from ${key}, which nobody appended`));
    } else if (append.transaction.outcome === "failed") {
      anomalies.push(anomalyOf("G1a", key, withAppender(reader, append),
        `${name} read ${element} from ${key}, which ${nameTransaction(append.transaction)} appended, but that failed`));
    }
    seen.add(element);
  }
  const last = list.at(-1);
  const append = last === undefined ? undefined : ofKey?.get(last);
  if (append !== undefined && !append.isFinal && append.transaction !== reader) {
    anomalies.push(anomalyOf("G1b", key, withAppender(reader, append),
      `${name} read ${key} ending in ${last}, a state in the middle of ${nameTransaction(append.transaction)}, ` +
      "which appended more"));
  }
  return anomalies;
}

function withAppender(reader: Transaction, append: Append | undefined): Transaction[] {
  return append === undefined ? [reader] : [reader, append.transaction];
}

/** Dirty updates and lost appends, which show in a list's version order. */
function orderAnomalies(
  key: string, order: VersionOrder, transactions: readonly Transaction[], appends: AppendIndex,
): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const ofKey = appends.byKey.get(key);
  let failed: { readonly element: ListElement; readonly by: Transaction } | undefined;
  for (const element of order.elements) {
    const by = ofKey?.get(element)?.transaction;
    if (by?.outcome === "failed") failed = { element, by };
    if (by?.outcome !== "ok" || failed === undefined) continue;
    anomalies.push(anomalyOf("dirty-update", key, [by, failed.by, order.reader],
      `${nameTransaction(by)} appended ${element} to ${key} on top of ${failed.element}, which ` +
      `${nameTransaction(failed.by)} appended, but that failed`));
    break;
  }
  const observed = new Set(order.elements);
  const readers = transactions.filter(
    ({ outcome, steps }) => outcome === "ok" && steps.some((step) => step.kind === "read" && step.key === key),
  );
  const lastReader = readers.reduce<Transaction | undefined>((latest, reader) => {
    return latest === undefined || reader.operation.invokeIndex > latest.operation.invokeIndex ? reader : latest;
  }, undefined);
  for (const [element, { transaction }] of ofKey ?? []) {
    if (observed.has(element) || transaction.outcome !== "ok" || lastReader === undefined) continue;
    if (transaction.operation.returnIndex >= lastReader.operation.invokeIndex) continue;
    anomalies.push(anomalyOf("lost-append", key, [lastReader, transaction],
      `${nameTransaction(transaction)} was told that ${element} is in ${key}, but ${nameTransaction(lastReader)}, ` +
      "which began after that, did not read it, nor did anyone else"));
  }
  return anomalies;
}
