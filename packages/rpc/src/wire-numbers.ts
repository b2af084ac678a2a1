// The numbers of proto/azimuth.proto that both directions of the codec need: which field of Envelope holds which
// message, and the values of its enumerations. A test holds them against the contract itself.
import type { MessageType } from "@azimuth/raft/types.ts";
import type { SnapshotReplyMessage } from "./messages.ts";

export const envelopeField = {
  raft: 1,
  heartbeats: 2,
  snapshotChunk: 3,
  snapshotReply: 4,
  request: 5,
  response: 6,
  notice: 7,
} as const;

/** In the order of the enumeration RaftMessageType. */
export const raftTypes: readonly MessageType[] = [
  "append",
  "append-response",
  "heartbeat",
  "heartbeat-response",
  "vote",
  "vote-response",
  "pre-vote",
  "pre-vote-response",
  "snapshot",
  "timeout-now",
];

/** In the order of the enumeration SnapshotReply.Status. */
export const snapshotStatuses: readonly SnapshotReplyMessage["status"][] = ["continue", "refused", "installed"];

export const raftTypeNumbers = numbersOf(raftTypes);
export const snapshotStatusNumbers = numbersOf(snapshotStatuses);

function numbersOf<Name extends string>(names: readonly Name[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, number) => [name, number])) as Record<Name, number>;
}
