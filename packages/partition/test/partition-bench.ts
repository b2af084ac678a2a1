// A partition leader on a test bench: the real Partition over an in-memory engine, with a host whose commits and
// leadership the test decides. Time stands still unless the test sets it; `settle` runs everything that was deferred.
import { assert } from "@azimuth/foundation/assert.ts";
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { PointReadCommand, WriteCommand } from "@azimuth/operations/operation.ts";
import { routerOperations } from "@azimuth/operations/registry.ts";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import { emptyConfig } from "@azimuth/raft/membership/configuration.ts";
import type { ConfigState } from "@azimuth/raft/types.ts";
import type { GroupStatus, ProposalResult, ReadResult, ReplicationHost } from "@azimuth/replication/host-api.ts";
import type { KeyValue, WriteOperation } from "@azimuth/storage/engine.ts";
import { createMemoryEngine } from "@azimuth/storage/memory-engine.ts";
import { walkRange } from "@azimuth/storage/walk-range.ts";
import type { IndexDoors } from "../src/index-queue.ts";
import { Partition, type PartitionDoors } from "../src/partition.ts";
import type { Birth } from "../src/split.ts";
import type { PartitionReply } from "../src/requests.ts";
import type { TransactionDoors } from "../src/transaction-reads.ts";

export const table: TableDefinition = {
  tableId: 7,
  uuid: "00000000-0000-4000-8000-000000000000",
  name: "users",
  status: "ACTIVE",
  attributes: [{ name: "id", type: "S" }],
  key: { partition: { name: "id", type: "S" }, sort: undefined },
  billingMode: "PAY_PER_REQUEST",
  throughput: { readUnits: 0, writeUnits: 0 },
  createdAt: 0,
  deletionProtection: false,
  tableClass: "STANDARD",
  tags: {},
};

interface Proposal {
  readonly index: number;
  readonly data: Uint8Array;
  readonly waiter: (result: ProposalResult) => void;
}

/** What a request was answered with, once it was. */
export class Answer {
  #reply: PartitionReply | undefined;

  get reply(): PartitionReply | undefined {
    return this.#reply;
  }

  fill(reply: PartitionReply): void {
    assert(this.#reply === undefined, "a request is answered once");
    this.#reply = reply;
  }

  status(): PartitionReply["status"] | undefined {
    return this.#reply?.status;
  }

  /** Type of the exception it was refused with. */
  refusal(): string | undefined {
    return this.#reply?.status === "ok" ? this.#reply.outcome.refused?.type : undefined;
  }
}

export interface BenchOptions {
  readonly table?: TableDefinition;
  /** Of the table, or of an index whose partition this is. */
  readonly tableId?: number;
  readonly partition?: number;
  readonly indexes?: IndexDoors;
  readonly transactions?: TransactionDoors;
}

export class PartitionBench {
  readonly partition: Partition;
  readonly engine;
  readonly doors: PartitionDoors;
  readonly #timers: (() => void)[] = [];
  /** What the node's map says of the table, if it has it; a test may change it. */
  table: TableDefinition | undefined;
  readonly #deferred: (() => void)[] = [];
  readonly #waitingReads: ((result: ReadResult) => void)[] = [];
  proposals: Proposal[] = [];
  /** Children of splits. */
  readonly births: Birth[] = [];
  config: ConfigState = { ...emptyConfig, voters: [4097, 4098, 4099] };
  #lastIndex = 0;
  #applied = 0;
  /** ReadIndex answers by itself; otherwise the test calls `confirmReads`. */
  autoConfirm = true;
  wallNow = 1_700_000_000_000;
  /** The replica has its state. */
  initialised = true;
  /** The replica applies again what a crash took from its engine. */
  replaying = false;
  /** Of the monotonic clock. */
  now = 0;

