// Is there an order of the operations on each object that respects real time and that a single copy could have
// answered? Objects are judged one by one: a history is linearizable exactly when each object's is (Herlihy
// and Wing 1990), and the cost grows with the concurrency on one object only. Give every object a few clients,
// not fifty.
//
// A conviction comes shrunk: cut at the return that nothing explains, rid of whatever the violation
// does not need and, where that is not known, begun at the last moment when the state was certain.
import { groupByKey, precedes, type Operation } from "./history.ts";
import { aroundTwoValues, minimise } from "./linearizability/minimise.ts";
import { search, type DeadEnd } from "./linearizability/search.ts";
import type { Model } from "./models/model.ts";
import { nameOperation, verdictOf, type Anomaly, type Verdict } from "./verdict.ts";

export interface LinearizableOptions {
  /** Model steps per object before the checker gives up; default 30 million, some seconds. */
  readonly stepsMax?: number;
}

const stepsMaxDefault = 30_000_000;
const shrinkingTriesMax = 600;

/** Operations as paired, in one list or by key. Failed ones are ignored: they never happened. */
export function checkLinearizable<State>(
  operations: Iterable<Operation> | ReadonlyMap<string, readonly Operation[]>,
  model: Model<State>,
  options: LinearizableOptions = {},
): Verdict {
  const byKey = operations instanceof Map
    ? (operations as ReadonlyMap<string, readonly Operation[]>)
    : groupByKey(operations as Iterable<Operation>);
  const stepsMax = options.stepsMax ?? stepsMaxDefault;
  const anomalies: Anomaly[] = [];
  const undecided: string[] = [];
  let count = 0;
  for (const [key, all] of byKey) {
    const happened = all.filter((operation) => operation.outcome !== "failed");
    count += happened.length;
    const result = search(happened, model, { stepsMax });
    if (result.kind === "unknown") undecided.push(key);
    if (result.kind === "violated") anomalies.push(convict(key, happened, model, result.dead, stepsMax));
  }
  const gaveUp = `gave up on ${undecided.length} of ${byKey.size} objects after ${stepsMax} steps: ${undecided[0]}`;
  const checked = `${count} operations on ${byKey.size} objects`;
  return verdictOf(anomalies, checked, undecided.length > 0 ? gaveUp : undefined);
}

function convict<State>(
  key: string, operations: readonly Operation[], model: Model<State>, dead: DeadEnd<State>, stepsMax: number,
): Anomaly {
  // One state was possible at the checkpoint, so what came before has no other say. A model that names values
  // shrinks well without it, and then shows where the state came from.
  const checkpoint = model.values === undefined ? dead.checkpoint : undefined;
  const kept = untilReturnOf(dead.operation, operations)
    .filter((one) => checkpoint === undefined || one.invokeIndex >= checkpoint.index || checkpoint.pending.has(one.id));
  const start = checkpoint?.state;
  const from = start === undefined ? {} : { initial: start };
  let stepsLeft = stepsMax;
  const stillViolated = (some: readonly Operation[]): boolean => {
    const result = search(some, model, { ...from, stepsMax: stepsLeft });
    stepsLeft -= result.steps;
    return result.kind === "violated";
  };
  const few = aroundTwoValues(kept, dead.operation, model, stillViolated) ?? kept;
  const fewer = minimise(few, model, stillViolated, shrinkingTriesMax);
  const result = search(fewer, model, { ...from, stepsMax });
  const end = result.kind === "violated" ? result.dead : dead;
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const shown = fewer.map((operation) => byId.get(operation.id) ?? operation);
  return {
    kind: "not-linearizable",
    ...(key === "" ? {} : { key }),
    explanation: explain(key, shown, model, end, start),
    operations: shown,
    culprit: end.operation,
  };
}

/** The history as it stood when `culprit` returned: what was open then has an unknown outcome. */
function untilReturnOf(culprit: Operation, operations: readonly Operation[]): Operation[] {
  return operations
    .filter((operation) => operation.invokeIndex <= culprit.returnIndex)
    .map((operation): Operation => {
      if (operation.returnIndex <= culprit.returnIndex) return operation;
      return { ...operation, outcome: "unknown", output: undefined, returnIndex: Infinity };
    });
}

function explain<State>(
  key: string, shown: readonly Operation[], model: Model<State>, dead: DeadEnd<State>, start: State | undefined,
): string {
  const culprit = dead.operation;
  const where = key === "" ? "" : ` on ${key}`;
  const from = start === undefined ? "" : `At the start ${model.describe(start)}. `;
  const before = shown.filter((operation) => precedes(operation, culprit)).map(nameOperation);
  const after = before.length === 0 ? "" : ` It began after ${list(before)} had returned.`;
  const order = dead.order.map(nameOperation);
  const best = order.length === 0 ? "Before it" : `After ${list(order)}, the most that can be put in order,`;
  return `${from}No order explains ${nameOperation(culprit)}${where}.${after} ` +
    `${best} ${model.describe(dead.state)}, and nothing that is left can come in between to explain what it saw.`;
}

function list(names: readonly string[]): string {
  const shown = names.length > 6 ? [`${names.length - 5} others`, ...names.slice(-5)] : names;
  return shown.length === 1 ? (shown[0] as string) : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
