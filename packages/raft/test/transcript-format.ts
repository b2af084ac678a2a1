// How a transcript prints what a core does: one line per fact, only the fields that say something.
import { fromUtf8 } from "@azimuth/foundation/bytes.ts";
import { decodeConfigChange } from "../src/membership/config-change-codec.ts";
import type { ConfigState, Entry, Message, Ready } from "../src/types.ts";
import type { SimulatedReplica } from "./simulated-replica.ts";

export function formatEntry(entry: Entry): string {
  const at = `${entry.index}/${entry.term}`;
  if (entry.kind === "normal") return entry.data.length === 0 ? at : `${at} ${fromUtf8(entry.data)}`;
  const change = decodeConfigChange(entry.data);
  if (change.kind === "leave") return `${at} leave-joint`;
  return `${at} ${change.steps.map((step) => `${step.kind}=${step.replica}`).join("+")}`;
}

function formatEntries(entries: readonly Entry[]): string {
  return `[${entries.map(formatEntry).join(", ")}]`;
}

export function formatConfig(config: ConfigState): string {
  const parts = [`voters ${config.voters.join(",") || "none"}`];
  if (config.votersOutgoing.length > 0) parts.push(`outgoing ${config.votersOutgoing.join(",")}`);
  if (config.learners.length > 0) parts.push(`learners ${config.learners.join(",")}`);
  if (config.learnersNext.length > 0) parts.push(`learners-next ${config.learnersNext.join(",")}`);
  return parts.join(" ");
}

export function formatMessage(message: Message): string {
  const head = `${message.from}>${message.to} ${message.type} term=${message.term}`;
  return [head, ...messageFields(message)].join(" ");
}

function messageFields(message: Message): string[] {
  const { commit, entries, hintIndex, index, logTerm, readPosition, reject, snapshot } = message;
  switch (message.type) {
    case "append":
      return [`prev=${index}/${logTerm}`, `commit=${commit}`, formatEntries(entries)];
    case "append-response":
      return reject ? ["REJECT", `prev=${index}`, `hint=${hintIndex}/${logTerm}`] : [`match=${index}`];
    case "heartbeat":
      return [`commit=${commit}`, ...(readPosition > 0 ? [`reads=${readPosition}`] : [])];
    case "heartbeat-response":
      return readPosition > 0 ? [`reads=${readPosition}`] : [];
    case "vote":
    case "pre-vote":
      return [`last=${index}/${logTerm}`, ...(message.force ? ["force"] : [])];
    case "vote-response":
    case "pre-vote-response":
      return reject ? ["REJECT", `commit=${commit}/${logTerm}`] : [];
    case "snapshot":
      if (snapshot === undefined) return [];
      return [`at=${snapshot.index}/${snapshot.term}`, formatConfig(snapshot.config)];
    case "timeout-now":
      return [];
  }
}

/** Nothing for a Ready that asks for nothing. */
export function formatReady(id: number, ready: Ready): string[] {
  const lines: string[] = [];
  const { committed, droppedReads, entries, hardState, reads, roleChange, snapshot } = ready;
  if (roleChange !== undefined) {
    lines.push(`role ${roleChange.role} term=${roleChange.term} leader=${roleChange.leader}`);
  }
  const stored: string[] = [];
  if (snapshot !== undefined) stored.push(`snapshot ${snapshot.index}/${snapshot.term}`);
  if (entries.length > 0) stored.push(`entries ${formatEntries(entries)}`);
  if (hardState !== undefined) {
    stored.push(`term=${hardState.term} vote=${hardState.vote} commit=${hardState.commit}`);
  }
  if (stored.length > 0) lines.push(`store ${stored.join(" ")}${ready.mustSync ? " sync" : ""}`);
  if (committed.length > 0) lines.push(`committed ${formatEntries(committed)}`);
  for (const read of reads) lines.push(`read ${read.id} confirmed at ${read.index}`);
  for (const read of droppedReads) lines.push(`read ${read} dropped`);
  for (const message of ready.messages) lines.push(formatMessage(message));
  return lines.map((line) => `${id}: ${line}`);
}

export function formatStatus(replica: SimulatedReplica): string {
  const { disk, id } = replica;
  if (!replica.running) {
    const { term, vote } = disk.hardState;
    return `${id}: down, stored term=${term} vote=${vote} last=${disk.lastIndex()}`;
  }
  const { raft } = replica;
  const terms: string[] = [];
  for (let index = disk.start().index; index <= raft.lastIndex; index++) {
    const term = raft.termAt(index);
    if (term !== undefined && index > 0) terms.push(`${index}/${term}`);
  }
  const state = `${raft.role} term=${raft.term} vote=${raft.vote} leader=${raft.leader}`;
  const cursors = `commit=${raft.committed} applied=${raft.appliedIndex} stable=${raft.stableIndex}`;
  return `${id}: ${state} ${cursors} log=[${terms.join(" ")}] ${formatConfig(raft.config)}`;
}
