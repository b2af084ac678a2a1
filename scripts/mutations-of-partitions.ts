// The mutations of what a partition does beyond single writes: transactions, index entries, time to live, and the
// records that make retries harmless. See mutations.ts.
import type { Mutation } from "./mutations.ts";

const partition = "packages/partition/src";
const operations = "packages/operations/src";

const ofTransactions: readonly Mutation[] = [
  {
    name: "answer a transactional read without its verification",
    file: `${partition}/transaction-reader.ts`,
    from: "    if (!changed.includes(true)) return",
    to: "    if (changed.length > 0) return",
  },
  {
    name: "commit a transaction without all of its prepares",
    file: `${partition}/transaction-coordinator.ts`,
    from: "  return prepared ? (result.outcome as PreparedOutcome).answer : undefined;",
    to: "  return prepared ? (result.outcome as PreparedOutcome).answer : { units: 0, itemBytes: 0 };",
  },
  {
    name: "finish a transaction before every item has it",
    file: `${partition}/transaction-coordinator.ts`,
    from: "  if (!results.every(isDone)) return false;",
    to: "  if (!results.some(isDone)) return false;",
  },
  {
    name: "keep the lock of a transaction that has ended",
    file: `${partition}/transaction-writes.ts`,
    from: `  return { ...decision, effects: [...decision.effects, { kind: "delete", key: keys.lock }] };`,
    to: "  return decision;",
  },
  {
    name: "write an item that a transaction holds",
    file: `${partition}/table-writes.ts`,
    from: "        if (locks.inUse) refuseLocked(look, key);",
    to: "        void [locks, refuseLocked];",
  },
  {
    name: "prepare an item that another transaction holds",
    file: `${partition}/transaction-writes.ts`,
    from: "    if (!isOf(lock, command)) return nothingToDo({ refused: conflictRefusal, holder: lock.age });",
    to: "",
  },
  {
    name: "take a prepared item over from another transaction",
    file: `${partition}/transaction-writes.ts`,
    from: "  if (held !== undefined) {",
    to: "  if (held !== undefined && isOf(decodeLock(held), command)) {",
  },
  {
    name: "end the lock of another run",
    file: `${partition}/transaction-writes.ts`,
    from: "  if (held === undefined || !isOf(decodeLock(held), command)) return nothingToDo",
    to: "  if (held === undefined) return nothingToDo",
  },
  {
    name: "lock an item for a run that has ended there",
    file: `${partition}/transaction-writes.ts`,
    from: `  if (records.some((record) => look(record) !== undefined)) return nothingToDo({ state: "over" });`,
    to: "",
  },
  {
    name: "read what was before a committed transaction",
    file: `${partition}/transaction-reads.ts`,
    from: `          if (state === "committed") return afterCommit(lock, itemKey, found);`,
    to: `          if (state === "committed") return fetch(itemKey, found);`,
  },
  {
    name: "look at an item that a transaction holds",
    file: `${partition}/transaction-reads.ts`,
    from: "(lock === undefined ? fetch(itemKey, found) : locked()));",
    to: "(lock === undefined || lock.run.length > 0 ? fetch(itemKey, found) : locked()));",
  },
  {
    name: "leave the locks out of a snapshot",
    file: `${partition}/partition.ts`,
    from: "    lockRange(tableId, firstToken, lastToken),\n    indexQueueRange",
    to: "    indexQueueRange",
  },
  {
    name: "tell of an abort that is not recorded",
    file: `${operations}/transaction-ledger.ts`,
    from: `{ next: { ...record, state: "aborted", since: now, participants: [] }, answer: { state: "over" } };`,
    to: `{ answer: { state: "over" } };`,
  },
  {
    name: "abort a transaction that others only ask about",
    file: `${operations}/transaction-ledger.ts`,
    from: `      if (!event.force) return { answer: { state: "pending" } };`,
    to: "",
  },
  {
    name: "take over a transaction of tables that were deleted since",
    file: `${operations}/transaction-ledger.ts`,
    from: "  if (!areSameTables(record.participants, participants)) return",
    to: "  if (participants.length < record.participants.length) return",
  },
  {
    name: "begin again what a copy of the same request aborted",
    file: `${operations}/transaction-ledger.ts`,
    from: `    if (record.run === run) return { answer: { state: "over" } };`,
    to: "",
  },
  {
    name: "ask about the same locks again and again",
    file: `${partition}/transaction-recovery.ts`,
    from: "    due.sort((one, other) => lastAsked(one.held) - lastAsked(other.held));",
    to: "    due.sort((one, other) => 0 * (lastAsked(one.held) - lastAsked(other.held)));",
  },
];

