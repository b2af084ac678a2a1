// Writes at the leader. Requests gather while the keys of the batch before are read; then each is decided in order
// against overlay and engine, and proposed at once, so that writes to one item pipeline without a lock.
//
// The rules (ARCHITECTURE, "The leader decides, the log carries the decision"):
// - decide only as a ready leader, in the term in which the keys were read;
// - a success is answered after its entry is applied;
// - a refusal is answered only when what it saw has committed: the proposal it saw is applied, or leadership is
//   confirmed by ReadIndex;
// - a retry (attempt > 0) looks for the record of an earlier attempt, and its refusal is recorded too, so that an
//   earlier attempt still on its way cannot be applied behind the answer. A first attempt needs no look-up unless
//   a retry of it was seen before it.
import { assert } from "@azimuth/foundation/assert.ts";
import { concatBytes, toHex } from "@azimuth/foundation/bytes.ts";
import type { Decision, Outcome, WriteCommand, WriteOperation } from "@azimuth/operations/operation.ts";
import { nodeOperations } from "@azimuth/operations/registry.ts";
import { nodeOfReplica, type ProposalResult } from "@azimuth/replication/host-api.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import { idempotencyKey } from "@azimuth/storage/keys/idempotency-key.ts";
import { tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { encodeEntry, type EntryEffect } from "./entry-codec.ts";
import { decideBatchMax, idempotencyGenerationMs, writesInFlightMax } from "./limits.ts";
import { Overlay } from "./overlay.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import { refusalOf } from "./read-path.ts";
import type { PartitionReply, WriteRequest } from "./requests.ts";

export interface WritePath {
  submit(request: WriteRequest<WriteCommand>, done: (reply: PartitionReply) => void): void;
  appliedThrough(index: number): void;
  leadershipLost(): void;
  leaderReady(): void;
  /** The state came from a snapshot: what retries it holds is not known here. */
  stateReplaced(): void;
  noteRetried(requestToken: string, generation: number): void;
  forgetRetriedThrough(generation: number): void;
}

interface Pending {
  readonly request: WriteRequest<WriteCommand>;
  readonly key: Uint8Array;
  /** Idempotency records to look for, newest generation first; empty when none is needed. */
  recordKeys: readonly Uint8Array[];
  readonly done: (reply: PartitionReply) => void;
}

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
  /** Until this generation, first attempts look for records too: a snapshot may hide retries. */
  #lookAlwaysThrough = 0;

  constructor(doors: PartitionDoors, partition: Partition) {
    this.#doors = doors;
    this.#partition = partition;
  }

  submit(request: WriteRequest<WriteCommand>, done: (reply: PartitionReply) => void): void {
    const refusal = this.#admit(request);
    if (refusal !== undefined) return done(refusal);
    this.#inFlight++;
    const { command } = request;
    const key = concatBytes(tablePrefix(command.tableId), command.position.key);
    const answer = (reply: PartitionReply): void => {
      this.#inFlight--;
      done(reply);
    };
    this.#queue.push({ request, key, recordKeys: [], done: answer });
    this.#schedule();
  }

  #admit({ command, epoch }: WriteRequest<WriteCommand>): PartitionReply | undefined {
    const { descriptor, readyTerm } = this.#partition;
    if (epoch !== descriptor.epoch || command.tableId !== descriptor.tableId) return { status: "wrong-epoch" };
    const { token } = command.position;
    if (token < descriptor.firstToken || token > descriptor.lastToken) return { status: "wrong-epoch" };
    if (readyTerm === 0) return this.#notLeader();
    if (this.#inFlight >= writesInFlightMax) return { status: "unavailable", reason: "too many writes are waiting" };
    return undefined;
  }

  #notLeader(): PartitionReply {
    return { status: "not-leader", leader: this.#partition.role === "leader" ? 0 : this.#partition.leaderNode };
  }

  #schedule(): void {
    if (this.#scheduled || this.#reading || this.#queue.length === 0) return;
    this.#scheduled = true;
    this.#doors.clock.defer(() => {
      this.#scheduled = false;
      this.#readBatch();
    });
  }

  /** Reads what the next batch looks at and the overlay does not know, then decides the batch. */
  #readBatch(): void {
    if (this.#reading || this.#queue.length === 0) return;
    const batch = this.#queue.splice(0, decideBatchMax);
    const term = this.#partition.readyTerm;
    if (term === 0) {
      for (const pending of batch) pending.done(this.#notLeader());
      return this.#schedule();
    }
    this.#reading = true;
    this.#overlay.pin();
    const generation = this.#generation();
    const keys: Uint8Array[] = [];
    const wanted = new Set<string>();
    const want = (key: Uint8Array): void => {
      const name = mapKey(key);
      if (wanted.has(name) || this.#overlay.get(key) !== undefined) return;
      wanted.add(name);
      keys.push(key);
    };
    for (const pending of batch) {
      pending.recordKeys = this.#recordKeysOf(pending.request, generation);
      want(pending.key);
      for (const key of pending.recordKeys) want(key);
    }
    const decide = (values: readonly (Uint8Array | undefined)[]): void => {
      const found = new Map<string, Uint8Array | undefined>();
      keys.forEach((key, position) => found.set(mapKey(key), values[position]));
      this.#decideBatch(batch, found, term, generation);
      this.#reading = false;
      this.#overlay.unpin();
      this.#schedule();
    };
    if (keys.length === 0) decide([]);
    else this.#doors.engine.get(keys, decide);
  }

  #recordKeysOf(request: WriteRequest<WriteCommand>, generation: number): readonly Uint8Array[] {
    const { requestToken, attempt, command } = request;
    if (requestToken.length === 0) return [];
    const needed = attempt > 0 || generation <= this.#lookAlwaysThrough || this.#retried.has(toHex(requestToken));
    if (!needed) return [];
    const live = new Set([...this.#partition.statistics.generations, generation]);
    return [...live].map((each) => idempotencyKey(each, command.position.token, requestToken));
  }

  /** A retry of this first attempt was decided after its keys were read: its record must be looked for. */
  #mustLookAfterAll({ request, recordKeys }: Pending): boolean {
    return recordKeys.length === 0 && request.requestToken.length > 0 && this.#retried.has(toHex(request.requestToken));
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
    const { command, epoch, attempt } = pending.request;
    const { descriptor } = this.#partition;
    const table = this.#doors.findTable(command.tableId);
    if (epoch !== descriptor.epoch || table === undefined) return pending.done({ status: "wrong-epoch" });
    if (this.#mustLookAfterAll(pending)) {
      this.#queue.unshift(pending);
      return;
    }
    let seenIndex = 0;
    const look = (key: Uint8Array): Uint8Array | undefined => {
      const decided = this.#overlay.get(key);
      if (decided === undefined) {
        assert(found.has(mapKey(key)), "decide looked at a key that was not read");
        return found.get(mapKey(key));
      }
      seenIndex = Math.max(seenIndex, decided.index);
      return decided.value;
    };
    for (const recordKey of pending.recordKeys) {
      const recorded = look(recordKey);
      if (recorded !== undefined) return this.#answerAfter(seenIndex, decodeBody<Outcome>(recorded), pending, true);
    }
    const operation = nodeOperations.get(command.operation) as WriteOperation | undefined;
    assert(operation?.kind === "write", `unknown write ${command.operation}`);
    const prefix = tablePrefix(command.tableId);
    const view = { table, now: this.#doors.clock.wallNow(), get: (key: Uint8Array) => look(concatBytes(prefix, key)) };
    const { effects, outcome } = decideOrRefuse(() => operation.decide(view, command));
    if (effects.length === 0 && attempt === 0) return this.#answerAfter(seenIndex, outcome, pending, false);
    this.#propose(pending, prefix, effects, outcome, generation, found);
  }

  #propose(
    pending: Pending,
    prefix: Uint8Array,
    decided: Decision["effects"],
    outcome: Outcome,
    generation: number,
    found: ReadonlyMap<string, Uint8Array | undefined>,
  ): void {
    const { requestToken, attempt, command } = pending.request;
    const { descriptor } = this.#partition;
    let itemCountDelta = 0;
    let itemBytesDelta = 0;
    const effects = decided.map((effect): EntryEffect => {
      const key = concatBytes(prefix, effect.key);
      const overlaid = this.#overlay.get(key);
      const before = overlaid === undefined ? found.get(mapKey(key)) : overlaid.value;
      if (before !== undefined) {
        itemCountDelta--;
        itemBytesDelta -= before.length;
      }
      if (effect.kind === "delete") return { kind: "delete", key };
      itemCountDelta++;
      itemBytesDelta += effect.value.length;
      return { kind: "put", key, value: effect.value };
    });
    const record =
      requestToken.length === 0
        ? undefined
        : {
            requestToken,
            token: command.position.token,
            outcome: encodeBody(outcome as Plain),
            isRetry: attempt > 0,
          };
    const { epoch, partition } = descriptor;
    const data = encodeEntry({ epoch, generation, expires: false, itemCountDelta, itemBytesDelta, record, effects });
    const index = this.#doors.host.propose(partition, data, (result) => {
      if (index !== 0) this.#settle(index, result);
      pending.done(replyToProposal(result, outcome));
    });
    if (index === 0) return;
    const writes = effects.map((effect) => ({
      key: effect.key,
      value: effect.kind === "put" ? effect.value : undefined,
    }));
    if (record !== undefined) {
      const key = idempotencyKey(generation, record.token, requestToken);
      writes.push({ key, value: record.outcome });
      if (attempt > 0) this.noteRetried(toHex(requestToken), generation);
    }
    this.#overlay.put(index, writes);
  }

  /** Answers without proposing: when the newest entry it saw is applied, or once leadership is confirmed. */
  #answerAfter(seenIndex: number, outcome: Outcome, pending: Pending, recorded: boolean): void {
    const { partition } = this.#partition.descriptor;
    const applied = this.#doors.host.status(partition)?.applied ?? 0;
    if (seenIndex > applied) {
      const waiters = this.#waitingByIndex.get(seenIndex) ?? [];
      waiters.push((result) => pending.done(recorded ? replyToProposal(result, outcome) : replyToRefusal(result, outcome)));
      this.#waitingByIndex.set(seenIndex, waiters);
      return;
    }
    this.#doors.host.readIndex(partition, (result) => {
      if (result.kind === "confirmed") pending.done({ status: "ok", outcome });
      else pending.done({ status: "not-leader", leader: nodeNumber(result.leader) });
    });
  }

  #settle(index: number, result: ProposalResult): void {
    const waiters = this.#waitingByIndex.get(index);
    if (waiters === undefined) return;
    this.#waitingByIndex.delete(index);
    for (const waiter of waiters) waiter(result);
  }

  #generation(): number {
    return Math.floor(this.#doors.clock.wallNow() / idempotencyGenerationMs);
  }

  appliedThrough(index: number): void {
    this.#overlay.appliedThrough(index);
  }

  leadershipLost(): void {
    this.#overlay.clear();
  }

  leaderReady(): void {
    this.#schedule();
  }

  stateReplaced(): void {
    this.#overlay.clear();
    const newest = this.#partition.statistics.generations.at(-1);
    if (newest !== undefined) this.#lookAlwaysThrough = this.#generation() + 2;
  }

  noteRetried(requestToken: string, generation: number): void {
    this.#retried.set(requestToken, generation);
  }

  forgetRetriedThrough(generation: number): void {
    for (const [token, from] of this.#retried) if (from <= generation) this.#retried.delete(token);
  }
}

function decideOrRefuse(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (error) {
    return { effects: [], outcome: refusalOf(error) };
  }
}

function replyToProposal(result: ProposalResult, outcome: Outcome): PartitionReply {
  switch (result.kind) {
    case "applied":
      return result.value === "wrong-epoch" ? { status: "wrong-epoch" } : { status: "ok", outcome };
    case "not-leader":
      return { status: "not-leader", leader: nodeNumber(result.leader) };
    case "dropped":
      return { status: "unavailable", reason: result.reason };
    case "unknown":
      return { status: "unknown" };
  }
}

/** What a refusal saw was lost or may be: nothing of the refused write itself was done, so it may be tried again. */
function replyToRefusal(result: ProposalResult, outcome: Outcome): PartitionReply {
  if (result.kind === "applied" && result.value !== "wrong-epoch") return { status: "ok", outcome };
  return { status: "not-leader", leader: result.kind === "not-leader" ? nodeNumber(result.leader) : 0 };
}

function nodeNumber(replica: number): number {
  return replica === 0 ? 0 : nodeOfReplica(replica);
}

function mapKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}
