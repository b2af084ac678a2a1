// Keeps a process's copy of the cluster map fresh: watches one process that holds group 0, and when that one
// is silent, gone or has nothing to offer, the next. A light request every few seconds tells a dead watch
// from a quiet one.
import type { Clock, Timer } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Requester } from "@azimuth/rpc/requests.ts";
import type { MapFollower } from "./map-follower.ts";
import { watchMethod, type MapDelta } from "./watch.ts";

const renewPeriodMs = 3000;
const retryPauseMs = 100;
const requestTimeoutMs = 1000;

export interface MapWatchClient {
  start(): void;
  /** A notice of topic "map" arrived. */
  handleNotice(body: Uint8Array): void;
  peerDown(peer: string): void;
  /** Asks at once for what is new; `done` runs when the answer is in or nobody answered. */
  refresh(done: () => void): void;
  stop(): void;
}

export interface MapWatchDoors {
  readonly clock: Clock;
  readonly log: Logger;
  readonly requester: Requester;
  readonly follower: MapFollower;
  /** Names of processes that may hold group 0. */
  candidates(): readonly string[];
}

export function createMapWatchClient(doors: MapWatchDoors): MapWatchClient {
  const { clock, requester, follower } = doors;
  let timer: Timer | undefined;
  let source: string | undefined;
  let turn = 0;
  let stopped = false;

  const schedule = (delayMs: number): void => {
    timer?.cancel();
    if (!stopped) timer = clock.after(delayMs, () => ask(() => {}));
  };

  const ask = (done: () => void): void => {
    const candidates = doors.candidates();
    if (source === undefined && candidates.length > 0) source = candidates[turn++ % candidates.length];
    const target = source;
    if (target === undefined || stopped) {
      schedule(retryPauseMs);
      return done();
    }
    const body = encodeBody({ since: follower.revision });
    const request = { method: watchMethod, group: 0, epoch: 0, trace: "", token: new Uint8Array(0), attempt: 0, body };
    requester.request(target, request, requestTimeoutMs, (result) => {
      if (result.kind === "response" && result.status === "ok") {
        apply(result.body);
        schedule(renewPeriodMs);
      } else {
        if (result.kind === "response" && result.status === "elsewhere") apply(result.body);
        if (source === target) source = undefined;
        schedule(retryPauseMs);
      }
      done();
    });
  };

  const apply = (body: Uint8Array): void => {
    if (body.length === 0) return;
    if (follower.applyDelta(decodeBody<MapDelta>(body)) === "gap") schedule(0);
  };

  return {
    start: () => ask(() => {}),
    handleNotice: apply,
    peerDown(peer) {
      if (peer !== source) return;
      source = undefined;
      schedule(0);
    },
    refresh: ask,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
