// The hand-written codec against protobufjs, which reads the contract itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import protobuf from "protobufjs";
import { decodeFrame } from "@azimuth/rpc/decode-frame.ts";
import { encodeFrame } from "@azimuth/rpc/encode-frame.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import { type envelopeField, raftTypes, snapshotStatuses } from "@azimuth/rpc/wire-numbers.ts";
import { append, arbitraryMessage, notice, request } from "./sample-messages.ts";

const contract = protobuf.loadSync(fileURLToPath(new URL("../../../proto/azimuth.proto", import.meta.url)));
const frameType = contract.lookupType("azimuth.Frame");

/** Any bytes as a plain Uint8Array, so that Buffers and views compare by content. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

const contentByKind: Record<WireMessage["kind"], keyof typeof envelopeField> = {
  raft: "raft",
  heartbeats: "heartbeats",
  "snapshot-chunk": "snapshotChunk",
  "snapshot-reply": "snapshotReply",
  request: "request",
  response: "response",
  notice: "notice",
};

/** The message as protobufjs wants it: enumerations as numbers, entries' kind as the flag of the contract. */
function toProtobufObject(message: WireMessage): Record<string, unknown> {
  const { kind, ...fields } = message;
  const content = { ...fields } as Record<string, unknown>;
  if (message.kind === "raft") {
    const { type, entries, ...rest } = message.message;
    content["message"] = {
      ...rest,
      type: raftTypes.indexOf(type),
      entries: entries.map(({ kind: entryKind, ...entry }) => ({ ...entry, config: entryKind === "config" })),
    };
  }
  if (message.kind === "snapshot-reply") content["status"] = snapshotStatuses.indexOf(message.status);
  return { [contentByKind[kind]]: content };
}

test("what is encoded is decoded to the same messages", () => {
  fc.assert(
    fc.property(fc.array(arbitraryMessage, { maxLength: 10 }), (messages) => {
      assert.deepEqual(plain(decodeFrame(encodeFrame(messages))), plain(messages));
    }),
    { numRuns: 300 },
  );
});

test("a frame that protobufjs encodes by the contract is decoded to the same messages", () => {
  fc.assert(
    fc.property(fc.array(arbitraryMessage, { maxLength: 5 }), (messages) => {
      const frame = frameType.encode(frameType.fromObject({ envelopes: messages.map(toProtobufObject) })).finish();
      assert.deepEqual(plain(decodeFrame(Buffer.from(frame))), plain(messages));
    }),
    { numRuns: 200 },
  );
});

test("protobufjs decodes by the contract what is encoded here", () => {
  fc.assert(
    fc.property(fc.array(arbitraryMessage, { maxLength: 5 }), (messages) => {
      const ours = frameType.toObject(frameType.decode(encodeFrame(messages)), { longs: Number });
      const canonical = frameType.encode(
        frameType.fromObject({ envelopes: messages.map(toProtobufObject) }),
      ).finish();
      const theirs = frameType.toObject(frameType.decode(canonical), { longs: Number });
      assert.deepEqual(plain(ours), plain(theirs));
    }),
    { numRuns: 200 },
  );
});

test("random bytes and damaged frames are refused or decoded, never thrown about", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      decodeFrame(Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.array(arbitraryMessage, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255), (messages, at, byte) => {
      const frame = Buffer.from(encodeFrame(messages));
      frame[at % frame.length] = byte;
      decodeFrame(frame);
      decodeFrame(frame.subarray(0, at % frame.length));
    }),
    { numRuns: 1000 },
  );
});

test("a truncated frame is refused", () => {
  const frame = encodeFrame([request(1)]);
  assert.equal(decodeFrame(frame.subarray(0, frame.length - 1)), undefined);
});

test("a length that reaches past its message is refused even when the frame is longer", () => {
  // An envelope of 4 bytes whose notice claims 100, followed by enough bytes in the frame.
  const frame = Buffer.concat([Buffer.from([0x0a, 4, 0x3a, 100, 0x0a, 1]), Buffer.alloc(200)]);
  assert.equal(decodeFrame(frame), undefined);
});

test("an integer above the safe ones is refused", () => {
  const frame = Buffer.from([0x0a, 13, 0x32, 11, 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
  assert.equal(decodeFrame(frame), undefined);
});

test("a message of a kind that is not known yet is passed over", () => {
  const unknownEnvelope = Buffer.from([0x0a, 4, 0x7a, 2, 0x08, 1]);
  const frame = Buffer.concat([unknownEnvelope, encodeFrame([notice("known")])]);
  assert.deepEqual(plain(decodeFrame(frame)), plain([notice("known")]));
});

test("byte fields are views of the frame, not copies", () => {
  const frame = encodeFrame([request(1)]);
  const [message] = decodeFrame(frame) ?? [];
  assert.ok(message?.kind === "request");
  assert.equal(message.body.buffer, frame.buffer);
});

test("frames larger than a slab are written whole", () => {
  const messages = [append(40, 100_000), request(2, Buffer.alloc(5_000_000, 3)), append(1, 10)];
  assert.deepEqual(plain(decodeFrame(encodeFrame(messages))), plain(messages));
});
