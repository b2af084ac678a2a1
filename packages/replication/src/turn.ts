// The turn: what the host does when something happened.
//
//   step what arrived → for every touched group: reads, Ready → one log write for all
//   → one engine batch for all → heartbeats, one message per node
//
// Turns are deferred to the end of the event loop's turn, so that everything that arrived together is
// handled together. That is the whole of batching: nothing waits for a timer.
import { assert } from "@azimuth/foundation/assert.ts";
import { buggify } from "@azimuth/foundation/buggify.ts";
import type { Message, Ready } from "@azimuth/raft/types.ts";
import type { Heartbeat, WireMessage } from "@azimuth/rpc/messages.ts";
import type { GroupWrite } from "@azimuth/storage/log-store.ts";
import type { AppendPipeline } from "./append-pipeline.ts";
import type { ApplyPipeline } from "./apply-pipeline.ts";
import type { Group } from "./group.ts";
import { beatOf, messageOf, type Heartbeats } from "./heartbeats.ts";
import { nodeOfReplica } from "./host-api.ts";
import type { HostContext } from "./host-context.ts";
import { isPlausible, isPlausibleBeat } from "./plausible.ts";
import { followsIntoQuiet, sleepsThrough } from "./quiescence.ts";
import type { SnapshotReceiver } from "./snapshot-receiver.ts";
import type { SnapshotSender } from "./snapshot-sender.ts";

/** Readys of one group taken in one turn: persisting nothing may release the next one at once. */
const readysPerTurnMax = 8;

export interface TurnParts {
  readonly appends: AppendPipeline;
  readonly applies: ApplyPipeline;
  readonly heartbeats: Heartbeats;
  readonly sender: SnapshotSender;
  readonly receiver: SnapshotReceiver;
}

export class Turn {
  readonly #context: HostContext;
  readonly #parts: TurnParts;
  readonly #inbox: { readonly from: number; readonly message: WireMessage }[] = [];
  readonly #touched = new Set<Group>();
  #scheduled = false;
  #lastRead = 0;
  #stopped = false;

  constructor(context: HostContext, parts: TurnParts) {
    this.#context = context;
    this.#parts = parts;
  }

  touch(group: Group): void {
    this.#touched.add(group);
    this.schedule();
  }

  receive(from: number, message: WireMessage): void {
    if (this.#inbox.length >= this.#context.limits.inboxMessagesMax) {
      this.#context.counters.messagesDropped++;
      return;
    }
    this.#inbox.push({ from, message });
    this.schedule();
  }

  schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#context.clock.defer(() => this.#run());
  }

  stop(): void {
    this.#stopped = true;
  }

  #run(): void {
    if (this.#stopped) return;
    this.#context.counters.turns++;
    for (const { from, message } of this.#inbox.splice(0)) this.#handle(from, message);
    const touched = [...this.#touched];
    this.#touched.clear();
    // Only now: what the messages touched is handled by this turn, and needs no other.
    this.#scheduled = false;
    if (this.#inbox.length > 0) this.schedule();
    for (const group of touched) this.drain(group);
    this.#parts.appends.kick();
    this.#parts.applies.kick();
    this.#parts.heartbeats.flush();
  }

  #handle(fromNode: number, message: WireMessage): void {
    switch (message.kind) {
      case "raft":
        return this.#step(fromNode, message.group, message.message);
      case "heartbeats":
        for (const beat of message.beats) this.#beat(fromNode, beat);
        return;
      case "snapshot-chunk":
        if (nodeOfReplica(message.from) !== fromNode) return this.#drop(fromNode, message.group, message.kind);
        return this.#parts.receiver.chunk(message);
      case "snapshot-reply":
        return this.#parts.sender.reply(message);
      default:
        assert(false, `a ${message.kind} message reached the replication host`);
    }
  }

  #drop(fromNode: number, group: number, what: string): void {
    this.#context.counters.messagesDropped++;
    this.#context.log.error("dropped a message that cannot be meant", { fromNode, group, what });
  }

  #step(fromNode: number, id: number, message: Message): void {
    const group = this.#context.groups.get(id);
    if (group === undefined || group.resetting || message.to !== group.replica) return;
    if (!isPlausible(fromNode, message, group.raft)) return this.#drop(fromNode, id, message.type);
    // A snapshot's state travels in chunks; a bare message would give Raft a start that the engine does not
    // have.
    if (message.type === "snapshot") return;
    this.#context.wake(group);
    group.raft.step(this.#withinLog(group, message));
  }

  /**
   * A leader may remember entries that this replica gave up for a snapshot (snapshot-receiver.ts), and
   * announce a commit index within them.
   */
  #withinLog(group: Group, message: Message): Message {
    const { lastIndex } = group.raft;
    const beyond = message.type === "heartbeat" && message.commit > lastIndex && !group.initialised;
    return beyond ? { ...message, commit: lastIndex } : message;
  }

  #beat(fromNode: number, beat: Heartbeat): void {
    const group = this.#context.groups.get(beat.group);
    if (group === undefined || group.resetting || beat.to !== group.replica) return;
    if (!isPlausibleBeat(fromNode, beat, group.raft)) return this.#drop(fromNode, beat.group, "heartbeat");
    if (sleepsThrough(group, beat)) return;
    if (beat.quiesce && !beat.response) {
      if (followsIntoQuiet(group, beat)) {
        group.quiet = true;
        return;
      }
      this.#refuseQuiet(group, beat);
    }
    this.#step(fromNode, beat.group, messageOf(beat));
  }

  #refuseQuiet(group: Group, beat: Heartbeat): void {
    const { raft } = group;
    this.#parts.heartbeats.add({
      group: group.id,
      from: raft.id,
      to: beat.from,
      term: raft.term,
      commit: 0,
      readPosition: 0,
      response: true,
      quiesce: true,
    });
  }

  /** Takes what the group's Raft has ready and passes each part on. */
  drain(group: Group): void {
    if (group.closed || group.resetting) return;
    this.#beginReads(group);
    for (let taken = 0; group.raft.hasReady(); taken++) {
      // The completion of a batch touches its groups again.
      if (this.#parts.applies.isFullFor(group)) return;
      if (taken === readysPerTurnMax) return this.touch(group);
      this.#process(group, group.raft.takeReady());
    }
  }

  #beginReads(group: Group): void {
    if (!group.reads.mayBegin) return;
    const id = ++this.#lastRead;
    group.reads.begin(id);
    const taken = buggify("a read is dropped before its round") ? "too-many" : group.raft.readIndex(id);
    if (taken !== "accepted") group.reads.drop(id, taken === "not-leader" ? group.raft.leader : 0);
  }

  #process(group: Group, ready: Ready): void {
    if (ready.roleChange !== undefined) this.#changeRole(group, ready.roleChange);
    for (const message of ready.messages) this.#send(group, message);
    this.#store(group, ready);
    if (ready.committed.length > 0) this.#parts.applies.enqueue(group, ready.committed);
    for (const read of ready.reads) group.reads.confirm(read, group.applied.index);
    for (const id of ready.droppedReads) group.reads.drop(id, group.raft.leader);
    this.#beginReads(group);
  }

  #changeRole(group: Group, change: NonNullable<Ready["roleChange"]>): void {
    const led = group.role === "leader";
    group.role = change.role;
    group.leader = change.leader;
    group.term = change.term;
    if (led && change.role !== "leader") group.waiters.orphan(this.#context.limits.orphanedProposalTicks);
    group.machine.roleChanged(change.role, change.leader, change.term);
  }

  #send(group: Group, message: Message): void {
    switch (message.type) {
      case "heartbeat":
      case "heartbeat-response":
        return this.#parts.heartbeats.add(beatOf(group.id, message));
      case "snapshot":
        return this.#parts.sender.start(group, message);
      default:
        this.#context.send(nodeOfReplica(message.to), { kind: "raft", group: group.id, message });
    }
  }

  #store(group: Group, ready: Ready): void {
    if (ready.hardState !== undefined) group.hardState = ready.hardState;
    if (!ready.mustSync) {
      // Only the commit index moved: it waits for the next write, unless others may act on what it commits.
      if (ready.hardState !== undefined) group.heldHardState = ready.hardState;
      if (ready.committed.some(({ kind }) => kind === "config")) this.#storeCommit(group);
      return;
    }
    const { incarnation } = group;
    const write = this.#writeOf(group, ready);
    group.storing++;
    this.#parts.appends.add(write, () => {
      if (group.incarnation !== incarnation) return;
      group.storing--;
      group.storedCommit = Math.max(group.storedCommit, write.hardState?.commit ?? 0);
      group.raft.persisted(ready.number);
      if (ready.snapshot !== undefined) this.#parts.receiver.stored(group, ready.snapshot);
      this.touch(group);
    });
  }

  #storeCommit(group: Group): void {
    const { incarnation, heldHardState: hardState } = group;
    if (hardState === undefined) return;
    group.heldHardState = undefined;
    group.storing++;
    this.#parts.appends.add({ group: group.id, hardState }, () => {
      if (group.incarnation !== incarnation) return;
      group.storing--;
      group.storedCommit = Math.max(group.storedCommit, hardState.commit);
      this.touch(group);
    });
  }

  #writeOf(group: Group, ready: Ready): GroupWrite {
    const hardState = ready.hardState ?? group.heldHardState;
    group.heldHardState = undefined;
    return {
      group: group.id,
      ...(ready.snapshot === undefined ? {} : { snapshot: ready.snapshot }),
      ...(ready.entries.length === 0 ? {} : { entries: ready.entries }),
      ...(hardState === undefined ? {} : { hardState }),
    };
  }
}
