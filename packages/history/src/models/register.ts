// A register: write v, read → v, cas [expected, next] (ok, or refused when it holds something else). Values are JSON,
// compared by their text; a register never written holds null.
import type { Operation } from "../history.ts";
import { everyValue, illegal, type Model } from "./model.ts";

type Pair = readonly [expected: unknown, next: unknown];

export const registerModel: Model<string> = {
  name: "register",
  initial: "null",
  step(state, operation) {
    switch (operation.f) {
      case "write":
        return encode(operation.input);
      case "read":
        return encode(operation.output) === state ? state : illegal;
      case "cas": {
        const [expected, next] = operation.input as Pair;
        const holds = encode(expected) === state;
        if (operation.outcome === "refused") return holds ? illegal : state;
        return holds ? encode(next) : illegal;
      }
      default:
        throw new RangeError(`a register has no ${operation.f}`);
    }
  },
  isPure: (operation) => operation.f === "read" || operation.outcome === "refused",
  encode: (state) => state,
  describe: (state) => (state === "null" ? "the register is empty" : `the register holds ${state}`),
  mayMatter(unknown, history) {
    const made = encode(unknown.f === "cas" ? (unknown.input as Pair)[1] : unknown.input);
    return observedValues(history).has(made);
  },
  values(operation) {
    if (operation.f === "write") return { makes: [encode(operation.input)], needs: [] };
    if (operation.f === "read") return { makes: [], needs: [encode(operation.output)] };
    const [expected, next] = (operation.input as Pair).map(encode) as [string, string];
    if (operation.outcome === "refused") return { makes: [], needs: [everyValue] };
    return { makes: [next], needs: [expected] };
  },
};

/** Values that some operation could only have seen after they were written; all of them when one was refused. */
function observedValues(history: readonly Operation[]): { has(value: string): boolean } {
  const known = observedByHistory.get(history);
  if (known !== undefined) return known;
  const observed = new Set<string>();
  let anything = false;
  for (const operation of history) {
    if (operation.f === "read") observed.add(encode(operation.output));
    else if (operation.f === "cas" && operation.outcome === "refused") anything = true;
    else if (operation.f === "cas") observed.add(encode((operation.input as Pair)[0]));
  }
  const result = { has: (value: string) => anything || observed.has(value) };
  observedByHistory.set(history, result);
  return result;
}

const observedByHistory = new WeakMap<readonly Operation[], { has(value: string): boolean }>();

function encode(value: unknown): string {
  return JSON.stringify(value ?? null);
}
