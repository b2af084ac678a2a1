// Configuration changes inside a running group. A change takes effect when it is applied (not when it is
// appended, as in the Raft thesis); that is safe because a replica with committed changes yet to apply does
// not campaign, and a leader proposes none before the last one is applied.
import { buggify } from "@azimuth/foundation/buggify.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "../core.ts";
import { abortTransfer, sendTimeoutNowToBest } from "../election/transfer.ts";
import { appendAsLeader } from "../propose.ts";
import { maybeCommit } from "../replication/commit.ts";
import { becomeFollower } from "../roles.ts";
import { noReplica, type ConfigChange, type ConfigState } from "../types.ts";
import { encodeConfigChange } from "./config-change-codec.ts";
import { changedConfig, isJoint, isVoter } from "./configuration.ts";

const leave: ConfigChange = { kind: "leave", steps: [], context: new Uint8Array(0) };

export function applyConfigChange(core: RaftCore, change: ConfigChange): ConfigState {
  core.config = changedConfig(core.config, change);
  if (core.role === "leader") alignLeader(core);
  return core.config;
}

function alignLeader(core: RaftCore): void {
  if (!isVoter(core.config, core.id)) {
    probe("a leader left the group that it led");
    sendTimeoutNowToBest(core);
    becomeFollower(core, core.term, noReplica);
    return;
  }
  core.alignProgress();
  if (!core.config.voters.includes(core.transferee)) abortTransfer(core);
  // Fewer voters may mean that a majority is already there, for entries and for reads.
  maybeCommit(core);
  core.reads.confirmThrough(core.quorumReadPosition);
  core.replicationWanted = true;
}

/**
 * Leaves a joint configuration once entering it is applied and this term has committed: an entry that
 * enters a joint configuration but is not committed yet must not be followed by one that leaves it.
 */
export function maybeLeaveJoint(core: RaftCore): void {
  const due = core.role === "leader" && core.config.autoLeave && isJoint(core.config)
    && core.log.applied >= core.pendingConfigIndex && core.hasCommittedInTerm
    && core.transferee === noReplica;
  if (!due || buggify("a group stays between two configurations")) return;
  core.pendingConfigIndex = appendAsLeader(core, "config", encodeConfigChange(leave));
}
