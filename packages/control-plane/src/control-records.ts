// The records that make up the control plane's state, and the effects that change them. A log entry of group
// 0 is a list of effects; a record on disk is the JSON of its value under storage's control key space.
//
// The records are few and small, people look at them, and they change rarely: so JSON, not a binary form.
import { assert } from "@azimuth/foundation/assert.ts";
import { fromUtf8, utf8 } from "@azimuth/foundation/bytes.ts";
import type { TableDefinition } from "@azimuth/model/table.ts";
import type { CredentialRecord, NodeRecord, PartitionRecord } from "./cluster-map.ts";

/** Counters and identity of the cluster. Numbers are given once and never again. */
export interface ClusterMeta {
  readonly clusterId: string;
  readonly createdAt: number;
  readonly nextNode: number;
  readonly nextTable: number;
  readonly nextPartition: number;
  /** Numbers that the founding members of group 0 use and have not registered yet. */
  readonly founders: readonly number[];
}

/** The partitions that a deleted table had, until no node holds a replica of them any more. */
export interface DroppingRecord {
  readonly tableId: number;
  readonly partitions: readonly number[];
  /** The memberships they may have had, each of which could go on serving one. Absent in old records. */
  readonly voters?: readonly (readonly number[])[];
}

export interface RecordByKind {
  readonly meta: ClusterMeta;
  readonly node: NodeRecord;
  readonly table: TableDefinition;
  readonly dropping: DroppingRecord;
  readonly partition: PartitionRecord;
  readonly credential: CredentialRecord;
}

export type RecordKind = keyof RecordByKind;

export type PutEffect = {
  readonly [Kind in RecordKind]: {
    readonly kind: "put";
    readonly record: Kind;
    readonly id: string;
    readonly value: RecordByKind[Kind];
  };
}[RecordKind];

export type ControlEffect = PutEffect | { readonly kind: "delete"; readonly record: RecordKind; readonly id: string };

export const metaId = "cluster";

export function putMeta(value: ClusterMeta): ControlEffect {
  return { kind: "put", record: "meta", id: metaId, value };
}

export function putNode(value: NodeRecord): ControlEffect {
  return { kind: "put", record: "node", id: String(value.number), value };
}

export function putTable(value: TableDefinition): ControlEffect {
  return { kind: "put", record: "table", id: String(value.tableId), value };
}

export function putPartition(value: PartitionRecord): ControlEffect {
  return { kind: "put", record: "partition", id: String(value.partition), value };
}

export function encodeEffects(effects: readonly ControlEffect[]): Uint8Array {
  assert(effects.length > 0, "an entry without effects has no reason to be in the log");
  return utf8(JSON.stringify(effects));
}

export function decodeEffects(data: Uint8Array): readonly ControlEffect[] {
  return JSON.parse(fromUtf8(data)) as readonly ControlEffect[];
}

export function encodeValue(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value));
}

export function decodeValue(bytes: Uint8Array): unknown {
  return JSON.parse(fromUtf8(bytes));
}
