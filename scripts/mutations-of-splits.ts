// The mutations of how partitions split, from the control plane's plan to the replicas of a node. See mutations.ts.
import type { Mutation } from "./mutations.ts";

const partition = "packages/partition/src";

export const mutationsOfSplits: readonly Mutation[] = [
  {
    name: "split while changes wait for an index",
    file: `${partition}/splitter.ts`,
    from: "run.proposing || this.#partition.statistics.queued > 0) return;",
    to: "run.proposing) return;",
  },
  {
    name: "hold writes back for an index that takes nothing",
    file: `${partition}/splitter.ts`,
    from: " > queuedChangesForSplitMax || this.#indexQueue.isFailing;",
    to: " > queuedChangesForSplitMax;",
  },
  {
    name: "split by an entry that something came before",
    file: `${partition}/split.ts`,
    from: "    && index === split.preparedAt + 1 && queued === 0;",
    to: "    && queued === 0;",
  },
  {
    name: "split during a change of membership",
    file: `${partition}/split.ts`,
    from: "  return isSettled(config) && sameMembers(config.voters, split.voters) && isWithin",
    to: "  return (isSettled(config) || sameMembers(config.voters, split.voters)) && isWithin",
  },
  {
    name: "let writes go on while a split is prepared",
    file: `${partition}/write-path.ts`,
    from: "    return this.#quiet !== undefined;",
    to: "    return this.#quiet === undefined && this.#undecided < 0;",
  },
  {
    name: "count for the child only what the walk saw",
    file: `${partition}/split-measure.ts`,
    from: "        of.items += (length === undefined ? 0 : 1) - (lengthBefore === undefined ? 0 : 1);",
    to: "        of.items += 0 * ((length === undefined ? 0 : 1) - (lengthBefore === undefined ? 0 : 1));",
  },
  {
    name: "give the child of an index partition no marks",
    file: `${partition}/splitter.ts`,
    from: "    const effects = marks.map((",
    to: "    const effects = marks.slice(0, 0).map((",
  },
  {
    name: "keep the epoch over a split",
    file: `${partition}/split.ts`,
    from: "  return { ...descriptor, lastToken, epoch: descriptor.epoch + 1 };",
    to: "  return { ...descriptor, lastToken, epoch: descriptor.epoch };",
  },
  {
    name: "take a snapshot from before a split that is known",
    file: `${partition}/partition.ts`,
    from: "    return lastToken <= this.#descriptor.lastToken && this.#unborn.length === 0;",
    to: "    return this.#unborn.length === 0;",
  },
  {
    name: "snapshot an older state by the range of the newer one",
    file: `${partition}/partition.ts`,
    from: "      const ranges = rangesOf({ ...this.#descriptor, ...range }, statistics.generations);",
    to: "      const ranges = rangesOf(this.#descriptor, statistics.generations);",
  },
  {
    name: "bear only the last child of several",
    file: `${partition}/partition.ts`,
    from: "    this.#unborn.push(birth);",
    to: "    this.#unborn = [birth];",
  },
  {
    name: "let a child begin over its parent's range",
    file: "services/storage-node/src/replicas.ts",
    from: "        && !forgotten.has(group) && !isHeldByAnother(partition),",
    to: "        && !forgotten.has(group) && !(isHeldByAnother(partition) && busy.size > 1000),",
  },
  {
    name: "forget the children that were to be born before a restart",
    file: "services/storage-node/src/replicas.ts",
    from: "      for (const birth of births) born(birth, false);",
    to: "      for (const birth of births.slice(1)) born(birth, false);",
  },
  {
    name: "take a child without a record for deleted",
    file: "packages/control-plane/src/replica-fate.ts",
    from: "  for (const { splitting } of map.groups()) if (splitting?.child === group) return true;",
    to: "  for (const { splitting } of map.groups()) if (splitting?.child === -group) return true;",
  },
  {
    name: "record a change of membership before a split that came before it",
    file: "packages/control-plane/src/plan-replicas.ts",
    from: "  if (record.splitting !== undefined && seen.lastSplit?.child === record.splitting.child) return undefined;",
    to: "",
  },
  {
    name: "leave a replica lost as long as a split waits",
    file: "packages/control-plane/src/plan-replicas.ts",
    from: "  return mayStart ? planRepair(",
    to: "  return mayStart && record.splitting === undefined ? planRepair(",
  },
  {
    name: "call an index built while the second half of a split has no record",
    file: "packages/control-plane/src/plan-tables.ts",
    from: " && (splitting === undefined || lastSplit?.child !== splitting.child);",
    to: " && (splitting === undefined || lastSplit !== undefined || partition > 0);",
  },
  {
    name: "let splits that wait keep others from theirs",
    file: "packages/control-plane/src/plan-splits.ts",
    from: "leader !== undefined && leader.splitRests !== true && replacing === undefined;",
    to: "leader !== undefined && replacing === undefined;",
  },
  {
    name: "go on with a scan behind the range that the map shows by now",
    file: "packages/control-plane/src/dispatch.ts",
    from: "          lastToken: partition.lastToken,",
    to: `          lastToken: this.#doors.follower.partitionFor(partition.tableId, this.#parcel.token)!.lastToken,`,
  },
  {
    name: "found a late replica on a range that was split",
    file: "packages/control-plane/src/halves.ts",
    from: "  return [{ ...rest, lastToken, epoch, bootstrap: [] }, second];",
    to: "  return [{ ...rest, lastToken, epoch }, second];",
  },
  {
    name: "learn of a split that is not the next one",
    file: "packages/control-plane/src/map-follower.ts",
    from: "    if (record === undefined || record.epoch + 1 !== split.epoch) return false;",
    to: "    if (record === undefined || record.epoch >= split.epoch) return false;",
  },
  {
    name: "sweep what a split has given away",
    file: `${partition}/sweep.ts`,
    from: "      if (isOver()) return sweep.done(false);",
    to: "      if (isOver() && chunk.length === 0) return sweep.done(false);",
  },
  {
    name: "answer a read that a split has overtaken",
    file: `${partition}/read-path.ts`,
    from: `partition.descriptor.epoch !== epoch ? { status: "wrong-epoch" } : reply);`,
    to: "reply);",
  },
  {
    name: "leave what a split was about to give away behind",
    file: "services/storage-node/src/replicas.ts",
    from: "    if (replica.unborn.length === 0) return done();",
    to: "    if (replica.unborn.length < 1000) return done();",
  },
  {
    name: "take a snapshot while a child is about to be born",
    file: `${partition}/partition.ts`,
    from: " && this.#unborn.length === 0;",
    to: ";",
  },
  {
    name: "forget that a child was born beside a replica without a state",
    file: "services/storage-node/src/replicas.ts",
    from: "    for (const held of partitions.values()) held.noteChild(descriptor);",
    to: "    for (const held of leaving.values()) held.noteChild(descriptor);",
  },
  {
    name: "delete what a lost replica left where a child of it lives",
    file: "services/storage-node/src/replicas.ts",
    from: "    for (const held of partitions.values()) remains.noteChild(held.descriptor);\n" +
      "    if (isHeldByAnother(remains.descriptor)) return;\n",
    to: "",
  },
];
