// Gets a new node its number: founds the cluster together with the other initial members, or joins the cluster that
// exists (identity.ts has the rule). Goes on until it succeeds; a node with a number skips all this.
import type { Clock } from "@azimuth/foundation/clock.ts";
import type { Logger } from "@azimuth/foundation/logger.ts";
import type { Member } from "@azimuth/foundation/members.ts";
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import { decodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Requester } from "@azimuth/rpc/requests.ts";
import { decideFounding, type IdentifyAnswer, type Identity } from "./identity.ts";
import { identifyMethod } from "./requests.ts";

const askPauseMs = 100;
const askTimeoutMs = 500;
const registerDeadlineMs = 5000;

export interface FoundingDoors {
  readonly clock: Clock;
  readonly log: Logger;
  readonly requester: Requester;
  readonly controlClient: ControlClient;
}

/** `done` gets the identity with its number; the caller stores it before acting on it. */
export function findNumber(
  doors: FoundingDoors,
  own: Identity,
  self: Member,
  members: readonly Member[],
  done: (identity: Identity) => void,
): void {
  const { clock, log, requester } = doors;
  const answers = new Map<string, IdentifyAnswer>();
  let waiting = 0;

  const round = (): void => {
    const others = members.filter((member) => member.name !== own.name && !answers.has(member.name));
    if (others.length === 0) return settle();
    waiting = others.length;
    for (const member of others) ask(member);
  };

  const ask = (member: Member): void => {
    const empty = new Uint8Array(0);
    const request = { method: identifyMethod, group: 0, epoch: 0, trace: "", token: empty, attempt: 0, body: empty };
    requester.request(member.name, request, askTimeoutMs, (result) => {
      if (result.kind === "response" && result.status === "ok") {
        const answer = decodeBody<IdentifyAnswer>(result.body);
        if (answer.cluster === own.cluster) answers.set(member.name, answer);
      }
      if (--waiting === 0) settle();
    });
  };

  const settle = (): void => {
    const verdict = decideFounding(own, members, answers);
    if (verdict.kind === "found") {
      log.info("founding the cluster", { number: verdict.identity.number });
      done(verdict.identity);
    } else if (verdict.kind === "join") {
      join();
    } else {
      clock.after(askPauseMs, round);
    }
  };

  const join = (): void => {
    const { name, zone, endpoint } = self;
    const command = { operation: "RegisterNode", name, zone, endpoint, incarnation: own.incarnation } as const;
    const options = { trace: "", deadlineMs: registerDeadlineMs, repeatable: true };
    doors.controlClient.send(command, options, (answer) => {
      const number = answer.status === "ok" ? answer.outcome.node?.number : undefined;
      if (number === undefined) {
        log.warn("could not join the cluster yet", { reason: answer.status });
        clock.after(askPauseMs, join);
        return;
      }
      log.info("joined the cluster", { number });
      done({ ...own, number });
    });
  };

  round();
}
