// Writes at the leader. Requests gather while the keys of the batch before are read; then each is decided in order
// against overlay and engine, and proposed at once, so that writes to one item pipeline without a lock.
//
// The rules (ARCHITECTURE, "The leader decides, the log carries the decision"):
// - decide only as a ready leader, in the term in which the keys were read;
// - a success is answered after its entry is applied;
// - a refusal is answered only when what it saw is applied and leadership at the time of the decision is confirmed
//   by ReadIndex;
// - a retry (attempt > 0) looks for the record of an earlier attempt, and its refusal is recorded too, so that an
//   earlier attempt still on its way cannot be applied behind the answer. A first attempt needs no look-up unless
//   a retry of it was seen before it.
import { assert } from "@azimuth/foundation/assert.ts";
import { bytesName, toHex } from "@azimuth/foundation/bytes.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { Outcome, WriteCommand } from "@azimuth/operations/operation.ts";
import { nodeOfReplica, type ProposalResult } from "@azimuth/replication/host-api.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import { idempotencyKey } from "@azimuth/storage/keys/idempotency-key.ts";
import { isLockKey } from "@azimuth/storage/keys/lock-key.ts";
import { encodeEntry } from "./entry-codec.ts";
import { decideBatchMax, queuedChangesMax, writesInFlightMax } from "./limits.ts";
import { Overlay } from "./overlay.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import type { PartitionReply, WriteRequest } from "./requests.ts";
import { clientWrite } from "./table-writes.ts";
import { isTransactionCommand, transactionWrite } from "./transaction-writes.ts";
import { isNothing, type Look, type TaskDecision, type WriteTask } from "./write-task.ts";

export interface WritePath {
  submit(request: WriteRequest<WriteCommand>, done: (reply: PartitionReply) => void): void;
  /** The same for what is no client's write. */
  submitTask(task: WriteTask, done: (reply: PartitionReply) => void): void;
  appliedThrough(index: number): void;
  /**
   * Holds back writes that have not been decided. `quiet` runs each time when nothing of those before is under way any
   * more, perhaps several times: what passes the seal goes on.
   */
  seal(quiet: () => void): void;
  unseal(): void;
  readonly isSealed: boolean;
  leadershipLost(): void;
  leaderReady(): void;
  /** The state came from a snapshot: what retries it holds is not known here. */
  stateReplaced(): void;
  noteRetried(requestToken: string, generation: number): void;
  forgetRetriedThrough(generation: number): void;
}

interface Pending {
  readonly task: WriteTask;
  /** Idempotency records to look for, newest generation first; empty when none is needed. */
  recordKeys: readonly Uint8Array[];
  readonly done: (reply: PartitionReply) => void;
}

/** A table whose indexes fall behind takes no more writes than they do. */
const throttled: Outcome = {
  refused: {
    type: "ThrottlingException",
    message: "Throughput exceeds the current capacity for one or more global secondary indexes. " +
      "DynamoDB is automatically scaling your index so please try again shortly.",
  },
};

export function createWritePath(doors: PartitionDoors, partition: Partition): WritePath {
  return new LeaderWritePath(doors, partition);
}

class LeaderWritePath implements WritePath {
  readonly #doors: PartitionDoors;
  readonly #partition: Partition;
  readonly #overlay = new Overlay();
  /** Outcomes of records in the overlay that await their entry: a retry answers when that entry is applied. */
  readonly #waitingByIndex = new Map<number, ((result: ProposalResult) => void)[]>();
  readonly #retried = new Map<string, number>();
  #queue: Pending[] = [];
  #reading = false;
  #scheduled = false;
  #inFlight = 0;
  /** Entries proposed whose fate is not known. */
  #undecided = 0;
  /** While sealed. */
  #quiet: (() => void) | undefined;
  /** While this generation or one before is kept, first attempts look for records too: a snapshot may hide retries. */
  #lookAlwaysThrough = 0;

  constructor(doors: PartitionDoors, partition: Partition) {
    this.#doors = doors;
    this.#partition = partition;
  }

