// An item of a table, written again from the documentation and independent of the code that it judges: put, update
// (add to numbers, set, remove), delete and read, each perhaps on a condition. Attributes are strings and numbers; an
// absent item is null; the key is no attribute.
//
//   put    input { item, condition? }                   output { old } where old values were asked for
//   update input { add?, set?, remove?, condition? }    output { old, new, touchedOld, touchedNew }, as asked for
//   delete input { condition? }                         output { old }
//   read   input { only?, condition? } or none          output the item, or what `only` names of it; null when it is
//                                                       absent or the condition, a filter, does not hold
//
// A condition is { exists, equals, below, orAbsent }, all that is given together; a refusal may carry { found: item }
// as its output.
import { illegal, type Model } from "./model.ts";

export type ItemValue = Readonly<Record<string, string | number>>;
export type ItemState = ItemValue | null;

export interface ItemCondition {
  readonly exists?: boolean;
  readonly equals?: ItemValue;
  /** Numbers that are there and less. */
  readonly below?: Readonly<Record<string, number>>;
  /** Holds for an absent item, whatever else is asked. */
  readonly orAbsent?: true;
}

export interface ItemInput {
  readonly item?: ItemValue;
  readonly add?: Readonly<Record<string, number>>;
  readonly set?: ItemValue;
  readonly remove?: readonly string[];
  readonly condition?: ItemCondition;
  readonly only?: readonly string[];
}

/** What a write told of the item; `touched` are the attributes that the update names. */
export interface ItemOutput {
  readonly old?: ItemState;
  readonly new?: ItemState;
  readonly touchedOld?: ItemValue;
  readonly touchedNew?: ItemValue;
  readonly found?: ItemState;
}

export const itemModel: Model<ItemState> = {
  name: "item",
  initial: null,
  step(state, operation) {
    const input = (operation.input ?? {}) as ItemInput;
    const holds = conditionHolds(state, input.condition);
    if (operation.f === "read") {
      const shown = holds ? pick(state, input.only) : null;
      return sameItem(shown, operation.output as ItemState) ? state : illegal;
    }
    const output = (operation.output ?? {}) as ItemOutput;
    if (operation.outcome === "refused") {
      return holds || !sawIfTold(output.found, state) ? illegal : state;
    }
    if (!holds) return illegal;
    const next = apply(state, operation.f, input);
    return operation.outcome === "unknown" || explains(input, output, state, next) ? next : illegal;
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
      return state === null && onlyRemoves(input) ? null : updated(state ?? {}, input);
    default:
      throw new RangeError(`an item has no ${f}`);
  }
}

/** An update of an absent item creates it, unless there is nothing to put into it. */
function onlyRemoves({ add, set, remove }: ItemInput): boolean {
  return add === undefined && set === undefined && remove !== undefined;
}

/** Adding to an absent number starts at zero. */
function updated(item: ItemValue, input: ItemInput): ItemValue {
  const next: Record<string, string | number> = { ...item, ...input.set };
  for (const [name, amount] of Object.entries(input.add ?? {})) next[name] = Number(item[name] ?? 0) + amount;
  for (const name of input.remove ?? []) delete next[name];
  return next;
}

function conditionHolds(state: ItemState, condition: ItemCondition | undefined): boolean {
  if (condition === undefined || (state === null && condition.orAbsent === true)) return true;
  if (condition.exists !== undefined && condition.exists !== (state !== null)) return false;
  if (!Object.entries(condition.equals ?? {}).every(([name, value]) => state?.[name] === value)) return false;
  return Object.entries(condition.below ?? {}).every(([name, limit]) => {
    const value = state?.[name];
    return typeof value === "number" && value < limit;
  });
}

function explains(input: ItemInput, told: ItemOutput, before: ItemState, after: ItemState): boolean {
  const touched = Object.keys({ ...input.add, ...input.set }).concat(input.remove ?? []);
  return sawIfTold(told.old, before) && sawIfTold(told.new, after) &&
    sawIfTold(told.touchedOld, pick(before ?? {}, touched)) && sawIfTold(told.touchedNew, pick(after ?? {}, touched));
}

function pick(state: ItemState, names: readonly string[] | undefined): ItemState {
  if (state === null || names === undefined) return state;
  return Object.fromEntries(Object.entries(state).filter(([name]) => names.includes(name)));
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
