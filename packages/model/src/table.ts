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
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly deletionProtection: boolean;
  readonly tableClass: "STANDARD" | "STANDARD_INFREQUENT_ACCESS";
  readonly tags: Readonly<Record<string, string>>;
}
