// The graph of what must come before what, among transactions that took effect:
//
//   ww  who appended an element → who appended the next one
//   wr  who appended the last element of a read → the reader
//   rw  the reader of a list → who appended the element that follows what it read
//   process   a client's transaction → the same client's next
//   realtime  a transaction that had returned → one invoked after that
//
// Acknowledged appends that nobody read come after all that was read. Real time would need n² edges; it is enough
// to keep the frontier of returned transactions that no other returned one already follows, and link it to each new
// one.
import type { VersionOrder } from "./direct-anomalies.ts";
import { nameProcess } from "../verdict.ts";
import { nameTransaction, type AppendIndex, type Transaction } from "./transactions.ts";

export type EdgeKind = "ww" | "wr" | "rw" | "process" | "realtime";

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  /** The clause after "because". */
  readonly why: () => string;
  readonly label: string;
}

export interface Graph {
  readonly transactions: readonly Transaction[];
  /** Outgoing edges by node. */
  readonly edges: readonly (readonly Edge[])[];
}

export function buildGraph(
  transactions: readonly Transaction[], appends: AppendIndex, orderByKey: ReadonlyMap<string, VersionOrder>,
): Graph {
  const edges: Edge[][] = transactions.map(() => []);
  const add: Add = (kind, from, to, label, why) => {
    if (from !== to) edges[from.node]?.push({ from: from.node, to: to.node, kind, label, why });
  };
  for (const [key, ofKey] of appends.byKey) addListEdges(key, orderByKey.get(key)?.elements ?? [], ofKey, add);
  for (const reader of transactions) {
    if (reader.outcome !== "ok") continue;
    const touched = new Set<string>();
    for (const step of reader.steps) {
      const isFirst = !touched.has(step.key);
      touched.add(step.key);
      if (step.kind === "append" || !isFirst) continue;
      addReadEdges(reader, step.key, step.list.length, step.list.at(-1), appends, orderByKey, add);
    }
  }
  const tookEffect = observedOrAcknowledged(transactions, appends, orderByKey);
  addProcessEdges(tookEffect, add);
  addRealtimeEdges(tookEffect, add);
  return { transactions, edges };
}

type Add = (kind: EdgeKind, from: Transaction, to: Transaction, label: string, why: () => string) => void;
type AppendsOfKey = AppendIndex["byKey"] extends ReadonlyMap<string, infer Value> ? Value : never;

function addListEdges(key: string, order: readonly (string | number)[], ofKey: AppendsOfKey, add: Add): void {
  let previous: { readonly element: string | number; readonly by: Transaction } | undefined;
  for (const element of order) {
    const by = ofKey.get(element)?.transaction;
    if (by === undefined) continue;
    if (previous !== undefined) {
      const { element: earlier, by: first } = previous;
      add("ww", first, by, `ww ${key}`, () => `${nameTransaction(by)} appended ${element} to ${key} after ` +
        `${nameTransaction(first)} had appended ${earlier}`);
    }
    previous = { element, by };
  }
  if (previous === undefined) return;
  const { element: last, by: lastBy } = previous;
  for (const [element, by] of unobserved(order, ofKey)) {
    add("ww", lastBy, by, `ww ${key}`, () => `${nameTransaction(by)} appended ${element} to ${key}, which nobody ` +
      `read, hence after ${nameTransaction(lastBy)} had appended ${last}, which was read`);
  }
}

function unobserved(
  order: readonly (string | number)[], ofKey: AppendsOfKey | undefined,
): [string | number, Transaction][] {
  const observed = new Set(order);
  return [...(ofKey ?? [])]
    .filter(([element, { transaction }]) => !observed.has(element) && transaction.outcome === "ok")
    .map(([element, { transaction }]) => [element, transaction]);
}

function addReadEdges(
  reader: Transaction, key: string, length: number, last: string | number | undefined,
  appends: AppendIndex, orderByKey: ReadonlyMap<string, VersionOrder>, add: Add,
): void {
  const ofKey = appends.byKey.get(key);
  const writer = last === undefined ? undefined : ofKey?.get(last)?.transaction;
  if (writer !== undefined) {
    add("wr", writer, reader, `wr ${key}`, () => `${nameTransaction(reader)} read ${last} from ${key}, which ` +
      `${nameTransaction(writer)} appended`);
  }
  const order = orderByKey.get(key)?.elements ?? [];
  const next = order[length];
  const nexts: [string | number, Transaction | undefined][] =
    next === undefined ? unobserved(order, ofKey) : [[next, ofKey?.get(next)?.transaction]];
  for (const [element, by] of nexts) {
    if (by === undefined) continue;
    add("rw", reader, by, `rw ${key}`, () => `${nameTransaction(reader)} read ${key} without ${element}, which ` +
      `${nameTransaction(by)} appended`);
  }
}

/** Those that surely took effect: acknowledged, or somebody read what they appended. */
function observedOrAcknowledged(
  transactions: readonly Transaction[], appends: AppendIndex, orderByKey: ReadonlyMap<string, VersionOrder>,
): Transaction[] {
  const observed = new Set<Transaction>();
  for (const [key, order] of orderByKey) {
    for (const element of order.elements) {
      const append = appends.byKey.get(key)?.get(element);
      if (append !== undefined) observed.add(append.transaction);
    }
  }
  return transactions.filter((transaction) => transaction.outcome === "ok" || observed.has(transaction));
}

function addProcessEdges(transactions: readonly Transaction[], add: Add): void {
  const lastByProcess = new Map<string | number, Transaction>();
  for (const transaction of transactions.toSorted(byInvocation)) {
    const { process } = transaction.operation;
    const last = lastByProcess.get(process);
    if (last !== undefined && last.operation.returnIndex < transaction.operation.invokeIndex) {
      add("process", last, transaction, "process", () => `${nameProcess(process)} ran ${nameTransaction(last)} first`);
    }
    lastByProcess.set(process, transaction);
  }
}

function byInvocation(one: Transaction, other: Transaction): number {
  return one.operation.invokeIndex - other.operation.invokeIndex;
}

export function realtimeEdge(before: Transaction, after: Transaction): Edge {
  return {
    from: before.node,
    to: after.node,
    kind: "realtime",
    label: "real time",
    why: () => `${nameTransaction(before)} had returned before ${nameTransaction(after)} was invoked`,
  };
}

function addRealtimeEdges(transactions: readonly Transaction[], add: Add): void {
  const events = transactions.flatMap((transaction) => [
    { index: transaction.operation.invokeIndex, isCall: true, transaction },
    { index: transaction.operation.returnIndex, isCall: false, transaction },
  ]);
  events.sort((one, other) => {
    if (one.index === other.index) return Number(other.isCall) - Number(one.isCall);
    return one.index < other.index ? -1 : 1;
  });
  const frontier = new Set<Transaction>();
  const linkedTo = new Map<Transaction, readonly Transaction[]>();
  for (const { index, isCall, transaction } of events) {
    if (index === Infinity) break;
    if (!isCall) {
      for (const implied of linkedTo.get(transaction) ?? []) frontier.delete(implied);
      linkedTo.delete(transaction);
      frontier.add(transaction);
      continue;
    }
    linkedTo.set(transaction, [...frontier]);
    for (const before of frontier) {
      const { kind, label, why } = realtimeEdge(before, transaction);
      add(kind, before, transaction, label, why);
    }
  }
}
