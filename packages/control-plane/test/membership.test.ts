// What group 0 records of a partition's membership: the group's own log is the truth, and reports of it come late,
// twice, and out of order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstToken, lastToken } from "@azimuth/placement/token.ts";
import type { PartitionRecord } from "../src/cluster-map.ts";
import { putPartition } from "../src/control-records.ts";
import { ControlState } from "../src/control-state.ts";
import { dropPartitions } from "../src/decide-index.ts";
import { decideRecordMembership } from "../src/decide-membership.ts";

function recorded(configEpoch: number, configIndex: number, voters: readonly number[]) {
  const state = new ControlState();
  state.apply([putPartition({
    partition: 1, tableId: 1, firstToken, lastToken, epoch: 1, configEpoch: 4, configIndex: 10,
    voters: [1, 2, 3], learners: [], bootstrap: [1, 2, 3], replacing: undefined,
  })]);
  const command = { operation: "RecordMembership", partition: 1, configEpoch, configIndex, voters } as const;
  state.apply(decideRecordMembership(state, command).effects);
  return state.group(1)?.voters;
}

test("a report that is newer than the record is followed, one that is not changes nothing", () => {
  assert.deepEqual(recorded(4, 11, [9, 1, 2]), [1, 2, 9]);
  assert.deepEqual(recorded(4, 10, [9, 1, 2]), [1, 2, 3]);
  assert.deepEqual(recorded(4, 7, [9, 1, 2]), [1, 2, 3], "what the group was before");
});

test("of a deleted table the memberships are kept that its partitions may have", () => {
  const state = new ControlState();
  const partition = (number: number, replacing: PartitionRecord["replacing"]): PartitionRecord => ({
    partition: number, tableId: 1, firstToken, lastToken, epoch: 1, configEpoch: 4,
    voters: [1, 2, 3], learners: [], bootstrap: [1, 2, 3], replacing,
  });
  const replacing = [undefined, { remove: 3, add: 9 }, { remove: 3, add: 0 }, { remove: 0, add: 9 }];
  state.apply(replacing.map((each, position) => putPartition(partition(position + 1, each))));
  state.apply(dropPartitions(state, 1));
  assert.deepEqual(state.dropping.get(1)?.voters,
    [[1, 2, 3], [1, 2, 3], [1, 2, 9], [1, 2, 3], [1, 2], [1, 2, 3], [1, 2, 3, 9]]);
});

test("a report for an earlier plan changes nothing", () => {
  assert.deepEqual(recorded(3, 11, [9, 1, 2]), [1, 2, 3]);
});
