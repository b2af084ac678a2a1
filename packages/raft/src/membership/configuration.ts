// Configurations as values: who belongs, what a change makes of them, and when a change is refused. Pure; the
// transition inside a running group is membership.ts.
//
// One step is a simple change: at most one voter comes or goes, so old and new majorities overlap. Several
// steps enter a joint configuration, in which both majorities decide; a second entry, `leave`, ends it. A
// voter that becomes a learner waits in `learnersNext` until then, because the outgoing majority still counts
// it.
import { assert } from "@azimuth/foundation/assert.ts";
import type { ConfigChange, ConfigChangeStep, ConfigState, ReplicaId } from "../types.ts";

/** Of a replica that has not been told of any. */
export const emptyConfig: ConfigState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function isJoint(config: ConfigState): boolean {
  return config.votersOutgoing.length > 0;
}

export function isVoter(config: ConfigState, replica: ReplicaId): boolean {
  return config.voters.includes(replica) || config.votersOutgoing.includes(replica);
}

export function isMember(config: ConfigState, replica: ReplicaId): boolean {
  return isVoter(config, replica) || config.learners.includes(replica);
}

/** Whether both lists name the same replicas, in whatever order. */
export function sameMembers(left: readonly ReplicaId[], right: readonly ReplicaId[]): boolean {
  return left.length === right.length && left.every((member) => right.includes(member));
}

/** Every replica the leader must replicate to, once each. */
export function members(config: ConfigState): ReplicaId[] {
  const all = new Set([...config.voters, ...config.votersOutgoing, ...config.learners]);
  return [...all].sort((left, right) => left - right);
}

/** Why `change` cannot follow `config`; undefined when it can. */
export function refusalOf(config: ConfigState, change: ConfigChange): string | undefined {
  if (change.kind === "leave") {
    if (!isJoint(config)) return "there is no joint configuration to leave";
    return change.steps.length > 0 ? "leaving has no steps" : undefined;
  }
  if (isJoint(config)) return "a joint configuration must be left first";
  if (change.steps.length === 0) return "a change needs a step";
  const named = new Set(change.steps.map((step) => step.replica));
  if (named.size < change.steps.length) return "a replica is named twice";
  for (const id of named) if (!Number.isSafeInteger(id) || id <= 0) return "a replica id must be positive";
  return afterSteps(config, change.steps, false).voters.length === 0 ? "no voter would be left" : undefined;
}

/** The configuration after `change`. The same on every replica, since changes are applied in log order. */
export function changedConfig(config: ConfigState, change: ConfigChange): ConfigState {
  const refusal = refusalOf(config, change);
  assert(refusal === undefined, `a committed configuration change is invalid: ${refusal}`);
  if (change.kind === "leave") return afterLeaving(config);
  return afterSteps(config, change.steps, change.steps.length > 1);
}

function afterLeaving(config: ConfigState): ConfigState {
  return {
    voters: config.voters,
    votersOutgoing: [],
    learners: ordered([...config.learners, ...config.learnersNext]),
    learnersNext: [],
    autoLeave: false,
  };
}

function afterSteps(config: ConfigState, steps: readonly ConfigChangeStep[], joint: boolean): ConfigState {
  const voters = new Set(config.voters);
  const learners = new Set(config.learners);
  const learnersNext = new Set(config.learnersNext);
  const outgoing = joint ? config.voters : [];
  for (const step of steps) {
    const id = step.replica;
    if (step.kind === "add-learner" && learners.has(id)) continue;
    voters.delete(id);
    learners.delete(id);
    if (step.kind === "add-voter") voters.add(id);
    else if (step.kind === "add-learner") (outgoing.includes(id) ? learnersNext : learners).add(id);
  }
  return {
    voters: ordered([...voters]),
    votersOutgoing: outgoing,
    learners: ordered([...learners]),
    learnersNext: ordered([...learnersNext]),
    autoLeave: joint,
  };
}

function ordered(replicas: ReplicaId[]): ReplicaId[] {
  return replicas.sort((left, right) => left - right);
}
