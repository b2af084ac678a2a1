// The search for an order that explains one object's history (Wing and Gong 1993, with Lowe's just-in-time
// linearization, 2017). The history is walked event by event with the set of all configurations possible so far:
// nothing is linearized before some operation's return demands it, and then every sequence of open
// operations that ends in that one is tried. At a quiescent point only possible states remain, so a long
// history costs no more per operation than a short one.
//
// Reads and refusals are placed as soon as their state comes up (they change nothing, so waiting gains nothing).
//
// Good histories rarely need all possibilities. So the set is first kept narrow: a run that reaches the end is a proof;
// one that dies after something was cut is repeated wider. Only a run that cut nothing convicts.
import type { Operation } from "../history.ts";
import { illegal, type Model } from "../models/model.ts";
import {
  ConfigurationSet, flipBit, hasBit, zobrist, zobristOfState, type Configuration, type Step,
} from "./configurations.ts";

export type SearchResult<State> =
  | { readonly kind: "ok"; readonly steps: number }
  | { readonly kind: "unknown"; readonly steps: number }
  | { readonly kind: "violated"; readonly steps: number; readonly dead: DeadEnd<State> };

/** Where no order could go on. */
export interface DeadEnd<State> {
  /** The operation whose return nothing explains. */
  readonly operation: Operation;
  /** The longest orders found, their state at the end, and the operation still unexplained. */
  readonly order: readonly Operation[];
  readonly state: State;
  readonly checkpoint: Checkpoint<State> | undefined;
}

/** The newest moment at which only one state was possible and nothing was open but what may never take effect. */
export interface Checkpoint<State> {
  readonly index: number;
  readonly state: State;
  /** The ids of operations of unknown outcome that may still take effect. */
  readonly pending: ReadonlySet<number>;
}

export interface SearchOptions<State> {
  readonly stepsMax: number;
  readonly initial?: State;
}

const widths = [24, 400, Infinity];

/** Failed operations must have been left out; operations are of one object, in any order. */
export function search<State>(
  operations: readonly Operation[],
  model: Model<State>,
  options: SearchOptions<State>,
): SearchResult<State> {
  let steps = 0;
  const events = eventsOf(operations.filter((operation) => matters(operation, model, operations)));
  for (const width of widths) {
    const run = new Run(model, options.initial ?? model.initial, width, options.stepsMax - steps);
    const result = run.walk(events);
    steps += run.steps;
    if (result === "ok") return { kind: "ok", steps };
    if (result === "unknown") return { kind: "unknown", steps };
    if (!run.hasCut) return { kind: "violated", steps, dead: result };
  }
  return { kind: "unknown", steps };
}

function matters<State>(operation: Operation, model: Model<State>, history: readonly Operation[]): boolean {
  if (operation.outcome !== "unknown") return true;
  return !model.isPure(operation) && (model.mayMatter?.(operation, history) ?? true);
}

interface Event {
  readonly isCall: boolean;
  readonly index: number;
  readonly operation: Operation;
}

/** Intervals are closed: at equal indexes calls come before returns. */
function eventsOf(operations: readonly Operation[]): Event[] {
  const events: Event[] = [];
  for (const operation of operations) {
    events.push({ isCall: true, index: operation.invokeIndex, operation });
    if (operation.outcome === "unknown") continue;
    events.push({ isCall: false, index: operation.returnIndex, operation });
  }
  return events.sort((one, other) => one.index - other.index || Number(other.isCall) - Number(one.isCall));
}

/** An operation between its call and its return, and the bit that stands for it. */
interface Open {
  readonly operation: Operation;
  readonly role: "must" | "may" | "pure";
  readonly slot: number;
}

class Run<State> {
  readonly #model: Model<State>;
  readonly #width: number;
  readonly #stepsMax: number;
  readonly #stateIds = new Map<string, number>();
  readonly #openById = new Map<number, Open>();
  /** Open ones that may change the state, and pure ones. */
  #changing: Open[] = [];
  #pure: Open[] = [];
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #level: Configuration<State>[];
  #checkpoint: Checkpoint<State> | undefined;
  steps = 0;
  hasCut = false;

  constructor(model: Model<State>, initial: State, width: number, stepsMax: number) {
    this.#model = model;
    this.#width = width;
    this.#stepsMax = stepsMax;
    this.#level = [this.#configuration(initial, [], [], 0, undefined)];
  }

