// What became of a delivery, as the client is to hear it.
import type { DispatchResult } from "@azimuth/control-plane/dispatch.ts";
import { DynamoDbException } from "@azimuth/model/exceptions.ts";
import type { Outcome } from "@azimuth/operations/operation.ts";

export function promised<Result>(start: (done: (result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve) => start(resolve));
}

export function outcomeOf(result: DispatchResult): Outcome {
  if (result.kind === "ok") return result.outcome;
  throw failureOf(result.kind);
}

export function failureOf(kind: Exclude<DispatchResult["kind"], "ok">): DynamoDbException {
  if (kind === "gone") return new DynamoDbException("ResourceNotFoundException", "Requested resource not found");
  return kind === "unavailable" ? unavailable() : internalServerError();
}

function unavailable(): DynamoDbException {
  return new DynamoDbException(
    "InternalServerError",
    "No replica that may answer could be reached in time; this request changed nothing and may be sent again.",
    500,
  );
}

/** What DynamoDB answers when it cannot tell: the client may retry, and decides what a repeated write means. */
export function internalServerError(): DynamoDbException {
  return new DynamoDbException(
    "InternalServerError",
    "The request processing has failed because of an unknown error, exception or failure.",
    500,
  );
}
