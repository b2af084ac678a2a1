// One replica of a partition: the replicated state machine that holds a token range of a table.
//
//   write-path.ts   admit → read the keys it looks at → decide against the overlay → propose → applied → outcome
//   read-path.ts    admit → confirm (strong reads: ReadIndex at the leader) → engine → outcome
//   splitter.ts     at the leader: count → hold writes back → propose the entry that divides the range (split.ts)
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
import { probe } from "@azimuth/foundation/probe.ts";
import { previousToken } from "@azimuth/placement/token.ts";
import { nodeOfReplica, type ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { AppliedEntry, KeyRange, StateMachine, StoredState } from "@azimuth/replication/state-machine.ts";
import type { Engine, EngineReader, WriteOperation } from "@azimuth/storage/engine.ts";
import { birthKey } from "@azimuth/storage/keys/birth-key.ts";
import { collectionRange } from "@azimuth/storage/keys/collection-key.ts";
import { generationsIn, idempotencyKey, idempotencyRange } from "@azimuth/storage/keys/idempotency-key.ts";
import { indexMarkRange } from "@azimuth/storage/keys/index-mark-key.ts";
import { indexQueueKey, indexQueueRange } from "@azimuth/storage/keys/index-queue-key.ts";
import { partitionRange } from "@azimuth/storage/keys/item-key.ts";
import { lockRange } from "@azimuth/storage/keys/lock-key.ts";
import { partitionStatisticsKey } from "@azimuth/storage/keys/partition-statistics-key.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import { rangeVersionOf, type PartitionDescriptor, type RangeVersion } from "./descriptor.ts";
import { decodeEntry, encodeChange, encodeEntry, type EntryEffect, type IndexWork } from "./entry-codec.ts";
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
import { childOf, divide, encodeBirth, isWithin, maySplit, parentAfter, type Birth, type Split } from "./split.ts";
import { SplitPoint } from "./split-point.ts";
import { Splitter, type SplitWish } from "./splitter.ts";
import { TimeToLive } from "./time-to-live.ts";
import { LockTable } from "./transaction-locks.ts";
import { ReadWatches, type TransactionDoors } from "./transaction-reads.ts";
import { createWritePath, type WritePath } from "./write-path.ts";
import type { WriteTask } from "./write-task.ts";

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
  /** A split of this replica is in the engine: the child's replica is to be created. `leads`: it should lead. */
  born(birth: Birth, leads: boolean): void;
  /** The range is another one than before, by a snapshot: what overlapped with it may not any more. */
  rangeReplaced(): void;
}

/** The write of the statistics in the batch being filled; later entries of that batch change its value. */
interface StatisticsOperation {
  readonly batch: WriteOperation[];
  readonly operation: { readonly kind: "put"; readonly key: Uint8Array; value: Uint8Array };
}

/** What apply returns to the proposer's waiter. */
export type ApplyVerdict = "applied" | "wrong-epoch" | "not-split";

export class Partition implements StateMachine {
  readonly #doors: PartitionDoors;
  #descriptor: PartitionDescriptor;
  /** The range in a state that says nothing of it. */
  readonly #origin: RangeVersion;
  #isLoaded = false;
  #statistics: PartitionStatistics = emptyStatistics;
  #statisticsOperation: StatisticsOperation | undefined;
  readonly #writes: WritePath;
  readonly #reads: ReadPath;
  readonly #indexQueue: IndexQueue;
  readonly #indexBuilds: IndexBuilds;
  readonly #timeToLive: TimeToLive;
  readonly #splitter: Splitter;
  readonly #splitPoint: SplitPoint;
  /** Made by splits that are applied and perhaps not visible yet. */
  #unborn: Birth[] = [];
  /** Index of the last entry applied, and of the last one that is visible in the engine. */
  #handed = 0;
  #visible = 0;
  #whenVisible: (() => void)[] = [];
  /** Entries applied since the queue was last told have put changes into it. */
  #hasQueued = false;

  readonly recordGenerations: RecordGenerations;
  readonly locks: LockTable;
  readonly watches: ReadWatches;
  /** How often the state was loaded: more often than before means that it is another one. */
  loads = 0;
  isClosed = false;
  role: Role = "follower";
  leader = 0;
  /** Term in which this replica leads and may decide; 0 while it may not. */
  readyTerm = 0;

