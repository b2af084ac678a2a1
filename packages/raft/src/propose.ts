// Proposals: what a leader accepts into its log, and why it refuses.
import { assert } from "@azimuth/foundation/assert.ts";
import type { RaftCore } from "./core.ts";
import { encodeConfigChange } from "./membership/config-change-codec.ts";
import { refusalOf } from "./membership/configuration.ts";
import {
  noReplica,
  type ConfigChange,
  type Entry,
  type EntryKind,
  type ProposalDropReason,
  type ProposeResult,
} from "./types.ts";

export function propose(core: RaftCore, data: Uint8Array): ProposeResult {
  return proposeEntry(core, "normal", data);
}

/**
 * One change at a time: none while an earlier one may still be unapplied, nor before this term has committed
 * an entry. Without the latter, two leaders in a row could each change the configuration from the same start
 * and end with majorities that do not overlap (Ongaro, raft-dev, 2015).
 */
export function proposeConfigChange(core: RaftCore, change: ConfigChange): ProposeResult {
  if (core.role === "leader") {
    if (core.pendingConfigIndex > core.log.applied || !core.hasCommittedInTerm) {
      return dropped("config-change-in-flight");
    }
    if (refusalOf(core.config, change) !== undefined) return dropped("invalid-config-change");
  }
  const result = proposeEntry(core, "config", encodeConfigChange(change));
  if (result.kind === "accepted") core.pendingConfigIndex = result.index;
  return result;
}

function proposeEntry(core: RaftCore, kind: EntryKind, data: Uint8Array): ProposeResult {
  if (core.role !== "leader") return { kind: "not-leader", leader: core.leader };
  if (core.transferee !== noReplica) return dropped("transferring");
  const { uncommittedBytesMax } = core.options;
  // One proposal is always let through, or one larger than the limit never would be.
  if (core.uncommittedBytes > 0 && core.uncommittedBytes + data.length > uncommittedBytesMax) {
    return dropped("too-much-uncommitted");
  }
  return { kind: "accepted", index: appendAsLeader(core, kind, data), term: core.term };
}

function dropped(reason: ProposalDropReason): ProposeResult {
  return { kind: "dropped", reason };
}

export function appendAsLeader(core: RaftCore, kind: EntryKind, data: Uint8Array): number {
  assert(core.role === "leader", "only a leader appends entries of its own");
  const entry: Entry = { index: core.log.lastIndex + 1, term: core.term, kind, data };
  core.log.append([entry]);
  core.uncommittedBytes += data.length;
  core.replicationWanted = true;
  return entry.index;
}