const ofIndexes: readonly Mutation[] = [
  {
    name: "take index changes without writing the mark",
    file: `${partition}/index-writes.ts`,
    from: `      effects.push({ kind: "put", key: markKey, value: encodeIndexMark(last.change) });`,
    to: "",
  },
  {
    name: "take queued index changes out before they are acknowledged",
    file: `${partition}/index-queue.ts`,
    from: "        if (!taken) failed.push(...records);",
    to: "        if (!taken) failed.push();",
  },
  {
    name: "take a new index that an old map does not know for one that is no more",
    file: `${partition}/index-queue.ts`,
    from: "      if (!live.has(indexId) && !isOld) continue;",
    to: "      if (!live.has(indexId)) continue;",
  },
  {
    name: "leave the old entry of an item that moved in an index",
    file: `${operations}/index-entries.ts`,
    from: "  if (old !== undefined && !stays) changes",
    to: "  if (old !== undefined && next === undefined) changes",
  },
  {
    name: "call an index built while its queue is not through",
    file: `${partition}/index-builds.ts`,
    from: "    if (!this.#queue.isThrough(through)) {",
    to: "    if (through < 0) {",
  },
  {
    name: "fill an index from items as they were when the sweep saw them",
    file: `${partition}/index-builds.ts`,
    from: "      const item = look(key);",
    to: "      const item = look(key) && found;",
  },
  {
    name: "decide by a map that does not know the newest index",
    file: `${partition}/write-path.ts`,
    from: "    if ((table.indexVersion ?? 0) < statistics.indexVersion) {",
    to: "    if ((table.indexVersion ?? 0) < 0) {",
  },
  {
    name: "leave the index queue out of a snapshot",
    file: `${partition}/partition.ts`,
    from: "    indexQueueRange(partition),\n",
    to: "",
  },
  {
    name: "leave the index marks out of a snapshot",
    file: `${partition}/partition.ts`,
    from: "    indexMarkRange(partition),\n",
    to: "",
  },
];

const ofExpiry: readonly Mutation[] = [
  {
    name: "delete an expired item without looking at it again",
    file: `${partition}/time-to-live.ts`,
    from: "      if (!hasExpired(current, item, this.#doors.clock.wallNow())) {",
    to: "      if (current.tableId < 0) {",
  },
  {
    name: "delete an expired item that a transaction holds",
    file: `${partition}/time-to-live.ts`,
    from: "      if (look(lockKey(key)) !== undefined) return nothingToDo({});\n",
    to: "      void lockKey;\n",
  },
];

const ofRetries: readonly Mutation[] = [
  {
    name: "forget idempotency records while retries may come",
    file: `${partition}/record-generations.ts`,
    from: "    const latest = this.#clock.now() - recordsKeptMs;",
    to: "    const latest = this.#clock.now() - 0 * recordsKeptMs;",
  },
  {
    name: "look for idempotency records of this generation only",
    file: `${partition}/write-path.ts`,
    from: "    const live = new Set([...recordGenerations.known, generation]);",
    to: "    const live = new Set([generation]);",
  },
  {
    name: "trust that a snapshot hides no retries",
    file: `${partition}/write-path.ts`,
    from: "    this.#lookAlwaysThrough = this.#partition.statistics.generations.at(-1) ?? 0;",
    to: "    this.#lookAlwaysThrough = 0;",
  },
];

const seenBy = (workloads: readonly string[], some: readonly Mutation[]): readonly Mutation[] =>
  some.map((mutation) => ({ ...mutation, seenBy: workloads }));

export const mutationsOfPartitions: readonly Mutation[] = [
  ...seenBy(["transfers", "transact-append"], ofTransactions),
  ...seenBy(["index-agreement"], ofIndexes),
  ...seenBy(["expiry"], ofExpiry),
  ...ofRetries,
];