  submit(request: WriteRequest<WriteCommand>, done: (reply: PartitionReply) => void): void {
    const { command } = request;
    const { descriptor, statistics } = this.#partition;
    const { token } = command.position;
    const { tableId, firstToken, lastToken } = descriptor;
    const isHere = command.tableId === tableId && token >= firstToken && token <= lastToken;
    const table = this.#doors.findTable(command.tableId);
    if (!isHere || table === undefined) return done({ status: "wrong-epoch" });
    // A retry may have been carried out before, and what a transaction has prepared must be ended.
    const mayWait = request.attempt === 0 && this.#partition.readyTerm !== 0 && !isTransactionCommand(command);
    if (mayWait && statistics.queued >= queuedChangesMax) return done({ status: "ok", outcome: throttled });
    this.submitTask(this.#taskOf(request, table), done);
  }

  #taskOf(request: WriteRequest<WriteCommand>, table: TableDefinition): WriteTask {
    const { clock } = this.#doors;
    const { locks, recordGenerations } = this.#partition;
    const { command } = request;
    if (!isTransactionCommand(command)) return clientWrite(clock, request, table, locks);
    locks.noteUse();
    // Until it is decided the next one may begin.
    const current = recordGenerations.current();
    const generations = new Set([...recordGenerations.known, current, current + 1]);
    return transactionWrite(clock, { ...request, command }, table, generations);
  }

  submitTask(task: WriteTask, done: (reply: PartitionReply) => void): void {
    const { descriptor, readyTerm } = this.#partition;
    if (task.epoch !== descriptor.epoch) return done({ status: "wrong-epoch" });
    if (readyTerm === 0) return done(this.#notLeader());
    // What ends the wait of all that is held back must not be kept out by it.
    if (this.#inFlight >= writesInFlightMax && task.passesSeal !== true) {
      return done({ status: "unavailable", reason: "too many writes are waiting" });
    }
    this.#inFlight++;
    const answer = (reply: PartitionReply): void => {
      this.#inFlight--;
      done(reply);
    };
    this.#queue.push({ task, recordKeys: [], done: answer });
    this.#schedule();
  }

  #notLeader(): PartitionReply {
    return { status: "not-leader", leader: this.#partition.role === "leader" ? 0 : this.#partition.leaderNode };
  }

  #schedule(): void {
    if (this.#scheduled || this.#reading) return;
    if (!this.#hasWork()) return this.#checkQuiet();
    this.#scheduled = true;
    this.#doors.clock.defer(() => {
      this.#scheduled = false;
      this.#readBatch();
    });
  }

