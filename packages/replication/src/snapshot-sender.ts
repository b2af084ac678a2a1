// Sends a group's state to a replica that is too far behind for the log.
//
//   header → continue → chunks, a few ahead of the answers → last (empty) → installed
//
// The state is an engine snapshot; its index, term and configuration are read from the applied record
// within that same snapshot, so they belong together by construction. At most `snapshotSendsMax` streams
// per node, bounded in rate. While a stream runs, the log is not cut above its index, or the receiver would
// need the next snapshot at once. A failure is reported to Raft after a pause: until then Raft takes the
// snapshot to be under way and sends none.
import { buggify } from "@azimuth/foundation/buggify.ts";
import type { Message, ReplicaId } from "@azimuth/raft/types.ts";
import type { SnapshotReplyMessage } from "@azimuth/rpc/messages.ts";
import type { EngineIterator, EngineSnapshot, KeyValue } from "@azimuth/storage/engine.ts";
import { appliedKey, decodeAppliedState } from "@azimuth/storage/keys/applied-key.ts";
import { type Group, membersOf } from "./group.ts";
import { nodeOfReplica } from "./host-api.ts";
import type { HostContext } from "./host-context.ts";
import { checksumOf, encodeSnapshotHeader, type SnapshotHeader } from "./snapshot-codec.ts";
import type { KeyRange } from "./state-machine.ts";

interface Stream {
  readonly id: number;
  readonly group: Group;
  readonly incarnation: number;
  readonly to: ReplicaId;
  readonly term: number;
  readonly engine: EngineSnapshot;
  header: SnapshotHeader | undefined;
  ranges: KeyRange[];
  iterator: EngineIterator | undefined;
  sent: number;
  answered: number;
  /** A read of the engine or a pause for the rate is under way. */
  waiting: boolean;
  complete: boolean;
  closed: boolean;
  progressAt: number;
}

export class SnapshotSender {
  readonly #context: HostContext;
  readonly #streams = new Map<number, Stream>();
  /** Replicas (by group) that get a snapshot or wait for the next attempt. */
  readonly #engaged = new Set<string>();
  #lastStream: number;
  #nextSendAt = 0;

  constructor(context: HostContext) {
    this.#context = context;
    // A random start, so that a stream of this process is not taken for one from before a restart.
    this.#lastStream = context.random.integer(2 ** 31);
  }

  get active(): number {
    return this.#streams.size;
  }

