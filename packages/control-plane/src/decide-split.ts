// Splits of partitions, as the map records them.
//
//   StartSplit (record: a number for the child, where it begins) → the partition's leader splits (its group's log)
//     → RecordSplit (record: both halves)
//
// The truth is the partition's own log, as with membership (decide-membership.ts): the map names what should happen and
// follows what did. A split that is recorded as begun is never taken back, since its entry may be on its way. It may
// wait long, for an index, and a lost replica is replaced meanwhile: the entry does nothing during a change of
// membership, so the log has the one wholly before the other. But none begins during a replacement, and of a split and
// a change that are both done, the split is recorded first: the child may have the replica that the change removes.
// Between the split and its record, routers hear of it from the replicas (MapFollower.learnSplit).
import { assert } from "@azimuth/foundation/assert.ts";
import { isToken, splitTokenRange } from "@azimuth/placement/token.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { RecordSplitCommand, StartSplitCommand } from "./commands.ts";
import { putMeta, putPartition } from "./control-records.ts";
import { controlGroup, type ControlState } from "./control-state.ts";
import { ignored, refused, type ControlDecision } from "./decision.ts";
import { halvesOf } from "./halves.ts";

export function decideStartSplit(state: ControlState, command: StartSplitCommand): ControlDecision {
  const { meta } = state;
  assert(meta !== undefined, "partitions are split in a control plane that has been set up");
  const record = command.partition === controlGroup ? undefined : state.partitions.get(command.partition);
  if (record === undefined) return refused("PartitionNotFound", `there is no partition ${command.partition}`);
  if (command.epoch !== undefined && command.epoch !== record.epoch) return ignored;
  if (record.splitting !== undefined) return { effects: [], outcome: { ...record.splitting, ignored: true } };
  if (record.replacing !== undefined) {
    return refused("PartitionInUse", `a replica of partition ${record.partition} is being replaced; try again later`);
  }
  const at = command.at ?? middleOf(record);
  if (at === undefined || !isToken(at) || at <= record.firstToken || at > record.lastToken) {
    return refused("InvalidSplit", `partition ${record.partition} cannot be split there`);
  }
  const child = meta.nextPartition;
  const announced = putPartition({ ...record, splitting: { child, at } });
  return { effects: [putMeta({ ...meta, nextPartition: child + 1 }), announced], outcome: { child, at } };
}

export function decideRecordSplit(state: ControlState, command: RecordSplitCommand): ControlDecision {
  const record = state.partitions.get(command.partition);
  const { child, at } = command;
  if (record?.splitting === undefined || record.splitting.child !== child || record.splitting.at !== at) return ignored;
  return { effects: halvesOf(record, command).map(putPartition), outcome: { child } };
}

/** Undefined for a range of one token. */
function middleOf({ firstToken, lastToken }: PartitionRecord): string | undefined {
  return firstToken === lastToken ? undefined : splitTokenRange(firstToken, lastToken, 2)[1]?.first;
}
