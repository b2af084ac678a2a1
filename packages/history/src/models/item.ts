// An item of a table, written again from the documentation and independent of the code that it judges: put, update
// (add to numbers, set, remove), delete and read, each write perhaps on a condition. Attributes are strings
// and numbers; an absent item is null.
//
//   put    input { item, condition? }                   output { old } where old values were asked for
//   update input { add?, set?, remove?, condition? }    output { new } where new values were asked for
//   delete input { condition? }                         output { old }
//   read   no input                                     output the item or null
//
// A condition is { exists: boolean } or { equals: attributes }. A refusal may carry { found: item } as its output.
import { illegal, type Model } from "./model.ts";

export type ItemValue = Readonly<Record<string, string | number>>;
export type ItemState = ItemValue | null;

export interface ItemCondition {
  readonly exists?: boolean;
  readonly equals?: ItemValue;
}

export interface ItemInput {
  readonly item?: ItemValue;
  readonly add?: Readonly<Record<string, number>>;
  readonly set?: ItemValue;
  readonly remove?: readonly string[];
  readonly condition?: ItemCondition;
}

interface ItemOutput {
  readonly old?: ItemState;
  readonly new?: ItemState;
  readonly found?: ItemState;
}

export const itemModel: Model<ItemState> = {
  name: "item",
  initial: null,
  step(state, operation) {
    if (operation.f === "read") return sameItem(state, operation.output as ItemState) ? state : illegal;
    const input = (operation.input ?? {}) as ItemInput;
    const output = (operation.output ?? {}) as ItemOutput;
    const holds = conditionHolds(state, input.condition);
    if (operation.outcome === "refused") {
      return holds || !sawIfTold(output.found, state) ? illegal : state;
    }
    if (!holds) return illegal;
    const next = apply(state, operation.f, input);
    if (operation.outcome === "unknown") return next;
    return sawIfTold(output.old, state) && sawIfTold(output.new, next) ? next : illegal;
  },
  isPure: (operation) => operation.f === "read" || operation.outcome === "refused",
  encode,
  describe: (state) => (state === null ? "the item is absent" : `the item is ${encode(state)}`),
};

function apply(state: ItemState, f: string, input: ItemInput): ItemState {
  switch (f) {
    case "put":
      return input.item ?? {};
    case "delete":
      return null;
    case "update":
      return updated(state ?? {}, input);
    default:
      throw new RangeError(`an item has no ${f}`);
  }
}

/** An update of an absent item creates it; adding to an absent number starts at zero. */
function updated(item: ItemValue, input: ItemInput): ItemValue {
  const next: Record<string, string | number> = { ...item, ...input.set };
  for (const [name, amount] of Object.entries(input.add ?? {})) next[name] = Number(item[name] ?? 0) + amount;
  for (const name of input.remove ?? []) delete next[name];
  return next;
}

function conditionHolds(state: ItemState, condition: ItemCondition | undefined): boolean {
  if (condition?.exists !== undefined && condition.exists !== (state !== null)) return false;
  return Object.entries(condition?.equals ?? {}).every(([name, value]) => state?.[name] === value);
}

function sawIfTold(told: ItemState | undefined, state: ItemState): boolean {
  return told === undefined || sameItem(told, state);
}

function sameItem(one: ItemState, other: ItemState): boolean {
  return encode(one) === encode(other);
}

/** Attributes in the order of their names. */
function encode(state: ItemState): string {
  if (state === null || state === undefined) return "null";
  return JSON.stringify(Object.entries(state).sort(([one], [other]) => (one < other ? -1 : 1)));
}
