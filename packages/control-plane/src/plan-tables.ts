// The events in a table's life that only reports can tell: its partitions have leaders; its replicas are
// gone.
import type { IndexDefinition, TableDefinition } from "@azimuth/model/table.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";

export function planTables(view: ClusterView): readonly Action[] {
  const actions: Action[] = [];
  for (const table of view.state.tables.values()) {
    const { tableId, status, indexes = [] } = table;
    const changing = status === "CREATING" ? [] : indexes.filter((index) => index.status !== "ACTIVE");
    for (const index of changing) actions.push(...planIndex(view, table, index));
    // While an index is being filled the table is in use, and may have been updated in other ways.
    const isSettled = status === "CREATING"
      || (status === "UPDATING" && changing.every((index) => index.status === "CREATING" && index.backfilling));
    const ids = [tableId, ...indexes.map((index) => index.indexId)];
    // A change of capacity moves nothing: it need not wait for partitions, of which one may be lost for good.
    if (isSettled && (status === "UPDATING" || ids.every((id) => hasLeaders(view, id)))) {
      actions.push(command({ operation: "TableEvent", tableId, event: "partitions-ready" }));
    }
    if (status === "DELETING" && isGone(view, tableId)) {
      actions.push(command({ operation: "TableEvent", tableId, event: "replicas-gone" }));
    }
  }
  return actions;
}

function planIndex(view: ClusterView, { tableId, status }: TableDefinition, index: IndexDefinition): readonly Action[] {
  const { indexId } = index;
  if (status === "DELETING" || index.kind === "local") return [];
  const tell = (event: "allocated" | "built" | "gone"): readonly Action[] =>
    [command({ operation: "IndexEvent", tableId, indexId, event })];
  if (index.status === "DELETING") return isGone(view, indexId) ? tell("gone") : [];
  if (!index.backfilling) return hasLeaders(view, indexId) ? tell("allocated") : [];
  const isBuilt = view.state.partitionsOf(tableId).every(({ partition, splitting }) => {
    const { builtIndexes = [], lastSplit } = view.group(partition).leader ?? {};
    // Of a split that is done and not recorded, nobody reports on the second half.
    return builtIndexes.includes(indexId) && (splitting === undefined || lastSplit?.child !== splitting.child);
  });
  return isBuilt ? tell("built") : [];
}

/** Of a table, or of an index by its own id; a local index has no partitions. */
function hasLeaders(view: ClusterView, tableId: number): boolean {
  return view.state.partitionsOf(tableId).every((partition) => view.group(partition.partition).leader !== undefined);
}

/**
 * No node has a replica. A node that is silent destroys its replicas when it returns; but silent nodes that are the
 * majority of a partition may go on serving it, for a router that is cut off with them: they are waited for until they
 * count as lost.
 */
function isGone(view: ClusterView, tableId: number): boolean {
  const { partitions: ids = [], voters: memberships = [] } = view.state.dropping.get(tableId) ?? {};
  const mayServe = memberships.some((voters) => {
    const isMost = (is: (node: number) => boolean): boolean =>
      voters.filter((voter) => is(nodeOfReplica(voter))).length * 2 > voters.length;
    return isMost(view.isSilent) && !isMost(view.isDead);
  });
  if (mayServe) return false;
  const nodes = [...view.state.nodes.keys()].filter((node) => !view.isSilent(node));
  const partitions = new Set(ids);
  return nodes.every((node) => {
    const received = view.observations.reports.get(node);
    return received !== undefined && !received.report.groups.some((group) => partitions.has(group.group));
  });
}
