import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeConfigChange, encodeConfigChange } from "../src/membership/config-change-codec.ts";
import { changedConfig, emptyConfig, isJoint, members, refusalOf } from "../src/membership/configuration.ts";
import { quorumReached, voteResult } from "../src/quorum.ts";
import type { ConfigChange, ConfigChangeStep, ConfigState } from "../src/types.ts";

const step = fc.record(
  {
    kind: fc.constantFrom("add-voter", "add-learner", "remove") as fc.Arbitrary<ConfigChangeStep["kind"]>,
    replica: fc.integer({ min: 1, max: 8 }),
  },
  { noNullPrototype: true },
) as fc.Arbitrary<ConfigChangeStep>;
const change: fc.Arbitrary<ConfigChange> = fc.record({
  kind: fc.constant("change" as const),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  context: fc.uint8Array({ maxLength: 20 }),
});
const leave: ConfigChange = { kind: "leave", steps: [], context: new Uint8Array(0) };

/** Is there a way to have both quorums at once with no replica in common? */
function canDisagree(left: ConfigState, right: ConfigState): boolean {
  const everyone = [...new Set([...members(left), ...members(right)])];
  for (let subset = 0; subset < 1 << everyone.length; subset++) {
    const inside = new Map(everyone.map((id, bit) => [id, (subset >> bit & 1) === 1]));
    const outside = new Map(everyone.map((id, bit) => [id, (subset >> bit & 1) === 0]));
    if (voteResult(left, inside) === "won" && voteResult(right, outside) === "won") return true;
  }
  return false;
}

test("a configuration change survives encoding", () => {
  fc.assert(fc.property(change, (value) => {
    const decoded = decodeConfigChange(encodeConfigChange(value));
    const plain = (it: ConfigChange): object => ({ ...it, context: [...it.context] });
    assert.deepEqual(plain(decoded), plain(value));
  }));
});

test("configurations that follow each other never have disjoint quorums", () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
    let config: ConfigState = { ...emptyConfig, voters: [1, 2, 3] };
    for (const next of changes) {
      if (refusalOf(config, next) !== undefined) continue;
      const changed = changedConfig(config, next);
      assert.equal(canDisagree(config, changed), false);
      config = isJoint(changed) ? changedConfig(changed, leave) : changed;
      assert.equal(canDisagree(changed, config), false);
    }
  }), { numRuns: 200 });
});

test("a voter that becomes a learner in a joint change keeps its say until the change is left", () => {
  const before: ConfigState = { ...emptyConfig, voters: [1, 2, 3], learners: [4] };
  const steps = [{ kind: "add-voter", replica: 4 }, { kind: "add-learner", replica: 3 }] as const;
  const joint = changedConfig(before, { kind: "change", steps, context: new Uint8Array(0) });
  assert.deepEqual(joint, {
    voters: [1, 2, 4], votersOutgoing: [1, 2, 3], learners: [], learnersNext: [3], autoLeave: true,
  });
  assert.deepEqual(changedConfig(joint, leave), {
    voters: [1, 2, 4], votersOutgoing: [], learners: [3], learnersNext: [], autoLeave: false,
  });
});

test("changes that do not follow from the configuration are refused", () => {
  const config: ConfigState = { ...emptyConfig, voters: [1] };
  const refused = (steps: ConfigChangeStep[]): boolean =>
    refusalOf(config, { kind: "change", steps, context: new Uint8Array(0) }) !== undefined;
  assert.equal(refused([]), true);
  assert.equal(refused([{ kind: "remove", replica: 1 }]), true);
  assert.equal(refused([{ kind: "add-learner", replica: 1 }]), true);
  assert.equal(refused([{ kind: "add-voter", replica: 2 }, { kind: "remove", replica: 2 }]), true);
  assert.equal(refused([{ kind: "add-voter", replica: 0 }]), true);
  assert.equal(refused([{ kind: "add-voter", replica: 2 }]), false);
  assert.notEqual(refusalOf(config, leave), undefined);
});

test("a joint quorum is the lower of both majorities", () => {
  const config: ConfigState = { ...emptyConfig, voters: [1, 2, 3], votersOutgoing: [3, 4, 5] };
  const reached = new Map([[1, 9], [2, 8], [3, 7], [4, 2], [5, 1]]);
  assert.equal(quorumReached(config, (id) => reached.get(id) ?? 0), 2);
  assert.equal(quorumReached({ ...config, votersOutgoing: [] }, (id) => reached.get(id) ?? 0), 8);
  const two = { ...config, voters: [1, 2], votersOutgoing: [] };
  assert.equal(quorumReached(two, (id) => reached.get(id) ?? 0), 8);
  assert.equal(quorumReached(emptyConfig, () => 5), 0);
});
