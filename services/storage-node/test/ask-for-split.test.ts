import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import type { ControlAnswer, ControlCommand } from "@azimuth/control-plane/commands.ts";
import { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { askForSplit, splitRequestIn, type SplitAnswer, type SplitRequest } from "../src/ask-for-split.ts";

const at = "8".padEnd(16, "0");

/** A node whose map has partition 7 with epoch 3, and a control plane that answers as it is told. */
function ask(
  request: SplitRequest, answer: Exclude<ControlAnswer, { status: "not-leader" }>,
): { readonly told: SplitAnswer; readonly asked: readonly ControlCommand[] } {
  const asked: ControlCommand[] = [];
  const controlClient: ControlClient = {
    send(command, { repeatable }, done) {
      assert.ok(repeatable);
      asked.push(command);
      done(answer);
    },
  };
  const follower = new MapFollower();
  const record = {
    partition: 7, tableId: 1, firstToken: "0".repeat(16), lastToken: "f".repeat(16), epoch: 3, configEpoch: 1,
    voters: [], learners: [], bootstrap: [], replacing: undefined,
  };
  follower.applyDelta({
    clusterId: "c", since: 0, revision: 1, full: true, nextTable: 9, nextPartition: 8, control: { ...record, partition: 0 },
    nodes: [], tables: [], partitions: [record], credentials: [],
    deleted: { nodes: [], tables: [], partitions: [], credentials: [] },
  });
  const answers: SplitAnswer[] = [];
  askForSplit({ controlClient, follower }, request, (given) => answers.push(given));
  assert.equal(answers.length, 1);
  return { told: answers[0] as SplitAnswer, asked };
}

test("a wish names the partition and perhaps the beginning of a token", () => {
  const read = (text: string) => splitRequestIn(new URLSearchParams(text));
  assert.deepEqual(read("partition=7"), { partition: 7, at: undefined });
  assert.deepEqual(read("partition=7&at=8"), { partition: 7, at });
  assert.deepEqual(read(`partition=7&at=${"F".repeat(16)}`), { partition: 7, at: "f".repeat(16) });
  const bad = ["", "partition=", "partition=-1", "partition=1e3", `partition=${"9".repeat(16)}`, "partition=7&at=",
    "partition=7&at=g", `partition=7&at=${"8".repeat(17)}`];
  for (const text of bad) assert.equal(read(text), undefined, text);
});

test("the control plane is asked for the range that this node knows, and its answer is told", () => {
  const { told, asked } = ask({ partition: 7, at }, { status: "ok", outcome: { child: 8, at } });
  assert.deepEqual(asked, [{ operation: "StartSplit", partition: 7, at, epoch: 3 }]);
  assert.deepEqual(told, { status: 200, json: { partition: 7, child: 8, at, already: false } });
});

test("one that is under way is told with where it is", () => {
  const { told } = ask({ partition: 7, at: undefined }, { status: "ok", outcome: { child: 8, at, ignored: true } });
  assert.deepEqual(told, { status: 200, json: { partition: 7, child: 8, at, already: true } });
});

test("each reason not to split is one sentence", () => {
  const refusal = (type: string): ControlAnswer =>
    ({ status: "ok", outcome: { refused: { type, message: "partition 7 cannot be split there" } } });
  const cases: readonly [SplitAnswer["status"], ControlAnswer][] = [
    [409, refusal("InvalidSplit")], [404, refusal("PartitionNotFound")],
    [409, { status: "ok", outcome: { ignored: true } }], [503, { status: "unavailable", reason: "no leader" }],
  ];
  for (const [status, answer] of cases) {
    const { told } = ask({ partition: 7, at }, answer as Exclude<ControlAnswer, { status: "not-leader" }>);
    assert.equal(told.status, status);
    assert.match("error" in told.json ? told.json.error : "", /^[A-Z][^\n]+\.$/);
  }
  for (const partition of [0, 9]) {
    const { told, asked } = ask({ partition, at }, { status: "ok", outcome: { child: 8, at } });
    assert.equal(told.status, 404);
    assert.deepEqual(asked, [], "the control plane's own group is no partition to split");
  }
});
