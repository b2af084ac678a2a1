// The bytes of a `Frame` (proto/azimuth.proto) to messages; the mirror of encode-frame.ts. Absent fields have
// proto3's defaults, unknown ones are passed over. Bodies, tokens, keys and entry data are views of the frame:
// nobody writes into a frame once it has arrived, so they stay as they are for as long as they are held.
import type { ConfigState, Entry, Message as RaftMessage, MessageType, SnapshotMeta } from "@azimuth/raft/types.ts";
import type { Heartbeat, RaftEnvelope, RequestMessage, ResponseMessage, NoticeMessage } from "./messages.ts";
import type { SnapshotChunkMessage, SnapshotReplyMessage, WireMessage } from "./messages.ts";
import { MalformedFrame, ProtobufReader } from "./protobuf-reader.ts";
import { envelopeField, raftTypes, snapshotStatuses } from "./wire-numbers.ts";

const noBytes = new Uint8Array(0);
const noEntries: readonly Entry[] = [];

/** The messages of a frame in order; undefined when the bytes are not a frame. */
export function decodeFrame(bytes: Buffer): readonly WireMessage[] | undefined {
  const reader = new ProtobufReader(bytes);
  const messages: WireMessage[] = [];
  try {
    while (reader.next()) {
      if (reader.field !== 1) {
        reader.skip();
        continue;
      }
      const message = readEnvelope(reader);
      if (message !== undefined) messages.push(message);
    }
  } catch (error) {
    if (error instanceof MalformedFrame) return undefined;
    throw error;
  }
  return messages;
}

/** Undefined for a kind of message that a newer process may send and this one does not know. */
function readEnvelope(reader: ProtobufReader): WireMessage | undefined {
  const outer = reader.enter();
  let message: WireMessage | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case envelopeField.raft:
        message = readRaftEnvelope(reader);
        break;
      case envelopeField.heartbeats:
        message = { kind: "heartbeats", beats: readHeartbeats(reader) };
        break;
      case envelopeField.snapshotChunk:
        message = readSnapshotChunk(reader);
        break;
      case envelopeField.snapshotReply:
        message = readSnapshotReply(reader);
        break;
      case envelopeField.request:
        message = readRequest(reader);
        break;
      case envelopeField.response:
        message = readResponse(reader);
        break;
      case envelopeField.notice:
        message = readNotice(reader);
        break;
      default:
        reader.skip();
    }
  }
  reader.leave(outer);
  return message;
}

function readRaftEnvelope(reader: ProtobufReader): RaftEnvelope {
  const outer = reader.enter();
  let group = 0;
  let message: RaftMessage | undefined;
  while (reader.next()) {
    if (reader.field === 1) group = reader.integer();
    else if (reader.field === 2) message = readRaftMessage(reader);
    else reader.skip();
  }
  reader.leave(outer);
  if (message === undefined) throw new MalformedFrame("a Raft envelope without its message");
  return { kind: "raft", group, message };
}

function readRaftMessage(reader: ProtobufReader): RaftMessage {
  const outer = reader.enter();
  let type: MessageType = "append";
  let from = 0;
  let to = 0;
  let term = 0;
  let index = 0;
  let logTerm = 0;
  let entries: Entry[] | undefined;
  let commit = 0;
  let reject = false;
  let hintIndex = 0;
  let readPosition = 0;
  let force = false;
  let snapshot: SnapshotMeta | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 1: type = oneOf(raftTypes, reader.integer()); break;
      case 2: from = reader.integer(); break;
      case 3: to = reader.integer(); break;
      case 4: term = reader.integer(); break;
      case 5: index = reader.integer(); break;
      case 6: logTerm = reader.integer(); break;
      case 7: (entries ??= []).push(readEntry(reader)); break;
      case 8: commit = reader.integer(); break;
      case 9: reject = reader.boolean(); break;
      case 10: hintIndex = reader.integer(); break;
      case 11: readPosition = reader.integer(); break;
      case 12: force = reader.boolean(); break;
      case 13: snapshot = readSnapshotMeta(reader); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return {
    type, from, to, term, index, logTerm, entries: entries ?? noEntries,
    commit, reject, hintIndex, readPosition, force, snapshot,
  };
}

