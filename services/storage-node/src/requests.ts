// What a storage node answers: writes and reads of its partitions, control commands, watches of the map, and who it
// is. One function per method; statuses other than "ok" tell the asker how to correct itself.
import type { Logger } from "@azimuth/foundation/logger.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { ClusterMap } from "@azimuth/control-plane/cluster-map.ts";
import type { ControlPlane } from "@azimuth/control-plane/control-plane.ts";
import { controlMethod } from "@azimuth/control-plane/control-client.ts";
import { watchMethod, wholeMap, type WatchServer } from "@azimuth/control-plane/watch.ts";
import { indexWriteMethod } from "@azimuth/partition/index-writes.ts";
import type { Partition } from "@azimuth/partition/partition.ts";
import type { PartitionReply } from "@azimuth/partition/requests.ts";
import { encodeBody, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain, RequestMessage, ResponseMessage } from "@azimuth/rpc/messages.ts";
import type { IdentifyAnswer } from "./identity.ts";
import type { Replicas } from "./replicas.ts";
import { controlCommandIn, indexWriteIn, readCommandIn, watchRequestIn, writeCommandIn } from "./request-bodies.ts";

export const writeMethod = "write";
export const readMethod = "read";
export const identifyMethod = "identify";

const empty = new Uint8Array(0);

export interface RequestHandlerDoors {
  identify(): IdentifyAnswer;
  /** Undefined until the node has opened its replicas. */
  replicas(): Replicas | undefined;
  /** Undefined on nodes that hold no replica of group 0. */
  controlPlane(): { readonly plane: ControlPlane; readonly watches: WatchServer; isInTouch(): boolean } | undefined;
  /** This node's own copy of the map. */
  map(): ClusterMap;
  readonly log: Logger;
  respond(to: string, response: ResponseMessage): void;
}

export function createRequestHandler(doors: RequestHandlerDoors): (from: string, request: RequestMessage) => void {
  return (from, request) => {
    const reply: Reply = (status, body = empty, replica = 0, leads = false) => {
      if (doors.log.isDebugging) logAnswer(doors.log, from, request, status);
      doors.respond(from, { kind: "response", id: request.id, status, body, replica, leads });
    };
    try {
      answer(doors, from, request, reply);
    } catch (error) {
      if (!(error instanceof MalformedBody)) throw error;
      doors.log.warn("a request cannot be read", { from, method: request.method.slice(0, 40), reason: error.message });
      reply("malformed");
    }
  };
}

function answer(doors: RequestHandlerDoors, from: string, request: RequestMessage, reply: Reply): void {
  switch (request.method) {
    case writeMethod:
      return write(doors, request, reply);
    case readMethod:
      return read(doors, request, reply);
    case indexWriteMethod:
      return writeIndex(doors, request, reply);
    case controlMethod:
      return control(doors, request, reply);
    case watchMethod:
      return watch(doors, from, request, reply);
    case identifyMethod:
      return reply("ok", encodeBody(doors.identify() as unknown as Plain));
    default:
      return reply("unknown-method");
  }
}

function logAnswer(log: Logger, from: string, { method, group, attempt, trace }: RequestMessage, status: string): void {
  log.debug("answered", { requestId: trace, from, method, partition: group, attempt, status });
}

/** `replica` and `leads` say who answers, where a partition does. */
type Reply = (status: string, body?: Uint8Array, replica?: number, leads?: boolean) => void;

function write(doors: RequestHandlerDoors, request: RequestMessage, reply: Reply): void {
  const replicas = doors.replicas();
  const partition = replicas?.get(request.group);
  if (replicas === undefined || partition === undefined) return reply("unknown-partition");
  const command = writeCommandIn(request);
  const replica = replicas.replicaOf(request.group);
  const { epoch, token: requestToken, attempt } = request;
  partition.write({ command, epoch, requestToken, attempt }, (answer) =>
    replyWith(partition, answer, reply, replica, true));
}

function writeIndex(doors: RequestHandlerDoors, request: RequestMessage, reply: Reply): void {
  const partition = doors.replicas()?.get(request.group);
  if (partition === undefined) return reply("unknown-partition");
  const command = indexWriteIn(request);
  partition.writeIndex(command, request.epoch, (answer) => replyWith(partition, answer, reply));
}

function read(doors: RequestHandlerDoors, request: RequestMessage, reply: Reply): void {
  const replicas = doors.replicas();
  const partition = replicas?.get(request.group);
  if (replicas === undefined || partition === undefined) return reply("unknown-partition");
  const command = readCommandIn(request);
  const replica = replicas.replicaOf(request.group);
  partition.read({ command, epoch: request.epoch }, (answer) =>
    replyWith(partition, answer, reply, replica, partition.role === "leader"));
}

function replyWith(partition: Partition, answer: PartitionReply, reply: Reply, replica = 0, leads = false): void {
  switch (answer.status) {
    case "ok":
      return reply("ok", encodeBody(answer.outcome as Plain), replica, leads);
    case "not-leader":
      return reply("not-leader", encodeBody({ leader: answer.leader }));
    case "unavailable":
      return reply("unavailable", encodeBody({ reason: answer.reason }));
    case "wrong-epoch":
      return reply("wrong-epoch", splitTold(partition));
    case "unknown":
      return reply(answer.status);
  }
}

/** Whoever asks with the epoch from before the last split is told of it (packages/control-plane, dispatch.ts). */
function splitTold({ descriptor: { epoch }, statistics: { lastSplit } }: Partition): Uint8Array {
  return lastSplit === undefined ? empty : encodeBody({ epoch, ...lastSplit } as unknown as Plain);
}

function control(doors: RequestHandlerDoors, request: RequestMessage, reply: Reply): void {
  const control = doors.controlPlane();
  if (control === undefined) return reply("not-leader", encodeBody({ leader: 0 }));
  control.plane.handle(controlCommandIn(request), (answer) => {
    if (answer.status === "ok") reply("ok", encodeBody(answer.outcome as unknown as Plain));
    else if (answer.status === "not-leader") reply("not-leader", encodeBody({ leader: answer.leader }));
    else reply("unavailable", encodeBody({ reason: answer.reason }));
  });
}

function watch(doors: RequestHandlerDoors, from: string, request: RequestMessage, reply: Reply): void {
  const control = doors.controlPlane();
  // A replica that hears no leader may have been removed long ago: its map says nothing of now.
  const { since } = watchRequestIn(request);
  if (control === undefined || !control.isInTouch()) {
    const map = doors.map();
    if (map.revision <= since) return reply("unavailable");
    probe("a node without the control plane gave its copy of the map");
    return reply("elsewhere", encodeBody(wholeMap(map) as unknown as Plain));
  }
  const delta = control.watches.add(from, since);
  reply("ok", delta === undefined ? empty : encodeBody(delta as unknown as Plain));
}
