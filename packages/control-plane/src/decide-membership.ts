// Changes of a partition's membership, as the map records them. The truth is the group's own configuration in
// its own log; the map names what should happen (`replacing`) and follows what did. Every change raises
// `configEpoch`, and every command names the epoch it was planned for, so that a late or doubled one is
// ignored; `configIndex` keeps an old report from undoing a newer one.
import { assert } from "@azimuth/foundation/assert.ts";
import { sameMembers } from "@azimuth/raft/membership/configuration.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { PartitionRecord } from "./cluster-map.ts";
import type { CancelReplacementCommand, RecordMembershipCommand, StartReplacementCommand } from "./commands.ts";
import { putPartition } from "./control-records.ts";
import type { ControlState } from "./control-state.ts";
import { ignored, type ControlDecision, type DecisionContext } from "./decision.ts";
import { newReplicaId } from "./replica-fate.ts";

export function decideStartReplacement(
  state: ControlState, command: StartReplacementCommand, { options }: DecisionContext,
): ControlDecision {
  const record = state.group(command.partition);
  if (record === undefined || record.configEpoch !== command.configEpoch) return ignored;
  if (record.replacing !== undefined) return ignored;
  const { remove, node } = command;
  if (remove !== 0 && !record.voters.includes(remove)) return ignored;
  if (node === 0 && (remove === 0 || record.voters.length < 2)) return ignored;
  if (node !== 0 && !mayTakeReplica(state, record, node)) return ignored;
  if (remove === 0 && record.voters.length >= options.replicas) return ignored;
  const configEpoch = record.configEpoch + 1;
  const add = node === 0 ? 0 : newReplicaId(configEpoch, node);
  const learners = add === 0 ? record.learners : [...record.learners, add];
  return { effects: [putPartition({ ...record, configEpoch, learners, replacing: { remove, add } })], outcome: {} };
}

function mayTakeReplica(state: ControlState, record: PartitionRecord, number: number): boolean {
  const node = state.nodes.get(number);
  if (node === undefined || node.state !== "up" || node.retired) return false;
  return ![...record.voters, ...record.learners].some((replica) => nodeOfReplica(replica) === number);
}

export function decideCancelReplacement(state: ControlState, command: CancelReplacementCommand): ControlDecision {
  const record = state.group(command.partition);
  if (record?.replacing === undefined || record.configEpoch !== command.configEpoch) return ignored;
  const { add } = record.replacing;
  const learners = record.learners.filter((learner) => learner !== add);
  const configEpoch = record.configEpoch + 1;
  return { effects: [putPartition({ ...record, configEpoch, learners, replacing: undefined })], outcome: {} };
}

export function decideRecordMembership(state: ControlState, command: RecordMembershipCommand): ControlDecision {
  const record = state.group(command.partition);
  if (record === undefined || record.configEpoch !== command.configEpoch) return ignored;
  if (command.configIndex <= (record.configIndex ?? 0)) return ignored;
  assert(command.voters.length > 0, "a group has voters");
  const voters = command.voters.toSorted((left, right) => left - right);
  const { replacing } = record;
  if (replacing !== undefined && !isReplaced(replacing, voters)) return ignored;
  if (replacing === undefined && sameMembers(voters, record.voters)) return ignored;
  const configEpoch = record.configEpoch + 1;
  const { configIndex } = command;
  return {
    // A learner that the group has and nothing awaits is a left-over: it is not recorded, so its node drops
    // it, and the autoadmin has the leader remove it.
    effects: [putPartition({ ...record, configEpoch, configIndex, voters, learners: [], replacing: undefined })],
    outcome: {},
  };
}

/** Whether a group with these voters has done what the record asks for. */
export function isReplaced(
  { remove, add }: { readonly remove: number; readonly add: number }, voters: readonly number[],
): boolean {
  return (add === 0 || voters.includes(add)) && !voters.includes(remove);
}
