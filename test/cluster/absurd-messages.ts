// Messages between processes that can be read and make no sense: unknown groups, numbers at the end of their range,
// bodies that are no bodies, parts that do not fit together.
import { encodeBody } from "@azimuth/rpc/body-codec.ts";
import { encodeFrame } from "@azimuth/rpc/encode-frame.ts";
import type { WireMessage } from "@azimuth/rpc/messages.ts";
import type { Entry, Message as RaftMessage, MessageType } from "@azimuth/raft/types.ts";

const huge = Number.MAX_SAFE_INTEGER;
const none = new Uint8Array(0);
const noise = Buffer.from("c1ffffffff80deadbeef", "hex");

const raftTypes: readonly MessageType[] = [
  "append", "append-response", "heartbeat", "heartbeat-response", "vote", "vote-response", "pre-vote",
  "pre-vote-response", "snapshot", "timeout-now",
];

const unconnected: readonly Entry[] = [
  { index: 900, term: 7, kind: "normal", data: noise },
  { index: 3, term: 9, kind: "config", data: noise },
];

const bodies: readonly Uint8Array[] = [
  none,
  noise,
  Buffer.from([0xc0]),
  ...[null, 7, "text", [], {}, [[[[]]]], { since: "x" }, { since: -1 }, { kind: 5 }, { operation: "No" }]
    .map((plain) => encodeBody(plain as object)),
  encodeBody({ kind: "write", operation: "No", tableId: 1, position: { token: "00", partitionKey: none, sortKey: none } }),
  encodeBody({ kind: "point-read", operation: "No", tableId: 1, consistent: true, position: { token: "00" } }),
  encodeBody({ kind: "range-read", operation: "Query", tableId: "x", consistent: false, token: 5 }),
];

/** Raft's messages with every number absurd, for a replica that exists and for ones that do not. */
export function absurdRaft(group: number, from: number, to: number): readonly Buffer[] {
  const blank: RaftMessage = {
    type: "append", from, to, term: 1, index: 0, logTerm: 0, entries: [], commit: 0, reject: false, hintIndex: 0,
    readPosition: 0, force: false, snapshot: undefined,
  };
  const config = { voters: [from, huge], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const messages = raftTypes.flatMap((type): RaftMessage[] => [
    { ...blank, type, term: huge },
    { ...blank, type, term: huge, index: huge, logTerm: huge, commit: huge, hintIndex: huge, readPosition: huge, force: true },
    { ...blank, type, from: huge, term: 3 },
    { ...blank, type, to: huge },
    { ...blank, type, term: 2 ** 50, reject: true, hintIndex: huge, index: huge },
    { ...blank, type, term: 2 ** 50, entries: unconnected },
    { ...blank, type, entries: unconnected },
    { ...blank, type, snapshot: { index: huge, term: huge, config } },
  ]);
  const frames: WireMessage[][] = messages.map((message) => [{ kind: "raft", group, message }]);
  for (const term of [0, huge]) {
    for (const response of [false, true]) {
      for (const quiesce of [false, true]) {
        frames.push([{ kind: "heartbeats", beats: [{ group, from, to, term, commit: huge, readPosition: huge, response, quiesce }] }]);
      }
    }
  }
  const chunk = { kind: "snapshot-chunk", group, from, to, stream: huge, pairs: [], checksum: 1, last: true } as const;
  for (const meta of [undefined, none, noise, encodeBody([]), encodeBody({ index: "x" }), encodeBody({ index: huge, term: 1 })]) {
    frames.push([{ ...chunk, term: huge, sequence: 0, meta }], [{ ...chunk, term: 0, sequence: 9, meta }]);
  }
  for (const status of ["continue", "refused", "installed"] as const) {
    frames.push([{ kind: "snapshot-reply", group, from, to, stream: huge, sequence: huge, status }]);
  }
  return frames.map(encodeFrame);
}

/** Requests, answers and notices that nobody asked for, with bodies that do not belong to them. */
export function absurdRequests(groups: readonly number[]): readonly Buffer[] {
  const frames: WireMessage[][] = [];
  let id = 0;
  for (const method of ["write", "read", "index-write", "control", "watch", "identify", "status", "", "constructor", "x".repeat(5000)]) {
    for (const group of groups) {
      for (const body of bodies) {
        const request = { kind: "request", method, group, trace: "\0\n".repeat(50), body } as const;
        frames.push([{ ...request, id: ++id, epoch: 1, token: Buffer.alloc(16), attempt: 0 }]);
        frames.push([{ ...request, id: ++id, epoch: huge, token: Buffer.alloc(300), attempt: huge }]);
      }
    }
  }
  for (const body of bodies) {
    for (const topic of ["map", "node-report", "instruction", "", "toString"]) frames.push([{ kind: "notice", topic, body }]);
    for (const status of ["ok", "not-leader", "?"]) {
      frames.push([{ kind: "response", id: huge, status, body, replica: huge, leads: true }]);
    }
  }
  return frames.map(encodeFrame);
}
