// What a cluster must do once nothing is wrong with it any more: end and clear away what the load has left (strays.ts),
// drop the records of answered writes when their time is over, take writes everywhere at the first attempt, and go on
// soon after the loss of a node. Each check is told what it may take; what takes longer is a violation.
//
// The rare and long ones are for some seeds only, lest each pay for minutes in which nothing happens.
import type { Random } from "@azimuth/foundation/random.ts";
import { recordsKeptMs } from "@azimuth/partition/limits.ts";
import type { Operator } from "./operator.ts";
import type { SimulatedClient } from "./simulated-client.ts";
import { findStrays } from "./strays.ts";
import { within } from "./within.ts";
import type { World } from "./world.ts";
import { writeEverywhere } from "./write-probes.ts";

/** A transaction that its coordinator left is settled when it is 30 s old, by some wall clock, and a sweep comes by. */
const strayLimitMs = 120_000;
const lookPeriodMs = 1000;
const lookLimitMs = 10_000;
/** From a sweep to the next, and what the deletion takes. */
const recordSlackMs = 30_000;
const calmWriteLimitMs = 20_000;
const failoverLimitMs = 12_000;

export interface PeaceOptions {
  readonly world: World;
  readonly operator: Operator;
  readonly random: Random;
  readonly client: SimulatedClient;
  /** A zone is down for good. */
  readonly zoneIsDown: boolean;
  /** Writes need only be taken in the end, perhaps at a later attempt. */
  readonly mayFail: boolean;
}

export async function checkPeace(options: PeaceOptions): Promise<readonly string[]> {
  const { world, operator, random, client, zoneIsDown, mayFail } = options;
  const strays = await waitForNoStrays(world, operator, strayLimitMs, false);
  if (strays.length > 0) return strays;
  if (random.split("records").chance(0.05)) {
    await world.advance(world.time.now() + recordsKeptMs);
    const records = await waitForNoStrays(world, operator, recordSlackMs, true);
    if (records.length > 0) return records;
  }
  const failed: string[] = [];
  if (!mayFail) client.onFailedAttempt = (what) => failed.push(`failed though nothing is wrong: ${what}`);
  const refused = await write(options, calmWriteLimitMs);
  client.onFailedAttempt = () => {};
  if (failed.length > 0 || refused.length > 0) return [...failed, ...refused];
  return zoneIsDown || !random.split("failover").chance(0.5) ? [] : checkFailover(options);
}

async function waitForNoStrays(
  world: World, operator: Operator, limitMs: number, withRecords: boolean,
): Promise<readonly string[]> {
  const deadline = world.time.now() + limitMs;
  for (;;) {
    const looking = findStrays(world, operator.map(), withRecords);
    const strays = await within(world, lookLimitMs, looking, "reading what the nodes hold ended not");
    if (strays.length === 0) return [];
    if (world.time.now() >= deadline) return strays.map((stray) => `after ${limitMs} ms of peace ${stray}`);
    await world.advance(world.time.now() + lookPeriodMs);
  }
}

function write({ world, operator, client }: PeaceOptions, limitMs: number): Promise<readonly string[]> {
  const writing = writeEverywhere(world, operator, client, limitMs);
  return within(world, 4 * limitMs, writing, "a write was not answered");
}

/** A node that leads falls silent and its connections stay, so that only time tells. */
function checkFailover(options: PeaceOptions): Promise<readonly string[]> {
  const { world, random } = options;
  const leading = [...world.nodes].filter(([, { life }]) =>
    life?.node.status().groups.some(({ group, role }) => group !== 0 && role === "leader"));
  if (leading.length > 0) world.pause(random.pick(leading)[0]);
  return write(options, failoverLimitMs);
}
