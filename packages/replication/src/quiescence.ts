// Quiet groups. A group without work for a while stops its clock: the leader sends a last heartbeat marked
// `quiesce` with its term and commit index; a follower that has exactly that state stops too. Nothing is
// exchanged for the group from then on. Anything but a matching quiesce beat wakes it: a message, a
// proposal, a read, the loss of the connection to the leader's node, or that node's silence
// (heartbeats.ts).
//
// Why it is safe: a quiet group only stops measuring time. Elections stay as they are (a woken follower
// still runs its timeout and asks for pre-votes), and reads still need a round of heartbeats. A follower
// that cannot go quiet answers with a response marked `quiesce`, which wakes the leader; a lost quiesce
// beat ends in a follower's pre-vote request, which wakes it as well. Group 0, the control plane, never
// goes quiet.
import type { Heartbeat } from "@azimuth/rpc/messages.ts";
import { type Group, membersOf } from "./group.ts";
import { quiesceBeat, type Heartbeats } from "./heartbeats.ts";
import type { HostContext } from "./host-context.ts";

const controlPlaneGroup = 0;

/** At the leader, in place of a tick: true when the group went quiet. */
export function maybeQuiesce(context: HostContext, heartbeats: Heartbeats, group: Group): boolean {
  const { quietAfterTicks } = context.limits;
  const raft = group.raft;
  if (raft.lastIndex !== group.lastIndexAtTick || group.busy) {
    group.lastIndexAtTick = raft.lastIndex;
    group.idleTicks = 0;
    return false;
  }
  group.idleTicks++;
  if (group.id === controlPlaneGroup || quietAfterTicks === 0 || group.idleTicks < quietAfterTicks) {
    return false;
  }
  if (!group.leads || group.readyTerm !== raft.term || raft.hasReady() || !raft.canQuiesce()) return false;
  for (const replica of membersOf(raft.config)) {
    if (replica === raft.id) continue;
    heartbeats.add(quiesceBeat(group, replica));
  }
  group.quiet = true;
  return true;
}

/** At a follower: whether it may stop its clock on this beat. */
export function followsIntoQuiet(group: Group, beat: Heartbeat): boolean {
  const raft = group.raft;
  return raft.role === "follower" && raft.leader === beat.from && raft.term === beat.term
    && raft.committed === beat.commit && raft.lastIndex === beat.commit && group.applied.index === beat.commit
    && !group.busy && !raft.hasReady();
}

/** Late answers to ordinary heartbeats say nothing new to a quiet leader and must not wake it. */
export function sleepsThrough(group: Group, beat: Heartbeat): boolean {
  return group.quiet && group.leads && beat.response && !beat.quiesce && beat.term === group.raft.term;
}
