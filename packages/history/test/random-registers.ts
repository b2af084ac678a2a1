// Random small register histories for comparing checkers: operations with random intervals on a few processes, and
// results that are mostly what a real register would say at a random moment of the call, sometimes anything.
import type { Random } from "@azimuth/foundation/random.ts";
import type { Operation } from "../src/history.ts";

export interface RegisterLoad {
  readonly operations: number;
  readonly processes: number;
  /** Probability of a result drawn at random from everything written. */
  readonly lies: number;
  readonly unknown: number;
  readonly cas: boolean;
}

export interface Draft {
  process: number;
  f: string;
  input: unknown;
  output: unknown;
  outcome: Operation["outcome"];
  invokeIndex: number;
  returnIndex: number;
}

/** Runs a true register under a random schedule: each operation is invoked, takes effect and returns at random times. */
export function drawRegisterHistory(random: Random, load: RegisterLoad): Operation[] {
  const drafts: Draft[] = [];
  const open = new Map<number, { draft: Draft; applied: boolean }>();
  let state: unknown = null;
  let clock = 0;
  let nextValue = 1;
  const written: unknown[] = [null];
  let process = 0;
  const idle = Array.from({ length: load.processes }, () => process++);
  while (drafts.length < load.operations || open.size > 0) {
    const mayInvoke = drafts.length < load.operations && idle.length > 0;
    if (mayInvoke && (open.size === 0 || random.chance(0.5))) {
      const draft = drawCall(random, load, written, () => nextValue++);
      draft.process = idle.splice(random.integer(idle.length), 1)[0] as number;
      draft.invokeIndex = clock++;
      drafts.push(draft);
      open.set(draft.process, { draft, applied: false });
      continue;
    }
    const entry = random.pick([...open.values()]);
    if (!entry.applied) {
      entry.applied = true;
      if (random.chance(load.unknown)) {
        entry.draft.outcome = "unknown";
        entry.draft.output = undefined;
        if (random.chance(0.5)) continue;
      }
      state = apply(entry.draft, state);
      continue;
    }
    open.delete(entry.draft.process);
    if (entry.draft.outcome === "unknown") {
      idle.push(process++);
      continue;
    }
    entry.draft.returnIndex = clock++;
    if (entry.draft.f === "read" && random.chance(load.lies)) entry.draft.output = random.pick(written);
    idle.push(entry.draft.process);
  }
  return drafts
    .filter((draft) => draft.outcome !== "unknown" || draft.f !== "read")
    .map((draft) => operationOf(draft));
}

function drawCall(random: Random, load: RegisterLoad, written: unknown[], nextValue: () => number): Draft {
  const draft: Draft = {
    process: 0, f: "read", input: undefined, output: undefined, outcome: "ok", invokeIndex: 0, returnIndex: Infinity,
  };
  const kind = random.next();
  if (kind < 0.5) return draft;
  const value = nextValue();
  const expected = random.pick(written.slice(-3));
  written.push(value);
  if (load.cas && kind < 0.7) return { ...draft, f: "cas", input: [expected, value] };
  return { ...draft, f: "write", input: value };
}

function apply(draft: Draft, state: unknown): unknown {
  if (draft.f === "write") return draft.input;
  if (draft.f === "read") {
    draft.output = state;
    return state;
  }
  const [expected, next] = draft.input as [unknown, unknown];
  if (expected === state) return next;
  if (draft.outcome === "ok") draft.outcome = "refused";
  return state;
}

export function operationOf(draft: Omit<Draft, "process"> & { process: number | string; key?: string }): Operation {
  return {
    id: draft.invokeIndex,
    process: draft.process,
    key: draft.key,
    f: draft.f,
    input: draft.input,
    output: draft.output,
    outcome: draft.outcome,
    invokeIndex: draft.invokeIndex,
    returnIndex: draft.returnIndex,
    invokeTime: draft.invokeIndex,
    returnTime: draft.returnIndex,
  };
}
