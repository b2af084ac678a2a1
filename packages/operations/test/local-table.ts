// Runs plans as the router, the nodes and the control plane would, against tables in memory cut into partitions.
// Commands and outcomes pass through the message codec, so whatever is not plain data shows.
import { compareBytes, fromHex } from "@azimuth/foundation/bytes.ts";
import { assert } from "@azimuth/foundation/assert.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type {
  Decision, Outcome, ParseContext, PointReadCommand, PointReadOperation, RangeReadCommand, RangeReadOperation, WriteCommand,
  WriteOperation,
} from "@azimuth/operations/operation.ts";
import type { BatchPart, PartResult, RangeReadPlan } from "@azimuth/operations/plan.ts";
import { nodeOperations, routerOperations } from "@azimuth/operations/registry.ts";
import type { PartAnswer, TransactWriteResult } from "@azimuth/operations/transact-plan.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";

/** Attributes as JSON; a test looks only at scalars by their type. */
export type JsonItem = Readonly<Record<string, { readonly S: string; readonly N: string }>>;

/** Every member of any response. */
export interface Response {
  readonly Item: JsonItem;
  readonly Attributes: JsonItem;
  readonly Items: readonly JsonItem[];
  readonly Count: number;
  readonly ScannedCount: number;
  readonly LastEvaluatedKey: JsonItem | undefined;
  readonly ConsumedCapacity: { readonly CapacityUnits: number };
  readonly Responses: Readonly<Record<string, readonly JsonItem[]>>;
  readonly UnprocessedKeys: Readonly<Record<string, { readonly Keys: readonly JsonItem[] }>>;
  readonly UnprocessedItems: object;
  readonly TableDescription: { readonly TableStatus: string };
}

interface StoredItem {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export const baseTable: TableDefinition = {
  tableId: 1,
  uuid: "00000000-0000-4000-8000-000000000000",
  name: "users",
  status: "ACTIVE",
  attributes: [{ name: "id", type: "S" }],
  key: { partition: { name: "id", type: "S" }, sort: undefined },
  billingMode: "PAY_PER_REQUEST",
  throughput: { readUnits: 0, writeUnits: 0 },
  createdAt: 1_700_000_000_000,
  deletionProtection: false,
  tableClass: "STANDARD",
  tags: {},
};

export const eventsTable: TableDefinition = {
  ...baseTable,
  tableId: 2,
  name: "events",
  attributes: [{ name: "feed", type: "S" }, { name: "seq", type: "N" }],
  key: { partition: { name: "feed", type: "S" }, sort: { name: "seq", type: "N" } },
};

export const pathsTable: TableDefinition = {
  ...baseTable,
  tableId: 3,
  name: "paths",
  attributes: [{ name: "disk", type: "B" }, { name: "file", type: "S" }],
  key: { partition: { name: "disk", type: "B" }, sort: { name: "file", type: "S" } },
};

export class LocalTables {
  /** Last tokens of the partitions of every table. */
  readonly partitionEnds: readonly string[];
  readonly tables: TableDefinition[];
  /** What fails parts of batches. */
  failPart: (part: BatchPart) => "throttled" | "unavailable" | undefined = () => undefined;
  controlOutcome: (command: { readonly operation: string }) => Outcome = () => ({});
  readonly #itemsByTable = new Map<number, StoredItem[]>();

  constructor(
    tables: readonly TableDefinition[] = [baseTable, eventsTable, pathsTable],
    partitionEnds: readonly string[] = ["3fffffffffffffff", "7fffffffffffffff", "ffffffffffffffff"],
  ) {
    this.tables = [...tables];
    this.partitionEnds = partitionEnds;
  }

  get context(): ParseContext {
    return {
      findTable: (name) => this.tables.find((table) => table.name === name),
      region: "us-east-1",
      accountId: "123456789012",
    };
  }

