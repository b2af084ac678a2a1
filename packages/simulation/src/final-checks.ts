// What must be true once the load has ended and the faults with it: all copies come back and catch up, replicas of a
// group are the same byte for byte, and the cluster map is whole.
import { copiesOf, digestOf, gapsOf, countOf, groupsOf, whatIsMissing } from "./health.ts";
import type { Operator } from "./operator.ts";
import { within } from "./within.ts";
import type { World } from "./world.ts";

const settleLimitMs = 90_000;
const lookPeriodMs = 200;
const comparisonLimitMs = 10_000;
const comparisonsMax = 20;

/** Waits until every group has its copies (with a zone down: a majority) and none lags; says what does not come. */
export async function waitForCopies(world: World, operator: Operator, zoneIsDown: boolean): Promise<readonly string[]> {
  const deadline = world.time.now() + settleLimitMs;
  for (;;) {
    const lacking = lackingCopies(world, operator, zoneIsDown);
    if (lacking.length === 0) return [];
    putBackDrained(operator);
    if (world.time.now() >= deadline) return [`after ${settleLimitMs} ms of peace ${lacking.join("; ")}`];
    await world.advance(world.time.now() + lookPeriodMs);
  }
}

/** A command to drain may have been carried out long after the one that took it back: the operator looks again. */
function putBackDrained(operator: Operator): void {
  for (const { number, state, retired } of operator.map().nodes) {
    if (state !== "draining" || retired === true) continue;
    operator.send({ operation: "SetNodeState", node: number, state: "up" });
  }
}

function lackingCopies(world: World, operator: Operator, zoneIsDown: boolean): readonly string[] {
  const map = operator.map();
  const lacking: string[] = [];
  const missing = zoneIsDown ? undefined : whatIsMissing(world, operator);
  if (missing !== undefined) lacking.push(missing);
  for (const record of groupsOf(map)) {
    const copies = copiesOf(world, map, record);
    const applied = new Set(copies.map((copy) => copy.status.applied));
    if (copies.length * 2 > record.voters.length && applied.size <= 1) continue;
    const told = copies.map(({ node, status }) => `${node} ${status.role} of term ${status.term} at ${status.applied}`);
    lacking.push(`group ${record.partition} (voters ${record.voters.join(" ")}) has ${told.join(", ")}`);
  }
  return lacking;
}

/** Compares all copies byte for byte and with what they count, and looks at the map. */
export async function checkCopies(world: World, operator: Operator): Promise<readonly string[]> {
  const map = operator.map();
  const found = [...gapsOf(map)];
  for (const { partition } of groupsOf(map)) {
    const different = await compareCopies(world, operator, partition);
    if (different !== undefined) found.push(different);
    const miscount = partition === 0 ? undefined : await compareCount(world, operator, partition);
    if (miscount !== undefined) found.push(miscount);
  }
  return found;
}

/** The copies of a group as they are now. */
function lookAt(world: World, operator: Operator, group: number) {
  const map = operator.map();
  const record = groupsOf(map).find(({ partition }) => partition === group);
  return { record, copies: record === undefined ? [] : copiesOf(world, map, record) };
}

/** Copies are compared at the same applied index; a group that moves on, or elsewhere, is looked at again. */
async function compareCopies(world: World, operator: Operator, group: number): Promise<string | undefined> {
  for (let comparison = 0; comparison < comparisonsMax; comparison++) {
    const { record, copies: before } = lookAt(world, operator, group);
    if (record === undefined) return undefined;
    const digesting = Promise.all(before.map((copy) => digestOf(copy, record)));
    const digests = await within(world, comparisonLimitMs, digesting, `reading group ${group} ended not`);
    const { record: now, copies: after } = lookAt(world, operator, group);
    const all = [...before, ...after].map((copy) => copy.status.applied);
    if (now !== record || after.length !== before.length || new Set(all).size > 1) continue;
    if (new Set(digests).size === 1) return undefined;
    const told = before.map((copy, position) => `${copy.node} ${(digests[position] as string).slice(0, 8)}`);
    return `the copies of group ${group} differ at entry ${all[0]}: ${told.join(", ")}`;
  }
  return undefined;
}

/** A partition that is written to meanwhile is counted again. */
async function compareCount(world: World, operator: Operator, partition: number): Promise<string | undefined> {
  for (let comparison = 0; comparison < comparisonsMax; comparison++) {
    const { record, copies: [copy] } = lookAt(world, operator, partition);
    if (record === undefined || copy === undefined) return undefined;
    const { items, bytes, applied } = copy.status;
    const counting = countOf(copy, record);
    const there = await within(world, comparisonLimitMs, counting, `counting group ${partition} ended not`);
    const { record: now, copies } = lookAt(world, operator, partition);
    const same = copies.find(({ node }) => node === copy.node);
    if (now !== record || same?.status.applied !== applied) continue;
    if (there.items === items && there.bytes === bytes) return undefined;
    return `partition ${partition} counts ${items} items of ${bytes} bytes and has ${there.items} of ${there.bytes}`;
  }
  return undefined;
}