  /** `range`: what the range was last known to be, for as long as this replica has no state. */
  constructor(doors: PartitionDoors, descriptor: PartitionDescriptor, range?: RangeVersion) {
    this.#doors = doors;
    this.#descriptor = { ...descriptor, ...range };
    this.#origin = rangeVersionOf(descriptor);
    this.recordGenerations = new RecordGenerations(doors.clock);
    this.locks = new LockTable(doors.clock);
    this.watches = new ReadWatches(doors.clock);
    this.#writes = createWritePath(doors, this);
    this.#reads = createReadPath(doors, this);
    this.#indexQueue = new IndexQueue(doors, this);
    this.#indexBuilds = new IndexBuilds(doors, this, this.#indexQueue);
    this.#timeToLive = new TimeToLive(doors, this);
    this.#splitter = new Splitter(doors, this, this.#writes, this.#indexQueue);
    this.#splitPoint = new SplitPoint(doors.engine, this);
  }

  get descriptor(): PartitionDescriptor {
    return this.#descriptor;
  }

  /** The last token that its state may reach to: before that is loaded, it may be from before a split that is known. */
  get reachesTo(): string {
    return this.#isLoaded ? this.#descriptor.lastToken : this.#origin.lastToken;
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

  /** Has the leader divide the partition; false when it cannot begin with that now. */
  split(wish: SplitWish): boolean {
    return this.#splitter.begin(wish);
  }

  /** Indexes are too far behind for a split to begin now. */
  get splitRests(): boolean {
    return this.#splitter.rests;
  }

  /** Where a partition of more bytes than these should be divided; undefined: not at all, or not known yet. */
  splitPoint(bytesMax: number): string | undefined {
    return this.#splitPoint.find(bytesMax);
  }

  /** Runs `callback` once every entry applied so far is visible in the engine; perhaps at once. */
  whenVisible(callback: () => void): void {
    if (this.#visible >= this.#handed) callback();
    else this.#whenVisible.push(callback);
  }

  /** The replica leaves this node: whatever goes on by itself ends. */
  close(): void {
    this.isClosed = true;
    this.readyTerm = 0;
    this.#indexQueue.reset();
    this.#splitter.reset();
  }

  /** Children that begin as soon as their splits are visible in the engine. */
  get unborn(): readonly Birth[] {
    return this.#unborn;
  }

  /** After `close`: what there is of children that will not begin from this replica any more. */
  unbornRanges(): readonly KeyRange[] {
    return this.#unborn.flatMap(({ descriptor }) => rangesOf(descriptor, this.#statistics.generations));
  }

  /** Reads one item or one page of a range; `done` runs exactly once. */
  read(request: ReadRequest<PointReadCommand | RangeReadCommand>, done: (reply: PartitionReply) => void): void {
    this.#reads.submit(request, done);
  }

  /** Has the leader drop idempotency records that no retry can ask for any more; called now and then. */
  expireRecords(): void {
    if (this.readyTerm === 0 || this.#writes.isSealed) return;
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

  apply(entry: AppliedEntry, batch: WriteOperation[], config: ConfigState): ApplyVerdict {
    const decoded = decodeEntry(entry.data);
    const { epoch, tableId } = this.#descriptor;
    this.#handed = entry.index;
    if (decoded.epoch !== epoch) return "wrong-epoch";
    const { split, effects } = decoded;
    if (split !== undefined) return this.#applySplit(entry.index, split, effects, batch, config);
    for (const effect of effects) {
      batch.push(effect);
      this.locks.applied(effect);
      this.watches.touched(effect.key);
      this.#splitter.touched(effect);
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

  #applySplit(
    index: number, split: Split, effects: readonly EntryEffect[], batch: WriteOperation[], config: ConfigState,
  ): ApplyVerdict {
    if (!maySplit(split, index, this.#descriptor, this.#statistics, config)) {
      probe("an entry that was to split a partition came too late");
      return "not-split";
    }
    batch.push(...effects);
    const descriptor = childOf(this.#descriptor, split);
    const birth = { descriptor, voters: split.voters };
    this.#descriptor = parentAfter(this.#descriptor, split);
    const { parent, child } = divide(this.#statistics, split, this.#descriptor, descriptor);
    assert(parent.items >= 0 && parent.bytes >= 0, "a split gives away more than there is");
    this.#statistics = parent;
    const { partition } = descriptor;
    batch.push({ kind: "put", key: partitionStatisticsKey(partition), value: encodeStatistics(child) });
    batch.push({ kind: "put", key: birthKey(partition), value: encodeBirth(birth) });
    this.#writeStatistics(batch);
    this.#unborn.push(birth);
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
    this.#visible = index;
    this.#writes.appliedThrough(index);
    for (const callback of this.#whenVisible.splice(0)) this.whenVisible(callback);
    this.#completeSplits();
    if (!this.#hasQueued) return;
    this.#hasQueued = false;
    this.#indexQueue.wake();
  }

  /** What this replica remembers of the range that it gave away goes; writes that waited come back elsewhere. */
  #completeSplits(): void {
    if (this.#unborn.length === 0) return;
    const births = this.#unborn;
    this.#unborn = [];
    probe("a replica split");
    if (births.length > 1) probe("a replica split several times at once");
    this.locks.keepThrough(this.#descriptor.lastToken);
    this.watches.clear();
    this.#splitter.reset();
    for (const birth of births) this.#doors.born(birth, this.role === "leader");
    this.#doors.changed();
  }

  configChanged(_config: ConfigState, _context: Uint8Array): void {}

  roleChanged(role: Role, leader: number, _term: number): void {
    this.role = role;
    this.leader = leader;
    this.readyTerm = 0;
    this.watches.clear();
    this.#indexQueue.reset();
    this.#splitter.reset();
    this.#writes.leadershipLost();
  }

  leaderReady(term: number): void {
    this.readyTerm = term;
    this.#writes.leaderReady();
    if (this.#statistics.queued > 0) this.#indexQueue.wake();
    this.#indexBuilds.look();
    this.#doors.changed();
  }

  /** Key ranges in the engine that make up the state as of the last entry applied. */
  ranges(): readonly KeyRange[] {
    return rangesOf(this.#descriptor, this.#statistics.generations);
  }

  /** What is known of the records' generations is of no use: a state not loaded, or cut short, has others. */
  remainsIn(reader: EngineReader, done: (ranges: readonly KeyRange[]) => void): void {
    generationsIn(reader, this.#descriptor, (generations) => done(rangesOf(this.#descriptor, generations)));
  }

  stateIn(reader: EngineReader, done: (state: StoredState) => void): void {
    const { partition } = this.#descriptor;
    reader.get([partitionStatisticsKey(partition)], ([stored]) => {
      const statistics = stored === undefined ? emptyStatistics : decodeStatistics(stored);
      const range = statistics.range ?? this.#origin;
      const ranges = rangesOf({ ...this.#descriptor, ...range }, statistics.generations);
      done({ ranges, extent: range.lastToken });
    });
  }

  /**
   * Not a state from before a split that this node knows of: the second half is another replica's here. Nor any while a
   * child is about to be born: until its node has noted that, a crash would leave nobody who knows of the split.
   */
  mayReceive(lastToken: string): boolean {
    return lastToken <= this.#descriptor.lastToken && this.#unborn.length === 0;
  }

  /** Of a child that is here: as long as this replica has no state, that is how it knows how far it reaches. */
  noteChild(child: PartitionDescriptor): void {
    const { tableId } = this.#descriptor;
    if (this.#isLoaded || child.tableId !== tableId || !isWithin(this.#descriptor, child.firstToken)) return;
    const lastToken = previousToken(child.firstToken) as string;
    this.#descriptor = { ...this.#descriptor, epoch: child.epoch, lastToken };
  }

  load(done: () => void): void {
    this.loads++;
    this.#doors.engine.get([partitionStatisticsKey(this.#descriptor.partition)], ([stored]) => {
      const { reachesTo } = this;
      this.#statistics = stored === undefined ? emptyStatistics : decodeStatistics(stored);
      this.#isLoaded = true;
      this.#descriptor = { ...this.#descriptor, ...(this.#statistics.range ?? this.#origin) };
      this.#handed = 0;
      this.#visible = 0;
      this.recordGenerations.reset(this.#statistics.generations);
      this.#writes.stateReplaced();
      this.#indexQueue.reset();
      this.#splitter.reset();
      this.#loadLocks(() => {
        done();
        if (this.reachesTo !== reachesTo) this.#doors.rangeReplaced();
      });
    });
  }

  #loadLocks(done: () => void): void {
    const { tableId, firstToken, lastToken } = this.#descriptor;
    this.locks.clear();
    const range = { ...lockRange(tableId, firstToken, lastToken), chunkBytes: rangeChunkBytes };
    walkRange(this.#doors.engine, range, (pairs) => this.locks.load(pairs), done);
  }
}

function rangesOf(descriptor: PartitionDescriptor, generations: readonly number[]): readonly KeyRange[] {
  const { partition, tableId, firstToken, lastToken, localIndexes = [] } = descriptor;
  const statistics = partitionStatisticsKey(partition);
  return [
    partitionRange(tableId, firstToken, lastToken),
    ...localIndexes.map((index) => partitionRange(index, firstToken, lastToken)),
    collectionRange(tableId, firstToken, lastToken),
    lockRange(tableId, firstToken, lastToken),
    indexQueueRange(partition),
    indexMarkRange(partition),
    { start: statistics, end: Buffer.concat([statistics, Buffer.of(0)]) },
    ...idempotencyRanges(generations, descriptor),
  ];
}

function idempotencyRanges(generations: readonly number[], { tableId, firstToken, lastToken }: PartitionDescriptor) {
  return generations.map((generation) => idempotencyRange(tableId, generation, firstToken, lastToken));
}
