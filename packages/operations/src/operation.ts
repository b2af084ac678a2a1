// The shape of an operation: three pure parts in one file per operation (put-item.ts and its neighbours), and one
// line in registry.ts.
//
//   parse(input, context)    in the router: validate in DynamoDB's order, parse expressions, compute the key →
//                            a command; or throw the exact DynamoDbException
//   decide(view, command)    on the partition's leader: effects and outcome (writes)
//   read(command, table)     on a replica: which keys or range to read, and the outcome of what was found (reads)
//   reply(outcome, command)  in the router: the response members, or the exception the outcome stands for
//
// Commands and outcomes are plain data (rpc/messages.ts, Plain): MessagePack carries them. Expressions travel as
// text with their names and values; each process compiles a distinct text once (packages/expression caches).
import type { Item } from "@azimuth/model/attribute-value.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";

/** 16 lower-case hex digits: the 64-bit hash of a partition key, so that text order is token order. */
export type Token = string;

/** Position of an item: what the router needs to find its partition, and the node to find its key. */
export interface ItemPosition {
  readonly token: Token;
  /** Key on disk below the table's prefix: token | partition key | sort key (storage/src/keys/item-key.ts). */
  readonly key: Uint8Array;
}

export interface ParseContext {
  /** Undefined when there is no such table: the operation throws ResourceNotFoundException in its turn. */
  findTable(name: string): TableDefinition | undefined;
  /** For ARNs: region and account of this cluster. */
  readonly region: string;
  readonly accountId: string;
  /** What the client calls this endpoint: the request's Host header. */
  readonly host?: string | undefined;
}

/** A write to one item on one partition. `operation` names the registry entry whose `decide` runs. */
export interface WriteCommand {
  readonly kind: "write";
  readonly operation: string;
  readonly tableId: number;
  readonly position: ItemPosition;
  readonly [member: string]: unknown;
}

/** A read of one item. */
export interface PointReadCommand {
  readonly kind: "point-read";
  readonly operation: string;
  readonly tableId: number;
  readonly position: ItemPosition;
  readonly consistent: boolean;
  readonly [member: string]: unknown;
}

/** A read of a range of keys. Within one partition for Query; Scan continues on the next partition. */
export interface RangeReadCommand {
  readonly kind: "range-read";
  readonly operation: string;
  /** Whose partitions are read: a table's, or a global index's by its own id. */
  readonly tableId: number;
  /** The index whose entries are read; absent when it is the table's items. */
  readonly indexId?: number | undefined;
  /** The items of the entries are wanted, too (local indexes only). */
  readonly fetch?: boolean | undefined;
  /** Where the range begins: the router sends the command to the partition that holds this token. */
  readonly token: Token;
  /** Keys below the table's prefix, in [start, end); both empty for the whole table. */
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly reverse: boolean;
  readonly consistent: boolean;
  readonly [member: string]: unknown;
}

/** What decide sees: the latest decided state of the keys it asked for, as binary items (model/item-codec.ts). */
export interface WriteView {
  readonly table: TableDefinition;
  /** Milliseconds since 1970 at the leader. */
  readonly now: number;
  get(key: Uint8Array): Uint8Array | undefined;
}

export type Effect =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "delete"; readonly key: Uint8Array };

/** Plain data; `refused` outcomes become exceptions in `reply`. */
export interface Outcome {
  readonly refused?: { readonly type: string; readonly message: string; readonly item?: Uint8Array };
  readonly [member: string]: unknown;
}

export interface Decision {
  /** Puts and deletes on keys below the table's prefix. Empty: nothing to replicate (a refusal, or a no-op). */
  readonly effects: readonly Effect[];
  readonly outcome: Outcome;
}

export interface WriteOperation<Command extends WriteCommand = WriteCommand> {
  readonly kind: "write";
  decide(view: WriteView, command: Command): Decision;
}

export interface PointReadOperation<Command extends PointReadCommand = PointReadCommand> {
  readonly kind: "point-read";
  read(command: Command, table: TableDefinition, found: Uint8Array | undefined): Outcome;
}

/** Consumes a range in key order until it has a page. */
export interface RangeReader {
  /**
   * Takes the next pair (key below the prefix, binary item) and, where the command says `fetch`, the item of an
   * index entry; true when the page is complete.
   */
  accept(key: Uint8Array, value: Uint8Array, fetched?: Uint8Array): boolean;
  /** `exhausted`: the range ended within this partition before the page was complete. */
  finish(exhausted: boolean): Outcome;
}

export interface RangeReadOperation<Command extends RangeReadCommand = RangeReadCommand> {
  readonly kind: "range-read";
  open(command: Command, table: TableDefinition): RangeReader;
}

/** What a node runs, by `command.operation`. */
export type NodeOperation = WriteOperation<never> | PointReadOperation<never> | RangeReadOperation<never>;

export type { Item };
