// What the router gets from an operation's `parse`: which commands to send where, and how to make the response of
// their outcomes. Replies are the JSON text of the response's body; a reply throws the DynamoDbException that an
// outcome stands for. Plans live for one request and hold no state: `next` and `reply` are given all outcomes so far.
import type {
  Outcome, ParseContext, PointReadCommand, RangeReadCommand, Token, WriteCommand,
} from "./operation.ts";
import type { TransactGetPlan, TransactWritePlan } from "./transact-plan.ts";

export interface RouterOperation {
  readonly name: string;
  /** Names (or ARNs) of tables the request mentions, before validation: the router makes sure its map knows them. */
  tableNames(input: unknown): readonly string[];
  /** Throws the exact DynamoDbException for an invalid request. */
  parse(input: unknown, context: ParseContext): Plan;
}

export type Plan =
  | WritePlan | PointReadPlan | RangeReadPlan | BatchPlan | ControlPlan | TransactWritePlan | TransactGetPlan;

export interface WritePlan {
  readonly kind: "write";
  readonly command: WriteCommand;
  reply(outcome: Outcome): string;
}

export interface PointReadPlan {
  readonly kind: "point-read";
  readonly command: PointReadCommand;
  reply(outcome: Outcome): string;
}

/**
 * A page of a Query or Scan. The router sends `command` to the partition of its token; then, while `next` gives one,
 * the next command, to the partition of that command's token; then `reply` with the outcomes in order.
 */
export interface RangeReadPlan {
  readonly kind: "range-read";
  readonly command: RangeReadCommand;
  readonly across: "partition" | "table";
  /**
   * `lastToken`: of the partition that gave the last outcome, as the router knew it when it sent the command: the
   * request's epoch makes sure that the node knew it so, too. Undefined: the page is done.
   */
  next(outcomes: readonly Outcome[], lastToken: Token): RangeReadCommand | undefined;
  reply(outcomes: readonly Outcome[]): string;
}

export interface BatchPart {
  readonly kind: "write" | "point-read";
  readonly command: WriteCommand | PointReadCommand;
  /** In the request, where that may not be its position among the parts. */
  readonly place?: number;
}

export type PartResult = { readonly outcome: Outcome } | { readonly failed: "throttled" | "unavailable" };

/** Parts are independent and in any order; results are in the order of the parts. */
export interface BatchPlan {
  readonly kind: "batch";
  readonly parts: readonly BatchPart[];
  /** Failed parts become unprocessed keys or items; throws when none succeeded. */
  reply(results: readonly PartResult[]): string;
}

/** A table operation, decided by the control plane (control-plane/src/commands.ts). */
export interface ControlPlan {
  readonly kind: "control";
  readonly command: { readonly operation: string; readonly [member: string]: unknown };
  reply(outcome: Outcome): string;
}
