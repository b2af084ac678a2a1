// Which rare legal paths a run forces (foundation/buggify.ts): a seed activates some of the sites, and an active one
// fires each time with its own probability, drawn from a stream of its own, so that a site more changes no other draw.
// How often each fired is counted as a rare state (coverage.ts).
import { assert } from "@azimuth/foundation/assert.ts";
import { probe } from "@azimuth/foundation/probe.ts";
import type { Random } from "@azimuth/foundation/random.ts";

/** Probability with which an active site fires, by how often the code comes by and what it costs when it does. */
const probabilityBySite: Readonly<Record<string, number>> = {
  "a batch is applied late": 0.01,
  "a coordinator leaves what it has committed to others": 0.2,
  "a follower campaigns before its time": 0.002,
  "a group stays between two configurations": 0.8,
  "a leader hands over without need": 0.002,
  "a leader is removed before it has handed over": 0.95,
  "a leader offers a snapshot to one that only lags": 0.3,
  "a leader sends one entry at a time": 0.3,
  "a ledger is swept early": 0.05,
  "a lock is ended early": 0.1,
  "a log is cut without regard for slow replicas": 0.3,
  "a read is dropped before its round": 0.02,
  "a router forgets who leads": 0.1,
  "a snapshot is given up half-way": 0.3,
  "a watcher is sent the whole map": 0.1,
  "an answer is thrown away": 0.02,
  "an entry overtakes that of a split": 0.2,
  "an index change is sent again": 0.2,
};

export const buggifySites: readonly string[] = Object.keys(probabilityBySite);

/** What to give to setBuggifyDecider; `activation` is the share of the sites that are active in this run. */
export function createMischief(random: Random, activation: number): (site: string) => boolean {
  const active = new Map<string, { readonly random: Random; readonly probability: number }>();
  for (const [site, probability] of Object.entries(probabilityBySite)) {
    const draws = random.split(site);
    if (draws.chance(activation)) active.set(site, { random: draws, probability });
  }
  return (site) => {
    assert(site in probabilityBySite, `"${site}" is not in the list of sites`);
    const chosen = active.get(site);
    if (chosen === undefined || !chosen.random.chance(chosen.probability)) return false;
    probe(site);
    return true;
  };
}
