// Wrong changes that no answer to any client shows at first: what is left behind on the nodes, and how long it takes
// until the loss of somebody is noticed.
import type { Mutation } from "./mutations.ts";

const partition = "packages/partition/src";
const replication = "packages/replication/src";

export const mutationsOfHousekeeping: readonly Mutation[] = [
  {
    name: "look for what a replica leaves before all of it is written",
    file: `${replication}/group-lifecycle.ts`,
    from: `    engine.write([{ kind: "delete", key: appliedKey(group) }], () => {
      //`,
    to: `    queueMicrotask(() => {
      //`,
  },
  {
    name: "leave the records of a replica whose state is not loaded",
    file: `${partition}/partition.ts`,
    from: "generationsIn(reader, this.#descriptor, (generations) => done(rangesOf(this.#descriptor, generations)));",
    to: "generationsIn(reader, this.#descriptor, () => done(this.ranges()));",
  },
  {
    name: "keep replicas that the map does not give",
    file: "services/storage-node/src/replicas.ts",
    from: "    for (const { group } of fate.destroy) {",
    to: "    for (const { group } of fate.destroy.slice(1e6)) {",
  },
  {
    name: "never look whether records of answered writes may go",
    file: "services/storage-node/src/storage-node.ts",
    from: "      for (const partition of partitions()) partition.expireRecords();",
    to: "      for (const partition of partitions()) void partition;",
  },
  {
    name: "miss a silent leader thirty times later",
    file: `${replication}/limits.ts`,
    from: "  electionTimeoutTicks: 10,",
    to: "  electionTimeoutTicks: 300,",
  },
];
