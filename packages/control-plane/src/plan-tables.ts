// The events in a table's life that only reports can tell: its partitions have leaders; its replicas are
// gone.
import type { ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";

export function planTables(view: ClusterView): readonly Action[] {
  const actions: Action[] = [];
  for (const { tableId, status } of view.state.tables.values()) {
    if ((status === "CREATING" || status === "UPDATING") && hasLeaders(view, tableId)) {
      actions.push(command({ operation: "TableEvent", tableId, event: "partitions-ready" }));
    }
    if (status === "DELETING" && isGone(view, tableId)) {
      actions.push(command({ operation: "TableEvent", tableId, event: "replicas-gone" }));
    }
  }
  return actions;
}

function hasLeaders(view: ClusterView, tableId: number): boolean {
  return view.state.partitionsOf(tableId).every((partition) => view.group(partition.partition).leader !== undefined);
}

/** No node has a replica; a node that is silent does not count, it destroys its replicas when it returns. */
function isGone(view: ClusterView, tableId: number): boolean {
  const nodes = [...view.state.nodes.keys()].filter((node) => !view.isSilent(node));
  const partitions = new Set(view.state.dropping.get(tableId)?.partitions);
  return nodes.every((node) => {
    const received = view.observations.reports.get(node);
    return received !== undefined && !received.report.groups.some((group) => partitions.has(group.group));
  });
}
