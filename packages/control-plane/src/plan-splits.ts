// Splits: one that is under way is asked for until the leader reports it done; a partition that has outgrown its size
// is split where its leader proposes, once its indexes are not behind: announced, it could only wait, and then go on
// together with all the others that did.
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { ClusterView } from "./observations.ts";
import { command, type Action } from "./plan.ts";

export function planSplits(view: ClusterView): readonly Action[] {
  const records = [...view.state.partitions.values()];
  const underWay = records.filter((record) => record.splitting !== undefined);
  // Those that wait, for an index, a replica or a leader, may wait for ever: they must not keep others from theirs.
  const active = underWay.filter((record) => isGoingOn(view, record));
  const starts = records.flatMap((record) => planStart(view, record))
    .slice(0, Math.max(0, view.options.splitsMax - active.length));
  return [...starts, ...underWay.flatMap((record) => planNext(view, record))];
}

function planStart(view: ClusterView, { partition, epoch, splitting, replacing }: PartitionRecord): readonly Action[] {
  const { splitAt: at, splitRests } = view.group(partition).leader ?? {};
  if (at === undefined || splitRests === true || splitting !== undefined || replacing !== undefined) return [];
  return [command({ operation: "StartSplit", partition, at, epoch })];
}

function planNext(view: ClusterView, { partition, splitting, replacing }: PartitionRecord): readonly Action[] {
  const { leader } = view.group(partition);
  if (leader === undefined || splitting === undefined) return [];
  const { lastSplit } = leader;
  if (lastSplit?.child === splitting.child) return [command({ operation: "RecordSplit", partition, ...lastSplit })];
  // A learner is a change of membership under way, in which nothing is split.
  if (replacing !== undefined) return [];
  const instruction = { kind: "split" as const, group: partition, ...splitting };
  return [{ kind: "instruct", node: nodeOfReplica(leader.replica), instruction }];
}

function isGoingOn(view: ClusterView, { partition, replacing }: PartitionRecord): boolean {
  const { leader } = view.group(partition);
  return leader !== undefined && leader.splitRests !== true && replacing === undefined;
}
