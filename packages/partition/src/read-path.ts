// Reads of a partition. A strong read is confirmed by ReadIndex at the leader, then served by the engine, which by
// then has applied everything committed before the read began. An eventual read is served by whatever this
// replica has applied, and is really as stale as that.
import { assert } from "@azimuth/foundation/assert.ts";
import { compareBytes, concatBytes } from "@azimuth/foundation/bytes.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type {
  Outcome,
  PointReadCommand,
  PointReadOperation,
  RangeReadCommand,
  RangeReadOperation,
} from "@azimuth/operations/operation.ts";
import { itemKeyOfEntry } from "@azimuth/operations/index-reads.ts";
import { nodeOperations } from "@azimuth/operations/registry.ts";
import { conflictRefusal } from "@azimuth/operations/transact-plan.ts";
import { nodeOfReplica } from "@azimuth/replication/host-api.ts";
import type { KeyValue } from "@azimuth/storage/engine.ts";
import { partitionRange, tablePrefix } from "@azimuth/storage/keys/item-key.ts";
import { rangeChunkBytes } from "./limits.ts";
import type { Partition, PartitionDoors } from "./partition.ts";
import type { PartitionReply, ReadRequest } from "./requests.ts";
import { createLockedReads, isTransactionRead, type TransactionReadCommand } from "./transaction-reads.ts";

export interface ReadPath {
  submit(request: ReadRequest<PointReadCommand | RangeReadCommand>, done: (reply: PartitionReply) => void): void;
}

type Done = (reply: PartitionReply) => void;

const stateless: PartitionReply = { status: "unavailable", reason: "this replica has no state" };

