// Messages to the bytes of a `Frame` (proto/azimuth.proto). One function per message, fields in the order and
// under the numbers of the contract; decode-frame.ts is its mirror. Every `xBytesMax` is an upper bound of what
// its message takes, so that the writer reserves once per envelope.
import { unreachable } from "@azimuth/foundation/assert.ts";
import type { ConfigState, Message as RaftMessage, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { Heartbeat, SnapshotChunkMessage, SnapshotReplyMessage, WireMessage } from "./messages.ts";
import type { RequestMessage, ResponseMessage } from "./messages.ts";
import { lengthFieldBytesMax, ProtobufWriter, scalarFieldBytesMax } from "./protobuf-writer.ts";
import { envelopeField, raftTypeNumbers, snapshotStatusNumbers } from "./wire-numbers.ts";

/** Room for every scalar field and the nesting of the largest message, without its byte and text fields. */
const fixedBytesMax = 20 * scalarFieldBytesMax + 8 * lengthFieldBytesMax;
const entryBytesMax = 3 * scalarFieldBytesMax + 2 * lengthFieldBytesMax;
const heartbeatBytesMax = 8 * scalarFieldBytesMax + lengthFieldBytesMax;
const pairBytesMax = 3 * lengthFieldBytesMax;

const singleFrameBytes = 1024;

/** Bytes of a whole frame; the transport appends message by message instead. */
export function encodeFrame(messages: readonly WireMessage[]): Buffer {
  const writer = new ProtobufWriter(singleFrameBytes);
  for (const message of messages) appendMessage(writer, message);
  return writer.take();
}

/** Appends one envelope. Frames are concatenations of envelopes, so this is all there is to a frame. */
export function appendMessage(writer: ProtobufWriter, message: WireMessage): void {
  writer.reserve(messageBytesMax(message));
  const envelope = writer.open(1);
  switch (message.kind) {
    case "raft": {
      const raft = writer.open(envelopeField.raft);
      writer.integer(1, message.group);
      writeRaftMessage(writer, message.message);
      writer.close(raft);
      break;
    }
    case "heartbeats": {
      const heartbeats = writer.open(envelopeField.heartbeats);
      for (const beat of message.beats) writeHeartbeat(writer, beat);
      writer.close(heartbeats);
      break;
    }
    case "snapshot-chunk":
      writeSnapshotChunk(writer, message);
      break;
    case "snapshot-reply":
      writeSnapshotReply(writer, message);
      break;
    case "request":
      writeRequest(writer, message);
      break;
    case "response":
      writeResponse(writer, message);
      break;
    case "notice": {
      const notice = writer.open(envelopeField.notice);
      writer.text(1, message.topic);
      writer.bytes(2, message.body);
      writer.close(notice);
      break;
    }
    default:
      unreachable(message, "message");
  }
  writer.close(envelope);
}

/** An upper bound of the bytes that a message takes in a frame. A UTF-16 unit is at most 3 bytes of UTF-8. */
function messageBytesMax(message: WireMessage): number {
  let total = fixedBytesMax;
  switch (message.kind) {
    case "raft": {
      for (const entry of message.message.entries) total += entryBytesMax + entry.data.length;
      const config = message.message.snapshot?.config;
      return config === undefined ? total : total + configBytesMax(config);
    }
    case "heartbeats":
      return total + message.beats.length * heartbeatBytesMax;
    case "snapshot-chunk":
      for (const pair of message.pairs) total += pairBytesMax + pair.key.length + pair.value.length;
      return total + (message.meta?.length ?? 0);
    case "snapshot-reply":
      return total;
    case "request":
      total += 3 * (message.method.length + message.trace.length);
      return total + message.token.length + message.body.length;
    case "response":
      return total + 3 * message.status.length + message.body.length;
    case "notice":
      return total + 3 * message.topic.length + message.body.length;
    default:
      return unreachable(message, "message");
  }
}

function configBytesMax(config: ConfigState): number {
  const members =
    config.voters.length + config.votersOutgoing.length + config.learners.length + config.learnersNext.length;
  return members * scalarFieldBytesMax;
}

function writeRaftMessage(writer: ProtobufWriter, message: RaftMessage): void {
  const start = writer.open(2);
  writer.integer(1, raftTypeNumbers[message.type]);
  writer.integer(2, message.from);
  writer.integer(3, message.to);
  writer.integer(4, message.term);
  writer.integer(5, message.index);
  writer.integer(6, message.logTerm);
  for (const entry of message.entries) {
    const entryStart = writer.open(7);
    writer.integer(1, entry.index);
    writer.integer(2, entry.term);
    writer.boolean(3, entry.kind === "config");
    writer.bytes(4, entry.data);
    writer.close(entryStart);
  }
  writer.integer(8, message.commit);
  writer.boolean(9, message.reject);
  writer.integer(10, message.hintIndex);
  writer.integer(11, message.readPosition);
  writer.boolean(12, message.force);
  if (message.snapshot !== undefined) writeSnapshotMeta(writer, message.snapshot);
  writer.close(start);
}

function writeSnapshotMeta(writer: ProtobufWriter, meta: SnapshotMeta): void {
  const start = writer.open(13);
  writer.integer(1, meta.index);
  writer.integer(2, meta.term);
  const configStart = writer.open(3);
  writer.integers(1, meta.config.voters);
  writer.integers(2, meta.config.votersOutgoing);
  writer.integers(3, meta.config.learners);
  writer.integers(4, meta.config.learnersNext);
  writer.boolean(5, meta.config.autoLeave);
  writer.close(configStart);
  writer.close(start);
}

function writeHeartbeat(writer: ProtobufWriter, beat: Heartbeat): void {
  const start = writer.open(1);
  writer.integer(1, beat.group);
  writer.integer(2, beat.from);
  writer.integer(3, beat.to);
  writer.integer(4, beat.term);
  writer.integer(5, beat.commit);
  writer.integer(6, beat.readPosition);
  writer.boolean(7, beat.response);
  writer.boolean(8, beat.quiesce);
  writer.close(start);
}

function writeSnapshotChunk(writer: ProtobufWriter, chunk: SnapshotChunkMessage): void {
  const start = writer.open(envelopeField.snapshotChunk);
  writer.integer(1, chunk.group);
  writer.integer(2, chunk.from);
  writer.integer(3, chunk.to);
  writer.integer(4, chunk.term);
  writer.integer(5, chunk.stream);
  writer.integer(6, chunk.sequence);
  if (chunk.meta !== undefined) writer.bytes(7, chunk.meta);
  for (const pair of chunk.pairs) {
    const pairStart = writer.open(8);
    writer.bytes(1, pair.key);
    writer.bytes(2, pair.value);
    writer.close(pairStart);
  }
  writer.fixed32(9, chunk.checksum);
  writer.boolean(10, chunk.last);
  writer.close(start);
}

function writeSnapshotReply(writer: ProtobufWriter, reply: SnapshotReplyMessage): void {
  const start = writer.open(envelopeField.snapshotReply);
  writer.integer(1, reply.group);
  writer.integer(2, reply.from);
  writer.integer(3, reply.to);
  writer.integer(4, reply.stream);
  writer.integer(5, reply.sequence);
  writer.integer(6, snapshotStatusNumbers[reply.status]);
  writer.close(start);
}

function writeRequest(writer: ProtobufWriter, request: RequestMessage): void {
  const start = writer.open(envelopeField.request);
  writer.integer(1, request.id);
  writer.text(2, request.method);
  writer.integer(3, request.group);
  writer.integer(4, request.epoch);
  writer.text(5, request.trace);
  writer.bytes(6, request.token);
  writer.integer(7, request.attempt);
  writer.bytes(8, request.body);
  writer.close(start);
}

function writeResponse(writer: ProtobufWriter, response: ResponseMessage): void {
  const start = writer.open(envelopeField.response);
  writer.integer(1, response.id);
  writer.text(2, response.status);
  writer.bytes(3, response.body);
  writer.integer(4, response.replica);
  writer.boolean(5, response.leads);
  writer.close(start);
}
