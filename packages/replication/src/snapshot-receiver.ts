// Receives a group's state from its leader.
//
//   header → empty the log (synced) → empty the ranges → continue
//   chunks → ordinary batches → continue
//   last   → applied record, flush → step the `snapshot` message: Raft makes it the log's start → load → installed
//
// Why the log is emptied first: from here on the engine holds neither the old state nor the new one, and a
// crash must leave a replica that knows it has nothing. Term and vote stay. Forgetting entries is safe
// here, though they may have been acknowledged: the snapshot's last entry is committed and this replica's
// log does not contain it, so a quorum without this replica holds it, and with it everything before it that
// was committed. Whatever this replica had beyond is in conflict with that entry and never was. A replica
// without configuration does not campaign, and its vote cannot elect a candidate that lacks the entry,
// since every majority contains a member of that quorum that refuses. A crash in between leaves an empty
// replica that gets another snapshot.
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import { Raft } from "@azimuth/raft/raft.ts";
import type { Message, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { SnapshotChunkMessage, SnapshotReplyMessage } from "@azimuth/rpc/messages.ts";
import type { WriteOperation } from "@azimuth/storage/engine.ts";
import { appliedKey, encodeAppliedState } from "@azimuth/storage/keys/applied-key.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { AppendPipeline } from "./append-pipeline.ts";
import type { ApplyPipeline } from "./apply-pipeline.ts";
import type { Flusher } from "./flusher.ts";
import type { Group } from "./group.ts";
import { raftOptionsOf } from "./group-lifecycle.ts";
import { nodeOfReplica } from "./host-api.ts";
import type { HostContext } from "./host-context.ts";
import { isPlausible } from "./plausible.ts";
import { checksumOf, decodeSnapshotHeader } from "./snapshot-codec.ts";

interface Receiving {
  readonly group: Group;
  readonly header: SnapshotChunkMessage;
  readonly meta: SnapshotMeta;
  nextSequence: number;
  progressAt: number;
  /** All is written and flushed; Raft was asked to make it the log's start. */
  installing: boolean;
}

export interface ReceiverParts {
  readonly appends: AppendPipeline;
  readonly applies: ApplyPipeline;
  readonly flusher: Flusher;
  /** Hands out everything Raft has ready, so that nothing of it is left when Raft is replaced. */
  drain(group: Group): void;
  load(group: Group, loaded: () => void): void;
}

export class SnapshotReceiver {
  readonly #context: HostContext;
  readonly #parts: ReceiverParts;
  readonly #byGroup = new Map<number, Receiving>();

  constructor(context: HostContext, parts: ReceiverParts) {
    this.#context = context;
    this.#parts = parts;
  }

  get active(): number {
    return this.#byGroup.size;
  }

  chunk(message: SnapshotChunkMessage): void {
    const group = this.#context.groups.get(message.group);
    if (group === undefined || group.replica !== message.to) return this.#reply(message, "refused");
    this.#context.wake(group);
    if (message.sequence === 0) return this.#header(group, message);
    const receiving = this.#byGroup.get(group.id);
    if (receiving === undefined || receiving.header.stream !== message.stream
      || receiving.header.from !== message.from) return this.#reply(message, "refused");
    this.#content(receiving, message);
  }

  /** Gives up receptions that stand still or whose sender's node is gone. */
  sweep(nodeGone?: number): void {
    const oldest = this.#context.clock.now() - this.#context.limits.snapshotTimeoutMs;
    for (const receiving of [...this.#byGroup.values()]) {
      if (receiving.installing || receiving.group.resetting) continue;
      const gone = nodeOfReplica(receiving.header.from) === nodeGone;
      if (gone || receiving.progressAt < oldest) this.#abort(receiving);
    }
  }

  forget(group: Group): void {
    this.#byGroup.delete(group.id);
  }

  #header(group: Group, message: SnapshotChunkMessage): void {
    const earlier = this.#byGroup.get(group.id);
    if (earlier !== undefined) {
      if (earlier.installing || group.resetting) return this.#reply(message, "refused");
      this.#abort(earlier);
    }
    const full = this.#byGroup.size >= this.#context.limits.snapshotReceivesMax;
    if (full || group.resetting || group.loading || message.meta === undefined) {
      return this.#reply(message, "refused");
    }
    this.#parts.drain(group);
    const { raft } = group;
    const header = decodeSnapshotHeader(message.meta);
    if (header === undefined) return this.#reply(message, "refused");
    const { extent, ...meta } = header;
    // A leader that has not applied all of its log may offer a state that reaches into what is another group's by now.
    if (!group.machine.mayReceive(extent)) return this.#reply(message, "refused");
    if (!isPlausible(nodeOfReplica(message.from), snapshotMessage(message, meta), raft)) {
      return this.#reply(message, "refused");
    }
    if (message.term < raft.term) return this.#reply(message, "refused");
    if (raft.lastIndex >= meta.index) {
      const isCommitted = meta.index <= raft.committed;
      // What is being stored cannot be looked at yet; the sender tries again.
      if (!isCommitted && group.storing > 0) return this.#reply(message, "refused");
      if (isCommitted || group.log.term(meta.index) === meta.term) {
        // The log has the entry, and the leader did not know that, or not this replica that it is committed: no state
        // need travel. Raft tells the leader; a refusal alone would have it offer the same again for ever.
        raft.step(snapshotMessage(message, meta));
        this.#context.touch(group);
        return this.#reply(message, "installed");
      }
    }
    const receiving: Receiving = {
      group,
      header: message,
      meta,
      nextSequence: 1,
      progressAt: this.#context.clock.now(),
      installing: false,
    };
    this.#byGroup.set(group.id, receiving);
    this.#emptyLog(receiving);
  }

  #emptyLog(receiving: Receiving): void {
    const { group } = receiving;
    group.incarnation++;
    group.resetting = true;
    group.receiving = true;
    this.#parts.applies.forget(group);
    group.heldHardState = undefined;
    group.waiters.abandon();
    group.reads.dropAll(0);
    const hardState = { term: group.hardState.term, vote: group.hardState.vote, commit: 0 };
    this.#parts.appends.add({ group: group.id, reset: true, hardState }, () => {
      if (group.closed) return;
      const log = this.#context.logStore.group(group.id);
      assert(log !== undefined, `group ${group.id} vanished from the log`);
      group.log = log;
      group.hardState = hardState;
      group.raft = new Raft(raftOptionsOf(this.#context, group.replica, group.id), log, {
        hardState,
        config: emptyConfig,
        applied: 0,
      });
      group.restartFrom({ index: 0, term: 0, config: emptyConfig });
      group.storedCommit = 0;
      group.durableApplied = 0;
      group.storing = 0;
      group.resetting = false;
      group.role = "follower";
      group.leader = 0;
      group.readyTerm = 0;
      group.machine.roleChanged("follower", 0, group.raft.term);
      this.#context.touch(group);
      this.#emptyRanges(receiving);
    });
    this.#parts.appends.kick();
  }

  #emptyRanges(receiving: Receiving): void {
    const { group, header } = receiving;
    const { engine } = this.#context;
    // What an earlier reception has under way was handed to the engine before this write, so it is visible after it.
    engine.write([{ kind: "delete", key: appliedKey(group.id) }], () => {
      if (!this.#isCurrent(receiving)) return;
      group.machine.remainsIn(engine, (ranges) => {
        if (!this.#isCurrent(receiving)) return;
        engine.write(ranges.map((range): WriteOperation => ({ kind: "delete-range", ...range })), () => {
          if (this.#isCurrent(receiving)) this.#reply(header, "continue");
        });
      });
    });
  }

  #content(receiving: Receiving, message: SnapshotChunkMessage): void {
    const { group, header, meta } = receiving;
    const intact = checksumOf(message.pairs) === message.checksum;
    const expected = message.sequence === receiving.nextSequence && group.raft.term <= header.term;
    if (!intact || !expected || receiving.installing) {
      if (!receiving.installing) this.#abort(receiving);
      return this.#reply(message, "refused");
    }
    receiving.nextSequence++;
    receiving.progressAt = this.#context.clock.now();
    const operations: WriteOperation[] = message.pairs.map(({ key, value }) => ({ kind: "put", key, value }));
    if (message.last) {
      receiving.installing = true;
      operations.push({ kind: "put", key: appliedKey(group.id), value: encodeAppliedState(meta) });
    }
    this.#context.engine.write(operations, () => {
      if (!this.#isCurrent(receiving)) return;
      if (!message.last) return this.#reply(message, "continue");
      this.#parts.flusher.flush(() => {
        if (this.#isCurrent(receiving)) this.#install(receiving, message);
      });
    });
  }

  #install(receiving: Receiving, last: SnapshotChunkMessage): void {
    const { group, header, meta } = receiving;
    if (group.raft.term > header.term) {
      this.#abort(receiving);
      return this.#reply(last, "refused");
    }
    group.raft.step(snapshotMessage(header, meta));
    this.#context.touch(group);
  }

  /** Raft's new start of the log is durable. */
  stored(group: Group, meta: SnapshotMeta): void {
    const receiving = this.#byGroup.get(group.id);
    assert(receiving?.installing && receiving.meta.index === meta.index, `group ${group.id} received no such snapshot`);
    this.#byGroup.delete(group.id);
    probe("a snapshot was installed");
    group.restartFrom({ index: meta.index, term: meta.term, config: meta.config });
    group.durableApplied = meta.index;
    group.receiving = false;
    this.#context.counters.snapshotsReceived++;
    if (group.raft.appliedIndex < meta.index) group.raft.applied(meta.index);
    this.#parts.load(group, () => {
      group.machine.configChanged(meta.config, new Uint8Array(0));
      this.#reply({ ...receiving.header, sequence: receiving.nextSequence - 1 }, "installed");
    });
  }

  #abort(receiving: Receiving): void {
    probe("a snapshot was not received to its end");
    receiving.group.receiving = false;
    this.#byGroup.delete(receiving.group.id);
    this.#context.log.info("snapshot not received to its end", {
      group: receiving.group.id,
      from: receiving.header.from,
      chunks: receiving.nextSequence,
    });
  }

  #isCurrent(receiving: Receiving): boolean {
    return !receiving.group.closed && this.#byGroup.get(receiving.group.id) === receiving;
  }

  #reply(message: SnapshotChunkMessage, status: SnapshotReplyMessage["status"]): void {
    this.#context.send(nodeOfReplica(message.from), {
      kind: "snapshot-reply",
      group: message.group,
      from: message.to,
      to: message.from,
      stream: message.stream,
      sequence: message.sequence,
      status,
    });
  }
}

function snapshotMessage(header: SnapshotChunkMessage, meta: SnapshotMeta): Message {
  return {
    type: "snapshot",
    from: header.from,
    to: header.to,
    term: header.term,
    index: 0,
    logTerm: 0,
    entries: [],
    commit: 0,
    reject: false,
    hintIndex: 0,
    readPosition: 0,
    force: false,
    snapshot: meta,
  };
}
