// An operator's wish to split a partition, from POST /split?partition=7&at=8000 to the child's number or one sentence.
// Any node can be asked: the control plane decides, and the partition's leader does it. The wish names the range as
// this node's map has it, so that a wish that is sent again, or comes after another's, cannot split what has just been
// split.
import type { ControlClient } from "@azimuth/control-plane/control-client.ts";
import type { ControlOutcome } from "@azimuth/control-plane/commands.ts";
import type { MapFollower } from "@azimuth/control-plane/map-follower.ts";
import { tokenBeginningWith } from "@azimuth/placement/token.ts";

export interface SplitRequest {
  readonly partition: number;
  /** First token of the second half; the middle of the range when undefined. */
  readonly at: string | undefined;
}

/** `already`: it was being split before it was asked for, perhaps elsewhere than where it was asked for. */
export type SplitAnswer = { readonly status: number } & {
  readonly json:
    | { readonly partition: number; readonly child: number; readonly at: string; readonly already: boolean }
    | { readonly error: string };
};

const deadlineMs = 5000;

export const unreadableSplit: SplitAnswer =
  failure(400, "Say which partition, by its number, and perhaps at which token: 1 to 16 hexadecimal digits.");

/** Undefined when it cannot be read. */
export function splitRequestIn(query: URLSearchParams): SplitRequest | undefined {
  const partition = query.get("partition") ?? "";
  const at = query.get("at");
  const token = at === null ? undefined : tokenBeginningWith(at);
  if (!/^\d{1,15}$/.test(partition) || (at !== null && token === undefined)) return undefined;
  return { partition: Number(partition), at: token };
}

export function askForSplit(
  doors: { readonly controlClient: ControlClient; readonly follower: MapFollower },
  { partition, at }: SplitRequest,
  done: (answer: SplitAnswer) => void,
): void {
  const record = doors.follower.group(partition);
  if (record === undefined || partition === 0) return done(failure(404, `There is no partition ${partition}.`));
  const command = { operation: "StartSplit", partition, at, epoch: record.epoch } as const;
  doors.controlClient.send(command, { trace: "", deadlineMs, repeatable: true }, (answer) =>
    done(answer.status === "ok" ? answerOf(partition, answer.outcome)
      : failure(503, `Nothing may have happened: ${answer.reason}.`)));
}

function answerOf(partition: number, { refused, child, at, ignored = false }: ControlOutcome): SplitAnswer {
  if (refused !== undefined) {
    const sentence = `${refused.message.charAt(0).toUpperCase()}${refused.message.slice(1)}.`;
    return failure(refused.type === "PartitionNotFound" ? 404 : 409, sentence);
  }
  if (child !== undefined && at !== undefined) return { status: 200, json: { partition, child, at, already: ignored } };
  return failure(409, `The range of partition ${partition} has just changed; look at it again.`);
}

function failure(status: number, error: string): SplitAnswer {
  return { status, json: { error } };
}
