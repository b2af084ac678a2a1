// One replica of a partition: the replicated state machine that holds a token range of a table.
//
//   write-path.ts   admit → read the keys it looks at → decide against the overlay → propose → applied → outcome
//   read-path.ts    admit → confirm (strong reads: ReadIndex at the leader) → engine → outcome
//   here            apply: decode effects → engine batch
//
// Invariants: only effects reach the log; a replica's engine content is a pure function of the applied
// entries; an entry decided under another range epoch changes nothing.
import { assert } from "@azimuth/foundation/assert.ts";
import { toHex } from "@azimuth/foundation/bytes.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { PointReadCommand, RangeReadCommand, WriteCommand } from "@azimuth/operations/operation.ts";
import type { ConfigState, Role } from "@azimuth/raft/types.ts";
import { nodeOfReplica, type ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { AppliedEntry, StateMachine } from "@azimuth/replication/state-machine.ts";
import type { Engine, WriteOperation } from "@azimuth/storage/engine.ts";
import { collectionRange } from "@azimuth/storage/keys/collection-key.ts";
import { idempotencyKey, idempotencyRange } from "@azimuth/storage/keys/idempotency-key.ts";
import { indexMarkRange } from "@azimuth/storage/keys/index-mark-key.ts";
import { indexQueueKey, indexQueueRange } from "@azimuth/storage/keys/index-queue-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { lockRange } from "@azimuth/storage/keys/lock-key.ts";
import { partitionStatisticsKey } from "@azimuth/storage/keys/partition-statistics-key.ts";
import { decodeEntry, encodeChange, encodeEntry, type IndexWork } from "./entry-codec.ts";
import { IndexBuilds } from "./index-builds.ts";
import { IndexQueue, type IndexDoors } from "./index-queue.ts";
import { indexWrite, type IndexWriteCommand } from "./index-writes.ts";
import {
  decodeStatistics, emptyStatistics, encodeStatistics, withDeltas, withGeneration,
} from "./statistics.ts";
import type { PartitionStatistics } from "./statistics.ts";
import { rangeChunkBytes } from "./limits.ts";
import { RecordGenerations } from "./record-generations.ts";
import { createReadPath, type ReadPath } from "./read-path.ts";
import type { PartitionReply, ReadRequest, WriteRequest } from "./requests.ts";
import { TimeToLive } from "./time-to-live.ts";
import { LockTable } from "./transaction-locks.ts";
import { ReadWatches, type TransactionDoors } from "./transaction-reads.ts";
import { createWritePath, type WritePath } from "./write-path.ts";
import type { WriteTask } from "./write-task.ts";

export interface PartitionDescriptor {
  readonly partition: number;
  readonly tableId: number;
  readonly firstToken: string;
  readonly lastToken: string;
  readonly epoch: number;
  /** Ids of the local secondary indexes whose entries lie in this partition; absent: none. */
  readonly localIndexes?: readonly number[];
}

export interface PartitionDoors {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly host: ReplicationHost;
  /** The table of this id, or that has the index of this id, as this node's copy of the map knows it. */
  findTable(tableOrIndexId: number): TableDefinition | undefined;
  readonly indexes: IndexDoors;
  /** Absent where there are no transactions. */
  readonly transactions?: TransactionDoors | undefined;
  /** Something about this replica is worth a report at once. */
  changed(): void;
}

/** The write of the statistics in the batch being filled; later entries of that batch change its value. */
interface StatisticsOperation {
  readonly batch: WriteOperation[];
  readonly operation: { readonly kind: "put"; readonly key: Uint8Array; value: Uint8Array };
}

/** What apply returns to the proposer's waiter. */
export type ApplyVerdict = "applied" | "wrong-epoch";

export class Partition implements StateMachine {
  readonly #doors: PartitionDoors;
  #descriptor: PartitionDescriptor;
  #statistics: PartitionStatistics = emptyStatistics;
  #statisticsOperation: StatisticsOperation | undefined;
  readonly #writes: WritePath;
  readonly #reads: ReadPath;
  readonly #indexQueue: IndexQueue;
  readonly #indexBuilds: IndexBuilds;
  readonly #timeToLive: TimeToLive;
  /** Entries applied since the queue was last told have put changes into it. */
  #hasQueued = false;

  readonly recordGenerations: RecordGenerations;
  readonly locks: LockTable;
  readonly watches: ReadWatches;
  role: Role = "follower";
  leader = 0;
  /** Term in which this replica leads and may decide; 0 while it may not. */
  readyTerm = 0;

  constructor(doors: PartitionDoors, descriptor: PartitionDescriptor) {
    this.#doors = doors;
    this.#descriptor = descriptor;
    this.recordGenerations = new RecordGenerations(doors.clock);
    this.locks = new LockTable(doors.clock);
    this.watches = new ReadWatches(doors.clock);
    this.#writes = createWritePath(doors, this);
    this.#reads = createReadPath(doors, this);
    this.#indexQueue = new IndexQueue(doors, this);
    this.#indexBuilds = new IndexBuilds(doors, this, this.#indexQueue);
    this.#timeToLive = new TimeToLive(doors, this);
  }

  get descriptor(): PartitionDescriptor {
    return this.#descriptor;
  }

  get statistics(): PartitionStatistics {
    return this.#statistics;
  }

  get leaderNode(): number {
    return nodeOfReplica(this.leader);
  }

  /** Decides and replicates one write; `done` runs exactly once. */
  write(request: WriteRequest<WriteCommand>, done: (reply: PartitionReply) => void): void {
    this.#writes.submit(request, done);
  }

  /** Has the leader decide and replicate a task; `done` runs exactly once. */
  submitTask(task: WriteTask, done: (reply: PartitionReply) => void): void {
    this.#writes.submitTask(task, done);
  }

  /** Takes changes that a base partition sends to this partition of an index; `done` runs exactly once. */
  writeIndex(command: IndexWriteCommand, epoch: number, done: (reply: PartitionReply) => void): void {
    const task = indexWrite(command, epoch, this.#descriptor);
    if (task === undefined) done({ status: "wrong-epoch" });
    else this.#writes.submitTask(task, done);
  }

  /** Goes on with indexes that are being built; called now and then. */
  buildIndexes(): void {
    this.#indexBuilds.look();
  }

  /** Deletes what has expired; called once per sweep interval. */
  sweepExpired(): void {
    this.#timeToLive.sweep();
  }

  /** The replica leaves this node: whatever goes on by itself ends. */
  close(): void {
    this.readyTerm = 0;
    this.#indexQueue.reset();
  }

  /** Reads one item or one page of a range; `done` runs exactly once. */
  read(request: ReadRequest<PointReadCommand | RangeReadCommand>, done: (reply: PartitionReply) => void): void {
    this.#reads.submit(request, done);
  }

  /** Has the leader drop idempotency records that no retry can ask for any more; called now and then. */
  expireRecords(): void {
    if (this.readyTerm === 0) return;
    const through = this.recordGenerations.expired(this.#statistics.generations);
    if (through === undefined) return;
    const data = encodeEntry({
      epoch: this.#descriptor.epoch,
      generation: through,
      expires: true,
      itemCountDelta: 0,
      itemBytesDelta: 0,
      record: undefined,
      effects: [],
    });
    this.#doors.host.propose(this.#descriptor.partition, data, () => {});
  }

  apply(entry: AppliedEntry, batch: WriteOperation[]): ApplyVerdict {
    const decoded = decodeEntry(entry.data);
    const { epoch, tableId } = this.#descriptor;
    if (decoded.epoch !== epoch) return "wrong-epoch";
    for (const effect of decoded.effects) {
      batch.push(effect);
      this.locks.applied(effect);
      this.watches.touched(effect.key);
    }
    let { generations } = this.#statistics;
    if (decoded.record !== undefined) {
      const { requestToken, token, outcome, isRetry } = decoded.record;
      const key = idempotencyKey(tableId, decoded.generation, token, requestToken);
      batch.push({ kind: "put", key, value: outcome });
      generations = withGeneration(generations, decoded.generation);
      this.recordGenerations.note(decoded.generation);
      if (isRetry) this.#writes.noteRetried(toHex(requestToken), decoded.generation);
    }
    if (decoded.expires) {
      const expired = generations.filter((generation) => generation <= decoded.generation);
      for (const range of idempotencyRanges(expired, this.#descriptor)) batch.push({ kind: "delete-range", ...range });
      generations = generations.filter((generation) => generation > decoded.generation);
      this.recordGenerations.forgetThrough(decoded.generation);
      this.#writes.forgetRetriedThrough(decoded.generation);
    }
    const items = this.#statistics.items + decoded.itemCountDelta;
    const bytes = this.#statistics.bytes + decoded.itemBytesDelta;
    assert(items >= 0 && bytes >= 0, `partition ${this.#descriptor.partition} counts ${items} items, ${bytes} bytes`);
    const { localDeltas = [] } = decoded;
    const { localIndexes: known } = this.#statistics;
    const localIndexes = localDeltas.length === 0 ? known : withDeltas(known, localDeltas);
    this.#statistics = { ...this.#statistics, items, bytes, generations, localIndexes };
    if (decoded.indexWork !== undefined) this.#applyIndexWork(entry.index, decoded.indexWork, batch);
    this.#writeStatistics(batch);
    return "applied";
  }

  #applyIndexWork(index: number, work: IndexWork, batch: WriteOperation[]): void {
    const { partition } = this.#descriptor;
    work.changes.forEach((change, ordinal) => {
      batch.push({ kind: "put", key: indexQueueKey(partition, { index, ordinal }), value: encodeChange(change) });
    });
    if (work.changes.length > 0) this.#hasQueued = true;
    const queued = this.#statistics.queued + work.changes.length - work.removed;
    assert(queued >= 0, `partition ${partition} took more out of its index queue than there was`);
    const indexVersion = Math.max(this.#statistics.indexVersion, work.indexVersion);
    const builtIndexes = work.built.length > 0 ? work.built : this.#statistics.builtIndexes;
    this.#statistics = { ...this.#statistics, queued, indexVersion, builtIndexes };
  }

  /** One statistics record per batch: later entries of the same batch overwrite it in place. */
  #writeStatistics(batch: WriteOperation[]): void {
    const value = encodeStatistics(this.#statistics);
    if (this.#statisticsOperation?.batch === batch) {
      this.#statisticsOperation.operation.value = value;
      return;
    }
    const operation = { kind: "put" as const, key: partitionStatisticsKey(this.#descriptor.partition), value };
    this.#statisticsOperation = { batch, operation };
    batch.push(operation);
  }

  appliedThrough(index: number): void {
    this.#statisticsOperation = undefined;
    this.#writes.appliedThrough(index);
    if (!this.#hasQueued) return;
    this.#hasQueued = false;
    this.#indexQueue.wake();
  }

  configChanged(_config: ConfigState, _context: Uint8Array): void {}

  roleChanged(role: Role, leader: number, _term: number): void {
    this.role = role;
    this.leader = leader;
    this.readyTerm = 0;
    this.watches.clear();
    this.#indexQueue.reset();
    this.#writes.leadershipLost();
  }

  leaderReady(term: number): void {
    this.readyTerm = term;
    this.#writes.leaderReady();
    if (this.#statistics.queued > 0) this.#indexQueue.wake();
    this.#indexBuilds.look();
    this.#doors.changed();
  }

  ranges(): readonly { readonly start: Uint8Array; readonly end: Uint8Array }[] {
    const { partition, tableId, firstToken, lastToken, localIndexes = [] } = this.#descriptor;
    const statistics = partitionStatisticsKey(partition);
    return [
      partitionRange(tableId, firstToken, lastToken),
      ...localIndexes.map((index) => partitionRange(index, firstToken, lastToken)),
      collectionRange(tableId, firstToken, lastToken),
      lockRange(tableId, firstToken, lastToken),
      indexQueueRange(partition),
      indexMarkRange(partition),
      { start: statistics, end: Buffer.concat([statistics, Buffer.of(0)]) },
      ...idempotencyRanges(this.#statistics.generations, this.#descriptor),
    ];
  }

  load(done: () => void): void {
    this.#doors.engine.get([partitionStatisticsKey(this.#descriptor.partition)], ([stored]) => {
      this.#statistics = stored === undefined ? emptyStatistics : decodeStatistics(stored);
      this.recordGenerations.reset(this.#statistics.generations);
      this.#writes.stateReplaced();
      this.#indexQueue.reset();
      this.#loadLocks(done);
    });
  }

  #loadLocks(done: () => void): void {
    const { tableId, firstToken, lastToken } = this.#descriptor;
    this.locks.clear();
    const iterator = this.#doors.engine.iterate(lockRange(tableId, firstToken, lastToken));
    const pull = (): void => iterator.next(rangeChunkBytes, (pairs) => {
      this.locks.load(pairs);
      if (pairs.length > 0) return pull();
      iterator.close();
      done();
    });
    pull();
  }
}

function idempotencyRanges(generations: readonly number[], { tableId, firstToken, lastToken }: PartitionDescriptor) {
  return generations.map((generation) => idempotencyRange(tableId, generation, firstToken, lastToken));
}