  /** Raft asks for it with a `snapshot` message. */
  start(group: Group, message: Message): void {
    const key = keyOf(group, message.to);
    if (this.#engaged.has(key)) return;
    this.#engaged.add(key);
    if (this.#streams.size >= this.#context.limits.snapshotSendsMax) {
      return this.#reportLater(group, group.incarnation, message.to);
    }
    const stream: Stream = {
      id: ++this.#lastStream,
      group,
      incarnation: group.incarnation,
      to: message.to,
      term: message.term,
      engine: this.#context.engine.snapshot(),
      header: undefined,
      ranges: [],
      iterator: undefined,
      sent: 0,
      answered: -1,
      waiting: true,
      complete: false,
      closed: false,
      progressAt: this.#context.clock.now(),
    };
    this.#streams.set(stream.id, stream);
    stream.engine.get([appliedKey(group.id)], ([value]) => {
      stream.waiting = false;
      if (stream.closed) return;
      const meta = value === undefined ? undefined : decodeAppliedState(value);
      // The change that admits the receiver may be applied in Raft and not yet visible in the engine.
      const admitted = meta !== undefined && membersOf(meta.config).includes(stream.to);
      if (!admitted) return this.#finish(stream, false);
      stream.waiting = true;
      group.machine.stateIn(stream.engine, ({ ranges, extent }) => {
        stream.waiting = false;
        if (stream.closed) return;
        stream.header = { ...meta, extent };
        stream.ranges = [...ranges];
        this.#sendChunk(stream, [], false);
      });
    });
  }

  reply(message: SnapshotReplyMessage): void {
    const stream = this.#streams.get(message.stream);
    if (stream === undefined || stream.group.id !== message.group || stream.to !== message.from) return;
    stream.progressAt = this.#context.clock.now();
    if (message.status === "refused") return this.#finish(stream, false);
    if (message.status === "installed") return this.#finish(stream, true);
    stream.answered = Math.max(stream.answered, message.sequence);
    this.#pump(stream);
  }

  /** Gives up streams that stand still, whose group changed hands, or whose receiver's node is gone. */
  sweep(nodeGone?: number): void {
    const oldest = this.#context.clock.now() - this.#context.limits.snapshotTimeoutMs;
    for (const stream of [...this.#streams.values()]) {
      const { group } = stream;
      const leads = group.leads && group.raft.term === stream.term;
      const gone = nodeOfReplica(stream.to) === nodeGone;
      const isDue = group.incarnation !== stream.incarnation || !leads || gone || stream.progressAt < oldest;
      if (isDue || buggify("a snapshot is given up half-way")) {
        this.#finish(stream, false);
      }
    }
  }

  /** The lowest index whose successors a receiver will need; Infinity when nothing is sent for this group. */
  pinnedIndex(group: Group): number {
    let lowest = Infinity;
    for (const stream of this.#streams.values()) {
      if (stream.group === group) lowest = Math.min(lowest, stream.header?.index ?? group.log.firstIndex() - 1);
    }
    return lowest;
  }

  closeAll(): void {
    for (const stream of [...this.#streams.values()]) this.#finish(stream, false);
  }

  #pump(stream: Stream): void {
    const { limits, clock } = this.#context;
    if (stream.closed || stream.waiting || stream.complete) return;
    if (stream.sent - 1 - stream.answered >= limits.snapshotWindowChunks) return;
    const pause = this.#nextSendAt - clock.now();
    stream.waiting = true;
    const proceed = (): void => {
      stream.waiting = false;
      if (!stream.closed) this.#readChunk(stream);
    };
    if (pause > 0) clock.after(pause, proceed);
    else proceed();
  }

  #readChunk(stream: Stream): void {
    if (stream.iterator === undefined) {
      const range = stream.ranges.shift();
      if (range === undefined) {
        stream.complete = true;
        return this.#sendChunk(stream, [], true);
      }
      stream.iterator = stream.engine.iterate(range);
    }
    stream.waiting = true;
    stream.iterator.next(this.#context.limits.snapshotChunkBytes, (pairs) => {
      stream.waiting = false;
      if (stream.closed) return;
      if (pairs.length > 0) {
        this.#sendChunk(stream, pairs, false);
        return this.#pump(stream);
      }
      stream.iterator?.close();
      stream.iterator = undefined;
      this.#readChunk(stream);
    });
  }

  #sendChunk(stream: Stream, pairs: readonly KeyValue[], last: boolean): void {
    const { clock, limits } = this.#context;
    let bytes = 0;
    for (const pair of pairs) bytes += pair.key.length + pair.value.length;
    const durationMs = (bytes * 1000) / limits.snapshotBytesPerSecond;
    this.#nextSendAt = Math.max(this.#nextSendAt, clock.now()) + durationMs;
    const sequence = stream.sent++;
    this.#context.send(nodeOfReplica(stream.to), {
      kind: "snapshot-chunk",
      group: stream.group.id,
      from: stream.group.replica,
      to: stream.to,
      term: stream.term,
      stream: stream.id,
      sequence,
      meta: sequence === 0 ? encodeSnapshotHeader(stream.header as SnapshotHeader) : undefined,
      pairs,
      checksum: checksumOf(pairs),
      last,
    });
  }

  #finish(stream: Stream, installed: boolean): void {
    stream.closed = true;
    this.#streams.delete(stream.id);
    stream.iterator?.close();
    stream.engine.close();
    const { counters, log } = this.#context;
    if (!installed) {
      counters.snapshotsFailed++;
      log.info("snapshot given up", { group: stream.group.id, to: stream.to, chunks: stream.sent });
      return this.#reportLater(stream.group, stream.incarnation, stream.to);
    }
    counters.snapshotsSent++;
    this.#report(stream.group, stream.incarnation, stream.to, true);
  }

  #reportLater(group: Group, incarnation: number, to: ReplicaId): void {
    this.#context.clock.after(this.#context.limits.snapshotRetryMs, () => {
      this.#report(group, incarnation, to, false);
    });
  }

  #report(group: Group, incarnation: number, to: ReplicaId, installed: boolean): void {
    this.#engaged.delete(keyOf(group, to));
    if (group.closed) return;
    // Another life of this replica may have asked meanwhile, and was not served: it has to ask again.
    group.raft.reportSnapshot(to, installed && group.incarnation === incarnation);
    this.#context.wake(group);
  }
}

function keyOf(group: Group, to: ReplicaId): string {
  return `${group.id}/${to}`;
}
