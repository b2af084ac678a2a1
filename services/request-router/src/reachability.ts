// Which storage nodes this router can reach at present. A cut network says nothing by itself: connections stay open
// and requests wait. So every node is asked a light question all the time, and every answer to anything counts.
//
// A node is silent from the moment its connection breaks or a request times out during which it answered nothing else,
// until it answers again. That is a preference and no verdict: when all are silent, all are asked. The router as
// a whole is of use while nodes of a majority of zones answer, because no leader can be elsewhere.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Random } from "@azimuth/foundation/random.ts";
import type { Requester } from "@azimuth/rpc/requests.ts";

export interface KnownNode {
  readonly name: string;
  readonly zone: string;
}

export interface Reachability {
  start(): void;
  stop(): void;
  /** The requester to be used for everything: what becomes of its requests is noted here. */
  readonly requester: Requester;
  isSilent(name: string): boolean;
  /** Whether nodes of a majority of zones have answered lately. */
  reachesMajority(): boolean;
  /** A connection was made: its node need not wait for the next round to be heard. */
  peerUp(name: string): void;
}

export interface ReachabilityDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly requester: Requester;
  nodes(): Iterable<KnownNode>;
}

const askPeriodMs = 500;
const askTimeoutMs = 500;
/** An answer older than this says nothing about now; several rounds, so that a stall of a second passes unseen. */
const lateAfterMs = 2500;
const question = { method: "identify", group: 0, epoch: 0, trace: "", attempt: 0 } as const;
const empty = new Uint8Array(0);

interface Contact {
  heardAt: number;
  silent: boolean;
}

export function createReachability(doors: ReachabilityDoors): Reachability {
  const { clock, random, requester } = doors;
  const contacts = new Map<string, Contact>();
  let timer: Timer | undefined;
  let running = false;

  const contactOf = (name: string): Contact => {
    let contact = contacts.get(name);
    if (contact === undefined) contacts.set(name, (contact = { heardAt: -Infinity, silent: false }));
    return contact;
  };

  const ask = (name: string): void => {
    observed.request(name, { ...question, token: empty, body: empty }, askTimeoutMs, () => {});
  };

  const round = (): void => {
    const names = new Set<string>();
    for (const { name } of doors.nodes()) names.add(name);
    for (const name of contacts.keys()) if (!names.has(name)) contacts.delete(name);
    for (const name of names) ask(name);
    timer = clock.after(askPeriodMs * (0.8 + 0.4 * random.next()), round);
  };

  const observed: Requester = {
    request(to, fields, timeoutMs, done) {
      const sentAt = clock.now();
      requester.request(to, fields, timeoutMs, (result) => {
        if (result.kind !== "response") {
          const contact = contactOf(to);
          if (result.kind === "disconnected" || contact.heardAt < sentAt) contact.silent = true;
        }
        done(result);
      });
    },
    handleResponse(from, message) {
      const contact = contactOf(from);
      contact.heardAt = clock.now();
      contact.silent = false;
      requester.handleResponse(from, message);
    },
    handlePeerDown(peer) {
      contactOf(peer).silent = true;
      requester.handlePeerDown(peer);
    },
    get outstanding() {
      return requester.outstanding;
    },
    close: () => requester.close(),
  };

  return {
    requester: observed,
    start() {
      running = true;
      round();
    },
    stop() {
      running = false;
      timer?.cancel();
    },
    isSilent: (name) => contacts.get(name)?.silent ?? false,
    reachesMajority() {
      const since = clock.now() - lateAfterMs;
      const zones = new Set<string>();
      const reached = new Set<string>();
      for (const { name, zone } of doors.nodes()) {
        zones.add(zone);
        if ((contacts.get(name)?.heardAt ?? -Infinity) >= since) reached.add(zone);
      }
      return reached.size * 2 > zones.size;
    },
    peerUp(name) {
      if (running) ask(name);
    },
  };
}
