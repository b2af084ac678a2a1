// Every message that travels between processes, as the TypeScript twin of proto/azimuth.proto. `body` fields are
// MessagePack (body-codec.ts) of plain values: strings, numbers, booleans, null, byte strings, arrays, objects.
import type { Message as RaftMessage } from "@azimuth/raft/types.ts";

/** Plain data that MessagePack carries. Byte strings come back as Uint8Array (Buffer). */
export type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export type WireMessage =
  | RaftEnvelope
  | HeartbeatsMessage
  | SnapshotChunkMessage
  | SnapshotReplyMessage
  | RequestMessage
  | ResponseMessage
  | NoticeMessage;

/** One Raft message of one group. Heartbeats travel in `heartbeats` instead. */
export interface RaftEnvelope {
  readonly kind: "raft";
  readonly group: number;
  readonly message: RaftMessage;
}

/** Heartbeats and their responses of all groups shared by two nodes; also the sign that the node is alive. */
export interface HeartbeatsMessage {
  readonly kind: "heartbeats";
  readonly beats: readonly Heartbeat[];
}

export interface Heartbeat {
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly term: number;
  readonly commit: number;
  readonly readPosition: number;
  readonly response: boolean;
  /** The leader goes quiet: a follower that matches term and commit stops its election timer. */
  readonly quiesce: boolean;
}

/** Part of a snapshot stream. The first chunk (sequence 0) is the header and carries `meta`. */
export interface SnapshotChunkMessage {
  readonly kind: "snapshot-chunk";
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly term: number;
  /** Identifies one attempt. */
  readonly stream: number;
  readonly sequence: number;
  /** MessagePack of SnapshotMeta in the header. */
  readonly meta: Uint8Array | undefined;
  readonly pairs: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly checksum: number;
  readonly last: boolean;
}

/** The receiver's answer to a chunk: go on, refused, or done. */
export interface SnapshotReplyMessage {
  readonly kind: "snapshot-reply";
  readonly group: number;
  readonly from: number;
  readonly to: number;
  readonly stream: number;
  readonly sequence: number;
  readonly status: "continue" | "refused" | "installed";
}

/** A request that expects one response with the same id. */
export interface RequestMessage {
  readonly kind: "request";
  /** Unique per sender while it runs. */
  readonly id: number;
  /** What is asked: "write", "read", "control", "watch", "status", … */
  readonly method: string;
  /** The partition (Raft group) concerned; 0 for the control plane or none. */
  readonly group: number;
  /** Version of the partition's range that the sender knows. */
  readonly epoch: number;
  /** Ties log lines together; the x-amzn-RequestId. */
  readonly trace: string;
  /** Identity of a write over its retries, 16 bytes; empty for others. */
  readonly token: Uint8Array;
  /** 0 the first time a write is sent, higher on retries. */
  readonly attempt: number;
  readonly body: Uint8Array;
}

export interface ResponseMessage {
  readonly kind: "response";
  readonly id: number;
  /** "ok", or why not: "not-leader", "wrong-epoch", "unknown-partition", "unavailable", "error", … */
  readonly status: string;
  readonly body: Uint8Array;
  /** Id of the partition's replica that answers; 0 when none does. */
  readonly replica: number;
  /** That replica leads its partition. */
  readonly leads: boolean;
}

/** A message that expects no answer: map updates, node reports, instructions to replicas. */
export interface NoticeMessage {
  readonly kind: "notice";
  readonly topic: string;
  readonly body: Uint8Array;
}
