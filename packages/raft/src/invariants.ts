// What must hold of one core between any two calls. The simulator and the tests check it after every step.
import { assert } from "@azimuth/foundation/assert.ts";
import type { RaftCore } from "./core.ts";
import { members } from "./membership/configuration.ts";

export function checkInvariants(core: RaftCore): void {
  const { log, role } = core;
  log.checkInvariants();
  let previousTerm = 0;
  for (const entry of log.unstable.entries) {
    assert(entry.term >= previousTerm, "terms fall along the log");
    assert(entry.term <= core.term, "the log is ahead of the term");
    previousTerm = entry.term;
  }
  assert(core.reads.count <= core.options.pendingReadsMax, "more reads wait than allowed");
  if (role === "leader") checkLeader(core);
  else assert(core.progress.size === 0, "only a leader tracks progress");
  if (role === "candidate") assert(core.vote === core.id, "a candidate votes for itself");
  if (role !== "follower") assert(!log.hasPendingSnapshot, "a replica awaiting its snapshot takes no part");
}

function checkLeader(core: RaftCore): void {
  const { log } = core;
  assert(core.leader === core.id && core.vote === core.id, "a leader leads by its own vote");
  assert(log.term(log.lastIndex) === core.term, "a leader's last entry is of its term");
  const expected = members(core.config);
  assert(core.progress.size === expected.length, "a leader tracks exactly the members");
  for (const replica of expected) {
    const progress = core.progress.get(replica);
    assert(progress !== undefined, "a leader tracks every member");
    assert(progress.match >= 0 && progress.match < progress.next, "progress: match is not below next");
    assert(progress.match <= log.lastIndex, "a follower is ahead of its leader");
    assert(progress.next <= log.lastIndex + 1, "entries were sent that do not exist");
    assert(progress.inflights.count <= core.options.inflightAppendsMax, "too many appends under way");
    if (replica === core.id) assert(progress.match <= log.stableIndex, "a leader counts what is not durable");
  }
}
