// What the autoadmin tells the leader of a partition to do (notice topic "instruction"), and how a node does
// it. Instructions are wishes: they may be lost, repeated or arrive late. Each change carries the membership
// that the autoadmin saw, and is proposed only while that still is the membership; so a late copy does no
// harm, and the autoadmin simply says it again until the reports show the effect.
import { sameMembers } from "@azimuth/raft/membership/configuration.ts";
import { utf8 } from "@azimuth/foundation/bytes.ts";
import type { ConfigChangeStep } from "@azimuth/raft/types.ts";
import type { ReplicationHost } from "@azimuth/replication/host-api.ts";

export const instructionTopic = "instruction";

export type Instruction = ChangeReplicasInstruction | TransferLeaderInstruction | SplitInstruction;

export interface SplitInstruction {
  readonly kind: "split";
  readonly group: number;
  /** Number of the partition that is to begin. */
  readonly child: number;
  /** Its first token. */
  readonly at: string;
}

export interface ChangeReplicasInstruction {
  readonly kind: "change-replicas";
  readonly group: number;
  readonly steps: readonly ConfigChangeStep[];
  /** The membership that `steps` start from, each list sorted. */
  readonly expect: { readonly voters: readonly number[]; readonly learners: readonly number[] };
}

export interface TransferLeaderInstruction {
  readonly kind: "transfer-leader";
  readonly group: number;
  /** Replica id of a voter. */
  readonly to: number;
}

/** Carries an instruction out if it still applies; returns whether anything was asked of the group. */
export function executeInstruction(
  host: ReplicationHost,
  instruction: Instruction,
  split: (instruction: SplitInstruction) => boolean,
): boolean {
  const status = host.status(instruction.group);
  if (status === undefined || status.role !== "leader") return false;
  if (instruction.kind === "split") return split(instruction);
  if (instruction.kind === "transfer-leader") {
    if (instruction.to === status.replica || !status.config.voters.includes(instruction.to)) return false;
    host.transferLeadership(instruction.group, instruction.to);
    return true;
  }
  const { config } = status;
  if (config.votersOutgoing.length > 0) return false;
  if (!sameMembers(config.voters, instruction.expect.voters)) return false;
  if (!sameMembers(config.learners, instruction.expect.learners)) return false;
  const change = { kind: "change" as const, steps: instruction.steps, context: utf8("autoadmin") };
  host.proposeConfigChange(instruction.group, change, () => {});
  return true;
}