  constructor(options: BenchOptions = {}) {
    this.table = options.table ?? table;
    const clock: Clock = {
      now: () => this.now,
      wallNow: () => this.wallNow,
      after: (_delayMs, callback) => {
        this.#timers.push(callback);
        return { cancel() {} };
      },
      every: () => ({ cancel() {} }),
      defer: (callback) => void this.#deferred.push(callback),
    };
    this.engine = createMemoryEngine({ clock });
    const host = {
      propose: (_group: number, data: Uint8Array, waiter: (result: ProposalResult) => void): number => {
        this.proposals.push({ index: ++this.#lastIndex, data, waiter });
        return this.#lastIndex;
      },
      readIndex: (_group: number, done: (result: ReadResult) => void): void => {
        this.#waitingReads.push(done);
        if (this.autoConfirm) this.confirmReads();
      },
      status: () => {
        const { initialised, replaying, config } = this;
        return { applied: this.#applied, initialised, replaying, config } as GroupStatus;
      },
    } as unknown as ReplicationHost;
    const indexes = options.indexes ?? { locate: () => undefined, deliver: () => {} };
    const tableId = options.tableId ?? (options.table ?? table).tableId;
    const findTable = (id: number) => (id === tableId ? this.table : undefined);
    this.doors = {
      clock, engine: this.engine, host, findTable, indexes, transactions: options.transactions, changed: () => {},
      born: (birth: Birth) => void this.births.push(birth), rangeReplaced: () => {},
    };
    this.partition = new Partition(this.doors, {
      partition: options.partition ?? 1, tableId, firstToken, lastToken, epoch: 1,
    });
    this.lead(2);
  }

  lead(term: number): void {
    this.partition.roleChanged("leader", 4097, term);
    this.partition.leaderReady(term);
    this.settle();
  }

  loseLeadership(): void {
    this.partition.roleChanged("follower", 4098, 99);
  }

  confirmReads(result: ReadResult = { kind: "confirmed", index: this.#applied }): void {
    for (const done of this.#waitingReads.splice(0)) done(result);
  }

  /** Commits and applies the oldest `count` proposals. */
  apply(count = this.proposals.length): void {
    for (const { index, data, waiter } of this.proposals.splice(0, count)) {
      const batch: WriteOperation[] = [];
      const value = this.partition.apply({ index, term: 2, data }, batch, this.config);
      this.engine.write(batch, () => {
        this.#applied = index;
        this.partition.appliedThrough(index);
        waiter({ kind: "applied", index, value });
      });
    }
    this.settle();
  }

  /** Lets the pauses end that something waits for, once. */
  elapse(): void {
    for (const callback of this.#timers.splice(0)) callback();
    this.settle();
  }

  /** Keys and values of a range of the engine. */
  stored(range: { readonly start: Uint8Array; readonly end: Uint8Array }): readonly KeyValue[] {
    const found: KeyValue[] = [];
    walkRange(this.engine, { ...range, chunkBytes: 1 << 20 }, (pairs) => void found.push(...pairs), () => {});
    this.settle();
    return found;
  }

  /** Has the replica on another bench begin with a snapshot of this one, and lead. */
  giveSnapshotTo(other: PartitionBench): void {
    const pairs = this.partition.ranges().flatMap((range) => this.stored(range));
    other.engine.write(pairs.map(({ key, value }) => ({ kind: "put", key, value })), () => {});
    other.#lastIndex = this.#lastIndex;
    other.#applied = this.#applied;
    other.partition.load(() => {});
    other.settle();
    other.lead(3);
  }

  /** Proposals whose leader lost them. */
  lose(): void {
    for (const { waiter } of this.proposals.splice(0)) waiter({ kind: "unknown" });
    this.settle();
  }

  settle(): void {
    for (let next = this.#deferred.shift(); next !== undefined; next = this.#deferred.shift()) next();
  }

  /** Sends an operation as the router would; the reply is filled in when it comes. */
  send(
    operation: string,
    input: object,
    options: { readonly token?: string; readonly attempt?: number; readonly epoch?: number } = {},
  ): Answer {
    const parse = routerOperations.get(operation)?.parse;
    assert(parse !== undefined, `no operation ${operation}`);
    const context = { findTable: () => this.table, region: "us-east-1", accountId: "000000000000" };
    const plan = parse({ TableName: "users", ...input }, context);
    const answer = new Answer();
    const done = (reply: PartitionReply): void => answer.fill(reply);
    const epoch = options.epoch ?? 1;
    const requestToken = options.token === undefined ? new Uint8Array(0) : Buffer.from(options.token.padEnd(16, "."));
    assert(plan.kind === "write" || plan.kind === "point-read", "only writes and point reads are sent here");
    if (plan.kind === "write") {
      const command: WriteCommand = plan.command;
      this.partition.write({ command, epoch, requestToken, attempt: options.attempt ?? 0 }, done);
    } else {
      const command: PointReadCommand = plan.command;
      this.partition.read({ command, epoch }, done);
    }
    return answer;
  }
}
