// Identity of a write over all its attempts: the router's own retries, and those of the client's SDK, which
// sends the same `amz-sdk-invocation-id` each time. The token mixes in who asks and what, so that no client
// can meet another's records. A client that sends no invocation id gets a token of its own for each HTTP
// request.
import { hash } from "node:crypto";
import type { HttpRequest } from "./http-server.ts";
import type { Random } from "@azimuth/foundation/random.ts";

export interface RequestIdentity {
  /** 16 bytes. */
  readonly token: Uint8Array;
  /** 0 for the client's first attempt. */
  readonly attempt: number;
}

/** Attempts the router itself makes within one of the client's: far fewer than this. */
const attemptsPerClientAttempt = 1000;
const tokenBytes = 16;

export function requestIdentity(
  headers: HttpRequest["headers"],
  accessKeyId: string,
  target: string,
  body: Uint8Array,
  random: Random,
): RequestIdentity {
  const invocation = headers["amz-sdk-invocation-id"];
  if (typeof invocation !== "string" || invocation === "")
    return { token: random.bytes(tokenBytes), attempt: 0 };
  const payload = headers["x-amz-content-sha256"] ?? hash("sha1", body);
  const token = hash("sha256", `${invocation}\n${accessKeyId}\n${target}\n${payload}`, "buffer").subarray(
    0,
    tokenBytes,
  );
  const stated = /(?:^|;)\s*attempt=(\d{1,4})/.exec(String(headers["amz-sdk-request"] ?? ""))?.[1];
  return { token, attempt: Math.max(0, Number(stated ?? 1) - 1) * attemptsPerClientAttempt };
}
