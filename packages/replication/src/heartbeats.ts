// Heartbeats of all groups shared with a node travel as one message per turn, so their cost is per pair of
// nodes and not per group. The same message, empty if need be, is the sign that a node lives: groups that
// went quiet send nothing of their own, and their followers wake when the leader's node falls silent.
import type { Message, ReplicaId } from "@azimuth/raft/types.ts";
import type { Heartbeat } from "@azimuth/rpc/messages.ts";
import { type Group, membersOf } from "./group.ts";
import { nodeOfReplica } from "./host-api.ts";
import type { HostContext } from "./host-context.ts";

export class Heartbeats {
  readonly #context: HostContext;
  readonly #outgoing = new Map<number, Heartbeat[]>();
  /** Nodes that got a heartbeats message since the last beat of this node. */
  readonly #served = new Set<number>();
  readonly #lastHeard = new Map<number, number>();
  readonly #silent = new Set<number>();

  constructor(context: HostContext) {
    this.#context = context;
  }

  add(beat: Heartbeat): void {
    const node = nodeOfReplica(beat.to);
    const beats = this.#outgoing.get(node);
    if (beats === undefined) this.#outgoing.set(node, [beat]);
    else beats.push(beat);
  }

  /** Sends what this turn gathered. */
  flush(): void {
    if (this.#outgoing.size === 0) return;
    for (const [node, beats] of this.#outgoing) {
      this.#served.add(node);
      this.#context.send(node, { kind: "heartbeats", beats });
    }
    this.#outgoing.clear();
  }

  /** Once per heartbeat period: a sign of life for every node that shares a group and heard none since. */
  beat(): void {
    for (const node of this.peers()) {
      if (this.#served.has(node) || this.#outgoing.has(node)) continue;
      this.#context.send(node, { kind: "heartbeats", beats: [] });
    }
    this.#served.clear();
  }

  heard(node: number): void {
    this.#lastHeard.set(node, this.#context.clock.now());
    this.#silent.delete(node);
  }

  /** This process stood still for a while: that nothing was heard meanwhile says nothing about others. */
  forgive(durationMs: number): void {
    for (const [node, heard] of this.#lastHeard) this.#lastHeard.set(node, heard + durationMs);
  }

  /** Nodes that sent nothing for an election timeout; each is told once per silence. */
  newlySilent(): number[] {
    const { electionTimeoutTicks, tickMs } = this.#context.limits;
    const now = this.#context.clock.now();
    const found: number[] = [];
    for (const [node, heard] of this.#lastHeard) {
      if (now - heard < electionTimeoutTicks * tickMs || this.#silent.has(node)) continue;
      this.#silent.add(node);
      found.push(node);
    }
    return found;
  }

  /** Nodes that hold another replica of one of our groups. */
  peers(): Set<number> {
    const nodes = new Set<number>();
    for (const group of this.#context.groups.values()) {
      for (const replica of membersOf(group.applied.config)) nodes.add(nodeOfReplica(replica));
    }
    nodes.delete(this.#context.node);
    return nodes;
  }
}

export function beatOf(group: number, message: Message): Heartbeat {
  return {
    group,
    from: message.from,
    to: message.to,
    term: message.term,
    commit: message.commit,
    readPosition: message.readPosition,
    response: message.type === "heartbeat-response",
    quiesce: false,
  };
}

export function messageOf(beat: Heartbeat): Message {
  return {
    type: beat.response ? "heartbeat-response" : "heartbeat",
    from: beat.from,
    to: beat.to,
    term: beat.term,
    index: 0,
    logTerm: 0,
    entries: [],
    commit: beat.commit,
    reject: false,
    hintIndex: 0,
    readPosition: beat.readPosition,
    force: false,
    snapshot: undefined,
  };
}

export function quiesceBeat(group: Group, to: ReplicaId): Heartbeat {
  const { id: from, term, committed: commit } = group.raft;
  return { group: group.id, from, to, term, commit, readPosition: 0, response: false, quiesce: true };
}