function readEntry(reader: ProtobufReader): Entry {
  const outer = reader.enter();
  let index = 0;
  let term = 0;
  let config = false;
  let data: Uint8Array = noBytes;
  while (reader.next()) {
    switch (reader.field) {
      case 1: index = reader.integer(); break;
      case 2: term = reader.integer(); break;
      case 3: config = reader.boolean(); break;
      case 4: data = reader.bytes(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { index, term, kind: config ? "config" : "normal", data };
}

function readSnapshotMeta(reader: ProtobufReader): SnapshotMeta {
  const outer = reader.enter();
  let index = 0;
  let term = 0;
  let config: ConfigState | undefined;
  while (reader.next()) {
    switch (reader.field) {
      case 1: index = reader.integer(); break;
      case 2: term = reader.integer(); break;
      case 3: config = readConfigState(reader); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  if (config === undefined) throw new MalformedFrame("a snapshot without its membership");
  return { index, term, config };
}

function readConfigState(reader: ProtobufReader): ConfigState {
  const outer = reader.enter();
  const voters: number[] = [];
  const votersOutgoing: number[] = [];
  const learners: number[] = [];
  const learnersNext: number[] = [];
  let autoLeave = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1: reader.integersInto(voters); break;
      case 2: reader.integersInto(votersOutgoing); break;
      case 3: reader.integersInto(learners); break;
      case 4: reader.integersInto(learnersNext); break;
      case 5: autoLeave = reader.boolean(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { voters, votersOutgoing, learners, learnersNext, autoLeave };
}

function readHeartbeats(reader: ProtobufReader): readonly Heartbeat[] {
  const outer = reader.enter();
  const beats: Heartbeat[] = [];
  while (reader.next()) {
    if (reader.field === 1) beats.push(readHeartbeat(reader));
    else reader.skip();
  }
  reader.leave(outer);
  return beats;
}

function readHeartbeat(reader: ProtobufReader): Heartbeat {
  const outer = reader.enter();
  let group = 0;
  let from = 0;
  let to = 0;
  let term = 0;
  let commit = 0;
  let readPosition = 0;
  let response = false;
  let quiesce = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1: group = reader.integer(); break;
      case 2: from = reader.integer(); break;
      case 3: to = reader.integer(); break;
      case 4: term = reader.integer(); break;
      case 5: commit = reader.integer(); break;
      case 6: readPosition = reader.integer(); break;
      case 7: response = reader.boolean(); break;
      case 8: quiesce = reader.boolean(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { group, from, to, term, commit, readPosition, response, quiesce };
}

function readSnapshotChunk(reader: ProtobufReader): SnapshotChunkMessage {
  const outer = reader.enter();
  let group = 0;
  let from = 0;
  let to = 0;
  let term = 0;
  let stream = 0;
  let sequence = 0;
  let meta: Uint8Array | undefined;
  const pairs: { key: Uint8Array; value: Uint8Array }[] = [];
  let checksum = 0;
  let last = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1: group = reader.integer(); break;
      case 2: from = reader.integer(); break;
      case 3: to = reader.integer(); break;
      case 4: term = reader.integer(); break;
      case 5: stream = reader.integer(); break;
      case 6: sequence = reader.integer(); break;
      case 7: meta = reader.bytes(); break;
      case 8: pairs.push(readPair(reader)); break;
      case 9: checksum = reader.fixed32(); break;
      case 10: last = reader.boolean(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { kind: "snapshot-chunk", group, from, to, term, stream, sequence, meta, pairs, checksum, last };
}

function readPair(reader: ProtobufReader): { key: Uint8Array; value: Uint8Array } {
  const outer = reader.enter();
  let key: Uint8Array = noBytes;
  let value: Uint8Array = noBytes;
  while (reader.next()) {
    if (reader.field === 1) key = reader.bytes();
    else if (reader.field === 2) value = reader.bytes();
    else reader.skip();
  }
  reader.leave(outer);
  return { key, value };
}

function readSnapshotReply(reader: ProtobufReader): SnapshotReplyMessage {
  const outer = reader.enter();
  let group = 0;
  let from = 0;
  let to = 0;
  let stream = 0;
  let sequence = 0;
  let status: SnapshotReplyMessage["status"] = "continue";
  while (reader.next()) {
    switch (reader.field) {
      case 1: group = reader.integer(); break;
      case 2: from = reader.integer(); break;
      case 3: to = reader.integer(); break;
      case 4: stream = reader.integer(); break;
      case 5: sequence = reader.integer(); break;
      case 6: status = oneOf(snapshotStatuses, reader.integer()); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { kind: "snapshot-reply", group, from, to, stream, sequence, status };
}

function readRequest(reader: ProtobufReader): RequestMessage {
  const outer = reader.enter();
  let id = 0;
  let method = "";
  let group = 0;
  let epoch = 0;
  let trace = "";
  let token: Uint8Array = noBytes;
  let attempt = 0;
  let body: Uint8Array = noBytes;
  while (reader.next()) {
    switch (reader.field) {
      case 1: id = reader.integer(); break;
      case 2: method = reader.text(); break;
      case 3: group = reader.integer(); break;
      case 4: epoch = reader.integer(); break;
      case 5: trace = reader.text(); break;
      case 6: token = reader.bytes(); break;
      case 7: attempt = reader.integer(); break;
      case 8: body = reader.bytes(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { kind: "request", id, method, group, epoch, trace, token, attempt, body };
}

function readResponse(reader: ProtobufReader): ResponseMessage {
  const outer = reader.enter();
  let id = 0;
  let status = "";
  let body: Uint8Array = noBytes;
  let replica = 0;
  let leads = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1: id = reader.integer(); break;
      case 2: status = reader.text(); break;
      case 3: body = reader.bytes(); break;
      case 4: replica = reader.integer(); break;
      case 5: leads = reader.boolean(); break;
      default: reader.skip();
    }
  }
  reader.leave(outer);
  return { kind: "response", id, status, body, replica, leads };
}

function readNotice(reader: ProtobufReader): NoticeMessage {
  const outer = reader.enter();
  let topic = "";
  let body: Uint8Array = noBytes;
  while (reader.next()) {
    if (reader.field === 1) topic = reader.text();
    else if (reader.field === 2) body = reader.bytes();
    else reader.skip();
  }
  reader.leave(outer);
  return { kind: "notice", topic, body };
}

function oneOf<Name extends string>(names: readonly Name[], number: number): Name {
  const name = names[number];
  if (name === undefined) throw new MalformedFrame(`${number} is not one of ${names.join(", ")}`);
  return name;
}