export function createReadPath(doors: PartitionDoors, partition: Partition): ReadPath {
  const lockedReads = createLockedReads(doors, partition);

  function submit(request: ReadRequest<PointReadCommand | RangeReadCommand>, done: Done): void {
    const { command, epoch } = request;
    const { descriptor } = partition;
    if (epoch !== descriptor.epoch) return done({ status: "wrong-epoch" });
    const table = doors.findTable(command.tableId);
    if (table === undefined || command.tableId !== descriptor.tableId) return done({ status: "wrong-epoch" });
    const { loads } = partition;
    // What is read while the state goes, with the replica or for a snapshot, may be nothing where there is something.
    const isGone = (): boolean => partition.isClosed || partition.loads !== loads || !hasState();
    // The same of what a split gave away: it goes with the child's replica.
    const answer = (reply: PartitionReply): void =>
      done(reply.status !== "ok" ? reply
        : isGone() ? stateless : partition.descriptor.epoch !== epoch ? { status: "wrong-epoch" } : reply);
    if (command.consistent) return submitStrong(request, answer);
    if (!hasState()) return done(stateless);
    serve(command, table, answer);
  }

  /** False also while a restarted replica is behind what it may have answered from before. */
  function hasState(): boolean {
    const status = doors.host.status(partition.descriptor.partition);
    return status?.initialised === true && !status.replaying;
  }

  function submitStrong({ command, epoch }: ReadRequest<PointReadCommand | RangeReadCommand>, done: Done): void {
    const { descriptor } = partition;
    if (partition.readyTerm === 0) return done({ status: "not-leader", leader: partition.leaderNode });
    if (isTransactionRead(command) && command.step === "look") {
      partition.watches.open(command.watch, concatBytes(tablePrefix(command.tableId), command.position.key));
    }
    doors.host.readIndex(descriptor.partition, (result) => {
      if (result.kind === "not-leader") {
        return done({ status: "not-leader", leader: nodeOfReplica(result.leader) });
      }
      const table = doors.findTable(command.tableId);
      if (partition.descriptor.epoch !== epoch || table === undefined) return done({ status: "wrong-epoch" });
      if (command.kind === "range-read") return serveRange(command, table, done);
      if (isTransactionRead(command)) return serveTransaction(command, table, done);
      const again = (): void => submitStrong({ command, epoch }, done);
      lockedReads.read(command, (found) => answerPoint(command, table, found, done), again,
        () => done({ status: "unavailable", reason: "a transaction's ledger does not answer" }));
    });
  }

  function serve(command: PointReadCommand | RangeReadCommand, table: TableDefinition, done: Done): void {
    if (command.kind === "point-read") servePoint(command, table, done);
    else serveRange(command, table, done);
  }

  function serveTransaction(command: TransactionReadCommand, table: TableDefinition, done: Done): void {
    const { step, watch, part } = command;
    if (step === "verify") return done({ status: "ok", outcome: { unchanged: partition.watches.close(watch) } });
    lockedReads.look(command, (found) => answerPoint(part, table, found, done),
      () => done({ status: "ok", outcome: { refused: conflictRefusal } }));
  }

  function servePoint(command: PointReadCommand, table: TableDefinition, done: Done): void {
    const key = concatBytes(tablePrefix(command.tableId), command.position.key);
    doors.engine.get([key], ([found]) => answerPoint(command, table, found, done));
  }

  function answerPoint(
    command: PointReadCommand, table: TableDefinition, found: Uint8Array | undefined, done: Done,
  ): void {
    const operation = nodeOperations.get(command.operation) as PointReadOperation | undefined;
    assert(operation?.kind === "point-read", `unknown point read ${command.operation}`);
    done({ status: "ok", outcome: outcomeOf(() => operation.read(command, table, found)) });
  }

  function serveRange(command: RangeReadCommand, table: TableDefinition, done: Done): void {
    const operation = nodeOperations.get(command.operation) as RangeReadOperation | undefined;
    assert(operation?.kind === "range-read", `unknown range read ${command.operation}`);
    const prefix = tablePrefix(command.indexId ?? command.tableId);
    const range = clip(command, prefix, partition);
    const reader = operation.open(command, table);
    if (range === undefined) return done({ status: "ok", outcome: reader.finish(true) });
    // Entries and the items fetched for them have to be of one moment.
    const snapshot = command.fetch === true ? doors.engine.snapshot() : undefined;
    const iterator = (snapshot ?? doors.engine).iterate({ ...range, reverse: command.reverse });
    const finish = (finished: () => Outcome): void => {
      iterator.close();
      snapshot?.close();
      done({ status: "ok", outcome: outcomeOf(finished) });
    };
    const take = (pairs: readonly KeyValue[], fetched: readonly (Uint8Array | undefined)[]): void => {
      let isFull = false;
      try {
        isFull = pairs.some(({ key, value }, position) =>
          reader.accept(key.subarray(prefix.length), value, fetched[position]));
      } catch (error) {
        return finish(() => refusalOf(error));
      }
      if (isFull || pairs.length === 0) return finish(() => reader.finish(!isFull));
      pull();
    };
    const pull = (): void =>
      iterator.next(rangeChunkBytes, (pairs) => {
        if (snapshot === undefined || pairs.length === 0) return take(pairs, []);
        const owned = pairs.map(({ key, value }) => ({ key: Uint8Array.from(key), value: Uint8Array.from(value) }));
        const itemPrefix = tablePrefix(table.tableId);
        const keys = owned.map(({ value }) => concatBytes(itemPrefix, itemKeyOfEntry(table, value)));
        snapshot.get(keys, (items) => take(owned, items));
      });
    pull();
  }

  return { submit };
}

/** The part of the command's range that lies in this partition; undefined when none does. */
function clip(command: RangeReadCommand, prefix: Uint8Array, partition: Partition) {
  const { tableId, firstToken, lastToken } = partition.descriptor;
  const own = partitionRange(command.indexId ?? tableId, firstToken, lastToken);
  const start = command.start.length === 0 ? own.start : later(concatBytes(prefix, command.start), own.start);
  const end = command.end.length === 0 ? own.end : earlier(concatBytes(prefix, command.end), own.end);
  return compareBytes(start, end) < 0 ? { start, end } : undefined;
}

function later(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compareBytes(left, right) > 0 ? left : right;
}

function earlier(left: Uint8Array, right: Uint8Array): Uint8Array {
  return compareBytes(left, right) < 0 ? left : right;
}

function outcomeOf(compute: () => Outcome): Outcome {
  try {
    return compute();
  } catch (error) {
    return refusalOf(error);
  }
}

/** A DynamoDB exception becomes a refused outcome; anything else is a broken invariant and goes on. */
export function refusalOf(error: unknown): Outcome {
  if (error instanceof DynamoDbException) return { refused: { type: error.type, message: error.message } };
  throw error;
}
