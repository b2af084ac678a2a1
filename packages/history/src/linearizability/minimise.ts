// Shrinks a history that is not linearizable to a few operations that still are not. The danger is to create a
// violation while shrinking: without its write, a good read looks wrong. So only such parts are dropped as could
// be dropped from a linearizable history without making it bad: single pure operations, and, where the model
// names values, all operations that make a value together with all that need it (and, in turn, those that need
// what the dropped ones made). What then remains violated was violated before.
import type { Operation } from "../history.ts";
import { everyValue, type Model } from "../models/model.ts";

/** Values beside the culprit's that are tried before shrinking goes on the slow way. */
const otherValuesMax = 4000;

/** `isViolated` must be sound: true only for a proven violation. It is called at most `triesMax` times. */
export function minimise<State>(
  operations: readonly Operation[],
  model: Model<State>,
  isViolated: (operations: readonly Operation[]) => boolean,
  triesMax: number,
): Operation[] {
  let tries = 0;
  const tryWithout = (kept: readonly Operation[], dropped: ReadonlySet<Operation>): Operation[] | undefined => {
    if (dropped.size === 0 || tries >= triesMax) return undefined;
    tries++;
    const rest = kept.filter((operation) => !dropped.has(operation));
    return rest.length < kept.length && isViolated(rest) ? rest : undefined;
  };
  let kept: readonly Operation[] = operations;
  for (let chunk = Math.ceil(operations.length / 2); chunk >= 1; chunk = Math.floor(chunk / 2)) {
    let from = 0;
    while (from < kept.length && tries < triesMax) {
      const wanted = kept.slice(from, from + chunk);
      const smaller = tryWithout(kept, closureOf(wanted, kept, model));
      if (smaller === undefined) from += chunk;
      else kept = smaller;
    }
  }
  return kept.slice();
}

/**
 * Most violations lie between two values: those that the culprit has to do with, and one other. Looks for one so
 * that the operations on these alone, with the makers of all that they need, are still violated. Every try is small.
 */
export function aroundTwoValues<State>(
  operations: readonly Operation[],
  culprit: Operation,
  model: Model<State>,
  isViolated: (operations: readonly Operation[]) => boolean,
): Operation[] | undefined {
  if (model.values === undefined) return undefined;
  const { makersByValue, operationsByValue } = indexValues(operations, model);
  const valuesOf = (operation: Operation): readonly string[] => {
    const values = model.values?.(operation);
    return values === undefined ? [] : [...values.makes, ...values.needs];
  };
  const others = [...operationsByValue.keys()].reverse().slice(0, otherValuesMax);
  for (const other of others) {
    const kept = new Set<Operation>();
    const queue = [...valuesOf(culprit), other].flatMap((value) => operationsByValue.get(value) ?? []);
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      // A refusal may rely on any value, so it can be left out but not be kept alone.
      if (kept.has(next) || model.values(next).needs.includes(everyValue)) continue;
      kept.add(next);
      for (const value of model.values(next).needs) queue.push(...(makersByValue.get(value) ?? []));
    }
    const some = [...kept].sort((one, another) => one.invokeIndex - another.invokeIndex);
    if (isViolated(some)) return some;
  }
  return undefined;
}

interface ValueIndex {
  readonly makersByValue: ReadonlyMap<string, readonly Operation[]>;
  readonly needersByValue: ReadonlyMap<string, readonly Operation[]>;
  /** Makers and needers. */
  readonly operationsByValue: ReadonlyMap<string, readonly Operation[]>;
}

function indexValues<State>(operations: readonly Operation[], model: Model<State>): ValueIndex {
  const makersByValue = new Map<string, Operation[]>();
  const needersByValue = new Map<string, Operation[]>();
  const operationsByValue = new Map<string, Operation[]>();
  for (const operation of operations) {
    const { makes, needs } = model.values?.(operation) ?? { makes: [], needs: [] };
    for (const value of makes) append(makersByValue, value, operation);
    for (const value of needs) append(needersByValue, value, operation);
    for (const value of [...makes, ...needs]) append(operationsByValue, value, operation);
  }
  return { makersByValue, needersByValue, operationsByValue };
}

/** `wanted`, and whatever must go with them; those that cannot be dropped are left. */
function closureOf<State>(
  wanted: readonly Operation[], kept: readonly Operation[], model: Model<State>,
): ReadonlySet<Operation> {
  const dropped = new Set<Operation>();
  const { makersByValue, needersByValue } = indexValues(kept, model);
  const queue = wanted.slice();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (dropped.has(next)) continue;
    const pure = model.isPure(next);
    if (!pure && model.values === undefined) continue;
    dropped.add(next);
    if (pure) continue;
    for (const value of model.values?.(next).makes ?? []) {
      queue.push(...(makersByValue.get(value) ?? []), ...(needersByValue.get(value) ?? []));
    }
    queue.push(...(needersByValue.get(everyValue) ?? []));
  }
  return dropped;
}

function append(lists: Map<string, Operation[]>, value: string, operation: Operation): void {
  const list = lists.get(value);
  if (list === undefined) lists.set(value, [operation]);
  else list.push(operation);
}
