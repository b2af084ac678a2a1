// Sends control commands to the leader of group 0, wherever it is: to the process that answered last, else to
// the nodes that hold group 0, one after another, following hints. Until the deadline, what certainly was not
// done is tried again; a command whose outcome is unknown is tried again only when the caller says that it
// may be repeated.
import type { Clock } from "@azimuth/foundation/clock.ts";
import { decodeBody, encodeBody } from "@azimuth/rpc/body-codec.ts";
import type { Plain } from "@azimuth/rpc/messages.ts";
import type { Requester } from "@azimuth/rpc/requests.ts";
import type { ControlAnswer, ControlCommand, ControlOutcome } from "./commands.ts";

export const controlMethod = "control";

/** Pause before asking again when nobody leads. */
const retryPauseMs = 50;
const attemptTimeoutMs = 1500;

export interface ControlClient {
  /** `done` runs exactly once; `unavailable` when no leader carried it out before the deadline. */
  send(
    command: ControlCommand,
    options: { readonly trace: string; readonly deadlineMs: number; readonly repeatable: boolean },
    done: (answer: Exclude<ControlAnswer, { status: "not-leader" }>) => void,
  ): void;
}

export interface ControlClientDoors {
  readonly clock: Clock;
  readonly requester: Requester;
  /** Names of processes that may hold group 0, best first. */
  candidates(): readonly string[];
  nameOfNode(node: number): string | undefined;
}

export function createControlClient(doors: ControlClientDoors): ControlClient {
  const { clock, requester } = doors;
  let leader: string | undefined;
  let turn = 0;

  const nextTarget = (): string | undefined => {
    if (leader !== undefined) return leader;
    const candidates = doors.candidates();
    return candidates.length === 0 ? undefined : candidates[turn++ % candidates.length];
  };

  return {
    send(command, { trace, deadlineMs, repeatable }, done) {
      const deadline = clock.now() + deadlineMs;
      const body = encodeBody(command as unknown as Plain);
      const again = (reason: string): void => {
        if (clock.now() + retryPauseMs >= deadline) return done({ status: "unavailable", reason });
        clock.after(retryPauseMs, attempt);
      };
      const attempt = (): void => {
        const target = nextTarget();
        if (target === undefined) return again("no node of the control plane is known");
        const request = {
          method: controlMethod,
          group: 0,
          epoch: 0,
          trace,
          token: new Uint8Array(0),
          attempt: 0,
          body,
        };
        const timeout = Math.max(1, Math.min(attemptTimeoutMs, deadline - clock.now()));
        requester.request(target, request, timeout, (result) => {
          if (result.kind !== "response") {
            leader = undefined;
            if (repeatable) return again("the control plane did not answer");
            return done({ status: "unavailable", reason: "the control plane did not answer in time" });
          }
          if (result.status === "ok") {
            leader = target;
            return done({ status: "ok", outcome: decodeBody<ControlOutcome>(result.body) });
          }
          leader = undefined;
          if (result.status === "not-leader") {
            const hinted = doors.nameOfNode(decodeBody<{ leader: number }>(result.body).leader);
            if (hinted === undefined || hinted === target) return again("the control plane has no leader");
            leader = hinted;
            return clock.now() < deadline ? attempt() : again("the control plane has no leader");
          }
          if (result.status === "unavailable" && !repeatable) {
            return done({ status: "unavailable", reason: "the control plane could not carry this out" });
          }
          again(result.status);
        });
      };
      attempt();
    },
  };
}
