// What a follower does with its leader's messages: append, heartbeat, snapshot. The term is already checked.
import { probe } from "@azimuth/foundation/probe.ts";
import type { RaftCore } from "../core.ts";
import { blankMessage } from "../core.ts";
import { isMember } from "../membership/configuration.ts";
import type { Message } from "../types.ts";

export function handleAppend(core: RaftCore, message: Message): void {
  const { log } = core;
  if (message.index < log.committed) {
    acknowledge(core, message, log.committed);
    return;
  }
  // Without a configuration there is no state these entries could be applied to: only a snapshot helps.
  const matched = core.config.voters.length === 0 && log.lastIndex === 0
    ? undefined
    : log.maybeAppend(message.index, message.logTerm, message.entries);
  if (matched === undefined) {
    rejectAppend(core, message);
    return;
  }
  log.commitTo(Math.min(message.commit, matched));
  acknowledge(core, message, matched);
}

/** The hint spares the leader probing one entry at a time: beyond (index, term) the logs cannot match. */
function rejectAppend(core: RaftCore, message: Message): void {
  probe("a follower refused entries that do not fit its log");
  const hint = core.log.findConflict(Math.min(message.index, core.log.lastIndex), message.logTerm);
  core.sendWhenDurable({
    ...blankMessage,
    type: "append-response",
    from: core.id,
    to: message.from,
    term: core.term,
    index: message.index,
    logTerm: hint.term,
    reject: true,
    hintIndex: hint.index,
  });
}

function acknowledge(core: RaftCore, message: Message, index: number): void {
  core.sendWhenDurable({
    ...blankMessage, type: "append-response", from: core.id, to: message.from, term: core.term, index,
  });
}

export function handleHeartbeat(core: RaftCore, message: Message): void {
  core.log.commitTo(message.commit);
  core.send({
    ...blankMessage,
    type: "heartbeat-response",
    from: core.id,
    to: message.from,
    term: core.term,
    readPosition: message.readPosition,
  });
}

/**
 * The state of the snapshot is at hand, staged by the host; decides whether it becomes this replica's
 * state.
 */
export function handleSnapshot(core: RaftCore, message: Message): void {
  const { snapshot } = message;
  const { log } = core;
  if (snapshot === undefined || snapshot.index <= log.committed || !isMember(snapshot.config, core.id)) {
    acknowledge(core, message, log.committed);
    return;
  }
  if (log.matches(snapshot.index, snapshot.term)) {
    // The entries are all here; they only were not known to be committed.
    log.commitTo(snapshot.index);
    acknowledge(core, message, log.committed);
    return;
  }
  log.restore(snapshot);
  core.config = snapshot.config;
  acknowledge(core, message, log.lastIndex);
}
