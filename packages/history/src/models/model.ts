// A sequential specification: what a single, unreplicated object would answer. The linearizability checker asks it
// whether an operation, with the outcome that its client saw, could come next.
//
// `isPure` operations never change the state when legal; the checker may place them as soon as they are legal.
// With an unknown outcome `step` gives the state if the operation did take effect (illegal when
// it could not have); that it never did is the checker's business.
import type { Operation } from "../history.ts";

export const illegal: unique symbol = Symbol("illegal");

/** What a refusal relies on: that the object held something else. */
export const everyValue = "*";

export interface Model<State> {
  readonly name: string;
  readonly initial: State;
  step(state: State, operation: Operation): State | typeof illegal;
  isPure(operation: Operation): boolean;
  /** Equal for equal states. */
  encode(state: State): string;
  /** For sentences: "the register holds 3". */
  describe(state: State): string;
  /** Whether an operation with an unknown outcome could explain anything in this history; when absent, it could. */
  mayMatter?(unknown: Operation, history: readonly Operation[]): boolean;
  /**
   * The values that an operation makes and those that it relies on. Given these, a counter-example is shrunk by
   * dropping a value's makers together with all who rely on it, which cannot make a good history bad.
   */
  values?(operation: Operation): { readonly makes: readonly string[]; readonly needs: readonly string[] };
}
