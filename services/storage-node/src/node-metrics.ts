// A node's measurements for Prometheus, taken from its status when somebody asks, so that they cost nothing between.
import type { Metrics } from "@azimuth/foundation/metrics.ts";
import type { NodeStatus } from "./status.ts";

/** Running totals of the status, by the metric's name and meaning. */
const totals = {
  proposals: ["azimuth_proposals_total", "Entries proposed by leaders on this node"],
  reads: ["azimuth_read_index_total", "Reads that leaders on this node were asked to confirm"],
  entriesApplied: ["azimuth_entries_applied_total", "Log entries applied to the engine"],
  logWrites: ["azimuth_log_writes_total", "Synced writes of the node's log"],
  engineBatches: ["azimuth_engine_batches_total", "Batches written to the engine"],
  turns: ["azimuth_turns_total", "Turns of the replication host"],
  messagesDropped: ["azimuth_messages_dropped_total", "Messages dropped because too many were waiting"],
  snapshotsSent: ["azimuth_snapshots_sent_total", "Snapshots sent whole"],
  snapshotsReceived: ["azimuth_snapshots_received_total", "Snapshots received whole"],
  snapshotsFailed: ["azimuth_snapshots_failed_total", "Snapshots that were broken off"],
  compactions: ["azimuth_compactions_total", "Times that a log was cut"],
} as const;

/** Call the result with a fresh status before exposing. */
export function createNodeMetrics(metrics: Metrics): (status: NodeStatus) => void {
  const counters = (Object.keys(totals) as (keyof typeof totals)[]).map((name) => {
    const [metric, help] = totals[name];
    return { name, counter: metrics.counter(metric, help), counted: 0 };
  });
  const groups = metrics.gauge("azimuth_groups", "Raft groups with a replica on this node");
  const leaders = metrics.gauge("azimuth_leaders", "Raft groups that this node leads");
  const quiet = metrics.gauge("azimuth_quiet_groups", "Raft groups that are idle and silent");
  const closed = metrics.gauge("azimuth_closed_groups", "Replicas that take no part because their state is damaged");
  const revision = metrics.gauge("azimuth_map_revision", "Revision of the cluster map that this node follows");
  const logBytes = metrics.gauge("azimuth_log_bytes", "Bytes of the node's log on disk");
  const applied = metrics.gauge("azimuth_applied_index", "Last applied log index of a group", ["group"]);
  const commit = metrics.gauge("azimuth_commit_index", "Last log index known to be committed of a group", ["group"]);
  const items = metrics.gauge("azimuth_partition_items", "Items in a partition", ["partition", "table"]);
  const bytes = metrics.gauge("azimuth_partition_bytes", "Bytes of items in a partition", ["partition", "table"]);
  return (status) => {
    revision.set(status.revision);
    logBytes.set(status.log.bytes);
    for (const group of status.groups) {
      applied.labels({ group: group.group }).set(group.applied);
      commit.labels({ group: group.group }).set(group.commit);
      if (group.table === undefined) continue;
      items.labels({ partition: group.group, table: group.table }).set(group.items);
      bytes.labels({ partition: group.group, table: group.table }).set(group.bytes);
    }
    const { replication } = status;
    if (replication === undefined) return;
    groups.set(replication.groups);
    leaders.set(replication.leaders);
    quiet.set(replication.quiet);
    closed.set(replication.closed.length);
    for (const total of counters) {
      const now = replication[total.name];
      total.counter.increment(now - total.counted);
      total.counted = now;
    }
  };
}
