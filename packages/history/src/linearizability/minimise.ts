// Shrinks a history that is not linearizable to a few operations that still are not. The danger is to create a
// violation while shrinking: without its write, a good read looks wrong. So only such parts are dropped as could
// be dropped from a linearizable history without making it bad: single pure operations, and, where the model
// names values, all operations that make a value together with all that need it (and, in turn, those that need
// what the dropped ones made). What then remains violated was violated before.
import type { Operation } from "../history.ts";
import type { Model } from "../models/model.ts";

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

/** `wanted`, and whatever must go with them; nothing when one of them cannot be dropped. */
function closureOf<State>(
  wanted: readonly Operation[], kept: readonly Operation[], model: Model<State>,
): ReadonlySet<Operation> {
  const dropped = new Set<Operation>();
  const makersByValue = new Map<string, Operation[]>();
  const needersByValue = new Map<string, Operation[]>();
  for (const operation of kept) {
    const values = model.values?.(operation);
    for (const value of values?.makes ?? []) append(makersByValue, value, operation);
    for (const value of values?.needs ?? []) append(needersByValue, value, operation);
  }
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
    queue.push(...(needersByValue.get("*") ?? []));
  }
  return dropped;
}

function append(lists: Map<string, Operation[]>, value: string, operation: Operation): void {
  const list = lists.get(value);
  if (list === undefined) lists.set(value, [operation]);
  else list.push(operation);
}