  /** Runs a request and returns its response. */
  call(operation: string, input: object): Response {
    const plan = routerOperations.get(operation)!.parse(JSON.parse(JSON.stringify(input)), this.context);
    switch (plan.kind) {
      case "write":
        return JSON.parse(plan.reply(this.#write(plan.command)));
      case "point-read":
        return JSON.parse(plan.reply(this.#readPoint(plan.command)));
      case "range-read":
        return JSON.parse(plan.reply(this.#readRanges(plan)));
      case "batch":
        return JSON.parse(plan.reply(plan.parts.map((part) => this.#runPart(part))));
      case "control":
        return JSON.parse(plan.reply(overTheWire(this.controlOutcome(plan.command))));
      case "transact-write":
        return JSON.parse(plan.reply(this.#transact(plan.parts)));
      case "transact-get":
        return JSON.parse(plan.reply({ kind: "done", outcomes: plan.parts.map((part) => this.#readPoint(part)) }));
    }
  }

  #runPart(part: BatchPart): PartResult {
    const failed = this.failPart(part);
    if (failed !== undefined) return { failed };
    return part.kind === "write"
      ? { outcome: this.#write(part.command as WriteCommand) }
      : { outcome: this.#readPoint(part.command as PointReadCommand) };
  }

  #write(sent: WriteCommand): Outcome {
    const command = overTheWire(sent);
    const { effects, outcome } = this.#decide(command);
    this.#apply(command.tableId, effects);
    return overTheWire(outcome);
  }

  /** All or nothing; tokens are not remembered. */
  #transact(parts: readonly WriteCommand[]): TransactWriteResult {
    const decisions = parts.map((part): Decision => {
      try {
        return this.#decide(overTheWire(part));
      } catch (error) {
        if (!(error instanceof DynamoDbException)) throw error;
        return { effects: [], outcome: { refused: { type: error.type, message: error.message } } };
      }
    });
    const outcomes = decisions.map(({ outcome }) => overTheWire(outcome));
    if (outcomes.some(({ refused }) => refused !== undefined)) {
      return { kind: "cancelled", refusals: outcomes.map(({ refused }) => refused) };
    }
    parts.forEach(({ tableId }, position) => this.#apply(tableId, (decisions[position] as Decision).effects));
    const answers = outcomes.map((outcome) => ({ itemBytes: 0, ...outcome }) as PartAnswer);
    return { kind: "done", answers, replayed: false };
  }

  #decide(command: WriteCommand): Decision {
    const operation = nodeOperations.get(command.operation) as WriteOperation;
    const items = this.#itemsOf(command.tableId);
    return operation.decide(
      { table: this.#table(command.tableId), now: 0, get: (key) => find(items, key)?.value },
      command,
    );
  }

  #apply(tableId: number, effects: Decision["effects"]): void {
    for (const effect of effects) {
      const rest = this.#itemsOf(tableId).filter(({ key }) => compareBytes(key, effect.key) !== 0);
      if (effect.kind === "put") rest.push({ key: effect.key, value: effect.value });
      this.#itemsByTable.set(tableId, rest.sort((a, b) => compareBytes(a.key, b.key)));
    }
  }

  #readPoint(sent: PointReadCommand): Outcome {
    const command = overTheWire(sent);
    const operation = nodeOperations.get(command.operation) as PointReadOperation;
    const found = find(this.#itemsOf(command.tableId), command.position.key);
    return overTheWire(operation.read(command, this.#table(command.tableId), found?.value));
  }

  #readRanges(plan: RangeReadPlan): readonly Outcome[] {
    const outcomes: Outcome[] = [];
    let command: RangeReadCommand | undefined = plan.command;
    while (command !== undefined) {
      const { token }: RangeReadCommand = command;
      const end: string = this.partitionEnds.find((last) => token <= last)!;
      outcomes.push(this.#readRange(overTheWire(command), end));
      command = plan.next(outcomes, end);
    }
    return outcomes;
  }

  #readRange(command: RangeReadCommand, partitionEnd: string): Outcome {
    const operation = nodeOperations.get(command.operation) as RangeReadOperation;
    const reader = operation.open(command, this.#table(command.tableId));
    const first = this.partitionEnds[this.partitionEnds.indexOf(partitionEnd) - 1];
    const items = this.#itemsOf(command.tableId).filter(({ key }) => {
      const token = Buffer.from(key.subarray(0, 8)).toString("hex");
      return compareBytes(key, command.start) >= 0
        && (command.end.length === 0 || compareBytes(key, command.end) < 0)
        && (first === undefined || token > first) && compareBytes(key.subarray(0, 8), fromHex(partitionEnd)) <= 0;
    });
    for (const { key, value } of command.reverse ? items.reverse() : items) {
      if (reader.accept(key, value)) return overTheWire(reader.finish(false));
    }
    return overTheWire(reader.finish(true));
  }

  #itemsOf(tableId: number): readonly StoredItem[] {
    return this.#itemsByTable.get(tableId) ?? [];
  }

  #table(tableId: number): TableDefinition {
    const table = this.tables.find((each) => each.tableId === tableId);
    assert(table !== undefined, "no such table");
    return table;
  }
}

function find(items: readonly StoredItem[], key: Uint8Array): StoredItem | undefined {
  return items.find((item) => compareBytes(item.key, key) === 0);
}

function overTheWire<T>(value: T): T {
  return decodeBody<T>(encodeBody(value as Plain));
}
