// Are transactions on lists serializable, and strictly so? Elle's way: infer from the lists that were read who came
// before whom, and look for what no serial order explains: reads that are wrong by themselves, and cycles of
// dependencies, named by the edges that they need. Near linear in the length of the history.
//
// A serial order exists exactly when there is no anomaly without a suffix; one that respects each client's order
// needs none with -process, one that respects real time none with -realtime or lost appends.
import type { Operation } from "./history.ts";
import { findCycles, type Cycle } from "./list-append/cycles.ts";
import { buildGraph, type Edge, type Graph } from "./list-append/dependencies.ts";
import { findDirectAnomalies } from "./list-append/direct-anomalies.ts";
import { indexAppends, nameTransaction, transactionsOf } from "./list-append/transactions.ts";
import { verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

export type ConsistencyModel = "serializable" | "strict-serializable";

export interface ListAppendVerdict extends Verdict {
  /** What the history contradicts, whichever was asked for. */
  readonly contradicts: readonly ConsistencyModel[];
}

/** Operations "txn", "append" and "read"; see list-append/transactions.ts. Unknown reads may be left out. */
export function checkListAppend(
  operations: Iterable<Operation>, options: { readonly model?: ConsistencyModel } = {},
): ListAppendVerdict {
  const transactions = transactionsOf(operations);
  const appends = indexAppends(transactions);
  const checked = `${transactions.length} transactions on ${appends.byKey.size} lists`;
  if (appends.repeated !== undefined) return { ...verdictOf([], checked, appends.repeated), contradicts: [] };
  const direct = findDirectAnomalies(transactions, appends);
  const graph = buildGraph(transactions, appends, direct.orderByKey);
  const all = [...direct.anomalies, ...findCycles(graph).map((cycle) => describeCycle(cycle, graph))];
  const contradicts: ConsistencyModel[] = [];
  if (all.some(({ kind }) => !needsRealTime(kind))) contradicts.push("serializable");
  if (all.length > 0) contradicts.push("strict-serializable");
  const counting = options.model === "serializable" ? all.filter(({ kind }) => !needsRealTime(kind)) : all;
  return { ...verdictOf(counting, checked), contradicts };
}

function needsRealTime(kind: string): boolean {
  return kind.endsWith("-process") || kind.endsWith("-realtime") || kind === "lost-append";
}

/** "T1 < T2, because ...; T2 < T1, because ...: a contradiction." */
function describeCycle(cycle: Cycle, graph: Graph): Anomaly {
  const nameOf = (node: number): string => nameTransaction(transactionAt(graph, node));
  const clauses = cycle.edges.map((edge) => `${nameOf(edge.from)} < ${nameOf(edge.to)}, because ${edge.why()}`);
  const operations = cycle.edges.map((edge) => transactionAt(graph, edge.from).operation);
  return {
    kind: cycle.kind,
    explanation: `${clauses.join("; ")}: a contradiction.`,
    operations: operations.toSorted((one, other) => one.invokeIndex - other.invokeIndex),
    names: Object.fromEntries(operations.map((operation, at) => [operation.id, nameOf(edgeAt(cycle, at).from)])),
    because: cycle.edges.map((edge) => ({
      from: transactionAt(graph, edge.from).operation,
      to: transactionAt(graph, edge.to).operation,
      label: edge.label,
    })),
  };
}

function edgeAt(cycle: Cycle, at: number): Edge {
  return cycle.edges[at] as Edge;
}

function transactionAt(graph: Graph, node: number): Graph["transactions"][number] {
  return graph.transactions[node] as Graph["transactions"][number];
}
