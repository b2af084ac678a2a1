// Messages of every kind for the tests: one of each by hand, and arbitrary ones for properties.
import fc from "fast-check";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import { raftTypes, snapshotStatuses } from "@azimuth/rpc/wire-numbers.ts";

const index = fc.oneof(fc.nat(300), fc.maxSafeNat());
const bytes = fc.uint8Array({ maxLength: 300 });
const text = fc.string({ unit: "binary", maxLength: 90 });
const config = fc.record({
  voters: fc.array(index, { maxLength: 5 }),
  votersOutgoing: fc.array(index, { maxLength: 5 }),
  learners: fc.array(index, { maxLength: 3 }),
  learnersNext: fc.array(index, { maxLength: 3 }),
  autoLeave: fc.boolean(),
});
const entry = fc.record({ index, term: index, kind: fc.constantFrom("normal" as const, "config" as const), data: bytes });
const raftMessage = fc.record({
  type: fc.constantFrom(...raftTypes),
  from: index,
  to: index,
  term: index,
  index,
  logTerm: index,
  entries: fc.array(entry, { maxLength: 6 }),
  commit: index,
  reject: fc.boolean(),
  hintIndex: index,
  readPosition: index,
  force: fc.boolean(),
  snapshot: fc.option(fc.record({ index, term: index, config }), { nil: undefined }),
});
const heartbeat = fc.record({
  group: index,
  from: index,
  to: index,
  term: index,
  commit: index,
  readPosition: index,
  response: fc.boolean(),
  quiesce: fc.boolean(),
});
const uint32 = fc.integer({ min: 0, max: 0xffffffff });

export const arbitraryMessage: fc.Arbitrary<WireMessage> = fc.oneof(
  fc.record({ kind: fc.constant("raft" as const), group: index, message: raftMessage }),
  fc.record({ kind: fc.constant("heartbeats" as const), beats: fc.array(heartbeat, { maxLength: 8 }) }),
  fc.record({
    kind: fc.constant("snapshot-chunk" as const),
    group: index,
    from: index,
    to: index,
    term: index,
    stream: index,
    sequence: uint32,
    meta: fc.option(fc.uint8Array({ minLength: 1, maxLength: 50 }), { nil: undefined }),
    pairs: fc.array(fc.record({ key: bytes, value: bytes }), { maxLength: 5 }),
    checksum: uint32,
    last: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("snapshot-reply" as const),
    group: index,
    from: index,
    to: index,
    stream: index,
    sequence: uint32,
    status: fc.constantFrom(...snapshotStatuses),
  }),
  fc.record({
    kind: fc.constant("request" as const),
    id: index,
    method: text,
    group: index,
    epoch: index,
    trace: text,
    token: bytes,
    attempt: uint32,
    body: bytes,
  }),
  fc.record({
    kind: fc.constant("response" as const), id: index, status: text, body: bytes, replica: index, leads: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("notice" as const), topic: text, body: bytes }),
);

export function request(id: number, body: Uint8Array = Buffer.from("a body")): WireMessage {
  return {
    kind: "request",
    id,
    method: "write",
    group: 7,
    epoch: 3,
    trace: "TRACE",
    token: Buffer.alloc(16, 5),
    attempt: 0,
    body,
  };
}

export function notice(topic: string, body: Uint8Array = Buffer.alloc(0)): WireMessage {
  return { kind: "notice", topic, body };
}

export function append(entries: number, entryBytes: number): WireMessage {
  return {
    kind: "raft",
    group: 12,
    message: {
      type: "append",
      from: 1,
      to: 2,
      term: 5,
      index: 100_000,
      logTerm: 5,
      entries: Array.from({ length: entries }, (_, position) => ({
        index: 100_001 + position,
        term: 5,
        kind: "normal" as const,
        data: Buffer.alloc(entryBytes, position),
      })),
      commit: 99_990,
      reject: false,
      hintIndex: 0,
      readPosition: 0,
      force: false,
      snapshot: undefined,
    },
  };
}
