// Whether nodes are up, by their reports; and forgetting the numbers of lost disks once nothing mentions
// them.
import type { NodeState } from "./cluster-map.ts";
import { isMentioned } from "./decide-node.ts";
import type { ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";

export function planNodes(view: ClusterView): readonly Action[] {
  const actions: Action[] = [];
  for (const { number: node, state, retired } of view.state.nodes.values()) {
    if (retired) {
      if (!isMentioned(view.state, node)) actions.push(command({ operation: "ForgetNode", node }));
      continue;
    }
    const silent = view.isDead(node);
    const received = view.observations.reports.get(node);
    const change = (to: NodeState): void =>
      void actions.push(command({ operation: "SetNodeState", node, state: to, from: state }));
    if (state === "up" && silent) change("down");
    if (state === "down" && !silent && received !== undefined) change("up");
  }
  return actions;
}
