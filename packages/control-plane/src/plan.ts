// The autoadmin's planning: from the replicated state, the reports and the time to what should be done now.
// Pure, and without memory of what it asked before: as long as the reports do not show an effect, the same
// thing is asked again, by this leader of group 0 or by the next one.
import type { ControlCommand } from "./commands.ts";
import type { Instruction } from "./instructions.ts";
import type { ClusterView } from "./observations.ts";
import { planLeaders } from "./plan-leaders.ts";
import { planNodes } from "./plan-nodes.ts";
import { planReplicas } from "./plan-replicas.ts";
import { planSplits } from "./plan-splits.ts";
import { planTables } from "./plan-tables.ts";

export type Action =
  | { readonly kind: "command"; readonly command: ControlCommand }
  | { readonly kind: "instruct"; readonly node: number; readonly instruction: Instruction };

export function command(value: ControlCommand): Action {
  return { kind: "command", command: value };
}

export function plan(view: ClusterView): readonly Action[] {
  return [...planNodes(view), ...planTables(view), ...planSplits(view), ...planReplicas(view), ...planLeaders(view)];
}
