// The small wrong changes that the tests must notice, each the kind of mistake that somebody could make tomorrow. A
// change replaces one text, which must occur exactly once, by another. The list grows with the code: whoever moves a
// line that is named here moves the name with it, and `npm run check` says so when somebody did not.
import { mutationsOfHousekeeping } from "./mutations-of-housekeeping.ts";
import { mutationsOfPartitions } from "./mutations-of-partitions.ts";
import { mutationsOfSplits } from "./mutations-of-splits.ts";

export interface Mutation {
  readonly name: string;
  /** Below the repository's root. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Why the swarm cannot see it: what its clients or its faults never do. Then only the tests are asked. */
  readonly outOfSight?: string;
  /** The workloads that can see it: seeds without any of them are counted and not run. Absent: all. */
  readonly seenBy?: readonly string[];
}

const raft = "packages/raft/src";
const replication = "packages/replication/src";
const storage = "packages/storage/src";
const partition = "packages/partition/src";
const control = "packages/control-plane/src";
const router = "services/request-router/src";

export const mutations: readonly Mutation[] = [
  {
    name: "acknowledge entries before they are synced",
    file: `${raft}/replication/follower.ts`,
    from: `  core.sendWhenDurable({
    ...blankMessage, type: "append-response", from: core.id, to: message.from, term: core.term, index,`,
    to: `  core.send({
    ...blankMessage, type: "append-response", from: core.id, to: message.from, term: core.term, index,`,
  },
  {
    name: "vote twice in a term",
    file: `${raft}/election/election.ts`,
    from: "    || (core.vote === noReplica && core.leader === noReplica)",
    to: "    || core.leader === noReplica",
  },
  {
    name: "answer a vote before it is synced",
    file: `${raft}/election/election.ts`,
    from: "    core.sendWhenDurable({ ...blankMessage, type, from: core.id, to: message.from, term: message.term });",
    to: "    core.send({ ...blankMessage, type, from: core.id, to: message.from, term: message.term });",
  },
  {
    name: "forget the vote at a restart",
    file: `${raft}/core.ts`,
    from: "    this.vote = initial.hardState.vote;",
    to: "    this.vote = noReplica;",
  },
  {
    name: "vote for a candidate whose log is behind",
    file: `${raft}/election/election.ts`,
    from: "  if (free && core.log.isUpToDate(message.index, message.logTerm)) {",
    to: "  if (free) {",
  },
  {
    name: "win an election without a majority",
    file: `${raft}/quorum.ts`,
    from: "  const needed = (voters.length >> 1) + 1;",
    to: "  const needed = voters.length >> 1;",
  },
  {
    name: "commit an entry of an earlier term by counting",
    file: `${raft}/replication/commit.ts`,
    from: "  if (reached < core.termStartIndex || !core.log.commitTo(reached)) return false;",
    to: "  if (!core.log.commitTo(reached)) return false;",
  },
  {
    name: "commit what is on half of the voters only",
    file: `${raft}/quorum.ts`,
    from: "  return sorted[count >> 1] as number;",
    to: "  return sorted[(count - 1) >> 1 && (count >> 1) - 1] as number;",
  },
  {
    name: "count a learner in the quorum",
    file: `${raft}/quorum.ts`,
    from: "    majorityReached(config.voters, valueOf),",
    to: "    majorityReached([...config.voters, ...config.learners], valueOf),",
  },
  {
    name: "let the incoming majority commit alone",
    file: `${raft}/quorum.ts`,
    from: "    majorityReached(config.votersOutgoing, valueOf),",
    to: "    majorityReached([], valueOf),",
  },
  {
    name: "let the incoming majority elect alone",
    file: `${raft}/quorum.ts`,
    from: `  return incoming === "won" && outgoing === "won" ? "won" : "pending";`,
    to: `  return incoming === "won" ? "won" : "pending";`,
  },
  {
    name: "skip the log-matching check",
    file: `${raft}/log/raft-log.ts`,
    from: "    if (!this.matches(index, term)) return undefined;",
    to: "    if (index > this.lastIndex) return undefined;",
  },
  {
    name: "keep entries that conflict with the leader's",
    file: `${raft}/log/raft-log.ts`,
    from: "      if (!this.matches(entry.index, entry.term)) break;",
    to: "      if (entry.index > this.lastIndex) break;",
  },
  {
    name: "let a heartbeat commit what the follower may not share",
    file: `${raft}/replication/send.ts`,
    from: "    commit: Math.min(progress.match, core.log.committed),",
    to: "    commit: core.log.committed,",
  },
  {
    name: "serve a strong read without confirming leadership",
    file: `${raft}/replication/commit.ts`,
    from: "  if (core.isOnlyVoter) core.reads.confirmNow(id, core.log.committed);",
    to: "  if (core.role === \"leader\") core.reads.confirmNow(id, core.log.committed);",
  },
  {
    name: "serve a read before this term has committed",
    file: `${raft}/raft.ts`,
    from: "    if (core.hasCommittedInTerm) registerRead(core, id);",
    to: "    if (core.role === \"leader\") registerRead(core, id);",
  },
  {
    name: "change the membership while a change is under way",
    file: `${raft}/propose.ts`,
    from: "    if (core.pendingConfigIndex > core.log.applied || !core.hasCommittedInTerm) {",
    to: "    if (!core.hasCommittedInTerm && core.log.applied === 0) {",
  },
  {
    name: "count the leader's own entries before its own sync",
    file: `${raft}/ready-builder.ts`,
    from: "    if (own?.maybeAdvance(core.log.stableIndex)) maybeCommit(core);",
    to: "    if (own?.maybeAdvance(core.log.lastIndex)) maybeCommit(core);",
  },
  {
    name: "apply without the applied index",
    file: `${replication}/apply-pipeline.ts`,
    from: `  operations.push({ kind: "put", key: appliedKey(group.id), value: encodeAppliedState(applied) });`,
    to:
      `  if (last.index % 2 === 0) operations.push({ kind: "put", key: ` +
      `appliedKey(group.id), value: encodeAppliedState(applied) });`,
  },
  {
    name: "let a new leader decide before it has applied its term's first entry",
    file: `${replication}/apply-pipeline.ts`,
    from:
      `  if (group.role !== "leader" || group.readyTerm === group.term || ` +
      `group.applied.term !== group.term) return;`,
    to: `  if (group.role !== "leader" || group.readyTerm === group.term) return;`,
  },
  {
    name: "serve a confirmed read before its index is applied",
    file: `${replication}/pending-reads.ts`,
    from: `    if (read.index <= applied) this.#finish(waiting, { kind: "confirmed", index: read.index });`,
    to: `    if (applied >= 0) this.#finish(waiting, { kind: "confirmed", index: read.index });`,
  },
  {
    name: "deliver a snapshot with a missing key",
    file: `${replication}/snapshot-sender.ts`,
    from: "        this.#sendChunk(stream, pairs, false);",
    to: "        this.#sendChunk(stream, pairs.slice(1), false);",
  },
  {
    name: "install a snapshot over what was there",
    file: `${replication}/snapshot-receiver.ts`,
    from: `        engine.write(ranges.map((range): WriteOperation => ({ kind: "delete-range", ...range })), () => {
          if (`,
    to: `        engine.write([], () => {
          if (`,
  },
  {
    name: "report the fate of a lost proposal as certain",
    file: `${replication}/proposal-waiters.ts`,
    from: `      this.#byIndex.delete(index);
      waiting.done({ kind: "unknown" });
    }
  }

  /** Nothing`,
    to: `      this.#byIndex.delete(index);
      waiting.done({ kind: "applied", index, value: "applied" });
    }
  }

  /** Nothing`,
  },
  {
    name: "take the fate of another leader's entry for one's own",
    file: `${replication}/proposal-waiters.ts`,
    from: `    if (waiting.term === term) waiting.done({ kind: "applied", index, value });`,
    to: `    if (waiting.term <= term) waiting.done({ kind: "applied", index, value });`,
  },
  {
    name: "cut the log beyond what the engine has made durable",
    file: `${replication}/compaction.ts`,
    from: "  const durable = Math.min(group.durableApplied, log.lastIndex(), pinned);",
    to: "  const durable = Math.min(group.applied.index, log.lastIndex(), pinned);",
  },
  {
    name: "open a replica whose log is damaged",
    file: `${replication}/group-lifecycle.ts`,
    from: "    if (this.#closedReasons.has(group)) {",
    to: "    if (this.#closedReasons.has(-1)) {",
  },
  {
    name: "lose the last record of the log at recovery",
    file: `${storage}/log-recovery.ts`,
    from: "  if (isWhole(tail) && !isFirst) return;\n",
    to: "",
  },
  {
    name: "take RocksDB's state from its own log, which may have a hole",
    file: `${storage}/rocksdb-engine.ts`,
    from: "    removeOwnLog(options.path);\n",
    to: "",
    outOfSight: "the simulated engine is not RocksDB",
  },
  {
    name: "end a node without vouching for its log",
    file: "services/storage-node/src/main.ts",
    from: "          logStore.close();\n",
    to: "",
    outOfSight: "its nodes are never stopped politely",
  },
  {
    name: "recover the log before anything says that no other process has it",
    file: "services/storage-node/src/main.ts",
    from: `  openRocksDbEngine({ path: join(flags.data, "rocksdb"), clock, onFatal, log }, (engine) => {`,
    to: `  createLogStore({ files: createRealFiles({ directory: join(flags.data, "log"), onFatal }), log, onFatal });
  openRocksDbEngine({ path: join(flags.data, "rocksdb"), clock, onFatal, log }, (engine) => {`,
    outOfSight: "a simulated disk is opened by one process at a time",
  },
  {
    name: "rely on a record that only the system's memory may hold",
    file: `${storage}/log-recovery.ts`,
    from: "  rewriteLastAppend(files, scanned.at(-1));\n",
    to: "",
    outOfSight: "a process that ends takes its machine with it",
  },
  {
    name: "refuse a snapshot whose entries are there without saying so",
    file: `${replication}/snapshot-receiver.ts`,
    from: "    if (message.term < raft.term) return this.#reply(message, \"refused\");",
    to: "    if (message.term < raft.term || meta.index <= raft.committed) return this.#reply(message, \"refused\");",
  },
  {
    name: "take a torn header for damage to every group",
    file: `${storage}/log-recovery.ts`,
    from: "  const isFirst = last.header === undefined && last",
    to: "  const isFirst = last.header === tail && last",
  },
  {
    name: "forget which replicas were removed",
    file: `${storage}/log-recovery.ts`,
    from: "      this.tombstones.add(group, replica);\n",
    to: "",
  },
  {
    name: "acknowledge what a failed sync did not store",
    file: `${storage}/create-log-store.ts`,
    from: "      if (error !== undefined) return this.#options.onFatal(error);",
    to: "",
  },
  {
    name: "overlook a damaged record",
    file: `${storage}/log-recovery.ts`,
    from: "        this.corrupted.set(group, `its part of record",
    to: "        void (`its part of record",
  },
  {
    name: "keep the old end of the log when its middle is replaced",
    file: `${storage}/log-plan.ts`,
    from: "  if (first <= keptLast) plan.section = { ...plan.section, keptLast: first - 1 };",
    to: "",
  },
  {
    name: "mix the idempotency records of all tables",
    file: `${storage}/keys/idempotency-key.ts`,
    from: "  prefix.writeUInt32BE(tableId, 5);",
    to: "  prefix.writeUInt32BE(0, 5);",
  },
  {
    name: "decide on a stale overlay",
    file: `${partition}/overlay.ts`,
    from: "    if (!this.#pinned) this.#drop();",
    to: "    this.#drop();",
  },
  {
    name: "keep the overlay of a lost leadership",
    file: `${partition}/write-path.ts`,
    from: "    this.#quiet = undefined;\n    this.#overlay.clear();",
    to: "    this.#quiet = undefined;",
  },
  {
    name: "answer a refusal before what it saw has committed",
    file: `${partition}/write-path.ts`,
    from: "    if (seenIndex <= this.#applied()) met();\n    else {",
    to: "    met();\n    if (seenIndex < 0) {",
  },
  {
    name: "take the commit of what a refusal saw for leadership",
    file: `${partition}/write-path.ts`,
    from: "      if (result.kind === \"confirmed\") met();\n      else failed(nodeOfReplica(result.leader));",
    to: "      void result;\n    });\n    met();\n    void ((): void => {",
  },
  {
    name: "drop the idempotency record",
    file: `${partition}/partition.ts`,
    from: `      batch.push({ kind: "put", key, value: outcome });`,
    to: "      void [key, outcome];",
  },
  {
    name: "decide a retry without looking for its record",
    file: `${partition}/write-path.ts`,
    from: "    const needed = attempt > 0 || oldest",
    to: "    const needed = oldest",
  },
  {
    name: "forget that a retry overtook its first attempt",
    file: `${partition}/write-path.ts`,
    from:
      "    return recordKeys.length === 0 && task.requestToken.length > 0 && " +
      "this.#retried.has(toHex(task.requestToken));",
    to:
      "    return recordKeys.length === 0 && task.requestToken.length > 99 && " +
      "this.#retried.has(toHex(task.requestToken));",
  },
  {
    name: "apply an entry of the wrong epoch",
    file: `${partition}/partition.ts`,
    from: `    if (decoded.epoch !== epoch) return "wrong-epoch";`,
    to: `    if (decoded.epoch > epoch + 1e9) return "wrong-epoch";`,
  },
  {
    name: "serve strong reads as eventual ones",
    file: `${partition}/read-path.ts`,
    from: "    if (command.consistent) return submitStrong",
    to: `    if (command.consistent && command.operation !== "GetItem") return submitStrong`,
  },
  {
    name: "answer eventual reads while a restarted replica replays its log",
    file: `${partition}/read-path.ts`,
    from: "status?.initialised === true && !status.replaying;",
    to: "status?.initialised === true;",
  },
  {
    name: "create a table twice",
    file: `${control}/decide-table.ts`,
    from: "  if (state.tableByName(definition.name) !== undefined) {",
    to: `  if (state.tableByName(definition.name)?.status === "DELETING") {`,
  },
  {
    name: "give two nodes the same number",
    file: `${control}/decide-node.ts`,
    from: "    : { ...meta, nextNode: number + 1 })];",
    to: "    : { ...meta, nextNode: number })];",
  },
  {
    name: "let a replacement start from nothing",
    file: `${control}/replica-fate.ts`,
    from: "    const bootstraps = partition.bootstrap.includes(replica);",
    to: "    const bootstraps = partition.bootstrap.length > 0;",
  },
  {
    name: "destroy replicas by an old map",
    file: `${control}/replica-fate.ts`,
    from: "return held.group < map.nextPartition && !isBeingMade(map, held.group);",
    to: "return held.group > 0;",
  },
  {
    name: "answer a command before it is committed",
    file: `${control}/control-plane.ts`,
    from: "      this.#finish(decided, this.#failureOf(result)));",
    to: "      this.#finish(decided, void result));",
  },
  {
    name: "remove a replica before its successor has come",
    file: `${control}/plan-replicas.ts`,
    from: "  if (add === 0) return change(leader, [{ kind: \"remove\", replica: remove }]);",
    to: "  if (add !== remove) return change(leader, [{ kind: \"remove\", replica: remove }]);",
  },
  {
    name: "send a lost write again as if for the first time",
    file: `${control}/dispatch.ts`,
    from: "      attempt: firstAttempt + this.#attempts,",
    to: "      attempt: firstAttempt,",
  },
  {
    name: "give each attempt of a client another identity",
    file: `${router}/request-token.ts`,
    from: `  if (typeof invocation !== "string" || invocation === "")`,
    to: `  if (typeof invocation !== "string" || invocation !== "")`,
  },
  {
    name: "write a batch again when one of its tables was made anew",
    file: `${router}/pipeline.ts`,
    from: "    return attempt(identity.attempt + attemptsPerPlan, () => false);",
    to: "    return attempt(identity.attempt, () => false);",
  },
  {
    name: "deny a table that nobody could be asked about",
    file: `${router}/table-catalog.ts`,
    from: `        if (answer.status === "unavailable" && find(name) === undefined) {`,
    to: `        if (answer.status === "unavailable" && name === "") {`,
  },
  {
    name: "take damage at the end of the log for a torn write",
    file: `${storage}/log-recovery.ts`,
    from: "tail.sequence > Math.max(seen, syncedByClose)",
    to: "tail.sequence > 0",
  },
  {
    name: "accept a torn record at the end of the log",
    file: `${storage}/log-format.ts`,
    from: "    const right = body.length === length && crc32(body) === expected;",
    to: "    const right = body.length === length && expected >= 0;",
  },
  {
    name: "keep a torn write at the end of the log",
    file: `${storage}/log-recovery.ts`,
    from: "  if (!torn) return;",
    to: "  if (torn) return;",
  },
  {
    name: "delete a segment of the log that holds a live record",
    file: `${storage}/create-log-store.ts`,
    from: "(segments[0] as Segment).live === 0",
    to: "(segments[0] as Segment).live <= 1",
  },
  {
    name: "let the map go back to an older revision",
    file: `${control}/map-follower.ts`,
    from: `    if (delta.revision <= this.#revision) return "old";`,
    to: `    if (delta.revision === this.#revision) return "old";`,
  },
  {
    name: "follow the map over a gap",
    file: `${control}/map-follower.ts`,
    from: `    if (delta.since > this.#revision) return "gap";`,
    to: "",
  },
  {
    name: "make a voter of a learner that has not caught up",
    file: `${control}/plan-replicas.ts`,
    from: "  if (!hasCaughtUp(view, leader, add)) return undefined;",
    to: "",
  },
  {
    name: "let an old report undo a recorded membership",
    file: `${control}/decide-membership.ts`,
    from: "  if (command.configIndex <= (record.configIndex ?? 0)) return ignored;",
    to: "",
  },
  {
    name: "say that nothing was done when an attempt may have been",
    file: `${control}/dispatch.ts`,
    from: `    if (this.#parcel.method === "write") this.#mayHaveHappened = true;`,
    to: "",
  },
  {
    name: "make a replica again that has forgotten its votes",
    file: "services/storage-node/src/replicas.ts",
    from: "        if (wasThere) keepAway({ ...descriptor, range }, replica);",
    to: "        if (wasThere && replica < 0) keepAway({ ...descriptor, range }, replica);",
  },
  {
    name: "place a new partition without the zone that is away",
    file: `${control}/placer.ts`,
    from: `node.state === "up" || up.every(({ zone }) => zone !== node.zone));`,
    to: `node.state === "up" || up.length === 0);`,
  },
  {
    name: "free a table's name while silent nodes may serve the table",
    file: `${control}/plan-tables.ts`,
    from: "  if (mayServe) return false;",
    to: "  if (mayServe && memberships.length > 1000) return false;",
  },
  {
    name: "let replacements that hang keep others from theirs",
    file: `${control}/plan-replicas.ts`,
    from: "replaced.filter((record) => view.group(record.partition).leader !== undefined).length;",
    to: "replaced.length;",
  },
  {
    name: "go on with a replacement that the leader has carried out",
    file: `${control}/plan-replicas.ts`,
    from: "  if (leader.voters.includes(add)) return undefined;\n",
    to: "",
  },
  {
    name: "record a membership that only the leader knows",
    file: `${control}/plan-replicas.ts`,
    from: "  if (knowing.length * 2 <= seen.voters.length) return undefined;",
    to: "  if (knowing.length === 0) return undefined;",
  },
  {
    name: "tell of a membership that a crash may take back",
    file: `${replication}/group.ts`,
    from: "    return this.#changedAt <= this.storedCommit ? this.applied.config : this.#configBefore;",
    to: "    return this.#changedAt >= 0 ? this.applied.config : this.#configBefore;",
  },
  {
    name: "offer no snapshot to a replica that gave up what it had acknowledged",
    file: `${raft}/replication/responses.ts`,
    from: "  if (message.index === progress.match && message.hintIndex === 0) {",
    to: "  if (message.index === 0) {",
  },
  {
    name: "tell that nobody is active at the moment of a quorum check",
    file: `${raft}/replication/progress.ts`,
    from: "    return this.active || this.#wasActive;",
    to: "    return this.active;",
  },
  ...mutationsOfPartitions,
  ...mutationsOfSplits,
  ...mutationsOfHousekeeping,
];
