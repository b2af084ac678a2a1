// What a table is, as every process knows it: the definition that CreateTable made, with the ids and ranges the
// control plane gave. Plain JSON-able data: it travels in the partition map.
import type { KeyType } from "./attribute-value.ts";

export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

export interface KeySchema {
  readonly partition: KeyAttribute;
  readonly sort: KeyAttribute | undefined;
}

export type Projection =
  | { readonly kind: "ALL" }
  | { readonly kind: "KEYS_ONLY" }
  | { readonly kind: "INCLUDE"; readonly attributes: readonly string[] };

export interface Throughput {
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** The most an on-demand table or index may use; -1: no maximum again. Kept and described; not enforced. */
export type OnDemandMaximum = Partial<Throughput>;

/** A global secondary index may have up to four attributes in each list; a local one has one of each. */
export interface IndexKeySchema {
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
}

export type IndexStatus = "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";

export interface IndexDefinition {
  /** From the counter of table ids: on disk an index is a table of its own. */
  readonly indexId: number;
  readonly name: string;
  /** Local: in the partitions of the table. Global: in partitions of its own. */
  readonly kind: "local" | "global";
  readonly key: IndexKeySchema;
  readonly projection: Projection;
  readonly status: IndexStatus;
  /** While CREATING: its partitions are there and it is being filled with the items that the table has. */
  readonly backfilling: boolean;
  readonly throughput: Throughput;
  readonly onDemandMaximum?: OnDemandMaximum | undefined;
  /** The most it was ever to take at once (warm-throughput.ts). */
  readonly warmThroughput?: Throughput;
}

/** What a request says of a new index; the control plane adds the rest. */
export type NewIndex = Omit<IndexDefinition, "indexId" | "status" | "backfilling">;

export type TableStatus = "CREATING" | "UPDATING" | "DELETING" | "ACTIVE";

export interface TableDefinition {
  /** Unique for ever; on disk and in keys. */
  readonly tableId: number;
  /** The TableId of DescribeTable, a UUID. */
  readonly uuid: string;
  readonly name: string;
  readonly status: TableStatus;
  /** Every attribute definition of CreateTable, in its order: key attributes of the table and its indexes. */
  readonly attributes: readonly KeyAttribute[];
  readonly key: KeySchema;
  readonly billingMode: "PROVISIONED" | "PAY_PER_REQUEST";
  readonly throughput: Throughput;
  readonly onDemandMaximum?: OnDemandMaximum | undefined;
  /** The most it was ever to take at once (warm-throughput.ts). */
  readonly warmThroughput?: Throughput;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly deletionProtection: boolean;
  readonly tableClass: "STANDARD" | "STANDARD_INFREQUENT_ACCESS";
  readonly tags: Readonly<Record<string, string>>;
  /** Local and global secondary indexes in the order of their creation; absent: none. */
  readonly indexes?: readonly IndexDefinition[];
  /**
   * Raised whenever an index is added or given up. A partition remembers the highest one it was written under, and a
   * leader whose copy of the map is older decides nothing: it would leave an index out.
   */
  readonly indexVersion?: number;
  /** The attribute that holds the second after which an item may be deleted; absent: none. */
  readonly timeToLive?: string | undefined;
  /** Milliseconds since 1970. */
  readonly timeToLiveChangedAt?: number;
}