  walk(events: readonly Event[]): "ok" | "unknown" | DeadEnd<State> {
    for (const event of events) {
      if (event.isCall) {
        this.#noteCheckpoint(event.index);
        this.#call(event.operation);
        continue;
      }
      const dead = this.#return(event.operation);
      if (dead !== undefined) return dead;
      if (this.steps > this.#stepsMax) return "unknown";
    }
    return "ok";
  }

  #noteCheckpoint(index: number): void {
    if (this.#level.length > 1 || this.hasCut || this.#pure.length > 0) return;
    if (this.#changing.some((open) => open.role === "must")) return;
    const { state, cost } = this.#level[0] as Configuration<State>;
    const unused = this.#changing.filter((open) => !hasBit(cost, open.slot));
    this.#checkpoint = { index, state, pending: new Set(unused.map(({ operation }) => operation.id)) };
  }

  #call(operation: Operation): void {
    const role = operation.outcome === "unknown" ? "may" : this.#model.isPure(operation) ? "pure" : "must";
    const open: Open = { operation, role, slot: this.#freeSlots.pop() ?? this.#slots++ };
    this.#openById.set(operation.id, open);
    if (role !== "pure") {
      this.#changing.push(open);
      return;
    }
    this.#pure.push(open);
    this.#level = this.#level.map((at) => {
      this.steps++;
      if (this.#model.step(at.state, operation) !== illegal) return at;
      return { ...at, cost: flipBit(at.cost, open.slot) };
    });
  }

  #return(operation: Operation): DeadEnd<State> | undefined {
    const open = this.#openById.get(operation.id) as Open;
    const reached = this.#level.every((at) => isDone(at, open)) ? this.#level : this.#reach(open);
    if (reached.length === 0) return this.#deadEnd(open);
    this.#openById.delete(operation.id);
    this.#changing = this.#changing.filter((other) => other !== open);
    this.#pure = this.#pure.filter((other) => other !== open);
    this.#freeSlots.push(open.slot);
    this.#level = open.role === "pure" ? reached : reached.map((at) => withoutDone(at, open.slot));
    return undefined;
  }

  /** All configurations in which `goal` has taken effect, reached from this level by linearizing open operations. */
  #reach(goal: Open): Configuration<State>[] {
    const seen = new ConfigurationSet<State>();
    for (const at of this.#level) seen.add(at);
    let found = 0;
    for (let next = 0; next < seen.all.length; next++) {
      const at = seen.all[next] as Configuration<State>;
      if (at.superseded) continue;
      if (isDone(at, goal)) {
        found++;
        continue;
      }
      if (found >= this.#width || next > this.#width * 16) {
        this.hasCut = true;
        continue;
      }
      if (goal.role === "must") this.#linearize(at, goal, seen);
      for (const open of this.#changing) if (open !== goal) this.#linearize(at, open, seen);
      if (this.steps > this.#stepsMax) break;
    }
    const reached = seen.all.filter((at) => !at.superseded && isDone(at, goal));
    if (reached.length <= this.#width) return reached;
    this.hasCut = true;
    return reached.slice(0, this.#width);
  }

  #linearize(at: Configuration<State>, open: Open, seen: ConfigurationSet<State>): void {
    if (hasBit(open.role === "may" ? at.cost : at.done, open.slot)) return;
    this.steps++;
    const state = this.#model.step(at.state, open.operation);
    if (state === illegal) return;
    const mustBe = open.role === "must";
    const done = mustBe ? flipBit(at.done, open.slot) : at.done;
    const doneHash = at.hash ^ zobristOfState(at.stateId) ^ (mustBe ? zobrist(open.slot) : 0);
    let cost = mustBe ? at.cost : flipBit(at.cost, open.slot);
    let path: Step = { operation: open.operation, before: at.path, length: (at.path?.length ?? 0) + 1 };
    for (const pure of this.#pure) {
      if (!hasBit(cost, pure.slot)) continue;
      this.steps++;
      if (this.#model.step(state, pure.operation) === illegal) continue;
      cost = flipBit(cost, pure.slot);
      path = { operation: pure.operation, before: path, length: path.length + 1 };
    }
    seen.add(this.#configuration(state, done, cost, doneHash, path));
  }

  #configuration(
    state: State, done: readonly number[], cost: readonly number[], doneHash: number, path: Step | undefined,
  ): Configuration<State> {
    const text = this.#model.encode(state);
    let stateId = this.#stateIds.get(text);
    if (stateId === undefined) {
      stateId = this.#stateIds.size;
      this.#stateIds.set(text, stateId);
    }
    return { state, stateId, done, cost, hash: doneHash ^ zobristOfState(stateId), path, superseded: false };
  }

  #deadEnd(open: Open): DeadEnd<State> {
    let longest = this.#level[0] as Configuration<State>;
    for (const at of this.#level) if ((at.path?.length ?? 0) > (longest.path?.length ?? 0)) longest = at;
    const order: Operation[] = [];
    for (let step = longest.path; step !== undefined; step = step.before) order.push(step.operation);
    order.reverse();
    return { operation: open.operation, order, state: longest.state, checkpoint: this.#checkpoint };
  }
}

function isDone<State>(at: Configuration<State>, open: Open): boolean {
  return open.role === "pure" ? !hasBit(at.cost, open.slot) : hasBit(at.done, open.slot);
}

function withoutDone<State>(at: Configuration<State>, slot: number): Configuration<State> {
  return { ...at, done: flipBit(at.done, slot), hash: at.hash ^ zobrist(slot) };
}
