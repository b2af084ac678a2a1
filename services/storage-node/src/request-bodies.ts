// The bodies of requests and notices as they enter a node: read, and held to the least that the code behind relies on
// before it looks further. What fails throws MalformedBody and is refused; nothing has been done by then.
import type { ControlCommand } from "@azimuth/control-plane/commands.ts";
import { isControlOperation } from "@azimuth/control-plane/control-operations.ts";
import type { Instruction } from "@azimuth/control-plane/instructions.ts";
import type { NodeReport } from "@azimuth/control-plane/node-report.ts";
import type { MapDelta, WatchRequest } from "@azimuth/control-plane/watch.ts";
import type { PointReadCommand, RangeReadCommand, WriteCommand } from "@azimuth/operations/operation.ts";
import { nodeOperations } from "@azimuth/operations/registry.ts";
import type { IndexWriteCommand } from "@azimuth/partition/index-writes.ts";
import { isTransactionRead } from "@azimuth/partition/transaction-reads.ts";
import { isTransactionCommand } from "@azimuth/partition/transaction-writes.ts";
import { decodeShaped, expectShape, MalformedBody } from "@azimuth/rpc/body-codec.ts";
import type { RequestMessage } from "@azimuth/rpc/messages.ts";

const tokenBytes = 16;

export function writeCommandIn({ body, token }: RequestMessage): WriteCommand {
  const command = decodeShaped<WriteCommand>(body, { kind: "string", tableId: "number", position: "object" });
  expectShape(command.position, { token: "string", key: "bytes" });
  if (token.length !== tokenBytes && token.length !== 0) throw new MalformedBody("a token of another length");
  expectKnown(command, "write");
  return command;
}

export function readCommandIn({ body }: RequestMessage): PointReadCommand | RangeReadCommand {
  const command = decodeShaped<PointReadCommand | RangeReadCommand>(body, { kind: "string", tableId: "number" });
  if (command.kind === "range-read") {
    expectShape(command, { token: "string", start: "bytes", end: "bytes", reverse: "boolean" });
  } else {
    expectShape(command.position, { token: "string", key: "bytes" });
  }
  expectKnown(command, command.kind === "range-read" ? "range-read" : "point-read");
  return command;
}

export function indexWriteIn({ body }: RequestMessage): IndexWriteCommand {
  const command = decodeShaped<IndexWriteCommand>(body, { indexId: "number", source: "number", changes: "list" });
  for (const change of command.changes) expectShape(change, {});
  return command;
}

export function controlCommandIn({ body }: RequestMessage): ControlCommand {
  const command = decodeShaped<ControlCommand>(body, { operation: "string" });
  if (!isControlOperation(command.operation)) throw new MalformedBody("the control plane has no such operation");
  return command;
}

export function watchRequestIn({ body }: RequestMessage): WatchRequest {
  return decodeShaped<WatchRequest>(body, { since: "number" });
}

export function nodeReportIn(body: Uint8Array): NodeReport {
  const report = decodeShaped<NodeReport>(body, {
    node: "number", incarnation: "string", session: "string", sequence: "number", groups: "list",
  });
  for (const group of report.groups) {
    expectShape(group, {
      group: "number", replica: "number", role: "string", leader: "number", term: "number",
      voters: "list", learners: "list", progress: "list",
    });
  }
  return report;
}

export function instructionIn(body: Uint8Array): Instruction {
  const instruction = decodeShaped<Instruction>(body, { kind: "string", group: "number" });
  if (instruction.kind === "transfer-leader") expectShape(instruction, { to: "number" });
  else if (instruction.kind === "split") expectShape(instruction, { child: "number", at: "string" });
  else {
    expectShape(instruction, { kind: "string", steps: "list", expect: "object" });
    expectShape(instruction.expect, { voters: "list", learners: "list" });
  }
  return instruction;
}

/** Throws unless the body, which travels on as it is, looks like a change of the map. */
export function expectMapDelta(body: Uint8Array): void {
  const lists = { nodes: "list", tables: "list", partitions: "list", credentials: "list" } as const;
  const shape = { clusterId: "string", revision: "number", since: "number", deleted: "object", ...lists } as const;
  expectShape(decodeShaped<MapDelta>(body, shape).deleted, lists);
}

/** Steps of transactions have names of their own and are told apart by the partition. */
function expectKnown(command: WriteCommand | PointReadCommand | RangeReadCommand, kind: string): void {
  const { operation } = command;
  const isStep = command.kind === "write" ? isTransactionCommand(command) : isTransactionRead(command);
  if (command.kind !== kind || !(isStep || nodeOperations.get(operation)?.kind === kind)) {
    throw new MalformedBody(`this node knows no such ${kind}`);
  }
}
