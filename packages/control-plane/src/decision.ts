// What deciding a command takes and gives. A decision is made once, on the leader of group 0, from the state
// that every earlier effect has been applied to; the log then carries its effects, not the command.
import type { Random } from "@azimuth/foundation/random.ts";
import type { ControlOutcome } from "./commands.ts";
import type { ControlEffect } from "./control-records.ts";

export interface DecisionContext {
  /** Milliseconds since 1970 at the leader. */
  readonly now: number;
  readonly random: Random;
  readonly options: DecisionOptions;
}

export interface DecisionOptions {
  /** Copies of each partition, as far as there are nodes for them. */
  readonly replicas: number;
  /** Partitions of a new table instead of what DynamoDB would start with; undefined: as DynamoDB. */
  readonly partitionsPerTable: number | undefined;
  readonly accountId: string;
  /** Between two changes of a table's time to live; absent: none (DynamoDB waits about half an hour). */
  readonly timeToLiveIntervalMs?: number | undefined;
}

export interface ControlDecision {
  readonly effects: readonly ControlEffect[];
  readonly outcome: ControlOutcome;
}

export const ignored: ControlDecision = { effects: [], outcome: { ignored: true } };

export function refused(type: string, message: string): ControlDecision {
  return { effects: [], outcome: { refused: { type, message } } };
}