  #hasWork(): boolean {
    return this.isSealed ? this.#queue.some(({ task }) => task.passesSeal) : this.#queue.length > 0;
  }

  /** The next tasks to decide, in order. */
  #takeBatch(): readonly Pending[] {
    if (!this.isSealed) return this.#queue.splice(0, decideBatchMax);
    const passing = this.#queue.filter(({ task }) => task.passesSeal);
    this.#queue = this.#queue.filter(({ task }) => !task.passesSeal);
    return passing;
  }

  get isSealed(): boolean {
    return this.#quiet !== undefined;
  }

  seal(quiet: () => void): void {
    this.#quiet = quiet;
    this.#doors.clock.defer(() => this.#checkQuiet());
  }

  unseal(): void {
    this.#quiet = undefined;
    this.#schedule();
  }

  #checkQuiet(): void {
    if (this.#undecided === 0 && !this.#reading && !this.#scheduled) this.#quiet?.();
  }

  /** Reads what the next batch looks at and the overlay does not know, then decides the batch. */
  #readBatch(): void {
    if (this.#reading) return;
    if (!this.#hasWork()) return this.#checkQuiet();
    const batch = this.#takeBatch();
    const term = this.#partition.readyTerm;
    if (term === 0) {
      for (const pending of batch) pending.done(this.#notLeader());
      return this.#schedule();
    }
    this.#reading = true;
    this.#overlay.pin();
    const generation = this.#partition.recordGenerations.current();
    const keys: Uint8Array[] = [];
    const wanted = new Set<string>();
    const want = (key: Uint8Array): void => {
      const name = bytesName(key);
      if (wanted.has(name) || this.#overlay.get(key) !== undefined) return;
      wanted.add(name);
      keys.push(key);
    };
    for (const pending of batch) {
      pending.recordKeys = this.#recordKeysOf(pending.task, generation);
      for (const key of pending.task.keys) want(key);
      for (const key of pending.recordKeys) want(key);
    }
    const decide = (values: readonly (Uint8Array | undefined)[]): void => {
      const found = new Map<string, Uint8Array | undefined>();
      keys.forEach((key, position) => found.set(bytesName(key), values[position]));
      this.#decideBatch(batch, found, term, generation);
      this.#reading = false;
      this.#overlay.unpin();
      this.#schedule();
    };
    if (keys.length === 0) decide([]);
    else this.#doors.engine.get(keys, decide);
  }

  #recordKeysOf({ requestToken, attempt, token }: WriteTask, generation: number): readonly Uint8Array[] {
    if (requestToken.length === 0) return [];
    const { statistics, descriptor, recordGenerations } = this.#partition;
    const oldest = statistics.generations[0] ?? Infinity;
    const needed = attempt > 0 || oldest <= this.#lookAlwaysThrough || this.#retried.has(toHex(requestToken));
    if (!needed) return [];
    const live = new Set([...recordGenerations.known, generation]);
    return [...live].map((each) => idempotencyKey(descriptor.tableId, each, token, requestToken));
  }

  /** A retry of this first attempt was decided after its keys were read: its record must be looked for. */
  #mustLookAfterAll({ task, recordKeys }: Pending): boolean {
    return recordKeys.length === 0 && task.requestToken.length > 0 && this.#retried.has(toHex(task.requestToken));
  }

  #decideBatch(
    batch: readonly Pending[],
    found: ReadonlyMap<string, Uint8Array | undefined>,
    term: number,
    generation: number,
  ): void {
    for (const pending of batch) {
      if (this.#partition.readyTerm !== term) pending.done(this.#notLeader());
      else this.#decideOne(pending, found, generation);
    }
  }

  #decideOne(pending: Pending, found: ReadonlyMap<string, Uint8Array | undefined>, generation: number): void {
    const { task } = pending;
    const { descriptor, statistics } = this.#partition;
    const table = this.#doors.findTable(descriptor.tableId);
    if (task.epoch !== descriptor.epoch || table === undefined) return pending.done({ status: "wrong-epoch" });
    if ((table.indexVersion ?? 0) < statistics.indexVersion) {
      return pending.done({ status: "unavailable", reason: "this node's map does not know the table's indexes yet" });
    }
    if (this.#mustLookAfterAll(pending)) {
      probe("a first attempt was decided after its retry");
      this.#queue.unshift(pending);
      return;
    }
    let seenIndex = 0;
    const look: Look = (key) => {
      const decided = this.#overlay.get(key);
      if (decided === undefined) {
        if (isLockKey(key)) return this.#partition.locks.get(key);
        assert(found.has(bytesName(key)), "decide looked at a key that was not read");
        return found.get(bytesName(key));
      }
      seenIndex = Math.max(seenIndex, decided.index);
      return decided.value;
    };
    for (const recordKey of pending.recordKeys) {
      const recorded = look(recordKey);
      if (recorded === undefined) continue;
      probe("a retry was answered from the record of an earlier attempt");
      return this.#answerFromRecord(seenIndex, decodeBody<Outcome>(recorded), pending);
    }
    const decision = task.decide(look, table);
    if (isNothing(decision) && task.attempt === 0) {
      return this.#answerWithoutEntry(seenIndex, decision.outcome, pending);
    }
    this.#propose(pending, decision, generation);
  }

  #propose(pending: Pending, decision: TaskDecision, generation: number): void {
    const { requestToken, attempt, token } = pending.task;
    const { effects, unseen, itemCountDelta, itemBytesDelta, indexWork, localDeltas, outcome } = decision;
    const record =
      requestToken.length === 0
        ? undefined
        : { requestToken, token, outcome: encodeBody(outcome as Plain), isRetry: attempt > 0 };
    const { epoch, partition } = this.#partition.descriptor;
    const data = encodeEntry({
      epoch, generation, expires: false, itemCountDelta, itemBytesDelta, record, indexWork, localDeltas,
      effects: unseen.length === 0 ? effects : [...effects, ...unseen],
    });
    this.#undecided++;
    const index = this.#doors.host.propose(partition, data, (result) => {
      this.#undecided--;
      if (index !== 0) this.#settle(index, result);
      pending.done(replyToProposal(result, outcome));
      this.#checkQuiet();
    });
    if (index === 0) return;
    const writes = effects.map((effect) => ({
      key: effect.key,
      value: effect.kind === "put" ? effect.value : undefined,
    }));
    if (record !== undefined) {
      const key = idempotencyKey(this.#partition.descriptor.tableId, generation, record.token, requestToken);
      writes.push({ key, value: record.outcome });
      this.#partition.recordGenerations.note(generation);
      if (attempt > 0) this.noteRetried(toHex(requestToken), generation);
    }
    this.#overlay.put(index, writes);
  }

  /** Answers a retry with the outcome of its earlier attempt, once that is applied. */
  #answerFromRecord(seenIndex: number, outcome: Outcome, pending: Pending): void {
    if (seenIndex <= this.#applied()) return pending.done({ status: "ok", outcome });
    probe("a retry met an earlier attempt that is not applied yet");
    this.#whenSettled(seenIndex, (result) => pending.done(replyToProposal(result, outcome)));
  }

  /**
   * Answers without proposing, once the newest entry that the decision saw is applied and leadership is confirmed. The
   * one does not stand for the other: of an entry that others have committed, who led before hears as well, after what
   * they have done meanwhile.
   */
  #answerWithoutEntry(seenIndex: number, outcome: Outcome, pending: Pending): void {
    const { partition } = this.#partition.descriptor;
    let conditions = 2;
    const met = (): void => {
      if (--conditions === 0) pending.done({ status: "ok", outcome });
    };
    // Nothing of the write itself was done, so it may be tried again.
    const failed = (leader: number): void => {
      if (conditions > 0) pending.done({ status: "not-leader", leader });
      conditions = 0;
    };
    if (seenIndex <= this.#applied()) met();
    else {
      probe("a refusal waited for what it saw to be committed");
      this.#whenSettled(seenIndex, (result) => {
        if (result.kind === "applied" && result.value !== "wrong-epoch") met();
        else failed(result.kind === "not-leader" ? nodeOfReplica(result.leader) : 0);
      });
    }
    this.#doors.host.readIndex(partition, (result) => {
      if (result.kind === "confirmed") met();
      else failed(nodeOfReplica(result.leader));
    });
  }

  #applied(): number {
    return this.#doors.host.status(this.#partition.descriptor.partition)?.applied ?? 0;
  }

  #whenSettled(index: number, waiter: (result: ProposalResult) => void): void {
    const waiters = this.#waitingByIndex.get(index) ?? [];
    waiters.push(waiter);
    this.#waitingByIndex.set(index, waiters);
  }

  #settle(index: number, result: ProposalResult): void {
    const waiters = this.#waitingByIndex.get(index);
    if (waiters === undefined) return;
    this.#waitingByIndex.delete(index);
    for (const waiter of waiters) waiter(result);
  }

  appliedThrough(index: number): void {
    this.#overlay.appliedThrough(index);
  }

  leadershipLost(): void {
    this.#quiet = undefined;
    this.#overlay.clear();
  }

  leaderReady(): void {
    this.#schedule();
  }

  stateReplaced(): void {
    this.#overlay.clear();
    this.#lookAlwaysThrough = this.#partition.statistics.generations.at(-1) ?? 0;
  }

  noteRetried(requestToken: string, generation: number): void {
    this.#retried.set(requestToken, generation);
  }

  forgetRetriedThrough(generation: number): void {
    for (const [token, from] of this.#retried) if (from <= generation) this.#retried.delete(token);
    if (generation >= this.#lookAlwaysThrough) this.#lookAlwaysThrough = 0;
  }
}

function replyToProposal(result: ProposalResult, outcome: Outcome): PartitionReply {
  switch (result.kind) {
    case "applied":
      return result.value === "wrong-epoch" ? { status: "wrong-epoch" } : { status: "ok", outcome };
    case "not-leader":
      return { status: "not-leader", leader: nodeOfReplica(result.leader) };
    case "dropped":
      return { status: "unavailable", reason: result.reason };
    case "unknown":
      return { status: "unknown" };
  }
}
